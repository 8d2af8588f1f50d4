"""A whole folder: an overlay for every picture, and a table."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from convscope.core.errors import UserError
from convscope.core.files import save
from convscope.core.task import Task
from convscope.engine.interpret.attribution.context import AttributionContext
from convscope.engine.interpret.attribution.explain import explain
from convscope.engine.interpret.attribution.layers import checked_layer
from convscope.engine.interpret.attribution.methods import find_method
from convscope.engine.interpret.attribution.picture import LEAST, Style, picture, region
from convscope.engine.interpret.attribution.result import MapRequest
from convscope.engine.models.opened import OpenedModel
from convscope.imaging.io.load import list_images, load_image
from convscope.imaging.io.save import save_png
from convscope.imaging.overlay import THRESHOLD
from convscope.imaging.region import Region

TABLE = "table.csv"
_COLUMNS = (
    "file",
    "explained",
    "class",
    "name",
    "probability",
    "logit",
    "method",
    "layer",
    "box_top",
    "box_left",
    "box_bottom",
    "box_right",
    "share",
    "overlay",
    "error",
)


@dataclass(frozen=True)
class ExplainedFile:
    """One picture.

    Attributes:
        file: its path.
        target: what was explained, in words: "espresso".
        index, name, probability, logit: of the most probable class; of the first number, without a
            probability, where there are no classes.
        method, layer: of the map; layer "" for methods without.
        box: of the hottest region in the picture's pixels; None where nothing speaks for the target.
        share: that region's area as a share of the picture.
        overlay: the file written; None where it failed.
        error: why it failed, a sentence; "" when it did not.
    """

    file: Path
    target: str = ""
    index: int = -1
    name: str = ""
    probability: float = float("nan")
    logit: float = float("nan")
    method: str = ""
    layer: str = ""
    box: Region | None = None
    share: float = 0.0
    overlay: Path | None = None
    error: str = ""


@dataclass(frozen=True)
class Batch:
    """All pictures of a folder, and the table that tells the same."""

    rows: tuple[ExplainedFile, ...]
    table: Path


def explain_folder(
    model: OpenedModel,
    source: Path | Sequence[Path],
    folder: Path,
    request: MapRequest | None = None,
    style: Style | None = None,
    task: Task | None = None,
) -> Batch:
    """Explain every picture; write NAME.METHOD.png for each and `table.csv` into a folder.

    A picture that fails becomes a row with the reason, and the others go on. What is written before a cancel
    stays, the table included.

    Args:
        model: tells classes or numbers.
        source: a folder of pictures, or their paths.
        folder: where everything goes; made if it is not there.
        request: one method; without a target, each picture's most probable class.
        style: of the overlays; the box in the table is at its threshold (the app's own without).
        task: for progress and cancel; gets each `ExplainedFile`.

    Raises:
        UserError: no pictures, the folder cannot be written, or the request fits no picture of this model.
    """
    request, style, task = request or MapRequest(), style or Style(), task or Task()
    files = list_images(source) if isinstance(source, Path) else list(source)
    if not files:
        raise UserError(f"{source} has no pictures." if isinstance(source, Path) else "Choose some pictures.")
    model.head  # noqa: B018 - says why when there are no classes
    if request.target is not None:
        request.target.check(model)
    method = find_method(request.method)
    method.settings(request.settings)
    if method.needs_layer:
        checked_layer(model, request.layer)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"The folder {folder} cannot be made.", detail=str(error)) from error
    rows: list[ExplainedFile] = []
    taken: set[str] = set()
    try:
        for number, file in enumerate(files):
            task.progress(number / len(files), f"Explaining {file.name}")
            name = _name(file, request.method, taken)
            try:
                row = _row(model, file, folder / name, request, style, task)
            except UserError as error:
                row = ExplainedFile(file, error=error.message)
            rows.append(row)
            task.partial(row)
    finally:
        # Also when it was cancelled: what was done is told.
        table = folder / TABLE
        save(table, _table(rows))
    task.progress(1.0, "Explained")
    return Batch(tuple(rows), table)


def _row(
    model: OpenedModel, file: Path, overlay: Path, request: MapRequest, style: Style, task: Task
) -> ExplainedFile:
    context = AttributionContext(model, load_image(file))
    first = context.prediction.classes[0]
    made = explain(context, request, Task(on_progress=lambda fraction, text: task.check()))
    found = region(made, style.threshold or THRESHOLD, image=context.image, how=style.how)
    save_png(overlay, picture(made, style, image=context.image, least=LEAST))
    return ExplainedFile(
        file,
        made.target_words,
        first.index,
        first.name,
        first.probability,
        first.logit,
        made.method,
        made.layer or "",
        None if found is None else found.box,
        0.0 if found is None else found.share,
        overlay,
    )


def _name(file: Path, method: str, taken: set[str]) -> str:
    """A file name of its own: pictures of two folders, or of two endings, may share theirs."""
    name, number = f"{file.stem}.{method}.png", 2
    while name.lower() in taken:
        name, number = f"{file.stem}-{number}.{method}.png", number + 1
    taken.add(name.lower())
    return name


def _table(rows: Sequence[ExplainedFile]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(_COLUMNS)
    for row in rows:
        if row.error:
            writer.writerow([row.file, *[""] * (len(_COLUMNS) - 2), row.error])
            continue
        box = row.box
        edges = ["", "", "", ""] if box is None else [box.top, box.left, box.bottom, box.right]
        share = "" if np.isnan(row.probability) else f"{row.probability:.6f}"
        numbers = [row.index, row.name, share, f"{row.logit:.6f}"]
        overlay = "" if row.overlay is None else row.overlay.name
        writer.writerow(
            [row.file, row.target, *numbers, row.method, row.layer, *edges, f"{row.share:.6f}", overlay, ""]
        )
    return text.getvalue().encode("utf-8")
