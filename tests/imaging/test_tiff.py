"""Every kind of TIFF that holds a picture opens with exact pixels, or is told as a kind that is not read."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import cv2
import numpy as np
import pytest
from built import check as check_notes
from built import decode_image, saved, tiff
from PIL import Image as PillowImage

from convscope.core.errors import DamagedError, KindNotReadError, UserError
from convscope.engine.data.decode import quick_check
from convscope.imaging.io.tiff import read_tiff

KIND = "a kind of TIFF that Pillow does not read"
REDUCED = "16 bits a channel reduced to 8"
SCALED = "float values 0–1 scaled to 0–255"
OVER_WHITE = "transparency laid over white"
FLOATS = np.array([[[0, 0.5, 1], [1, 0.25, 0]], [[0.2, 0.4, 0.6], [1, 1, 1]]])
LEVELS = np.array([[[0, 128, 255], [255, 64, 0]], [[51, 102, 153], [255, 255, 255]]])


def check(data: bytes, expected: object, *notes: str) -> None:
    check_notes(data, expected, KIND, *notes)


def built(
    values: np.ndarray, order: str = "<", *, planar: bool = False, **tags: int | tuple[int, ...]
) -> bytes:
    """A TIFF of H×W×channels in the array's own type."""
    height, width, channels = values.shape
    kind = {"u": 1, "i": 2, "f": 3}[values.dtype.kind]
    bits = (8 * values.dtype.itemsize,) * channels
    ordered = values.transpose(2, 0, 1) if planar else values
    samples = np.ascontiguousarray(ordered).astype(values.dtype.newbyteorder(order)).tobytes()
    more = {"t284": 2, "strips": channels} if planar else {}
    told = {"t258": bits if channels > 1 else bits[0], "t277": channels, "t339": (kind,) * channels}
    return tiff(samples, order, width, height, **{**told, **more, "t262": 2, **tags})


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("planar", [False, True], ids=["contiguous", "planes"])
@pytest.mark.parametrize("kind", ["f2", "f4", "f8"])
def test_floats_of_every_width(kind: str, planar: bool, order: str) -> None:
    # 0.2 and its like are less exact in two bytes: the levels are the same.
    check(built(FLOATS.astype(kind), order, planar=planar), LEVELS, SCALED)
    # Pillow reads one channel of 32 bits, and no other.
    kinds = () if kind == "f4" else (KIND,)
    check_notes(built(FLOATS[..., :1].astype(kind), order, t262=1), LEVELS[..., 0], *kinds, SCALED)


@pytest.mark.parametrize("packing", [1, 5, 8, 32773, 32946])
def test_float64_as_opencv_writes_it(packing: int) -> None:
    values = np.random.default_rng(0).random((40, 30, 3))
    data = cv2.imencode(".tiff", values[..., ::-1], [cv2.IMWRITE_TIFF_COMPRESSION, packing])[1].tobytes()
    check(data, np.rint(values * 255), SCALED)


def test_float32_of_opencv_in_strips_with_a_predictor() -> None:
    values = np.random.default_rng(0).random((70, 50, 3)).astype(np.float32)
    for predictor in (1, 2, 3):
        options = [cv2.IMWRITE_TIFF_PREDICTOR, predictor, cv2.IMWRITE_TIFF_ROWSPERSTRIP, 16]
        data = cv2.imencode(".tiff", values[..., ::-1], options)[1].tobytes()
        np.testing.assert_array_equal(read_tiff(data, "x", 10**6).values, values)


def test_tiles_of_floats_at_the_edges() -> None:
    values = np.random.default_rng(1).random((20, 37, 3))
    tiles = [
        np.pad(values, ((0, 12), (0, 11), (0, 0)))[top : top + 16, left : left + 16]
        for top in (0, 16)
        for left in (0, 16, 32)
    ]
    samples = np.stack(tiles).tobytes()
    one = len(samples) // 6
    # The builder lays the strips one behind the other: so do tiles, under tags of their own.
    data = built_tiles(samples, 37, 20, one)
    np.testing.assert_array_equal(read_tiff(data, "x", 10**6).values, values)


