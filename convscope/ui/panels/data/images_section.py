"""The middle: which part is shown, the grid of its images, and what the cursor is on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QToolButton, QVBoxLayout, QWidget

from convscope.core.task import Task
from convscope.ui import theme
from convscope.ui.canvas.thumbnail_loader import ThumbnailLoader
from convscope.ui.forms.form import as_panel, caption, segmented, tool
from convscope.ui.panel_context import PanelContext
from convscope.ui.panels.data.grid import ThumbnailGrid
from convscope.ui.panels.data.image_actions import ImageActions
from convscope.ui.panels.data.words import PART_WORDS, image_words

if TYPE_CHECKING:
    from convscope.engine.data.dataset import Dataset, SplitName

_PARTS = (
    ("train", "Train", "What the network learns from"),
    ("validation", "Validation", "What tells, while it learns, how it does on images that it never saw"),
    ("test", "Test", "What is kept for the very end"),
    ("all", "All", "Every image"),
)


class ImagesSection(QWidget):
    """The images of one part and one class, or of all.

    Signals:
        part_changed: "train", "validation", "test" or "all" was chosen.
        focused: the index of an image that a person went to.
        fold_requested: the button beside the switch.
    """

    part_changed = Signal(str)
    focused = Signal(int)
    fold_requested = Signal()

    def __init__(self, context: PanelContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        as_panel(self)
        self._context = context
        self._dataset: Dataset | None = None
        self._class: int | None = None
        self._only: NDArray[np.int64] | None = None
        self._sizes: dict[int, tuple[int, ...]] = {}
        self.loader = ThumbnailLoader(context.jobs, "data.thumbnails", self)
        self.actions_ = ImageActions(context, self)
        self.grid = ThumbnailGrid(self.loader.picture)
        self.grid.broken = self._broken
        self.grid.words = self._words
        self.grid.view_changed.connect(self._ask)
        self.grid.chosen.connect(self._chosen)
        self.grid.moved.connect(self.focused)
        self.grid.hovered.connect(self._hovered)
        self.grid.menu_requested.connect(self._open_menu)
        self.loader.arrived.connect(self.grid.show_arrived)
        self.switch = segmented("data.part", "Part", _PARTS)
        self.switch.changed.connect(self._part_chosen)
        self.smaller = tool("data.smaller", "Smaller thumbnails (−)", "zoom-out", lambda: self.grid.zoom(-1))
        self.larger = tool("data.larger", "Larger thumbnails (+)", "zoom-in", lambda: self.grid.zoom(1))
        self.mix = tool(
            "data.mix", "In a mixed order, not class after class", "shuffle", lambda: self._fill()
        )
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
        head = QHBoxLayout()
        head.setSpacing(theme.GRID)
        head.addWidget(self.switch)
        head.addStretch(1)
        for widget in (self.mix, self.smaller, self.larger, self.fold):
            head.addWidget(widget)
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.GROUP_GAP, theme.GAP, theme.GROUP_GAP, theme.GAP)
        column.setSpacing(theme.GAP)
        column.addLayout(head)
        column.addWidget(self.grid, 1)
        column.addWidget(self.foot)

    @property
    def part(self) -> SplitName | None:
        """The part on show; None: all."""
        return None if self.switch.value == "all" else self.switch.value  # type: ignore[return-value]

    def show_dataset(self, dataset: Dataset) -> None:
        """Another data set, or another split of the same."""
        same = self._dataset is not None and self._dataset.images is dataset.images
        self._dataset = dataset
        if not same:
            self._class, self._only, self._sizes = None, None, {}
            self.switch.set_value("train")
            self.loader.set_images(dataset.images)
            # Files come class after class, and the first screen would show one class only.
            self.mix.setChecked(len(dataset.classes) > 1 and bool((np.diff(dataset.labels) >= 0).all()))
            native = max(dataset.image_size) if dataset.image_size is not None else None
            self.grid.set_source(dataset.labels, dataset.classes, native)
        for name in PART_WORDS:
            self.switch.button(name).setEnabled(bool(len(dataset.indices(name))))
        if self.part is not None and not len(dataset.indices(self.part)):
            self.switch.set_value("all")
        self._fill(to_top=not same)
        self._hovered(None)

    def show_class(self, index: int | None) -> None:
        """Only this class, or all."""
        self._class = index
        self._fill()

    def show_only(self, indices: list[int] | None) -> None:
        """Only these images of all parts, in this order; None: as the switch says."""
        self._only = np.array(indices, np.int64) if indices is not None else None
        self._fill()

    def _fill(self, *, to_top: bool = True) -> None:
        dataset = self._dataset
        if dataset is None:
            return
        if self._only is not None:
            chosen = self._only
            if self._class is not None:
                chosen = chosen[dataset.labels[chosen] == self._class]
        elif self._class is not None:
            chosen = dataset.of_class(self._class, self.part)
        elif self.part is not None:
            chosen = dataset.indices(self.part)
        else:
            chosen = np.arange(len(dataset), dtype=np.int64)
        if self.mix.isChecked() and self._class is None and self._only is None:
            chosen = np.random.default_rng(0).permutation(chosen)
        self.grid.set_indices(chosen, to_top=to_top)
        self._hovered(None)

    def _part_chosen(self, part: str) -> None:
        self._fill()
        self.part_changed.emit(part)

    def _ask(self) -> None:
        if self.isVisible():
            self.loader.ask(self.grid.visible(), self.grid.source_size())

    def _chosen(self, index: int) -> None:
        if self._dataset is not None:
            self.actions_.use(self._dataset, index)
            self.focused.emit(index)

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
        """Ask for what was not asked for while nobody looked."""
        self._ask()
