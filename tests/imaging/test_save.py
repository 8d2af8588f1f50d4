"""Saving: exact, whole or not at all."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image as PillowImage

from convscope.core.errors import UserError
from convscope.core.files import save
from convscope.imaging.io.load import load_image
from convscope.imaging.io.save import save_npy, save_png, save_tiff_float

RNG = np.random.default_rng(1)
BYTES = RNG.integers(0, 256, (7, 5, 3), np.uint8)
FLOATS = (RNG.normal(size=(7, 5, 3)) * 1000).astype(np.float32)


@pytest.mark.parametrize("pixels", [BYTES, BYTES[..., 0]], ids=["RGB", "gray"])
def test_png_comes_back_exactly(tmp_path: Path, pixels: np.ndarray) -> None:
    save_png(tmp_path / "x.png", pixels)
    image = load_image(tmp_path / "x.png")
    np.testing.assert_array_equal(image.values, pixels)
    assert image.notes == ()


@pytest.mark.parametrize("values", [FLOATS, FLOATS[..., 0], FLOATS.astype(np.float64)])
def test_npy_comes_back_exactly(tmp_path: Path, values: np.ndarray) -> None:
    save_npy(tmp_path / "x.npy", values)
    loaded = np.load(tmp_path / "x.npy", allow_pickle=False)
    assert loaded.dtype == values.dtype
    np.testing.assert_array_equal(loaded, values)


def test_the_name_is_kept_without_an_ending(tmp_path: Path) -> None:
    save_npy(tmp_path / "result", FLOATS)
    assert [path.name for path in tmp_path.iterdir()] == ["result"]


def test_gray_float_tiff_is_read_by_pillow_and_opencv(tmp_path: Path) -> None:
    path = tmp_path / "x.tif"
    save_tiff_float(path, FLOATS[..., 1])
    with PillowImage.open(path) as picture:
        assert picture.mode == "F"
        np.testing.assert_array_equal(np.asarray(picture), FLOATS[..., 1])
    np.testing.assert_array_equal(cv2.imread(str(path), cv2.IMREAD_UNCHANGED), FLOATS[..., 1])


def test_rgb_float_tiff_is_32_bit_float_in_rgb_order(tmp_path: Path) -> None:
    path = tmp_path / "x.tiff"
    save_tiff_float(path, FLOATS)
    read = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    assert read.dtype == np.float32
    np.testing.assert_array_equal(read[..., ::-1], FLOATS)
    # Red is first in the file itself: uncompressed, so its bytes are in there.
    assert FLOATS.tobytes() in path.read_bytes()
    levels = np.linspace(0, 255, 105, dtype=np.float32).reshape(7, 5, 3)
    save_tiff_float(path, levels)
    np.testing.assert_array_equal(load_image(path).values, np.rint(levels))


def test_values_that_are_not_finite_are_kept(tmp_path: Path) -> None:
    values = np.array([[np.nan, np.inf], [-np.inf, 1]], np.float32)
    save_tiff_float(tmp_path / "x.tif", values)
    np.testing.assert_array_equal(cv2.imread(str(tmp_path / "x.tif"), cv2.IMREAD_UNCHANGED), values)


def test_the_array_is_left_alone(tmp_path: Path) -> None:
    frozen = FLOATS.copy()
    frozen.flags.writeable = False
    save_tiff_float(tmp_path / "x.tif", frozen)
    np.testing.assert_array_equal(frozen, FLOATS)


def test_an_old_file_is_replaced_and_nothing_else_is_left(tmp_path: Path) -> None:
    path = tmp_path / "x.png"
    path.write_text("old")
    save_png(path, BYTES)
    assert load_image(path).channels == 3
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.skipif(
    sys.platform == "win32", reason="Windows has no such permissions, and links need a privilege"
)
def test_permissions_and_links_are_as_usual(tmp_path: Path) -> None:
    mask = os.umask(0o022)
    try:
        save_png(tmp_path / "x.png", BYTES)
    finally:
        os.umask(mask)
    assert stat.S_IMODE((tmp_path / "x.png").stat().st_mode) == 0o644
    (tmp_path / "link.png").symlink_to(tmp_path / "x.png")
    save_png(tmp_path / "link.png", BYTES[::-1])
    assert (tmp_path / "link.png").is_symlink()
    np.testing.assert_array_equal(load_image(tmp_path / "x.png").values, BYTES[::-1])


def test_a_failed_write_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "x.png"
    path.write_text("old")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(UserError, match=r"'x\.png' cannot be saved: no space left on device"):
        save_png(path, BYTES)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_places_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UserError, match=r"x\.png cannot be saved: there is no folder .*nowhere"):
        save_png(tmp_path / "nowhere" / "x.png", BYTES)
    with pytest.raises(UserError, match="is a folder: give the name of a file"):
        save_npy(tmp_path, FLOATS)
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="cannot be saved"):
        save_npy(tmp_path / "file" / "x.npy", FLOATS)
    with pytest.raises(UserError, match="cannot be saved"):
        save(tmp_path / ("x" * 5000), b"")
    with pytest.raises(UserError, match="cannot be saved"):
        save(f"{tmp_path}/nul\0byte", b"")

    def denied(self: Path, *_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(Path, "open", denied)
    with pytest.raises(UserError, match="you may not write to"):
        save_png(tmp_path / "x.png", BYTES)


def test_pictures_that_a_tiff_cannot_hold(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="height × width"):
        save_tiff_float(tmp_path / "x.tif", np.zeros((2, 2, 5), np.float32))
    with pytest.raises(UserError, match="height × width"):
        save_tiff_float(tmp_path / "x.tif", np.zeros((0, 2), np.float32))