def built_tiles(samples: bytes, width: int, height: int, one: int) -> bytes:
    strips = len(samples) // one
    data = tiff(
        samples,
        "<",
        width,
        height,
        strips=strips,
        t258=(64,) * 3,
        t277=3,
        t339=(3,) * 3,
        t262=2,
        t322=16,
        t323=16,
    )
    # Where strips lie and their lengths become where tiles lie and their lengths.
    entries = struct.unpack_from("<H", data, 8)[0]
    table = [data[10 + 12 * n : 22 + 12 * n] for n in range(entries)]
    renamed = {273: 324, 279: 325}
    numbers = [struct.unpack_from("<H", entry)[0] for entry in table]
    kept = [
        struct.pack("<H", renamed.get(tag, tag)) + entry[2:]
        for tag, entry in zip(numbers, table, strict=True)
    ]
    return (
        data[:10]
        + b"".join(sorted(kept, key=lambda e: struct.unpack_from("<H", e)[0]))
        + data[10 + 12 * entries :]
    )


WIDE = np.array([[0, 128, 129, 257], [32767, 32768, 65406, 65535]], np.uint16)
NARROW = np.array([[0, 0, 1, 1], [127, 128, 254, 255]], np.uint8)


@pytest.mark.parametrize("order", "<>")
def test_planes_of_16_bit_cmyk(order: str) -> None:
    inks = np.array([[[0, 65535, 65535, 0], [0, 0, 0, 65535], [0, 0, 0, 0]]], np.uint16)
    expected = [[[255, 0, 0], [0, 0, 0], [255, 255, 255]]]
    check(built(inks, order, planar=True, t262=5), expected, "CMYK became RGB", REDUCED)
    check_notes(built(inks, order, t262=5), expected, "CMYK became RGB", REDUCED)


def test_planes_of_16_bit_cmyk_agree_with_the_same_file_interleaved() -> None:
    inks = np.random.default_rng(2).integers(0, 65536, (9, 7, 4)).astype(np.uint16)
    planes = decode_image(built(inks, planar=True, t262=5), "x")
    np.testing.assert_array_equal(planes.values, decode_image(built(inks, t262=5), "x").values)


@pytest.mark.parametrize("planar", [False, True], ids=["contiguous", "planes"])
def test_gray_with_alpha_of_8_and_16_bits(planar: bool) -> None:
    alpha = np.array([[0, 255, 255, 255], [255, 255, 255, 128]])
    rest = np.rint((NARROW * alpha + 255.0 * (255 - alpha)) / 255)
    both = np.dstack([WIDE, alpha.astype(np.uint16) * 257])
    check(built(both, planar=planar, t262=1, t338=2), rest, OVER_WHITE, REDUCED)
    both = np.dstack([NARROW, alpha.astype(np.uint8)])
    kinds = (KIND,) if planar else ()
    check_notes(built(both, planar=planar, t262=1, t338=2), rest, *kinds, OVER_WHITE)


def test_integers_of_32_and_64_bits_in_colour() -> None:
    values = np.array([[[-10, 0, 10]]])
    for kind in ("i1", "i2", "i4", "i8"):
        check(built(values.astype(kind)), [[[0, 128, 255]]], "values -10 to 10 stretched to 0–255")
    for kind in ("u4", "u8"):
        check(built((values + 10).astype(kind)), [[[0, 10, 20]]], "values rounded to whole gray levels")


def test_channels_beyond_the_colours_are_told() -> None:
    bands = np.arange(10, dtype=np.uint16).reshape(1, 2, 5) * 257
    check(built(bands, t262=1, t338=(0,) * 4), [[0, 5]], "the first 1 of 5 channels", REDUCED)
    floats = np.dstack([FLOATS, np.full((2, 2), 0.5)])
    check(built(floats, t338=2), LEVELS, "its transparency was not used", SCALED)
    check(built(floats, t338=0), LEVELS, "the first 3 of 4 channels", SCALED)


