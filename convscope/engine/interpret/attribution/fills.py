"""What stands where a part of the image is hidden, and what gradients are integrated from."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from convscope.core.parameter import Parameter, plain
from convscope.engine.models.answers.preprocessing import PreparedImage, Preprocessing

FILLS = ("black", "gray", "white", "mean", "blurred")


def fill_parameter(name: str, title: str, default: str, about: str) -> Parameter:
    """The choice among `FILLS`."""
    return Parameter(name, title, "choice", default, choices=plain(*FILLS), about=about)


def filled(prepared: PreparedImage, preprocessing: Preprocessing, fill: str) -> NDArray[np.float32]:
    """A picture without the image's content, as the network takes it: float32, 1×H×W×C.

    Args:
        prepared: the image.
        preprocessing: the network's.
        fill: "black", "gray" (127.5), "white", "mean" (the image's mean colour) or "blurred" (Gaussian of a
            twelfth of the shorter side, so that shapes are gone and colours stay).
    """
    pixels = prepared.pixels.astype(np.float32)
    if fill == "mean":
        values = np.broadcast_to(pixels.mean(axis=(0, 1)), pixels.shape)
    elif fill == "blurred":
        values = cv2.GaussianBlur(pixels, (0, 0), max(1.0, min(pixels.shape[:2]) / 12))
    else:
        values = np.full(pixels.shape, {"black": 0.0, "gray": 127.5, "white": 255.0}[fill], np.float32)
    values = np.ascontiguousarray(values)
    return preprocessing.apply((values[..., None] if values.ndim == 2 else values)[None])
