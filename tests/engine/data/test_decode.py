"""Files to pixels: every format as Pillow reads it, shrunk JPEGs, and broken files told from good ones."""

from __future__ import annotations

import contextlib
import io
import struct
import zlib
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from convscope.core.paths import resource_path
from convscope.engine.data.decode import (
    UnreadableError,
    decode,
    quick_check,
    read_image,
    read_thumbnail,
)
from convscope.engine.data.resize import Target, to_target

PHOTO = resource_path("images", "coffee.jpg")


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    memory = io.BytesIO()
    image.save(memory, kind, **options)
    return memory.getvalue()


@pytest.fixture(scope="module")
def photo() -> Image.Image:
    with Image.open(PHOTO) as opened:
        return opened.convert("RGB").resize((120, 80))


@pytest.mark.parametrize("kind", ["PNG", "BMP", "GIF", "WEBP", "TIFF", "PPM"])
def test_formats_are_what_pillow_reads(photo: Image.Image, kind: str) -> None:
    data = encoded(photo, kind, **({"lossless": True} if kind == "WEBP" else {}))
    expected = np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))
    assert np.array_equal(decode(data), expected)


def test_a_jpeg_is_pillows_to_rounding(photo: Image.Image) -> None:
    data = encoded(photo, "JPEG", quality=95)
    expected = np.asarray(Image.open(io.BytesIO(data))).astype(int)
    assert np.abs(decode(data).astype(int) - expected).max() <= 3


def test_gray_files_stay_gray_until_a_target_says_otherwise(photo: Image.Image) -> None:
    for kind in ("PNG", "JPEG"):
        data = encoded(photo.convert("L"), kind)
        assert decode(data).ndim == 2
        assert decode(data, Target(80, 120, 3)).shape == (80, 120, 3)
        assert decode(data, Target(80, 120, 1)).shape == (80, 120, 1)


def test_16_bits_become_8_by_their_high_byte() -> None:
    values = np.array([[0, 257, 32896, 65535]], np.uint16)
    assert decode(encoded(Image.fromarray(values), "PNG")).tolist() == [[0, 1, 128, 255]]


def test_transparency_lies_over_white() -> None:
    pixels = np.zeros((1, 3, 4), np.uint8)
    pixels[0, :, 3] = 0, 128, 255
    assert decode(encoded(Image.fromarray(pixels), "PNG"))[0, :, 0].tolist() == [255, 127, 0]


def test_palette_and_cmyk_files() -> None:
    red = Image.new("RGB", (4, 4), (255, 0, 0))
    assert decode(encoded(red.convert("P"), "PNG"))[0, 0].tolist() == [255, 0, 0]
    close = decode(encoded(red.convert("CMYK"), "JPEG", quality=100))[0, 0].astype(int) - [255, 0, 0]
    assert np.abs(close).max() <= 4


@pytest.mark.parametrize("target", [None, Target(60, 40, 3)])
def test_exif_orientation_is_honoured(photo: Image.Image, target: Target | None) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned clockwise
    turned = decode(encoded(photo, "JPEG", exif=exif, quality=95), target)
    upright = np.asarray(photo.transpose(Image.Transpose.ROTATE_270))
    assert turned.shape == ((120, 80, 3) if target is None else target.shape)
    expected = upright if target is None else to_target(np.ascontiguousarray(upright), target)
    assert np.abs(turned.astype(int) - expected.astype(int)).mean() < 4


def test_a_large_jpeg_is_shrunk_while_it_is_decoded() -> None:
    data = PHOTO.read_bytes()
    whole = decode(data)
    small, reference = decode(data, Target(48, 48, 3)), to_target(whole, Target(48, 48, 3))
    assert small.shape == (48, 48, 3)
    assert np.abs(small.astype(int) - reference.astype(int)).mean() < 3


@pytest.mark.parametrize(
    "data", [b"", b"text", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"BM" + bytes(40)]
)
def test_rubbish_is_unreadable(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "rubbish.jpg"
    path.write_bytes(data)
    with pytest.raises(UnreadableError):
        read_image(path)
    assert quick_check(path)[0] == "broken"


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "BMP", "WEBP", "TIFF", "PPM"])
def test_the_quick_check_knows_whole_files_from_cut_ones(
    photo: Image.Image, kind: str, tmp_path: Path
) -> None:
    data = encoded(photo, kind)
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    whole.write_bytes(data)
    cut.write_bytes(data[: len(data) * 2 // 3])
    assert quick_check(whole) == ("image", "")
    assert quick_check(cut)[0] == "broken"


def test_the_quick_check_leaves_other_files_alone(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("not for training")
    (tmp_path / "empty").write_bytes(b"")
    assert quick_check(tmp_path / "notes.txt") == ("other", "")
    assert quick_check(tmp_path / "empty") == ("other", "")
    assert quick_check(tmp_path / "gone.png")[0] == "broken"


def test_a_jpeg_with_something_behind_its_end_is_whole(photo: Image.Image, tmp_path: Path) -> None:
    path = tmp_path / "with preview.jpg"
    path.write_bytes(encoded(photo, "JPEG") + bytes(500))
    assert quick_check(path) == ("image", "")


def test_a_small_file_that_unpacks_to_gigabytes_is_refused() -> None:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    for width, height in ((50_000, 50_000), (2**31 - 1, 2**31 - 1), (2**31 - 1, 1)):
        header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
        bomb = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(1000)))
        with pytest.raises(UnreadableError, match="too large"):
            decode(bomb + chunk(b"IEND", b""), Target(32, 32, 3))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "BMP", "WEBP", "TIFF"])
