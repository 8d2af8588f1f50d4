"""What a figure of a network shows of an image: on each block the maps that matter most, and the answer."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from convscope.core.task import Task
from convscope.core.words import percent
from convscope.engine.interpret.activations.activations import Activations
from convscope.engine.interpret.attribution.target import ScoreTarget
from convscope.engine.interpret.network.picture import ColumnPicture, NetworkPicture, choose, picture
from convscope.engine.interpret.network.relevance import relevance
from convscope.engine.models.answers.prediction import Prediction
from convscope.engine.models.figure.network_figure import FigureContent, FigureStyle, figure_blocks
from convscope.engine.models.graph.columns import LayerColumn
from convscope.imaging.colormaps import apply_colormap
from convscope.imaging.numerals import numeral

ANSWERS = 3
_FINEST = 256  # numbers of a vector that a bar can show


def most_important(
    found: Activations,
    columns: Sequence[LayerColumn],
    style: FigureStyle,
    target: ScoreTarget | None = None,
    task: Task | None = None,
) -> NetworkPicture:
    """The maps that the blocks have room for: those that matter for a class; without one, the largest.

    Raises:
        UserError: the model has no such class.
        Cancelled: between two columns.
    """
    rooms = {
        block.column.id: block.cards if block.column.form == "maps" else block.column.channels
        for block in figure_blocks(columns, style)
    }
    matter = None if target is None else relevance(found, columns, target, task)
    chosen = choose(found, columns, rooms, "largest" if matter is None else "class", matter)
    return picture(found, columns, chosen, task)


def content(shown: NetworkPicture) -> FigureContent:
    """What the blocks carry."""
    maps = {one.column.id: _pictures(one, shown.pixels) for one in shown.columns}
    return FigureContent(maps, _answers(shown.answer))


def _pictures(one: ColumnPicture, pixels: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], ...]:
    column = one.column
    if not column.inputs and column.form == "maps" and pixels.shape[:2] == column.shape[:2]:
        # Gray pixels are as H×W.
        return (np.ascontiguousarray(np.broadcast_to(np.atleast_3d(pixels), (*pixels.shape[:2], 3))),)
    if column.form == "vector":
        levels = one.levels[:, :, 0]
        if len(levels) > _FINEST:
            shrunk = cv2.resize(levels, (1, _FINEST), interpolation=cv2.INTER_AREA)
            levels = np.asarray(shrunk, np.uint8).reshape(-1, 1)
        return (apply_colormap(levels, "viridis"),)
    return tuple(apply_colormap(level, "viridis") for level in one.levels)


def _answers(answer: Prediction | None) -> tuple[tuple[str, str], ...]:
    if answer is None:
        return ()
    return tuple(
        (one.name, numeral(one.logit, 4) if answer.is_values else percent(one.probability, fixed=True))
        for one in answer.top(ANSWERS)
    )
