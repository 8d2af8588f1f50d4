"""The shipped typeface: how wide its text is, and a copy with the glyphs of a text alone, to be embedded."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from functools import lru_cache

from convscope.core.paths import resource_path

FACES = {False: "Inter-Regular.ttf", True: "Inter-SemiBold.ttf"}
"""By whether it is bold."""

_EMBEDDED = (b"cvt ", b"fpgm", b"glyf", b"head", b"hhea", b"hmtx", b"loca", b"maxp", b"prep")
# Of a glyph made of others: words instead of bytes, more to come, and how many numbers of scale follow.
_WORDS, _MORE, _SCALES = 0x01, 0x20, ((0x08, 2), (0x40, 4), (0x80, 8))


class Typeface:
    """A TrueType file. What has no glyph shows glyph 0, an empty box."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        (count,) = struct.unpack_from(">H", data, 4)
        entries = (struct.unpack_from(">4sIII", data, 12 + 16 * at) for at in range(count))
        self._tables = {tag: data[start : start + size] for tag, _sum, start, size in entries}
        head, hhea = self._tables[b"head"], self._tables[b"hhea"]
        (self.units,) = struct.unpack_from(">H", head, 18)
        self.box: tuple[int, ...] = struct.unpack_from(">4h", head, 36)
        self.ascent, self.descent = struct.unpack_from(">2h", hhea, 4)
        (self._metrics,) = struct.unpack_from(">H", hhea, 34)
        (self._glyphs,) = struct.unpack_from(">H", self._tables[b"maxp"], 4)
        long = struct.unpack_from(">h", head, 50)[0]
        loca = struct.unpack_from(f">{self._glyphs + 1}{'I' if long else 'H'}", self._tables[b"loca"])
        self._places = loca if long else tuple(2 * place for place in loca)
        self._characters = self._cmap()

    def glyph(self, character: str) -> int:
        return self._characters.get(ord(character), 0)

    def advance(self, glyph: int) -> float:
        """Its width where the type is 1 high."""
        at = min(glyph, self._metrics - 1)
        return float(struct.unpack_from(">H", self._tables[b"hmtx"], 4 * at)[0]) / self.units

    def width(self, text: str, size: float) -> float:
        """How wide a text is, without kerning."""
        return size * sum(self.advance(self.glyph(character)) for character in text)

    def subset(self, glyphs: Iterable[int]) -> bytes:
        """The file with these glyphs alone, each under its own number."""
        wanted, waiting = {0}, set(glyphs)
        while waiting:
            glyph = waiting.pop()
            wanted.add(glyph)
            waiting |= set(self._parts(glyph)) - wanted
        outlines, places = bytearray(), []
        for glyph in range(self._glyphs):
            places.append(len(outlines))
            if glyph in wanted:
                outline = self._outline(glyph)
                outlines += outline + bytes(-len(outline) % 4)
        places.append(len(outlines))
        tables = {tag: self._tables[tag] for tag in _EMBEDDED if tag in self._tables}
        tables[b"glyf"] = bytes(outlines)
        tables[b"loca"] = struct.pack(f">{len(places)}I", *places)
        head = bytearray(tables[b"head"])
        struct.pack_into(">I", head, 8, 0)
        struct.pack_into(">h", head, 50, 1)
        tables[b"head"] = bytes(head)
        return _file(tables)

    def _outline(self, glyph: int) -> bytes:
        return self._tables[b"glyf"][self._places[glyph] : self._places[glyph + 1]]

    def _parts(self, glyph: int) -> Iterable[int]:
        """The glyphs that one is made of: a letter and its accent."""
        outline = self._outline(glyph)
        if not outline or struct.unpack_from(">h", outline)[0] >= 0:
            return
        at, flags = 10, _MORE
        while flags & _MORE:
            flags, part = struct.unpack_from(">2H", outline, at)
            yield part
            at += 8 if flags & _WORDS else 6
            at += sum(size for flag, size in _SCALES if flags & flag)

    def _cmap(self) -> dict[int, int]:
        table = self._tables[b"cmap"]
        (count,) = struct.unpack_from(">H", table, 2)
        found: dict[int, int] = {}
        for at in range(count):
            (start,) = struct.unpack_from(">I", table, 8 + 8 * at)
            (form,) = struct.unpack_from(">H", table, start)
            if form == 12:
                (groups,) = struct.unpack_from(">I", table, start + 12)
                for group in range(groups):
                    first, last, glyph = struct.unpack_from(">3I", table, start + 16 + 12 * group)
                    found.update(
                        zip(range(first, last + 1), range(glyph, glyph + last - first + 1), strict=True)
                    )
            elif form == 4:
                found |= _segments(table, start)
        return found


def _segments(table: bytes, start: int) -> dict[int, int]:
    (double,) = struct.unpack_from(">H", table, start + 6)
    count = double // 2
    ends = struct.unpack_from(f">{count}H", table, start + 14)
    begins, steps, ranges = (
        struct.unpack_from(f">{count}H", table, start + 16 + part * double) for part in (1, 2, 3)
    )
    found: dict[int, int] = {}
    for at in range(count):
        for code in range(begins[at], min(ends[at], 0xFFFE) + 1):
            if not ranges[at]:
                found[code] = (code + steps[at]) & 0xFFFF
                continue
            place = start + 16 + 3 * double + 2 * at + ranges[at] + 2 * (code - begins[at])
            (glyph,) = struct.unpack_from(">H", table, place)
            if glyph:
                found[code] = (glyph + steps[at]) & 0xFFFF
    return found


def _file(tables: dict[bytes, bytes]) -> bytes:
    power = len(tables).bit_length() - 1
    header = struct.pack(
        ">IHHHH", 0x00010000, len(tables), 16 << power, power, 16 * len(tables) - (16 << power)
    )
    start, directory, body = 12 + 16 * len(tables), b"", b""
    for tag in sorted(tables):
        data = tables[tag]
        whole = data + bytes(-len(data) % 4)
        total = sum(struct.unpack(f">{len(whole) // 4}I", whole)) & 0xFFFFFFFF
        directory += struct.pack(">4sIII", tag, total, start + len(body), len(data))
        body += whole
    return header + directory + body


@lru_cache
def typeface(bold: bool = False) -> Typeface:
    """Inter, as the window has it."""
    return Typeface(resource_path("fonts", FACES[bold]).read_bytes())
