"""The centre: which part is shown, the grid of its images, and what the cursor is on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QToolButton, QWidget

from convscope.core.task import Task
from convscope.ui import theme
from convscope.ui.canvas.thumbnail_loader import ThumbnailLoader
from convscope.ui.forms.form import as_panel, caption, row, segmented, tool, vertical
from convscope.ui.panels.data.grid import ThumbnailGrid
from convscope.ui.panels.data.image_actions import ImageActions
from convscope.ui.panels.data.view_model import DataViewModel
from convscope.ui.panels.data.words import PART_WORDS, image_words

if TYPE_CHECKING:
    from convscope.engine.data.dataset import Dataset

_PARTS = (
    ("train", "Train", "What the network learns from"),
    ("validation", "Validation", "What tells, while it learns, how it does on images that it never saw"),
    ("test", "Test", "What is kept for the very end"),
    ("all", "All", "Every image"),
)


class DatasetImages(QWidget):
    """The images of one part and one class, or of all.

    Signals:
        fold_requested: the button beside the switch.
    """

    fold_requested = Signal()

    def __init__(self, view_model: DataViewModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        as_panel(self)
        self._model = view_model
        self._context = context = view_model.context
        self._sizes: dict[int, tuple[int, ...]] = {}
        self.loader = ThumbnailLoader(context.jobs, "data.thumbnails", self)
        self.actions_ = ImageActions(context, self)
        self.grid = ThumbnailGrid(self.loader.picture)
        self.grid.broken = self._broken
        self.grid.words = self._words
        self.grid.view_changed.connect(self._ask)
        self.grid.chosen.connect(self._chosen)
        self.grid.moved.connect(lambda index: view_model.choose(image=index))
        self.grid.hovered.connect(self._hovered)
        self.grid.menu_requested.connect(self._open_menu)
        self.loader.arrived.connect(self.grid.show_arrived)
        self.switch = segmented("data.part", "Part", _PARTS)
        self.switch.changed.connect(lambda part: view_model.choose(part=part))
        self.smaller = tool("data.smaller", "Smaller thumbnails (−)", "zoom-out", lambda: self.grid.zoom(-1))
        self.larger = tool("data.larger", "Larger thumbnails (+)", "zoom-in", lambda: self.grid.zoom(1))
        self.mix = tool("data.mix", "In a mixed order, not class after class", "shuffle", self._mix)
        self.mix.setCheckable(True)
        self.fold = QToolButton()
        self.fold.setObjectName("data.fold")
        self.fold.setAccessibleName("Show or hide augmentation and input")
        self.fold.setToolTip("Show or hide augmentation and input")
        self.fold.setIcon(theme.icon("panel-right"))
        self.fold.setCheckable(True)
        self.fold.clicked.connect(self.fold_requested)
        self.foot = caption("data.hover")
        self.foot.setWordWrap(False)
        self.foot.setAccessibleName("The image under the cursor")
        self.foot.setMinimumWidth(1)
        view_model.images_changed.connect(self._fill)
        head = row(self.switch, None, spacing=theme.GRID)
        for widget in (self.mix, self.smaller, self.larger, self.fold):
            head.addWidget(widget)
        vertical(self, head, (self.grid, 1), self.foot, margins=(theme.GROUP_GAP, theme.GAP))

    @property
    def _dataset(self) -> Dataset | None:
        return self._model.dataset

    def show_dataset(self, dataset: Dataset, other: bool) -> None:
        """Another data set, or another split of the same."""
        chosen = self._model.selection
        if other:
            self._sizes = {}
            self.loader.set_images(dataset.images)
            native = max(dataset.image_size) if dataset.image_size is not None else None
            self.grid.set_source(dataset.labels, dataset.classes, native)
        for name in PART_WORDS:
            self.switch.button(name).setEnabled(bool(len(dataset.indices(name))))
        self._fill(to_top=other)
        if other and chosen.image is not None:
            self.grid.set_current(chosen.image)
        self._hovered(None)

    def _mix(self) -> None:
        self._model.choose(mixed=self.mix.isChecked())

    def _fill(self, *, to_top: bool = True) -> None:
        self.switch.set_value(self._model.selection.part)
        self.mix.setChecked(self._model.mixed)
        self.grid.set_indices(self._model.indices, to_top=to_top)
        self._hovered(None)

    def _ask(self) -> None:
        if self.isVisible():
            self.loader.ask(self.grid.visible(), self.grid.source_size())

    def _chosen(self, index: int) -> None:
        if self._dataset is not None:
            self.actions_.use(self._dataset, index)
            self._model.choose(image=index)

    def _open_menu(self, index: int, at: object) -> None:
        if self._dataset is not None:
            self.actions_.open_menu(self._dataset, index, at)  # type: ignore[arg-type]

    def _hovered(self, index: int | None) -> None:
        dataset = self._dataset
        if dataset is None:
            return
        if index is None:
            number = len(self.grid.indices)
            count = "1 image" if number == 1 else f"{number:,} images"
            self.foot.setText(f"{count}   ·   click to make one the current image")
            return
        self.foot.setText(self._words(index))
        if dataset.image_size is None and index not in self._sizes:
            self._read_size(dataset, index)

    def _read_size(self, dataset: Dataset, index: int) -> None:
        """Files differ in size: the one under the cursor tells its own, once it is read."""

        def work(task: Task) -> tuple[int, ...]:
            return dataset.images.read(index).shape

        def done(shape: tuple[int, ...]) -> None:
            if self._dataset is not None and self._dataset.images is dataset.images:
                self._sizes[index] = shape
                self.foot.setText(self._words(index))

        self._context.jobs.submit(
            "imaging",
            work,
            title="Reading an image",
            key="data.hover",
            quiet=True,
            on_done=done,
            on_failed=lambda error: self.foot.setText(str(error)),
        )

    def _words(self, index: int) -> str:
        dataset = self._dataset
        if dataset is None:
            return ""
        size: tuple[int, ...] | None = self._sizes.get(index)
        if size is None and dataset.image_size is not None:
            size = (*dataset.image_size, 3) if dataset.channels == 3 else dataset.image_size
        why = self._broken(index)
        return image_words(dataset, index, size) + (f"   ·   unreadable: {why}" if why else "")

    def _broken(self, index: int) -> str:
        """Why an image's file turned out to be unreadable; "" while nothing is known against it."""
        if self._dataset is None or self._dataset.kind == "arrays":
            return ""
        known: dict[str, str] = getattr(self._dataset.images, "unreadable", {})
        return known.get(self._dataset.images.name(index), "")

    def showEvent(self, event: object) -> None:
        self._ask()
