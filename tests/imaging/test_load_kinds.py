"""Every kind of picture becomes correct 8-bit gray or RGB: files built by hand, values known."""

from __future__ import annotations

import struct

import cv2
import numpy as np
import pytest
from built import check, decode_image, png, saved, tiff
from PIL import Image as PillowImage

REDUCED = "16 bits a channel reduced to 8"
OVER_WHITE = "transparency laid over white"
# 128 is just below half of 257, 129 just above; 65535 is white.
WIDE = np.array([[0, 128, 129, 257], [32767, 32768, 65406, 65535]], np.uint16)
NARROW = np.array([[0, 0, 1, 1], [127, 128, 254, 255]], np.uint8)


# ---- 8 bits -------------------------------------------------------------------------------------------

RGB = np.array([[[255, 0, 0], [0, 255, 0]], [[0, 0, 255], [10, 20, 30]], [[1, 2, 3], [7, 7, 7]]], np.uint8)
GRAY = np.array([[0, 50, 100], [150, 200, 255]], np.uint8)


@pytest.mark.parametrize("file_format", ["PNG", "BMP", "TIFF", "PPM"])
def test_plain_pictures_are_read_exactly_and_without_a_note(file_format: str) -> None:
    check(saved(PillowImage.fromarray(RGB), file_format), RGB)
    check(saved(PillowImage.fromarray(GRAY), file_format), GRAY)


def test_lossless_webp_is_read_exactly() -> None:
    check(saved(PillowImage.fromarray(RGB), "WEBP", lossless=True), RGB)


@pytest.mark.parametrize("compression", ["tiff_lzw", "tiff_adobe_deflate", "packbits"])
def test_compressed_tiff_is_read_exactly(compression: str) -> None:
    check(saved(PillowImage.fromarray(RGB), "TIFF", compression=compression), RGB)


def test_jpeg_keeps_gray_gray_and_colour_close() -> None:
    gray = decode_image(saved(PillowImage.new("L", (16, 16), 77), "JPEG"), "gray.jpg")
    assert gray.values.shape == (16, 16)
    assert gray.values.min() == gray.values.max() == 77
    red = decode_image(saved(PillowImage.new("RGB", (16, 16), (200, 30, 40)), "JPEG", quality=95), "red.jpg")
    assert np.abs(red.values.astype(int) - [200, 30, 40]).max() <= 2


def test_plain_and_raw_pgm_of_any_maximum() -> None:
    check(b"P2\n# a comment\n3 2\n255\n0 50 100\n150 200 255\n", GRAY)
    check(b"P5\n3 2\n255\n" + GRAY.tobytes(), GRAY)
    # 15 is white: 7 of 15 is 119.
    check(b"P2\n3 1\n15\n0 7 15\n", [[0, 119, 255]])


def test_gif_opens_its_first_frame() -> None:
    frames = [PillowImage.fromarray(GRAY), PillowImage.fromarray(255 - GRAY)]
    data = saved(frames[0], "GIF", save_all=True, append_images=frames[1:])
    check(data, GRAY, "the first of several frames", "palette colours became gray")


def test_tiff_with_pages_opens_the_first() -> None:
    data = saved(
        PillowImage.fromarray(GRAY), "TIFF", save_all=True, append_images=[PillowImage.new("L", (2, 2))]
    )
    check(data, GRAY, "the first of several frames")


def test_one_bit() -> None:
    bits = PillowImage.fromarray(GRAY).point(lambda v: 255 * (v > 120), mode="1")
    expected = np.where(GRAY > 120, 255, 0)
    for file_format in ("PNG", "TIFF", "BMP", "PPM"):
        check(saved(bits, file_format), expected, "1 bit a pixel became black and white")
    # WhiteIsZero, as fax machines write.
    check(tiff(b"\xa0", "<", 3, 1, t258=1, t262=0), [[0, 255, 0]], "1 bit a pixel became black and white")


def test_palette() -> None:
    palette = bytes([255, 0, 0, 0, 128, 0, 3, 2, 1])
    indices = np.array([[0, 1], [2, 0]])
    expected = np.array([[[255, 0, 0], [0, 128, 0]], [[3, 2, 1], [255, 0, 0]]])
    check(png(indices, 3, PLTE=palette), expected, "palette colours became RGB")
    # The first colour a quarter opaque: 255·0.25 + 255·0.75 = 255 and 0·(64/255) + 255·(191/255) = 191.
    expected[expected[..., 0] == 255] = [255, 191, 191]
    check(png(indices, 3, PLTE=palette, tRNS=b"\x40"), expected, "palette colours became RGB", OVER_WHITE)


