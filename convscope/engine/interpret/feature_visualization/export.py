"""Patterns as files: a grid, the evolution as a moving picture."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image as PillowImage

from convscope.core.errors import UserError
from convscope.core.files import save
from convscope.imaging.mosaic import mosaic

if TYPE_CHECKING:
    from convscope.engine.interpret.feature_visualization.results import Pattern

COLUMNS = 8
GAP = 4


def grid_picture(patterns: Sequence[Pattern], columns: int = COLUMNS) -> NDArray[np.uint8]:
    """The patterns side by side, row by row, on white.

    Raises:
        UserError: there are none.
    """
    if not patterns:
        raise UserError("There are no patterns to show side by side.")
    maps = np.stack([pattern.pixels for pattern in patterns])
    return mosaic(maps, columns, gap=GAP, background=255)[0]


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
    save(path, buffer.getvalue())
