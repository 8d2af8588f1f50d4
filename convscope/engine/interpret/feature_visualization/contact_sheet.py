"""A contact sheet: the first filters of every convolution of a network, as patterns and as one picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image as PillowImage
from PIL import ImageDraw, ImageFont

from convscope.core.errors import UserError
from convscope.core.paths import resource_path
from convscope.core.task import PartOfTask, Task
from convscope.engine.interpret.feature_visualization.export import GAP
from convscope.engine.interpret.feature_visualization.grid import ascend_many, first_filters
from convscope.engine.interpret.feature_visualization.results import Pattern
from convscope.engine.interpret.feature_visualization.settings import PatternSettings
from convscope.engine.models.summary import LayerInfo

if TYPE_CHECKING:
    from convscope.engine.models.opened import OpenedModel

# Depthwise ones look at one channel of the convolution before them: nothing new to see.
_SHEET_KINDS = ("Conv2D", "SeparableConv2D", "Conv2DTranspose")
_LINE = 18


@dataclass(frozen=True, eq=False)
class SheetRow:
    """One layer of a contact sheet: its path and the patterns of its first filters."""

    path: str
    patterns: tuple[Pattern, ...]


def sheet_layers(model: OpenedModel) -> tuple[LayerInfo, ...]:
    """The layers that a contact sheet shows: convolutions, in the order of computation."""
    return tuple(row for row in model.layers if row.kind in _SHEET_KINDS and not row.shared)


def contact_sheet(
    model: OpenedModel,
    settings: PatternSettings = PatternSettings(),  # noqa: B008  frozen
    count: int = 8,
    task: Task | None = None,
    *,
    done: Sequence[SheetRow] = (),
) -> tuple[SheetRow, ...]:
    """The first filters of every convolution of the network, save depthwise ones.

    Args:
        model: the network.
        settings: recipe and options; a small size and few steps keep it short.
        count: filters a layer.
        task: gets each finished `SheetRow`.
        done: rows of a call that was cancelled: go on after them.

    Raises:
        UserError: the network has no convolutions.
    """
    task = task or Task()
    layers = sheet_layers(model)
    if not layers:
        raise UserError(f"{model.name} has no convolutions, so there are no filters to show.")
    rows = list(done)
    for number, info in enumerate(layers[len(rows) :], len(rows)):
        objectives = first_filters(model, info.path, count)
        # Only its finished row is painted.
        part = PartOfTask(task, number / len(layers), 1 / len(layers), text=info.path)
        rows.append(SheetRow(info.path, ascend_many(model, objectives, settings, part)))
        task.partial(rows[-1])
    return tuple(rows)


def sheet_picture(rows: Sequence[SheetRow], tile: int = 96) -> NDArray[np.uint8]:
    """A contact sheet: under each layer's name the patterns of its first filters.

    Args:
        rows: the layers.
        tile: the width of a pattern on the sheet.

    Returns:
        uint8, H×W×3.
    """
    count = max((len(row.patterns) for row in rows), default=1)
    font = ImageFont.truetype(str(resource_path("fonts", "Inter-Regular.ttf")), 12)
    heights = [_tile_height(row, tile) for row in rows]
    height = sum(heights) + len(rows) * (_LINE + GAP)
    sheet = PillowImage.new("RGB", (count * (tile + GAP) + GAP, max(1, height) + GAP), "white")
    draw, y = ImageDraw.Draw(sheet), GAP
    for row, tall in zip(rows, heights, strict=True):
        draw.text((GAP, y), row.path, fill=(91, 100, 114), font=font)
        for number, pattern in enumerate(row.patterns):
            enlarging = pattern.pixels.shape[1] < tile
            way = PillowImage.Resampling.NEAREST if enlarging else PillowImage.Resampling.LANCZOS
            small = PillowImage.fromarray(pattern.pixels).convert("RGB").resize((tile, tall), way)
            sheet.paste(small, (GAP + number * (tile + GAP), y + _LINE))
        y += _LINE + tall + GAP
    return np.asarray(sheet)


def sheet_place(rows: Sequence[SheetRow], row: int, column: int, tile: int = 96) -> tuple[str, int] | None:
    """Which pattern lies at a pixel of `sheet_picture`: its layer's path and its number there."""
    y = GAP
    for each in rows:
        tall = _tile_height(each, tile)
        if y + _LINE <= row < y + _LINE + tall:
            number, inside = divmod(column - GAP, tile + GAP)
            return (each.path, number) if 0 <= number < len(each.patterns) and inside < tile else None
        y += _LINE + tall + GAP
    return None


def _tile_height(row: SheetRow, tile: int) -> int:
    height, width = row.patterns[0].pixels.shape[:2]
    return max(1, round(tile * height / width))
