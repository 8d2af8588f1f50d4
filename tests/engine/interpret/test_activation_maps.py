"""Maps as they are shown: the lectures' normalisation to the number, shared scales, orders, blank maps."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from convscope.core.errors import UserError
from convscope.engine.interpret.activations.activations import look
from convscope.engine.interpret.activations.blank_share import blank_over_depth
from convscope.engine.interpret.activations.layer_maps import (
    LayerMaps,
    _made,
    difference,
    form_of,
    layer_maps,
    one_map,
    order,
)
from convscope.engine.interpret.activations.normalise import Normalisation, to_levels
from convscope.engine.models.library.catalogue import open_model
from convscope.engine.models.opened import OpenedModel
from convscope.engine.runtime import start
from convscope.imaging.image import Image
from convscope.imaging.samples import load_sample

rng = np.random.default_rng(3)


def maps_of(values: NDArray[np.float32]) -> LayerMaps:
    """C×H×W numbers as a layer's maps."""
    planes = np.asarray(values, np.float32)
    return _made("layer", "maps", planes, len(planes))


def transcribed(channel_image: NDArray[np.float32]) -> NDArray[np.uint8]:
    """The lectures' own lines (F. Chollet, Deep Learning with Python, listing 5.27)."""
    channel_image = channel_image.copy()
    channel_image -= channel_image.mean()
    channel_image /= channel_image.std()
    channel_image *= 64
    channel_image += 128
    return np.clip(channel_image, 0, 255).astype("uint8")


def test_the_lectures_normalisation_by_hand() -> None:
    # Mean 3, deviation 1: levels 64 and 192.
    maps = maps_of(np.array([[[2.0, 4.0], [4.0, 2.0]]]))
    levels = to_levels([maps], "lectures")[0]
    assert levels.levels[0].tolist() == [[64, 192], [192, 64]]
    assert levels.low[0] == 1.0 and levels.high[0] == pytest.approx(3 + 127 / 64)


def test_the_lectures_normalisation_on_a_real_layer() -> None:
    start()
    found = look(open_model("digits"), load_sample("digit-3"))
    maps = layer_maps(found, "conv2d")
    levels = to_levels([maps], "lectures")[0].levels
    for channel in range(maps.count):
        expected = transcribed(found.value("conv2d")[:, :, channel])
        apart = np.abs(levels[channel].astype(int) - expected.astype(int))
        # The book adds up in float32, in another order: a value at a step's edge may fall on its other side.
        assert apart.max() <= 1 and (apart > 0).mean() < 0.01


def test_a_blank_map_is_level_zero_and_no_warning() -> None:
    maps = maps_of(np.stack([np.zeros((3, 3)), np.full((3, 3), 0.1), np.eye(3)]))
    levels = to_levels([maps], "lectures")[0].levels
    assert not levels[0].any() and not levels[1].any() and levels[2].any()
    assert maps.statistics.blank.tolist() == [True, True, False]
    assert maps.blank_count == 2


def test_each_way_by_hand() -> None:
    maps = maps_of(np.array([[[0.0, 1.0]], [[-2.0, 2.0]]]))
    assert to_levels([maps], "map")[0].levels[:, 0].tolist() == [[0, 255], [0, 255]]
    assert to_levels([maps], "layer")[0].levels[:, 0].tolist() == [[128, 191], [0, 255]]
    assert to_levels([maps], "none")[0].levels[:, 0].tolist() == [[0, 255], [0, 255]]
    signed = to_levels([maps], "layer", signed=True)[0]
    assert signed.scale == (-2.0, 2.0)
    assert to_levels([maps], "map", signed=True)[0].levels[:, 0].tolist() == [[128, 255], [0, 255]]


def test_two_images_share_one_scale() -> None:
    low, high = maps_of(np.array([[[0.0, 1.0]]])), maps_of(np.array([[[2.0, 4.0]]]))
    for how in ("map", "layer"):
        first, second = to_levels([low, high], how)
        assert first.levels[0, 0].tolist() == [0, 64]
        assert second.levels[0, 0].tolist() == [128, 255]
        assert first.scale == second.scale
    first, second = to_levels([low, high], "lectures")
    together = np.array([0.0, 1.0, 2.0, 4.0])
    expected = ((together - together.mean()) / together.std() * 64 + 128).astype(np.uint8)
    assert [*first.levels[0, 0], *second.levels[0, 0]] == expected.tolist()


@settings(max_examples=40, deadline=None)
@example(np.pad(np.zeros((1, 1, 1), np.float32), ((0, 2), (0, 3), (0, 4)), constant_values=1e-45), "layer")
@given(
    arrays(np.float32, (3, 4, 5), elements=st.floats(-1000, 1000, width=32)),
    st.sampled_from(["lectures", "map", "layer", "none"]),
)
def test_larger_values_never_get_lower_levels(values: NDArray[np.float32], how: str) -> None:
    levels = to_levels([maps_of(values)], how)[0].levels  # type: ignore[arg-type]
    assert levels.dtype == np.uint8 and levels.shape == values.shape
    for plane, shown in zip(values, levels, strict=True):
        rank = np.argsort(plane.ravel(), kind="stable")
        assert (np.diff(shown.ravel()[rank].astype(int)) >= 0).all()


