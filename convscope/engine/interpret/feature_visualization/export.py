"""Patterns as files: a grid, a contact sheet with names, the evolution as a moving picture."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image as PillowImage
from PIL import ImageDraw, ImageFont

from convscope.core.errors import UserError
from convscope.core.paths import resource_path
from convscope.imaging.io.save import write_whole
from convscope.imaging.mosaic import mosaic

if TYPE_CHECKING:
    from convscope.engine.interpret.feature_visualization.many import SheetRow
    from convscope.engine.interpret.feature_visualization.results import Pattern

COLUMNS = 8
GAP = 4
_LINE = 18


def grid_picture(patterns: Sequence[Pattern], columns: int = COLUMNS) -> NDArray[np.uint8]:
    """The patterns side by side, row by row, on white.

    Raises:
        UserError: there are none.
    """
    if not patterns:
        raise UserError("There are no patterns to show side by side.")
    maps = np.stack([pattern.pixels for pattern in patterns])
    return mosaic(maps, columns, gap=GAP, background=255)[0]


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


def save_evolution(
    path: Path | str, frames: Sequence[NDArray[np.uint8]], *, milliseconds: int = 60, hold: int = 1500
) -> None:
    """Write the growth of a pattern as an animated GIF or WebP, by the name's ending; it repeats for ever.

    Args:
        path: ends in .gif or .webp.
        frames: uint8, H×W or H×W×3; sizes may differ (octaves): all take the last one's.
        milliseconds: for each frame.
        hold: for the last one.

    Raises:
        UserError: another ending, no frames, or the file cannot be written.
    """
    kind = {".gif": "GIF", ".webp": "WEBP"}.get(Path(path).suffix.lower())
    if kind is None:
        raise UserError(f"{Path(path).name}: an evolution is saved as .gif or .webp.")
    if not frames:
        raise UserError("There is no evolution yet: let a pattern grow first.")
    height, width = frames[-1].shape[:2]
    pictures = [
        PillowImage.fromarray(frame).convert("RGB").resize((width, height), PillowImage.Resampling.BICUBIC)
        for frame in frames
    ]
    times = [milliseconds] * (len(pictures) - 1) + [hold]
    buffer = io.BytesIO()
    options = {"lossless": False, "quality": 90, "method": 4} if kind == "WEBP" else {}
    pictures[0].save(
        buffer, kind, save_all=True, append_images=pictures[1:], duration=times, loop=0, **options
    )
    write_whole(path, buffer.getvalue())
