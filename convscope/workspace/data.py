"""The data set that is open, and what is set for it: each data set keeps its own while others are open."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from psygnal import Signal, SignalInstance

from convscope.engine.data.augmentation import Augmentation
from convscope.engine.data.resize import InputSettings
from convscope.engine.data.split import SplitSettings
from convscope.workspace.document import Document, Part

if TYPE_CHECKING:
    from convscope.engine.data.dataset import Dataset

SETTINGS_OF = "data:"
"""The name of a part with the settings of a data set begins so; what opens the set follows."""
_DATA_PANELS = ("data", "train")
_NOWHERE = "nowhere"


@dataclass(frozen=True)
class DataSettings:
    """Of one data set.

    Attributes:
        augmentation: what training does to its images; None: nothing.
        input: what they are brought to; None: it was never set.
        split: its parts, as far as they do not come with it; None: as it is opened. Whether pictures are kept
            together says `together`.
        together: images that are the same picture are kept in one part, once they are found.
        batch_size, labels: of the batch that the data panel shows.
    """

    augmentation: Augmentation | None = None
    input: InputSettings | None = None
    split: SplitSettings | None = None
    together: bool = True
    batch_size: int = 32
    labels: Literal["sparse", "categorical", "binary"] = "sparse"


class WorkspaceData:
    """The part of the workspace that the data set is.

    Signals:
        dataset_changed: the data set, or None: another one, or the same with other parts.
        input_changed: what images are brought to before a network gets them: `InputSettings`.
        augmentation_changed: what training does to its images, or None.
        data_settings_changed: all that is set for the data set, those two among it: `DataSettings`.
    """

    dataset_changed = Signal(object)
    input_changed = Signal(object)
    augmentation_changed = Signal(object)
    data_settings_changed = Signal(DataSettings)
    history_changed: SignalInstance

    document: Document

    def _begin_data(self) -> None:
        self._dataset: Dataset | None = None
        # By what opens the data set; "" while there is none.
        self._for_data: dict[str, Part[DataSettings]] = {}
        self._told_data = DataSettings()
        self._data_before: tuple[str, str] | None = None

    @property
    def dataset(self) -> Dataset | None:
        return self._dataset

    @property
    def input(self) -> InputSettings:
        """What images are brought to before a network gets them, in training and where data is looked at."""
        return self.data_settings.input or InputSettings()

    @property
    def has_input(self) -> bool:
        """Whether that was ever set; before, there is nothing to keep."""
        return self.data_settings.input is not None

    @property
    def augmentation(self) -> Augmentation | None:
        """What training does to its images; never to those it is measured on."""
        return self.data_settings.augmentation

    @property
    def data_settings(self) -> DataSettings:
        """All that is set for the data set: it belongs to it, and is there again when it is."""
        return self._of_data().value

    @property
    def data_part(self) -> Part[DataSettings]:
        """For a step that changes what is set for the data set and something else."""
        return self._of_data()

    @property
    def data_before(self) -> tuple[str, DataSettings] | None:
        """The title of the data set that was open before this one, and what is set for it."""
        if self._data_before is None:
            return None
        title, reference = self._data_before
        return title, self._of_data(reference).value

    def set_dataset(self, dataset: Dataset | None, *, as_split: bool = False) -> None:
        """Open a data set, or another split of the same.

        Args:
            as_split: its parts are those that are meant, as those of a run are, and not those that were set
                for this data before.
        """
        if dataset is self._dataset:
            return
        old, self._dataset = self._dataset, dataset
        before, after = (each.reference if each is not None else "" for each in (old, dataset))
        if before != after:
            # What is set for a data set that is not on show is not undone.
            self._of_data(before).panels = (_NOWHERE,)
            self._of_data(after).panels = _DATA_PANELS
            self._data_before = (old.title, before) if old is not None else None
            first, part = self._of_data(before), self._of_data(after)
            if old is None and part.value == DataSettings():
                # What was set before there was any data is for the first.
                part.set(first.value)
                first.set(DataSettings())
        if as_split and dataset is not None:
            split, part = dataset.split_settings, self._of_data(after)
            # Of the data that is open already it may not be known yet what is to be kept together.
            same = old is not None and old.images is dataset.images
            together = part.value.together if same else split.together
            part.set(replace(part.value, split=replace(split, together=False), together=together))
        with self.document.following():
            self.dataset_changed.emit(dataset)
            self._tell_data_settings()
        self.history_changed.emit()

    def edit_data_settings(self, label: str, merge: Hashable | None = None, **changes: Any) -> None:
        """Change what is set for the data set by one undoable step.

        Args:
            label: what the person did, as a menu says it.
            merge: joins the many steps of one drag.
            changes: fields of `DataSettings`.
        """
        part = self._of_data()
        part.edit(replace(part.value, **changes), label, merge)

    def set_input(self, settings: InputSettings, merge: Hashable | None = None) -> None:
        """Choose what images are brought to; an undoable step."""
        if settings != self.input:
            self.edit_data_settings("Change the input", merge, input=settings)

    def set_augmentation(self, augmentation: Augmentation | None, merge: Hashable | None = None) -> None:
        """Choose what training does to its images; an undoable step."""
        self.edit_data_settings("Change the augmentation", merge, augmentation=augmentation)

    def set_split(self, split: SplitSettings, merge: Hashable | None = None) -> None:
        """Choose the parts of the data set, as far as they do not come with it; an undoable step."""
        part = self._of_data()
        if part.value.split is None and self._dataset is not None:
            # What undo comes back to.
            part.set(replace(part.value, split=replace(self._dataset.split_settings, together=False)))
        self.edit_data_settings("Change the split", merge, split=replace(split, together=False))

    def data_settings_of(self, reference: str) -> DataSettings:
        """What is set for a data set that may not be open, by what opens it; on any thread."""
        part = self._for_data.get(reference)
        return part.value if part is not None else DataSettings()

    def data_part_of(self, reference: str) -> Part[DataSettings]:
        """What is set for a data set that may not be open, to be changed; made if there is none yet."""
        return self._of_data(reference)

    def _of_data(self, reference: str | None = None) -> Part[DataSettings]:
        if reference is None:
            reference = self._dataset.reference if self._dataset is not None else ""
        if reference not in self._for_data:
            shown = self._dataset.reference if self._dataset is not None else ""
            panels = _DATA_PANELS if reference == shown else (_NOWHERE,)
            part = self.document.part(f"{SETTINGS_OF}{reference}", DataSettings(), *panels)
            part.changed.connect(lambda _settings: self._tell_data_settings())
            self._for_data[reference] = part
        return self._for_data[reference]

    def _tell_data_settings(self) -> None:
        now, told = self.data_settings, self._told_data
        if now == told:
            return
        self._told_data = now
        if now.input != told.input:
            self.input_changed.emit(self.input)
        if now.augmentation != told.augmentation:
            self.augmentation_changed.emit(now.augmentation)
        self.data_settings_changed.emit(now)
