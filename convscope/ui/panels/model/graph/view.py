"""The view of a network's graph: zoom, pan, point at a box, choose it, copy and save the picture."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QMenu, QSizePolicy, QToolTip

from convscope.ui import theme
from convscope.ui.canvas.gestures import MenuEntry, PanAndZoom, context_menu
from convscope.ui.canvas.viewport import Viewport
from convscope.ui.export.file_dialog import choose_file
from convscope.ui.panels.model.graph.paint import GraphPicture, Stamps, paint_graph, rectangle

LARGEST, LARGEST_FIT = 3.0, 1.1
GRAPH_FORMATS = (".png", ".svg")


@dataclass
class GraphViewport(Viewport):
    """As of a picture, but letters are never blown up."""

    @property
    def fit_scale(self) -> float:
        return min(super().fit_scale, LARGEST_FIT * theme.zoom())

    @property
    def limits(self) -> tuple[float, float]:
        return min(self.fit_scale, 1.0), LARGEST * theme.zoom()


class GraphView(PanAndZoom):
    """A graph: the wheel zooms at the cursor, dragging pans, a double click fits, a click chooses a box.

    Keys: + and − zoom, 0 fits, arrows pan, Page up and Page down go along the boxes.

    Signals:
        chosen: the path of the box's layer.
        resized: there is another amount of room.
        moved: a person zoomed, panned or fitted, or what was chosen was brought into view.
        copy_requested: a person wants the whole graph on the clipboard.
        save_requested: the file that a person chose for a picture.
    """

    chosen = Signal(str)
    resized = Signal()
    moved = Signal()
    copy_requested = Signal()
    save_requested = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.view = GraphViewport()
        self._stamps = Stamps()
        self._picture: GraphPicture | None = None
        self._current: str | None = None
        self._found: frozenset[str] = frozenset()
        self._hover: str | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("Graph of the network")

    @property
    def picture(self) -> GraphPicture | None:
        return self._picture

    def set_picture(self, picture: GraphPicture | None) -> None:
        self._picture = picture
        self._hover = None
        self._found = frozenset()
        size = (picture.layout.width, picture.layout.height) if picture is not None else (0, 0)
        self.view.width, self.view.height = round(size[0]), round(size[1])
        self.view.fit()
        self._mark(self._current)
        self.update()

    def set_current(self, path: str | None) -> None:
        """Mark the box of a layer and bring it into view."""
        self._mark(path)
        box = self._box(path)
        if box is not None and not self.shown_part().contains(box):
            self.look_at(box)

    def _mark(self, path: str | None) -> None:
        self._current = path
        self.setAccessibleDescription(f"{path} is chosen" if path else "no layer is chosen")
        self.update()

    def set_found(self, paths: Collection[str]) -> None:
        """Lift the boxes of these layers; none: all look alike."""
        owners = self._picture.owners if self._picture is not None else {}
        self._found = frozenset(owners[path] for path in paths if path in owners)
        self.update()

    @property
    def found(self) -> frozenset[str]:
        return self._found

    def has_picture(self) -> bool:
        return self._picture is not None

    def show_layer(self, path: str) -> None:
        box = self._box(path)
        if box is not None:
            self.look_at(box)

    def look_at(self, box: QRectF) -> None:
        """Put a box into the middle, large enough to be read."""
        self.view.look_at(max(self.view.scale, 0.8 * theme.zoom()), box.center().x(), box.center().y())
        self._moved()

    def show_part(self, scale: float, x: float, y: float) -> None:
        """Put a place into the middle, at a scale; nothing is emitted."""
        seen = self.view
        if seen.fitted or (seen.scale, seen.centre_x, seen.centre_y) != (scale, x, y):
            seen.look_at(scale, x, y)
            self.update()

    def _moved(self) -> None:
        self.update()
        self.moved.emit()

    def shown_part(self) -> QRectF:
        left, top = self.view.to_picture(0, 0)
        right, bottom = self.view.to_picture(self.width(), self.height())
        return QRectF(QPointF(left, top), QPointF(right, bottom))

    def position_of(self, path: str) -> QPointF:
        """Where the middle of a layer's box is in the widget.

        Raises:
            KeyError: no such layer is on show.
        """
        box = self._box(path)
        if box is None:
            raise KeyError(path)
        return QPointF(*self.view.to_screen(box.center().x(), box.center().y()))

    def path_at(self, position: QPointF) -> str | None:
        if self._picture is None:
            return None
        x, y = self.view.to_picture(position.x(), position.y())
        point = QPointF(x, y)
        for path, box in self._picture.layout.boxes.items():
            if rectangle(box).contains(point):
                return path
        return None

    def _box(self, path: str | None) -> QRectF | None:
        if self._picture is None or path is None:
            return None
        owner = self._picture.owners.get(path)
        return None if owner is None else rectangle(self._picture.layout.boxes[owner])

    def sizeHint(self) -> QSize:
        return QSize(theme.scaled(480), theme.scaled(360))

    def menu(self) -> QMenu:
        """What the right button offers."""
        shown = self.has_picture()
        return context_menu(
            self,
            "model.graph",
            (
                MenuEntry("copy", "Copy picture", self.copy_requested.emit, shown),
                MenuEntry("save", "Save picture as PNG or SVG…", self.choose_file, shown),
                None,
                MenuEntry("fit", "Fit", self.fit, shown),
            ),
        )

    def choose_file(self) -> None:
        choose_file(self, self.save_requested.emit, "", GRAPH_FORMATS)

    def resizeEvent(self, event: QResizeEvent) -> None:
        self.view.resize(self.width(), self.height())
        self.resized.emit()

    def _clicked_at(self, position: QPointF) -> None:
        path = self.path_at(position)
        if path is not None:
            self.chosen.emit(path)

    def _hover_at(self, position: QPointF) -> None:
        self._set_hover(self.path_at(position))

    def leaveEvent(self, event: QEvent) -> None:
        self._set_hover(None)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and self._hover is not None and self._picture is not None:
            node = self._picture.nodes[self._hover]
            members = "\n".join(node.members)
            words = f"{node.title}  {node.shape}\n{members}"
            QToolTip.showText(event.globalPos(), words, self)  # type: ignore[attr-defined]
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        control = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        if self.has_picture() and not control and key in (Qt.Key.Key_PageDown, Qt.Key.Key_PageUp):
            self._step(1 if key == Qt.Key.Key_PageDown else -1)
        else:
            super().keyPressEvent(event)

    def _step(self, step: int) -> None:
        assert self._picture is not None
        paths = [node.path for node in self._picture.graph.nodes]
        owner = self._picture.owners.get(self._current or "")
        at = paths.index(owner) + step if owner in paths else 0
        self.chosen.emit(paths[max(0, min(len(paths) - 1, at))])

    def _set_hover(self, path: str | None) -> None:
        if path != self._hover:
            self._hover = path
            self.update()
        self.setCursor(Qt.CursorShape.PointingHandCursor if path else Qt.CursorShape.ArrowCursor)

    def paintEvent(self, event: QPaintEvent) -> None:
        colours = theme.tokens()
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(colours.window))
        if self._picture is not None:
            painter.save()
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.translate(self.view.left, self.view.top)
            painter.scale(self.view.scale, self.view.scale)
            owner = self._picture.owners.get(self._current or "")
            paint_graph(
                painter,
                self._picture,
                self.view.scale,
                self.shown_part(),
                current=owner,
                found=self._found,
                hover=self._hover,
                stamps=self._stamps,
            )
            painter.restore()
        if self.hasFocus():
            painter.setPen(QPen(QColor(colours.accent), 1))
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        painter.end()
