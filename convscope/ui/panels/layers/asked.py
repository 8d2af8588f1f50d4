"""What a person set on this panel: how maps are shown, what they are compared with, and changed weights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from convscope.engine.interpret.edited import kernel_replaced, weight
from convscope.engine.models.opened import OpenedModel
from convscope.ui.panels.layers.frame import Look

NOBODY, TRAINING, ORIGINAL = "", "training", "original"
"""What maps can be compared with besides an image or a model, which are told apart by their ids."""

Arrays = dict[tuple[str, str], NDArray[np.float32]]


@dataclass(frozen=True)
class Asked:
    """What is on show besides the layer.

    Attributes:
        look: how the maps are shown.
        beside: what they are compared with: the id of an image or of a model, "training", "original" (before
            weights were changed) or "".
        seed: of what a layer draws at random while training.
    """

    look: Look = field(default_factory=Look)
    beside: str = NOBODY
    seed: int = 0


@dataclass(frozen=True, eq=False)
class Weights:
    """The weights of one model that a person changed, on a copy of it.

    Attributes:
        kernels: by path and kind of the convolution, filter and input: the kernel kh×kw.
        biases: by path and filter.
    """

    kernels: Mapping[tuple[str, str, int, int], NDArray[np.float32]] = field(default_factory=dict)
    biases: Mapping[tuple[str, int], float] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.kernels or self.biases)

    def with_kernel(
        self, path: str, kind: str, channel: int, index: int, kernel: NDArray[np.float32]
    ) -> Weights:
        """With another kernel of one filter on one of its inputs."""
        return replace(self, kernels={**self.kernels, (path, kind, channel, index): kernel})

    def with_bias(self, path: str, channel: int, value: float) -> Weights:
        """With another bias of one filter."""
        return replace(self, biases={**self.biases, (path, channel): value})

    def arrays(self, model: OpenedModel) -> Arrays:
        """The model's weights, in Keras's own order of axes, with what was changed in them.

        Raises:
            UserError: the model has no such layer.
        """
        found: Arrays = {}
        for (path, kind, channel, index), kernel in self.kernels.items():
            known = found[path, "kernel"] if (path, "kernel") in found else weight(model, path, "kernel")
            found[path, "kernel"] = kernel_replaced(known, kind, channel, index, kernel)
        for (path, channel), value in self.biases.items():
            known = found[path, "bias"] if (path, "bias") in found else weight(model, path, "bias")
            known[channel] = value
            found[path, "bias"] = known
        return found
