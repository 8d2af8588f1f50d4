"""The list of layers: choose, drag, duplicate, remove; the chosen layer's settings open in its place."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import (
    QEvent,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QPointF,
    QRect,
    QRectF,
    QSize,
    Qt,
    Signal,
    SignalInstance,
)
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QFont,
    QKeyEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
    QPolygonF,
    QResizeEvent,
)
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QListView,
    QMenu,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from convscope.engine.models.builder.architecture import Architecture
from convscope.engine.models.layer_specs import KINDS
from convscope.engine.models.summary.receptive_words import short
from convscope.ui import theme
from convscope.ui.canvas.gestures import MenuEntry, context_menu
from convscope.ui.panels.model.build.form import LayerForm
from convscope.ui.panels.model.build.rows import Arc, LayerRows
from convscope.ui.panels.model.words import settings_words, shape_words
from convscope.ui.tables.table import Index

ROW, LANE, SPINE = 46, 12, 22
SHAPE, PARAMETERS = 132, 176
_LANE_LIMIT = 10


class RowPainter(QStyledItemDelegate):
    """The look of a row.

    Args:
        rows: the layers.
        extra: the height under a row's lines that a form takes there.
    """

    def __init__(self, rows: LayerRows, extra: Callable[[int], int], parent: QWidget) -> None:
        super().__init__(parent)
        self._rows = rows
        self._extra = extra

    def gutter(self) -> int:
        return theme.scaled(min(self._rows.arcs.lanes, _LANE_LIMIT) * LANE + SPINE + theme.GAP)

    def columns(self, width: int) -> tuple[int, int]:
        """The widths of the shape and of the parameters in a list of this width; narrow where it is."""
        roomy = width > theme.scaled(620)
        return theme.scaled(SHAPE if roomy else 92), theme.scaled(PARAMETERS if roomy else 108)

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(theme.scaled(200), theme.scaled(ROW) + self._extra(index.row()))

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        colours = theme.tokens()
        row = index.row()
        rect: QRect = option.rect
        state: QStyle.StateFlag = option.state
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        body = QRectF(rect).adjusted(self.gutter(), 1, -2, -1)
        selected = bool(state & QStyle.StateFlag.State_Selected)
        hovered = bool(state & QStyle.StateFlag.State_MouseOver)
        if selected or hovered:
            fill = QColor(colours.accent)
            fill.setAlpha(22 if selected else 10)
            painter.setPen(QPen(QColor(colours.accent), 1) if selected else Qt.PenStyle.NoPen)
            painter.setBrush(fill)
            painter.drawRoundedRect(body, theme.RADIUS, theme.RADIUS)
        elif row + 1 < self._rows.rowCount():
            painter.setPen(QPen(QColor(colours.line), 1))
            painter.drawLine(QPointF(body.left(), rect.bottom()), QPointF(body.right(), rect.bottom()))
        self._lines(painter, row, rect, colours)
        self._words(painter, row, rect, colours)
        painter.restore()

    def _words(self, painter: QPainter, row: int, rect: QRect, colours: theme.Tokens) -> None:
        spec, info = self._rows.spec(row), self._rows.info(row)
        shape_width, sum_width = self.columns(rect.width())
        gap, half = theme.scaled(theme.GROUP_GAP), theme.scaled(ROW) // 2
        top = rect.top() + theme.scaled(4)
        right = rect.right() - gap
        left = rect.left() + self.gutter() + gap
        middle = right - sum_width - shape_width
        first = QRect(left, top, max(10, middle - left - gap), half - theme.scaled(4))
        second = first.translated(0, half - theme.scaled(3))
        bold, plain = theme.font(13, weight=QFont.Weight.DemiBold), theme.font(13)
        small = theme.font(11)
        flag = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft

        def write(box: QRect, text: str, font: QFont, colour: str, align: Qt.AlignmentFlag = flag) -> int:
            painter.setFont(font)
            painter.setPen(QColor(colour))
            short = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, box.width())
            painter.drawText(box, align, short)
            return painter.fontMetrics().horizontalAdvance(short)

        used = write(first, spec.name, bold, colours.bad if info.problem else colours.text)
        rest = first.adjusted(used + theme.scaled(8), 0, 0, 0)
        if rest.width() > theme.scaled(24):
            write(rest, KINDS[spec.kind].title.lower() or spec.kind, plain, colours.secondary)
        if info.problem:
            size = theme.scaled(14)
            sign = QRect(second.left(), second.center().y() - size // 2, size, size)
            theme.icon("triangle-alert", colours.bad).paint(painter, sign)
            # A sentence may run under the columns: where there is a problem they are empty.
            wide = QRect(
                second.left() + size + 6, second.top(), right - second.left() - size - 6, second.height()
            )
            write(wide, info.problem, small, colours.bad)
        else:
            write(second, settings_words(spec), small, colours.secondary)
        right_flag = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight
        shape = QRect(middle, top, shape_width, first.height())
        write(
            shape,
            shape_words(info.shape),
            plain,
            colours.text if info.shape else colours.disabled,
            right_flag,
        )
        if info.problem or info.shape is None:
            return
        total = QRect(right - sum_width + gap, top, sum_width - gap, first.height())
        write(
            total,
            f"{info.parameters:,}",
            plain,
            colours.text if info.parameters else colours.disabled,
            right_flag,
        )
        lower = QRect(total.left(), second.top(), total.width(), second.height())
        if info.field is not None and spec.kind != "InputLayer":
            field = short(info.field)
            seen = f"sees {'the whole image' if field == 'all' else field}"
            write(shape.translated(0, half - theme.scaled(3)), seen, small, colours.secondary, right_flag)
        if info.parameters:
            write(lower, info.formula.rpartition(" = ")[0], small, colours.secondary, right_flag)
            self._share(painter, row, total, colours)

    def _share(self, painter: QPainter, row: int, box: QRect, colours: theme.Tokens) -> None:
        """A bar for the layer's share of all parameters, under the numbers."""
        total = self._rows.summary.totals.parameters
        width = box.width() * self._rows.info(row).parameters / max(total, 1)
        bar = QRectF(
            box.right() + 1 - width, box.top() + theme.scaled(ROW) - theme.scaled(8), width, theme.scaled(3)
        )
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(colours.accent))
        painter.drawRoundedRect(bar, 1.5, 1.5)

    def _lines(self, painter: QPainter, row: int, rect: QRect, colours: theme.Tokens) -> None:
        """The way from layer to layer as a spine with dots, and arcs for what runs past."""
        arcs = self._rows.arcs
        spine = rect.left() + self.gutter() - theme.scaled(SPINE) + theme.scaled(8)
        centre = rect.top() + theme.scaled(ROW) / 2
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor(colours.secondary), 1.5))
        if arcs.joined[row]:
            painter.drawLine(QPointF(spine, rect.top()), QPointF(spine, centre))
        if row + 1 < len(arcs.joined) and arcs.joined[row + 1]:
            painter.drawLine(QPointF(spine, centre), QPointF(spine, rect.bottom() + 1))
        for arc in arcs.by_row[row]:
            self._arc(painter, arc, row, rect, spine, centre)
        problem = self._rows.info(row).problem
        painter.setPen(QPen(QColor(colours.bad if problem else colours.secondary), 1.5))
        painter.setBrush(QColor(colours.panel))
        radius = theme.scaled(4)
        painter.drawEllipse(QPointF(spine, centre), radius, radius)

    def _arc(self, painter: QPainter, arc: Arc, row: int, rect: QRect, spine: float, centre: float) -> None:
        lane = min(arc.lane, _LANE_LIMIT - 1)
        x = spine - theme.scaled(LANE) * (lane + 1)
        bend, dot = float(theme.scaled(6)), float(theme.scaled(4))
        colour = QColor(theme.SERIES[lane % len(theme.SERIES)])
        painter.setPen(QPen(colour, 2))
        path = QPainterPath()
        if row == arc.source:
            path.moveTo(spine - dot, centre)
            path.lineTo(x + bend, centre)
            path.quadTo(x, centre, x, centre + bend)
            path.lineTo(x, rect.bottom() + 1)
        elif row == arc.targets[-1]:
            path.moveTo(x, rect.top())
            path.lineTo(x, centre - bend)
            path.quadTo(x, centre, x + bend, centre)
            path.lineTo(spine - dot, centre)
        else:
            path.moveTo(x, rect.top())
            path.lineTo(x, rect.bottom() + 1)
            if row in arc.targets:
                path.moveTo(x, centre)
                path.lineTo(spine - dot, centre)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPath(path)
        if row in arc.targets:
            tip, size = spine - dot, theme.scaled(4)
            painter.setBrush(colour)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.drawPolygon(
                QPolygonF(
                    [
                        QPointF(tip, centre),
                        QPointF(tip - size, centre - size),
                        QPointF(tip - size, centre + size),
                    ]
                )
            )


