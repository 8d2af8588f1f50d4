"""What the network sees: the prepared image, and on it the receptive field of one value of a layer."""

from __future__ import annotations

from PySide6.QtWidgets import QVBoxLayout, QWidget

from convscope.ui import theme
from convscope.ui.canvas.image_view import ImageView
from convscope.ui.forms.form import caption
from convscope.ui.panel_context import PanelContext
from convscope.ui.panels.model.layers.field_view_model import FieldViewModel

HEIGHT = 280


class FieldView(QWidget):
    """The image as the network gets it; pointing at it moves the field, a click holds it."""

    def __init__(
        self, context: PanelContext, view_model: FieldViewModel, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._model = view_model
        self.view = ImageView()
        self.view.setObjectName("model.field")
        self.view.setAccessibleName("What the network sees")
        self.view.setFixedHeight(theme.scaled(HEIGHT))
        self.view.hovered.connect(view_model.point)
        self.view.clicked.connect(view_model.click)
        self.words = caption("model.field.words")
        self.words.setMinimumHeight(theme.scaled(32))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.GRID)
        column.addWidget(self.view)
        column.addWidget(self.words)
        context.listen(view_model.prepared_changed, self._show)
        context.listen(view_model.field_changed, self._draw)

    def _show(self) -> None:
        prepared = self._model.prepared
        self.view.setVisible(prepared is not None)
        if prepared is not None:
            low, high = float(prepared.batch.min()), float(prepared.batch.max())
            self.view.set_pixels(prepared.pixels, prepared.batch[0])
            self.view.set_caption(f"values {low:.3g} to {high:.3g}".replace("-", "−"))
        self._draw()

    def _draw(self) -> None:
        box, words = self._model.seen()
        if box is None:
            self.view.clear_box()
        else:
            self.view.set_box(*box)
        if words:
            self.words.setText(words)
