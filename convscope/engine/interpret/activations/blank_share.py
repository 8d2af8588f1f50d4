"""How many maps of each layer are blank: deeper layers are sparser (curriculum 30)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from convscope.core.task import Task
from convscope.engine.interpret.activations.activations import Activations
from convscope.engine.interpret.blank import is_blank
from convscope.engine.models.opened import OpenedModel

_POOLING = ("MaxPooling2D", "AveragePooling2D")
_ACTIVATIONS = ("Activation", "ReLU", "LeakyReLU", "ELU", "PReLU", "Relu", "Relu6")


@dataclass(frozen=True)
class BlankShare:
    """One layer.

    Attributes:
        path, kind: of the layer.
        blank, maps: how many of its maps are blank, and how many there are.
    """

    path: str
    kind: str
    blank: int
    maps: int

    @property
    def share(self) -> float:
        """0–1."""
        return self.blank / self.maps


def charted(model: OpenedModel) -> tuple[str, ...]:
    """The layers of the chart: every convolution, pooling and activation layer that puts out maps."""
    return tuple(
        row.path
        for row in model.layers
        if row.shape is not None
        and len(row.shape) == 3
        and ("Conv" in row.kind or row.kind in _POOLING or row.kind in _ACTIVATIONS)
    )


def blank_over_depth(found: Activations, task: Task | None = None) -> tuple[BlankShare, ...]:
    """The share of blank maps of each convolution, pooling and activation layer, in the order of computation.

    Layers too large to be computed whole, and those behind them, are left out.
    """
    task = task or Task()
    shares = []
    for path in charted(found.model):
        task.check()
        if found.shape(path)[:2] == (1, 1):
            # One number is not blank.
            continue
        ends = found.extremes(path)
        if ends is None:
            continue
        blank = is_blank(ends[0].astype(np.float64), ends[1].astype(np.float64))
        kind = found.model.layer(path).kind
        shares.append(BlankShare(path, kind, int(blank.sum()), len(blank)))
    return tuple(shares)
