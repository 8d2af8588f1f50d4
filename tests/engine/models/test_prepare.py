"""An image at a network's size: cropped, padded or stretched, and where it lies in the source."""

from __future__ import annotations

import numpy as np
import pytest

from convscope.engine.models.preprocessing import RAW, UNIT, Preprocessing, prepare
from convscope.errors import UserError
from convscope.imaging.image import Image


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