def test_damage_is_unreadable_or_a_picture_and_nothing_else(photo: Image.Image, kind: str) -> None:
    data, random = encoded(photo.resize((40, 30)), kind), np.random.default_rng(0)
    for _ in range(25):
        damaged = bytearray(data)
        for place in random.integers(0, min(len(data), 400), 3):
            damaged[place] = random.integers(256)
        with contextlib.suppress(UnreadableError):
            assert decode(bytes(damaged), Target(16, 16, 1)).shape == (16, 16, 1)


def test_a_jpeg_damaged_in_its_middle_is_unreadable_and_says_nothing(
    photo: Image.Image, capfd: pytest.CaptureFixture[str]
) -> None:
    whole = encoded(photo, "JPEG", quality=95)
    half = len(whole) // 2
    missing = whole[:half] + whole[half + 200 :]
    blank = whole[:half] + bytes(200) + whole[half + 200 :]
    for data in (missing, blank):
        for target in (None, Target(16, 16, 3), Target(16, 16, 1)):
            with pytest.raises(UnreadableError, match="damaged"):
                decode(data, target)
    assert capfd.readouterr().err == ""


def test_only_the_damaged_ones_of_many_threads_are_refused(photo: Image.Image) -> None:
    whole = encoded(photo, "JPEG", quality=95)
    damaged = whole[: len(whole) // 2] + whole[len(whole) // 2 + 200 :]

    def sound(data: bytes) -> bool:
        try:
            decode(data)
        except UnreadableError:
            return False
        return True

    wanted = [number % 7 != 3 for number in range(140)]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(sound, [whole if good else damaged for good in wanted])) == wanted


def test_no_picture_but_a_png_touches_stderr(photo: Image.Image, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that is started meanwhile, or a crash, keeps its words; training on JPEGs is not held up."""
    held: list[str] = []
    monkeypatch.setattr(
        "convscope.engine.data.decode.quiet_libpng", lambda: held.append("PNG") or nullcontext()
    )
    monkeypatch.setattr(
        "convscope.imaging.io.decode.quiet_libtiff", lambda: held.append("TIFF") or nullcontext()
    )
    for kind in ("JPEG", "BMP", "GIF", "WEBP"):
        decode(encoded(photo, kind), Target(16, 16, 3))
    assert held == []
    decode(encoded(photo, "PNG"))
    decode(encoded(photo, "TIFF"))
    assert held == ["PNG", "TIFF"]


@pytest.mark.parametrize("target", [None, Target(300, 300, 1), Target(60, 60, 3), Target(20, 20, 1)])
@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_a_jpeg_is_opencvs_bit_for_bit(photo: Image.Image, mode: str, target: Target | None) -> None:
    """Both are libjpeg-turbo: a run that was started with one decoder goes on with the other."""
    data = encoded(photo.convert(mode), "JPEG", quality=85)
    gray = mode == "L" if target is None else target.channels == 1
    # 80 pixels high: halved for 20.
    reduced = target is not None and target.height == 20
    flags = {
        (False, False): cv2.IMREAD_COLOR_RGB,
        (False, True): cv2.IMREAD_REDUCED_COLOR_2,
        (True, False): cv2.IMREAD_GRAYSCALE,
        (True, True): cv2.IMREAD_REDUCED_GRAYSCALE_4,
    }[gray, reduced]
    expected = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    assert np.array_equal(decode(data, target), expected if target is None else to_target(expected, target))


def test_a_remark_that_harms_no_pixel_is_no_damage(photo: Image.Image) -> None:
    whole = encoded(photo, "JPEG", quality=95)
    odd = bytearray(whole)
    odd[11] = 7  # the format's revision
    assert whole[6:10] == b"JFIF" and np.array_equal(decode(bytes(odd)), decode(whole))


def test_a_thumbnail_is_whole_and_in_colour(photo: Image.Image, tmp_path: Path) -> None:
    for name, picture, shape in (
        ("wide.jpg", photo, (16, 24, 3)),
        ("tall.png", photo.rotate(90, expand=True).convert("L"), (24, 16, 3)),
        ("small.gif", photo.resize((6, 4)), (4, 6, 3)),
    ):
        picture.save(tmp_path / name)
        assert read_thumbnail(tmp_path / name, 24).shape == shape
    with pytest.raises(UnreadableError):
        read_thumbnail(tmp_path / "missing.png", 24)
