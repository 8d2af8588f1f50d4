"""What is open now, and the events that tell when it changes."""

from __future__ import annotations

from collections.abc import Container, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

from psygnal import Signal

from convscope.imaging.image import Image
from convscope.workspace.data_settings import DataSettings
from convscope.workspace.document import Document, Part
from convscope.workspace.lab import Lab

if TYPE_CHECKING:
    from convscope.engine.data.augmentation import Augmentation
    from convscope.engine.data.dataset import Dataset
    from convscope.engine.data.resize import InputSettings
    from convscope.engine.data.split import SplitSettings
    from convscope.engine.models.builder.architecture import Architecture
    from convscope.engine.models.opened import OpenedModel

Value = TypeVar("Value")

FIRST_ARCHITECTURE = "mnist-convnet"
KEPT_BYTES = 256 << 20  # of closed images that can be opened again
_DATA_PANELS = ("data", "train")
_NOWHERE = "nowhere"
KEPT_MODELS = 1  # closed models that can be opened again


@dataclass(frozen=True)
class Open:
    """The things of one kind that are open: their ids in order, and which one is current."""

    ids: tuple[str, ...] = ()
    current: str | None = None

    def added(self, ids: Sequence[str]) -> Open:
        """With more of them at the end, the first of which is current."""
        return Open((*self.ids, *ids), ids[0])

    def inserted(self, at: int, one: str) -> Open:
        """With one more at a place, and current."""
        return Open((*self.ids[:at], one, *self.ids[at:]), one)

    def without(self, one: str, heir: int) -> Open:
        """Without one; if it was current, the one at the place `heir` of the others is."""
        left = tuple(each for each in self.ids if each != one)
        if self.current != one:
            return Open(left, self.current)
        return Open(left, left[min(max(heir, 0), len(left) - 1)] if left else None)

    def among(self, known: Container[str], otherwise: Open) -> Open:
        """Those of them that still exist; `otherwise` if none does."""
        left = tuple(each for each in self.ids if each in known)
        if not left:
            return otherwise
        return Open(left, self.current if self.current in left else left[-1])


@dataclass(frozen=True)
class Shelf:
    """Which of the models that were opened are closed, and which one is current.

    Opening a model is no step of undo, so a step must not say which ones are open.
    """

    closed: frozenset[str] = frozenset()
    current: str | None = None


