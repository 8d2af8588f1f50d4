"""The copied script, run for every kind of setting: it makes what is on screen."""

from __future__ import annotations

import random
import re
import sys
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image as PillowImage

from convscope.core.errors import UserError
from convscope.imaging.image import Image
from convscope.imaging.io.load import load_image
from convscope.imaging.kernels.kernel import Kernel
from convscope.imaging.lab.chain import ChainRunner
from convscope.imaging.lab.display import show
from convscope.imaging.lab.operation import (
    ACTIVATIONS,
    BORDERS,
    CHANNELS,
    DISPLAY_MODES,
    MODES,
    POOLS,
    Operation,
)
from convscope.imaging.lab.script import to_python
from tests.processes import run_process

# Every value of every setting; together they are too many, every pair of them is not.
SETTINGS: dict[str, tuple[Any, ...]] = {
    "image": ("colour", "gray", "typed"),
    "kernel": ("3×3", "4×2", "rank 1", "large", "over 9"),
    "mode": MODES,
    "border": BORDERS,
    "stride": (1, 2),
    "dilation": (1, 3),
    "bias": (0.0, -20.5),
    "activation": ACTIVATIONS,
    "pool": POOLS,
    "channels": CHANNELS,
    "display": DISPLAY_MODES,
    "enabled": (True, True, True, False),
}


def pairwise() -> list[dict[str, Any]]:
    """Few rows in which every two values of every two settings occur together."""
    generator = random.Random(0)
    names = list(SETTINGS)
    open_pairs = {
        (one, two, x, y)
        for one, two in combinations(names, 2)
        for x in range(len(SETTINGS[one]))
        for y in range(len(SETTINGS[two]))
    }
    rows = []
    while open_pairs:
        candidates = [[generator.randrange(len(SETTINGS[name])) for name in names] for _ in range(60)]
        # Start each row from a pair that is still missing, so that the last ones are found at once.
        one, two, x, y = next(iter(sorted(open_pairs)))
        for candidate in candidates:
            candidate[names.index(one)], candidate[names.index(two)] = x, y
        best = max(candidates, key=lambda row: len(_pairs(names, row) & open_pairs))
        open_pairs -= _pairs(names, best)
        rows.append({name: SETTINGS[name][index] for name, index in zip(names, best, strict=True)})
    return rows


def _pairs(names: list[str], row: list[int]) -> set[tuple[str, str, int, int]]:
    indexed = list(zip(names, row, strict=True))
    return {(one, two, x, y) for (one, x), (two, y) in combinations(indexed, 2)}


def kernel_of(kind: str, seed: int) -> Kernel:
    generator = np.random.default_rng(seed)
    weights: dict[str, NDArray[Any]] = {
        "3×3": generator.integers(-4, 5, (3, 3)),
        "4×2": generator.normal(size=(4, 2)),
        "rank 1": np.outer(generator.normal(size=5), generator.normal(size=3)),
        "large": generator.normal(size=(9, 13)),
    }
    if kind == "over 9":
        return Kernel.divided(generator.integers(0, 5, (3, 3)), 9, kind)
    return Kernel(weights[kind], name=kind)


def operation_of(row: dict[str, Any], seed: int) -> Operation:
    count = 3 if row["channels"] == "filter" else 1
    settings = ("mode", "border", "stride", "dilation", "bias", "activation", "pool", "channels", "enabled")
    return Operation(
        kernels=tuple(kernel_of(row["kernel"], seed + n) for n in range(count)),
        **{name: row[name] for name in settings},
    )


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Image]:
    folder = tmp_path_factory.mktemp("images")
    generator = np.random.default_rng(0)
    PillowImage.fromarray(generator.integers(0, 256, (47, 52, 3), dtype=np.uint8)).save(folder / "colour.png")
    PillowImage.fromarray(generator.integers(0, 256, (61, 43), dtype=np.uint8)).save(folder / "gray.png")
    typed = Image((generator.normal(size=(45, 48)) * 90).astype(np.float32), "typed")
    return {
        "colour": load_image(folder / "colour.png"),
        "gray": load_image(folder / "gray.png"),
        "typed": typed,
    }


def check(image: Image, chain: tuple[Operation, ...], display: Any, folder: Path) -> None:
    """Run the script in here and compare picture and exact values."""
    saved = folder / "made.png"
    made: dict[str, Any] = {}
    text = to_python(image, chain, display, str(saved))
    assert set(re.findall(r"^(?:import|from) (\w+)", text, re.MULTILINE)) <= {"numpy", "cv2", "PIL"}
    exec(text, made)
    result = ChainRunner().run(image, chain)[-1]
    assert made["result"].dtype == np.float32
    np.testing.assert_allclose(made["result"], result.values, rtol=1e-6, atol=1e-12)
    shown = show(result, display)
    np.testing.assert_array_equal(made["pixels"], shown.pixels)
    np.testing.assert_array_equal(np.asarray(PillowImage.open(saved)), shown.pixels)


def test_every_pair_of_settings(images: dict[str, Image], tmp_path: Path) -> None:
    rows = pairwise()
    for seed, row in enumerate(rows):
        check(images[row["image"]], (operation_of(row, seed),), row["display"], tmp_path)
    assert len(rows) >= 20


@pytest.mark.parametrize("display", ["clip", "abs", "stretch", "signed"])
def test_a_range_that_the_source_shares(images: dict[str, Image], display: Any, tmp_path: Path) -> None:
    operation, extremes = Operation(kernels=(kernel_of("3×3", 1),)), (-3000.0, 2500.0)
    made: dict[str, Any] = {}
    exec(to_python(images["gray"], (operation,), display, str(tmp_path / "made.png"), extremes), made)
    result = ChainRunner().run(images["gray"], (operation,))[-1]
    np.testing.assert_array_equal(made["pixels"], show(result, display, extremes).pixels)


