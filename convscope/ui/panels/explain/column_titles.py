"""The methods' names over the columns of a grid with several classes."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QRect, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from convscope.ui import theme
from convscope.ui.canvas.mosaic_view import GAP, MosaicView

LINES = 2


class ColumnTitles(QWidget):
    """Names that stand over the columns of a mosaic, wherever its tiles are."""

    def __init__(self, mosaic: MosaicView, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._mosaic = mosaic
        self._titles: tuple[str, ...] = ()
        self._tile = mosaic.tile_size()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Methods of the columns")
        mosaic.viewport().installEventFilter(self)
        self.hide()

    @property
    def titles(self) -> tuple[str, ...]:
        """From left to right; none while they are hidden."""
        return self._titles

    def set_titles(self, titles: tuple[str, ...]) -> None:
        """Show these, or nothing."""
        self._titles = titles
        self.setAccessibleDescription(", ".join(titles))
        self.setVisible(bool(titles))
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(0, LINES * theme.scaled(14))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        # The mosaic is painted anew: its tiles may have another size.
        if event.type() == QEvent.Type.Paint and self._tile != self._mosaic.tile_size():
            self._tile = self._mosaic.tile_size()
            self.update()
        return False

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setFont(theme.font(11))
        painter.setPen(QColor(theme.tokens().secondary))
        width = self._tile[0]
        flags = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignBottom | Qt.TextFlag.TextWordWrap
        for number, title in enumerate(self._titles):
            painter.drawText(QRect(number * (width + GAP), 0, width, self.height()), flags, title)
        painter.end()
