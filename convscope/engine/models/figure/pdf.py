"""A drawing as a PDF of one page, without a date: vectors, with the glyphs of its text."""

from __future__ import annotations

import zlib

from convscope.engine.models.figure.drawing import (
    DrawnLine,
    DrawnPicture,
    DrawnPolygon,
    DrawnText,
    FigureDrawing,
    Shape,
    channels,
    decimals,
)
from convscope.engine.models.figure.typeface import Typeface, typeface


class _Objects:
    """The numbered objects of a file."""

    def __init__(self) -> None:
        self._made: list[bytes] = []

    def add(self, body: str | bytes) -> int:
        self._made.append(body.encode() if isinstance(body, str) else body)
        return len(self._made)

    def stream(self, data: bytes, facts: str = "") -> int:
        packed = zlib.compress(data, 9)
        head = f"<< {facts}/Filter /FlateDecode /Length {len(packed)} >>\nstream\n"
        return self.add(head.encode() + packed + b"\nendstream")

    def file(self, root: int) -> bytes:
        out = bytearray(b"%PDF-1.5\n%\xe2\xe3\xcf\xd3\n")
        places = []
        for number, body in enumerate(self._made, 1):
            places.append(len(out))
            out += f"{number} 0 obj\n".encode() + body + b"\nendobj\n"
        start, size = len(out), len(places) + 1
        out += f"xref\n0 {size}\n0000000000 65535 f \n".encode()
        out += b"".join(f"{place:010} 00000 n \n".encode() for place in places)
        out += f"trailer\n<< /Size {size} /Root {root} 0 R >>\nstartxref\n{start}\n%%EOF\n".encode()
        return bytes(out)


def write(drawing: FigureDrawing) -> bytes:
    objects, fonts = _Objects(), []
    for bold in (False, True):
        text = "".join(s.text for s in drawing.shapes if isinstance(s, DrawnText) and s.bold == bold)
        fonts.append(_font(objects, typeface(bold), text, "SemiBold" if bold else "Regular"))
    pictures: list[int] = []
    commands = [f"1 0 0 -1 0 {decimals(drawing.height)} cm 1 j"]
    page = f"0 0 {decimals(drawing.width)} {decimals(drawing.height)}"
    commands.append(f"{_colour(drawing.ground)} rg {page} re f")
    for shape in drawing.shapes:
        if isinstance(shape, DrawnPicture):
            commands.append(_place(shape, len(pictures)))
            high, wide = shape.pixels.shape[:2]
            facts = (
                f"/Type /XObject /Subtype /Image /Width {wide} /Height {high} /ColorSpace /DeviceRGB "
                "/BitsPerComponent 8 "
            )
            pictures.append(objects.stream(shape.pixels.tobytes(), facts))
        else:
            commands.append(_command(shape))
    content = objects.stream("\n".join(commands).encode())
    named = " ".join(f"/P{at} {number} 0 R" for at, number in enumerate(pictures))
    # The page, its folder and the catalogue follow each other.
    folder = content + 2
    leaf = objects.add(
        f"<< /Type /Page /Parent {folder} 0 R /MediaBox [{page}] /Contents {content} 0 R /Resources << "
        f"/Font << /F0 {fonts[0]} 0 R /F1 {fonts[1]} 0 R >> /XObject << {named} >> >> >>"
    )
    objects.add(f"<< /Type /Pages /Kids [{leaf} 0 R] /Count 1 >>")
    return objects.file(objects.add(f"<< /Type /Catalog /Pages {folder} 0 R >>"))


def _colour(colour: str) -> str:
    return " ".join(f"{one / 255:.4g}" for one in channels(colour))


