"""The shipped network points at what it names: the lectures' elephants, on photographs that come along."""

from __future__ import annotations

from itertools import permutations

import cv2
import numpy as np
import pytest

from convscope.engine.interpret.attribution.context import AttributionContext
from convscope.engine.interpret.attribution.explain import explain, stage_maps
from convscope.engine.interpret.attribution.picture import region
from convscope.engine.interpret.attribution.result import MapRequest
from convscope.engine.interpret.attribution.sanity_checks.curves import curves
from convscope.engine.interpret.attribution.target import ScoreTarget
from convscope.engine.models.opened import OpenedModel
from convscope.imaging.image import Image
from convscope.imaging.overlay import upsample
from convscope.imaging.region import Region
from convscope.imaging.samples import load_sample

# A sample, and a class that the network gives it.
OBJECTS = {"cat": 285, "coffee": 967, "rocket": 657, "astronaut": 450, "camera": 872}


def square(name: str) -> np.ndarray:
    """The middle of a sample, 224×224×3."""
    pixels = np.atleast_3d(load_sample(name).pixels)
    pixels = np.broadcast_to(pixels, (*pixels.shape[:2], 3))
    side = min(pixels.shape[:2])
    top, left = (pixels.shape[0] - side) // 2, (pixels.shape[1] - side) // 2
    return cv2.resize(pixels[top : top + side, left : left + side], (224, 224), interpolation=cv2.INTER_AREA)


@pytest.mark.parametrize("stacked", [False, True], ids=["side by side", "one over the other"])
@pytest.mark.parametrize(("first", "second"), list(permutations(OBJECTS, 2)))
def test_each_class_is_found_on_its_own_half(
    imagenet: OpenedModel, first: str, second: str, stacked: bool
) -> None:
    """Two photographs in both orders, mirrored where stacked: each class's peak lies on its own one."""
    canvas = np.full((448, 448, 3), 124, np.uint8)
    # Across a canvas that is turned below where the two are stacked.
    canvas[112:336, :224], canvas[112:336, 224:] = (
        square(name).swapaxes(0, 1)[::-1] if stacked else square(name) for name in (first, second)
    )
    if stacked:
        canvas = np.ascontiguousarray(canvas.swapaxes(0, 1))
    context = AttributionContext(imagenet, Image(canvas, f"{first} with {second}"))
    for name, half in ((first, range(112)), (second, range(112, 224))):
        for method in ("grad-cam", "hires-cam", "xgrad-cam"):
            relevance = upsample(
                explain(context, MapRequest(method, ScoreTarget(OBJECTS[name]))).relevance, 224, 224
            )
            place = np.unravel_index(int(relevance.argmax()), relevance.shape)
            along, across = place if stacked else place[::-1]
            assert 56 <= across < 168, (method, name)
            assert along in half, (method, name)


def test_one_class_minus_the_other_tells_the_halves_apart(imagenet: OpenedModel) -> None:
    """What speaks for the cat rather than for the espresso is positive on the cat, negative on the cup."""
    canvas = np.full((448, 448, 3), 124, np.uint8)
    canvas[112:336, :224], canvas[112:336, 224:] = square("cat"), square("coffee")
    context = AttributionContext(imagenet, Image(canvas, "cat beside coffee"))
    relevance = explain(
        context, MapRequest("hires-cam", ScoreTarget(OBJECTS["cat"], OBJECTS["coffee"]))
    ).relevance
    assert relevance[2:5, :3].mean() > 0 > relevance[2:5, 4:].mean()


def test_the_cup_is_localised(imagenet: OpenedModel) -> None:
    """Against a box drawn by hand around the cup, in pixels of the photograph."""
    image = load_sample("coffee")
    context = AttributionContext(imagenet, image)
    assert context.prediction.classes[0].name == "espresso"
    made = explain(context, MapRequest("grad-cam"))
    found = region(made, 0.5, image=image)
    assert found is not None
    cup = Region(16, 172, 237, 412)
    box = found.box
    both = Region(
        max(box.top, cup.top), max(box.left, cup.left), min(box.bottom, cup.bottom), min(box.right, cup.right)
    )
    shared = both.height * both.width
    union = box.height * box.width + cup.height * cup.width - shared
    assert shared / union > 0.7


def test_taking_the_cup_away_takes_the_espresso_away(imagenet: OpenedModel) -> None:
    """Deletion of Grad-CAM's hottest pixels hurts more than deletion of its coldest."""
    from dataclasses import replace

    context = AttributionContext(imagenet, load_sample("coffee"))
    made = explain(context, MapRequest("grad-cam"))
    true = curves(context, made, steps=12)
    false = curves(context, replace(made, relevance=-made.relevance), steps=12)
    assert true.deletion_area < false.deletion_area - 0.2
    assert true.insertion_area > false.insertion_area + 0.1


def test_the_strip_becomes_coarser(imagenet: OpenedModel) -> None:
    context = AttributionContext(imagenet, load_sample("cat"))
    made = stage_maps(context)
    assert [one.relevance.shape for one in made] == [(112, 112), (56, 56), (28, 28), (14, 14), (7, 7)]
    np.testing.assert_allclose(
        made[-1].relevance,
        explain(context, MapRequest("grad-cam")).relevance,
        atol=1e-4 * made[-1].relevance.max(),
    )
