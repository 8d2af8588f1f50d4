"""A network as a figure: geometry by hand, and files that readers open, whatever the names."""

from __future__ import annotations

import re
import struct
import zlib
from io import BytesIO
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from convscope.core.errors import UserError
from convscope.engine.models.figure.drawing import (
    DrawnLine,
    DrawnPicture,
    DrawnPolygon,
    DrawnText,
    FigureDrawing,
)
from convscope.engine.models.figure.network_figure import (
    BAR,
    DEPTH,
    SIDE,
    FigureContent,
    FigureStyle,
    figure_blocks,
    network_figure,
)
from convscope.engine.models.figure.typeface import Typeface, typeface
from convscope.engine.models.figure.writers import WRITERS, save_figure
from convscope.engine.models.graph.columns import LayerColumn

HOSTILE = r"\input{/etc/passwd} %&#_^~$ <script>&amp;\"]]> 50% {{} ‮evil" + "\x1b[31m\n字😀\ufffe\x00"


def column(name: str, shape: tuple[int | None, ...], *inputs: str, title: str = "") -> LayerColumn:
    return LayerColumn(name, (name,), name, title or name, shape, "Convolution", inputs)


@pytest.fixture
def net() -> tuple[LayerColumn, ...]:
    """64×64 → 16×16 → 4×4 → numbers, with a skip over the second."""
    return (
        column("in", (64, 64, 1)),
        column("a", (16, 16, 16), "in"),
        column("b", (4, 16, 64), "a", "in"),
        column("c", (100,), "b"),
        column("d", (25,), "c"),
    )


def texts(drawing: FigureDrawing) -> list[str]:
    return [shape.text for shape in drawing.shapes if isinstance(shape, DrawnText)]


def test_sides_go_by_the_root(net: tuple[LayerColumn, ...]) -> None:
    blocks = figure_blocks(net, FigureStyle())
    assert [(b.high, b.wide) for b in blocks[:3]] == [
        (SIDE, SIDE),
        (SIDE / 2, SIDE / 2),
        (SIDE / 4, SIDE / 2),
    ]
    assert [b.deep for b in blocks[:3]] == [DEPTH / 8, DEPTH / 2, DEPTH]
    assert [b.high for b in blocks[3:]] == [BAR, BAR / 2]


def test_or_by_the_logarithm() -> None:
    blocks = figure_blocks((column("a", (63, 63, 7)), column("b", (7, 7, 1), "a")), FigureStyle(scale="log"))
    # log2 of 64, 8, 8 and 2.
    assert [b.high for b in blocks] == pytest.approx([SIDE, SIDE / 2])
    assert [b.deep for b in blocks] == pytest.approx([DEPTH, DEPTH / 3])
    assert "log (1 + n)" in texts(network_figure([b.column for b in blocks], FigureStyle(scale="log")))[-1]


def test_the_drawing_has_the_sizes_of_its_blocks(net: tuple[LayerColumn, ...]) -> None:
    """The front of each block is the last of its three faces."""
    drawing = network_figure(net)
    faces = [s for s in drawing.shapes if isinstance(s, DrawnPolygon) and s.line]
    assert len(faces) == 3 * len(net)
    for block, front in zip(figure_blocks(net, FigureStyle()), faces[2::3], strict=True):
        (left, top), _, (right, bottom), _ = front.points
        assert (right - left, bottom - top) == pytest.approx((block.wide, block.high))


@pytest.mark.parametrize("width", [10_000.0, 300.0, 1.0])
def test_all_lies_within_the_page_and_nothing_overlaps(net: tuple[LayerColumn, ...], width: float) -> None:
    drawing = network_figure(net, FigureStyle(width=width))
    for shape in drawing.shapes:
        assert not isinstance(shape, DrawnPicture)
        places = ((shape.x, shape.y),) if isinstance(shape, DrawnText) else shape.points
        assert all(0 <= x <= drawing.width and 0 <= y <= drawing.height for x, y in places)
    fronts = [s for s in drawing.shapes if isinstance(s, DrawnPolygon) and s.line][2::3]
    boxes = [(*front.points[0], *front.points[2]) for front in fronts]
    for at, (a, b, c, d) in enumerate(boxes):
        assert all(c < e or g < a or d < f or h < b for e, f, g, h in boxes[at + 1 :])
    assert len({round(box[3]) for box in boxes}) > 1 or width > 1000


def test_a_skip_is_an_arc_above_what_it_passes(net: tuple[LayerColumn, ...]) -> None:
    drawing = network_figure(net, FigureStyle(width=10_000))
    (arc,) = [s for s in drawing.shapes if isinstance(s, DrawnLine) and s.curved]
    faces = [s for s in drawing.shapes if isinstance(s, DrawnPolygon) and s.line]
    assert min(y for _x, y in arc.points) < min(y for face in faces for _x, y in face.points)
    assert arc.points[0][0] < arc.points[-1][0]
    # Without the skip: four arrows, each with a head of its own.
    heads = [s for s in drawing.shapes if isinstance(s, DrawnPolygon) and not s.line]
    assert len(heads) == len(net) - 1 + 1