def test_gif_transparency_is_laid_over_white() -> None:
    picture = PillowImage.new("P", (2, 1))
    picture.putpalette([10, 20, 30, 200, 100, 50])
    picture.putpixel((1, 0), 1)
    data = saved(picture, "GIF", transparency=0)
    check(data, [[[255, 255, 255], [200, 100, 50]]], "palette colours became RGB", OVER_WHITE)


# ---- transparency ---------------------------------------------------------------------------------------


def over_white(colours: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """round((c·a + 255·(255 − a)) / 255) in exact integers."""
    total = colours.astype(int) * alpha + 255 * (255 - alpha.astype(int))
    return (2 * total + 255) // 510


@pytest.mark.parametrize("file_format", ["PNG", "TIFF"])
def test_transparency_over_white_is_exact_for_every_pair(file_format: str) -> None:
    colours, alpha = np.meshgrid(np.arange(256, dtype=np.uint8), np.arange(256, dtype=np.uint8))
    rgba = np.dstack([colours, 255 - colours, colours, alpha])
    expected = over_white(rgba[..., :3], alpha[..., None])
    check(saved(PillowImage.fromarray(rgba), file_format), expected, OVER_WHITE)
    gray = np.dstack([colours, alpha])
    check(saved(PillowImage.fromarray(gray), file_format), over_white(colours, alpha), OVER_WHITE)


def test_an_opaque_alpha_channel_needs_no_note() -> None:
    rgba = np.dstack([RGB, np.full((3, 2), 255, np.uint8)])
    check(saved(PillowImage.fromarray(rgba), "PNG"), RGB)
    check(saved(PillowImage.fromarray(rgba), "WEBP", lossless=True), RGB)


def test_a_transparent_colour() -> None:
    key = struct.pack(">HHH", 10, 20, 30)
    expected = RGB.copy()
    expected[1, 1] = 255
    check(png(RGB, 2, tRNS=key), expected, OVER_WHITE)
    check(png(GRAY[..., None], 0, tRNS=struct.pack(">H", 50)), np.where(GRAY == 50, 255, GRAY), OVER_WHITE)
    one = PillowImage.new("1", (2, 1))
    one.putpixel((0, 0), 1)
    check(saved(one, "PNG", transparency=0), [[255, 255]], "1 bit a pixel became black and white", OVER_WHITE)


# ---- 16 bits --------------------------------------------------------------------------------------------


def test_16_bit_gray_is_divided_by_257_and_rounded() -> None:
    np.testing.assert_array_equal(NARROW, np.rint(WIDE / 257))
    check(png(WIDE[..., None], 0, 16), NARROW, REDUCED)
    check(b"P5\n4 2\n65535\n" + WIDE.astype(">u2").tobytes(), NARROW, REDUCED)
    for order in "<>":
        data = WIDE.astype(f"{order}u2").tobytes()
        check(tiff(data, order, 4, 2, t258=16, t262=1), NARROW, REDUCED)


def test_16_bit_tiff_where_zero_is_white() -> None:
    data = WIDE.astype("<u2").tobytes()
    check(tiff(data, "<", 4, 2, t258=16, t262=0), np.rint((65535 - WIDE.astype(int)) / 257), REDUCED)


def test_every_16_bit_value_is_rounded_rightly() -> None:
    values = np.arange(65536).reshape(256, 256)
    check(png(values[..., None], 0, 16), np.rint(values / 257), REDUCED)


def test_16_bit_gray_with_a_transparent_level() -> None:
    check(
        png(WIDE[..., None], 0, 16, tRNS=struct.pack(">H", 32767)),
        np.where(WIDE == 32767, 255, NARROW),
        OVER_WHITE,
        REDUCED,
    )


def test_12_bit_tiff_has_4095_for_white() -> None:
    # Two samples in three bytes: 0xFFF, 0x800.
    check(tiff(b"\xff\xf8\x00", "<", 2, 1, t258=12, t262=1), [[255, 128]], "12 bits a channel reduced to 8")


WIDE_RGB = np.dstack([WIDE, WIDE[::-1], WIDE[:, ::-1]])
NARROW_RGB = np.dstack([NARROW, NARROW[::-1], NARROW[:, ::-1]])


def test_16_bit_colour_is_rounded_too() -> None:
    check(png(WIDE_RGB, 2, 16), NARROW_RGB, REDUCED)
    check(cv2.imencode(".png", WIDE_RGB[..., ::-1])[1].tobytes(), NARROW_RGB, REDUCED)
    check(b"P6\n4 2\n65535\n" + WIDE_RGB.astype(">u2").tobytes(), NARROW_RGB, REDUCED)
    for compression in (cv2.IMWRITE_TIFF_COMPRESSION_NONE, cv2.IMWRITE_TIFF_COMPRESSION_LZW):
        options = [cv2.IMWRITE_TIFF_COMPRESSION, compression]
        check(cv2.imencode(".tif", WIDE_RGB[..., ::-1], options)[1].tobytes(), NARROW_RGB, REDUCED)


@pytest.mark.parametrize("order", "<>")
def test_16_bit_tiff_of_both_byte_orders_interleaved_and_planar(order: str) -> None:
    bits = {"t258": (16, 16, 16), "t262": 2, "t277": 3}
    data = WIDE_RGB.astype(f"{order}u2").tobytes()
    check(tiff(data, order, 4, 2, **bits), NARROW_RGB, REDUCED)
    planes = np.ascontiguousarray(WIDE_RGB.transpose(2, 0, 1)).astype(f"{order}u2").tobytes()
    check(tiff(planes, order, 4, 2, **bits, t284=2, strips=3), NARROW_RGB, REDUCED)


def test_16_bit_colour_with_alpha() -> None:
    alpha = np.array([[0, 65535, 65535, 65535], [65535, 65535, 65535, 32896]], np.uint16)
    expected = over_white(NARROW_RGB, np.rint(alpha / 257).astype(np.uint8)[..., None])
    check(png(np.dstack([WIDE_RGB, alpha]), 6, 16), expected, OVER_WHITE, REDUCED)


def test_16_bit_gray_with_alpha_stays_gray() -> None:
    alpha = np.array([[0, 65535, 65535, 65535], [65535, 65535, 65535, 32896]], np.uint16)
    expected = over_white(NARROW, np.rint(alpha / 257).astype(np.uint8))
    check(png(np.dstack([WIDE, alpha]), 4, 16), expected, OVER_WHITE, REDUCED)


def test_16_bit_transparent_colour_compares_all_16_bits() -> None:
    near = np.array([[[1000, 2000, 3000], [1001, 2000, 3000]]], np.uint16)
    expected = np.array([[[255, 255, 255], [4, 8, 12]]])
    check(png(near, 2, 16, tRNS=struct.pack(">HHH", 1000, 2000, 3000)), expected, OVER_WHITE, REDUCED)


def test_16_bit_cmyk() -> None:
    data = np.array([[[0, 65535, 65535, 0], [0, 0, 0, 65535]]], "<u2").tobytes()
    tags = {"t258": (16, 16, 16, 16), "t262": 5, "t277": 4}
    check(tiff(data, "<", 2, 1, **tags), [[[255, 0, 0], [0, 0, 0]]], "CMYK became RGB", REDUCED)


# ---- numbers of any range -------------------------------------------------------------------------------


def float_tiff(values: object) -> bytes:
    return saved(PillowImage.fromarray(np.asarray(values, np.float32)), "TIFF")


def test_floats_from_0_to_1() -> None:
    check(float_tiff([[0, 0.5], [0.25, 1]]), [[0, 128], [64, 255]], "float values 0–1 scaled to 0–255")


def test_floats_within_0_to_255_are_gray_levels_already() -> None:
    check(
        float_tiff([[0, 1.6], [200.4, 255]]),
        [[0, 2], [200, 255]],
        "float values rounded to whole gray levels",
    )


def test_other_floats_are_stretched() -> None:
    check(
        float_tiff([[-100, 0], [50, 100]]),
        [[0, 128], [191, 255]],
        "float values -100 to 100 stretched to 0–255",
    )
    check(float_tiff([[-7, -7]]), [[0, 0]], "float values all -7, outside 0–255")
    largest = 3.4e38
    check(
        float_tiff([[-largest, 0, largest]]),
        [[0, 128, 255]],
        "float values -3.4e+38 to 3.4e+38 stretched to 0–255",
    )


def test_floats_that_are_not_finite_become_black() -> None:
    check(
        float_tiff([[np.nan, 0, 1], [np.inf, -np.inf, 0.2]]),
        [[0, 0, 255], [0, 0, 51]],
        "3 values that are not finite became black",
        "float values 0–1 scaled to 0–255",
    )
    check(float_tiff([[np.nan, np.inf]]), [[0, 0]], "2 values that are not finite became black")


def test_rgb_floats() -> None:
    values = np.array([[[0, 0.5, 1], [1, 0, 0]]], np.float32)
    data = cv2.imencode(".tif", values[..., ::-1])[1].tobytes()
    kind = "a kind of TIFF that Pillow does not read"
    check(data, [[[0, 128, 255], [255, 0, 0]]], kind, "float values 0–1 scaled to 0–255")


def test_signed_and_32_bit_integers() -> None:
    data = np.array([[-10, 0, 10]], "<i2").tobytes()
    check(
        tiff(data, "<", 3, 1, t258=16, t262=1, t339=2), [[0, 128, 255]], "values -10 to 10 stretched to 0–255"
    )
    data = np.array([[0, 7, 255]], "<i4").tobytes()
    check(
        tiff(data, "<", 3, 1, t258=32, t262=1, t339=2), [[0, 7, 255]], "values rounded to whole gray levels"
    )


# ---- other colour spaces --------------------------------------------------------------------------------


def test_cmyk_tiff_is_not_inverted_and_adobe_jpeg_is() -> None:
    inks = PillowImage.new("CMYK", (16, 16), (0, 255, 255, 0))
    check(saved(inks, "TIFF"), np.tile([255, 0, 0], (16, 16, 1)), "CMYK became RGB")
    # Pillow writes JPEG as Adobe does: inverted, with Adobe's marker.
    data = saved(inks, "JPEG", quality=100)
    assert b"Adobe" in data
    red = decode_image(data, "red.jpg")
    assert np.abs(red.values.astype(int) - [255, 0, 0]).max() <= 2
    assert red.notes == ("CMYK became RGB",)


def test_ycbcr_tiff() -> None:
    # Y 76, Cb 85, Cr 255 is pure red (254 after rounding).
    picture = PillowImage.new("RGB", (16, 16), (254, 0, 0)).convert("YCbCr")
    image = decode_image(saved(picture, "TIFF"), "red.tif")
    assert np.abs(image.values.astype(int) - [254, 0, 0]).max() <= 1


def test_lab_tiff() -> None:
    # L* 0 and 100 (as 0 and 255) without colour are black and white.
    picture = PillowImage.new("LAB", (2, 1), (0, 128, 128))
    picture.putpixel((1, 0), (255, 128, 128))
    image = decode_image(saved(picture, "TIFF"), "lab.tif")
    assert np.abs(image.values.astype(int) - [[[0, 0, 0], [255, 255, 255]]]).max() <= 3
    assert image.notes == ("LAB became RGB",)


# ---- orientation ----------------------------------------------------------------------------------------

UPRIGHT = np.array([[10, 20, 30], [40, 50, 60]], np.uint8)
# How each orientation stores the upright picture.
STORED = {
    1: UPRIGHT,
    2: UPRIGHT[:, ::-1],
    3: UPRIGHT[::-1, ::-1],
    4: UPRIGHT[::-1],
    5: UPRIGHT.T,
    6: np.array([[30, 60], [20, 50], [10, 40]]),  # the camera was turned: its first row is the right side
    7: UPRIGHT[::-1, ::-1].T,
    8: np.array([[40, 10], [50, 20], [60, 30]]),
}


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("file_format", ["PNG", "TIFF", "WEBP", "JPEG"])
def test_exif_orientation(orientation: int, file_format: str) -> None:
    exif = PillowImage.Exif()
    exif[274] = orientation
    stored = np.ascontiguousarray(STORED[orientation], np.uint8)
    # Blocks of 16 pixels survive JPEG, and a lossy mode is exact enough for a plain one.
    stored = stored.repeat(16, axis=0).repeat(16, axis=1)
    options: dict[str, object] = {"lossless": True} if file_format == "WEBP" else {}
    if file_format == "JPEG":
        options = {"quality": 100}
    image = decode_image(
        saved(PillowImage.fromarray(stored), file_format, exif=exif.tobytes(), **options), "x"
    )
    assert image.values.shape[:2] == (32, 48)
    np.testing.assert_allclose(image.gray.values[8::16, 8::16].astype(int), UPRIGHT, atol=1)
    assert image.notes == (("turned upright, as the camera noted",) if orientation > 1 else ())


def test_orientation_of_16_bit_colour() -> None:
    exif = PillowImage.Exif()
    exif[274] = 6
    chunk = exif.tobytes().removeprefix(b"Exif\0\0")
    stored = np.rot90(WIDE_RGB, 1)
    check(png(stored, 2, 16, eXIf=chunk), NARROW_RGB, REDUCED, "turned upright, as the camera noted")
    data = np.ascontiguousarray(stored).astype("<u2").tobytes()
    tags = {"t258": (16, 16, 16), "t262": 2, "t277": 3, "t274": 6}
    check(tiff(data, "<", 2, 4, **tags), NARROW_RGB, REDUCED, "turned upright, as the camera noted")


def test_broken_exif_does_not_keep_a_good_picture_out() -> None:
    data = saved(PillowImage.new("L", (16, 16), 9), "JPEG", exif=b"Exif\0\0MM\0*\xff\xff\xff\xff")
    assert decode_image(data, "x.jpg").values[0, 0] == 9
