"""A network's silhouette: each layer as a slab, as high as its maps and as wide as it has channels."""

from __future__ import annotations

from math import log2

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from convscope.engine.models.categories import categories
from convscope.engine.models.summary import Sheet
from convscope.ui import theme
from convscope.ui.panels.model.colours import colour

# Layers that one sees in the picture: those that change the maps.
_SHOWN = ("Input", "Convolution", "Pooling", "Classifier", "Merge", "Pretrained")
_LIMIT = 48


class Sketch(QWidget):
    """The drawing that papers put first: maps that become smaller and more."""

    def __init__(self, parent: QWidget | None = None, height: int = 56) -> None:
        super().__init__(parent)
        self.setAccessibleName("The network's shape")
        self._height = height
        self._slabs: list[tuple[float, float, str]] = []
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def set_sheet(self, sheet: Sheet) -> None:
        """Show a network."""
        slabs: list[tuple[float, float, str]] = []
        largest = max(
            (max(row.shape[0] or 1, 1) for row in sheet.layers if row.shape and len(row.shape) == 3),
            default=1,
        )
        parts = categories(sheet)
        for row in sheet.layers:
            category = parts[row.path]
            if category not in _SHOWN or not row.shape:
                continue
            if len(row.shape) == 3:
                share = (row.shape[0] or largest) / largest
                slabs.append((share, log2((row.shape[2] or 1) + 1), category))
            else:
                # A row of values stands upright, as its units are drawn.
                slabs.append((min(1.0, log2((row.shape[0] or 1) + 1) / 14), 1.0, "Classifier"))
        if slabs != self._slabs:
            self._slabs = slabs[:_LIMIT] if len(slabs) <= _LIMIT else slabs[:: -(-len(slabs) // _LIMIT)]
            self.update()

    def sizeHint(self) -> QSize:
        """A strip."""
        return QSize(theme.scaled(160), theme.scaled(self._height))

    def paintEvent(self, event: QPaintEvent) -> None:
        """The slabs, from the image to the answer."""
        if not self._slabs:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        gap = theme.scaled(3) if len(self._slabs) < 24 else theme.scaled(2)
        room = self.width() - gap * (len(self._slabs) - 1)
        units = sum(width + 1 for _share, width, _category in self._slabs)
        unit = min(theme.scaled(4), room / units)
        x, height = 0.0, self.height()
        for share, width, category in self._slabs:
            tall = max(theme.scaled(4), share * height)
            ink = colour(category)
            ink.setAlpha(225)
            painter.setBrush(ink)
            painter.drawRoundedRect(QRectF(x, (height - tall) / 2, (width + 1) * unit, tall), 1.5, 1.5)
            x += (width + 1) * unit + gap
        painter.end()
