"""The view that every picture is shown in: zoom, pan, read, link, copy and save."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QGuiApplication,
    QHelpEvent,
    QKeyEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import QMenu, QSizePolicy, QToolTip, QWidget
from shiboken6 import isValid

from convscope.imaging.lab.ring import Ring
from convscope.imaging.numerals import numeral
from convscope.ui import theme
from convscope.ui.canvas.gestures import ARROWS, MenuEntry, PanAndZoom, context_menu
from convscope.ui.canvas.picture_paint import (
    Rendering,
    Taps,
    paint_box,
    paint_caption,
    paint_edge,
    paint_peak,
    paint_ring,
    paint_window,
)
from convscope.ui.canvas.viewport import ImageZoom, Viewport
from convscope.ui.export.file_dialog import MOST_NUMBERS, as_table, choose_file, save_picture
from convscope.ui.qimage import to_image

CAPTION_HEIGHT = 22
# A ring of less than a pixel of the screen is drawn so wide, in design pixels.
LEAST_RING = 4
# A picture this alike in shape to the last one keeps what its linked views show.
_ALIKE = 0.1
# A photograph is smoothed up to this zoom; beyond it, and where it has fewer pixels, one looks at pixels.
SHARP_FROM, SMOOTH_FROM = 4.0, 64


class ImageView(PanAndZoom):
    """One picture, from fit to 64 screen points a pixel.

    The wheel zooms at the cursor, dragging pans, a double click fits, hovering reads, the right button
    copies or saves. Keys: + and − zoom, 0 fits, arrows pan, Ctrl+arrows read pixel by pixel, Enter clicks.

    Args:
        photographs: a picture a little enlarged is smoothed; else its pixels are sharp squares at any zoom.

    Signals:
        hovered: (row, column) of the pixel that is read, or None.
        clicked: row and column.
        view_changed: zoom, pan or the view's size changed.
        state_changed: the same, and whether a person zoomed or panned this view.
    """

    hovered = Signal(object)
    clicked = Signal(int, int)
    view_changed = Signal()
    state_changed = Signal(bool)
    state_type = ImageZoom

    def __init__(self, parent: QWidget | None = None, *, photographs: bool = False) -> None:
        super().__init__(parent)
        self._photographs = photographs
        self.view = Viewport()
        self._pixels: NDArray[np.uint8] | None = None
        self._values: NDArray[Any] | None = None
        self._small: NDArray[np.uint8] | None = None
        self._caption = ""
        # Whether there is room for all of the caption.
        self._whole = True
        self._nothing = ""
        self._words_of: Callable[[int, int], str] = lambda row, column: f"row {row}, column {column}"
        self._box: tuple[float, float, float, float] | None = None
        self._taps: Taps | None = None
        self._ring: Ring | None = None
        self._ring_renderings = [Rendering() for _ in range(4)]
        self._peak: tuple[int, int] | None = None
        self._hover: tuple[int, int] | None = None
        self._group: list[ImageView] = [self]
        self._by_hand = False
        self.view_changed.connect(self._tell_state)
        self._rendering = Rendering()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(theme.scaled(120), theme.scaled(96))
        self.setAccessibleName("Picture")
        self._fit_to_widget()

    # What is shown

    def set_pixels(
        self,
        pixels: NDArray[np.uint8],
        values: NDArray[Any] | None = None,
        small: NDArray[np.uint8] | None = None,
    ) -> None:
        """Show a picture; the arrays are kept, not copied, so they must not be written to afterwards.

        Zoom and pan stay when the size does, and in linked views when the shape is much the same; else the
        picture is fitted.

        Args:
            pixels: uint8, H×W (gray) or H×W×3 (RGB).
            values: what to read out and write into the pixels instead, H×W or H×W×channels.
            small: the picture averaged down already to the `reduced_size` at which it is shown.
        """
        if pixels.dtype != np.uint8 or pixels.ndim not in (2, 3) or pixels.shape[2:] not in ((), (3,)):
            raise ValueError(f"pixels must be uint8 H×W or H×W×3, not {pixels.dtype} {pixels.shape}")
        if values is not None and values.shape[:2] != pixels.shape[:2]:
            raise ValueError(f"values {values.shape} and pixels {pixels.shape} differ in size")
        height, width = int(pixels.shape[0]), int(pixels.shape[1])
        old = (self.view.height, self.view.width)
        self._pixels, self._values, self._small, self._nothing = pixels, values, small, ""
        self._rendering.clear()
        if old != (height, width):
            leader = next(iter(self._linked()), None)
            alike = old[0] > 0 and abs(old[0] * width / (old[1] * height) - 1) < _ALIKE
            self.view.width, self.view.height = width, height
            if leader is not None and leader.view.width and alike:
                self.view.follow(leader.view)
                self.view_changed.emit()
            else:
                self.view.fit()
                self._moved(by_hand=False)
            if self._hover is not None:
                self._hover_at(self.mapFromGlobal(self.cursor().pos()).toPointF())
        self.update()

    def show_nothing(self, words: str = "") -> None:
        """Show no picture, and in its place why there is none."""
        self._pixels = self._values = self._small = None
        self._nothing = words
        self._rendering.clear()
        self._box = self._taps = self._peak = None
        self.set_ring(None)
        self._set_hover(None)
        self.update()

    def set_places(self, words: Callable[[int, int], str]) -> None:
        """Say a place otherwise than by row and column, such as a frequency."""
        self._words_of = words

    @property
    def pixels(self) -> NDArray[np.uint8] | None:
        """The picture on show."""
        return self._pixels

    def set_caption(self, text: str) -> None:
        """The words below the picture."""
        if text != self._caption:
            self._caption = text
            self.setAccessibleDescription(text)
            self.update(self._caption_rect())

    def set_box(
        self, row: float, column: float, height: float, width: float, taps: Taps | None = None
    ) -> None:
        """Frame a window of the picture, in its pixels; it may reach over the edges.

        Args:
            taps: the rows and the columns of the window that are read, where it has gaps.
        """
        box = (row, column, height, width)
        if (box, taps) != (self._box, self._taps):
            self._box, self._taps = box, taps
            self.update()

    @property
    def taps(self) -> Taps | None:
        """What of the framed window is read; None: all of it, or there is no window."""
        return self._taps

    def clear_box(self) -> None:
        """Take the frame away."""
        if self._box is not None:
            self._box = self._taps = None
            self.update()

    def set_ring(self, ring: Ring | None) -> None:
        """Show what is padded around the picture; None: nothing is."""
        if ring is not None and ring is self._ring:
            return
        self._ring = ring
        for rendering in self._ring_renderings:
            rendering.clear()
        self.set_margins(ring.amounts if ring is not None else (0, 0, 0, 0))

    @property
    def ring(self) -> Ring | None:
        """What is padded around the picture."""
        return self._ring

    def set_margins(self, pixels: tuple[float, float, float, float]) -> None:
        """Leave room around the picture: above, below, on the left and on the right, in its pixels."""
        if pixels != self.view.ring:
            self.view.ring, self.view.frame = pixels, theme.scaled(LEAST_RING)
            self.view.settle()
            self.view_changed.emit()
        self.update()

    def set_peak(self, place: tuple[int, int] | None) -> None:
        """Mark the pixel of the largest value."""
        if place != self._peak:
            self._peak = place
            self.update()

    @property
    def peak(self) -> tuple[int, int] | None:
        """The pixel that is marked as the largest."""
        return self._peak

    # What part is shown

    def link(self, *others: ImageView) -> None:
        """Keep zoom and pan in step, all with all, by the share of each picture."""
        group = list(dict.fromkeys(member for view in (self, *others) for member in view._group))
        for view in group:
            view._group = group
        self._moved(by_hand=False)

    def has_picture(self) -> bool:
        return self._pixels is not None

    def zoom_to(self, factor: float, row: float, column: float) -> None:
        """Show `factor` screen points a pixel, with the middle of this pixel in the middle."""
        self.view.look_at(factor, column + 0.5, row + 0.5)
        self._moved()

    def view_state(self) -> ImageZoom | None:
        """The part on show that a person went to; None: all of it."""
        view = self.view
        if view.fitted or not view.width:
            return None
        return ImageZoom(view.scale, view.centre_x, view.centre_y, view.width, view.height)

    def show_state(self, state: ImageZoom | None) -> bool:
        """Show that part; False: of a picture of this size it says nothing."""
        view = self.view
        if state is None:
            view.fit()
        elif (view.width, view.height) != (state.width, state.height):
            return False
        else:
            view.look_at(state.scale, state.x, state.y)
        self._moved(by_hand=False)
        return True

    def visible_region(self) -> tuple[float, float, float, float]:
        """The part on show: (top, left, height, width) in the picture's pixels."""
        return self.view.visible()

    def pixel_at(self, position: QPointF) -> tuple[int, int] | None:
        """The (row, column) at a place of the widget."""
        # Events give a screen pixel's upper left corner; the picture is sampled at its centre.
        return (
            self.view.pixel_at(position.x() + 0.5, position.y() + 0.5) if self._pixels is not None else None
        )

    def position_of(self, row: float, column: float) -> QPointF:
        """Where an event in the middle of a pixel happens: the inverse of `pixel_at`."""
        return QPointF(*self.view.to_screen(column + 0.5, row + 0.5)) - QPointF(0.5, 0.5)

    def readout(self) -> str:
        """The pixel that is read, in words: "row 41, column 17: 203, 180, 95"."""
        if self._hover is None or self._pixels is None:
            return ""
        row, column = self._hover
        source = self._pixels if self._values is None else self._values
        numbers = ", ".join(numeral(float(value)) for value in np.atleast_1d(source[row, column]))
        return f"{self._words_of(row, column)}: {numbers}"

    # Out

    def copy(self) -> None:
        """Put the whole picture on the clipboard, one pixel a pixel."""
        if self._pixels is not None:
            QGuiApplication.clipboard().setImage(to_image(self._pixels).copy())

    def copy_numbers(self) -> None:
        """Put the numbers of the pixels on show on the clipboard as a table, channels under each other."""
        if self._pixels is not None:
            source = self._pixels if self._values is None else self._values
            first, last, left, right = self.view.visible_pixels()
            QGuiApplication.clipboard().setText(as_table(source[first:last, left:right]))

    def save(self, path: str) -> None:
        """Write the whole picture as PNG; a failure is said in a message box."""
        if self._pixels is not None:
            save_picture(self, path, self._pixels)

    def menu(self) -> QMenu:
        """What the right button offers."""
        _, _, height, width = self.view.visible()
        shown = self.has_picture()
        few = shown and height * width <= MOST_NUMBERS
        return context_menu(
            self,
            "picture",
            (
                MenuEntry("copy", "Copy picture", self.copy, shown),
                MenuEntry("save", "Save picture as PNG…", lambda: choose_file(self, self.save), shown),
                MenuEntry("copy_numbers", "Copy the numbers on show", self.copy_numbers, few),
                None,
                MenuEntry("fit", "Fit", self.fit, shown),
                MenuEntry("actual", "One to one", lambda: self.zoom(1 / self.view.scale), shown),
            ),
        )

    # Zoom and pan

    def _linked(self) -> Iterator[ImageView]:
        return (view for view in self._group if view is not self and isValid(view))

    def _moved(self, *, by_hand: bool = True) -> None:
        """Tell the linked views once; they follow without telling anyone back."""
        self.update()
        for other in self._linked():
            other.view.follow(self.view)
            other.update()
            other.view_changed.emit()
        self._by_hand = by_hand
        self.view_changed.emit()
        self._by_hand = False

    def _tell_state(self) -> None:
        self.state_changed.emit(self._by_hand)

    def _fit_to_widget(self) -> None:
        self.view.resize(self.width(), max(1, self.height() - theme.scaled(CAPTION_HEIGHT)))

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._fit_to_widget()
        self.view_changed.emit()

    def sizeHint(self) -> QSize:
        return QSize(theme.scaled(320), theme.scaled(320))

    def changeEvent(self, event: QEvent) -> None:
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.StyleChange, QEvent.Type.FontChange):
            for rendering in (self._rendering, *self._ring_renderings):
                rendering.clear()
            self.view.frame = theme.scaled(LEAST_RING)
            self._fit_to_widget()
        super().changeEvent(event)

    def _clicked_at(self, position: QPointF) -> None:
        place = self.pixel_at(position)
        if place is not None:
            self.clicked.emit(*place)

    def event(self, event: QEvent) -> bool:
        if (
            isinstance(event, QHelpEvent)
            and event.type() == QEvent.Type.ToolTip
            and not self._whole
            and self._caption_rect().contains(event.pos())
        ):
            QToolTip.showText(event.globalPos(), self._caption, self)
            return True
        return super().event(event)

    def leaveEvent(self, event: QEvent) -> None:
        self._set_hover(None)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        control = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        if self._pixels is None:
            super().keyPressEvent(event)
        elif key in ARROWS and control:
            down, right = ARROWS[key]
            row, column = self._hover or self._middle_pixel()
            row = min(max(row + down, 0), self.view.height - 1)
            column = min(max(column + right, 0), self.view.width - 1)
            self._set_hover((row, column))
            self.setAccessibleDescription(self.readout())
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._hover is not None:
            self.clicked.emit(*self._hover)
        else:
            super().keyPressEvent(event)

    def _middle_pixel(self) -> tuple[int, int]:
        return (int(self.view.centre_y), int(self.view.centre_x))

    def _hover_at(self, position: QPointF) -> None:
        self._set_hover(self.pixel_at(position))

    def _set_hover(self, place: tuple[int, int] | None) -> None:
        if place != self._hover:
            self._hover = place
            self.update()
            self.hovered.emit(place)

    # Painting

    def _caption_rect(self) -> QRect:
        height = theme.scaled(CAPTION_HEIGHT)
        return QRect(0, self.height() - height, self.width(), height)

    def paintEvent(self, event: QPaintEvent) -> None:
        colours = theme.tokens()
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(colours.window))
        if self._pixels is not None:
            painter.save()
            painter.setClipRect(QRectF(0, 0, self.view.view_width, self.view.view_height))
            self._paint_picture(painter)
            if self._ring is not None:
                paint_ring(painter, self.view, self._ring, self._ring_renderings, self.devicePixelRatioF())
            if self._peak is not None:
                paint_peak(painter, self.view, self._peak)
            if self._box is not None:
                paint_window(painter, self.view, self._box, self._taps, QColor(colours.accent), 6.0)
            if self._hover is not None and self.view.scale >= 4:
                paint_box(painter, self.view, (*self._hover, 1, 1), QColor(colours.text), 0.0)
            painter.restore()
        elif self._nothing:
            painter.setPen(QColor(colours.secondary))
            place = QRectF(8, 0, self.view.view_width - 16, self.view.view_height)
            painter.drawText(place, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, self._nothing)
        words = self.readout() or self._scale_words()
        bright = self._hover is not None
        self._whole = paint_caption(painter, self._caption_rect(), self._caption, words, bright=bright)
        if self.hasFocus():
            painter.setPen(QPen(QColor(colours.accent), 1))
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        painter.end()

    def _paint_picture(self, painter: QPainter) -> None:
        assert self._pixels is not None
        large = min(self._pixels.shape[:2]) >= SMOOTH_FROM
        smooth = self._photographs and large and self.view.scale < SHARP_FROM
        ratio = self.devicePixelRatioF()
        self._rendering.paint(
            painter, self.view, ratio, self._pixels, self._values, smooth=smooth, small=self._small
        )
        paint_edge(painter, self.view, QColor(theme.tokens().line))

    def _scale_words(self) -> str:
        if self._pixels is None:
            return ""
        scale = self.view.scale
        return f"{scale:.3g}×" if scale >= 10 else f"{scale * 100:.0f} %"
