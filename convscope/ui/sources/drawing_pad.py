"""The drawing pad: a small picture drawn by hand, which the current panel shows as it grows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QKeySequence, QMouseEvent, QPainter, QPaintEvent, QShortcut
from PySide6.QtWidgets import (
    QButtonGroup,
    QComboBox,
    QDialog,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from convscope.imaging.draw import Canvas, Stroke
from convscope.ui import naming, theme
from convscope.ui.forms.form import slider, vertical
from convscope.ui.forms.wheel import wheel_needs_focus
from convscope.ui.sources.live import LivePlace
from convscope.workspace.document import Document, Part
from convscope.workspace.images import unique_name
from convscope.workspace.workspace import Workspace

SIZES = (28, 32, 48, 64)
SIDE = 336  # pixels on the screen: twelve for each of 28


@dataclass(frozen=True)
class Drawing:
    """What is on the pad, for undo: rows and columns, and the strokes in their order."""

    size: int = SIZES[0]
    strokes: tuple[Stroke, ...] = ()


@dataclass(frozen=True)
class PadDrawing:
    """The drawing on the pad, as the document keeps it.

    Attributes:
        image: the id of the image that it is in the strip.
        name: what that is called.
    """

    image: str
    name: str
    drawing: Drawing


class PadSurface(QWidget):
    """The canvas, enlarged; the left button draws with the chosen tool, the right one erases.

    Signals:
        changed: something was drawn.
        lifted: a stroke is over.
    """

    changed = Signal()
    lifted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        naming.give(self, "pad.surface", "Drawing surface")
        self.setAccessibleDescription("Draw with the mouse or a pen")
        self.setCursor(Qt.CursorShape.CrossCursor)
        self.setFixedSize(theme.scaled(SIDE), theme.scaled(SIDE))
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.canvas = Canvas(SIZES[0])
        self.radius = 1.2
        self.erasing = False
        self._drawing = False

    @property
    def drawing(self) -> bool:
        """Whether the pen is down."""
        return self._drawing

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() not in (Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton):
            return
        x, y = self._at(event.position())
        erase = self.erasing or event.button() == Qt.MouseButton.RightButton
        self.canvas.begin_stroke(x, y, self.radius, erase=erase)
        self._drawing = True
        self._tell()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._drawing:
            self.canvas.add_point(*self._at(event.position()))
            self._tell()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._drawing:
            self._drawing = False
            self.lifted.emit()

    def show_canvas(self, canvas: Canvas) -> None:
        """Another canvas; a stroke that is being drawn is given up."""
        self._drawing = False
        self.canvas = canvas
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        pixels = self.canvas.render()
        size = self.canvas.size
        picture = QImage(pixels.data, size, size, pixels.strides[0], QImage.Format.Format_Grayscale8)
        painter = QPainter(self)
        painter.drawImage(QRectF(self.rect()), picture)
        painter.setPen(QColor(theme.tokens().line))
        painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        painter.end()

    def _at(self, position: QPointF) -> tuple[float, float]:
        return (
            position.x() * self.canvas.size / self.width(),
            position.y() * self.canvas.size / self.height(),
        )

    def _tell(self) -> None:
        self.update()
        self.changed.emit()


class DrawingPad(QDialog):
    """The pad with its tools; it does not block the window.

    Args:
        workspace: where the drawing is the current image, stroke by stroke.
    """

    def __init__(self, workspace: Workspace, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("pad")
        self.setWindowTitle("Draw")
        self._workspace = workspace
        self._place = LivePlace(workspace)
        self._name = ""
        self._kept: Part[PadDrawing | None] = workspace.part("pad", None, kind=PadDrawing | None)
        self._slots = Document()
        self._drawing = self._slots.part("drawing", Drawing())
        self.surface = PadSurface(self)
        self.surface.changed.connect(self._show)
        self.surface.lifted.connect(self._stroke_done)
        self.brush = self._tool("pad.brush", "Brush", "brush")
        self.eraser = self._tool("pad.eraser", "Eraser", "eraser")
        tools = QButtonGroup(self)
        for button in (self.brush, self.eraser):
            button.setCheckable(True)
            tools.addButton(button)
        self.brush.setChecked(True)
        self.eraser.toggled.connect(self._choose_tool)
        self.width_ = slider("pad.width", "Brush width", 5, 40)
        self.width_.setToolTip("Brush width")
        self.width_.setValue(12)
        self.width_.valueChanged.connect(self._choose_width)
        self.size_ = naming.give(QComboBox(self), "pad.size", "Size of the drawing in pixels")
        wheel_needs_focus(self.size_)
        for size in SIZES:
            self.size_.addItem(f"{size} × {size}", size)
        self.size_.currentIndexChanged.connect(self._choose_size)
        self.undo = self._tool("pad.undo", "Undo stroke", "undo-2", self._undo)
        self.redo = self._tool("pad.redo", "Redo stroke", "redo-2", self._redo)
        self.clear = self._push("pad.clear", "Clear", self._clear)
        self.new = self._push("pad.new", "New drawing", self.begin)
        self.finish = self._push("pad.done", "Done", self.close)
        self.finish.setProperty("role", "primary")
        self._lay_out()
        for keys, run in (("Ctrl+Z", self._undo), ("Ctrl+Shift+Z", self._redo), ("Ctrl+Y", self._redo)):
            QShortcut(QKeySequence(keys), self).activated.connect(run)
        self._follow_history()

    def open_pad(self) -> None:
        """Show the pad, with the drawing that is in the strip or a new one."""
        if not self._place.occupied and not self._go_on():
            self.begin()
        self.show()
        self.raise_()
        self.activateWindow()

    def _go_on(self) -> bool:
        """Take up the drawing of an earlier window, stroke by stroke, so that undo takes them back."""
        kept = self._kept.value
        if kept is None or kept.drawing.size not in SIZES or not self._place.return_to(kept.image):
            return False
        self._name = kept.name
        self._slots = Document()
        self._drawing = self._slots.part("drawing", Drawing(kept.drawing.size))
        strokes = kept.drawing.strokes
        for number, stroke in enumerate(strokes, 1):
            label = "Erase" if stroke.erase else "Draw a stroke"
            self._drawing.edit(Drawing(kept.drawing.size, strokes[:number]), label)
        self._follow_history()
        self._put(self._drawing.value)
        return True

    def begin(self) -> None:
        """Start another drawing; the last one stays in the strip."""
        self._place.leave()
        self._name = unique_name("drawing", self._workspace.images)
        # The steps that led to the last drawing do not lead to this one.
        self._slots = Document()
        self._drawing = self._slots.part("drawing", Drawing(self.surface.canvas.size))
        self._follow_history()
        self._put(self._drawing.value)

    def _follow_history(self) -> None:
        self._drawing.changed.connect(self._put)
        self._slots.changed.connect(self._show_history)
        self._show_history()

    def _show(self) -> None:
        self._place.show(self.surface.canvas.image(self._name))

    def _put(self, drawing: Drawing) -> None:
        """Show what an edit, an undo or a redo led to."""
        canvas = self.surface.canvas
        if (canvas.size, canvas.strokes) != (drawing.size, drawing.strokes):
            self.surface.show_canvas(Canvas(drawing.size, drawing.strokes))
            with QSignalBlocker(self.size_):
                self.size_.setCurrentIndex(SIZES.index(drawing.size))
        self._show()
        if self._place.image_id is not None:
            self._kept.set(PadDrawing(self._place.image_id, self._name, drawing))

    def _stroke_done(self) -> None:
        canvas = self.surface.canvas
        label = "Erase" if canvas.strokes[-1].erase else "Draw a stroke"
        self._drawing.edit(Drawing(canvas.size, canvas.strokes), label)

    def _undo(self) -> None:
        if self.surface.drawing:
            # The stroke that is being drawn was no step yet.
            self._put(self._drawing.value)
        else:
            self._slots.undo("pad")

    def _redo(self) -> None:
        self._slots.redo("pad")

    def _show_history(self) -> None:
        for button, word, label in (
            (self.undo, "Undo", self._slots.undo_label("pad")),
            (self.redo, "Redo", self._slots.redo_label("pad")),
        ):
            button.setEnabled(label is not None)
            text = f"{word}: {label[0].lower()}{label[1:]}" if label else f"Nothing to {word.lower()}"
            button.setToolTip(text)
            button.setAccessibleName(text)

    def _clear(self) -> None:
        self._drawing.edit(Drawing(self.surface.canvas.size), "Clear")

    def _choose_tool(self, erasing: bool) -> None:
        self.surface.erasing = erasing

    def _choose_width(self, tenths: int) -> None:
        self.surface.radius = tenths / 10

    def _choose_size(self, index: int) -> None:
        old, size = self.surface.canvas, SIZES[index]
        scale = size / old.size
        strokes = tuple(
            Stroke(tuple((x * scale, y * scale) for x, y in s.points), s.radius * scale, s.erase)
            for s in old.strokes
        )
        self._drawing.edit(Drawing(size, strokes), f"Draw on {size} × {size} pixels")

    def _lay_out(self) -> None:
        tools = QHBoxLayout()
        for widget in (self.brush, self.eraser):
            tools.addWidget(widget)
        tools.addWidget(self.width_, 1)
        tools.addWidget(self.undo)
        tools.addWidget(self.redo)
        below = QHBoxLayout()
        size = QLabel("Pixels")
        size.setBuddy(self.size_)
        below.addWidget(size)
        below.addWidget(self.size_)
        below.addStretch(1)
        for button in (self.clear, self.new, self.finish):
            below.addWidget(button)
        layout = vertical(self, tools, margins=12)
        layout.addWidget(self.surface, 0, Qt.AlignmentFlag.AlignHCenter)
        layout.addLayout(below)
        layout.setSizeConstraint(QVBoxLayout.SizeConstraint.SetFixedSize)

    def _tool(
        self, name: str, title: str, icon: str, clicked: Callable[[], object] | None = None
    ) -> QToolButton:
        button = naming.give(QToolButton(self), name, title, title)
        button.setIcon(theme.icon(icon))
        button.setIconSize(QSize(theme.scaled(18), theme.scaled(18)))
        if clicked is not None:
            button.clicked.connect(lambda _=False: clicked())
        return button

    def _push(self, name: str, title: str, clicked: Callable[[], object]) -> QPushButton:
        button = naming.give(QPushButton(title, self), name, title)
        # Enter in the size box must not clear the drawing.
        button.setAutoDefault(False)
        button.clicked.connect(lambda _=False: clicked())
        return button
