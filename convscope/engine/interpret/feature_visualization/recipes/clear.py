"""The clear recipe: a picture written as Fourier coefficients, moved a little at each step, ascended by Adam.

After C. Olah, A. Mordvintsev and L. Schubert, "Feature visualization", Distill 2017, and their library Lucid.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convscope.engine.interpret.feature_visualization.image_parametrisation import ImageParametrisation
from convscope.engine.interpret.feature_visualization.penalties import penalty_gradient
from convscope.engine.interpret.feature_visualization.recipes.base import Recipe, RecipeContext, Variables
from convscope.engine.interpret.feature_visualization.transforms import drawn, transform, while_growing

RATE = 0.05
DEVIATION = 0.01
_BETAS = 0.9, 0.999
_TINY = 1e-8
# Colours as they vary together in photographs (Lucid's colour_correlation_svd_sqrt).
_COLOURS = np.array([[0.26, 0.09, 0.02], [0.27, 0.0, -0.05], [0.27, -0.09, 0.03]], np.float32)
COLOURS = _COLOURS / np.linalg.norm(_COLOURS, axis=0).max()
# Pixels of a picture to start from are kept off black and white, whose coefficients are infinite.
_EDGE = 0.02


class Clear(Recipe):
    """Spectrum N(0, 0.01), scaled by 1/max(f, 1/max(w, h))·√(wh), irfft2, /4, colours mixed, sigmoid.

    At each step the network sees the picture shifted, scaled by ±10 % and turned by ±10°; Adam at 0.05.
    Small pictures are shifted less (`while_growing`), and grow longer.
    """

    name = "clear"
    title = "Clear"
    about = (
        "Fourier parametrisation, decorrelated colours, small movements at each step, Adam. Legible forms."
    )
    steps, small_steps = 96, 256
    on = "sum"

    def begin(
        self, context: RecipeContext, seeds: Sequence[Sequence[int]], pixels: NDArray[np.float32] | None
    ) -> Variables:
        """Faint noise, or the picture, and Adam at rest."""
        image = context.image
        if pixels is not None:
            spectrum = _written(pixels.astype(np.float32) / 255, image)
        else:
            shape = (image.channels, image.height, image.width // 2 + 1, 2)
            noise = [np.random.default_rng(seed).normal(0, DEVIATION, shape) for seed in seeds]
            spectrum = np.stack(noise).astype(np.float32)
        return spectrum, np.zeros_like(spectrum), np.zeros_like(spectrum)

    def look(
        self, context: RecipeContext, variables: Variables, chance: np.random.Generator
    ) -> tuple[Any, Any]:
        """The picture, moved by chance."""
        matrix = drawn(chance, context.image, while_growing(context.image))
        return _function(context, "look", _look)(variables[0], matrix), matrix

    def move(
        self, context: RecipeContext, variables: Variables, seen: Any, gradient: Any, step: int
    ) -> Variables:
        """One step of Adam up the gradient, whose RMS is made 1 for each picture."""
        if any(context.penalties):
            picture = self.values(context, variables) / 255
            taken_off = penalty_gradient(picture, context.penalties)
        else:
            taken_off = np.zeros((1, 1, 1, 1), np.float32)
        moved = _function(context, "move", _move)(*variables, seen, gradient, taken_off, np.float32(step))
        return tuple(moved)

    def values(self, context: RecipeContext, variables: Variables) -> NDArray[np.float32]:
        """The picture."""
        values: NDArray[np.float32] = _function(context, "values", _values)(variables[0]).numpy()
        return values

    def shown(self, values: NDArray[np.float32]) -> NDArray[np.uint8]:
        """The picture, rounded."""
        return np.clip(np.rint(values), 0, 255).astype(np.uint8)


def scale_of(height: int, width: int) -> NDArray[np.float32]:
    """By what each coefficient is multiplied: all frequencies then have the same energy in the picture."""
    rows = np.fft.fftfreq(height)[:, None]
    columns = np.fft.rfftfreq(width)[None, :]
    frequency = np.sqrt(rows**2 + columns**2)
    return (np.sqrt(width * height) / np.maximum(frequency, 1 / max(width, height))).astype(np.float32)


def _written(values: NDArray[Any], image: ImageParametrisation) -> NDArray[np.float32]:
    """The spectrum of a picture 0–1: the inverse of what `_picture` does."""
    inside = np.clip(values, _EDGE, 1 - _EDGE)
    logits = np.log(inside / (1 - inside))
    if image.channels == 3:
        logits = logits @ np.linalg.inv(COLOURS.T)
    planes = np.moveaxis(logits, -1, 1) * 4
    spectrum = np.fft.rfft2(planes) / scale_of(image.height, image.width)
    return np.stack([spectrum.real, spectrum.imag], -1).astype(np.float32)


def _picture(spectrum: Any, image: ImageParametrisation) -> Any:
    import tensorflow as tf

    scaled = tf.complex(*tf.unstack(spectrum, axis=-1)) * tf.constant(
        scale_of(image.height, image.width), tf.complex64
    )
    planes = tf.signal.irfft2d(scaled, [image.height, image.width]) / 4
    picture = tf.transpose(planes, [0, 2, 3, 1])
    if image.channels == 3:
        picture = tf.tensordot(picture, tf.constant(COLOURS.T), 1)
    return tf.sigmoid(picture)


def _values(image: ImageParametrisation) -> Callable[..., Any]:
    import tensorflow as tf

    @tf.function(input_signature=[_spectrum(image)], autograph=False)
    def values(spectrum: Any) -> Any:
        return _picture(spectrum, image) * 255

    return values


def _look(image: ImageParametrisation) -> Callable[..., Any]:
    import tensorflow as tf

    @tf.function(input_signature=[_spectrum(image), tf.TensorSpec((1, 8))], autograph=False)
    def look(spectrum: Any, matrix: Any) -> Any:
        return image.to_network(transform(_picture(spectrum, image), matrix) * 255)

    return look


def _move(image: ImageParametrisation) -> Callable[..., Any]:
    import tensorflow as tf

    spec = _spectrum(image)
    batch = tf.TensorSpec((None, None, None, None))

    @tf.function(
        input_signature=[spec, spec, spec, tf.TensorSpec((1, 8)), batch, batch, tf.TensorSpec(())],
        autograph=False,
    )
    def move(
        spectrum: Any, first: Any, second: Any, matrix: Any, gradient: Any, taken_off: Any, step: Any
    ) -> Any:
        with tf.GradientTape(watch_accessed_variables=False, persistent=True) as tape:
            tape.watch(spectrum)
            picture = _picture(spectrum, image)
            seen = transform(picture, matrix)
        slope = tape.gradient(seen, picture, image.gradient_to_pixels(gradient))
        length = tf.sqrt(tf.reduce_mean(tf.square(slope), axis=[1, 2, 3], keepdims=True))
        slope = tf.math.divide_no_nan(slope, length) - taken_off
        uphill = tape.gradient(picture, spectrum, slope)
        first = _BETAS[0] * first + (1 - _BETAS[0]) * uphill
        second = _BETAS[1] * second + (1 - _BETAS[1]) * tf.square(uphill)
        speed = first / (1 - _BETAS[0] ** step)
        spread = tf.sqrt(second / (1 - _BETAS[1] ** step))
        return spectrum + RATE * speed / (spread + _TINY), first, second

    return move


def _spectrum(image: ImageParametrisation) -> Any:
    import tensorflow as tf

    return tf.TensorSpec((None, image.channels, image.height, image.width // 2 + 1, 2))


def _function(
    context: RecipeContext, name: str, make: Callable[[ImageParametrisation], Callable[..., Any]]
) -> Callable[..., Any]:
    function: Callable[..., Any] = context.keep(
        ("patterns", "clear", name, context.image), lambda: make(context.image)
    )
    return function