def test_float_pictures_are_upright_and_tell_of_further_pages() -> None:
    data = built(np.rot90(FLOATS).copy(), t274=6)
    check(data, LEVELS, SCALED, "turned upright, as the camera noted")


def test_where_zero_is_white() -> None:
    data = built(np.dstack([WIDE, WIDE]), t262=0, t338=0)
    check(data, np.rint((65535 - WIDE.astype(int)) / 257), "the first 1 of 2 channels", REDUCED)


def webp_tiff(pixels: np.ndarray, rows: int) -> bytes:
    """Strips of lossless WebP."""
    height, width, channels = pixels.shape
    mode = "RGB" if channels == 3 else "RGBA"
    strips = [
        saved(
            PillowImage.fromarray(pixels[top : top + rows]).convert(mode), "WEBP", lossless=True, exact=True
        )
        for top in range(0, height, rows)
    ]
    longest = max(map(len, strips))
    filled = b"".join(strip.ljust(longest, b"\0") for strip in strips)
    tags = {"t258": (8,) * channels, "t277": channels, "t262": 2, "t259": 50001, "t278": rows}
    alpha = {"t338": 2} if channels == 4 else {}
    return tiff(filled, "<", width, height, strips=len(strips), **tags, **alpha)


def test_webp_inside_is_exact() -> None:
    pixels = np.random.default_rng(3).integers(0, 256, (21, 13, 3)).astype(np.uint8)
    check(webp_tiff(pixels, 21), pixels)
    check(webp_tiff(pixels, 8), pixels)
    clear = np.dstack([pixels, np.where(pixels[..., 0] > 99, 255, 0).astype(np.uint8)])
    check(webp_tiff(clear, 8), np.where(clear[..., 3:] == 255, pixels, 255), OVER_WHITE)


def test_zstandard_inside_is_exact() -> None:
    pixels = np.random.default_rng(3).integers(0, 256, (21, 13, 3)).astype(np.uint8)
    check_notes(saved(PillowImage.fromarray(pixels), "TIFF", compression="zstd"), pixels)
    floats = pixels / 255.0
    packed = saved(PillowImage.fromarray(floats[..., 0].astype(np.float32)), "TIFF", compression="zstd")
    np.testing.assert_array_equal(
        read_tiff(packed, "x", 1000).values[..., 0], floats[..., 0].astype(np.float32)
    )


def test_float_bigtiff() -> None:
    """The large kind of TIFF, with 8 bytes where there were 4."""
    pixels = FLOATS.astype("<f8").tobytes()
    entries = {256: 2, 257: 2, 258: 64, 259: 1, 262: 2, 277: 3, 278: 2, 279: len(pixels), 339: 3}
    start = 16 + 8 + 20 * (len(entries) + 1) + 8
    entries[273] = start
    table = b"".join(struct.pack("<HHQQ", tag, 4, 1, entries[tag]) for tag in sorted(entries))
    data = struct.pack("<2sHHHQQ", b"II", 43, 8, 0, 16, len(entries)) + table + bytes(8) + pixels
    check(data, LEVELS, SCALED)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (built(np.zeros((2, 2, 3), np.uint8), t259=34712), "compression 34712"),
        (built(np.zeros((2, 2, 3), np.float32), t262=32845), "colours of kind 32845"),
        (built(np.zeros((2, 2, 4), np.float32), t262=5), "CMYK in f4"),
        (built(np.zeros((2, 2, 1), np.uint64), t262=1, t339=6), "complex numbers"),
        (built(np.zeros((2, 2, 3), np.uint16), t258=(16, 8, 8)), "channels of different types"),
    ],
    ids=["jpeg 2000", "LogLuv", "float CMYK", "complex", "mixed"],
)
def test_a_kind_that_is_not_read_is_not_called_damaged(tmp_path: Path, data: bytes, why: str) -> None:
    with pytest.raises(
        KindNotReadError, match=rf"x\.tif is a kind of TIFF .*\({why}\).*save it again as PNG"
    ):
        decode_image(data, "x.tif")
    (tmp_path / "x.tif").write_bytes(data)
    assert quick_check(tmp_path / "x.tif") == ("broken", f"a kind of TIFF that is not read: {why}")


