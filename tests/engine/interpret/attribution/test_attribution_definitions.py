"""The sums over maps by hand, and against their papers' formulas written out."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from convscope.engine.interpret.attribution.methods.eigen_cam import eigen_cam
from convscope.engine.interpret.attribution.methods.grad_cam import grad_cam
from convscope.engine.interpret.attribution.methods.grad_cam_plus_plus import grad_cam_plus_plus
from convscope.engine.interpret.attribution.methods.hires_cam import hires_cam
from convscope.engine.interpret.attribution.methods.layer_cam import layer_cam
from convscope.engine.interpret.attribution.methods.score_cam import score_cam_sum
from convscope.engine.interpret.attribution.methods.xgrad_cam import xgrad_cam

# Two maps of 2×2 and their gradients.
FIRST, SECOND = [[1.0, 2.0], [3.0, 4.0]], [[0.0, 1.0], [1.0, 0.0]]
MAPS = np.stack([FIRST, SECOND], axis=-1).astype(np.float32)
SLOPES = np.stack([[[1.0, -1.0], [2.0, 0.0]], [[-2.0, 0.0], [0.0, 4.0]]], axis=-1).astype(np.float32)
SUMS = [grad_cam, grad_cam_plus_plus, layer_cam, hires_cam, xgrad_cam]


def test_grad_cam_by_hand() -> None:
    """Both gradients have the mean 0.5."""
    np.testing.assert_allclose(grad_cam(MAPS, SLOPES), [[0.5, 1.5], [2.0, 2.0]])
    # With the gradients turned round everything is negative, and ReLU leaves nothing.
    assert not grad_cam(MAPS, -SLOPES).any()


def test_hires_cam_by_hand() -> None:
    np.testing.assert_allclose(hires_cam(MAPS, SLOPES), [[1, -2], [6, 0]])


def test_layer_cam_by_hand() -> None:
    np.testing.assert_allclose(layer_cam(MAPS, SLOPES), [[1, 0], [6, 0]])


def test_xgrad_cam_by_hand() -> None:
    """The first weight is (1 − 2 + 6 + 0)/10, the second 0/2."""
    np.testing.assert_allclose(xgrad_cam(MAPS, SLOPES), [[0.5, 1.0], [1.5, 2.0]])
    # A map that sums to 0 has no weight, rather than an infinite one.
    odd = np.array([[[1.0], [-1.0]]], np.float32)
    assert not xgrad_cam(odd, odd).any()


def test_grad_cam_plus_plus_by_hand() -> None:
    """α = 1/(2 + g·ΣA): 1/12 and 1/22 in the first map, 1/10 in the second."""
    weights = 1 / 12 + 2 / 22, 0.4
    expected = weights[0] * np.array(FIRST) + weights[1] * np.array(SECOND)
    np.testing.assert_allclose(grad_cam_plus_plus(MAPS, SLOPES), expected, rtol=1e-6)


def test_grad_cam_plus_plus_is_the_papers_with_its_exponential() -> None:
    """Equation 19 with Y = exp(S): all derivatives carry exp(S), which scales the map and nothing else."""
    generator = np.random.default_rng(0)
    maps, gradients, score = generator.random((5, 4, 3)), generator.normal(size=(5, 4, 3)), 1.7
    first, second, third = (np.exp(score) * gradients**n for n in (1, 2, 3))
    alpha = second / (2 * second + maps.sum(axis=(0, 1)) * third)
    weights = (alpha * np.maximum(first, 0)).sum(axis=(0, 1))
    paper = np.maximum(maps @ weights, 0)
    ours = grad_cam_plus_plus(maps.astype(np.float32), gradients.astype(np.float32))
    np.testing.assert_allclose(ours, paper / np.exp(score), rtol=1e-4)


def test_grad_cam_plus_plus_from_true_derivatives() -> None:
    """Equations 10 and 11 on a network with two maps of 2×2, where Y = exp(S) is differentiated three times.

    Nothing is taken from the closed form (equation 19): for every place the derivatives of Y along that place
    alone, by automatic differentiation in float64. S is a dense layer on a hidden one of ReLUs.
    """
    import tensorflow as tf

    hidden = tf.constant(np.random.default_rng(4).normal(0.3, 0.6, (8, 3)))
    last = tf.constant([[0.8], [-0.5], [0.7]], tf.float64)
    maps = tf.constant(np.random.default_rng(5).random((2, 2, 2)))

    def score(values: tf.Tensor) -> tf.Tensor:
        return (tf.nn.relu(tf.reshape(values, (1, 8)) @ hidden - [[0.1, 0.2, 0.3]]) @ last)[0, 0]

    with tf.GradientTape() as tape:
        tape.watch(maps)
        plain = score(maps)
    gradients = tape.gradient(plain, maps).numpy()
    first, second, third = (np.zeros((2, 2, 2)) for _ in range(3))
    for place in np.ndindex(2, 2, 2):
        along = np.zeros((2, 2, 2))
        along[place] = 1
        step = tf.constant(0.0, tf.float64)
        with tf.GradientTape() as outermost:
            outermost.watch(step)
            with tf.GradientTape() as outer:
                outer.watch(step)
                with tf.GradientTape() as inner:
                    inner.watch(step)
                    y = tf.exp(score(maps + step * along))
                once = inner.gradient(y, step)
            twice = outer.gradient(once, step)
        first[place], second[place] = once, twice
        third[place] = outermost.gradient(twice, step)
    values = maps.numpy()
    alpha = second / (2 * second + values.sum(axis=(0, 1)) * third)
    weights = (alpha * np.maximum(first, 0)).sum(axis=(0, 1))
    paper = np.maximum(values @ weights, 0)
    assert (first > 0).any() and (first < 0).any() and paper.max() > 0
    ours = grad_cam_plus_plus(values.astype(np.float32), gradients.astype(np.float32))
    np.testing.assert_allclose(ours * np.exp(plain.numpy()), paper, rtol=1e-5)


@pytest.mark.parametrize("size", [1e-30, 1.0, 1e12])
def test_no_gradient_is_too_small_or_too_large_for_grad_cam_plus_plus(size: float) -> None:
    relevance = grad_cam_plus_plus(MAPS, SLOPES * np.float32(size))
    assert np.isfinite(relevance).all() and relevance.max() > 0


def test_eigen_cam_by_hand() -> None:
    """Maps that are all multiples of one pattern: (1, 2, 2, 0) times (0.6, 0.8), a unit vector."""
    pattern = np.array([[1.0, 2.0], [2.0, 0.0]])
    maps = (pattern[..., None] * np.array([0.6, 0.8])).astype(np.float32)
    np.testing.assert_allclose(eigen_cam(maps), pattern, atol=1e-6)
    np.testing.assert_allclose(eigen_cam(-maps), pattern, atol=1e-6)


@pytest.mark.parametrize("size", [2.0**-110, 2.0**110])
def test_eigen_cam_of_very_small_and_very_large_maps(size: float) -> None:
    """Their squares are no numbers in float32; a power of two rounds nothing."""
    for maps in (MAPS, np.repeat(MAPS, 20, axis=-1)):
        np.testing.assert_array_equal(eigen_cam(maps * np.float32(size)), eigen_cam(maps) * np.float32(size))


@given(st.integers(1, 6), st.integers(1, 6), st.integers(1, 40), st.integers(0, 2**32 - 1))
def test_eigen_cam_is_the_singular_value_decomposition(h: int, w: int, channels: int, seed: int) -> None:
    """Whichever of the two small matrices is taken."""
    maps = np.random.default_rng(seed).random((h, w, channels)).astype(np.float32)
    u, s, _ = np.linalg.svd(maps.reshape(-1, channels).astype(np.float64), full_matrices=False)
    expected = np.abs(u[:, 0] * s[0]).reshape(h, w)
    np.testing.assert_allclose(eigen_cam(maps), expected, atol=1e-3 * s[0])


def test_score_cam_by_hand() -> None:
    """Rises of ln 3 and 0 make shares of 3/4 and 1/4."""
    relevance = score_cam_sum(MAPS, np.log(np.array([3.0, 1.0], np.float32)))
    np.testing.assert_allclose(relevance, 0.75 * np.array(FIRST) + 0.25 * np.array(SECOND), rtol=1e-6)
    # A rise of thousands is no overflow, and only differences between channels count.
    np.testing.assert_allclose(score_cam_sum(MAPS, np.array([5000, -5000], np.float32)), FIRST)


@pytest.mark.parametrize("method", SUMS)
def test_a_batch_is_its_images_one_by_one(method) -> None:
    generator = np.random.default_rng(1)
    maps = generator.random((3, 7, 5, 4)).astype(np.float32)
    gradients = generator.normal(size=maps.shape).astype(np.float32)
    together = method(maps, gradients)
    for number in range(3):
        np.testing.assert_array_equal(together[number], method(maps[number], gradients[number]))


@pytest.mark.parametrize("method", SUMS)
def test_maps_stay_as_they_are(method) -> None:
    maps, gradients = MAPS.copy(), SLOPES.copy()
    method(maps, gradients)
    np.testing.assert_array_equal(maps, MAPS)
    np.testing.assert_array_equal(gradients, SLOPES)
