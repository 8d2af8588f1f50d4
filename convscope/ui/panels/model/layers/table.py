"""The "Layers" page: every layer with its shape, its parameters and their share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from PySide6.QtCore import (
    QEvent,
    QItemSelectionModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QRectF,
    QSortFilterProxyModel,
    Qt,
)
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QResizeEvent
from PySide6.QtWidgets import (
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTreeView,
    QWidget,
)

from convscope.ui import theme
from convscope.ui.forms.form import search_field, vertical
from convscope.ui.panel_context import PanelContext
from convscope.ui.panels.model.view_model import (
    COLUMNS,
    LayerLine,
    ModelViewModel,
    Rows,
    ShownModel,
    TableOptions,
    matching,
)
from convscope.ui.tables.table import Index, Role
from convscope.ui.tables.tree import TreeModel

PATH = Qt.ItemDataRole.UserRole
SHARE = Qt.ItemDataRole.UserRole + 1
_BRANCH = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
# Said of every layer, because asking each for its children takes long where there are a thousand.
_LEAF = _BRANCH | Qt.ItemFlag.ItemNeverHasChildren


class LayerModel(TreeModel):
    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(COLUMNS, 3, parent)
        self._rows = Rows()

    @property
    def rows(self) -> Rows:
        return self._rows

    def set_rows(self, rows: Rows) -> None:
        self.beginResetModel()
        self._rows = rows
        self.endResetModel()

    def arrange(self, column: int, order: Qt.SortOrder) -> None:
        """Sort the layers of each nested model by a column; −1: the order of computation."""
        self.layoutAboutToBeChanged.emit()
        before = self.persistentIndexList()
        lines = self._rows.lines
        for line in lines:
            line.children.sort()
            if column >= 0:
                descending = order == Qt.SortOrder.DescendingOrder
                line.children.sort(key=lambda number: lines[number].amounts[column], reverse=descending)
            for place, number in enumerate(line.children):
                lines[number].place = place
        numbers = [self.number(index) for index in before]
        after = [self.cell(number, index.column()) for index, number in zip(before, numbers, strict=True)]
        self.changePersistentIndexList(before, after)
        self.layoutChanged.emit()

    def index_of(self, path: str) -> QModelIndex:
        number = self._rows.by_path.get(path)
        return QModelIndex() if number is None else self.cell(number)

    def child(self, row: int, parent: Index) -> int:
        return self.below(self.number(parent))[row]

    def flags(self, index: Index) -> Qt.ItemFlag:
        return _LEAF if self._rows.lines[self.number(index)].layer else _BRANCH

    def line(self, number: int) -> LayerLine:
        return self._rows.lines[number]

    def below(self, number: int) -> list[int]:
        return self._rows.lines[number].children

    def data(self, index: Index, role: int = Role.DisplayRole) -> Any:
        row = self.line(self.number(index))
        if role == Role.FontRole and index.column() >= 3:
            return theme.font(figures=True)
        if role == PATH:
            return row.path if row.layer else ""
        if role == SHARE:
            return row.share
        return row.path if role == Role.ToolTipRole else super().data(index, role)


class LayerOrder(QSortFilterProxyModel):
    """Layers by their columns, and those alone that a search finds, with what they are nested in."""

    def __init__(self, layers: LayerModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._layers = layers
        self._text = ""
        self._found: frozenset[int] | None = None
        self._sorted = (-1, Qt.SortOrder.AscendingOrder)
        self.setRecursiveFilteringEnabled(True)
        self.setSourceModel(layers)

    def show_rows(self, rows: Rows) -> None:
        self._found = matching(rows, self._text)
        self._layers.set_rows(rows)
        self._layers.arrange(*self._sorted)

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        # −1: the order of computation. The rows are sorted where they are: Qt would ask for ten thousand
        # values to compare them.
        self._sorted = (column, order)
        self._layers.arrange(column, order)

    def set_text(self, text: str) -> bool:
        """Search; "" finds all. Whether that is another search than before."""
        if text.strip() == self._text:
            return False
        self._text = text.strip()
        self._found = matching(self._layers.rows, self._text)
        # The pattern is not looked at; another one makes Qt filter anew, in each of its versions.
        self.setFilterFixedString(self._text)
        return True

    def filterAcceptsRow(self, row: int, parent: Index) -> bool:
        return self._found is None or self._layers.child(row, parent) in self._found


NAME_LEAST, KIND_LEAST = 140, 84
CELL = 16  # around a cell's words
LONGEST = 12
SHARES = COLUMNS.index("Share")


class LayerTable(QWidget):
    """A tree with columns and a search field; the arrow keys go along the layers."""

    def __init__(self, context: PanelContext, view_model: ModelViewModel) -> None:
        super().__init__()
        self._workspace = context.workspace
        self._options = view_model.table
        self._quiet = False
        self._shown: ShownModel | None = None
        self._narrow = False
        self._needs: dict[tuple[int, int, float], int] = {}
        self.search = search_field(
            "model.search",
            "Search layers",
            "Search layers by name, kind or shape",
            lambda text: self._edit(search=text),
        )
        self.view = QTreeView()
        self.view.setObjectName("model.layers")
        self.view.setAccessibleName("Layers")
        self.view.setUniformRowHeights(True)
        self.view.setEditTriggers(QTreeView.EditTrigger.NoEditTriggers)
        self.view.setIndentation(theme.scaled(14))
        self.view.setAllColumnsShowFocus(True)
        self.view.setFrameShape(QTreeView.Shape.NoFrame)
        self.view.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.names = NameDelegate(self.view)
        self.view.setItemDelegateForColumn(0, self.names)
        shares = ShareDelegate(self.view)
        for column in (SHARES - 1, SHARES):
            self.view.setItemDelegateForColumn(column, shares)
        self.layers = LayerModel(self)
        self.proxy = LayerOrder(self.layers, self)
        self.view.setModel(self.proxy)
        self._set_header(self.view.header())
        vertical(self, self.search, (self.view, 1))
        self.view.selectionModel().currentChanged.connect(self._moved)
        self.view.header().sortIndicatorChanged.connect(self._sorted)
        self.view.collapsed.connect(lambda index: self._folded(index, True))
        self.view.expanded.connect(lambda index: self._folded(index, False))
        context.listen(self._options.changed, self._show_options)
        self._show_options(self._options.value)

    def _set_header(self, header: QHeaderView) -> None:
        # Without a column the layers stand in the order of computation; a third click goes back to it.
        header.setSortIndicatorClearable(True)
        header.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        self.view.setSortingEnabled(True)
        header.setStretchLastSection(False)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self._fit()

    def _fit(self) -> None:
        """Give numbers what they need, kinds too where there is room, and names all the rest."""
        header = self.view.header()
        header.setMinimumSectionSize(theme.scaled(40))
        names, *needs = (self._need(column) for column in range(len(COLUMNS)))
        room = self.view.viewport().width()
        # The shares are seen as bars under the parameters, too.
        without_shares = self._narrow or names + sum(needs) > room
        self.view.setColumnHidden(SHARES, without_shares)
        least = min(theme.scaled(NAME_LEAST), names)
        room -= sum(needs[1:-1]) + (0 if without_shares else needs[-1]) + least
        needs[0] = max(theme.scaled(KIND_LEAST), min(needs[0], room))
        for column, width in enumerate(needs, 1):
            if header.sectionSize(column) != width:
                header.resizeSection(column, width)

    def _need(self, column: int) -> int:
        """The width that a column's title and its longest words take."""
        rows = self.layers.rows
        key = (id(rows), column, theme.zoom())
        if key not in self._needs:
            # Of names the longest alone are measured: all of a thousand would take longer than a frame.
            told = {line.texts[column]: n for n, line in enumerate(rows.lines) if n}
            texts = sorted(told, key=len)[-LONGEST:] if column == 0 else told
            metrics = QFontMetrics(theme.font(figures=column >= 3))
            inwards = self.view.indentation() if column == 0 else 0
            nested = 1 if self._nested else 0
            widest = max(
                (
                    metrics.horizontalAdvance(text) + inwards * (rows.depth(told[text]) + nested)
                    for text in texts
                ),
                default=0,
            )
            self._needs[key] = widest + theme.scaled(CELL)
        # Of the title anew each time: its font follows the zoom a little later.
        return max(self._needs[key], self.view.header().sectionSizeHint(column))

    def changeEvent(self, event: QEvent) -> None:
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self._fit()
        super().changeEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def show_model(self, shown: ShownModel | None) -> None:
        self._quiet = True
        self._shown = shown
        self.proxy.show_rows(Rows() if shown is None else shown.table)
        self.names.beginnings = self.layers.rows.beginnings
        self.view.setRootIsDecorated(self._nested)
        self._expand()
        self._needs.clear()
        self._fit()
        self._quiet = False

    @property
    def _nested(self) -> bool:
        return self._shown is not None and bool(self._shown.model.program.groups)

    def _expand(self) -> None:
        # Where nothing is nested it would lay out all rows for nothing.
        if not self._nested:
            return
        self.view.expandAll()
        options = self._options.value
        # What a search found is seen.
        for path in () if options.search.strip() else options.closed:
            index = self.proxy.mapFromSource(self.layers.index_of(path))
            if index.isValid():
                self.view.collapse(index)

    def set_current(self, path: str | None) -> None:
        """Mark a layer; nothing is emitted."""
        if path is not None and path == self.view.currentIndex().data(PATH):
            return
        self._quiet = True
        found = self.proxy.mapFromSource(self.layers.index_of(path)) if path else QModelIndex()
        select = QItemSelectionModel.SelectionFlag
        self.view.selectionModel().setCurrentIndex(found, select.ClearAndSelect | select.Rows)
        if found.isValid():
            self.view.scrollTo(found)
        self._quiet = False

    def set_narrow(self, narrow: bool) -> None:
        self._narrow = narrow
        self._fit()

    def _edit(self, **changes: Any) -> None:
        if not self._quiet:
            self._options.set(replace(self._options.value, **changes))

    def _sorted(self, column: int, order: Qt.SortOrder) -> None:
        self._edit(
            sort=COLUMNS[column] if column >= 0 else "", descending=order == Qt.SortOrder.DescendingOrder
        )

    def _folded(self, index: QModelIndex, closed: bool) -> None:
        path = str(index.data(Qt.ItemDataRole.ToolTipRole))
        others = tuple(one for one in self._options.value.closed if one != path)
        if not self._options.value.search.strip():
            self._edit(closed=(*others, path) if closed else others)

    def _show_options(self, options: TableOptions) -> None:
        self._quiet = True
        if self.search.text() != options.search:
            self.search.setText(options.search)
        column = COLUMNS.index(options.sort) if options.sort else -1
        order = Qt.SortOrder.DescendingOrder if options.descending else Qt.SortOrder.AscendingOrder
        header = self.view.header()
        if (header.sortIndicatorSection(), header.sortIndicatorOrder()) != (column, order):
            header.setSortIndicator(column, order)
        if self.proxy.set_text(options.search):
            self._expand()
        self._quiet = False

    def _moved(self, index: QModelIndex) -> None:
        path = index.data(PATH)
        if path and not self._quiet:
            self._workspace.choose_layer(path)


