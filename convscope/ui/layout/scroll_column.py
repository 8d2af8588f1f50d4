"""A column that scrolls, whose bar lies over its margin: its content is as wide with the bar as without."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QScrollBar, QWidget

from convscope.ui import theme

BAR = 10


class ScrollColumn(QScrollArea):
    """Up and down only. What is laid out by its width cannot flicker between two widths, and no button moves
    aside when more lines come than there is room for.

    The content's right margin is as wide as the bar at least.
    """

    def __init__(self, name: str = "", width: int | None = None, parent: QWidget | None = None) -> None:
        """`width` in design pixels; None: as wide as it is given."""
        super().__init__(parent)
        self.setObjectName(name)
        self.setWidgetResizable(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFrameShape(QFrame.Shape.NoFrame)
        if width is not None:
            self.setFixedWidth(theme.scaled(width))
        self.bar = QScrollBar(Qt.Orientation.Vertical, self)
        self.bar.hide()
        own = self.verticalScrollBar()
        own.rangeChanged.connect(self._range_changed)
        own.valueChanged.connect(self.bar.setValue)
        self.bar.valueChanged.connect(own.setValue)

    def setWidget(self, widget: QWidget) -> None:
        layout = widget.layout()
        if layout is not None:
            margins = layout.contentsMargins()
            margins.setRight(max(margins.right(), BAR))
            layout.setContentsMargins(margins)
        super().setWidget(widget)

    def fit(self, *changed: QWidget) -> None:
        """Lay the content out at once, after parts of it, each with a layout of its own, have changed."""
        for part in (*changed, self.widget()):
            layout = part.layout() if part is not None else None
            if layout is not None:
                layout.activate()
        self.event(QEvent(QEvent.Type.LayoutRequest))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        # More or fewer lines: the content has its height before it is laid out in it. Qt gives it a moment
        # later, and until then its controls are squeezed, and jump.
        if event.type() == QEvent.Type.LayoutRequest and watched is self.widget():
            self.event(QEvent(QEvent.Type.LayoutRequest))
        return super().eventFilter(watched, event)

    def resizeEvent(self, event: QResizeEvent) -> None:
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