def test_labels_are_edited_by_id(net: tuple[LayerColumn, ...]) -> None:
    told = texts(network_figure(net, FigureStyle(labels={"a": "Edges", "c": ""})))
    assert "Edges" in told and "a" not in told and "c" not in told and "16×16×16" in told
    bare = texts(network_figure(net, FigureStyle(shapes=False, note=False)))
    assert bare == ["in", "a", "b", "c", "d"]


def test_a_long_label_is_broken_and_ends(net: tuple[LayerColumn, ...]) -> None:
    told = texts(network_figure(net, FigureStyle(labels={"a": "GlobalAveragePooling2D of everything_" * 9})))
    at = (
        told.index("GlobalAveragePooling2D of")
        if "GlobalAveragePooling2D of" in told
        else told.index("GlobalAveragePooling2D")
    )
    broken = told[at : at + 2]
    assert broken[1].endswith("…") and "everything" in broken[1]
    assert all(typeface(True).width(text, 7.5) <= 92 for text in broken)


def test_a_free_size_and_nothing_at_all() -> None:
    assert "?×?×8" in texts(network_figure([column("a", (None, None, 8))]))
    assert network_figure([]).shapes == ()
    for write in WRITERS.values():
        assert write(network_figure([]))


def picture(value: int) -> np.ndarray:
    return np.full((4, 5, 3), value, np.uint8)


def test_blocks_carry_maps_the_first_in_front(net: tuple[LayerColumn, ...]) -> None:
    content = FigureContent({"a": (picture(10), picture(20), picture(30))}, (("cat", "90 %"),))
    drawing = network_figure(net, None, content)
    shown = [shape for shape in drawing.shapes if isinstance(shape, DrawnPicture)]
    assert [int(shape.pixels[0, 0, 0]) for shape in shown] == [30, 20, 10]
    block = figure_blocks(net, FigureStyle())[1]
    assert {(shape.width, shape.height) for shape in shown} == {(block.wide, block.high)}
    assert shown[0].left - shown[2].left == pytest.approx(block.deep * 0.8)
    assert "cat  90 %" in texts(drawing)


@pytest.fixture(params=[False, True], ids=["light", "dark"])
def hostile(request: pytest.FixtureRequest, net: tuple[LayerColumn, ...]) -> FigureDrawing:
    content = FigureContent({"a": (picture(10),)}, ((HOSTILE, "1 %"),))
    return network_figure(net, FigureStyle(request.param, labels={"a": HOSTILE, "b": "%$_{"}), content)


def test_svg_is_xml_with_text_as_text(hostile: FigureDrawing) -> None:
    root = ElementTree.fromstring(WRITERS[".svg"](hostile))
    space = "{http://www.w3.org/2000/svg}"
    told = ["".join(each.itertext()) for each in root.iter(f"{space}text")]
    assert "16×16×16" in told and "%$_{" in told and not any("\x1b" in text or "‮" in text for text in told)
    assert len(list(root.iter(f"{space}image"))) == 1 and not list(root.iter(f"{space}script"))
    assert float(root.attrib["width"].removesuffix("pt")) == pytest.approx(hostile.width, abs=0.01)


def test_tikz_is_balanced_and_escaped(hostile: FigureDrawing) -> None:
    text = WRITERS[".tex"](hostile).decode()
    assert r"\input{" not in text and r"\textbackslash{}input\{" in text and r"\%\$\_\{" in text
    bare = re.sub(r"\\[{}%$&#_]", "", text)
    assert bare.count("{") == bare.count("}") and "%" not in bare and "&" not in bare and "#" not in bare
    assert text.count(r"\begin{") == text.count(r"\end{") == 2
    assert bare.count("$") % 2 == 0 and all(letter < "\u0180" for letter in text)
    defined = set(re.findall(r"\\definecolor\{(\w+)\}", text))
    used = re.findall(r"(?:fill=|draw=|text=|\\draw\[|\\fill\[)(\w+)[],]", text)
    assert used and set(used) <= defined
    packages = re.findall(r"\\usepackage(?:\[.*\])?\{(\w+)\}", text)
    assert packages == ["fontenc", "tikz"]
    # Each command stands on a line of its own and ends.
    body = text.split("\n")[text.split("\n").index(r"\begin{document}") + 2 : -3]
    assert all(line.startswith("\\") and line.endswith(";") for line in body)


