"""All runs as a table that can be sorted; a tick puts a run on the chart in its colour."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QSortFilterProxyModel, Qt, Signal
from PySide6.QtGui import QColor, QPixmap
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget

from convscope.core.words import clock, percent, share
from convscope.ui import theme
from convscope.ui.panels.train.runs.view_model import RunEntry, RunsRead, RunsViewModel, SortedBy
from convscope.ui.tables.table import VALUE, Index, Role, TableColumn, TableModel, name_column


def _share(value: float | None) -> str:
    return "" if value is None else percent(value, 2, fixed=True)


def _tested_words(entry: RunEntry) -> list[str]:
    if entry.tested is None:
        return []
    images = int(entry.tested["images"])
    return [f"Tested: {share(round(entry.tested['accuracy'] * images), images)} right."]


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}"


def _best(entry: RunEntry) -> int | None:
    return None if entry.row.best is None else entry.row.best + 1


COLUMNS: tuple[TableColumn[RunEntry], ...] = (
    name_column("Name", "Double click to rename", lambda e: e.row.name),
    name_column("State", "How it ended", lambda e: e.row.state),
    TableColumn("Test", "Accuracy on the test images", lambda e: e.row.test_accuracy, _share),
    TableColumn("Val. accuracy", "At the best epoch", lambda e: e.row.values.get("val_accuracy"), _share),
    TableColumn("Val. loss", "At the best epoch", lambda e: e.row.values.get("val_loss"), _number),
    TableColumn("Loss", "Training loss at the best epoch", lambda e: e.row.values.get("loss"), _number),
    TableColumn("Best", "The best epoch", _best, lambda v: f"{v or ''}"),
    TableColumn("Epochs", "Epochs done", lambda e: e.row.epochs),
    name_column("Model", "The network", lambda e: e.row.model),
    TableColumn("Parameters", "Weights of the network", lambda e: e.row.parameters, lambda v: f"{v:,}"),
    name_column("Data", "The data set", lambda e: e.row.data),
    name_column("Optimizer", "", lambda e: e.row.optimizer),
    TableColumn("Rate", "Learning rate at the start", lambda e: e.row.learning_rate, lambda v: f"{v:g}"),
    TableColumn("Batch", "Images a step", lambda e: e.row.batch_size),
    TableColumn("Seed", "", lambda e: e.row.seed),
    TableColumn("Time", "All that was waited for it, without pauses", lambda e: e.row.seconds, clock),
)


class RunsModel(TableModel[RunEntry]):
    """The runs, the newest first.

    Signals:
        renamed: (`Run`, the new name) as typed.
    """

    renamed = Signal(object, str)

    def __init__(self, view_model: RunsViewModel, parent: QWidget) -> None:
        super().__init__(COLUMNS, parent)
        self.view_model = view_model
        view_model.context.listen(view_model.ticked, lambda: self.refresh(1))

    def flags(self, index: Index) -> Qt.ItemFlag:
        flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        if index.column() == 0:
            flags |= Qt.ItemFlag.ItemIsUserCheckable | Qt.ItemFlag.ItemIsEditable
        return flags

    def special(self, row: RunEntry, column: int, role: int) -> Any:
        if role == VALUE and COLUMNS[column].value(row) is None:
            # Below all that is known.
            return -1
        if role == Role.ToolTipRole:
            return "\n".join([row.row.name, row.sentence, *_tested_words(row), str(row.run.folder)])
        if column == 0:
            colour = self.view_model.colour_of(row)
            if role == Role.CheckStateRole:
                return Qt.CheckState.Unchecked if colour is None else Qt.CheckState.Checked
            if role == Role.DecorationRole:
                return _swatch(None if colour is None else theme.SERIES[colour])
        if role == Role.ForegroundRole and COLUMNS[column].title == "State":
            bad = row.row.state in ("diverged", "failed", "interrupted")
            return QColor(theme.tokens().warning if bad else theme.tokens().secondary)
        return None

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        entry = self.rows[index.row()]
        if role == Qt.ItemDataRole.CheckStateRole:
            self.view_model.tick(entry, Qt.CheckState(value) == Qt.CheckState.Checked)
            return True
        if role == Qt.ItemDataRole.EditRole and str(value).strip() != entry.row.name:
            self.renamed.emit(entry.run, str(value))
        return False


def _swatch(colour: str | None) -> QPixmap:
    pixmap = QPixmap(theme.scaled(10), theme.scaled(10))
    pixmap.fill(QColor(colour) if colour else Qt.GlobalColor.transparent)
    return pixmap


class RunsTable(QTableView):
    """The table's view.

    Signals:
        opened: a run was double-clicked outside its name.
    """

    opened = Signal()

    def __init__(self, view_model: RunsViewModel) -> None:
        super().__init__()
        self.view_model = view_model
        self.runs = RunsModel(view_model, self)
        self._proxy = QSortFilterProxyModel(self)
        self._proxy.setSourceModel(self.runs)
        self._proxy.setSortRole(VALUE)
        self.setModel(self._proxy)
        # The newest first, until a header is clicked.
        self.horizontalHeader().setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        self.setSortingEnabled(True)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setEditTriggers(
            QAbstractItemView.EditTrigger.DoubleClicked | QAbstractItemView.EditTrigger.EditKeyPressed
        )
        self.setShowGrid(False)
        self.setAlternatingRowColors(False)
        self.setWordWrap(False)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(theme.scaled(28))
        header = self.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        header.setHighlightSections(False)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self.setAccessibleName("Runs")
        self._showing = False
        self.selectionModel().selectionChanged.connect(self._picked)
        header.sortIndicatorChanged.connect(self._sorted)
        view_model.context.listen(view_model.read, self.show_runs)
        view_model.context.listen(view_model.selected.changed, self._show_selected)
        view_model.context.listen(view_model.sorted_by.changed, self._show_sorted)
        self._show_sorted(view_model.sorted_by.value)
        self.doubleClicked.connect(lambda index: self.opened.emit() if index.column() else None)

    def show_runs(self, read: RunsRead) -> None:
        """Show other runs; what was selected stays selected."""
        first, entries = not self.runs.rows, read.entries
        self._showing = True
        self.runs.show_rows(entries)
        self._showing = False
        self._show_selected()
        if first and entries:
            self.resizeColumnsToContents()
        if entries:
            # A new run's name is read whole, too; what a person has made wider stays so.
            needed = min(max(self.sizeHintForColumn(0), theme.scaled(180)), theme.scaled(320))
            self.setColumnWidth(0, needed if first else max(needed, self.columnWidth(0)))

    @property
    def chosen(self) -> list[tuple[RunEntry, str]]:
        """The runs on the chart, each with its colour, in the order of their ticks."""
        return [(entry, theme.SERIES[colour]) for entry, colour in self.view_model.on_chart]

    def selected(self) -> list[RunEntry]:
        rows = sorted({index.row() for index in self.selectionModel().selectedRows()})
        return [self._entry(row) for row in rows]

    def _entry(self, row: int) -> RunEntry:
        return self.runs.rows[self._proxy.mapToSource(self._proxy.index(row, 0)).row()]

    def _picked(self, *_: object) -> None:
        if not self._showing:
            self.view_model.selected.set(tuple(entry.id for entry in self.selected()))

    def _show_selected(self, _selected: object = None) -> None:
        wanted, model = self.view_model.selected.value, self.selectionModel()
        if set(wanted) == {entry.id for entry in self.selected()}:
            return
        self._showing = True
        model.clearSelection()
        flags = model.SelectionFlag.Select | model.SelectionFlag.Rows
        for row in range(self._proxy.rowCount()):
            if self._entry(row).id in wanted:
                model.select(self._proxy.index(row, 0), flags)
        self._showing = False

    def _sorted(self, column: int, order: Qt.SortOrder) -> None:
        title = COLUMNS[column].title if 0 <= column < len(COLUMNS) else ""
        self.view_model.sorted_by.set(SortedBy(title, order == Qt.SortOrder.DescendingOrder))

    def _show_sorted(self, by: SortedBy) -> None:
        column = next((at for at, one in enumerate(COLUMNS) if one.title == by.column), -1)
        order = Qt.SortOrder.DescendingOrder if by.descending else Qt.SortOrder.AscendingOrder
        header = self.horizontalHeader()
        if (header.sortIndicatorSection(), header.sortIndicatorOrder()) != (column, order):
            header.setSortIndicator(column, order)
