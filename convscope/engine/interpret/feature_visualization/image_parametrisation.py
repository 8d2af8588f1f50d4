"""How a pattern is written in pixels: its size and channels, and how they come into the network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from convscope.core.errors import UserError
from convscope.engine.data.preprocessing import Preprocessing
from convscope.engine.models.program import Program
from convscope.engine.models.program.flatten import ACTIVATION_KINDS

if TYPE_CHECKING:
    from convscope.engine.models.opened import OpenedModel

SMALLEST_SIZE, LARGEST_SIZE = 8, 1024
DEFAULT_SIZE = 128
# Networks for small pictures keep their own size: their filters are made for it.
SMALL_INPUT = 96

# What works on maps of any size. A Dense layer does so too when it follows global pooling; after Flatten,
# which is not here, it does not.
_FREE = frozenset(
    {
        "Conv2D",
        "DepthwiseConv2D",
        "SeparableConv2D",
        "Conv2DTranspose",
        "MaxPooling2D",
        "AveragePooling2D",
        "GlobalAveragePooling2D",
        "GlobalMaxPooling2D",
        "BatchNormalization",
        *ACTIVATION_KINDS,
        "Add",
        "Subtract",
        "Multiply",
        "TrueDivide",
        "Average",
        "Maximum",
        "Minimum",
        "Concatenate",
        "Dropout",
        "SpatialDropout2D",
        "GaussianNoise",
        "GaussianDropout",
        "ActivityRegularization",
        "ZeroPadding2D",
        "Cropping2D",
        "UpSampling2D",
        "Rescaling",
        "Normalization",
        "Identity",
        "Dense",
    }
)


@dataclass(frozen=True)
class ImageParametrisation:
    """A picture of a network's kind.

    Attributes:
        height, width: in pixels.
        channels: 1 (gray) or 3 (RGB), or what else the network takes.
        preprocessing: from pixels 0–255 to the network's values.
        own_size: the network takes no other size than this.
    """

    height: int
    width: int
    channels: int
    preprocessing: Preprocessing
    own_size: bool = False

    def resized(self, height: int, width: int) -> ImageParametrisation:
        """Another size."""
        return ImageParametrisation(height, width, self.channels, self.preprocessing, self.own_size)

    @property
    def swaps(self) -> bool:
        """Whether the network wants blue first."""
        return self.preprocessing.order == "bgr" and self.channels == 3

    def to_network(self, values: Any) -> Any:
        """Pixels 0–255 → the network's values; for tensors and arrays alike, N×H×W×C float32."""
        scale = np.array(self.preprocessing.scale, np.float32)
        offset = np.array(self.preprocessing.offset, np.float32)
        return (values[..., ::-1] if self.swaps else values) * scale + offset

    def gradient_to_pixels(self, gradient: Any) -> Any:
        """The gradient of the network's values → that of the pixels, save for its length.

        Channels keep their proportion; the length is the one at the network, because recipes normalise it
        and their small numbers against division by zero are meant there.
        """
        scale = np.array(self.preprocessing.scale, np.float32)
        shares = gradient * (scale / np.abs(scale).max())
        return shares[..., ::-1] if self.swaps else shares


def is_small(model: OpenedModel) -> bool:
    """Whether a network is made for small pictures, whose size its patterns keep."""
    height, width, _ = model.input_shape
    return height is not None and width is not None and max(height, width) <= SMALL_INPUT


def takes_any_size(program: Program, slot: int) -> bool:
    """Whether everything between the image and this slot works on maps of any size."""
    for step in program.needed([slot], program.inputs):
        if step.part == "activation" or step.kind in _FREE:
            continue
        shape = program.shapes[step.outputs[0]]
        # Squeeze-and-excitation turns a vector into a map of one place.
        if step.kind == "Reshape" and len(shape) == 4 and shape[1:3] == (1, 1):
            continue
        return False
    return True


def parametrisation_for(
    model: OpenedModel, slot: int, size: int | None, start: NDArray[Any] | None = None
) -> ImageParametrisation:
    """The picture's size and kind for an objective measured at a slot.

    Args:
        model: the network.
        slot: of its program.
        size: of the longer side; heeded where the network works at any size.
        start: pixels to start from, H×W or H×W×3: their proportions are kept where the network allows.

    Raises:
        UserError: the network does not take images.
    """
    height, width, channels = model.input_shape
    if not takes_any_size(model.program, slot):
        if height is None or width is None:
            raise UserError(f"{model.name} says no image size, and this layer needs a certain one.")
        return ImageParametrisation(height, width, channels, model.preprocessing, own_size=True)
    own = max(height or 0, width or 0)
    size = size or (own if is_small(model) else DEFAULT_SIZE)
    rows, columns = (height or size, width or size) if start is None else start.shape[:2]
    share = size / max(rows, columns)
    return ImageParametrisation(
        max(SMALLEST_SIZE, round(rows * share)),
        max(SMALLEST_SIZE, round(columns * share)),
        channels,
        model.preprocessing,
    )