HEAD = 22
_DUPLICATES = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier


class _Head(QWidget):
    def __init__(self, painter: RowPainter, parent: QWidget) -> None:
        super().__init__(parent)
        self._columns = painter

    def paintEvent(self, event: QPaintEvent) -> None:
        shape, total = self._columns.columns(self.width())
        gap = theme.scaled(theme.GROUP_GAP)
        right = self.width() - 1 - gap
        left = self._columns.gutter() + gap
        painter = QPainter(self)
        painter.setFont(theme.font(11, weight=QFont.Weight.DemiBold))
        painter.setPen(QColor(theme.tokens().secondary))
        middle = Qt.AlignmentFlag.AlignVCenter
        height = self.height()
        painter.drawText(QRect(left, 0, 200, height), middle | Qt.AlignmentFlag.AlignLeft, "Layer")
        ends = middle | Qt.AlignmentFlag.AlignRight
        painter.drawText(QRect(right - total - shape, 0, shape, height), ends, "Output")
        painter.drawText(QRect(right - total, 0, total, height), ends, "Parameters")
        painter.end()


class LayerList(QListView):
    """The document as a list.

    Keys: arrows choose, Return goes into the settings, Alt with the arrows moves, Ctrl+Shift+D duplicates,
    Delete removes. What a person wants is told by signals; the list changes when the document does.

    Signals:
        moved: a layer's name, and its place in the list without it.
        kind_dropped: a kind and its place.
        duplicated, removed: a layer's name.
        chosen: the name of the layer that is the chosen one now.
    """

    moved = Signal(str, int)
    kind_dropped = Signal(str, int)
    duplicated = Signal(str)
    removed = Signal(str)
    chosen = Signal(str)

    def __init__(self, architecture: Architecture) -> None:
        super().__init__()
        self.setObjectName("model.build.layers")
        self.setAccessibleName("Layers")
        self.rows = LayerRows(architecture)
        self.rows.setParent(self)
        self._gap: int | None = None
        self._reveal = False
        self._painter = RowPainter(self.rows, self._extra, self)
        self.setModel(self.rows)
        self.setItemDelegate(self._painter)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setMouseTracking(True)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setDragEnabled(True)
        self.setAcceptDrops(True)
        self.setDropIndicatorShown(True)
        self.setDragDropMode(QAbstractItemView.DragDropMode.DragDrop)
        self.setDefaultDropAction(Qt.DropAction.MoveAction)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self._head = _Head(self._painter, self)
        self.setViewportMargins(0, theme.scaled(HEAD), 0, 0)
        self.form = LayerForm(self.viewport())
        self.form.hide()
        self.form.height_changed.connect(self._relayout)
        self.form.duplicate_wanted.connect(lambda: self._tell(self.duplicated))
        self.form.remove_wanted.connect(lambda: self._tell(self.removed))
        self.form.move_wanted.connect(self.move_by)
        self.rows.layer_dropped.connect(self._layer_dropped)
        self.rows.kind_dropped.connect(self.kind_dropped)
        self.set_row(0)

    @property
    def row(self) -> int:
        return max(0, self.currentIndex().row())

    @property
    def name(self) -> str:
        return self.rows.spec(self.row).name

    def set_row(self, row: int) -> None:
        self.setCurrentIndex(self.rows.index(min(max(row, 0), self.rows.rowCount() - 1), 0))
        self._show_form()

    def choose(self, name: str) -> None:
        """Choose a layer; nothing happens where there is none of this name."""
        names = [layer.name for layer in self.rows.architecture.layers]
        if name in names and name != self.name:
            self.set_row(names.index(name))

    def set_architecture(self, architecture: Architecture, choose: str) -> None:
        """Show another state of the document.

        Args:
            choose: the layer to choose; without it the one that was, or what stands in its place.
        """
        row, offset = self.row, self.verticalScrollBar().value()
        names = [layer.name for layer in architecture.layers]
        name = choose if choose in names else self.name
        if self.rows.set_architecture(architecture):
            self.set_row(names.index(name) if name in names else row)
            self.executeDelayedItemsLayout()
            self.verticalScrollBar().setValue(offset)
            self.scrollTo(self.currentIndex())
        elif name in names and name != self.name:
            self.set_row(names.index(name))
        else:
            self._show_form()
        self.viewport().update()

    def move_by(self, step: int) -> None:
        to = self.row + step
        if 0 <= to < self.rows.rowCount():
            self.moved.emit(self.name, to)

    def _tell(self, signal: SignalInstance) -> None:
        signal.emit(self.name)

    def _layer_dropped(self, name: str, at: int) -> None:
        index = self.rows.architecture.index(name)
        self.moved.emit(name, at - 1 if at > index else at)

    def _extra(self, row: int) -> int:
        if row != self.currentIndex().row() or self.form.isHidden():
            return 0
        return self.form.heightForWidth(self._form_width()) + theme.scaled(theme.GAP)

    def _form_width(self) -> int:
        return max(120, self.viewport().width() - self._painter.gutter() - 2 * theme.scaled(theme.GROUP_GAP))

    def _show_form(self) -> None:
        self.form.show_layer(self.rows.architecture, self.rows.summary, self.row)
        self.form.show()
        self._relayout()

    def _relayout(self) -> None:
        self.scheduleDelayedItemsLayout()

    def _place_form(self) -> None:
        index = self.currentIndex()
        if not index.isValid() or self.form.isHidden():
            return
        rect = self.visualRect(index)
        width = self._form_width()
        left = self._painter.gutter() + theme.scaled(theme.GROUP_GAP)
        place = QRect(left, rect.top() + theme.scaled(ROW), width, self.form.heightForWidth(width))
        if self.form.geometry() != place:
            self.form.setGeometry(place)

    def doItemsLayout(self) -> None:
        super().doItemsLayout()
        if self._reveal:
            # Only now is it known how high the row is with its settings.
            self._reveal = False
            self.scrollTo(self.currentIndex())
        self._place_form()

    def scrollContentsBy(self, dx: int, dy: int) -> None:
        super().scrollContentsBy(dx, dy)
        self._place_form()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._head.setGeometry(0, 0, self.viewport().width(), theme.scaled(HEAD))
        self._relayout()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange:
            self.setViewportMargins(0, theme.scaled(HEAD), 0, 0)
            self._relayout()

    def currentChanged(self, current: Index, previous: Index) -> None:
        super().currentChanged(current, previous)
        if current.isValid() and current.row() < self.rows.rowCount():
            self._reveal = True
            self._show_form()
            self.chosen.emit(self.rows.spec(current.row()).name)

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        super().dragMoveEvent(event)
        index = self.indexAt(event.position().toPoint())
        rect = self.visualRect(index if index.isValid() else self.rows.index(self.rows.rowCount() - 1, 0))
        above = self.dropIndicatorPosition() == QAbstractItemView.DropIndicatorPosition.AboveItem
        self._gap = rect.top() if above else rect.bottom()
        self.viewport().update()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        super().dragLeaveEvent(event)
        self._gap = None

    def dropEvent(self, event: QDropEvent) -> None:
        super().dropEvent(event)
        self._gap = None

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self._gap is None:
            return
        painter = QPainter(self.viewport())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(theme.tokens().accent))
        height = theme.scaled(4)
        place = QRect(0, self._gap - height // 2, self.viewport().width(), height)
        painter.drawRoundedRect(place, height / 2, height / 2)
        painter.end()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, modifiers = event.key(), event.modifiers()
        alt = bool(modifiers & Qt.KeyboardModifier.AltModifier)
        if alt and key in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            self.move_by(-1 if key == Qt.Key.Key_Up else 1)
        elif key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.removed.emit(self.name)
        elif key == Qt.Key.Key_D and modifiers == _DUPLICATES:
            self.duplicated.emit(self.name)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.form.focus_first()
        else:
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        by_key = event.reason() == QContextMenuEvent.Reason.Keyboard
        index = self.currentIndex() if by_key else self.indexAt(event.pos())
        if index.isValid():
            self.set_row(index.row())
            self.layer_menu().popup(event.globalPos() if not by_key else self.mapToGlobal(QPoint(40, 40)))

    def layer_menu(self) -> QMenu:
        last = self.rows.rowCount() - 1
        return context_menu(
            self,
            "model.build.menu",
            (
                MenuEntry("duplicate", "Duplicate\tCtrl+Shift+D", lambda: self._tell(self.duplicated)),
                MenuEntry("up", "Move up\tAlt+Up", lambda: self.move_by(-1), self.row > 0),
                MenuEntry("down", "Move down\tAlt+Down", lambda: self.move_by(1), self.row < last),
                MenuEntry("remove", "Remove\tDelete", lambda: self._tell(self.removed)),
            ),
        )
