"""Dead filters do not look alive: one rule for maps, kernels, patterns, the chart and the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image as Picture

from convscope.cli import main
from convscope.engine.interpret.activations.activations import look
from convscope.engine.interpret.activations.blank_share import blank_over_depth
from convscope.engine.interpret.activations.dead import dead_channels
from convscope.engine.interpret.activations.layer_maps import layer_maps
from convscope.engine.interpret.activations.normalise import to_levels
from convscope.engine.interpret.blank import FAINT, crossed, is_blank, nothing
from convscope.engine.interpret.feature_visualization.gradient_ascent import ascend
from convscope.engine.interpret.feature_visualization.grid import ascend_many, first_filters
from convscope.engine.interpret.feature_visualization.objectives import Objective
from convscope.engine.interpret.feature_visualization.results import verdict
from convscope.engine.interpret.feature_visualization.settings import PatternSettings
from convscope.engine.interpret.kernels_of import kernels_of, pictures
from convscope.engine.models.library.catalogue import open_model
from convscope.engine.models.opened import OpenedModel
from convscope.engine.runtime import start
from convscope.imaging.image import Image

DEAD = [3, 17, 30]
ALIVE = [n for n in range(32) if n not in DEAD]


def network(size: int = 24) -> Any:
    """A convolution of 32 filters of which three have weights of 1e−8, and what follows it."""
    import keras

    keras.utils.set_random_seed(5)
    inputs = keras.Input((size, size, 3))
    x = keras.layers.Conv2D(32, 3, use_bias=False, name="conv")(inputs)
    x = keras.layers.BatchNormalization(name="norm")(x)
    x = keras.layers.ReLU(name="relu")(x)
    x = keras.layers.DepthwiseConv2D(3, name="depth")(x)
    x = keras.layers.MaxPooling2D(name="pool")(x)
    last = keras.layers.Conv2D(8, 1, name="mix")(x)
    x = keras.layers.Dense(4, name="scores")(keras.layers.Flatten()(last))
    net = keras.Model(inputs, x)
    (kernel,) = net.get_layer("conv").get_weights()
    kernel[..., DEAD] *= 1e-8 / np.abs(kernel[..., DEAD]).max()
    net.get_layer("conv").set_weights([kernel])
    return net


@pytest.fixture(scope="module", autouse=True)
def engine() -> None:
    """TensorFlow, once."""
    start()


@pytest.fixture(scope="module")
def model() -> OpenedModel:
    """The network, opened once."""
    return OpenedModel(network())


def photograph() -> Image:
    values = np.random.default_rng(0).integers(0, 256, (24, 24, 3)).astype(np.uint8)
    return Image(values, "noise")


def transcribed(values: NDArray[np.float32]) -> NDArray[np.uint8]:
    """The lectures' own lines."""
    with np.errstate(invalid="ignore"):
        return np.clip((values - values.mean()) / values.std() * 64 + 128, 0, 255).astype(np.uint8)


def test_the_rule_by_hand() -> None:
    sizes = np.array([2.0, 0.0, 2.1 * FAINT, 1.9 * FAINT, np.nan, np.inf])
    assert nothing(sizes).tolist() == [False, True, False, True, False, False]
    assert nothing(np.zeros(3)).all() and not nothing(np.zeros(0)).any()
    low, high = np.array([0.0, 5.0, 5.0, -1.0, np.nan]), np.array([1.0, 5.0, 5.0 + 4e-6, -1 + 5e-5, 1.0])
    # Next to nothing, or nothing but rounding; what is no number is not blank.
    assert is_blank(low, high).tolist() == [False, True, True, True, False]
    assert not is_blank(np.array([1e-12]), np.array([3e-12])).any(), "a layer of small numbers is a layer"


def test_maps_of_dead_filters_are_blank_and_even(model: OpenedModel) -> None:
    found = look(model, photograph())
    for path in ("conv", "norm"):
        maps = layer_maps(found, path)
        spread = maps.statistics.deviation
        # By itself each of them would be a crisp picture.
        assert 0 < spread[DEAD].max() < 1e-6 and spread[ALIVE].min() > 1e-2
        assert np.flatnonzero(maps.blank).tolist() == DEAD and maps.blank_count == len(DEAD)
        for how in ("lectures", "map"):
            for signed in (False, True):
                levels = to_levels([maps], how, signed=signed)[0].levels  # type: ignore[arg-type]
                assert all(len(np.unique(levels[channel])) == 1 for channel in DEAD)
                assert all(len(np.unique(levels[channel])) > 20 for channel in ALIVE)
    # The others are as in the lectures, to the level.
    levels = to_levels([layer_maps(found, "conv")], "lectures")[0].levels
    for channel in ALIVE:
        apart = np.abs(levels[channel].astype(int) - transcribed(found.value("conv")[..., channel]))
        assert apart.max() <= 1 and (apart > 0).mean() < 0.01


def test_the_chart_counts_them(model: OpenedModel) -> None:
    shares = {one.path: one for one in blank_over_depth(look(model, photograph()))}
    assert [shares[path].blank for path in ("conv", "relu", "depth", "pool", "mix")] == [3, 3, 3, 3, 0]
    # Kept or counted while it is computed.
    assert blank_over_depth(look(model, photograph(), limit=1 << 16)) == tuple(shares.values())


def test_one_number_is_not_blank() -> None:
    import keras

    x = inputs = keras.Input((8, 8, 3))
    x = keras.layers.GlobalAveragePooling2D(keepdims=True, name="mean")(x)
    found = look(OpenedModel(keras.Model(inputs, keras.layers.Conv2D(5, 1, name="gate")(x))), photograph())
    maps = layer_maps(found, "gate")
    assert (maps.height, maps.width, maps.count, maps.blank_count) == (1, 1, 5, 0)
    assert blank_over_depth(found) == ()


