"""Small movements of a picture: shifts, scaling and turning in one resampling."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from convscope.engine.interpret.feature_visualization.image_parametrisation import ImageParametrisation

# The shifts are meant for pictures of this size.
_SIZE = 128


@dataclass(frozen=True)
class RandomTransform:
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

    def shifted(self, share: float) -> RandomTransform:
        """With shifts of this share, or as they are where it is over 1."""
        share = min(1.0, share)
        return replace(self, before=self.before * share, after=self.after * share)


def while_growing(image: ImageParametrisation) -> RandomTransform:
    """How far a picture moves while it grows: as in Lucid, but by 7/32 of a small one's size at most.

    In proportion a picture of 28 pixels would move by one or two, and its strokes would lean on that.
    """
    return RandomTransform().shifted(3.5 * min(image.height, image.width) / _SIZE)


def while_judged(image: ImageParametrisation) -> RandomTransform:
    """How far a finished picture moves when its score is looked at: in proportion to its size."""
    return RandomTransform().shifted(min(image.height, image.width) / _SIZE)


def drawn(
    chance: np.random.Generator, image: ImageParametrisation, limits: RandomTransform
) -> NDArray[np.float32]:
    """A movement by chance, as the eight numbers of a projective transform, 1×8."""
    shifts = chance.uniform(-1, 1, 4)
    scale = 1 + limits.scale * chance.uniform(-1, 1)
    turn = np.deg2rad(limits.turn * chance.uniform(-1, 1))
    matrix = (
        _shift(*(shifts[:2] * limits.before))
        @ _about_the_middle(_turned(turn) / scale, image)
        @ _shift(*(shifts[2:] * limits.after))
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


def moved(pictures: NDArray[np.float32], matrix: NDArray[np.float32]) -> NDArray[np.float32]:
    """As `transform`, but bicubic: a finished picture shall be moved, not blurred as well.

    Bilinear resampling of 28×28 pixels takes a tenth off a score by its blur alone.
    """
    inverse = np.append(matrix[0], 1).reshape(3, 3)[:2].astype(np.float64)
    made = np.empty_like(pictures)
    for number, channel in np.ndindex(pictures.shape[0], pictures.shape[3]):
        plane = np.ascontiguousarray(pictures[number, ..., channel])
        made[number, ..., channel] = cv2.warpAffine(
            plane,
            inverse,
            plane.shape[::-1],
            flags=cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REFLECT,
        )
    return made


def _shift(x: float, y: float) -> NDArray[np.float64]:
    return np.array([[1, 0, x], [0, 1, y], [0, 0, 1]], np.float64)


def _turned(angle: float) -> NDArray[np.float64]:
    cosine, sine = np.cos(angle), np.sin(angle)
    return np.array([[cosine, -sine], [sine, cosine]])


def _about_the_middle(matrix: NDArray[np.float64], image: ImageParametrisation) -> NDArray[np.float64]:
    x, y = (image.width - 1) / 2, (image.height - 1) / 2
    whole = np.eye(3)
    whole[:2, :2] = matrix
    return _shift(x, y) @ whole @ _shift(-x, -y)
