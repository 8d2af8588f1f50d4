"""The accuracy of every class as a list of bars."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QModelIndex, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QResizeEvent
from PySide6.QtWidgets import QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from convscope.core.words import share
from convscope.ui import theme
from convscope.ui.panels.train.results.confusion import numbered
from convscope.ui.tables.table import VALUE, Index, Role, TableModel, name_column

ROW = 22
STUB = 40  # pixels of the shortest bar
# A class: its number, its name, how many of its images were recognised, how many there are.
OneClass = tuple[int, str, int, int]


def _told(one: OneClass) -> str:
    _number, name, right, count = one
    return f"{name}: {share(right, count)}" if count else f"{name}: no images"


class _Classes(TableModel[OneClass]):
    """Names with their shares, the weakest first."""

    def __init__(self, parent: QWidget) -> None:
        column = name_column("Class", "", lambda one: one, _told, lambda one: one[0])
        super().__init__((column,), parent)

    def special(self, row: OneClass, column: int, role: int) -> str | None:
        return _told(row) if role == Role.ToolTipRole else None


class _ClassBar(QStyledItemDelegate):
    """Name, bar, share with its counts; the name above the others where they do not fit side by side."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        model = index.model()
        assert isinstance(model, _Classes)
        view = option.widget
        width = view.viewport().width() if isinstance(view, QListView) else 0
        return QSize(theme.scaled(160), theme.scaled(ROW) * (2 if _stacked(model, width) else 1))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        model = index.model()
        assert isinstance(model, _Classes)
        _number, name, right, count = model.rows[index.row()]
        colours, place = theme.tokens(), QRectF(option.rect)
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        painter.save()
        if selected:
            ground = QColor(colours.accent)
            ground.setAlpha(40)
            painter.fillRect(place, ground)
        longest, room = _needed(model)
        inside = place.adjusted(theme.scaled(4), 0, -theme.scaled(4), 0)
        above, beside = inside, inside
        label = float(longest + theme.scaled(8))
        if _stacked(model, round(place.width())):
            line, label = theme.scaled(ROW), 0.0
            above, beside = inside.adjusted(0, 0, 0, -line), inside.adjusted(0, line, 0, 0)
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.setFont(theme.font(12, figures=True))
        painter.setPen(QColor(colours.secondary))
        value = share(right, count) if count else "–"
        painter.drawText(beside, middle | Qt.AlignmentFlag.AlignRight, value)
        painter.setFont(theme.font(12))
        painter.setPen(QColor(colours.text))
        # What is wider than the whole list keeps both its ends.
        text = painter.fontMetrics().elidedText(name, Qt.TextElideMode.ElideMiddle, int(above.width()))
        painter.drawText(above, middle | Qt.AlignmentFlag.AlignLeft, text)
        groove = QRectF(beside.left() + label, 0, 0, theme.scaled(6))
        groove.setRight(beside.right() - room)
        groove.moveTop(beside.center().y() - groove.height() / 2)
        painter.fillRect(groove, QColor(colours.line))
        if count:
            groove.setWidth(groove.width() * right / count)
            painter.fillRect(groove, QColor(colours.accent))
        painter.restore()


def _needed(model: _Classes) -> tuple[int, int]:
    """The width of the longest name, and of the widest share with its counts."""
    names, figures = QFontMetrics(theme.font(12)), QFontMetrics(theme.font(12, figures=True))
    longest = max((names.horizontalAdvance(row[1]) for row in model.rows), default=0)
    most = max((row[3] for row in model.rows), default=0)
    return longest, figures.horizontalAdvance(f"{most:,} of {most:,}, 99.9 %") + theme.scaled(8)


def _stacked(model: _Classes, width: int) -> bool:
    """Whether a name stands above its bar."""
    return sum(_needed(model)) + theme.scaled(STUB) > width


class ClassAccuracy(QListView):
    """The classes, the weakest first; a click or the arrow keys choose one.

    Signals:
        chosen: a class number.
    """

    chosen = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self._model = _Classes(self)
        self._quiet = False
        self.setModel(self._model)
        self.setItemDelegate(_ClassBar(self))
        self.setUniformItemSizes(True)
        self.setFrameShape(QListView.Shape.NoFrame)
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName("Accuracy by class")
        self.setMinimumHeight(theme.scaled(3 * ROW))
        self.selectionModel().currentChanged.connect(self._moved)

    def set_values(
        self, right: NDArray[np.int64], counts: NDArray[np.int64], classes: tuple[str, ...]
    ) -> None:
        """Show how many of each class's images were recognised; a class may have none."""
        rows = [(n, name, int(right[n]), int(counts[n])) for n, name in enumerate(numbered(classes))]
        self._quiet = True
        self._model.show_rows(sorted(rows, key=lambda row: (not row[3], row[2] / max(1, row[3]))))
        self._quiet = False

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.scheduleDelayedItemsLayout()

    def select(self, number: int | None) -> None:
        self._quiet = True
        if number is None:
            self.selectionModel().clear()
        else:
            row = next(at for at, entry in enumerate(self._model.rows) if entry[0] == number)
            self.setCurrentIndex(self._model.index(row, 0))
        self._quiet = False

    def _moved(self, index: QModelIndex) -> None:
        if index.isValid() and not self._quiet:
            self.chosen.emit(int(index.data(VALUE)))
