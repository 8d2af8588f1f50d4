"""Random changes to images, without state: the same seed, the same pictures.

Rotation, shifts, shear, zoom and mirroring are one affine map, so that a pixel is interpolated once however
many of them are on; OpenCV does it on bytes in a fifth of the time of TensorFlow's ImageProjectiveTransform
(0.13 against 0.75 ms for 150×150×3). Keras's layers do the same things (`keras_layers` builds them, tests
compare), but each resamples anew, and each keeps a counter of its own, so that neither a parallel pipeline
nor a resumed run would repeat itself.
"""

from __future__ import annotations

import math
import os
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from convscope.engine.data.augmentation import Augmentation
from convscope.engine.data.images import decoding_pool

_BORDERS = {
    "nearest": cv2.BORDER_REPLICATE,
    "reflect": cv2.BORDER_REFLECT,
    "constant": cv2.BORDER_CONSTANT,
    "wrap": cv2.BORDER_WRAP,
}
# What the columns of the draws decide.
_GEOMETRY = ("rotation", "shear", "zoom_x", "zoom_y", "flip_x", "flip_y", "shift_x", "shift_y")
_DRAWS = (*_GEOMETRY, "contrast", "brightness", "sharpen", "blur", "noise")


def augment(
    images: NDArray[np.uint8], augmentation: Augmentation, seed: tuple[int, int], first: int = 0
) -> NDArray[np.uint8]:
    """Change each image of a batch at random, on all cores.

    Args:
        images: uint8 (n, height, width, channels), channels 1 or 3.
        seed: two whole numbers from 0; a pipeline gives its own seed and the number of the batch.
        first: how many images of the batch come before these, where they are a part of it.

    Returns:
        uint8, the same shape; a new array unless the augmentation does nothing.
    """
    if augmentation.does_nothing:
        return images
    draws = np.random.default_rng(seed).uniform(-1.0, 1.0, (first + len(images), len(_DRAWS)))[first:]
    changed = np.empty_like(images)

    def change(rows: NDArray[np.int64]) -> None:
        for row in rows:
            drawn = dict(zip(_DRAWS, draws[row].tolist(), strict=True))
            picture = _changed(images[row], augmentation, drawn, (*seed, first + int(row)))
            changed[row] = picture.reshape(changed.shape[1:])

    # list() waits for all, and raises what a thread raised.
    list(decoding_pool().map(change, np.array_split(np.arange(len(images)), os.cpu_count() or 1)))
    return changed


def _changed(
    image: NDArray[np.uint8], a: Augmentation, drawn: dict[str, float], seed: tuple[int, ...]
) -> NDArray[np.uint8]:
    if a.moves:
        height, width = image.shape[:2]
        image = cv2.warpAffine(
            image,
            affine_map(a, drawn, height, width),
            (width, height),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=_BORDERS[a.fill],
            borderValue=(a.fill_value,) * 3,
        )  # type: ignore[assignment]
    if a.sharpen and (amount := a.sharpen * abs(drawn["sharpen"])):
        image = cv2.addWeighted(image, 1.0 + amount, cv2.GaussianBlur(image, (0, 0), 1.0), -amount, 0.0)  # type: ignore[assignment]
    if a.blur and (sigma := a.blur * abs(drawn["blur"])) > 0.05:
        image = cv2.GaussianBlur(image, (0, 0), sigma)  # type: ignore[assignment]
    if a.contrast or a.brightness or a.noise:
        values = image.astype(np.float32)
        factor = 1.0 + a.contrast * drawn["contrast"]
        values = (
            (values - values.mean()) * factor + values.mean() + 255.0 * a.brightness * drawn["brightness"]
        )
        if a.noise:
            noise = np.random.default_rng(seed).standard_normal(values.shape, np.float32)
            values += 255.0 * a.noise * abs(drawn["noise"]) * noise
        image = np.clip(np.rint(values), 0, 255).astype(np.uint8)
    return image


