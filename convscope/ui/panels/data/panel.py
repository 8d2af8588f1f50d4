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

from convscope.ui import theme
from convscope.ui.actions import Command
from convscope.ui.forms.form import as_panel, hairline, heading, row, segmented
from convscope.ui.layout.scroll_column import ScrollColumn
from convscope.ui.panel import Panel
from convscope.ui.panel_context import PanelContext
from convscope.ui.panels.data.augmentation_page import AugmentationPage
from convscope.ui.panels.data.class_list import ClassList
from convscope.ui.panels.data.downloads_page import DownloadsPage
from convscope.ui.panels.data.empty_page import EmptyPage
from convscope.ui.panels.data.images_section import ImagesSection
from convscope.ui.panels.data.input_page import InputPage
from convscope.ui.panels.data.opening import Opening, OpeningStrip
from convscope.ui.panels.data.refusal import Refusal
from convscope.ui.panels.data.source_section import SourceSection
from convscope.ui.panels.data.split_section import SplitSection

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
        self._dataset: Dataset | None = None
        self._focus = 0
        self._compact = False
        self._wants_right = True
        self._wants_example = False
        self.opening = Opening(context, self)
        self._build()
        context.workspace.dataset_changed.connect(self._show_dataset)
        self._show_dataset(context.workspace.dataset)

    @property
    def focus_image(self) -> int:
        """The index of the image that previews show."""
        return self._focus

    def commands(self) -> list[Command]:
        """What the command palette lists while this panel is shown."""
        ready = self._dataset is not None
        group = "Data"

        def command(name: str, title: str, run: object) -> Command:
            return Command(f"data.{name}", title, run, "", group, ready)  # type: ignore[arg-type]

        return [
            *self.opening.commands(),
            command("duplicates", "Find duplicates", self.source.find_duplicates),
            command("details", "What to know of this data set", self.source.show_details),
            command("throughput", "Measure the pipeline's throughput", self.input.measure_throughput),
            command("reset", "No augmentation", self.augmentation.clear),
            command("reseed", "Draw twelve other augmentations", self.augmentation.draw_others),
            command("fold", "Show or hide augmentation and input", self.toggle_right),
        ]

    def set_compact(self, compact: bool) -> None:
        """Fold the right column away where there is no room for it."""
        if compact != self._compact:
            self._compact = compact
            self._wants_right = not compact
            self._fold()

    def toggle_right(self) -> None:
        """Show augmentation and input beside the images, or give them the room."""
        self._wants_right = not self._wants_right
        self._fold()

    def show_page(self, name: str) -> None:
        """Show "augmentation" or "input" at the right."""
        self.tabs.set_value(name)
        self.pages.setCurrentIndex(int(name == "input"))
        if not self._wants_right:
            self.toggle_right()

    def show_downloads(self, name: str = "") -> None:
        """Show the sets that can be downloaded, above all the one of this name."""
        self.downloads.refresh(name)
        self.stack.setCurrentWidget(self.downloads)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """What is in the middle of the panel stays there, whatever is told below it."""
        super().resizeEvent(event)
        self.empty.set_room(self.height())

    def show_example(self) -> None:
        """Fill the panel, for a picture of it: garments unless data is open, mildly augmented."""
        if self._dataset is None:
            self._wants_example = True
            self.opening.open("fashion")
        else:
            self._choose_example()

    def shutdown(self) -> None:
        """Take no more events."""
        self.input.shutdown()
        self.opening.downloads.shutdown()
        self.refusal.shutdown()
        self.context.workspace.dataset_changed.disconnect(self._show_dataset)
        self.augmentation.shutdown()
        self.source.shutdown()
        self.split.shutdown()
        super().shutdown()

    def _build(self) -> None:
        self.stack = QStackedWidget()
        self.empty = EmptyPage(self.opening)
        self.stack.addWidget(self.empty)
        self.downloads = DownloadsPage(self.opening.downloads)
        self.downloads.back.connect(self._leave_downloads)
        self.downloads.open_requested.connect(self._open_downloaded)
        self.opening.downloads_requested.connect(self.show_downloads)
        self.stack.addWidget(self.downloads)
        self.columns = QSplitter(Qt.Orientation.Horizontal)
        self.columns.setObjectName("data.columns")
        self.columns.setChildrenCollapsible(False)
        self.columns.setHandleWidth(1)
        self.columns.addWidget(self._left())
        self.images = ImagesSection(self.context)
        self.images.setMinimumWidth(theme.scaled(280))
        self.columns.addWidget(self.images)
        self.columns.addWidget(self._right())
        self.columns.setStretchFactor(1, 1)
        self.stack.addWidget(self.columns)
        self.columns.setSizes([theme.scaled(LEFT), 10_000, theme.scaled(RIGHT)])
        self.source.duplicates_shown.connect(self.images.show_only)
        self.classes.chosen.connect(self.images.show_class)
        self.images.part_changed.connect(lambda _part: self._show_counts())
        self.images.focused.connect(self._focus_on)
        self.images.fold_requested.connect(self.toggle_right)
        self.images.loader.arrived.connect(lambda _made: self.source.tell_unreadable())
        self.input.measured.connect(self.source.tell_unreadable)
        self.input.changed.connect(lambda _settings: self._show_preview())
        self.strip = OpeningStrip(self.context.jobs)
        self.refusal = Refusal(self.context, self.opening)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(1)
        column.addWidget(self.stack, 1)
        # Below everything, so that nothing moves under the pointer when they come and go.
        column.addWidget(self.strip)
        column.addWidget(self.refusal)
        for label in self.findChildren(QLabel):
            # A class or a file may be called "<b>".
            label.setTextFormat(Qt.TextFormat.PlainText)
        self._fold()

    def _left(self) -> QWidget:
        self.source = SourceSection(self.context, self.opening)
        self.split = SplitSection(self.context)
        self.classes = ClassList()
        self.search = QLineEdit()
        self.search.setObjectName("data.search")
        self.search.setAccessibleName("Search classes")
        self.search.setPlaceholderText("Search classes")
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self.classes.search)
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
        self.problem = theme.label("", "warning")
        self.problem.setObjectName("data.problem")
        self.problem.setWordWrap(True)
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
        column = QVBoxLayout(self.right)
        column.setContentsMargins(theme.GROUP_GAP, theme.GAP, theme.GROUP_GAP, theme.GAP)
        column.setSpacing(theme.GAP)
        column.addLayout(row(self.tabs))
        column.addWidget(self.problem)
        column.addWidget(self.pages, 1)
        self.right.setMinimumWidth(theme.scaled(300))
        return self.right

    def _leave_downloads(self) -> None:
        self.stack.setCurrentWidget(self.empty if self._dataset is None else self.columns)

    def _open_downloaded(self, name: str) -> None:
        self._leave_downloads()
        self.opening.open(name)

    def _show_dataset(self, dataset: Dataset | None) -> None:
        old, self._dataset = self._dataset, dataset
        if dataset is None:
            self.stack.setCurrentWidget(self.empty)
            return
        if old is None or old.images is not dataset.images:
            self.classes.set_classes(dataset.classes)
            self.search.clear()
            self.search.setVisible(len(dataset.classes) >= SEARCH_FROM)
            self.images.show_dataset(dataset)
            self.images.show_class(None)
            train = dataset.indices("train")
            self._focus = int(train[0]) if len(train) else 0
        else:
            self.images.show_dataset(dataset)
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
            self._focus_on(index)

    def _show_counts(self) -> None:
        if self._dataset is not None:
            self.classes.set_counts(self._dataset.counts(self.images.part))

    def _focus_on(self, index: int) -> None:
        self._focus = index
        self._show_focus()

    def _show_focus(self) -> None:
        if self._dataset is not None:
            self.input.show_dataset(self._dataset, self._focus)
            self._show_preview()

    def _show_preview(self) -> None:
        if self._dataset is not None:
            self.augmentation.show_dataset(self._dataset, self._focus, self.input.settings)

    def _show_problem(self, sentence: str) -> None:
        self.problem.setText(sentence)
        self.problem.setVisible(bool(sentence))

    def _fold(self) -> None:
        self.right.setVisible(self._wants_right)
        # Where there is no room for three columns, the right one takes the place of the left.
        self.left.setHidden(self._compact and self._wants_right)
        self.images.fold.setChecked(self._wants_right)


def _surface() -> QWidget:
    made = QWidget()
    as_panel(made)
    return made
