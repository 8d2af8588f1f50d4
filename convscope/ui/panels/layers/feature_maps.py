"""A layer's maps for one image and model, or for two on one scale: what is asked, and the answer. No Qt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from convscope.core.errors import UserError
from convscope.core.task import Task
from convscope.engine.interpret.activations.activations import Activations
from convscope.engine.interpret.activations.cache import ActivationCache
from convscope.engine.interpret.activations.dead import Dead, dead_channels
from convscope.engine.interpret.activations.layer_maps import (
    LayerMaps,
    SortOrder,
    layer_maps,
    maps_of,
    one_map,
    order,
)
from convscope.engine.interpret.activations.normalise import Levels, Normalisation, to_levels
from convscope.engine.interpret.activations.outputs import heads_first, parted
from convscope.engine.interpret.activations.training_mode import Trained, while_training
from convscope.engine.interpret.blank import crossed
from convscope.engine.models.opened import OpenedModel
from convscope.imaging.colormaps import ColormapName
from convscope.imaging.colormaps import colormap as colours_of
from convscope.imaging.image import Image


@dataclass(frozen=True)
class MapDisplay:
    """How maps are shown.

    Attributes:
        normalisation: values to levels.
        colormap: levels to colours.
        sort: the order of the maps.
    """

    normalisation: Normalisation = "lectures"
    colormap: ColormapName = "viridis"
    sort: SortOrder = "index"


@dataclass(frozen=True)
class ForwardPass:
    """One image before one model.

    Attributes:
        model, image: what is looked at.
        title: in a few words, for the caption when there are two.
        training: show what the layer does while training instead (dropout, batch normalisation).
        seed: of what it draws at random then.
    """

    model: OpenedModel
    image: Image
    title: str
    training: bool = False
    seed: int = 0


Target = tuple[str, tuple[tuple[str, str, bool], ...]]


@dataclass(frozen=True)
class LayerRequest:
    """What is to be looked at.

    Attributes:
        path: the layer's, or that of one of its outputs.
        passes: the current image before the model on show, and what it is compared with.
        display: how the maps are to be shown.
    """

    path: str
    passes: tuple[ForwardPass, ...]
    display: MapDisplay

    @property
    def target(self) -> Target:
        """A layer of which model on which image: frames of a live image share it."""
        return self.path, tuple((one.model.id, one.image.id, one.training) for one in self.passes)


@dataclass(frozen=True, eq=False)
class Side:
    """A layer's maps of one forward pass.

    Attributes:
        forward: whose.
        found: all of its activations.
        maps: the layer's.
        levels: the same as levels, on the scale that both sides share.
        pictures: uint8 C×h×w×3, by channel; blank ones, and those that are no numbers, crossed out.
        dead: which of its channels have next to no weights; None where that is not known.
        trained: what the layer puts out while training, of a pass of that kind.
    """

    forward: ForwardPass
    found: Activations
    maps: LayerMaps
    levels: Levels
    pictures: NDArray[np.uint8]
    dead: Dead | None = None
    trained: Trained | None = None

    @cached_property
    def dropped_maps(self) -> NDArray[np.bool_]:
        """Which of its maps, or numbers of a vector, were dropped altogether while training, (C,)."""
        if self.trained is None or self.trained.dropped is None or self.maps.form == "table":
            return np.zeros(self.maps.count, bool)
        return np.asarray(self.trained.dropped.reshape(-1, self.maps.count).all(axis=0))

    @cached_property
    def dead_maps(self) -> NDArray[np.bool_]:
        """Which of its maps are blank, or numbers nothing, because their filters are dead, (C,)."""
        if self.dead is None or self.maps.form == "table":
            return np.zeros(self.maps.count, bool)
        return self.dead.mask if self.maps.form == "values" else self.dead.mask & self.maps.blank

    @cached_property
    def states(self) -> tuple[str, ...]:
        """What each map is instead of a picture: "no numbers", "dropped", "dead" or "blank"; "" for most."""
        told = np.full(self.maps.count, "", "<U10")
        for mask, word in (
            (self.maps.blank, "blank"),
            (self.dead_maps, "dead"),
            (self.dropped_maps, "dropped"),
            (self.maps.statistics.broken, "no numbers"),
        ):
            told[mask] = word
        return tuple(told.tolist())

    def map(self, channel: int) -> NDArray[np.float32]:
        """One map whole, float32 H×W."""
        if self.trained is None:
            return one_map(self.found, self.maps.path, channel)
        value = self.trained.values
        return np.ascontiguousarray(value[:, :, channel]) if value.ndim == 3 else value[channel].reshape(1, 1)


@dataclass(frozen=True, eq=False)
class FeatureMaps:
    """A layer's maps of one forward pass, or of two to compare.

    Attributes:
        path: the layer's, or that of one of its outputs.
        layer, kind: the layer.
        display: how they are shown.
        order: the channels in the order of the mosaic.
        sides: one, or two to compare.
        note: why there is nothing to compare with, or no such order, in a sentence; "" when there is.
    """

    path: str
    layer: str
    kind: str
    display: MapDisplay
    order: NDArray[np.int64]
    sides: tuple[Side, ...]
    note: str = ""

    @property
    def first(self) -> Side:
        """The current image before the current model."""
        return self.sides[0]

    @property
    def maps(self) -> LayerMaps:
        """The first side's maps."""
        return self.sides[0].maps

    def neighbour(self, side: int, channel: int, by: int) -> int | None:
        """The channel so many places further on in the mosaic of a side; None at its end."""
        count = self.sides[side].maps.count
        ranks = [each for each in self.order.tolist() if each < count]
        place = ranks.index(channel) + by
        return ranks[place] if 0 <= place < len(ranks) else None

    @property
    def one_scale(self) -> bool:
        """Whether all sides are in the same colours."""
        return _alike([side.maps for side in self.sides])