def affine_map(a: Augmentation, drawn: dict[str, float], height: int, width: int) -> NDArray[np.float64]:
    """The map from output to input pixels (x, y), float64 (2, 3), about the image's centre.

    Args:
        drawn: a number from −1 to 1 for each name in `_GEOMETRY`.
    """
    angle = math.radians(a.rotation) * drawn["rotation"]
    cos, sin = math.cos(angle), math.sin(angle)
    zoom_x, zoom_y = 1.0 + a.zoom * drawn["zoom_x"], 1.0 + a.zoom * drawn["zoom_y"]
    mirror_x = -1.0 if a.flip_horizontal and drawn["flip_x"] < 0 else 1.0
    mirror_y = -1.0 if a.flip_vertical and drawn["flip_y"] < 0 else 1.0
    rotate = np.array([[cos, sin], [-sin, cos]])
    shear = np.array([[1.0, a.shear * drawn["shear"]], [0.0, 1.0]])
    scale = np.diag([mirror_x / zoom_x, mirror_y / zoom_y])
    inverse = scale @ shear @ rotate
    centre = np.array([(width - 1) / 2, (height - 1) / 2])
    shift = np.array([a.width_shift * drawn["shift_x"] * width, a.height_shift * drawn["shift_y"] * height])
    return np.column_stack([inverse, centre - inverse @ (centre + shift)])


def preview(
    image: NDArray[np.uint8], augmentation: Augmentation, n: int = 12, seed: int = 0
) -> NDArray[np.uint8]:
    """One image, augmented n times, as training would see it. Needs no TensorFlow.

    Args:
        image: uint8, H×W or H×W×3.

    Returns:
        uint8, n × H × W × 3; gray stays gray.
    """
    pixels = image if image.ndim == 3 else image[..., None]
    changed = augment(np.repeat(pixels[None], n, axis=0), augmentation, (seed, 0))
    return changed if image.ndim == 3 else np.repeat(changed, 3, axis=3)


def keras_layers(augmentation: Augmentation) -> list[tuple[str, dict[str, Any]]]:
    """Keras's own preprocessing layers with the same settings, in the same order, for images of 0–255.

    Where Keras draws otherwise (one σ for a whole batch), this comes nearest.

    Returns:
        for each layer its class in `keras.layers`, and its settings.
    """
    a = augmentation
    filling = {"fill_mode": a.fill, "fill_value": a.fill_value}
    bytes_ = {"value_range": (0, 255)}
    layers: list[tuple[str, dict[str, Any]]] = []
    if a.rotation:
        layers.append(("RandomRotation", {"factor": a.rotation / 360.0, **filling}))
    if a.width_shift or a.height_shift:
        shifts = {"height_factor": a.height_shift, "width_factor": a.width_shift}
        layers.append(("RandomTranslation", {**shifts, **filling}))
    if a.shear:
        layers.append(("RandomShear", {"x_factor": a.shear, **filling}))
    if a.zoom:
        zooms = {"height_factor": (-a.zoom, a.zoom), "width_factor": (-a.zoom, a.zoom)}
        layers.append(("RandomZoom", {**zooms, **filling}))
    if a.flip_horizontal:
        layers.append(("RandomFlip", {"mode": "horizontal"}))
    if a.flip_vertical:
        layers.append(("RandomFlip", {"mode": "vertical"}))
    if a.sharpen:
        # Keras counts 0.5 as unchanged and 1 as the difference to the smoothed image added once.
        layers.append(("RandomSharpness", {"factor": (0.5, min(1.0, 0.5 + a.sharpen / 2)), **bytes_}))
    if a.blur:
        # Keras blurs by one pixel at most.
        sigma = min(a.blur, 1.0)
        taps = 2 * math.ceil(3 * sigma) + 1
        layers.append(("RandomGaussianBlur", {"kernel_size": taps, "sigma": sigma, **bytes_}))
    if a.contrast:
        layers.append(("RandomContrast", {"factor": min(a.contrast, 0.999), **bytes_}))
    if a.brightness:
        layers.append(("RandomBrightness", {"factor": a.brightness, **bytes_}))
    if a.noise:
        # Keras's noise is for values around 1.
        layers.append(("Rescaling", {"scale": 1 / 255}))
        layers.append(("GaussianNoise", {"stddev": a.noise}))
        layers.append(("Rescaling", {"scale": 255.0}))
    return layers