class NameDelegate(QStyledItemDelegate):
    """Names; of one that does not fit, what tells it from the others is seen.

    Attributes:
        beginnings: what most names begin with, the longest first.
    """

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.beginnings: tuple[str, ...] = ()
        self._room: int | None = None

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        self._room = option.rect.width() - theme.scaled(10)
        super().paint(painter, option, index)
        self._room = None

    def initStyleOption(
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        super().initStyleOption(option, index)
        if self._room is not None:
            option.text = shortened(option.text, self.beginnings, self._room, option.fontMetrics)


def shortened(name: str, beginnings: Sequence[str], room: int, metrics: QFontMetrics) -> str:
    """A name that fits, or else without what most begin with, and with its words cut from the first one on.

    Numbers and the last word stay: "convnext_tiny_stage_2_block_7_depthwise_conv" → "…2_b…7_depthwise_conv".
    """
    if metrics.horizontalAdvance(name) <= room:
        return name
    shared = next((each for each in beginnings if name.startswith(each)), "")
    words = name[len(shared) :].split("_")
    mark = "…" if shared else ""
    for at in range(len(words)):
        text = mark + "_".join(words).replace("…_", "…")
        if metrics.horizontalAdvance(text) <= room:
            return text
        if at < len(words) - 1 and words[at].isalpha() and len(words[at]) > 2:
            words[at] = f"{words[at][0]}…"
    return text


class ShareDelegate(QStyledItemDelegate):
    """A quiet bar under the percentage; under the parameters where there is no column of percentages."""

    def __init__(self, view: QTreeView) -> None:
        super().__init__(view)
        self._view = view

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        portion = float(index.data(SHARE) or 0)
        rect = option.rect
        shown = (index.column() == SHARES) != self._view.isColumnHidden(SHARES)
        if shown and portion > 0 and not option.state & QStyle.StateFlag.State_Selected:
            ground = QColor(theme.tokens().accent)
            ground.setAlpha(48)
            length = max(1.0, (rect.width() - 8) * portion)
            painter.fillRect(
                QRectF(rect.right() - 3 - length, rect.top() + 3, length, rect.height() - 6), ground
            )
        super().paint(painter, option, index)
