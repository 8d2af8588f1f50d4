"""What is open now, and the events that tell when it changes."""

from __future__ import annotations

import json
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from psygnal import Signal

from convscope.imaging.image import Image
from convscope.workspace.data import WorkspaceData
from convscope.workspace.document import Document, Part
from convscope.workspace.images import WorkspaceImages
from convscope.workspace.kept_models import KeptModel, NamedModel
from convscope.workspace.lab import Lab
from convscope.workspace.models import WorkspaceModels

if TYPE_CHECKING:
    from convscope.engine.data.dataset import Dataset
    from convscope.engine.models.builder.architecture import Architecture
    from convscope.engine.models.opened import OpenedModel

Value = TypeVar("Value")

FIRST_ARCHITECTURE = "mnist-convnet"


class Workspace(WorkspaceImages, WorkspaceModels, WorkspaceData):
    """What is open: images, models, a data set; what was set in the panels; and undo. GUI thread only.

    There is always a current image. A model or a data set may be missing. Images and models are told apart by
    their ids. What a panel shows and asks lies in `part`s of its own.

    Signals (besides those of images, models and data):
        lab_changed: the lab: by an edit, undo or redo.
        architecture_changed: the model builder's document: by an edit, undo or redo.
        history_changed: what undo and redo would do.
    """

    lab_changed = Signal(Lab)
    architecture_changed = Signal(object)
    history_changed = Signal()

    def __init__(self, images: Iterable[Image], lab: Lab | None = None) -> None:
        first = tuple(images)
        if not first:
            raise ValueError("a workspace always has a current image")
        self.document = Document()
        self._scope = "kernels"
        self._begin_images(first)
        self._begin_models()
        self._begin_data()
        self._lab = self.document.part("lab", Lab(), "kernels")
        if lab is not None:
            self._lab.set(lab)
        self._architecture: Part[Architecture] | None = None
        # Of a snapshot: what is not open yet, models by their ids.
        self.awaited_models: dict[str, NamedModel | KeptModel] = {}
        self.awaited_dataset = ""
        self._lab.changed.connect(self.lab_changed.emit)
        self.document.changed.connect(self.history_changed.emit)

    # -- what the panels set, and undo -----------------------------------------------------------------------

    def part(self, name: str, value: Value, *panels: str, kind: Any = None, kept: bool = True) -> Part[Value]:
        """A value that a panel shows or asks, which undo knows; made with `value` if there is none yet.

        Args:
            name: its id, as in "explain.request".
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

    # -- what a snapshot brings ------------------------------------------------------------------------------

    def expect(
        self, models: Mapping[str, NamedModel | KeptModel], dataset: str, places: tuple[str, ...]
    ) -> None:
        """What a snapshot is of and is not open yet; what panels showed of it waits until it is.

        Args:
            places: ids of all models of the snapshot, in the order that they had.
        """
        self.awaited_models, self.awaited_dataset, self._places = dict(models), dataset, places
        self._settle()

    def give_up(self, model_id: str = "", *, dataset: bool = False) -> None:
        """A model, or the data set, that a snapshot is of does not come."""
        self.awaited_models.pop(model_id, None)
        if dataset:
            self.awaited_dataset = ""
        self._settle()

    def add_model(self, model: OpenedModel, *, current: bool = True) -> None:
        super().add_model(model, current=current)
        self.give_up(model.id)

    def set_dataset(self, dataset: Dataset | None, *, as_split: bool = False) -> None:
        super().set_dataset(dataset, as_split=as_split)
        self.give_up(dataset=True)

    def _settle(self) -> None:
        if not self.awaited_models and not self.awaited_dataset:
            self.document.release()

    # -- documents -------------------------------------------------------------------------------------------

    @property
    def lab(self) -> Lab:
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
        return self._architectures.value

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
            self._architecture = self.document.part(
                "architecture", first, "model.build", kind=read_architecture
            )
            self._architecture.changed.connect(self.architecture_changed.emit)
        return self._architecture


def read_architecture(data: Any) -> Architecture:
    """The builder's document as a snapshot holds it, read as strictly as its file is.

    Raises:
        UserError, TypeError, ValueError, KeyError: it is something else.
    """
    from convscope.engine.models.builder.architecture import FORMAT, Architecture

    found = Architecture.from_json(json.dumps({"format": FORMAT, **data}), "The last run's draft")
    return replace(found, origin=str(data.get("origin", "")))
