"""What of the network's picture lies in the workspace's document. No Qt."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

from convscope.engine.interpret.network.picture import ChosenBy
from convscope.engine.models.figure.network_figure import FigureScale

Tint = Literal["category", "parameters", "multiply_adds", "memory", "seconds", "blank"]
"""What the colour of a column's head stands for."""


@dataclass(frozen=True)
class NetworkSettings:
    """How the picture is shown.

    Attributes:
        by: which maps a column shows that has no room for all.
        target: the class that is asked about; None: the first one.
        toggled: ids of blocks folded or unfolded by hand.
        tint: what the colour of a column's head stands for.
    """

    by: ChosenBy = "class"
    target: int | None = None
    toggled: tuple[str, ...] = ()
    tint: Tint = "category"


@dataclass(frozen=True)
class MutedMaps:
    """What is off in the current network, 0 in its place.

    Attributes:
        model: its id.
        maps: (path of the layer, channel), sorted; the channel is −1 for the whole layer.
    """

    model: str = ""
    maps: tuple[tuple[str, int], ...] = ()

    def of(self, model: str) -> tuple[tuple[str, int], ...]:
        """What is off in a model."""
        return self.maps if model == self.model else ()

    def switched(self, model: str, path: str, channels: Iterable[int]) -> MutedMaps:
        """With these maps of a layer off; on again, if all of them were off."""
        now, asked = set(self.of(model)), {(path, channel) for channel in channels}
        return replace(self, model=model, maps=tuple(sorted(now - asked if asked <= now else now | asked)))


@dataclass(frozen=True)
class FigureSettings:
    """How the network is drawn as a figure for papers and slides.

    Attributes:
        dark, scale: as of `FigureStyle`.
        maps: whether the blocks carry the maps of the image.
        model: id of the network that the labels belong to.
        labels: (id of a column, what stands under it instead of its title).
    """

    dark: bool = False
    scale: FigureScale = "root"
    maps: bool = False
    model: str = ""
    labels: tuple[tuple[str, str], ...] = ()

    def of(self, model: str) -> dict[str, str]:
        """The labels of a network."""
        return dict(self.labels) if model == self.model else {}


@dataclass(frozen=True)
class MapInNetwork:
    """One map of the picture.

    Attributes:
        model: id of the model.
        column: id of its column.
        channel: of the map; of the last column a class.
    """

    model: str = ""
    column: str = ""
    channel: int = 0


@dataclass(frozen=True)
class UnfoldedMap:
    """What is open between two columns, and the pixel that is held there.

    Attributes:
        model: id of the model; "" while nothing is open.
        column: id of the column after the gap.
        channel: of its map or number.
        row, place: of the held pixel, on the first map that is computed; `place` is its column. −1 until
            one is held: then where something is to be seen.
        term: which product is held, by its place; None: the one that gives most there.
    """

    model: str = ""
    column: str = ""
    channel: int = 0
    row: int = -1
    place: int = -1
    term: int | None = None
