"""Which images of the data set are on show, which one previews show, and how the panel is laid out. No Qt."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray
from psygnal import Signal

if TYPE_CHECKING:
    from convscope.engine.data.dataset import Dataset, SplitName
    from convscope.engine.data.duplicates import Duplicates
    from convscope.ui.panel_context import PanelContext

Page = Literal["augmentation", "input"]


@dataclass(frozen=True)
class DataSelection:
    """What a person chose to see of one data set; another one begins anew.

    Attributes:
        reference: what opens the data set.
        part: "all": every image.
        class_: the index of the class that is shown alone, or None.
        mixed: not class after class; None: as suits the data.
        duplicates: only images that are there more than once.
        search: in the names of the classes.
        image: the index of the image that a person went to, or None.
    """

    reference: str = ""
    part: Literal["train", "validation", "test", "all"] = "train"
    class_: int | None = None
    mixed: bool | None = None
    duplicates: bool = False
    search: str = ""
    image: int | None = None


@dataclass(frozen=True)
class DataLayout:
    """The page at the right, and whether it is on show (None: as there is room)."""

    page: Page = "augmentation"
    right: bool | None = None


class DataViewModel:
    """Keeps what is chosen in the document, and says which images that is.

    Signals:
        dataset_changed: the data set or None, and whether it has other images than the one before.
        images_changed: other images are on show, or in another order.
        class_changed: the class that is shown alone, or None.
        part_changed: another part is counted.
        focus_changed: the index of the image that previews show.
        selection_changed: any of it.
    """

    dataset_changed = Signal(object, bool)
    images_changed = Signal()
    class_changed = Signal(object)
    part_changed = Signal()
    focus_changed = Signal(int)
    selection_changed = Signal(object)

    def __init__(self, context: PanelContext) -> None:
        self.context = context
        self.dataset: Dataset | None = None
        self.duplicates: Duplicates | None = None
        self._first = 0
        self._selection = context.workspace.part("data.selection", DataSelection(), "data")
        self.layout = context.workspace.part("data.layout", DataLayout(), "data")
        self._told = self.selection
        context.listen(context.workspace.dataset_changed, self._show_dataset)
        context.listen(self._selection.changed, self._changed)
        self._show_dataset(context.workspace.dataset)

    @property
    def selection(self) -> DataSelection:
        """What is chosen, of those things that there are."""
        dataset, chosen = self.dataset, self._selection.value
        if dataset is None or chosen.reference != dataset.reference:
            chosen = DataSelection(dataset.reference if dataset is not None else "")
        if dataset is None:
            return chosen
        if chosen.part != "all" and not len(dataset.indices(chosen.part)):
            chosen = replace(chosen, part="all")
        if chosen.class_ is not None and not 0 <= chosen.class_ < len(dataset.classes):
            chosen = replace(chosen, class_=None)
        if chosen.image is not None and not 0 <= chosen.image < len(dataset):
            chosen = replace(chosen, image=None)
        if chosen.duplicates and self.duplicates is None:
            chosen = replace(chosen, duplicates=False)
        return chosen

    @property
    def part(self) -> SplitName | None:
        """The part on show; None: all."""
        part = self.selection.part
        return None if part == "all" else part

    @property
    def mixed(self) -> bool:
        """Files come class after class, and the first screen would show one class only."""
        dataset, mixed = self.dataset, self.selection.mixed
        if mixed is not None or dataset is None:
            return bool(mixed)
        return len(dataset.classes) > 1 and bool((np.diff(dataset.labels) >= 0).all())

    @property
    def focus(self) -> int:
        """The image that previews show: the one that a person went to, or the first to train on."""
        image = self.selection.image
        return self._first if image is None else image

    @property
    def indices(self) -> NDArray[np.int64]:
        """The images on show, in their order."""
        dataset, chosen = self.dataset, self.selection
        if dataset is None:
            return np.empty(0, np.int64)
        if chosen.duplicates and self.duplicates is not None:
            only = np.array(self.duplicates.images, np.int64)
            return only if chosen.class_ is None else only[dataset.labels[only] == chosen.class_]
        if chosen.class_ is not None:
            return dataset.of_class(chosen.class_, self.part)
        part = self.part
        shown = dataset.indices(part) if part is not None else np.arange(len(dataset), dtype=np.int64)
        return np.random.default_rng(0).permutation(shown) if self.mixed else shown

    @property
    def counts(self) -> NDArray[np.int64]:
        """Images of each class in the part on show, int64 (classes,)."""
        return np.empty(0, np.int64) if self.dataset is None else self.dataset.counts(self.part)

    def choose(self, **changes: Any) -> None:
        """Change what is on show; no step of undo."""
        self._selection.set(replace(self.selection, **changes))

    def lay_out(self, **changes: Any) -> None:
        """Turn a page, or fold the right column."""
        self.layout.set(replace(self.layout.value, **changes))

    def _show_dataset(self, dataset: Dataset | None) -> None:
        old, self.dataset = self.dataset, dataset
        self.duplicates = None
        if dataset is not None and dataset.alike is not None:
            from convscope.engine.data.duplicates import duplicates_of

            self.duplicates = duplicates_of(dataset)
        other = dataset is not None and (old is None or old.images is not dataset.images)
        if dataset is not None and other:
            train = dataset.indices("train")
            self._first = int(train[0]) if len(train) else 0
        if old is not None and (dataset is None or other):
            # Opened anew it begins anew, too.
            self._selection.set(DataSelection())
        self._told = self.selection
        self.dataset_changed.emit(dataset, other)

    def _changed(self, _selection: DataSelection) -> None:
        before, now = self._told, self.selection
        if self.dataset is None or now == before:
            return
        self._told = now
        if now.part != before.part:
            self.part_changed.emit()
        if now.class_ != before.class_:
            self.class_changed.emit(now.class_)
        if replace(now, search="", image=None) != replace(before, search="", image=None):
            self.images_changed.emit()
        if now.image != before.image:
            self.focus_changed.emit(self.focus)
        self.selection_changed.emit(now)
