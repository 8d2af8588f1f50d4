"""A model as the panel reads it: everything that takes longer than a frame, done in a worker."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from convscope.core.errors import UserError
from convscope.core.task import Task
from convscope.engine.models.graph.nodes import layer_words
from convscope.engine.models.opened import OpenedModel
from convscope.engine.models.summary import LayerInfo, Sheet
from convscope.engine.models.summary.categories import categories
from convscope.ui.panels.model import words
from convscope.ui.panels.model.layers.rows import Rows
from convscope.ui.panels.model.network.share_bar import Piece


@dataclass(frozen=True, eq=False)
class ShownModel:
    """What the panel shows of a model.

    Attributes:
        model: itself.
        sheet: its arithmetic.
        rows: the sheet's layers by path.
        kinds: kind and size by path: "Conv2D 3×3 /2".
        table: the lines of the layer table.
        bars: what stands in the bars "parameters" and "work".
        file_bytes: of its file or folder on disk; None without one.
        input_shape: height, width (None where free) and channels of the image; None if it takes no images.
    """

    model: OpenedModel
    sheet: Sheet
    rows: Mapping[str, LayerInfo]
    kinds: Mapping[str, str]
    table: Rows
    bars: Mapping[str, tuple[Piece, ...]]
    file_bytes: int | None
    input_shape: tuple[int | None, int | None, int] | None


def read_model(model: OpenedModel, task: Task) -> ShownModel:
    """Everything that the panel shows of a model, save its graph."""
    sheet = model.sheet
    task.check()
    layers = {step.path: step.layer for step in model.program.steps}
    kinds = {row.path: layer_words(row, layers.get(row.path)) for row in sheet.layers}
    try:
        shape = model.input_shape
    except UserError:
        shape = None
    return ShownModel(
        model,
        sheet,
        {row.path: row for row in sheet.layers},
        kinds,
        Rows(sheet, kinds, model.program.groups),
        {key: _pieces(sheet, key) for key in ("parameters", "work")},
        _size(model.source.path),
        shape,
    )


def _pieces(sheet: Sheet, key: str) -> tuple[Piece, ...]:
    whole = sheet.totals.parameters if key == "parameters" else sheet.totals.multiply_adds
    pieces = []
    parts = categories(sheet)
    for row in sheet.layers:
        amount = row.parameters if key == "parameters" else row.multiply_adds or 0
        if amount:
            portion = words.percent(words.share(amount, whole or 1))
            pieces.append(Piece(row.path, parts[row.path], amount, f"{words.short(amount)}, {portion}"))
    return tuple(pieces)


def _size(path: Path | None) -> int | None:
    if path is None or not path.exists():
        return None
    if path.is_dir():
        return sum(part.stat().st_size for part in path.rglob("*") if part.is_file())
    return path.stat().st_size
