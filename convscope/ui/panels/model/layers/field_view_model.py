"""What the network sees, without Qt: the prepared image, and the receptive field that is drawn on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from psygnal import Signal

from convscope.core.errors import UserError
from convscope.core.task import Task
from convscope.engine.data.preprocessing import PreparedImage
from convscope.engine.models.summary import LayerInfo
from convscope.engine.models.summary.receptive import Axis, ReceptiveField, Seen
from convscope.engine.models.summary.receptive_words import ALL_THAT, gate_words, part, places, times

if TYPE_CHECKING:
    from convscope.engine.models.opened import OpenedModel
    from convscope.ui.panel_context import PanelContext
    from convscope.workspace.document import Part

KEY = "model.prepared"
Box = tuple[int, int, int, int]
"""Top, left, height, width in pixels of the prepared image."""


class FieldViewModel:
    """The image as the network gets it, and the receptive field of the value nearest to a place of it.

    Attributes:
        held: the row and column that was clicked at; None while the field follows the pointer.
        prepared: the image; None before, and where the network takes none: `problem` says why.

    Signals:
        prepared_changed: the image or the problem is another one.
        field_changed: another field is to be drawn.
    """

    prepared_changed = Signal()
    field_changed = Signal()

    def __init__(self, context: PanelContext) -> None:
        self._context = context
        self.held: Part[tuple[int, int] | None] = context.workspace.part(
            "model.field", None, "model", kind=tuple[int, int] | None
        )
        self.prepared: PreparedImage | None = None
        self.problem = ""
        self._model: OpenedModel | None = None
        self._row: LayerInfo | None = None
        self._size = (0, 0)
        self._pointed: tuple[int, int] | None = None
        context.listen(self.held.changed, lambda _place: self.field_changed.emit())
        context.ending.call(lambda: context.jobs.cancel_key(KEY))

    def show_model(self, model: OpenedModel | None) -> None:
        """Another model, or the same under another preprocessing."""
        self._model = model
        if model is None:
            self._context.jobs.cancel_key(KEY)
        self.request()

    def show_layer(self, row: LayerInfo | None) -> None:
        self._row = row
        self.field_changed.emit()

    def request(self) -> None:
        model, image = self._model, self._context.workspace.image
        if model is None:
            return

        def work(_task: Task) -> PreparedImage:
            return model.prepare(image)

        self._context.submit(
            "imaging",
            work,
            "Preparing the image",
            key=KEY,
            supersede="finish",
            quiet=True,
            on_done=self._show,
            on_failed=self._failed,
        )

    def point(self, place: tuple[int, int] | None) -> None:
        """The pointer is at a row and column of the image, or has left it."""
        if place is not None and self.held.value is None:
            self._pointed = place
            self.field_changed.emit()

    def click(self, row: int, column: int) -> None:
        """Hold the field there, or let it go."""
        self._pointed = (row, column)
        self.held.set(None if self.held.value is not None else (row, column))

    def seen(self) -> tuple[Box | None, str]:
        """Where the field lies, and what it is in words; None: there is nothing to draw."""
        row, (height, width) = self._row, self._size
        if self.prepared is None:
            return None, self.problem
        if row is None:
            return None, ""
        field = row.field
        if field is None:
            return None, "How far this layer looks is not known."
        if field.whole and field.flat is None:
            seen = field.together(height, width)
            return _box(seen), f"Every value of this layer depends on {_all(field, seen)}."
        # Values that lie in a row still stand for the places of the maps that they were.
        shape = field.flat or row.shape or ()
        shape = shape if len(shape) == 3 else (None, None, None)
        at = self.held.value or self._pointed or (height // 2, width // 2)
        down = _nearest(field.rows, at[0], shape[0])
        across = _nearest(field.columns, at[1], shape[1])
        # Of a row of values the first one at that place.
        first = (down * (shape[1] or 0) + across) * (shape[2] or 0) if field.flat is not None else 0
        seen = field.at(down, across, height, width, first)
        words = f"Value ({down}, {across})"
        if shape[0] is not None and shape[1] is not None:
            words += f" of {shape[0]} × {shape[1]}"
        words += " laid out in a row" if field.flat is not None else ""
        words += f" sees {times(field.size)} pixels"
        if seen.size != field.size:
            words += f", {times(seen.size)} of them inside the image"
        if seen.skips:
            words += f", {times(seen.counts)} of them without those that are skipped"
        words += f", and {gate_words(field)}." if field.gated else "."
        held = self.held.value is not None
        return _box(seen), words + (" Click to let go." if held else " Point elsewhere; click to hold.")

    def _show(self, prepared: PreparedImage) -> None:
        size = (int(prepared.pixels.shape[0]), int(prepared.pixels.shape[1]))
        before, self._size, self.prepared, self.problem = self._size, size, prepared, ""
        held = self.held.value
        if size != before:
            self._pointed = None
            # The place that a snapshot brought is of the first image.
            if before != (0, 0) or (held is not None and not (held[0] < size[0] and held[1] < size[1])):
                with self._context.workspace.document.following():
                    self.held.set(None)
        self.prepared_changed.emit()

    def _failed(self, error: BaseException) -> None:
        self.prepared = None
        self.problem = error.message if isinstance(error, UserError) else str(error)
        self.prepared_changed.emit()


def _box(seen: Seen) -> Box:
    top, left, bottom, right = seen.box
    return top, left, bottom - top, right - left


def _all(field: ReceptiveField, seen: Seen) -> str:
    """What all values of a layer see together."""
    if field.image is None:
        return ALL_THAT
    return part(seen) if seen.whole or not seen.rows else f"{part(seen)}: {places(seen)}"


def _nearest(axis: Axis, pixel: int, size: int | None) -> int:
    """The place on a map whose field has its middle nearest to a pixel."""
    middle = (axis.low + axis.high) / 2
    place = round((pixel - middle) / axis.stride)
    return max(0, place if size is None else min(place, size - 1))
