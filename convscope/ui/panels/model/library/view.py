"""All networks in one table that is searched and sorted; open one, or compare several."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QEvent, QItemSelectionModel, Qt
from PySide6.QtGui import QFontMetrics, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QFileDialog, QHeaderView, QStackedWidget, QVBoxLayout, QWidget

from convscope.ui import theme
from convscope.ui.actions import Command
from convscope.ui.forms.form import (
    caption,
    hairline,
    heading,
    row,
    scrolling,
    search_field,
    segmented,
    tools,
    vertical,
)
from convscope.ui.panel_context import PanelContext
from convscope.ui.panels.model.compare.view import CompareView
from convscope.ui.panels.model.compare.view_model import Compared, CompareViewModel
from convscope.ui.panels.model.library.open_form import OpenForm
from convscope.ui.panels.model.library.open_models import OpenModelsList
from convscope.ui.panels.model.library.view_model import LibraryOptions, LibraryViewModel, OpenChoice
from convscope.ui.panels.model.words import shape_words
from convscope.ui.tables.table import Index, Role, TableColumn, TableModel, name_column
from convscope.ui.tables.table_order import KIND, TOLD, TableOrder, sorted_table

if TYPE_CHECKING:
    from convscope.engine.models.library.catalogue import CatalogueEntry
    from convscope.engine.models.opened import OpenedModel

KINDS = {"shipped": "trained, shipped", "template": "template", "application": "keras.applications"}
HERE = "here"


def _number(value: int | None) -> str:
    return "–" if value is None else f"{value:,}"


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:,.1f} %"


def _megabytes(size: float | None) -> str:
    if size is None:
        return "–"
    return f"{size:,.0f} MB" if size >= 10 else f"{size:.2g} MB"


_ACCURACY = "Accuracy on ImageNet as keras.io publishes it: one network, one crop of each validation image"

COLUMNS: tuple[TableColumn[CatalogueEntry], ...] = (
    name_column("Model", "Tick several to compare them", lambda e: e.title, sort=lambda e: e.title.lower()),
    name_column("Kind", "Where it comes from", lambda e: KINDS[e.kind]),
    TableColumn("Parameters", "All weights", lambda e: e.parameters, _number),
    TableColumn(
        "Depth",
        "Layers with weights (convolutions and dense) on the longest way from input to output",
        lambda e: e.depth,
        _number,
    ),
    TableColumn(
        "Input",
        "Height × width × channels",
        lambda e: e.input,
        shape_words,
        lambda e: tuple(n or 0 for n in e.input),
    ),
    TableColumn("Top-1", _ACCURACY, lambda e: e.top1, _share),
    TableColumn("Top-5", _ACCURACY, lambda e: e.top5, _share),
    TableColumn("Size", "Of its weights on disk", lambda e: e.megabytes, _megabytes),
    TableColumn("Year", "Of its paper", lambda e: e.year, lambda year: str(year or "–")),
)
TITLES = (*(column.title for column in COLUMNS), "Here")


class LibraryRows(TableModel["CatalogueEntry"]):
    def __init__(self, library: LibraryViewModel) -> None:
        here: TableColumn[CatalogueEntry] = TableColumn(
            "Here",
            "Trained weights on this machine",
            self.is_here,
            lambda is_here: "✓" if is_here else "",
            lambda e: 0 if self.is_here(e) else 1,
            "middle",
        )
        super().__init__((*COLUMNS, here))
        self._library = library

    def show_entries(self) -> bool:
        """Show the catalogue as it is now; whether it has other rows than before."""
        if len(self.rows) == len(self._library.entries):
            self.refresh()
            return False
        self.show_rows(self._library.entries)
        return True

    def entry(self, row: int) -> CatalogueEntry:
        return self.rows[row]

    def row_of(self, name: str) -> int:
        return next((row for row, entry in enumerate(self.rows) if entry.name == name), -1)

    def is_here(self, entry: CatalogueEntry) -> bool:
        return entry.name in self._library.here

    def show_ticks(self) -> None:
        self.refresh(1)

    def special(self, row: CatalogueEntry, column: int, role: int) -> Any:
        if column:
            return None
        if role == Role.CheckStateRole:
            ticked = row.name in self._library.ticks.value.entries
            return Qt.CheckState.Checked if ticked else Qt.CheckState.Unchecked
        if role == TOLD:
            return " ".join((row.name, row.title, KINDS[row.kind], row.about, str(row.year or "")))
        if role == KIND:
            return (row.kind, HERE) if self.is_here(row) else (row.kind,)
        return row.about or None if role == Role.ToolTipRole else None

    def setData(self, index: Index, value: Any, role: int = Role.EditRole) -> bool:
        if role != Role.CheckStateRole or index.column():
            return False
        entry = self.rows[index.row()]
        self._library.tick_entry(entry.name, entry.title, Qt.CheckState(value) == Qt.CheckState.Checked)
        return True

    def flags(self, index: Index) -> Qt.ItemFlag:
        flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        return flags if index.column() else flags | Qt.ItemFlag.ItemIsUserCheckable


SIDE, NARROW = 296, 1100
# What can be missed first where there is little room for names: kind, top-1, here, depth, year, size.
_SPARE = (1, 5, 9, 3, 8, 7)
_CELL, _TICK = 12, 26


class LibraryView(QWidget):
    """The table at the left, the chosen network and what is open at the right."""

    def __init__(self, context: PanelContext) -> None:
        super().__init__()
        self.setObjectName("model.library")
        self.context = context
        self.view_model = LibraryViewModel(context)
        self.comparison = CompareViewModel(context, self.view_model.compared, self._networks)
        self.rows = LibraryRows(self.view_model)
        self.rows.setParent(self)
        self.order = TableOrder(self)
        self.order.setSourceModel(self.rows)
        self.open_form = OpenForm(context, self.view_model)
        self.opened = OpenModelsList(context, self.view_model)
        self.compare: CompareView | None = None
        self._narrow: bool | None = None
        self._needs: list[int] = []
        self._zoom = theme.zoom()
        self._quiet = False
        self._build()
        for signal, function in (
            (self.view_model.listed, self._show_entries),
            (self.view_model.options.changed, self._show_options),
            (self.view_model.choice.changed, self._show_choice),
            (self.view_model.ticks.changed, self._show_ticks),
            (self.view_model.compared.changed, self._show_compared),
            (context.workspace.models_changed, self._count_ticks),
        ):
            context.listen(signal, function)
        self._show_options(self.view_model.options.value)
        self._show_compared()
        self.view_model.read()

    def commands(self) -> list[Command]:
        return [
            Command(f"model.library.{key}", title, run, "", "Models", enabled)
            for key, title, run, enabled in (
                ("find", "Find a model", self.search.setFocus, True),
                ("compare", "Compare the ticked models", self.view_model.compare_ticked, self._ticked() > 1),
                ("families", "Families of convnets side by side", self.view_model.compare_families, True),
                ("open_file", "Open a model file…", self.context.choose_model, True),
                ("open_folder", "Open a SavedModel folder…", self.choose_folder, True),
            )
        ]

    def choose_folder(self) -> None:
        dialog = QFileDialog(self, "Open a SavedModel folder")
        dialog.setObjectName("model.library.folder_dialog")
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.fileSelected.connect(lambda path: self.context.open_model(path))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def showEvent(self, event: QShowEvent) -> None:
        # What lies on this machine may have changed.
        super().showEvent(event)
        if self.rows.rowCount():
            self.view_model.read()

    def resizeEvent(self, event: QResizeEvent) -> None:
        # Leave out what can be missed where there is little room.
        super().resizeEvent(event)
        self._fold()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange and theme.zoom() != self._zoom:
            self._measure()
            self._fold()

    def _measure(self) -> None:
        self._zoom = theme.zoom()
        self.table.verticalHeader().setDefaultSectionSize(theme.scaled(28))
        header = self.table.horizontalHeader()
        words, figures = QFontMetrics(theme.font()), QFontMetrics(theme.font(figures=True))
        self._needs = []
        for column in range(self.rows.columnCount()):
            metrics = figures if column > 1 else words
            texts = {str(self.rows.index(n, column).data() or "") for n in range(self.rows.rowCount())}
            widest = max((metrics.horizontalAdvance(text) for text in texts), default=0)
            # A title may get an arrow before it.
            title = words.horizontalAdvance(f"↑ {self.rows.headerData(column, Qt.Orientation.Horizontal)}")
            tick = theme.scaled(_TICK) if column == 0 else 0
            self._needs.append(max(widest + tick, title) + theme.scaled(_CELL))
            header.resizeSection(column, self._needs[-1])

    def _fold(self) -> None:
        """Names are whole: what can be missed goes where there is no room for all."""
        narrow = self.width() < theme.scaled(NARROW)
        if narrow != self._narrow:
            self._narrow = narrow
            self.side.setFixedWidth(theme.scaled(SIDE - 40 if narrow else SIDE))
        room = (
            self.width()
            - self.side.width()
            - theme.GROUP_GAP
            - self.table.verticalScrollBar().sizeHint().width()
        )
        hidden: set[int] = set()
        for column in _SPARE:
            if sum(need for number, need in enumerate(self._needs) if number not in hidden) <= room:
                break
            hidden.add(column)
        for column in _SPARE:
            self.table.setColumnHidden(column, column in hidden)

    def _build(self) -> None:
        self.search = search_field(
            "model.library.search",
            "Search models",
            "Search",
            lambda text: self.view_model.change(search=text),
        )
        self.search.setMinimumWidth(theme.scaled(90))
        self.search.setMaximumWidth(theme.scaled(170))
        self.kind = segmented(
            "model.library.kind",
            "Kind",
            (
                ("all", "All", "Every network"),
                ("shipped", "Shipped", "Trained networks that come with convscope"),
                ("template", "Templates", "The lectures' networks and small versions of the families"),
                ("application", "keras.applications", "Networks with ImageNet weights to download"),
                (HERE, "Here", "Trained weights on this machine: no download"),
            ),
        )
        self.kind.changed.connect(lambda kind: self.view_model.change(kind=kind))
        facts, vm = "LeNet to EfficientNet: year, depth, parameters, error, idea", self.view_model
        self.tools = tools(
            "model.library",
            ("compare", "Compare the ticked models", "scale", vm.compare_ticked, "Compare"),
            ("families", facts, "history", vm.compare_families, "Families"),
            (
                "open_file",
                "Open a model file: .keras, .h5",
                "folder-open",
                self.context.choose_model,
                "Open a file…",
            ),
            ("open_folder", "Open a SavedModel folder", "folder", self.choose_folder, "SavedModel…"),
        )
        self.compare_button, families, *files = self.tools.values()
        # As wide as it will be with a number, so that what is beside it does not move.
        self.compare_button.setText("Compare 88")
        self.compare_button.setMinimumWidth(self.compare_button.sizeHint().width())
        self.table = sorted_table("model.library.table", "Models", self.order)
        self.table.setWordWrap(False)
        self.table.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.table.setTabKeyNavigation(False)
        header = self.table.horizontalHeader()
        header.setSortIndicatorClearable(True)
        header.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        self._measure()
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.sortIndicatorChanged.connect(self._sorted)
        self.table.selectionModel().currentRowChanged.connect(lambda _now, _before: self._chosen())
        self.table.activated.connect(lambda _index: self.open_form.open())
        self.nothing = caption("model.library.nothing", "No model has all these words.")
        self.nothing.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.nothing.hide()
        self.open_form.here_wanted.connect(lambda: self.view_model.change(search="", kind=HERE))
        left = vertical(None, (self.table, 1), self.nothing, row(*files, None))
        across = row(spacing=theme.GROUP_GAP)
        across.addLayout(left, 1)
        across.addWidget(self._side())
        page = QWidget()
        vertical(page, row(self.search, self.kind, None, families, self.compare_button), (across, 1))
        self._page = page
        self.stack = QStackedWidget()
        self.stack.addWidget(page)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(self.stack)
        self._show_ticks()

    def _side(self) -> QWidget:
        # Each part has its place before there is anything in it, so that no button moves when the list comes.
        self.side = QWidget()
        column = vertical(self.side, (_scrolling(self.open_form, "model.library.form_area"), 5), hairline())
        column.addWidget(heading("Open models"))
        column.addWidget(_scrolling(self.opened, "model.library.opened_area"), 2)
        self.side.setFixedWidth(theme.scaled(SIDE))
        return self.side

    def _show_entries(self) -> None:
        if self.rows.show_entries():
            self._measure()
            self._fold()
            self._show_choice(self.view_model.choice.value)
        # What is to be compared may have waited for the list.
        self.comparison.refresh()

    def _choose(self, row_number: int) -> None:
        index = self.order.index(row_number, 0)
        flags = QItemSelectionModel.SelectionFlag
        self.table.selectionModel().setCurrentIndex(index, flags.ClearAndSelect | flags.Rows)

    def _chosen(self) -> None:
        """Another row is the current one: by a person, or because the one before is filtered out."""
        index = self.order.mapToSource(self.table.currentIndex())
        self.view_model.choose(self.rows.entry(index.row()).name if index.isValid() else "")

    def _show_choice(self, choice: OpenChoice) -> None:
        row_number = self.rows.row_of(choice.entry)
        index = self.order.mapFromSource(self.rows.index(row_number, 0)) if row_number >= 0 else None
        if index is not None and index.isValid() and index.row() != self.table.currentIndex().row():
            self._choose(index.row())

    def _sorted(self, column: int, order: Qt.SortOrder) -> None:
        if not self._quiet:
            self.view_model.change(
                sort=TITLES[column] if column >= 0 else "", descending=order == Qt.SortOrder.DescendingOrder
            )

    def _show_options(self, options: LibraryOptions) -> None:
        if self.search.text() != options.search:
            self.search.setText(options.search)
        self.kind.set_value(options.kind)
        header = self.table.horizontalHeader()
        column = TITLES.index(options.sort) if options.sort in TITLES else -1
        order = Qt.SortOrder.DescendingOrder if options.descending else Qt.SortOrder.AscendingOrder
        if (header.sortIndicatorSection(), header.sortIndicatorOrder()) != (column, order):
            self._quiet = True
            header.setSortIndicator(column, order)
            self._quiet = False
        if self.order.filter(options.search, "" if options.kind == "all" else options.kind):
            self._show_found(options.search.strip().lower())

    def _show_found(self, typed: str) -> None:
        """Choose what a search is likely to mean."""
        count = self.order.rowCount()
        self.nothing.setVisible(count == 0)
        titles = [str(self.order.index(row_number, 0).data()).lower() for row_number in range(count)]
        named = [row_number for row_number, title in enumerate(titles) if typed and title.startswith(typed)]
        if named:
            # "VGG16" is that network before one that is built on it.
            self._choose(min(named, key=lambda row_number: len(titles[row_number])))
        elif not self.table.currentIndex().isValid() and count:
            self._choose(0)

    def _networks(self, compared: Compared) -> list[CatalogueEntry | OpenedModel] | None:
        """What is to be compared, as far as it is open or listed; None: the list is not there yet."""
        entries = {entry.name: entry for entry in self.view_model.entries}
        if compared.entries and not entries:
            return None
        models = [self.context.workspace.open_model(model_id) for model_id in compared.models]
        return [
            *(model for model in models if model is not None),
            *(entries[name] for name in compared.entries if name in entries),
        ]

    def _ticked(self) -> int:
        return len(self.view_model.ticked) + len(self.view_model.ticked_models)

    def _show_ticks(self, *_: object) -> None:
        self.rows.show_ticks()
        self.opened.show_ticks()
        self._count_ticks()

    def _count_ticks(self, *_: object) -> None:
        count = self._ticked()
        self.compare_button.setEnabled(count > 1)
        self.compare_button.setText(f"Compare {count}" if count > 1 else "Compare")
        says = "Compare the ticked models" if count > 1 else "Tick two models or more to compare them"
        self.compare_button.setToolTip(says)

    def _show_compared(self, *_: object) -> None:
        self.comparison.refresh()
        if self.view_model.compared.value.kind == "":
            self.stack.setCurrentWidget(self._page)
            return
        if self.compare is None:
            self.compare = CompareView(self.context, self.comparison)
            self.stack.addWidget(self.compare)
        self.stack.setCurrentWidget(self.compare)


def _scrolling(inside: QWidget, name: str) -> QWidget:
    holder = QWidget()
    column = QVBoxLayout(holder)
    column.setContentsMargins(0, 0, theme.GAP, 0)
    column.addWidget(inside)
    column.addStretch(1)
    return scrolling(holder, name)
