"""What a chart is drawn on, and how its numbers are written."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QFocusEvent,
    QGuiApplication,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QAbstractScrollArea, QMenu, QStyleOptionGraphicsItem, QToolButton, QWidget

from convscope.ui import theme
from convscope.ui.canvas.gestures import FIT, DoubleClickFits, MenuEntry, context_menu, key_zoom
from convscope.ui.export.file_dialog import choose_file, save_picture

# More dots than these would touch each other.
MOST_DOTS = 200
BEYOND = 16  # pixels at the right of the x axis, and how far a label may reach
Range = tuple[float, float]


class PlainAxis(pg.AxisItem):
    """An axis whose numbers are plain decimals, however small: "0.0005"."""

    def tickStrings(self, values: Sequence[float], scale: float, spacing: float) -> list[str]:
        # As many digits behind the point as tell two neighbours apart.
        digits = max(0, -math.floor(math.log10(spacing * scale) + 1e-9)) if spacing > 0 else 0
        return [f"{value * scale:.{digits}f}" for value in values]


@dataclass(frozen=True)
class PlotZoom:
    """The part of a chart that a person went to, in the units of its axes."""

    x: Range
    y: Range


class Plot(DoubleClickFits, pg.PlotWidget):
    """A plot that shows all of its data, or a part that a person has zoomed to, never what lies outside.

    A drag pans. The wheel zooms where it has no page to scroll; where it has, it needs a click on the plot
    first, or Ctrl. A double click, 0, Home or the button "Fit", which is there while a part is shown, shows
    all; plus and minus zoom. The right button copies or saves.

    Args:
        name: it is called "name.plot", and its button "name.fit".
        says: accessible name.

    Attributes:
        pictured: what the right button copies or saves: the plot itself, or the chart around it.
        zoomed: whether a part is shown that a person has chosen.
        measured: whether painting is measured; asking for the time of a thread costs time itself.
        spent: seconds of this thread that measured paintings have taken so far.

    Signals:
        moved: the pointer is at a place of the widget, or (None) has left it.
        zoom_changed: a person has zoomed, moved, or gone back to all.
        state_changed: another part may be on show; whether by a person's hand.
    """

    measured = False
    spent = 0.0

    moved = Signal(object)
    zoom_changed = Signal()
    state_changed = Signal(bool)
    state_type = PlotZoom

    def __init__(self, name: str, says: str, parent: QWidget | None = None) -> None:
        super().__init__(parent, enableMenu=False, axisItems={"bottom": PlainAxis("bottom")})
        self.setObjectName(f"{name}.plot")
        self.setAccessibleName(says)
        self.zoomed = False
        self.pictured: QWidget = self
        self._whole: tuple[Range, Range] = ((0.0, 0.0), (0.0, 0.0))
        self.button = QToolButton(self)
        self.button.setObjectName(f"{name}.fit")
        self.button.setText("Fit")
        self.button.setAccessibleName("Show the whole chart")
        self.button.setToolTip("Show the whole chart (double click)")
        self.button.setIcon(theme.icon("maximize"))
        self.button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.button.clicked.connect(lambda: self.fit())
        self.button.hide()
        self.reading = theme.with_figures(theme.label("", "caption", self))
        self.reading.setObjectName(f"{name}.reading")
        self.reading.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.reading.hide()
        self.hideButtons()
        # pyqtgraph makes a menu all the same, which would outlive the window.
        menu = self.getPlotItem().ctrlMenu
        menu.setParent(self, menu.windowFlags())
        self.setFrameShape(self.Shape.NoFrame)
        self.setAntialiasing(False)
        box = self.getViewBox()
        box.disableAutoRange()
        box.setDefaultPadding(0)
        box.sigRangeChangedManually.connect(self._changed_by_hand)
        for side in ("left", "bottom"):
            axis = self.getAxis(side)
            axis.setStyle(tickLength=-4, tickTextOffset=4, autoExpandTextSpace=False)
            axis.enableAutoSIPrefix(False)
            # Its words are drawn anew only when they change: half of a drawing's time.
            axis.setCacheMode(axis.CacheMode.DeviceCoordinateCache)
        self.paint_theme()

    def paint_theme(self) -> None:
        """Take the colours and measures of the theme in force."""
        colours = theme.tokens()
        self.setBackground(colours.panel)
        for side in ("left", "bottom"):
            axis = self.getAxis(side)
            axis.setPen(pg.mkPen(colours.line))
            axis.setTextPen(pg.mkPen(colours.secondary))
            axis.setTickFont(theme.font(11, figures=True))
            # A label at the end of an axis reaches beyond it by half its own length, for which there is room.
            axis.setStyle(hideOverlappingLabels=theme.scaled(BEYOND))
        self.getPlotItem().setContentsMargins(0, 2, theme.scaled(BEYOND), 0)
        self.getAxis("left").setWidth(theme.scaled(44))
        self.getAxis("bottom").setHeight(theme.scaled(20))
        self.showGrid(x=False, y=True, alpha=0.12)

    # What is shown

    def show_whole(self, x: Range, y: Range) -> None:
        """All of the data lie within these; a part that a person has zoomed to stays on show."""
        box = self.getViewBox()
        if (x, y) != self._whole:
            self._whole = (x, y)
            # A part may be as small as a thousandth: between two numbers nothing is to be seen.
            box.setLimits(
                xMin=x[0],
                xMax=x[1],
                yMin=y[0],
                yMax=y[1],
                minXRange=(x[1] - x[0]) / 1000,
                minYRange=(y[1] - y[0]) / 1000,
            )
        if not self.zoomed and not self._shows_whole():
            box.setRange(xRange=x, yRange=y, padding=0, disableAutoRange=False)
        self.state_changed.emit(False)

    def fit(self, *, by_hand: bool = True) -> None:
        """Show all, and go on doing so."""
        if by_hand:
            self.state_changed.emit(True)
        was, self.zoomed = self.zoomed, False
        self.show_whole(*self._whole)
        self.button.hide()
        if was:
            self.zoom_changed.emit()

    def view_state(self) -> PlotZoom | None:
        """The part on show that a person went to; None: all of it."""
        return PlotZoom(*(tuple(side) for side in self.getViewBox().viewRange())) if self.zoomed else None

    def show_state(self, state: PlotZoom | None) -> bool:
        """Show that part; False: the data do not reach so far."""
        if state is None:
            self.fit(by_hand=False)
            return True
        for shown, whole in zip((state.x, state.y), self._whole, strict=True):
            if not (whole[0] <= shown[0] < shown[1] <= whole[1]):
                return False
        self.zoomed = True
        self.button.show()
        self.getViewBox().setRange(xRange=state.x, yRange=state.y, padding=0, disableAutoRange=False)
        self.zoom_changed.emit()
        return True

    def follow(self, other: Plot) -> None:
        """Show the same part of the x axis as another plot, or all; tells nobody."""
        self.zoomed = other.zoomed
        self.button.setVisible(self.zoomed)
        self.show_whole(*self._whole)
        if self.zoomed:
            self.getViewBox().setXRange(*other.getViewBox().viewRange()[0], padding=0)

    def zoom(self, factor: float) -> None:
        """Show so many times as much, about the middle."""
        self.getViewBox().scaleBy((factor, factor))
        self._changed_by_hand()

    def _shows_whole(self) -> bool:
        now = self.getViewBox().viewRange()
        return all(
            abs(a - b) <= 1e-6 * (whole[1] - whole[0])
            for shown, whole in zip(now, self._whole, strict=True)
            for a, b in zip(shown, whole, strict=True)
        )

    def _changed_by_hand(self, *_: object) -> None:
        was, self.zoomed = self.zoomed, not self._shows_whole()
        self.button.setVisible(self.zoomed)
        self.state_changed.emit(True)
        if self.zoomed or was:
            self.zoom_changed.emit()

    # Events

    def wheelEvent(self, event: QWheelEvent) -> None:
        control = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        outwards = event.angleDelta().y() < 0
        if (outwards and not self.zoomed) or not (control or self.hasFocus() or not self._page_scrolls()):
            event.ignore()
            return
        super().wheelEvent(event)

    def _page_scrolls(self) -> bool:
        """Whether the wheel would scroll what the plot stands in."""
        above = self.parentWidget()
        while above is not None:
            if isinstance(above, QAbstractScrollArea) and above.verticalScrollBar().maximum() > 0:
                return True
            above = above.parentWidget()
        return False

    def keyPressEvent(self, event: QKeyEvent) -> None:
        factor = key_zoom(event)
        if factor == FIT or event.key() == Qt.Key.Key_Home:
            self.fit()
        elif factor is not None:
            self.zoom(1 / factor)
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        # pyqtgraph calls it by itself, before there is a button.
        super().resizeEvent(event)
        if hasattr(self, "button"):
            self._place_button()

    def _place_button(self) -> None:
        size = self.button.sizeHint()
        self.button.setGeometry(self.width() - size.width() - theme.scaled(BEYOND), 4, *size.toTuple())

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.StyleChange, QEvent.Type.PaletteChange) and hasattr(self, "button"):
            self.paint_theme()
            self._place_button()

    def paintEvent(self, event: QPaintEvent) -> None:
        began = time.thread_time() if self.measured else 0.0
        super().paintEvent(event)
        if self.hasFocus():
            painter = QPainter(self.viewport())
            painter.setPen(QColor(theme.tokens().accent))
            painter.drawRect(self.viewport().rect().adjusted(0, 0, -1, -1))
            painter.end()
        if self.measured:
            self.spent += time.thread_time() - began

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.viewport().update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.viewport().update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        self.moved.emit(event.position())

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self.moved.emit(None)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        self.menu().popup(event.globalPos())

    def menu(self) -> QMenu:
        """What the right button offers."""

        def copy() -> None:
            QGuiApplication.clipboard().setPixmap(self.pictured.grab())

        def save() -> None:
            choose_file(self, lambda path: save_picture(self, path, self.pictured.grab()))

        return context_menu(
            self,
            "chart",
            (
                MenuEntry("copy", "Copy picture", copy),
                MenuEntry("save", "Save picture as PNG…", save),
                None,
                MenuEntry("fit", "Fit", self.fit),
            ),
        )

    def x_at(self, position: QPointF | None) -> float | None:
        """What the pointer is over on the x axis, in its units; None where it is beside the curves."""
        if position is None:
            return None
        box, at = self.getViewBox(), self.mapToScene(position.toPoint())
        return float(box.mapSceneToView(at).x()) if box.sceneBoundingRect().contains(at) else None

    def say(self, words: str) -> None:
        """Tell in the corner what is read at the pointer; "": nothing."""
        self.reading.setText(words)
        self.reading.setVisible(bool(words))
        self.reading.adjustSize()
        left = self.getAxis("left").width() + theme.scaled(6)
        self.reading.move(round(left), 2)


class CurveItem(pg.PlotCurveItem):
    """A curve whose bounds are all that is on show: nobody asks for its own, which take long to find."""

    def boundingRect(self) -> QRectF:
        box = self.getViewBox()
        return QRectF() if box is None else box.viewRect()


class DotsItem(pg.GraphicsObject):
    """A dot at each point of a curve, as long as they are few.

    Args:
        colour: #RRGGBB.
        radius: in pixels.
    """

    def __init__(self, colour: str, radius: float) -> None:
        super().__init__()
        self._colour, self._radius = QColor(colour), radius
        self._points: list[QPointF] = []

    def set_points(self, x: NDArray[np.float64], y: NDArray[np.float64]) -> None:
        """Where the dots are; a value that is no number has none."""
        few = len(x) <= MOST_DOTS
        pairs = zip(x.tolist(), y.tolist(), strict=True) if few else ()
        self._points = [QPointF(a, b) for a, b in pairs if math.isfinite(b)]
        self.update()

    def boundingRect(self) -> QRectF:
        box = self.getViewBox()
        return QRectF() if box is None else box.viewRect()

    def viewTransformChanged(self) -> None:
        self.prepareGeometryChange()

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        to_screen = painter.transform()
        painter.resetTransform()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._choose_pen(painter)
        for point in self._points:
            painter.drawEllipse(to_screen.map(point), self._radius, self._radius)

    def _choose_pen(self, painter: QPainter) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._colour)


class RingItem(DotsItem):
    """Rings in place of dots."""

    def _choose_pen(self, painter: QPainter) -> None:
        painter.setPen(QPen(self._colour, 2))
        painter.setBrush(Qt.BrushStyle.NoBrush)


def short(value: float) -> str:
    """A number in six letters: "0.003", "2.9e−4"."""
    if value == 0 or 1e-3 <= abs(value) < 1e4:
        return f"{value:.4g}" if abs(value) >= 10 else f"{value:.2g}"
    mantissa, power = f"{value:.1e}".split("e")
    return f"{mantissa.removesuffix('.0')}e{int(power)}".replace("-", "−")


def rounded(step: float) -> float:
    """The next number of the form 1, 2, 5 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(step))
    return next(power * digit for digit in (1.0, 2.0, 5.0, 10.0) if power * digit >= step * 0.999)


def upright(x: float, words: str, colour: str, dashes: list[float], height: float) -> pg.InfiniteLine:
    """An upright line with its name beside it, hanging from a share of the chart's height."""
    pen = pg.mkPen(colour, width=1)
    pen.setDashPattern(dashes)
    options = {"color": colour, "position": height, "anchors": [(0, 0), (1, 0)]}
    line = pg.InfiniteLine(x, angle=90, pen=pen, label=words, labelOpts=options)
    line.label.setFont(theme.font(11))
    line.setZValue(30)
    return line
