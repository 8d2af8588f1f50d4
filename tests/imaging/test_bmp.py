"""Every kind of BMP that is valid opens with exact pixels, or is told as a kind that is not read."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import numpy as np
import pytest
from built import check as check_notes
from built import decode_image, saved
from PIL import Image as PillowImage

from convscope.core.errors import DamagedError, KindNotReadError
from convscope.engine.data.decode import decode as decode_for_training
from convscope.engine.data.decode import quick_check
from convscope.imaging.io.bmp import read_bmp

KIND = "a kind of BMP that Pillow does not read"
OVER_WHITE = "transparency laid over white"
COLOURS = "palette colours became RGB"


def bmp(
    width: int,
    height: int,
    bits: int,
    pixels: bytes,
    packing: int = 0,
    masks: tuple[int, ...] = (),
    palette: bytes = b"",
    size: int = 40,
) -> bytes:
    """A BMP by the book; masks lie within headers that are longer than 40 bytes, else behind them."""
    if size == 12:
        head = struct.pack("<IHHHH", 12, width, height, 1, bits)
    else:
        used = len(palette) // 4
        head = struct.pack(
            "<IiiHHIIiiII", size, width, height, 1, bits, packing, len(pixels), 2835, 2835, used, 0
        )
        inside = struct.pack(f"<{len(masks)}I", *masks)
        head = head[:size] if size < 40 else (head + inside).ljust(size, b"\0")
    start = 14 + len(head) + len(palette)
    return b"BM" + struct.pack("<IHHI", start + len(pixels), 0, 0, start) + head + palette + pixels


def check(data: bytes, expected: object, *notes: str) -> None:
    check_notes(data, expected, KIND, *notes)


def level(value: int, bits: int) -> int:
    """What n bits are of 255, rounded to the nearest."""
    return int(value * 255 / (2**bits - 1) + 0.5)


def words(*values: int, size: int = 16) -> bytes:
    """One row of pixels, filled up to four bytes."""
    row = struct.pack(f"<{len(values)}{'H' if size == 16 else 'I'}", *values)
    return row + bytes(-len(row) % 4)


def test_fields_of_4_bits_for_every_value() -> None:
    # Bottom-up: the last row of the file is the first of the picture.
    rows = [words(*(r << 8 | g << 4 | (r ^ g) for g in range(16))) for r in range(16)]
    data = bmp(16, 16, 16, b"".join(rows), 3, (0xF00, 0xF0, 0xF))
    expected = [[[level(r, 4), level(g, 4), level(r ^ g, 4)] for g in range(16)] for r in range(15, -1, -1)]
    check(data, expected)


def test_fields_of_4_bits_with_alpha_top_down() -> None:
    data = bmp(2, -1, 16, words(0xF123, 0x0FFF), 3, (0xF00, 0xF0, 0xF, 0xF000), size=56)
    check(data, [[[17, 34, 51], [255, 255, 255]]], OVER_WHITE)
    # The same masks in the kind of header that has the fourth behind it.
    data = bmp(2, -1, 16, words(0xF123, 0x0FFF), 6, (0xF00, 0xF0, 0xF, 0xF000))
    check(data, [[[17, 34, 51], [255, 255, 255]]], OVER_WHITE)


def test_an_alpha_that_is_nowhere_set_is_no_transparency() -> None:
    data = bmp(2, 1, 16, words(0x0123, 0x0FFF), 3, (0xF00, 0xF0, 0xF, 0xF000), size=56)
    check(data, [[[17, 34, 51], [255, 255, 255]]])


@pytest.mark.parametrize(
    "masks",
    [
        (0x3FF00000, 0xFFC00, 0x3FF),  # 10-10-10
        (0x3FF, 0xFFC00, 0x3FF00000),
        (0xFFE00000, 0x1FFC00, 0x3FF),  # 11-11-10
        (0x7F, 0x3F80, 0x1FC000),  # 7-7-7
        (0xFF00, 0xFF, 0xFF0000),  # 8-8-8 in an order of its own
        (0xF, 0xFFFF0, 0xFFF00000),
        (0x1FFFFF, 0x3FE00000, 0xC0000000),  # 21-9-2
    ],
)
def test_fields_of_32_bits_anywhere(masks: tuple[int, int, int]) -> None:
    widths = [mask.bit_count() for mask in masks]
    lows = [(mask & -mask).bit_length() - 1 for mask in masks]
    colours = [
        [0, 0, 0],
        [2**n - 1 for n in widths],
        [2 ** (n - 1) for n in widths],
        [1, 2 ** widths[1] - 2, 2 ** (widths[2] - 1) - 1],
    ]
    pixels = words(*(sum(v << low for v, low in zip(c, lows, strict=True)) for c in colours), size=32)
    expected = [[[level(v, n) for v, n in zip(c, widths, strict=True)] for c in colours]]
    notes = [f"{max(widths)} bits a channel reduced to 8"] if max(widths) > 8 else []
    check(bmp(4, 1, 32, pixels, 3, masks), expected, *notes)
    check(bmp(4, 1, 32, pixels, 3, (*masks, 0), size=108), expected, *notes)


def test_palette_of_2_bits() -> None:
    palette = bytes([0, 0, 255, 0, 0, 128, 0, 0, 1, 2, 3, 0, 9, 9, 8, 0])
    # Five pixels a row: 0 1 2 3 | 2, and 3 3 3 3 | 0 above it.
    pixels = bytes([0b00011011, 0b10000000, 0, 0, 0b11111111, 0b00000000, 0, 0])
    named = [[255, 0, 0], [0, 128, 0], [3, 2, 1], [8, 9, 9]]
    expected = [[named[n] for n in (3, 3, 3, 3, 0)], [named[n] for n in (0, 1, 2, 3, 2)]]
    check(bmp(5, 2, 2, pixels, palette=palette), expected, COLOURS)


def test_a_gray_palette_of_2_bits_is_gray() -> None:
    palette = b"".join(bytes([n, n, n, 0]) for n in (0, 85, 170, 255))
    check(
        bmp(4, 1, 2, bytes([0b00011011, 0, 0, 0]), palette=palette),
        [[0, 85, 170, 255]],
        "palette colours became gray",
    )


def test_runs_of_24_bits() -> None:
    red, blue = bytes([0, 0, 255]), bytes([255, 0, 0])
    runs = (
        bytes([2]) + red + bytes([1]) + blue + bytes([0, 0])  # the lowest row: red red blue
        + bytes([0, 3, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0])  # three, one by one, and a byte to fill
        + bytes([0, 0])
        + bytes([0, 2, 1, 0, 2]) + blue  # one to the right, then two blue
        + bytes([0, 1])
    )  # fmt: skip
    expected = [
        [[0, 0, 0], [0, 0, 255], [0, 0, 255]],
        [[3, 2, 1], [6, 5, 4], [9, 8, 7]],
        [[255, 0, 0], [255, 0, 0], [0, 0, 255]],
    ]
    check(bmp(3, 3, 24, runs, 4, size=64), expected)


def test_a_header_of_os2_that_is_cut() -> None:
    # Sixteen bytes: no packing, no number of colours.
    check(bmp(2, 1, 24, bytes([1, 2, 3, 4, 5, 6, 0, 0]), size=16), [[[3, 2, 1], [6, 5, 4]]])


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA"])
def test_the_reader_agrees_with_pillow_on_its_kinds(mode: str) -> None:
    y, x = np.mgrid[:7, :9]
    picture = PillowImage.fromarray(np.dstack([x * 20, y * 30, x * y]).astype(np.uint8)).convert(mode)
    data = saved(picture, "BMP")
    expected = np.asarray(PillowImage.open(io.BytesIO(data)).convert("RGB"))
    np.testing.assert_array_equal(read_bmp(data, "x", 1000).pixels[..., :3], expected)


def test_the_oldest_header_and_packed_palettes_agree_with_pillow() -> None:
    palette = b"".join(bytes([n, 255 - n, 3 * n % 256]) for n in range(16))
    old = bmp(3, 2, 4, bytes([0x12, 0x30, 0, 0, 0xFE, 0xD0, 0, 0]), palette=palette, size=12)
    longer = b"".join(palette[3 * n : 3 * n + 3] + b"\0" for n in range(16))
    packed = bmp(4, 2, 4, bytes([3, 0x12, 0, 0, 0, 4, 0x34, 0x56, 0, 1]), 2, palette=longer)
    packed8 = bmp(3, 2, 8, bytes([3, 5, 0, 0, 0, 3, 1, 2, 3, 0, 0, 1]), 1, palette=longer)
    for data in (old, packed, packed8):
        np.testing.assert_array_equal(read_bmp(data, "x", 100).pixels, decode_image(data, "x").values)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (bmp(2, 2, 24, b"\xff\xd8\xff", 4), "JPEG inside"),
        (bmp(2, 2, 0, b"\x89PNG", 5), "PNG inside"),
        (bmp(2, 2, 1, bytes(8), 3, size=64), "Huffman runs"),
        (bmp(2, 2, 64, bytes(32)), "64 bits a pixel"),
        (bmp(2, 2, 24, bytes(16), size=20).replace(b"\x14\0\0\0", b"\x15\0\0\0", 1), "a header of 21"),
    ],
    ids=["jpeg", "png", "huffman", "64 bits", "header"],
)
def test_a_kind_that_is_not_read_is_not_called_damaged(data: bytes, why: str) -> None:
    with pytest.raises(KindNotReadError, match=rf"x\.bmp is a kind of BMP .*{why}.*save it again as PNG"):
        decode_image(data, "x.bmp")


@pytest.mark.parametrize(
    "data",
    [
        bmp(4, 4, 16, bytes(8), 3, (0xF00, 0xF0, 0xF)),
        bmp(4, 4, 2, bytes(3), palette=bytes(16)),
        bmp(3, 3, 24, bytes([2, 0, 0, 255, 0, 0]), 4, size=64),
        bmp(3, 3, 24, bytes([2, 0, 0]), 4, size=64),
        bmp(1, 1, 16, words(1), 3, (0xF00, 0xF00, 0xF)),
        bmp(1, 1, 16, words(1), 3, (0x900, 0xF0, 0xF)),
        bmp(4, 1, 2, bytes([0b00011011, 0, 0, 0]), palette=bytes(8)),
        bmp(0, 4, 2, bytes(4), palette=bytes(16)),
        bmp(4, 4, 16, bytes(8), 3, (0xF00, 0xF0, 0xF))[:58],
    ],
)  # fmt: skip
def test_what_is_cut_or_does_not_add_up_is_damaged(data: bytes) -> None:
    with pytest.raises(DamagedError, match=r"x\.bmp is damaged or cut short"):
        decode_image(data, "x.bmp")


def test_a_data_set_takes_them_and_names_what_it_does_not(tmp_path: Path) -> None:
    sound = bmp(2, 1, 16, words(0x123, 0xFFF), 3, (0xF00, 0xF0, 0xF))
    np.testing.assert_array_equal(decode_for_training(sound), [[[17, 34, 51], [255, 255, 255]]])
    path = tmp_path / "x.bmp"
    # A wrong size in the first header makes it doubtful, so that it is decoded to be sure.
    for data in (sound, sound.replace(sound[2:6], bytes(4), 1)):
        path.write_bytes(data)
        assert quick_check(path) == ("image", "")
    path.write_bytes(bmp(2, 2, 64, bytes(32)) + b"more")
    assert quick_check(path) == ("broken", "a kind of BMP that is not read: 64 bits a pixel in packing 0")
