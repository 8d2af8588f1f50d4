"""Bringing images to a target: worked by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from convscope.core.errors import UserError
from convscope.engine.data.pipeline import PipelineSettings
from convscope.engine.data.resize import InputSettings, Target, fitted, to_target
from convscope.engine.training.settings import TrainingSettings

WIDE = np.array([[10, 20, 30, 40], [50, 60, 70, 80]], np.uint8)


def test_what_fits_is_not_touched() -> None:
    assert to_target(WIDE, Target(2, 4, 1))[..., 0].tolist() == WIDE.tolist()


def test_stretch_averages_when_it_shrinks_by_more_than_half() -> None:
    tall = np.arange(16, dtype=np.uint8).reshape(8, 2)
    assert to_target(tall, Target(2, 2, 1))[..., 0].tolist() == [[3, 4], [11, 12]]


def test_stretch_enlarges_with_half_pixel_centres() -> None:
    edge = np.array([[0, 100]], np.uint8)
    assert to_target(edge, Target(1, 4, 1))[0, :, 0].tolist() == [0, 25, 75, 100]


def test_crop_takes_the_middle() -> None:
    assert to_target(WIDE, Target(2, 2, 1, "crop"))[..., 0].tolist() == [[20, 30], [60, 70]]


@pytest.mark.parametrize("size", [(h, w) for h in (29, 58, 107, 116, 123) for w in (h, h + 1, 2 * h)])
def test_a_crop_never_reaches_beyond_the_picture(size: tuple[int, int]) -> None:
    """224 times a 224th of a side may be more than the side by the last bit, which Pillow refuses."""
    made, box = fitted(np.zeros(size, np.uint8), Target(224, 224, 1, "crop", "bicubic"))
    assert made.shape == (224, 224)
    assert min(box) >= 0 and box[2] <= size[1] and box[3] <= size[0]
    assert box[2] - box[0] == pytest.approx(min(size)) and box[3] - box[1] == pytest.approx(min(size))


def test_pad_shows_all_of_it_on_black() -> None:
    assert to_target(WIDE, Target(4, 4, 1, "pad"))[..., 0].tolist() == [
        [0, 0, 0, 0],
        [10, 20, 30, 40],
        [50, 60, 70, 80],
        [0, 0, 0, 0],
    ]


def test_colours() -> None:
    red = np.full((1, 1, 3), (200, 0, 0), np.uint8)
    assert to_target(red, Target(1, 1, 1)).tolist() == [[[60]]]  # 0.299 · 200
    assert to_target(WIDE, Target(2, 4, 3))[1, 2].tolist() == [70, 70, 70]


@pytest.mark.parametrize(
    "wrong", [(0, 5, 1, "pad"), (5, 5000, 1, "pad"), (5, 5, 2, "pad"), (5, 5, 1, "fill")]
)
def test_targets_that_cannot_be(wrong: tuple[int, int, int, str]) -> None:
    with pytest.raises(UserError):
        Target(*wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "wrong", [{"size": (0, 5)}, {"size": (5, 5000)}, {"channels": 2}, {"fit": "squeeze"}]
)
def test_an_input_that_cannot_be_is_one_sentence(wrong: dict[str, Any]) -> None:
    with pytest.raises(UserError):
        InputSettings(**wrong)


def test_training_and_pipeline_take_the_same_input() -> None:
    chosen = InputSettings((40, 60), 1, "crop")
    assert TrainingSettings().with_input(chosen).input == chosen
    taken = PipelineSettings().with_input(chosen)
    assert (taken.size, taken.channels, taken.fit) == ((40, 60), 1, "crop")
