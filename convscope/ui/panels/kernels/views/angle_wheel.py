"""The legend of the angle picture: which colour is which direction, in radians."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPixmap
from PySide6.QtWidgets import QSizePolicy, QWidget

from convscope.imaging.lab import gradient as gradients
from convscope.ui import theme
from convscope.ui.qimage import to_image

DISC, LINE, BESIDE = 56, 14, 30
# (text, direction to the right, downwards): y points down, as rows do.
MARKS = (("0", 1, 0), ("π/2", 0, 1), ("±π", -1, 0), ("−π/2", 0, -1))


class AngleWheel(QWidget):
    """A disc of colours with 0, π/2, ±π and −π/2 around it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("kernels.gradient.wheel")
        self.setAccessibleName("Colours of the angle in radians: 0 to the right, π/2 downwards")
        self.setToolTip("The angle in radians: 0 where it gets brighter to the right, π/2 downwards")
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self._weighed = True
        self._disc: QPixmap | None = None

    def set_weighed(self, weighed: bool) -> None:
        """Whether weak gradients are dark, as the middle of the disc is then."""
        if weighed != self._weighed:
            self._weighed, self._disc = weighed, None
            self.update()

    def sizeHint(self) -> QSize:
        return QSize(theme.scaled(DISC + 2 * BESIDE), theme.scaled(DISC + 2 * LINE))

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.StyleChange):
            self._disc = None
            self.updateGeometry()

    def paintEvent(self, event: QPaintEvent) -> None:
        colours = theme.tokens()
        if self._disc is None:
            ground = QColor(colours.panel)
            pixels = gradients.colour_wheel(
                2 * theme.scaled(DISC), (ground.red(), ground.green(), ground.blue()), weighed=self._weighed
            )
            self._disc = QPixmap.fromImage(to_image(pixels))
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        middle = QPointF(self.width() / 2, self.height() / 2)
        radius = theme.scaled(DISC) / 2
        area = QRectF(middle.x() - radius, middle.y() - radius, 2 * radius, 2 * radius)
        painter.drawPixmap(area, self._disc, QRectF(self._disc.rect()))
        painter.setFont(theme.font(11, mono=True))
        painter.setPen(QColor(colours.text))
        wide, high = theme.scaled(BESIDE), theme.scaled(LINE)
        for text, right, down in MARKS:
            x = middle.x() + right * (radius + wide / 2)
            y = middle.y() + down * (radius + high / 2)
            place = QRectF(x - wide, y - high / 2, 2 * wide, high)
            painter.drawText(place, Qt.AlignmentFlag.AlignCenter, text)
        painter.end()
