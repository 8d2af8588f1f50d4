"""What stands where a part of the image is hidden, and what gradients are integrated from."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from convscope.core.parameter import Parameter, plain
from convscope.engine.data.preprocessing import PreparedImage, Preprocessing
from convscope.engine.interpret.attribution.context import AttributionContext

FILLS = ("black", "gray", "white", "mean", "blurred")
_BLURRED = '''

def blurred(values, sigma):
    """A Gaussian blur, mirrored at the borders."""
    radius = round(8 * sigma + 1) // 2
    kernel = np.exp(-(np.arange(-radius, radius + 1) ** 2) / (2 * sigma**2))
    kernel = (kernel / kernel.sum()).astype(np.float32)
    for axis in (0, 1):
        wide = np.pad(values, [(radius, radius) if n == axis else (0, 0) for n in range(3)], "reflect")
        places = np.arange(values.shape[axis])
        values = sum(weight * wide.take(places + n, axis) for n, weight in enumerate(kernel))
    return values

'''


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


def fill_lines(fill: str, context: AttributionContext) -> list[str]:
    """Lines of a script that leave the picture without content in `empty`."""
    if fill == "blurred":
        sigma = max(1.0, min(context.size) / 12)
        return [*_BLURRED.splitlines(), f"empty = prepare(blurred(pixels, {sigma!r}))[None]"]
    if fill == "mean":
        return ["empty = np.broadcast_to(prepare(pixels.mean(axis=(0, 1))), x.shape)"]
    level = {"black": 0.0, "gray": 127.5, "white": 255.0}[fill]
    return [f"empty = prepare(np.full_like(pixels, {level}))[None]"]