def test_statistics_equal_numpy() -> None:
    values = rng.normal(5, 0.01, (4, 6, 7)).astype(np.float32)
    values[1, 2, 3] = 0
    found = maps_of(values).statistics
    wide = values.astype(np.float64)
    np.testing.assert_allclose(found.mean, wide.mean(axis=(1, 2)), rtol=1e-6)
    np.testing.assert_allclose(found.deviation, wide.std(axis=(1, 2)), rtol=1e-4)
    np.testing.assert_array_equal(found.minimum, wide.min(axis=(1, 2)))
    np.testing.assert_array_equal(found.maximum, wide.max(axis=(1, 2)))
    assert found.zeros.tolist() == [0, pytest.approx(1 / 42), 0, 0]


def test_orders() -> None:
    maps = maps_of(np.array([[[1.0, 0.0]], [[5.0, 5.0]], [[9.0, 0.0]]]))
    other = maps_of(np.array([[[1.0, 0.0]], [[5.0, 6.0]], [[0.0, 0.0]]]))
    assert order(maps, "index").tolist() == [0, 1, 2]
    assert order(maps, "mean").tolist() == [1, 2, 0]
    assert order(maps, "maximum").tolist() == [2, 1, 0]
    assert order(maps, "zeros").tolist() == [0, 2, 1]
    assert order(maps, "difference", other).tolist() == [2, 1, 0]
    assert difference(maps, other).tolist() == [0, 0.5, 4.5]
    with pytest.raises(UserError, match="second image"):
        order(maps, "difference")
    with pytest.raises(UserError, match="cannot be compared"):
        order(maps, "difference", maps_of(np.zeros((2, 1, 2))))


def test_the_deeper_the_layer_the_more_maps_are_blank() -> None:
    start()
    found = look(open_model("digits"), load_sample("digit-3"))
    shares = blank_over_depth(found)
    assert [one.path for one in shares] == [
        "conv2d",
        "max_pooling2d",
        "conv2d_1",
        "max_pooling2d_1",
        "conv2d_2",
    ]
    assert shares[0].blank == 0 and shares[0].maps == 32
    assert shares[-1].share > shares[2].share > shares[0].share
    for one in shares:
        value = found.value(one.path)
        blank = sum(not np.ptp(value[:, :, channel]) for channel in range(one.maps))
        assert one.blank == blank


def test_forms() -> None:
    assert form_of((5, 4, 3)) == "maps"
    assert form_of((5, 4)) == "table"
    assert form_of((5,)) == "values"
    with pytest.raises(UserError, match="neither maps nor"):
        form_of((2, 3, 4, 5))
    found = look(open_model("digits"), load_sample("digit-3"))
    vector = layer_maps(found, "dense_1")
    assert vector.form == "values" and vector.tiles.shape == (10, 1, 1) and vector.blank_count == 0
    assert one_map(found, "dense_1", 3).shape == (1, 1)
    np.testing.assert_array_equal(one_map(found, "conv2d", 5), found.value("conv2d")[:, :, 5])
    with pytest.raises(UserError, match="channels 0 to 31"):
        one_map(found, "conv2d", 32)


def test_maps_of_another_size_share_no_difference() -> None:
    maps = maps_of(np.zeros((2, 3, 3)))
    with pytest.raises(UserError, match="2 maps of 3×3"):
        difference(maps, replace(maps, tiles=np.zeros((2, 4, 4), np.float32)))


def test_the_blank_share_of_layers_that_are_not_kept() -> None:
    """Counted while they are computed: a megapixel's chart lacks no layer."""
    import keras

    x = inputs = keras.Input((16, 16, 3))
    for number in range(12):
        x = keras.layers.Conv2D(5, 3, padding="same", activation="relu", name=f"conv{number}")(x)
    net = keras.Model(inputs, x)
    for layer in net.layers[2::3]:
        kernel, bias = layer.get_weights()
        kernel[..., 2], bias[2] = 0, -1
        layer.set_weights([kernel, bias])
    model, image = OpenedModel(net), Image(np.full((16, 16, 3), 90, np.uint8), "gray")
    whole, narrow = look(model, image), look(model, image, limit=4 * 16 * 16 * 5)
    assert sum(narrow.at_hand(f"conv{number}") for number in range(12)) == 1
    shares = blank_over_depth(narrow)
    assert shares == blank_over_depth(whole) and len(shares) == 12
    assert all(one.blank >= 1 for one in shares[1::3])


@pytest.mark.parametrize("how", ["lectures", "map", "layer", "none"])
@pytest.mark.parametrize("signed", [False, True])
def test_maps_that_are_no_numbers_leave_the_others_their_scale(how: Normalisation, signed: bool) -> None:
    """One value is enough; the others are shown as if such maps were not there."""
    sound = rng.normal(5, 1, size=(3, 4, 5)).astype(np.float32)
    broken = np.concatenate([sound, sound])
    broken[3, 1, 2], broken[4, 0, 0] = np.nan, np.inf
    broken[5] = np.where(np.arange(5) > 2, np.inf, -np.inf)
    maps = maps_of(broken)
    assert maps.statistics.broken.tolist() == [False] * 3 + [True] * 3 and maps.blank_count == 0
    made, alone = to_levels([maps], how, signed=signed)[0], to_levels([maps_of(sound)], how, signed=signed)[0]
    np.testing.assert_array_equal(made.levels[:3], alone.levels)
    assert (made.levels[3:] == made.levels[3:, :1, :1]).all()
    assert made.scale == pytest.approx(alone.scale) and np.isfinite(made.low).all()


def test_numbers_whose_squares_are_none_have_a_deviation() -> None:
    values = rng.normal(size=(2, 6, 6)) * np.array([1.0, 1e30])[:, None, None]
    found = maps_of(values.astype(np.float32)).statistics
    np.testing.assert_allclose(found.deviation, values.std(axis=(1, 2)), rtol=1e-4)
    assert not found.broken.any()