def test_chains(images: dict[str, Image], tmp_path: Path) -> None:
    rows = pairwise()
    random.Random(1).shuffle(rows)
    for seed, (first, second) in enumerate(zip(rows[::2], rows[1::2], strict=False)):
        # Two large dilated kernels one after the other leave nothing of so small a picture.
        first, second = ({**row, "border": "reflect", "stride": 1} for row in (first, second))
        chain = (operation_of(first, seed), operation_of(second, seed + 99))
        check(images[first["image"]], chain, second["display"], tmp_path)


@pytest.mark.parametrize("kernel", ["3×3", "4×2", "rank 1", "large"])
@pytest.mark.parametrize("border", BORDERS)
@pytest.mark.parametrize(("stride", "dilation"), [(1, 1), (2, 1), (1, 3)])
def test_images_too_large_for_float64_sums(
    kernel: str, border: Any, stride: int, dilation: int, tmp_path: Path
) -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (500, 420, 3), dtype=np.uint8)
    PillowImage.fromarray(pixels).save(tmp_path / "large.png")
    image = load_image(tmp_path / "large.png")
    operation = Operation(kernels=(kernel_of(kernel, 5),), border=border, stride=stride, dilation=dilation)
    made: dict[str, Any] = {}
    exec(to_python(image, (operation,), "clip", str(tmp_path / "made.png")), made)
    result = ChainRunner().run(image, (operation,))[-1]
    np.testing.assert_allclose(made["result"], result.values, rtol=0, atol=1e-6 * abs(result.values).max())
    if kernel == "3×3":
        np.testing.assert_array_equal(made["result"], result.values)
    # float32 sums in another order: a value that lies on the edge between two levels may fall either way.
    difference = np.abs(made["pixels"].astype(int) - show(result, "clip").pixels)
    assert difference.max() <= 1
    assert (difference > 0).mean() < 1e-3


def test_by_itself_in_another_process(images: dict[str, Image], tmp_path: Path) -> None:
    operation = Operation(kernels=(kernel_of("3×3", 1),), activation="sigmoid", pool="max")
    script = tmp_path / "copied.py"
    script.write_text(to_python(images["colour"], (operation,), "signed"), encoding="utf-8")
    run_process([sys.executable, "-W", "error", script], cwd=tmp_path)
    expected = show(ChainRunner().run(images["colour"], (operation,))[-1], "signed").pixels
    np.testing.assert_array_equal(np.asarray(PillowImage.open(tmp_path / "result.png")), expected)


@pytest.mark.parametrize("mode", ["LA", "RGBA", "P", "1", "CMYK"])
def test_converted_pictures_are_converted_in_the_script_too(mode: str, tmp_path: Path) -> None:
    generator = np.random.default_rng(3)
    picture = PillowImage.fromarray(generator.integers(0, 256, (9, 8, 4), dtype=np.uint8), "RGBA")
    path = tmp_path / f"converted.{'tiff' if mode == 'CMYK' else 'png'}"
    picture.convert("RGB").convert(mode).save(path) if mode in ("P", "1", "CMYK") else picture.convert(
        mode
    ).save(path)
    image = load_image(path)
    assert image.notes
    assert "Image.open" in to_python(image, (Operation(),), "clip")
    check(image, (Operation(),), "clip", tmp_path)


def test_a_photograph_on_its_side(tmp_path: Path) -> None:
    pixels = np.random.default_rng(3).integers(0, 256, (9, 5, 3), dtype=np.uint8)
    exif = PillowImage.Exif()
    exif[274] = 6
    PillowImage.fromarray(pixels).save(tmp_path / "side.png", exif=exif)
    image = load_image(tmp_path / "side.png")
    assert image.values.shape == (5, 9, 3)
    check(image, (Operation(),), "clip", tmp_path)


def test_arrays_in_files(tmp_path: Path) -> None:
    np.save(tmp_path / "floats.npy", np.random.default_rng(0).normal(size=(100, 90)))
    check(load_image(tmp_path / "floats.npy"), (Operation(bias=1.0),), "stretch", tmp_path)
    (tmp_path / "table.csv").write_text("1;2,5\n3;4\n", encoding="utf-8")
    check(load_image(tmp_path / "table.csv"), (Operation(),), "stretch", tmp_path)


def test_a_large_picture_without_a_file_must_be_saved_first() -> None:
    image = Image(np.zeros((100, 100), np.uint8), "pasted")
    with pytest.raises(UserError, match="pasted has no file"):
        to_python(image, (Operation(),), "clip")


def test_what_takes_more_than_a_short_script_is_refused(tmp_path: Path) -> None:
    deep = np.random.default_rng(0).integers(0, 65536, (80, 80)).astype(np.uint16)
    PillowImage.fromarray(deep).save(tmp_path / "deep.png")
    with pytest.raises(UserError, match="more than a short script"):
        to_python(load_image(tmp_path / "deep.png"), (Operation(),), "clip")


def test_an_impossible_chain_says_why(images: dict[str, Image]) -> None:
    with pytest.raises(UserError, match="does not fit"):
        to_python(images["gray"], (Operation(pool="max", pool_size=64),), "clip")


def test_names_stay_inside_their_comment_and_their_quotes(tmp_path: Path) -> None:
    path = tmp_path / "a\"b'c.png"
    PillowImage.fromarray(np.zeros((3, 3), np.uint8)).save(path)
    kernel = Kernel(np.ones((1, 1)), name="x\nraise SystemExit")
    check(load_image(path), (Operation(kernels=(kernel,)),), "clip", tmp_path)