def compute(request: LayerRequest, cache: ActivationCache, task: Task) -> FeatureMaps:
    """Look at a layer, and make its maps into pictures.

    Raises:
        UserError: the model does not take such images, has no such layer, or puts out no picture there. Where
            that is so of what it is compared with, their note says it.
    """
    path, passes, display = request.path, request.passes, request.display
    looked: list[_Looked] = [_look(passes[0], path, cache, task)]
    note = ""
    for forward in passes[1:]:
        try:
            looked.append(_look(forward, path, cache, task))
        except UserError as error:
            note = error.message
    passes = passes[: len(looked)]
    found, maps = [one[0] for one in looked], [one[1] for one in looked]
    sort = display.sort if display.sort != "difference" or len(maps) > 1 else "index"
    try:
        ranks = order(maps[0], sort, maps[1] if len(maps) > 1 else None)
    except UserError as error:
        # There is still much to see.
        ranks, note = order(maps[0], "index"), f"{error.message} Both are in the order of their index."
    task.check()
    signed = display.colormap == "diverging"
    if _alike(maps):
        levels = to_levels(maps, display.normalisation, signed=signed)
    else:
        # Maps of different number or size share no scale.
        levels = tuple(to_levels([one], display.normalisation, signed=signed)[0] for one in maps)
    sides = tuple(
        Side(
            forward,
            activations,
            one,
            level,
            _pictures(one, level, display.colormap),
            _dead(activations, path),
            trained,
        )
        for forward, (activations, one, trained), level in zip(passes, looked, levels, strict=True)
    )
    layer, _number = parted(found[0].model, path)
    return FeatureMaps(path, layer, found[0].model.layer(layer).kind, display, ranks, sides, note)


_Looked = tuple[Activations, LayerMaps, Trained | None]


def _look(forward: ForwardPass, path: str, cache: ActivationCache, task: Task) -> _Looked:
    task.check()
    found = cache.look(forward.model, forward.image, task)
    # Of free sizes it is worked out once; hovering must find it at hand.
    found.field(path)
    if forward.training:
        trained = while_training(found, path, forward.seed)
        return found, maps_of(path, trained.values), trained
    return found, layer_maps(found, path, task), None


def _dead(found: Activations, path: str) -> Dead | None:
    return None if heads_first(found.model, path) else dead_channels(found.model, found.slot(path))


def _alike(maps: Sequence[LayerMaps]) -> bool:
    return len({(one.tiles.shape, one.form) for one in maps}) == 1


def _pictures(maps: LayerMaps, levels: Levels, colormap: ColormapName) -> NDArray[np.uint8]:
    count, height, width = levels.levels.shape
    flat = np.ascontiguousarray(levels.levels).reshape(count * height, width)
    # The table as it is, red first: `apply_colormap` would go over all maps once more to swap the colours.
    table = np.ascontiguousarray(colours_of(colormap)[:, None])
    pictures = np.asarray(cv2.applyColorMap(flat, table), np.uint8).reshape(count, height, width, 3)
    if maps.form == "maps":
        gray = crossed(height, width)
        # One after the other: all at once, the window would wait for a thousand of them.
        for channel in np.flatnonzero(maps.blank | maps.statistics.broken):
            pictures[channel] = gray
    return pictures
