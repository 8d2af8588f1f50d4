"""What of this panel lies in the workspace's document: settings, selection, and changed weights. No Qt."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from convscope.engine.interpret.edited import kernel_replaced, weight
from convscope.engine.models.opened import OpenedModel
from convscope.ui.panels.layers.feature_maps import MapDisplay

NOBODY, TRAINING, ORIGINAL = "", "training", "original"
"""What maps can be compared with besides an image or a model, which are told apart by their ids."""

Page = Literal["maps", "kernels", "map"]
Tab = Literal["sum", "kernel", "values", "top"]

Arrays = dict[tuple[str, str], NDArray[np.float32]]


@dataclass(frozen=True)
class MapSettings:
    """How maps are shown and with what they are compared: what undo takes back.

    Attributes:
        display: values to colours, and the order.
        compared_with: the id of an image or of a model, "training", "original" (before weights were changed)
            or "". One that is not open, or not possible for the layer, is passed over until it is again.
        seed: of what a layer draws at random while training.
    """

    display: MapDisplay = field(default_factory=MapDisplay)
    compared_with: str = NOBODY
    seed: int = 0


@dataclass(frozen=True)
class MapSelection:
    """The selected map, and what of it is explained.

    Attributes:
        path: the layer's, or that of one of its outputs.
        model: its id.
        channel: of the map; None: that with the largest spread.
        count: how many maps the layer has: in another with as many, channel 17 is still the same filter's.
            None while that layer was not looked at yet.
        side: 1 for what the current model and image are compared with.
        place: row and column of the explained value; None: the largest.
        term: which input channel of the sum is on show, by size.
    """

    path: str = ""
    model: str = ""
    channel: int | None = None
    count: int | None = 0
    side: int = 0
    place: tuple[int, int] | None = None
    term: int = 0


@dataclass(frozen=True)
class FilterInput:
    """Which kernel of one filter is on show, by its input channel; of other filters it is the first.

    Attributes:
        path: the convolution's.
        channel: the filter.
    """

    path: str = ""
    channel: int = 0
    index: int = 0


@dataclass(frozen=True, eq=False)
class KernelWeights:
    """Other weights of one filter on one of its inputs.

    Attributes:
        path, kind: the convolution.
        weights: kh×kw.
    """

    path: str
    kind: str
    channel: int
    index: int
    weights: NDArray[np.float32]

    @property
    def where(self) -> tuple[str, str, int, int]:
        return self.path, self.kind, self.channel, self.index


@dataclass(frozen=True)
class FilterBias:
    """Another bias of one filter."""

    path: str
    channel: int
    value: float


@dataclass(frozen=True, eq=False)
class Weights:
    """The weights of one model that a person changed, on a copy of it, in the order of the changes."""

    kernels: tuple[KernelWeights, ...] = ()
    biases: tuple[FilterBias, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.kernels or self.biases)

    def with_kernel(self, new: KernelWeights) -> Weights:
        """With another kernel of one filter on one of its inputs."""
        return replace(self, kernels=(*(one for one in self.kernels if one.where != new.where), new))

    def with_bias(self, new: FilterBias) -> Weights:
        """With another bias of one filter."""
        others = (one for one in self.biases if (one.path, one.channel) != (new.path, new.channel))
        return replace(self, biases=(*others, new))

    def arrays(self, model: OpenedModel) -> Arrays:
        """The model's weights, in Keras's own order of axes, with what was changed in them.

        Raises:
            UserError: the model has no such layer.
        """
        found: Arrays = {}

        def array(path: str, name: str) -> NDArray[np.float32]:
            return found[path, name] if (path, name) in found else weight(model, path, name)

        for one in self.kernels:
            known = array(one.path, "kernel")
            found[one.path, "kernel"] = kernel_replaced(known, one.kind, one.channel, one.index, one.weights)
        for bias in self.biases:
            known = array(bias.path, "bias")
            known[bias.channel] = bias.value
            found[bias.path, "bias"] = known
        return found
