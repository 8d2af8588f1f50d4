"""Opening files: what is refused and in which words, what survives, folders and previews."""

from __future__ import annotations

import io
import os
import struct
import sys
import threading
import warnings
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from built import decode_image
from mutations import mutations, seeds
from PIL import Image as PillowImage
from PIL import ImageFile

from convscope.core.errors import UserError
from convscope.core.task import Cancelled, Task
from convscope.imaging.image import Image
from convscope.imaging.io.decode import READS
from convscope.imaging.io.load import list_images, load_image, thumbnail


def refusal(path: Path, **options: int) -> str:
    with pytest.raises(UserError) as caught:
        load_image(path, **options)
    message = caught.value.message
    assert path.name in message
    assert message.endswith(".") and "\n" not in message
    return message


def png_header(width: int, height: int) -> bytes:
    """A PNG that claims a size and holds next to nothing."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = b""
    for name, data in ((b"IHDR", header), (b"IDAT", zlib.compress(b"\0" * 1000)), (b"IEND", b"")):
        chunks += struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
    return b"\x89PNG\r\n\x1a\n" + chunks


def test_an_image_knows_its_file(tmp_path: Path) -> None:
    path = tmp_path / "two rows.png"
    PillowImage.new("L", (3, 2), 9).save(path)
    for given in (path, str(path)):
        image = load_image(given)
        assert (image.name, image.path, image.notes) == ("two rows.png", path, ())
        assert image.values.shape == (2, 3)
        assert not image.values.flags.writeable


def test_missing_folder_and_empty_files(tmp_path: Path) -> None:
    assert refusal(tmp_path / "gone.png") == "There is no file gone.png: check the name and the folder."
    (tmp_path / "folder.png").mkdir()
    assert "is a folder" in refusal(tmp_path / "folder.png")
    (tmp_path / "empty.png").touch()
    assert "is empty" in refusal(tmp_path / "empty.png")


def test_a_file_that_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "secret.png"
    PillowImage.new("L", (3, 2)).save(path)

    def denied(path: Path, *_: object, **__: object) -> int:
        raise PermissionError(13, "Permission denied", str(path))

    # A test that runs as root may read everything: let the system's answer be no.
    monkeypatch.setattr(os, "open", denied)
    assert "may not be read" in refusal(path)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no named pipes in the file system")
def test_a_pipe_does_not_hang(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.png")
    assert "not an ordinary file" in refusal(tmp_path / "pipe.png")


@pytest.mark.parametrize(
    "name", ["x" * 5000, "nul\0byte.png"], ids=["a name too long for the system", "a name with a NUL"]
)
def test_impossible_names(name: str) -> None:
    with pytest.raises(UserError):
        load_image(name)


@pytest.mark.parametrize(
    "data",
    [
        b"hello, this is a text\n",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"%PDF-1.7",
        bytes(300),
        b"\x89P",
    ],
    ids=["text", "svg", "pdf", "zeros", "two bytes"],
)
def test_what_is_no_picture(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "thing.png"
    path.write_bytes(data)
    assert refusal(path) == f"thing.png is not a picture format convscope reads: use {READS}."
    assert READS.replace("AVIF, ", "") == "PNG, JPEG, WebP, HEIC, BMP, TIFF, GIF or PPM"


def test_formats_that_pillow_reads_and_convscope_does_not(tmp_path: Path) -> None:
    path = tmp_path / "icon.ico"
    PillowImage.new("RGB", (16, 16)).save(path)
    assert "not a picture format convscope reads" in refusal(path)


# A shorter text may be a good one, and the first of several frames may be whole.
CUTTABLE = [name for name in seeds() if not name.endswith((".csv", ".pgm", "frames.gif"))]


@pytest.mark.parametrize("name", CUTTABLE)
def test_files_cut_short_are_refused(tmp_path: Path, name: str) -> None:
    whole = seeds()[name]
    path = tmp_path / name
    for share in (0.4, 0.55, 0.7):
        path.write_bytes(whole[: int(share * len(whole))])
        assert "damaged" in refusal(path)


def test_the_ending_does_not_decide(tmp_path: Path) -> None:
    path = tmp_path / "really a png.jpg"
    path.write_bytes(seeds()["rgb.png"])
    assert load_image(path).channels == 3


# ---- size -----------------------------------------------------------------------------------------------


def test_too_many_pixels_are_refused_before_they_are_decoded(tmp_path: Path) -> None:
    path = tmp_path / "large.png"
    path.write_bytes(png_header(10_001, 10_000))
    assert refusal(path) == (
        "large.png has 100,010,000 pixels; convscope opens up to 100,000,000: shrink it first."
    )
    # 100 megapixels are allowed by their header, so the damage behind it is what counts.
    path.write_bytes(png_header(10_000, 10_000))
    assert "damaged" in refusal(path)
    path.write_bytes(seeds()["rgb.png"])
    assert load_image(path, max_pixels=768).values.shape == (24, 32, 3)
    assert "768 pixels; convscope opens up to 767" in refusal(path, max_pixels=767)


def test_a_decompression_bomb_is_refused_with_its_size(tmp_path: Path) -> None:
    path = tmp_path / "bomb.png"
    path.write_bytes(png_header(60_000, 60_000))
    assert "3,600,000,000 pixels" in refusal(path)


def test_bombs_of_other_formats(tmp_path: Path) -> None:
    path = tmp_path / "bomb.ppm"
    path.write_bytes(b"P6 50000 50000 255\n" + bytes(100))
    assert "2,500,000,000 pixels" in refusal(path)
    tiff = bytearray(seeds()["float-rgb.tif"])
    directory = struct.unpack_from("<I", tiff, 4)[0]
    for entry in range(struct.unpack_from("<H", tiff, directory)[0]):
        place = directory + 2 + 12 * entry
        if struct.unpack_from("<H", tiff, place)[0] in (256, 257):
            struct.pack_into("<HII", tiff, place + 2, 4, 1, 40_000)
    path = tmp_path / "bomb.tif"
    path.write_bytes(tiff)
    assert "1,600,000,000 pixels" in refusal(path)
    header = b"{'descr': '<f8', 'fortran_order': False, 'shape': (90000, 90000), }"
    path = tmp_path / "bomb.npy"
    path.write_bytes(b"\x93NUMPY\x01\0" + struct.pack("<H", len(header)) + header)
    assert "8,100,000,000 pixels" in refusal(path)


# ---- robust ---------------------------------------------------------------------------------------------


def test_200_mutated_files_open_or_say_why(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    opened, refused = 0, 0
    for name, data in mutations(200):
        path = tmp_path / name
        path.write_bytes(data)
        try:
            image = load_image(path, max_pixels=1_000_000)
        except UserError as error:
            refused += 1
            assert name in error.message and "\n" not in error.message
        else:
            opened += 1
            assert image.height * image.width <= 1_000_000
            assert np.isfinite(image.values).all()
        assert path.read_bytes() == data
    # Both happen, so the files are neither all harmless nor all hopeless.
    assert opened > 20 and refused > 100
    assert capfd.readouterr() == ("", "")


def test_mutations_are_the_same_every_time() -> None:
    first, second = list(mutations(50)), list(mutations(50))
    assert first == second
    assert list(mutations(50, seed=8)) != first


def test_good_seeds_open() -> None:
    for name, data in seeds().items():
        assert decode_image(data, name).name == name


def test_pillow_is_left_as_it_was() -> None:
    before = (PillowImage.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES, list(warnings.filters))
    for name, data in seeds().items():
        decode_image(data, name)
    assert (PillowImage.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES, list(warnings.filters)) == before


def test_threads_open_the_same_pictures() -> None:
    # EXIF that Pillow warns about, in every thread at once; warnings are errors here.
    buffer = io.BytesIO()
    PillowImage.new("L", (16, 16), 9).save(buffer, "JPEG", exif=b"Exif\0\0MM\0*\0\0\0\x08\xff\xff")
    files = {**seeds(), "warns.jpg": buffer.getvalue()}
    expected = {name: decode_image(data, name).values for name, data in files.items()}
    filters, threads = list(warnings.filters), threading.active_count()
    with ThreadPoolExecutor(8) as pool:
        jobs = [(name, pool.submit(decode_image, data, name)) for name, data in list(files.items()) * 8]
        for name, job in jobs:
            np.testing.assert_array_equal(job.result().values, expected[name])
    assert warnings.filters == filters
    assert threading.active_count() == threads


def test_a_cancelled_task_stops_the_opening(tmp_path: Path) -> None:
    path = tmp_path / "x.png"
    path.write_bytes(seeds()["rgb.png"])
    task = Task()
    task.cancel()
    with pytest.raises(Cancelled):
        load_image(path, task=task)


# ---- folders and previews -------------------------------------------------------------------------------


def test_list_images(tmp_path: Path) -> None:
    for name in ("b.PNG", "a.jpg", "C.tif", "m.npy", "t.csv", "note.txt", ".hidden.png", "README"):
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / "folder.png").mkdir()
    assert [path.name for path in list_images(tmp_path)] == ["a.jpg", "b.PNG", "C.tif", "m.npy", "t.csv"]
    assert list_images(str(tmp_path / "folder.png")) == []
    with pytest.raises(UserError, match="nowhere is not a folder"):
        list_images(tmp_path / "nowhere")


def gradient(width: int, height: int) -> PillowImage.Image:
    y, x = np.mgrid[:height, :width]
    channels = [x * 255 / width, y * 255 / height, np.full(x.shape, 60)]
    return PillowImage.fromarray(np.dstack(channels).astype(np.uint8))


@pytest.mark.parametrize("ending", ["png", "jpg"])
def test_thumbnail_is_a_small_rgb_picture(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"gradient.{ending}"
    gradient(800, 400).save(path)
    small = thumbnail(path, 80)
    assert small.shape == (40, 80, 3)
    assert small.dtype == np.uint8
    expected = np.asarray(gradient(80, 40)).astype(int)
    assert np.abs(small - expected).max() <= 6
    np.testing.assert_allclose(thumbnail(load_image(path), 80).astype(int), small, atol=3)


def test_thumbnail_is_upright_and_keeps_small_pictures(tmp_path: Path) -> None:
    exif = PillowImage.Exif()
    exif[274] = 6
    path = tmp_path / "turned.jpg"
    gradient(640, 320).save(path, exif=exif.tobytes())
    small = thumbnail(path, 64)
    assert small.shape == (64, 32, 3)
    # Red grows downwards once it is turned.
    assert small[-1, 5, 0] > 200 > 50 > small[0, 5, 0]
    tiny = thumbnail(Image(np.array([[1, 2], [3, 4]], np.uint8), "tiny"), 64)
    np.testing.assert_array_equal(tiny, np.array([[1, 2], [3, 4]])[..., None].repeat(3, axis=2))
    wide = thumbnail(Image(np.zeros((1, 900), np.uint8), "line"), 90)
    assert wide.shape == (1, 90, 3)


def test_thumbnail_of_other_kinds_and_bad_files(tmp_path: Path) -> None:
    for name, data in seeds().items():
        path = tmp_path / name
        path.write_bytes(data)
        assert max(thumbnail(path, 16).shape[:2]) <= 16
    path = tmp_path / "cut.jpg"
    path.write_bytes(seeds()["rgb.jpg"][:400])
    with pytest.raises(UserError, match=r"cut.jpg is damaged"):
        thumbnail(path, 16)
