"""Small movements of a picture: shifts, scaling and turning in one resampling."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convscope.engine.seeing.patterns.canvas import Canvas

# The shifts are meant for pictures of this size; smaller ones move less.
_SIZE = 128


@dataclass(frozen=True)
class Wobble:
    """How far a picture moves at most.

    Attributes:
        before, after: shifts in pixels, before and after turning.
        scale: by this share larger or smaller.
        turn: degrees.
    """

    before: float = 8.0
    after: float = 4.0
    scale: float = 0.1
    turn: float = 10.0


def drawn(chance: np.random.Generator, canvas: Canvas, wobble: Wobble) -> NDArray[np.float32]:
    """A movement by chance, as the eight numbers of a projective transform, 1×8."""
    size = min(canvas.height, canvas.width)
    share = min(1.0, size / _SIZE)
    shifts = chance.uniform(-1, 1, 4)
    scale = 1 + wobble.scale * chance.uniform(-1, 1)
    turn = np.deg2rad(wobble.turn * chance.uniform(-1, 1))
    matrix = (
        _shift(*(shifts[:2] * wobble.before * share))
        @ _about_the_middle(_turned(turn) / scale, canvas)
        @ _shift(*(shifts[2:] * wobble.after * share))
    )
    return matrix.reshape(9)[None, :8].astype(np.float32)


def transform(pictures: Any, matrix: Any) -> Any:
    """N×H×W×C moved by one 1×8 transform, bilinear, mirrored at the edges."""
    import tensorflow as tf

    return tf.raw_ops.ImageProjectiveTransformV3(
        images=pictures,
        transforms=matrix,
        output_shape=tf.shape(pictures)[1:3],
        fill_value=0.0,
        interpolation="BILINEAR",
        fill_mode="REFLECT",
    )


def _shift(x: float, y: float) -> NDArray[np.float64]:
    return np.array([[1, 0, x], [0, 1, y], [0, 0, 1]], np.float64)


def _turned(angle: float) -> NDArray[np.float64]:
    cosine, sine = np.cos(angle), np.sin(angle)
    return np.array([[cosine, -sine], [sine, cosine]])


def _about_the_middle(matrix: NDArray[np.float64], canvas: Canvas) -> NDArray[np.float64]:
    x, y = (canvas.width - 1) / 2, (canvas.height - 1) / 2
    whole = np.eye(3)
    whole[:2, :2] = matrix
    return _shift(x, y) @ whole @ _shift(-x, -y)
