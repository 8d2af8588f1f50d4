"""What a network expects of an image: its size, its colours, the range of its values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convscope.core.errors import UserError
from convscope.core.opening import check_budget
from convscope.engine.data.resize import SAMPLINGS, Sampling, Target, fitted
from convscope.imaging.image import Image

RESIZES = ("crop", "pad", "stretch")
"""How an image comes to the network's size: its middle, all of it with a border, or all of it distorted."""

USUAL_RESIZE = "stretch"
"""What is taken where nobody says: Keras's own loaders stretch, and so does training here."""


@dataclass(frozen=True)
class Preprocessing:
    """From pixels 0–255 to a network's input: `value = pixel · scale + offset`, channel by channel.

    Attributes:
        scale, offset: one number, or one a channel, in the network's own order of channels.
        order: "rgb" or "bgr": the network's order.
        resize: one of `RESIZES`.
        name: what a person calls it ("0–1", "−1–1", "ImageNet, Caffe").
        sampling: how it is resized between pixels; a network that was trained here goes on as it was
            trained.
    """

    scale: tuple[float, ...] = (1 / 255,)
    offset: tuple[float, ...] = (0.0,)
    order: str = "rgb"
    resize: str = USUAL_RESIZE
    name: str = "0–1"
    sampling: Sampling = "bicubic"

    def check(self, channels: int, model: str) -> None:
        """Refuse numbers for other channels than a network takes: arrays would be spread over them.

        Raises:
            UserError: what does not fit.
        """
        numbers = max(len(self.scale), len(self.offset))
        if numbers not in (1, channels):
            raise UserError(
                f"{model} takes {channels} channel{'s' if channels > 1 else ''}, and the range "
                f"“{self.name}” has numbers for {numbers}: choose another range."
            )

    def apply(self, pixels: NDArray[Any]) -> NDArray[np.float32]:
        """The network's input for pixels 0–255 (RGB or gray), channels last; float32, the same shape."""
        values = np.asarray(pixels, np.float32)
        if self.order == "bgr" and values.shape[-1] == 3:
            values = values[..., ::-1]
        return np.ascontiguousarray(
            values * np.array(self.scale, np.float32) + np.array(self.offset, np.float32)
        )

    def undo(self, values: NDArray[Any]) -> NDArray[np.float32]:
        """Pixels 0–255 (not rounded, not clipped) for a network's input: the inverse of `apply`."""
        pixels = (np.asarray(values, np.float32) - np.array(self.offset, np.float32)) / np.array(
            self.scale, np.float32
        )
        if self.order == "bgr" and pixels.shape[-1] == 3:
            pixels = pixels[..., ::-1]
        return np.ascontiguousarray(pixels)

    def to_dict(self) -> dict[str, Any]:
        """What `from_dict` reads, for a JSON file."""
        return {
            "scale": list(self.scale),
            "offset": list(self.offset),
            "order": self.order,
            "resize": self.resize,
            "name": self.name,
            "sampling": self.sampling,
        }

    @staticmethod
    def from_dict(data: Mapping[str, Any]) -> Preprocessing:
        """What `to_dict` wrote.

        Raises:
            UserError: it is something else.
        """
        try:
            made = Preprocessing(
                tuple(float(n) for n in data["scale"]),
                tuple(float(n) for n in data["offset"]),
                str(data.get("order", "rgb")),
                str(data.get("resize", USUAL_RESIZE)),
                str(data.get("name", "")),
                str(data.get("sampling", "bicubic")),  # type: ignore[arg-type]
            )
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise UserError(
                "The description of how pixels are prepared cannot be read.", detail=repr(error)
            ) from error
        if (
            made.order not in ("rgb", "bgr")
            or made.resize not in RESIZES
            or made.sampling not in SAMPLINGS
            or 0.0 in made.scale
        ):
            raise UserError("The description of how pixels are prepared has a value that cannot be.")
        return made


UNIT = Preprocessing()
RAW = Preprocessing((1.0,), (0.0,), name="0–255")

# As in keras.applications.imagenet_utils.preprocess_input, mode by mode.
MODES: dict[str, Preprocessing] = {
    "unit": UNIT,
    "raw": RAW,
    "tf": Preprocessing((1 / 127.5,), (-1.0,), name="−1–1"),
    "caffe": Preprocessing(
        (1.0,), (-103.939, -116.779, -123.68), "bgr", name="ImageNet, Caffe (BGR, mean taken off)"
    ),
    "torch": Preprocessing(
        tuple(1 / (255 * d) for d in (0.229, 0.224, 0.225)),
        tuple(-m / d for m, d in zip((0.485, 0.456, 0.406), (0.229, 0.224, 0.225), strict=True)),
        name="ImageNet, Torch (mean and deviation)",
    ),
}


@dataclass(frozen=True, eq=False)
class PreparedImage:
    """An image as one network sees it.

    Attributes:
        batch: the network's input, float32, 1×H×W×C.
        pixels: the same picture before its values were scaled, uint8, H×W or H×W×3: what an overlay lies on.
        box: the part of the source image that it shows: left, top, right, bottom, in the source's pixels;
            beyond its borders where it was padded.
        sampling: how it was resized between pixels.
    """

    batch: NDArray[np.float32]
    pixels: NDArray[np.uint8]
    box: tuple[float, float, float, float]
    sampling: Sampling = "bicubic"


def prepare(
    image: Image, height: int | None, width: int | None, channels: int, preprocessing: Preprocessing
) -> PreparedImage:
    """An image at a network's size, in its colours and its range.

    Args:
        image: any size, gray or RGB.
        height, width: the network's; None keeps the image's own.
        channels: 1 (the image is turned to gray) or 3 (gray is repeated).
        preprocessing: range, order and way of resizing.

    Raises:
        UserError: the network takes neither gray nor colour images, or larger ones than fit into memory.
    """
    if channels not in (1, 3):
        raise UserError(f"This network takes {channels} channels; an image has 1 (gray) or 3 (colour).")
    check_input(height, width, channels)
    target = Target(
        height or image.height,
        width or image.width,
        1 if channels == 1 else 3,
        preprocessing.resize,  # type: ignore[arg-type]
        preprocessing.sampling,
    )
    gray = channels == 1 and preprocessing.sampling == "bicubic"
    pixels, box = fitted(image.gray.pixels if gray else image.pixels, target)
    values = pixels[..., None] if channels == 1 else pixels
    return PreparedImage(preprocessing.apply(values[None]), pixels, box, preprocessing.sampling)


def check_input(height: int | None, width: int | None, channels: int) -> None:
    """Refuse a network whose input alone does not fit into memory.

    Raises:
        UserError: it does not.
    """
    check_budget(4 * (height or 1) * (width or 1) * channels, "This network takes images of")
