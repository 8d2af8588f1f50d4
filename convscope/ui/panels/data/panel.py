"""The data panel: classes on the left, images in the middle, augmentation and input on the right."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QLabel,
    QLineEdit,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from convscope.ui import naming, theme
from convscope.ui.actions import Command
from convscope.ui.forms.form import as_panel, hairline, heading, row, segmented, text_line, vertical
from convscope.ui.layout.scroll_column import ScrollColumn
from convscope.ui.panel import Panel
from convscope.ui.panel_context import PanelContext
from convscope.ui.panels.data.augmentation_page import AugmentationPage
from convscope.ui.panels.data.class_list import ClassList
from convscope.ui.panels.data.downloads_page import DownloadsPage
from convscope.ui.panels.data.empty_page import EmptyPage
from convscope.ui.panels.data.images_section import DatasetImages
from convscope.ui.panels.data.input_page import InputPage
from convscope.ui.panels.data.opening import Opening, OpeningStrip, Refusal
from convscope.ui.panels.data.source_section import SourceSection
from convscope.ui.panels.data.split_section import SplitSection
from convscope.ui.panels.data.view_model import DataSelection, DataViewModel

if TYPE_CHECKING:
    from convscope.engine.data.dataset import Dataset

LEFT, RIGHT = 276, 348
SEARCH_FROM = 13  # classes
_EXAMPLE = 9  # the place in the grid of an image that a picture of the panel shows chosen


class DataPanel(Panel):
    """Everything that one does with a data set before a network learns from it."""

    name = "data"

    asks_about = "unsorted folders"

    def __init__(self, context: PanelContext, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        context = self.context
        self.view_model = DataViewModel(context)
        self._wants_example = False
        self.opening = Opening(context, self)
        self._build()
        self.view_model.dataset_changed.connect(self._show_dataset)
        context.listen(self.view_model.layout.changed, self._show_layout)
        self._show_dataset(self.view_model.dataset, True)

    @property
    def _dataset(self) -> Dataset | None:
        return self.view_model.dataset

    @property
    def focus_image(self) -> int:
        """The index of the image that previews show."""
        return self.view_model.focus

    @property
    def _wants_right(self) -> bool:
        right = self.view_model.layout.value.right
        return not self.compact if right is None else right

    def commands(self) -> list[Command]:
        ready = self._dataset is not None
        group = "Data"

        def command(name: str, title: str, run: object) -> Command:
            return Command(f"data.{name}", title, run, "", group, ready)  # type: ignore[arg-type]

        return [
            *self.opening.commands(),
            command("duplicates", "Find duplicates", self.source.find_duplicates),
            command("details", "What to know of this data set", self.source.show_details),
            command(
                "throughput", "Measure the pipeline's throughput", self.input.view_model.measure_throughput
            ),
            command("reset", "No augmentation", self.augmentation.clear),
            command("reseed", "Draw twelve other augmentations", self.augmentation.draw_others),
            command("fold", "Show or hide augmentation and input", self.toggle_right),
        ]

    def set_compact(self, compact: bool) -> None:
        """Fold the right column away where there is no room for it."""
        if compact != self.compact:
            super().set_compact(compact)
            self.view_model.lay_out(right=None)
            self._show_layout()

    def toggle_right(self) -> None:
        """Show augmentation and input beside the images, or give them the room."""
        self.view_model.lay_out(right=not self._wants_right)

    def show_page(self, page: str) -> None:
        """Show "augmentation" or "input" at the right."""
        if page not in ("augmentation", "input"):
            raise KeyError(page)
        self.view_model.lay_out(page=page)
        if not self._wants_right:
            self.toggle_right()

    def show_downloads(self, name: str = "") -> None:
        """Show the sets that can be downloaded, above all the one of this name."""
        self.downloads.refresh(name)
        self.stack.setCurrentWidget(self.downloads)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.empty.set_room(self.height())

    def show_example(self) -> None:
        """Fill the panel, for a picture of it: garments unless data is open, mildly augmented."""
        if self._dataset is None:
            self._wants_example = True
            self.opening.open("fashion")
        else:
            self._choose_example()

    def _build(self) -> None:
        self.stack = QStackedWidget()
        self.empty = EmptyPage(self.opening)
        self.stack.addWidget(self.empty)
        self.downloads = DownloadsPage(self.opening.downloads)
        self.downloads.back.connect(self._leave_downloads)
        self.downloads.open_requested.connect(self._open_downloaded)
        self.opening.downloads_requested.connect(self.show_downloads)
        self.stack.addWidget(self.downloads)
        self.columns = naming.give(QSplitter(Qt.Orientation.Horizontal), "data.columns")
        self.columns.setChildrenCollapsible(False)
        self.columns.setHandleWidth(1)
        self.columns.addWidget(self._left())
        self.images = DatasetImages(self.view_model)
        self.images.setMinimumWidth(theme.scaled(280))
        self.columns.addWidget(self.images)
        self.columns.addWidget(self._right())
        self.columns.setStretchFactor(1, 1)
        self.stack.addWidget(self.columns)
        self.columns.setSizes([theme.scaled(LEFT), 10_000, theme.scaled(RIGHT)])
        model = self.view_model
        self.classes.chosen.connect(lambda index: model.choose(class_=index))
        model.class_changed.connect(self.classes.choose)
        model.part_changed.connect(self._show_counts)
        model.focus_changed.connect(self._show_focus)
        model.selection_changed.connect(self._show_search)
        self.images.fold_requested.connect(self.toggle_right)
        self.images.loader.arrived.connect(lambda _made: self.source.tell_unreadable())
        self.input.view_model.measured.connect(self.source.tell_unreadable)
        self.input.view_model.settings_changed.connect(lambda _settings: self._show_preview())
        self.strip = OpeningStrip(self.context.jobs)
        self.refusal = Refusal(self.context, self.opening)
        column = vertical(self, spacing=1)
        column.addWidget(self.stack, 1)
        # Below everything, so that nothing moves under the pointer when they come and go.
        column.addWidget(self.strip)
        column.addWidget(self.refusal)
        for label in self.findChildren(QLabel):
            # A class or a file may be called "<b>".
            label.setTextFormat(Qt.TextFormat.PlainText)
        self._show_layout()

    def _left(self) -> QWidget:
        self.source = SourceSection(self.view_model, self.opening)
        self.split = SplitSection(self.context)
        self.classes = ClassList()
        self.search = naming.give(QLineEdit(), "data.search", "Search classes")
        self.search.setPlaceholderText("Search classes")
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self.classes.search)
        self.search.textChanged.connect(lambda text: self.view_model.choose(search=text))
        holder = _surface()
        column = QVBoxLayout(holder)
        column.setContentsMargins(theme.GROUP_GAP, theme.GROUP_GAP, theme.GROUP_GAP, theme.GAP)
        column.setSpacing(theme.GAP)
        column.addWidget(self.source)
        column.addWidget(hairline())
        column.addWidget(self.split)
        column.addWidget(hairline())
        column.addWidget(heading("Classes"))
        column.addWidget(self.search)
        column.addWidget(self.classes, 1)
        self.left = ScrollColumn("data.left")
        self.left.setMinimumWidth(theme.scaled(LEFT))
        self.left.setWidget(holder)
        return self.left

    def _right(self) -> QWidget:
        self.augmentation = AugmentationPage(self.context)
        self.input = InputPage(self.context)
        self.problem = text_line("data.problem", "warning")
        self.problem.hide()
        self.augmentation.problem.connect(self._show_problem)
        self.tabs = segmented(
            "data.page",
            "Right column",
            (
                ("augmentation", "Augmentation", "Random changes to the training images"),
                ("input", "Input", "How images and labels reach a network, and how fast"),
            ),
            wide=True,
        )
        self.pages = QStackedWidget()
        self.pages.addWidget(self.augmentation)
        self.pages.addWidget(self.input)
        self.tabs.changed.connect(self.show_page)
        self.right = _surface()
        vertical(
            self.right, row(self.tabs), self.problem, (self.pages, 1), margins=(theme.GROUP_GAP, theme.GAP)
        )
        self.right.setMinimumWidth(theme.scaled(300))
        return self.right

    def _leave_downloads(self) -> None:
        self.stack.setCurrentWidget(self.empty if self._dataset is None else self.columns)

    def _open_downloaded(self, name: str) -> None:
        self._leave_downloads()
        self.opening.open(name)

    def _show_dataset(self, dataset: Dataset | None, other: bool) -> None:
        if dataset is None:
            self.stack.setCurrentWidget(self.empty)
            return
        chosen = self.view_model.selection
        if other:
            self.classes.set_classes(dataset.classes)
            self.search.setVisible(len(dataset.classes) >= SEARCH_FROM)
            self.search.setText(chosen.search)
            self.classes.choose(chosen.class_)
        self.images.show_dataset(dataset, other)
        self.source.show_dataset(dataset)
        self.split.show_dataset(dataset)
        self._show_counts()
        self._show_focus()
        self.stack.setCurrentWidget(self.columns)
        if self._wants_example:
            self._wants_example = False
            self._choose_example()

    def _choose_example(self) -> None:
        from convscope.engine.data.augmentation import MILD

        if self.context.workspace.augmentation is None:
            self.context.workspace.set_augmentation(MILD)
        shown = self.images.grid.indices
        if len(shown):
            index = int(shown[min(_EXAMPLE, len(shown) - 1)])
            self.images.grid.set_current(index)
            self.view_model.choose(image=index)

    def _show_counts(self) -> None:
        if self._dataset is not None:
            self.classes.set_counts(self.view_model.counts)

    def _show_search(self, chosen: DataSelection) -> None:
        if chosen.search != self.search.text():
            self.search.setText(chosen.search)

    def _show_focus(self, _index: int = 0) -> None:
        if self._dataset is not None:
            self.input.show_dataset(self._dataset, self.focus_image)
            self._show_preview()

    def _show_preview(self) -> None:
        if self._dataset is not None:
            self.augmentation.show_dataset(self._dataset, self.focus_image, self.input.settings)

    def _show_problem(self, sentence: str) -> None:
        self.problem.setText(sentence)
        self.problem.setVisible(bool(sentence))

    def _show_layout(self, _layout: object = None) -> None:
        page = self.view_model.layout.value.page
        self.tabs.set_value(page)
        self.pages.setCurrentIndex(int(page == "input"))
        right = self._wants_right
        self.right.setVisible(right)
        # Where there is no room for three columns, the right one takes the place of the left.
        self.left.setHidden(self.compact and right)
        self.images.fold.setChecked(right)


def _surface() -> QWidget:
    made = QWidget()
    as_panel(made)
    return made
