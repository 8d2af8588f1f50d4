"""An image at a network's size: cropped, padded or stretched, and where it lies in the source."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as PillowImage

from convscope.core.errors import UserError
from convscope.engine.data.decode import decode
from convscope.engine.data.preprocessing import RAW, UNIT, Preprocessing, prepare
from convscope.engine.data.resize import Target, to_target
from convscope.engine.interpret.attribution.script.opening import open_image_code
from convscope.imaging.image import Image
from convscope.imaging.io.load import load_image
from convscope.imaging.samples import load_sample


def image(height: int, width: int) -> Image:
    values = np.zeros((height, width, 3), np.uint8)
    values[:, : width // 2, 0] = 200
    return Image(values, "half red")


def how(resize: str) -> Preprocessing:
    return Preprocessing((1.0,), (0.0,), resize=resize)


@pytest.mark.parametrize(
    ("resize", "box"),
    [
        ("crop", (50.0, 0.0, 150.0, 100.0)),
        ("stretch", (0.0, 0.0, 200.0, 100.0)),
        ("pad", (0.0, -50.0, 200.0, 150.0)),
    ],
)
def test_the_box_tells_what_is_seen(resize: str, box: tuple[float, ...]) -> None:
    made = prepare(image(100, 200), 20, 20, 3, how(resize))
    assert made.batch.shape == (1, 20, 20, 3)
    assert made.pixels.shape == (20, 20, 3)
    assert made.box == box
    assert made.pixels[10, 5, 0] == pytest.approx(200, abs=1)
    assert made.pixels[10, 15, 0] == pytest.approx(0, abs=1)
    assert (made.pixels[0].max() == 0) == (resize == "pad"), "the border is black"


def test_the_right_size_is_left_alone() -> None:
    source = image(20, 30)
    made = prepare(source, 20, 30, 3, RAW)
    np.testing.assert_array_equal(made.pixels, source.pixels)
    np.testing.assert_array_equal(made.batch[0], source.pixels.astype(np.float32))
    np.testing.assert_array_equal(prepare(source, None, None, 3, RAW).pixels, source.pixels)


def test_gray_networks_get_the_luma_and_colour_networks_gray_three_times() -> None:
    source = image(20, 20)
    gray = prepare(source, 20, 20, 1, UNIT)
    assert gray.batch.shape == (1, 20, 20, 1)
    np.testing.assert_allclose(gray.batch[0, ..., 0] * 255, source.gray.pixels, atol=1e-4)
    colour = prepare(source.gray, 20, 20, 3, UNIT)
    assert (colour.batch[..., 0] == colour.batch[..., 2]).all()


def test_caffe_networks_get_blue_first() -> None:
    made = prepare(image(4, 4), 4, 4, 3, Preprocessing((1.0,), (0.0,), "bgr"))
    assert made.batch[0, 0, 0].tolist() == [0, 0, 200]
    assert made.pixels[0, 0].tolist() == [200, 0, 0]


def test_descriptions_that_cannot_be_are_refused() -> None:
    good = UNIT.to_dict()
    for bad in (
        {},
        {**good, "order": "gbr"},
        {**good, "scale": [0.0]},
        {**good, "resize": "tile"},
        {"scale": 3},
    ):
        with pytest.raises(UserError):
            Preprocessing.from_dict(bad)


@pytest.mark.parametrize("fit", ["stretch", "crop", "pad"])
@pytest.mark.parametrize("sampling", ["bilinear", "bicubic"])
@pytest.mark.parametrize(("name", "channels"), [("cat", 3), ("cat", 1), ("digit-3", 1)])
def test_alone_as_in_a_batch_and_in_a_script(
    fit: Any, sampling: Any, name: str, channels: Any, tmp_path: Path
) -> None:
    """What is said of an image of a data set, what explains it, and what the copied script computes agree."""
    picture, size = load_sample(name), (40, 57)
    alone = prepare(picture, *size, channels, replace(UNIT, resize=fit, sampling=sampling))
    batch = to_target(picture.pixels, Target(*size, channels, fit, sampling))
    assert np.array_equal(batch if channels == 3 else batch[..., 0], alone.pixels)
    PillowImage.fromarray(np.asarray(picture.pixels)).save(tmp_path / "image.png")
    lines = open_image_code(replace(picture, path=tmp_path / "image.png", notes=()), alone, channels)
    names: dict[str, Any] = {}
    exec("\n".join(["import numpy as np", "from PIL import Image", *lines]), names)
    assert np.array_equal(np.asarray(names["picture"]), alone.pixels)


@pytest.mark.parametrize("fit", ["crop", "pad"])
def test_the_part_that_a_trained_network_sees(fit: Any) -> None:
    tall = Image(np.zeros((100, 60), np.uint8), "tall")
    box = prepare(tall, 20, 20, 1, replace(UNIT, resize=fit, sampling="bilinear")).box
    rows = (20, 80) if fit == "crop" else (0, 100)
    columns = (0, 60) if fit == "crop" else (-20, 80)
    assert (box[1], box[3]) == pytest.approx(rows, abs=2) and (box[0], box[2]) == pytest.approx(
        columns, abs=2
    )


@pytest.mark.parametrize("channels", [3, 1])
def test_a_photograph_in_a_folder_is_what_it_is_alone(channels: Any, tmp_path: Path) -> None:
    """JPEG files are decoded small where that is enough, and whole where it is to be exact."""
    path = tmp_path / "cat.jpg"
    PillowImage.fromarray(np.asarray(load_sample("cat").pixels)).save(path, quality=90)
    alone = prepare(load_image(path), 64, 64, channels, replace(UNIT, resize="crop", sampling="bilinear"))
    exact = decode(path.read_bytes(), Target(64, 64, channels, "crop", exact=True))
    quick = decode(path.read_bytes(), Target(64, 64, channels, "crop"))
    assert np.array_equal(exact if channels == 3 else exact[..., 0], alone.pixels)
    assert not np.array_equal(quick, exact)