def test_what_is_cut_is_damaged_whatever_its_kind() -> None:
    picture = PillowImage.fromarray(np.random.default_rng(0).integers(0, 256, (60, 60, 3)).astype(np.uint8))
    whole = [
        built(np.zeros((9, 9, 3))),
        webp_tiff(np.random.default_rng(0).integers(0, 256, (30, 30, 3)).astype(np.uint8), 30),
        built(np.zeros((9, 9, 4), np.uint16), planar=True, t262=5),
        cv2.imencode(".tiff", np.random.default_rng(0).random((30, 30, 3)))[1].tobytes(),
        *(saved(picture, "TIFF", compression=kind) for kind in ("jpeg", "tiff_lzw", "zstd")),
        saved(picture.convert("P"), "TIFF", compression="tiff_lzw"),
        saved(picture.convert("1"), "TIFF", compression="group4"),
    ]
    for data in whole:
        decode_image(data, "x.tif")
        for share in (0.3, 0.6):
            with pytest.raises(DamagedError, match=r"x\.tif is damaged or cut short"):
                decode_image(data[: int(share * len(data))], "x.tif")


def test_sizes_are_refused_before_memory_is_taken() -> None:
    claims = built(np.zeros((1, 1, 3)), t256=40_000, t257=40_000)
    with pytest.raises(UserError, match="1,600,000,000 pixels"):
        decode_image(claims, "x.tif")
    claims = built(np.zeros((1, 1, 3)), t256=9_000, t257=9_000, t278=9_000)
    with pytest.raises(UserError, match=r"holds 1\.8 GB of numbers; convscope opens up to 1 GB"):
        decode_image(claims, "x.tif")
    assert len(claims) < 1000 and io.BytesIO(claims).read(2) == b"II"


def test_tags_of_another_type_are_no_bug() -> None:
    whole, refused = built(np.zeros((2, 2, 3))), 0
    for entry in range(struct.unpack_from("<H", whole, 8)[0]):
        for kind in (1, 2, 5, 7, 12, 99):
            data = bytearray(whole)
            struct.pack_into("<H", data, 10 + 12 * entry + 2, kind)
            try:
                decode_image(bytes(data), "x.tif")
            except UserError as error:
                refused += 1
                assert "x.tif" in error.message
    assert refused > 20


# ---- JPEG -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("marker", "bits", "channels", "why"),
    [
        (0xC1, 12, 3, "12 bits a channel"),
        (0xC3, 8, 3, "lossless"),
        (0xC5, 8, 3, "hierarchical"),
        (0xC0, 8, 2, "2 channels"),
    ],
)
def test_kinds_of_jpeg_that_are_not_read(marker: int, bits: int, channels: int, why: str) -> None:
    frame = struct.pack(">BHHB", bits, 8, 8, channels) + b"".join(bytes([n, 17, 0]) for n in range(channels))
    data = b"\xff\xd8\xff\xe0\0\x10JFIF\0\1\1\0\0\1\0\1\0\0\xff" + bytes([marker])
    data += (
        struct.pack(">H", 2 + len(frame)) + frame + b"\xff\xda\0\x08\1\1\0\0\x3f\0" + bytes(50) + b"\xff\xd9"
    )
    with pytest.raises(KindNotReadError, match=rf"x\.jpg is a kind of JPEG .*\({why}\)"):
        decode_image(data, "x.jpg")
