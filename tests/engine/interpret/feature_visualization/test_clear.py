"""The clear recipe: its formulas, and that its pictures survive being moved."""

from __future__ import annotations

import functools

import cv2
import numpy as np
import pytest

from convscope.engine.data.preprocessing import RAW, UNIT
from convscope.engine.interpret.feature_visualization.gradient_ascent import ascend
from convscope.engine.interpret.feature_visualization.image_parametrisation import ImageParametrisation
from convscope.engine.interpret.feature_visualization.objectives import Objective
from convscope.engine.interpret.feature_visualization.penalties import penalty_gradient
from convscope.engine.interpret.feature_visualization.recipes import RECIPES
from convscope.engine.interpret.feature_visualization.recipes.base import RecipeContext
from convscope.engine.interpret.feature_visualization.recipes.clear import COLOURS, scale_of
from convscope.engine.interpret.feature_visualization.results import Pattern, verdict
from convscope.engine.interpret.feature_visualization.settings import PatternSettings
from convscope.engine.interpret.feature_visualization.transforms import (
    RandomTransform,
    drawn,
    moved,
    transform,
    while_growing,
    while_judged,
)
from convscope.engine.models.library.catalogue import open_model
from convscope.engine.models.opened import OpenedModel


def context(height: int, width: int, channels: int) -> RecipeContext:
    """One that keeps nothing."""
    return RecipeContext(ImageParametrisation(height, width, channels, RAW), lambda _key, make: make())


def test_the_picture_is_written_as_the_formulas_say() -> None:
    clear = RECIPES["clear"]
    place = context(10, 14, 3)
    variables = clear.begin(place, [[1]], None)
    spectrum = variables[0]
    assert spectrum.shape == (1, 3, 10, 8, 2)
    assert abs(spectrum.std() - 0.01) < 0.002
    rows, columns = np.meshgrid(np.fft.fftfreq(10), np.fft.rfftfreq(14), indexing="ij")
    frequency = np.hypot(rows, columns)
    scale = np.sqrt(140) / np.maximum(frequency, 1 / 14)
    np.testing.assert_allclose(scale_of(10, 14), scale, rtol=1e-6)
    planes = np.fft.irfft2((spectrum[0, ..., 0] + 1j * spectrum[0, ..., 1]) * scale, (10, 14)) / 4
    matrix = np.array([[0.26, 0.09, 0.02], [0.27, 0.0, -0.05], [0.27, -0.09, 0.03]])
    matrix /= np.sqrt((matrix**2).sum(axis=0)).max()
    np.testing.assert_allclose(COLOURS, matrix, rtol=1e-6)
    colours = np.einsum("chw,dc->hwd", planes, matrix)
    expected = 255 / (1 + np.exp(-colours))
    np.testing.assert_allclose(clear.values(place, variables)[0], expected, atol=1e-2)


@pytest.mark.parametrize(("height", "width", "channels"), [(12, 12, 3), (9, 13, 1), (15, 8, 3)])
def test_any_picture_can_be_written(height: int, width: int, channels: int) -> None:
    clear, place = RECIPES["clear"], context(height, width, channels)
    pixels = np.random.default_rng(0).uniform(20, 230, (2, height, width, channels)).astype(np.float32)
    variables = clear.begin(place, [[0], [1]], pixels)
    np.testing.assert_allclose(clear.values(place, variables), pixels, atol=0.2)


def test_movements_are_as_small_as_said() -> None:
    import tensorflow as tf

    image = ImageParametrisation(128, 128, 1, UNIT)
    ramp = np.zeros((1, 128, 128, 1), np.float32)
    ramp[0, 60:68, 60:68] = 1
    for seed in range(12):
        chance = np.random.default_rng(seed)
        there = transform(tf.constant(ramp), drawn(chance, image, RandomTransform())).numpy()[0, ..., 0]
        rows, columns = np.nonzero(there > 0.5)
        assert abs(rows.mean() - 63.5) < 16 and abs(columns.mean() - 63.5) < 16
        assert 40 < there.sum() < 90
    still = drawn(np.random.default_rng(0), image, RandomTransform(0, 0, 0, 0))
    np.testing.assert_allclose(still, [[1, 0, 0, 0, 1, 0, 0, 0]], atol=1e-6)


def test_penalties_are_gradients() -> None:
    """By central differences of their definitions."""
    generator = np.random.default_rng(0)
    values = generator.random((1, 6, 5, 1)).astype(np.float64)
    along = generator.normal(size=values.shape)

    def variation(x: np.ndarray) -> float:
        down, right = np.zeros_like(x), np.zeros_like(x)
        down[:, :-1], right[:, :, :-1] = np.diff(x, axis=1), np.diff(x, axis=2)
        return float(0.1 * np.sqrt(down**2 + right**2 + 1e-6).sum())

    def l2(x: np.ndarray) -> float:
        return float(0.1 * 2 * ((x - 0.5) ** 2).sum())

    for weights, value in (((1.0, 0.0, 0.0), variation), ((0.0, 1.0, 0.0), l2)):
        slope = float((penalty_gradient(values, weights) * along).sum())
        step = 1e-4
        rise = (value(values + step * along) - value(values - step * along)) / (2 * step)
        assert slope == pytest.approx(rise, rel=1e-2)
    even = np.full((1, 8, 8, 3), 0.3, np.float32)
    np.testing.assert_allclose(penalty_gradient(even, (1.0, 0.0, 1.0)), 0, atol=1e-6)


