"""All runs as a table that can be sorted; a tick puts a run on the chart in its colour."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QPersistentModelIndex,
    QSortFilterProxyModel,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QPixmap
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget

from convscope.core.words import clock, percent, share
from convscope.ui import theme
from convscope.workspace.document import Part

if TYPE_CHECKING:
    from convscope.engine.training.runs.export import RunRow
    from convscope.engine.training.runs.record import EpochRecord
    from convscope.engine.training.runs.run import Run, RunDetails

Index = QModelIndex | QPersistentModelIndex
Ticks = tuple[tuple[str, bool], ...]
SORT = Qt.ItemDataRole.UserRole


@dataclass(frozen=True, eq=False)
class Entry:
    """A run, read once for the table and the chart.

    Attributes:
        run: its folder.
        details: what it was.
        row: its line.
        epochs: its history.
        sentence: how it ended.
        can_resume, has_model: what can be done with it.
        tested: accuracy, loss and images of its test, if there was one.
    """

    run: Run
    details: RunDetails
    row: RunRow
    epochs: tuple[EpochRecord, ...]
    sentence: str
    can_resume: bool
    has_model: bool
    tested: Mapping[str, float] | None = None


def _share(value: float | None) -> str:
    return "" if value is None else percent(value, 2, fixed=True)


def _tested_words(entry: Entry) -> list[str]:
    if entry.tested is None:
        return []
    images = int(entry.tested["images"])
    return [f"Tested: {share(round(entry.tested['accuracy'] * images), images)} right."]


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}"


def _best(entry: Entry) -> int | None:
    return None if entry.row.best is None else entry.row.best + 1


# (title, what it is, how to read it from an entry, how to write it)
COLUMNS: tuple[tuple[str, str, Any, Any], ...] = (
    ("Name", "Double click to rename", lambda e: e.row.name, str),
    ("State", "How it ended", lambda e: e.row.state, str),
    ("Test", "Accuracy on the test images", lambda e: e.row.test_accuracy, _share),
    ("Val. accuracy", "At the best epoch", lambda e: e.row.values.get("val_accuracy"), _share),
    ("Val. loss", "At the best epoch", lambda e: e.row.values.get("val_loss"), _number),
    ("Loss", "Training loss at the best epoch", lambda e: e.row.values.get("loss"), _number),
    ("Best", "The best epoch", _best, lambda v: f"{v or ''}"),
    ("Epochs", "Epochs done", lambda e: e.row.epochs, str),
    ("Model", "The network", lambda e: e.row.model, str),
    ("Parameters", "Weights of the network", lambda e: e.row.parameters, lambda v: f"{v:,}"),
    ("Data", "The data set", lambda e: e.row.data, str),
    ("Optimizer", "", lambda e: e.row.optimizer, str),
    ("Rate", "Learning rate at the start", lambda e: e.row.learning_rate, lambda v: f"{v:g}"),
    ("Batch", "Images a step", lambda e: e.row.batch_size, str),
    ("Seed", "", lambda e: e.row.seed, str),
    ("Time", "All that was waited for it, without pauses", lambda e: e.row.seconds, clock),
)  # fmt: skip
_TEXT = {"Name", "State", "Model", "Data", "Optimizer"}


class RunsModel(QAbstractTableModel):
    """The runs, the newest first.

    Args:
        ticks: which runs a person has put on the chart or taken off it, by the names of their folders.

    Signals:
        ticked: which are on the chart has changed.
        renamed: (`Run`, the new name) as typed.
    """

    ticked = Signal()
    renamed = Signal(object, str)

    def __init__(self, ticks: Part[Ticks], parent: QWidget) -> None:
        super().__init__(parent)
        self.entries: tuple[Entry, ...] = ()
        self._ticks = ticks
        # What is on the chart unasked: the last few at first, and then every new one.
        self._unasked: set[str] = set()
        self._ticked: list[str] = []
        ticks.changed.connect(self._ticks_changed)
        # A run's colour is its own for as long as the window is open, on the chart or off it.
        self._colours: dict[str, str] = {}

    def show(self, entries: Sequence[Entry]) -> None:
        """Show other runs; ticks stay with their folders, and a new run is ticked."""
        known = {entry.run.folder.name for entry in self.entries}
        first = not self.entries
        self.beginResetModel()
        self.entries = tuple(entries)
        here = [entry.run.folder.name for entry in self.entries]
        # At first the last few, so that the chart says something at once.
        self._unasked |= set(here[:4] if first else (name for name in here if name not in known))
        self._choose()
        self.endResetModel()
        self.ticked.emit()

    def shutdown(self) -> None:
        """Take no more events."""
        self._ticks.changed.disconnect(self._ticks_changed)

    def _ticks_changed(self, _ticks: Ticks) -> None:
        self._choose()
        if self.entries:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self.entries) - 1, 0))
        self.ticked.emit()

    def _choose(self) -> None:
        """The runs on the chart; one that comes goes behind those that are there."""
        asked = dict(self._ticks.value)
        here = [entry.run.folder.name for entry in reversed(self.entries)]
        on = [name for name in here if asked.get(name, name in self._unasked)]
        self._ticked = [
            *(name for name in self._ticked if name in on),
            *(n for n in on if n not in self._ticked),
        ]
        self._give_colours()

    @property
    def chosen(self) -> list[tuple[Entry, str]]:
        """The runs on the chart, each with its colour, in the order of their ticks."""
        found = {entry.run.folder.name: entry for entry in self.entries}
        return [(found[name], self._colours[name]) for name in self._ticked]

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        """Runs."""
        return 0 if parent.isValid() else len(self.entries)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        """See `COLUMNS`."""
        return 0 if parent.isValid() else len(COLUMNS)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        """Titles, and what they mean."""
        if orientation == Qt.Orientation.Vertical:
            return None
        title, says, *_ = COLUMNS[section]
        if role == Qt.ItemDataRole.DisplayRole:
            return title
        if role == Qt.ItemDataRole.ToolTipRole:
            return says or title
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        """The name can be edited and ticked."""
        flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        if index.column() == 0:
            flags |= Qt.ItemFlag.ItemIsUserCheckable | Qt.ItemFlag.ItemIsEditable
        return flags

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """A cell."""
        entry = self.entries[index.row()]
        title, _says, value, words = COLUMNS[index.column()]
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.EditRole):
            return words(value(entry))
        if role == SORT:
            key = value(entry)
            return -1 if key is None else key
        if role == Qt.ItemDataRole.ToolTipRole:
            return "\n".join([entry.row.name, entry.sentence, *_tested_words(entry), str(entry.run.folder)])
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignLeft if title in _TEXT else Qt.AlignmentFlag.AlignRight
            return side | Qt.AlignmentFlag.AlignVCenter
        if role == Qt.ItemDataRole.FontRole and title not in _TEXT:
            return theme.font(figures=True)
        if index.column() == 0:
            name = entry.run.folder.name
            if role == Qt.ItemDataRole.CheckStateRole:
                return Qt.CheckState.Checked if name in self._ticked else Qt.CheckState.Unchecked
            if role == Qt.ItemDataRole.DecorationRole:
                return _swatch(self._colour(name))
        if role == Qt.ItemDataRole.ForegroundRole and title == "State":
            bad = entry.row.state in ("diverged", "failed", "interrupted")
            return QColor(theme.tokens().warning if bad else theme.tokens().secondary)
        return None

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        """Tick, or ask for another name."""
        entry = self.entries[index.row()]
        name = entry.run.folder.name
        if role == Qt.ItemDataRole.CheckStateRole:
            on = Qt.CheckState(value) == Qt.CheckState.Checked
            asked = {**dict(self._ticks.value), name: on}
            words = f"{entry.row.name} {'on' if on else 'off'} the chart"
            self._ticks.edit(tuple(sorted(asked.items())), words)
            return True
        if role == Qt.ItemDataRole.EditRole and str(value).strip() != entry.row.name:
            self.renamed.emit(entry.run, str(value))
        return False

    def _colour(self, name: str) -> str | None:
        return self._colours[name] if name in self._ticked else None

    def _give_colours(self) -> None:
        """A run that is ticked for the first time gets the colour that the fewest runs on the chart have."""
        for name in self._ticked:
            if name not in self._colours:
                shown = [self._colours[one] for one in self._ticked if one in self._colours]
                given = list(self._colours.values())
                self._colours[name] = min(
                    theme.SERIES, key=lambda colour: (shown.count(colour), given.count(colour))
                )


def _swatch(colour: str | None) -> QPixmap:
    pixmap = QPixmap(theme.scaled(10), theme.scaled(10))
    pixmap.fill(QColor(colour) if colour else Qt.GlobalColor.transparent)
    return pixmap


class RunsTable(QTableView):
    """The table's view.

    Args:
        ticks: see `RunsModel`.

    Signals:
        picked: the selection has changed.
        opened: a run was double-clicked outside its name.
    """

    picked = Signal()
    opened = Signal()

    def __init__(self, ticks: Part[Ticks], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.runs = RunsModel(ticks, self)
        self._proxy = QSortFilterProxyModel(self)
        self._proxy.setSourceModel(self.runs)
        self._proxy.setSortRole(SORT)
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
        self.selectionModel().selectionChanged.connect(lambda *_: self.picked.emit())
        self.doubleClicked.connect(lambda index: self.opened.emit() if index.column() else None)

    def show_runs(self, entries: Sequence[Entry]) -> None:
        """Show other runs; what was selected stays selected."""
        kept = {entry.run.folder for entry in self.selected()}
        first = not self.runs.entries
        self.runs.show(entries)
        for row in range(self._proxy.rowCount()):
            if self._entry(row).run.folder in kept:
                self.selectionModel().select(
                    self._proxy.index(row, 0),
                    self.selectionModel().SelectionFlag.Select | self.selectionModel().SelectionFlag.Rows,
                )
        if first and entries:
            self.resizeColumnsToContents()
        if entries:
            # A new run's name is read whole, too; what a person has made wider stays so.
            needed = min(max(self.sizeHintForColumn(0), theme.scaled(180)), theme.scaled(320))
            self.setColumnWidth(0, needed if first else max(needed, self.columnWidth(0)))

    def selected(self) -> list[Entry]:
        """The selected runs, from top to bottom."""
        rows = sorted({index.row() for index in self.selectionModel().selectedRows()})
        return [self._entry(row) for row in rows]

    def _entry(self, row: int) -> Entry:
        return self.runs.entries[self._proxy.mapToSource(self._proxy.index(row, 0)).row()]