def test_pdf_has_its_objects_where_it_says(hostile: FigureDrawing) -> None:
    data = WRITERS[".pdf"](hostile)
    start = int(data.rsplit(b"startxref\n", 1)[1].split(b"\n")[0])
    lines = data[start:].split(b"\n")
    count = int(lines[1].split()[1])
    for number in range(1, count):
        place = int(lines[2 + number].split()[0])
        assert data[place:].startswith(b"%d 0 obj\n" % number)
        assert len(lines[2 + number]) == 19
    used = {
        int(n) for n in re.findall(rb"(\d+) 0 R", re.sub(rb"stream\n.*?\nendstream", b"", data, flags=re.S))
    }
    assert used == set(range(1, count))
    streams = [
        (facts, zlib.decompress(data[found.end() : found.end() + int(size)]))
        for found in re.finditer(rb"<< ([^\n]*)/Length (\d+) >>\nstream\n", data)
        for facts, size in [found.groups()]
    ]
    (content,) = [body for facts, body in streams if facts == b"/Filter /FlateDecode " and b" cm " in body]
    assert content.count(b"BT") == content.count(b"ET") == len(texts(hostile))
    assert content.count(b" Do") == 1 and b"/Subtype /Image /Width 5 /Height 4" in data
    # What is shown can be read again through the map of glyphs to letters.
    maps = [
        dict(re.findall(rb"<(\w{4})> <(\w{4})>\n", body)) for _facts, body in streams if b"begincmap" in body
    ]
    read = [
        "".join(chr(int(maps[int(font)][glyphs[at : at + 4]], 16)) for at in range(0, len(glyphs), 4))
        for font, glyphs in re.findall(rb"/F(\d) [\d.]+ Tf .*? <(\w+)> Tj", content)
    ]
    assert "16×16×16" in read and "%$_{" in read


def test_the_fonts_inside_a_pdf_have_the_letters_of_the_text() -> None:
    face = typeface()
    glyphs = {face.glyph(letter) for letter in "Aé×"}
    data = face.subset(glyphs)
    assert len(data) < 60_000
    small = ImageFont.truetype(BytesIO(_with_cmap(data, face)), 400, layout_engine=ImageFont.Layout.BASIC)
    whole = ImageFont.truetype(BytesIO(face._data), 400, layout_engine=ImageFont.Layout.BASIC)
    for letter in "Aé×":
        one, other = (_drawn(font, letter) for font in (small, whole))
        # Other tables of hints move an edge by a share of a pixel.
        assert one.max() == 255 and np.abs(one - other).mean() < 3
    assert not any(small.getmask("B"))
    assert face.width("Aé×", 400) == pytest.approx(whole.getlength("Aé×"), abs=3)


def _drawn(font: ImageFont.FreeTypeFont, letter: str) -> np.ndarray:
    page = Image.new("L", (500, 500))
    ImageDraw.Draw(page).text((20, 450), letter, 255, font, "ls")
    return np.asarray(page, int)


def _with_cmap(data: bytes, face: Typeface) -> bytes:
    """The subset with the whole face's map of letters, so that a font reader can ask for letters."""
    from convscope.engine.models.figure.typeface import _file

    (count,) = struct.unpack_from(">H", data, 4)
    entries = [struct.unpack_from(">4sIII", data, 12 + 16 * at) for at in range(count)]
    tables = {tag: data[start : start + size] for tag, _sum, start, size in entries}
    return _file(tables | {b"cmap": face._tables[b"cmap"]})


def test_png_is_two_pixels_a_point_and_shows_something(hostile: FigureDrawing) -> None:
    with Image.open(BytesIO(WRITERS[".png"](hostile))) as opened:
        pixels = np.asarray(opened)
    assert pixels.shape == (round(2 * hostile.height), round(2 * hostile.width), 3)
    ground = np.array([int(hostile.ground[at : at + 2], 16) for at in (1, 3, 5)])
    drawn = (pixels != ground).any(axis=-1)
    assert (pixels[0, 0] == ground).all() and 0.05 < drawn.mean() < 0.7
    # The map on the block has its own gray.
    place = next(shape for shape in hostile.shapes if isinstance(shape, DrawnPicture))
    x, y = 2 * (place.left + place.width / 2), 2 * (place.top + place.height / 2)
    assert pixels[round(y), round(x)].tolist() == [10, 10, 10]


@pytest.mark.parametrize("ending", WRITERS)
def test_the_same_drawing_is_the_same_bytes(
    net: tuple[LayerColumn, ...], ending: str, tmp_path: Path
) -> None:
    file = tmp_path / f"net{ending}"
    save_figure(file, network_figure(net))
    assert file.read_bytes() == WRITERS[ending](network_figure(net)) and list(tmp_path.iterdir()) == [file]
    with pytest.raises(UserError):
        save_figure(tmp_path / "none" / f"net{ending}", network_figure(net))
