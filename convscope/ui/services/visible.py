"""The current image is classified only while a widget that shows the answer can be seen."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QWidget

from convscope.ui.services.predictor import Predictor


def predict_while_visible(predictor: Predictor, widget: QWidget) -> None:
    """Until the widget is destroyed."""
    widget.installEventFilter(_Shown(predictor, widget))
    widget.destroyed.connect(predictor.follow(widget.isVisible))


class _Shown(QObject):
    """Tells the predictor when a widget comes into view."""

    def __init__(self, predictor: Predictor, widget: QWidget) -> None:
        super().__init__(widget)
        self._predictor = predictor

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Show:
            self._predictor.seen()
        return False