def test_clear_patterns_of_the_shipped_network_survive_being_moved(imagenet: OpenedModel) -> None:
    """At least 0.85 of the score remains; of the classic recipe's much less."""
    objectives = [Objective.channel("block7a_project_conv", index) for index in range(3)]
    clear = ascend(imagenet, objectives, PatternSettings(steps=64, size=96)).patterns
    classic = ascend(imagenet, objectives, PatternSettings("classic", size=96)).patterns
    kept = [pattern.moved / pattern.score for pattern in clear]
    assert min(kept) > 0.8 and np.mean(kept) >= 0.85
    assert all("It survives being moved" in verdict(pattern) for pattern in clear)
    assert np.mean([pattern.moved / pattern.score for pattern in classic]) < 0.5
    assert not any(pattern.flat for pattern in (*clear, *classic))

    def fine(pattern_values: np.ndarray) -> float:
        energy = np.abs(np.fft.fft2(pattern_values.mean(-1) - pattern_values.mean())) ** 2
        rows, columns = np.meshgrid(np.fft.fftfreq(96), np.fft.fftfreq(96), indexing="ij")
        return float(energy[np.hypot(rows, columns) > 0.25].sum() / energy.sum())

    assert np.mean([fine(p.values) for p in clear]) < 0.5 * np.mean([fine(p.values) for p in classic])


@functools.cache
def first_ten(name: str, path: str) -> tuple[Pattern, ...]:
    """Patterns of a shipped network's classes, or of a layer's filters, grown once."""
    objectives = [Objective.channel(path, index) if path else Objective.class_(index) for index in range(10)]
    return ascend(open_model(name), objectives).patterns


@pytest.mark.parametrize(
    ("name", "path"),
    [("digits", ""), ("digits", "conv2d_2"), ("garments", ""), ("garments", "conv2d_1")],
)
def test_small_patterns_survive_being_moved(name: str, path: str) -> None:
    """Of the shipped networks for 28×28 pixels too at least 0.85 remains: of each class, and of filters."""
    patterns = first_ten(name, path)
    assert patterns[0].values.shape == (28, 28, 1)
    kept = [pattern.kept for pattern in patterns if pattern.kept is not None]
    assert len(kept) >= 9
    assert np.mean(kept) >= 0.9
    # A filter may answer to a place at the edge; a class has to be found anywhere.
    assert path or min(kept) > 0.82


def test_a_moved_picture_keeps_its_sharpness() -> None:
    """Shifted by whole pixels nothing changes; half a pixel costs less than bilinearly."""
    import tensorflow as tf

    picture = np.random.default_rng(0).random((2, 20, 16, 3)).astype(np.float32)

    def shift(x: float, y: float) -> np.ndarray:
        return np.array([[1, 0, x, 0, 1, y, 0, 0]], np.float32)

    np.testing.assert_allclose(moved(picture, shift(2, -1))[:, 1:, :-2], picture[:, :-1, 2:], atol=1e-5)
    turned = np.array([[0.98, 0.17, 1, -0.17, 0.98, 2, 0, 0]], np.float32)
    smooth = cv2.GaussianBlur(picture[0], (0, 0), 2)[None]
    ours, theirs = moved(smooth, turned), transform(tf.constant(smooth), turned).numpy()
    np.testing.assert_allclose(ours, theirs, atol=0.02)
    there = moved(picture, shift(0.5, 0.5))
    bilinear = transform(tf.constant(picture), shift(0.5, 0.5)).numpy()
    assert there.std() > 1.1 * bilinear.std()


def test_small_pictures_move_further_while_they_grow() -> None:
    image = ImageParametrisation(32, 40, 1, RAW)
    assert while_judged(image) == RandomTransform(2, 1, 0.1, 10)
    assert while_growing(image) == RandomTransform(7, 3.5, 0.1, 10)
    assert while_growing(ImageParametrisation(64, 16, 1, RAW)) == RandomTransform(3.5, 1.75, 0.1, 10)
    assert while_growing(ImageParametrisation(48, 48, 1, RAW)) == RandomTransform()
    large = ImageParametrisation(200, 128, 3, RAW)
    assert while_judged(large) == while_growing(large) == RandomTransform()


def test_digits_look_like_digits_to_the_network(digits: OpenedModel) -> None:
    """Each class's pattern is taken for that class, also by its probability, and is a 28×28 gray picture."""
    patterns = first_ten("digits", "")
    batch = digits.preprocessing.apply(np.stack([pattern.pixels for pattern in patterns])[..., None])
    assert batch.shape == (10, 28, 28, 1)
    logits, probabilities = digits.scores(batch)
    assert list(logits.argmax(axis=1)) == list(range(10))
    assert probabilities.max(axis=1).min() > 0.99