def _command(shape: Shape) -> str:
    n = decimals
    if isinstance(shape, DrawnPolygon):
        path = " l ".join(f"{n(x)} {n(y)}" for x, y in shape.points).replace(" l ", " m ", 1) + " l h"
        line = f"{_colour(shape.line)} RG {n(shape.width)} w " if shape.line else ""
        return f"{_colour(shape.fill)} rg {line}{path} {'B' if shape.line else 'f'}"
    if isinstance(shape, DrawnLine):
        places = [f"{n(x)} {n(y)}" for x, y in shape.points]
        if shape.curved:
            path = "".join(f" {' '.join(places[at : at + 3])} c" for at in range(1, len(places) - 2, 3))
        else:
            path = "".join(f" {place} l" for place in places[1:])
        return f"{_colour(shape.line)} RG {n(shape.width)} w {places[0]} m{path} S"
    assert isinstance(shape, DrawnText)
    face = typeface(shape.bold)
    left = shape.x - (face.width(shape.text, shape.size) / 2 if shape.anchor == "middle" else 0)
    glyphs = "".join(f"{face.glyph(letter):04X}" for letter in shape.text)
    place = f"1 0 0 -1 {n(left)} {n(shape.y)} Tm"
    font = f"/F{int(shape.bold)} {n(shape.size)} Tf"
    return f"{_colour(shape.fill)} rg BT {font} {place} <{glyphs}> Tj ET"


def _place(shape: DrawnPicture, number: int) -> str:
    n = decimals
    matrix = f"{n(shape.width)} 0 0 {n(-shape.height)} {n(shape.left)} {n(shape.top + shape.height)}"
    return f"q {matrix} cm /P{number} Do Q"


def _font(objects: _Objects, face: Typeface, text: str, name: str) -> int:
    """Glyphs by number; which letter each is stands beside it, so that text can be searched and copied."""
    letters = {face.glyph(letter): letter for letter in sorted(set(text))}
    if 0 in letters:
        letters[0] = "\ufffd"
    size = 1000 / face.units
    data = face.subset(letters)
    file = objects.stream(data, f"/Length1 {len(data)} ")
    box = " ".join(str(round(one * size)) for one in face.box)
    descriptor = objects.add(
        f"<< /Type /FontDescriptor /FontName /CSCOPE+Inter-{name} /Flags 4 /FontBBox [{box}] /ItalicAngle 0 "
        f"/Ascent {round(face.ascent * size)} /Descent {round(face.descent * size)} /CapHeight 727 /StemV 80 "
        f"/FontFile2 {file} 0 R >>"
    )
    widths = " ".join(f"{glyph} [{1000 * face.advance(glyph):.0f}]" for glyph in sorted(letters))
    inner = objects.add(
        f"<< /Type /Font /Subtype /CIDFontType2 /BaseFont /CSCOPE+Inter-{name} /CIDSystemInfo << /Registry "
        f"(Adobe) /Ordering (Identity) /Supplement 0 >> /FontDescriptor {descriptor} 0 R /DW 600 "
        f"/W [{widths}] /CIDToGIDMap /Identity >>"
    )
    # A list may have a hundred entries at most.
    pairs = [f"<{glyph:04X}> <{letters[glyph].encode('utf-16-be').hex()}>" for glyph in sorted(letters)]
    lists = [pairs[at : at + 100] for at in range(0, len(pairs), 100)]
    told = "\n".join(f"{len(some)} beginbfchar\n" + "\n".join(some) + "\nendbfchar" for some in lists)
    unicode = objects.stream(
        (
            "/CIDInit /ProcSet findresource begin 12 dict begin begincmap\n"
            "/CMapName /Adobe-Identity-UCS def /CMapType 2 def\n"
            f"1 begincodespacerange <0000> <FFFF> endcodespacerange\n{told}\n"
            "endcmap CMapName currentdict /CMap defineresource pop end end"
        ).encode()
    )
    return objects.add(
        f"<< /Type /Font /Subtype /Type0 /BaseFont /CSCOPE+Inter-{name} /Encoding /Identity-H "
        f"/DescendantFonts [{inner} 0 R] /ToUnicode {unicode} 0 R >>"
    )