def test_dead_channels_are_known_behind_what_keeps_them(model: OpenedModel) -> None:
    for path in ("conv", "norm", "relu", "depth", "pool"):
        found = dead_channels(model, model.slot(path))
        assert found is not None and np.flatnonzero(found.mask).tolist() == DEAD, path
    for path in ("mix", "scores"):
        found = dead_channels(model, model.slot(path))
        assert found is not None and found.count == 0
    found = dead_channels(model, model.slot("conv"))
    assert found is not None
    largest = np.abs(kernels_of(model, "conv").weights).max()
    words = found.why(17)
    assert words.startswith("dead: its weights are all below 1e−08, the layer's largest is ") or (
        words.startswith("dead: its weights are all below ") and f"{largest:.2g}" in words
    )
    below = float(words.split("below ")[1].split(",")[0].replace("−", "-"))
    assert found.sizes[17] < below < 1.2 * found.sizes[17] + 1e-9
    assert found.why(0) == ""


def test_a_normalisation_that_takes_a_channel_out() -> None:
    net = network()
    gamma, *rest = net.get_layer("norm").get_weights()
    gamma[5] = 1e-7
    net.get_layer("norm").set_weights([gamma, *rest])
    model = OpenedModel(net)
    before, after = (dead_channels(model, model.slot(path)) for path in ("conv", "norm"))
    assert before is not None and np.flatnonzero(before.mask).tolist() == DEAD
    assert after is not None and np.flatnonzero(after.mask).tolist() == sorted([*DEAD, 5])


def test_kernels_of_dead_filters_are_gray(model: OpenedModel) -> None:
    kernels = kernels_of(model, "conv")
    assert kernels.colours == "rgb" and np.flatnonzero(kernels.dead).tolist() == DEAD
    shown = pictures(kernels)
    assert (shown[DEAD] == 128).all()
    assert all(np.ptp(shown[channel]) > 100 for channel in ALIVE)


@pytest.mark.parametrize("recipe", ["clear", "classic"])
def test_no_pattern_grows_from_a_dead_filter(model: OpenedModel, recipe: str) -> None:
    settings = PatternSettings(recipe, steps=6, size=24)
    patterns = ascend_many(model, first_filters(model, "conv", 32), settings, cached=False)
    assert [pattern.objective.index for pattern in patterns if pattern.dead] == DEAD
    alone = ascend(model, [Objective.channel("conv", 17)], settings).patterns[0]
    for pattern in (*(patterns[channel] for channel in DEAD), alone):
        np.testing.assert_array_equal(pattern.pixels, crossed(24, 24))
        assert pattern.flat and len(np.unique(pattern.values)) == 1
        assert verdict(pattern).startswith("It is dead: its weights are all below ")
    for channel in ALIVE:
        assert not patterns[channel].flat and patterns[channel].pixels.std() > 5
    # Its neighbours' pictures are as they would be without it.
    other = ascend(model, [Objective.channel("conv", 4)], settings).patterns[0]
    np.testing.assert_allclose(other.values, patterns[4].values, atol=0.6)


def test_dead_classes_and_ways(model: OpenedModel) -> None:
    net = network()
    kernel, bias = net.get_layer("scores").get_weights()
    kernel[:, 2] = 0
    net.get_layer("scores").set_weights([kernel, bias])
    opened = OpenedModel(net)
    settings = PatternSettings("clear", steps=2)
    found = ascend_many(opened, [Objective.class_(n) for n in range(4)], settings, cached=False)
    assert [bool(one.dead) for one in found] == [False, False, True, False]
    assert found[2].dead == "dead: all its weights are 0"
    # Between a filter that lives and a dead one there is a way, between two dead ones there is none.
    for ends, dead in (((3, 4), [True, False, False]), ((3, 17), [True] * 3)):
        way = ascend_many(model, Objective.between("conv", *ends, 3), settings, cached=False)
        assert [bool(one.dead) for one in way] == dead


def test_the_shipped_network_has_some() -> None:
    """Four filters of its first layer are of 1e−8, as of every second layer behind."""
    imagenet = open_model("imagenet")
    for path in ("stem_conv", "stem_bn", "stem_relu6", "block1a_dwconv"):
        found = dead_channels(imagenet, imagenet.slot(path))
        assert found is not None and np.flatnonzero(found.mask).tolist() == [11, 16, 28, 31]


def test_from_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, picture, out = tmp_path / "net.keras", tmp_path / "noise.png", tmp_path / "out.png"
    network().save(path)
    Picture.fromarray(photograph().values).save(picture)
    shown = [str(path), str(picture), "--layer", "conv", "-o", str(out), "--colormap", "gray"]
    assert main(["maps", *shown, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["blank"] == 3
    assert main(["maps", *shown, "--columns", "32", "--normalise", "map"]) == 0
    assert "32 maps of 22×22, 3 blank (3, 17, 30)" in capsys.readouterr().out
    with Picture.open(out) as opened:
        tiles = np.asarray(opened)[..., 0]
    for channel in range(32):
        left = channel * 23
        assert (len(np.unique(tiles[:22, left : left + 22])) == 1) == (channel in DEAD)
    grown = [str(path), "--layer", "conv", "--filters", "3-4", "--steps", "2", "-o", str(out), "--no-cache"]
    assert main(["patterns", *grown]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "It is dead: its weights are all below" in lines[0] and "dead" not in lines[1]
    assert main(["patterns", *grown, "--json"]) == 0
    assert [one["dead"] for one in json.loads(capsys.readouterr().out)["patterns"]] == [True, False]