class Workspace:
    """What is open: images, models, a data set; what was set in the panels; and undo. GUI thread only.

    There is always a current image. A model or a data set may be missing. Images and models are told apart by
    their ids. What a panel shows and asks lies in `part`s of its own.

    Signals:
        images_changed: the film strip: tuple of Image, after adding or removing.
        image_changed: the current image: another one, or a new frame of the same source.
        models_changed: the open models: tuple of OpenedModel.
        model_changed: the current model, or None.
        layer_changed: the path of the chosen layer of the current model, or None.
        dataset_changed: the data set, or None: another one, or the same with other parts.
        input_changed: what images are brought to before a network gets them: `InputSettings`.
        augmentation_changed: what training does to its images, or None.
        data_settings_changed: all that is set for the data set, those two among it: `DataSettings`.
        lab_changed: the lab: by an edit, undo or redo.
        architecture_changed: the model builder's document: by an edit, undo or redo.
        history_changed: what undo and redo would do.
    """

    images_changed = Signal(tuple)
    image_changed = Signal(Image)
    models_changed = Signal(tuple)
    model_changed = Signal(object)
    layer_changed = Signal(object)
    dataset_changed = Signal(object)
    input_changed = Signal(object)
    augmentation_changed = Signal(object)
    data_settings_changed = Signal(DataSettings)
    lab_changed = Signal(Lab)
    architecture_changed = Signal(object)
    history_changed = Signal()

    def __init__(self, images: Iterable[Image], lab: Lab | None = None) -> None:
        first = tuple(images)
        if not first:
            raise ValueError("a workspace always has a current image")
        self.document = Document()
        self._scope = "kernels"
        self._strip = self.document.part("images", Open(), kept=False)
        self._shelf = self.document.part("models", Shelf(), kept=False)
        # How often a model was made the current one on purpose.
        self.choices = 0
        # By id, in the order of opening; those that are closed but can be opened again, too.
        self._pictures: dict[str, Part[Image]] = {}
        self._opened: dict[str, Part[OpenedModel]] = {}
        self._closed: dict[str, int] = {}
        for image in first:
            self._keep_image(image)
        self._strip.set(Open().added([image.id for image in first]))
        self._images, self._image = first, first[0]
        self._models: tuple[OpenedModel, ...] = ()
        self._model: OpenedModel | None = None
        self._layer: str | None = None
        self._dataset: Dataset | None = None
        self._lab = self.document.part("lab", lab or Lab(), "kernels", kept=False)
        # By what opens the data set; "" while there is none.
        self._for_data: dict[str, Part[DataSettings]] = {}
        self._told_data = DataSettings()
        self._data_before: tuple[str, str] | None = None
        self._architecture: Part[Architecture] | None = None
        self._strip.changed.connect(self._show_images)
        self._shelf.changed.connect(self._show_models)
        self._lab.changed.connect(self.lab_changed.emit)
        self.document.changed.connect(self.history_changed.emit)

    # -- what the panels set, and undo -----------------------------------------------------------------------

    def part(self, name: str, value: Value, *panels: str, kind: Any = None, kept: bool = True) -> Part[Value]:
        """A value that a panel shows or asks, which undo knows; made with `value` if there is none yet.

        Args:
            name: its id, as in "explain.question".
            panels: where it is seen, and so undone: names of panels or of their pages; none: everywhere.
            kind: its type where that is more than the value's own, such as `tuple[str, ...]`.
            kept: False for what a snapshot leaves out: what follows from other parts, or is a live frame.
        """
        return self.document.part(name, value, *panels, kind=kind, kept=kept)

    def edit(self, changes: Mapping[Part[Any], Any], label: str, merge: Hashable | None = None) -> None:
        """Replace the values of several parts by one undoable step."""
        self.document.edit(changes, label, merge)

    @property
    def scope(self) -> str:
        """What is on show, and so what undo acts on: a panel's name, or "model.build" for a page of one."""
        return self._scope

    @scope.setter
    def scope(self, scope: str) -> None:
        if scope != self._scope:
            self._scope = scope
            self.history_changed.emit()

    @property
    def undo_label(self) -> str | None:
        """What undo would take back, or None."""
        return self.document.undo_label(self._scope)

    @property
    def redo_label(self) -> str | None:
        """What redo would do again, or None."""
        return self.document.redo_label(self._scope)

    def undo(self) -> None:
        """Take back the last thing that was done to what is on show."""
        self.document.undo(self._scope)

    def redo(self) -> None:
        """Do again what undo took back."""
        self.document.redo(self._scope)

    # -- images ----------------------------------------------------------------------------------------------

    @property
    def images(self) -> tuple[Image, ...]:
        """All open images, in the order of the film strip."""
        return self._images

    @property
    def current(self) -> int:
        """The current image's place in the strip."""
        return self._strip.value.ids.index(self._image.id)

    @property
    def image(self) -> Image:
        """The current image."""
        return self._image

    @property
    def strip(self) -> Part[Open]:
        """Which images are open: for a step that changes more than them. `with_image` makes its values."""
        return self._strip

    def with_image(self, image: Image) -> Open:
        """The strip with this image current; one that is open already is chosen."""
        strip = self._strip.value
        if image.id in strip.ids:
            return replace(strip, current=image.id)
        self._keep_image(image)
        return strip.added([image.id])

    def add_images(self, images: Iterable[Image]) -> None:
        """Open more images and make the first of them current. A file that is open already is replaced."""
        added = tuple(images)
        if not added:
            return
        paths = {image.path for image in added if image.path is not None}
        new = {image.id for image in added}
        strip = self._strip.value
        for image in self._images:
            if image.path in paths or image.id in new:
                strip = Open(tuple(each for each in strip.ids if each != image.id))
        for image in added:
            self._keep_image(image)
        title = f"Open {added[0].name}" if len(added) == 1 else f"Open {len(added)} images"
        self._strip.edit(strip.added([image.id for image in added]), title)

    def select_image(self, image_id: str) -> None:
        """Make another open image the current one.

        Raises:
            KeyError: no such image is open.
        """
        if image_id not in self._strip.value.ids:
            raise KeyError(image_id)
        # Flicking through the strip is one step.
        label = f"Choose {self._pictures[image_id].value.name}"
        self._strip.edit(replace(self._strip.value, current=image_id), label, merge="choose an image")

    def update_image(self, image: Image, image_id: str = "", label: str = "") -> Image:
        """Another picture in the place of an open one, by default of the current one, which keeps its id.

        Args:
            label: makes it an undoable step; without, it is a frame of something live.

        Returns:
            The image that is open now: the picture under that id.

        Raises:
            KeyError: no such image is open.
        """
        image_id = image_id or self._image.id
        if image_id not in self._strip.value.ids:
            raise KeyError(image_id)
        kept = image if image.id == image_id else replace(image, id=image_id)
        part = self._pictures[image_id]
        if label:
            part.edit(kept, label, merge=image_id)
        else:
            part.set(kept)
        return kept

    def remove_image(self, image_id: str, *, keep: bool = True) -> None:
        """Close an image; the last one stays open, so that there is always something to see.

        Args:
            keep: it can be opened again, by `reopen_image` and by undo.

        Raises:
            KeyError: no such image is open.
        """
        strip = self._strip.value
        if image_id not in strip.ids:
            raise KeyError(image_id)
        if len(strip.ids) == 1:
            return
        after = strip.without(image_id, strip.ids.index(image_id))
        if keep:
            self._strip.edit(after, f"Close {self._pictures[image_id].value.name}")
        else:
            self._strip.set(after)
            self._forget_image(image_id)

    @property
    def closed_image(self) -> Image | None:
        """The image that was closed last, with what was drawn or typed into it; None: there is none."""
        last = next(reversed(self._closed), None)
        return self._pictures[last].value if last is not None else None

    def reopen_image(self) -> None:
        """Open the image again that was closed last, in its old place, and make it current."""
        last = next(reversed(self._closed), None)
        if last is None:
            return
        image, strip = self._pictures[last].value, self._strip.value
        again = next((one for one in self._images if image.path is not None and one.path == image.path), None)
        if again is not None:
            # Its file was opened anew meanwhile.
            self.select_image(again.id)
            self._forget_image(last)
            return
        place = min(self._closed[last], len(strip.ids))
        self._strip.edit(strip.inserted(place, last), f"Open {image.name} again")

    def _keep_image(self, image: Image) -> None:
        known = self._pictures.get(image.id)
        if known is not None:
            known.set(image)
            return
        self._pictures[image.id] = part = self.document.part(image.id, image, kept=False)
        part.changed.connect(self._show_images)

    def _forget_image(self, image_id: str) -> None:
        self._closed.pop(image_id, None)
        del self._pictures[image_id]
        self.document.drop(image_id)

    def _show_images(self, *_: object) -> None:
        strip = self._strip.value.among(self._pictures, Open((self._image.id,), self._image.id))
        if strip != self._strip.value:
            # An undone step may name an image that is gone for good.
            self._strip.set(strip)
            return
        for place, one in enumerate(self._images):
            if one.id not in strip.ids and one.id in self._pictures:
                self._closed[one.id] = place
        for image_id in [image_id for image_id in self._closed if image_id in strip.ids]:
            del self._closed[image_id]
        closed = [self._pictures[one].value for one in self._closed]
        # Closed images take no more than their share of memory.
        while len(closed) > 1 and sum(image.values.nbytes for image in closed) > KEPT_BYTES:
            self._forget_image(closed.pop(0).id)
        images = tuple(self._pictures[one].value for one in strip.ids)
        assert strip.current is not None
        image = images[strip.ids.index(strip.current)]
        changed = len(images) != len(self._images) or any(
            a is not b for a, b in zip(images, self._images, strict=True)
        )
        other, self._images, self._image = image is not self._image, images, image
        if changed:
            self.images_changed.emit(images)
        if other:
            self.image_changed.emit(image)

    # -- models and data -------------------------------------------------------------------------------------

    @property
    def models(self) -> tuple[OpenedModel, ...]:
        """All open models, in the order of opening."""
        return self._models

    @property
    def model(self) -> OpenedModel | None:
        """The current model."""
        return self._model

    @property
    def layer(self) -> str | None:
        """The path of the chosen layer of the current model."""
        return self._layer

    @property
    def dataset(self) -> Dataset | None:
        """The data set."""
        return self._dataset

    @property
    def input(self) -> InputSettings:
        """What images are brought to before a network gets them, in training and where data is looked at."""
        chosen = self.data_settings.input
        if chosen is None:
            # Imported late, as are the layer kinds.
            from convscope.engine.data.resize import InputSettings

            return InputSettings()
        return chosen

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
    def all_data_settings(self) -> dict[str, DataSettings]:
        """Of every data set for which something was set, by what opens it."""
        return {
            reference: part.value
            for reference, part in self._for_data.items()
            if reference and part.value != DataSettings()
        }

    @property
    def data_before(self) -> tuple[str, DataSettings] | None:
        """The title of the data set that was open before this one, and what is set for it."""
        if self._data_before is None:
            return None
        title, reference = self._data_before
        return title, self._of_data(reference).value

    def open_model(self, model_id: str) -> OpenedModel | None:
        """The open model of this id, or None."""
        return next((model for model in self._models if model.id == model_id), None)

    def add_model(self, model: OpenedModel, *, current: bool = True) -> None:
        """Open one more model and make it the current one; one that is open already is only chosen.

        Args:
            current: False leaves the current model as it is, if there is one.
        """
        if self.open_model(model.id) is not None:
            if current:
                self.select_model(model.id)
            return
        if model.id not in self._opened:
            self._opened[model.id] = part = self.document.part(model.id, model, kept=False)
            part.changed.connect(self._show_models)
        shelf = self._shelf.value
        after = replace(shelf, closed=shelf.closed - {model.id})
        if current or shelf.current is None:
            after = replace(after, current=model.id)
        self.choices += current
        self._opened[model.id].set(model)
        self._shelf.set(after)
        self._show_models()

    def select_model(self, model_id: str) -> None:
        """Make another open model the current one.

        Raises:
            KeyError: no such model is open.
        """
        model = self.open_model(model_id)
        if model is None:
            raise KeyError(model_id)
        self.choices += 1
        self._shelf.edit(
            replace(self._shelf.value, current=model_id), f"Choose {model.name}", merge="choose a model"
        )

    def replace_model(self, model: OpenedModel, label: str = "") -> None:
        """The same model (by its id) under other names or preprocessing, in the old one's place.

        Args:
            label: makes it an undoable step.

        Raises:
            KeyError: it is not open.
        """
        if self.open_model(model.id) is None:
            raise KeyError(model.id)
        part = self._opened[model.id]
        if label:
            part.edit(model, label)
        else:
            part.set(model)

    def remove_model(self, model_id: str, *, keep: bool = False) -> None:
        """Close a model; of the others, that before it becomes the current one.

        Args:
            keep: undo opens it again, if it was the last one that was closed.

        Raises:
            KeyError: no such model is open.
        """
        model = self.open_model(model_id)
        if model is None:
            raise KeyError(model_id)
        shelf, ids = self._shelf.value, [one.id for one in self._models]
        place = ids.index(model_id)
        left = [one for one in ids if one != model_id]
        heir = (left[max(0, place - 1)] if left else None) if shelf.current == model_id else shelf.current
        if keep:
            self._shelf.edit(Shelf(shelf.closed | {model_id}, heir), f"Close {model.name}")
        else:
            del self._opened[model_id]
            self._shelf.set(replace(shelf, current=heir))
            self.document.drop(model_id)
            self._show_models()

    def choose_layer(self, path: str | None) -> None:
        """Choose a layer of the current model, in all panels."""
        if path != self._layer:
            self._layer = path
            self.layer_changed.emit(path)

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

    def bring_data_settings(self, settings: Mapping[str, DataSettings]) -> None:
        """What was set for data sets in an earlier run, by what opens them; no step."""
        for reference, each in settings.items():
            self._of_data(reference).set(each)

    def data_settings_of(self, reference: str) -> DataSettings:
        """What is set for a data set that may not be open, by what opens it; on any thread."""
        part = self._for_data.get(reference)
        return part.value if part is not None else DataSettings()

    def _of_data(self, reference: str | None = None) -> Part[DataSettings]:
        if reference is None:
            reference = self._dataset.reference if self._dataset is not None else ""
        if reference not in self._for_data:
            shown = self._dataset.reference if self._dataset is not None else ""
            panels = _DATA_PANELS if reference == shown else (_NOWHERE,)
            part = self.document.part(f"data:{reference}", DataSettings(), *panels, kept=False)
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

    def _show_models(self, *_: object) -> None:
        shelf = self._shelf.value
        closed = [one for one in self._opened if one in shelf.closed]
        for gone in closed[: max(0, len(closed) - KEPT_MODELS)]:
            del self._opened[gone]
            self.document.drop(gone)
        models = tuple(part.value for one, part in self._opened.items() if one not in shelf.closed)
        changed = len(models) != len(self._models) or any(
            a is not b for a, b in zip(models, self._models, strict=True)
        )
        self._models = models
        if changed:
            self.models_changed.emit(models)
        current = next((model for model in models if model.id == shelf.current), None)
        # An undone step may name a model that is gone for good.
        self._show_model(current if current is not None or not models else models[-1])

    def _show_model(self, model: OpenedModel | None) -> None:
        if model is self._model:
            return
        self._model = model
        # A twin, or the same architecture trained further, keeps the chosen layer.
        if model is None or self._layer not in model.program.slots:
            self._layer = None
        self.model_changed.emit(model)
        self.layer_changed.emit(self._layer)

    # -- documents -------------------------------------------------------------------------------------------

    @property
    def lab(self) -> Lab:
        """The kernel lab's document."""
        return self._lab.value

    @property
    def lab_part(self) -> Part[Lab]:
        """For a step that changes the lab and something else."""
        return self._lab

    def edit_lab(self, lab: Lab, label: str, merge: Hashable | None = None) -> None:
        """Change the lab by one undoable step; `merge` joins the many steps of one drag."""
        self._lab.edit(lab, label, merge)

    @property
    def architecture(self) -> Architecture:
        """The model builder's document."""
        return self._architectures.value

    @property
    def has_architecture(self) -> bool:
        """Whether the builder's document was ever looked at; before, there is nothing to keep."""
        return self._architecture is not None

    def edit_architecture(
        self, architecture: Architecture, label: str, merge: Hashable | None = None
    ) -> None:
        """Change the builder's document by one undoable step; `merge` joins the many steps of typing."""
        self._architectures.edit(architecture, label, merge)

    @property
    def _architectures(self) -> Part[Architecture]:
        if self._architecture is None:
            # Imported late: the window's first paint does not wait for the layer kinds.
            from convscope.engine.models.builder.templates import TEMPLATES

            first = TEMPLATES[FIRST_ARCHITECTURE].architecture
            self._architecture = self.document.part("architecture", first, "model.build", kept=False)
            self._architecture.changed.connect(self.architecture_changed.emit)
        return self._architecture
