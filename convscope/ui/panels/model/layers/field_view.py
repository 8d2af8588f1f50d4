"""What the network sees: the prepared image, and on it the receptive field of one value of a layer."""

from __future__ import annotations

from PySide6.QtWidgets import QVBoxLayout, QWidget

from convscope.core.errors import UserError
from convscope.core.task import Task
from convscope.engine.models.answers.preprocessing import PreparedImage
from convscope.engine.models.summary import LayerInfo
from convscope.engine.models.summary.receptive import Axis, ReceptiveField, Seen
from convscope.engine.models.summary.receptive_words import ALL_THAT, gate_words, part, places, times
from convscope.ui import theme
from convscope.ui.canvas.image_view import ImageView
from convscope.ui.forms.form import caption
from convscope.ui.panel_context import PanelContext
from convscope.ui.panels.model.shown import ShownModel

KEY = "model.prepared"
HEIGHT = 280


class FieldView(QWidget):
    """The image as the network gets it; pointing at it moves the field, a click holds it."""

    def __init__(self, context: PanelContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.context = context
        self._shown: ShownModel | None = None
        self._row: LayerInfo | None = None
        self._size = (0, 0)
        self._place: tuple[int, int] | None = None
        self._held: tuple[int, int] | None = None
        self.view = ImageView()
        self.view.setObjectName("model.field")
        self.view.setAccessibleName("What the network sees")
        self.view.setFixedHeight(theme.scaled(HEIGHT))
        self.view.hovered.connect(self._hover)
        self.view.clicked.connect(self._click)
        self.words = caption("model.field.words")
        self.words.setMinimumHeight(theme.scaled(32))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.GRID)
        column.addWidget(self.view)
        column.addWidget(self.words)

    def show_model(self, shown: ShownModel | None) -> None:
        """Another model, or the same under another preprocessing."""
        self._shown = shown
        if shown is None:
            self.context.jobs.cancel_key(KEY)
        self.request()

    def show_layer(self, row: LayerInfo | None) -> None:
        """Whose field is drawn."""
        self._row = row
        self._draw()

    def request(self) -> None:
        """Prepare the current image, the latest only."""
        shown, image = self._shown, self.context.workspace.image
        if shown is None:
            return

        def work(_task: Task) -> PreparedImage:
            return shown.model.prepare(image)

        self.context.jobs.submit(
            "imaging",
            work,
            title="Preparing the image",
            key=KEY,
            supersede="finish",
            quiet=True,
            on_done=self._show,
            on_failed=self._failed,
        )

    def _show(self, prepared: PreparedImage) -> None:
        size = (int(prepared.pixels.shape[0]), int(prepared.pixels.shape[1]))
        if size != self._size:
            self._size, self._place, self._held = size, None, None
        low, high = float(prepared.batch.min()), float(prepared.batch.max())
        self.view.set_pixels(prepared.pixels, prepared.batch[0])
        self.view.set_caption(f"values {low:.3g} to {high:.3g}".replace("-", "−"))
        self.view.show()
        self._draw()

    def _failed(self, error: BaseException) -> None:
        self.view.hide()
        self.words.setText(error.message if isinstance(error, UserError) else str(error))

    def _hover(self, place: tuple[int, int] | None) -> None:
        if place is not None and self._held is None:
            self._place = place
            self._draw()

    def _click(self, row: int, column: int) -> None:
        self._held = None if self._held is not None else (row, column)
        self._place = (row, column)
        self._draw()

    def _draw(self) -> None:
        """The box of the value whose field is nearest to the place that is pointed at."""
        row, (height, width) = self._row, self._size
        if row is None or not height or self.view.isHidden():
            self.view.clear_box()
            return
        field = row.field
        if field is None:
            self.view.clear_box()
            self.words.setText("How far this layer looks is not known.")
            return
        if field.whole and field.flat is None:
            seen = field.together(height, width)
            top, left, bottom, right = seen.box
            self.view.set_box(top, left, bottom - top, right - left)
            self.words.setText(f"Every value of this layer depends on {_all(field, seen)}.")
            return
        # Values that lie in a row still stand for the places of the maps that they were.
        shape = field.flat or row.shape or ()
        shape = shape if len(shape) == 3 else (None, None, None)
        at = self._place or (height // 2, width // 2)
        down = _nearest(field.rows, at[0], shape[0])
        across = _nearest(field.columns, at[1], shape[1])
        # Of a row of values the first one at that place.
        first = (down * (shape[1] or 0) + across) * (shape[2] or 0) if field.flat is not None else 0
        seen = field.at(down, across, height, width, first)
        top, left, bottom, right = seen.box
        self.view.set_box(top, left, bottom - top, right - left)
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
        words += " Click to let go." if self._held is not None else " Point elsewhere; click to hold."
        self.words.setText(words)


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
