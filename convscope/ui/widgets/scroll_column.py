"""A column that scrolls, whose bar lies over its margin: its content is as wide with the bar as without."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QScrollBar, QWidget

from convscope.ui import theme

BAR = 10


class ScrollColumn(QScrollArea):
    """Up and down only. What is laid out by its width cannot flicker between two widths.

    The content's right margin is `theme.GROUP_GAP`, which is wider than the bar.
    """

    def __init__(self, name: str, width: int, parent: QWidget | None = None) -> None:
        """`width` in design pixels."""
        super().__init__(parent)
        self.setObjectName(name)
        self.setWidgetResizable(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFixedWidth(theme.scaled(width))
        self.bar = QScrollBar(Qt.Orientation.Vertical, self)
        self.bar.hide()
        own = self.verticalScrollBar()
        own.rangeChanged.connect(self._range_changed)
        own.valueChanged.connect(self.bar.setValue)
        self.bar.valueChanged.connect(own.setValue)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The bar stays at the right edge."""
        super().resizeEvent(event)
        self.bar.setGeometry(self.width() - BAR, 0, BAR, self.height())

    def _range_changed(self, low: int, high: int) -> None:
        own = self.verticalScrollBar()
        self.bar.setRange(low, high)
        self.bar.setPageStep(own.pageStep())
        self.bar.setSingleStep(own.singleStep())
        self.bar.setValue(own.value())
        self.bar.setVisible(high > low)
        self.bar.raise_()
