"""What the lectures show of a trained network from inside, line by line, on the shipped networks.

Each test bears the number of its line in the curriculum (29 to 34). The formulas have their own tests; these
see that the demonstrations come out.
"""

from __future__ import annotations

import numpy as np
import pytest

from convscope.engine.data.preprocessing import MODES
from convscope.engine.interpret.activations.activations import look
from convscope.engine.interpret.activations.blank_share import blank_over_depth
from convscope.engine.interpret.activations.layer_maps import layer_maps
from convscope.engine.interpret.activations.normalise import to_levels
from convscope.engine.interpret.activations.training_mode import while_training
from convscope.engine.interpret.attribution.context import AttributionContext
from convscope.engine.interpret.attribution.explain import explain
from convscope.engine.interpret.attribution.picture import picture, region
from convscope.engine.interpret.attribution.result import MapRequest
from convscope.engine.interpret.attribution.target import ScoreTarget
from convscope.engine.interpret.feature_visualization.gradient_ascent import ascend
from convscope.engine.interpret.feature_visualization.objectives import Objective
from convscope.engine.interpret.feature_visualization.settings import PatternSettings
from convscope.engine.interpret.kernels_of import kernels_of
from convscope.engine.models.library.catalogue import open_model
from convscope.engine.models.opened import OpenedModel
from convscope.engine.runtime import start
from convscope.imaging.colormaps import apply_colormap, colormap
from convscope.imaging.image import Image
from convscope.imaging.mosaic import mosaic
from convscope.imaging.samples import load_sample


@pytest.fixture(scope="module")
def digits() -> OpenedModel:
    """The shipped network for digits: three convolutions and two poolings."""
    start()
    return open_model("digits")


def test_29_all_channels_of_all_layers_sixteen_in_a_row(digits: OpenedModel) -> None:
    found = look(digits, load_sample("digit-3"))
    sizes = []
    for path in ("conv2d", "max_pooling2d", "conv2d_1", "max_pooling2d_1", "conv2d_2"):
        maps = layer_maps(found, path)
        levels = to_levels([maps], "lectures")[0].levels
        colours = np.stack([apply_colormap(one, "viridis") for one in levels])
        grid, layout = mosaic(colours, 16)
        sizes.append((layout.columns, layout.rows))
        # One channel, by the lectures' own words.
        channel = int(found.value(path).std(axis=(0, 1)).argmax())
        value = found.value(path)[:, :, channel]
        byte = np.clip((value - value.mean()) / value.std() * 64 + 128, 0, 255).astype("uint8")
        down, across = divmod(channel, 16)
        height, width = value.shape
        gap = layout.gap
        tile = grid[down * (height + gap) :, across * (width + gap) :][:height, :width]
        shown = np.abs(tile.astype(int) - colormap("viridis")[byte]).max()
        assert shown <= 4, path
    assert sizes == [(16, 2), (16, 2), (16, 4), (16, 4), (16, 4)]


def test_30_the_deeper_the_layer_the_sparser(digits: OpenedModel) -> None:
    shares = {one.path: one.share for one in blank_over_depth(look(digits, load_sample("digit-3")))}
    assert shares["conv2d"] < shares["conv2d_1"] < shares["conv2d_2"]


def test_31_a_filter_fires_on_the_pattern_that_its_kernel_shows(digits: OpenedModel) -> None:
    kernels = kernels_of(digits, "conv2d")
    hits = 0
    for channel in range(kernels.filters):
        kernel = kernels.kernel(channel, 0)
        own, against = (np.zeros((28, 28), np.uint8) for _ in range(2))
        own[10:13, 12:15], against[10:13, 12:15] = (kernel > 0) * 255, (kernel <= 0) * 255
        answers = [
            look(digits, Image(one, "pattern")).value("conv2d")[10, 12, channel] for one in (own, against)
        ]
        hits += answers[0] > answers[1]
    # A filter whose bias silences it answers neither.
    assert hits >= 0.9 * kernels.filters


def test_32_a_pattern_excites_its_filter_more_than_noise_does(digits: OpenedModel) -> None:
    classic = PatternSettings("classic")
    assert classic.steps_for(digits) == 40
    objectives = [Objective.channel("conv2d_1", index) for index in range(4)]
    for pattern in ascend(digits, objectives, classic).patterns:
        assert pattern.score > pattern.curve[0] or pattern.flat
        assert pattern.pixels.dtype == np.uint8 and pattern.pixels.shape[:2] == (28, 28)


def test_33_which_part_spoke_for_which_class_and_where_it_is() -> None:
    start()
    imagenet = open_model("imagenet")
    image = load_sample("coffee")
    one = AttributionContext(imagenet, image)
    scores = one.prediction.top(5)
    assert scores[0].name == "espresso" and scores[0].probability > 0.5
    cup = explain(one, MapRequest("grad-cam", ScoreTarget(scores[0].index)))
    assert cup.relevance.min() >= 0
    other = explain(one, MapRequest("grad-cam", ScoreTarget(imagenet.classes.index("coffee mug"))))
    assert not np.allclose(
        cup.relevance / cup.relevance.max(), other.relevance / other.relevance.max(), atol=0.02
    )
    found = region(cup, 0.15, image=image)
    assert found is not None
    row, column = found.box.top + found.box.height / 2, found.box.left + found.box.width / 2
    # The cup stands somewhat left of the middle of 400 × 600 pixels.
    assert 100 < row < 300 and 150 < column < 450
    assert picture(cup, image=image).shape == (*image.pixels.shape[:2], 3)


def test_34_what_dropout_and_normalisation_do_while_training() -> None:
    import keras

    start()
    layers = keras.layers
    keras.utils.set_random_seed(0)
    inputs = keras.Input((28, 28, 1))
    x = layers.Conv2D(16, 3, bias_initializer="ones", name="conv")(inputs)
    x = layers.BatchNormalization(name="norm")(x)
    x = layers.Dropout(0.5, name="drop")(x)
    outputs = layers.SpatialDropout2D(0.5, name="spatial")(x)
    model = OpenedModel(keras.Model(inputs, outputs), preprocessing=MODES["raw"])
    found = look(model, load_sample("digit-3"))
    # Normalisation: in training each map gets mean 0 and deviation 1, later those of the moving averages.
    norm = while_training(found, "norm").values
    np.testing.assert_allclose(norm.mean(axis=(0, 1)), 0, atol=1e-3)
    np.testing.assert_allclose(norm.std(axis=(0, 1)), 1, atol=1e-3)
    assert abs(found.value("norm").std() - 1) > 0.5
    # Dropout: single values; spatial dropout: whole maps; both only in training.
    drop, spatial = while_training(found, "drop").values, while_training(found, "spatial").values
    assert (drop == 0).mean() == pytest.approx(0.5, abs=0.03)
    gone = (spatial == 0).all(axis=(0, 1))
    assert 2 <= gone.sum() <= 14 and (spatial[:, :, ~gone] != 0).mean() > 0.99
    for name in ("drop", "spatial"):
        np.testing.assert_array_equal(found.value(name), found.value("norm"))
