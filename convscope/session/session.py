"""What is open now, and the events that tell when it changes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Literal

from psygnal import Signal

from convscope.imaging.image import Image
from convscope.session.history import History
from convscope.session.lab import Lab

if TYPE_CHECKING:
    from convscope.engine.data.augmentation import Augmentation
    from convscope.engine.data.dataset import Dataset
    from convscope.engine.data.resize import InputSettings
    from convscope.engine.models.architecture import Architecture
    from convscope.engine.models.opened import OpenedModel

Document = Literal["lab", "architecture"]
FIRST_ARCHITECTURE = "mnist-convnet"
KEPT_BYTES = 256 << 20  # of closed images that can be opened again


class Session:
    """What is open: images, models, a data set; and the documents that are edited. GUI thread only.

    There is always a current image. A model or a data set may be missing.

    Signals:
        images_changed: the film strip: tuple of Image, after adding or removing.
        image_changed: the current image: another one, or a new frame of the same source.
        models_changed: the open models: tuple of OpenedModel.
        model_changed: the current model, or None.
        layer_changed: the path of the chosen layer of the current model, or None.
        dataset_changed: the data set, or None.
        input_changed: what images are brought to before a network gets them: `InputSettings`.
        augmentation_changed: what training does to its images, or None.
        lab_changed: the lab: by an edit, undo or redo.
        architecture_changed: the model builder's document: by an edit, undo or redo.
        history_changed: what undo and redo would do.

    Attributes:
        document: what undo and redo act on: the document of the panel on show, or None.
    """

    images_changed = Signal(tuple)
    image_changed = Signal(Image)
    models_changed = Signal(tuple)
    model_changed = Signal(object)
    layer_changed = Signal(object)
    dataset_changed = Signal(object)
    input_changed = Signal(object)
    augmentation_changed = Signal(object)
    lab_changed = Signal(Lab)
    architecture_changed = Signal(object)
    history_changed = Signal()

    def __init__(self, images: Iterable[Image], lab: Lab | None = None) -> None:
        self._images = tuple(images)
        if not self._images:
            raise ValueError("a session always has a current image")
        self._current = 0
        self._closed: list[tuple[int, Image]] = []
        self._models: tuple[OpenedModel, ...] = ()
        self._model: OpenedModel | None = None
        self._layer: str | None = None
        self._dataset: Dataset | None = None
        self._input: InputSettings | None = None
        self._augmentation: Augmentation | None = None
        self._lab: History[Lab] = History(lab or Lab())
        self._architecture: History[Architecture] | None = None
        self._document: Document | None = "lab"

    @property
    def images(self) -> tuple[Image, ...]:
        """All open images, in the order of the film strip."""
        return self._images

    @property
    def current(self) -> int:
        """The index of the current image."""
        return self._current

    @property
    def image(self) -> Image:
        """The current image."""
        return self._images[self._current]

    @property
    def lab(self) -> Lab:
        """The kernel lab's document."""
        return self._lab.state

    def add_images(self, images: Iterable[Image]) -> None:
        """Open more images and make the first of them current. A file that is open already is replaced."""
        added = tuple(images)
        if not added:
            return
        paths = {image.path for image in added if image.path is not None}
        kept = tuple(image for image in self._images if image.path not in paths)
        self._images = (*kept, *added)
        self._current = len(kept)
        self.images_changed.emit(self._images)
        self.image_changed.emit(self.image)

    def select_image(self, index: int) -> None:
        """Make another open image the current one."""
        if index != self._current:
            self._current = range(len(self._images))[index]
            self.image_changed.emit(self.image)

    def update_image(self, image: Image) -> None:
        """A new frame for the current place in the strip: a stroke of the pad, a camera's picture."""
        self._images = (*self._images[: self._current], image, *self._images[self._current + 1 :])
        self.images_changed.emit(self._images)
        self.image_changed.emit(image)

    def remove_image(self, index: int, *, keep: bool = True) -> None:
        """Close an image; the last one stays open, so that there is always something to see.

        Args:
            keep: it can be opened again by `reopen_image`.
        """
        if len(self._images) == 1:
            return
        was_current = index == self._current
        if keep:
            self._closed.append((range(len(self._images))[index], self._images[index]))
            while len(self._closed) > 1 and sum(each.values.nbytes for _, each in self._closed) > KEPT_BYTES:
                del self._closed[0]
        self._images = self._images[:index] + self._images[index + 1 :]
        if index < self._current or self._current == len(self._images):
            self._current -= 1
        self.images_changed.emit(self._images)
        if was_current:
            self.image_changed.emit(self.image)

    @property
    def closed_image(self) -> Image | None:
        """The image that was closed last, with what was drawn or typed into it; None: there is none."""
        return self._closed[-1][1] if self._closed else None

    def reopen_image(self) -> None:
        """Open the image again that was closed last, in its old place, and make it current."""
        if not self._closed:
            return
        index, image = self._closed.pop()
        paths = [other.path for other in self._images]
        if image.path is not None and image.path in paths:
            # Its file was opened anew meanwhile.
            self.select_image(paths.index(image.path))
            return
        self._current = min(index, len(self._images))
        self._images = (*self._images[: self._current], image, *self._images[self._current :])
        self.images_changed.emit(self._images)
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
        if self._input is None:
            # Imported late, as are the layer kinds.
            from convscope.engine.data.resize import InputSettings

            self._input = InputSettings()
        return self._input

    @property
    def has_input(self) -> bool:
        """Whether that was ever asked for; before, there is nothing to keep."""
        return self._input is not None

    @property
    def augmentation(self) -> Augmentation | None:
        """What training does to its images; never to those it is measured on."""
        return self._augmentation

    def add_model(self, model: OpenedModel) -> None:
        """Open one more model and make it the current one."""
        self._models = (*self._models, model)
        self.models_changed.emit(self._models)
        self._show_model(model)

    def select_model(self, index: int) -> None:
        """Make another open model the current one."""
        self._show_model(self._models[index])

    def replace_model(self, old: OpenedModel, new: OpenedModel) -> None:
        """The same model under other names or preprocessing, or trained further, in the old one's place."""
        self._models = tuple(new if model is old else model for model in self._models)
        self.models_changed.emit(self._models)
        if self._model is old:
            self._show_model(new)

    def remove_model(self, index: int) -> None:
        """Close a model; of the others, that before it becomes the current one."""
        gone = self._models[index]
        self._models = self._models[:index] + self._models[index + 1 :]
        self.models_changed.emit(self._models)
        if gone is self._model:
            self._show_model(self._models[max(0, index - 1)] if self._models else None)

    def choose_layer(self, path: str | None) -> None:
        """Choose a layer of the current model, in all panels."""
        if path != self._layer:
            self._layer = path
            self.layer_changed.emit(path)

    def set_dataset(self, dataset: Dataset | None) -> None:
        """Open a data set, or another split of the same."""
        if dataset is not self._dataset:
            self._dataset = dataset
            self.dataset_changed.emit(dataset)

    def set_input(self, settings: InputSettings) -> None:
        """Choose what images are brought to."""
        if settings != self.input:
            self._input = settings
            self.input_changed.emit(settings)

    def set_augmentation(self, augmentation: Augmentation | None) -> None:
        """Choose what training does to its images."""
        if augmentation != self._augmentation:
            self._augmentation = augmentation
            self.augmentation_changed.emit(augmentation)

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
    def architecture(self) -> Architecture:
        """The model builder's document."""
        return self._architectures.state

    @property
    def has_architecture(self) -> bool:
        """Whether the builder's document was ever looked at; before, there is nothing to keep."""
        return self._architecture is not None

    @property
    def document(self) -> Document | None:
        """What undo and redo act on: the document of the panel on show, or None."""
        return self._document

    @document.setter
    def document(self, document: Document | None) -> None:
        self._document = document
        self.history_changed.emit()

    def edit_lab(self, lab: Lab, label: str, merge: str | None = None) -> None:
        """Change the lab by one undoable step; `merge` joins the many steps of one drag."""
        if lab == self.lab:
            return
        self._lab.edit(lab, label, merge)
        self.lab_changed.emit(lab)
        self.history_changed.emit()

    def edit_architecture(self, architecture: Architecture, label: str, merge: str | None = None) -> None:
        """Change the builder's document by one undoable step; `merge` joins the many steps of typing."""
        if architecture == self.architecture:
            return
        self._architectures.edit(architecture, label, merge)
        self.architecture_changed.emit(architecture)
        self.history_changed.emit()

    @property
    def undo_label(self) -> str | None:
        """What undo would take back, or None."""
        history = self._shown
        return history.undo_label if history else None

    @property
    def redo_label(self) -> str | None:
        """What redo would do again, or None."""
        history = self._shown
        return history.redo_label if history else None

    def undo(self) -> None:
        """Take the last edit of the document back."""
        history = self._shown
        if history and history.undo():
            self._tell()

    def redo(self) -> None:
        """Do the edit again that undo took back."""
        history = self._shown
        if history and history.redo():
            self._tell()

    @property
    def _architectures(self) -> History[Architecture]:
        if self._architecture is None:
            # Imported late: the window's first paint does not wait for the layer kinds.
            from convscope.engine.models.templates import TEMPLATES

            self._architecture = History(TEMPLATES[FIRST_ARCHITECTURE].architecture)
        return self._architecture

    @property
    def _shown(self) -> History[Any] | None:
        if self._document == "architecture":
            return self._architecture
        return self._lab if self._document == "lab" else None

    def _tell(self) -> None:
        if self._document == "architecture":
            self.architecture_changed.emit(self.architecture)
        else:
            self.lab_changed.emit(self.lab)
        self.history_changed.emit()
