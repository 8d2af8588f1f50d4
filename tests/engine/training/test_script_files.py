"""A run's script reads image files as the run did: turned, over white, in sRGB, of the same size."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
from PIL import Image
from profiles import ADOBE, gray_profile, rgb_profile

from convscope.core.process_state import picture_formats
from convscope.engine.data.dataset import Dataset
from convscope.engine.data.decode import read_image
from convscope.engine.data.formats.folder import open_folder
from convscope.engine.data.resize import FITS, Fit, Target
from convscope.engine.data.sets.registry import open_dataset
from convscope.engine.models.files.keras2.own_parts import hard_sigmoid, own_parts_code
from convscope.engine.models.opened import OpenedModel
from convscope.engine.training.runs.script_files import IMPORTS, PHONE_IMPORTS, file_images, imports
from convscope.engine.training.settings import TrainingSettings
from convscope.engine.training.train import train


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A colourful picture of 60×80, in files of many kinds."""
    where = tmp_path_factory.mktemp("pictures")
    y, x = np.mgrid[0:60, 0:80]
    waves = [128 + 100 * np.sin(x / a + y / b) for a, b in ((9, 17), (23, 11), (14, -13))]
    picture = Image.fromarray(np.stack(waves, axis=-1).astype(np.uint8))
    turned = Image.Exif()
    turned[0x0112] = 6
    wide = rgb_profile("wide", ADOBE, 2.2)
    picture.save(where / "plain.png")
    picture.save(where / "turned.jpg", quality=95, exif=turned)
    picture.save(where / "wide.png", icc_profile=wide)
    picture.save(where / "wide.jpg", quality=95, icc_profile=wide)
    picture.save(where / "damaged.png", icc_profile=b"no profile")
    picture.convert("L").save(where / "gray.png")
    picture.convert("L").save(where / "dark.png", icc_profile=gray_profile("dark", 1.0))
    assert picture_formats.heif()
    picture.save(where / "phone.heic", quality=-1, chroma=444, matrix_coefficients=0, exif=turned)
    picture.quantize(64).save(where / "palette.png")
    picture.putalpha(Image.fromarray((x * 3).astype(np.uint8)))
    picture.save(where / "clear.png", icc_profile=wide)
    return where


def by_script(folder: Path, target: Target, names: list[str]) -> np.ndarray:
    """What the script makes of these files, which stand in its split.npz."""
    script: dict[str, Any] = {"np": np, "Path": Path, "split": {"files": np.array(names)}}
    exec(f"import io\n{PHONE_IMPORTS}{file_images(str(folder), target)}", script)
    pixels: np.ndarray = script["images"](range(len(names)))
    return pixels


@pytest.mark.parametrize("fit", FITS)
@pytest.mark.parametrize("size", [(60, 80), (50, 70), (24, 24), (90, 64)])
@pytest.mark.parametrize("channels", [1, 3])
def test_every_kind_of_file_as_in_the_run(
    folder: Path, fit: Fit, size: tuple[int, int], channels: Literal[1, 3]
) -> None:
    target = Target(*size, channels, fit)
    names = sorted(path.name for path in folder.iterdir())
    assert len(names) == 10
    scripted = by_script(folder, target, names)
    assert scripted.shape == (10, *target.shape) and scripted.dtype == np.float32
    for name, pixels in zip(names, scripted, strict=True):
        apart = np.abs(pixels - read_image(folder / name, target))
        # Rounding; where areas are averaged, Pillow takes whole pixels of the larger image.
        assert apart.mean() < (2.5 if size == (24, 24) else 0.6), name


def test_profiles_and_transparency_change_what_is_learned_from(folder: Path) -> None:
    """What the script would miss without them is many times what it differs by."""
    target = Target(60, 80, 3)
    plain, wide, clear, dark, gray = by_script(
        folder, target, ["plain.png", "wide.png", "clear.png", "dark.png", "gray.png"]
    )
    for one, other in ((plain, wide), (plain, clear), (gray, dark)):
        assert np.abs(one - other).mean() > 8


def test_photographs_of_phones_are_known_to_the_script_that_needs_them(folder: Path, tmp_path: Path) -> None:
    for name, label in (("phone.heic", "a"), ("plain.png", "b")):
        (tmp_path / label).mkdir()
        (tmp_path / label / name).write_bytes((folder / name).read_bytes())
    assert imports(open_folder(tmp_path)) == PHONE_IMPORTS
    (tmp_path / "a" / "phone.heic").rename(tmp_path / "a" / "phone")
    (tmp_path / "a" / "phone").write_bytes((folder / "plain.png").read_bytes())
    assert imports(open_folder(tmp_path)) == IMPORTS


def test_a_script_brings_what_only_this_app_knows(
    bands: Dataset, make_model: Callable[..., OpenedModel], tmp_path: Path
) -> None:
    """Keras alone could not open its network: an activation of Keras 2."""
    import keras

    plain = make_model()
    own = keras.Sequential(
        [keras.Input((8, 8, 1)), keras.layers.Activation(hard_sigmoid()), *plain.keras.layers]
    )
    np.savez(tmp_path / "bands.npz", x=bands.images.pixels, y=bands.labels)  # type: ignore[attr-defined]
    dataset = open_dataset(tmp_path / "bands.npz")
    train(OpenedModel(own), dataset, TrainingSettings(epochs=1, steps_per_epoch=1), folder=tmp_path / "run")
    script = (tmp_path / "run" / "script.py").read_text()
    compile(script, "script.py", "exec")
    lines = own_parts_code(own).strip()
    assert lines and lines in script.partition("keras.saving.load_model")[0]
    assert not own_parts_code(plain.keras)
