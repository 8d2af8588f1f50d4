"""What of this panel lies in the workspace's document: its settings, and what is selected. No Qt."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from convscope.ui.panels.layers.feature_maps import MapDisplay

NOBODY, TRAINING, ORIGINAL = "", "training", "original"
"""What maps can be compared with besides an image or a model, which are told apart by their ids."""

Page = Literal["network", "maps", "kernels", "map"]
Tab = Literal["sum", "kernel", "values", "top"]


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
