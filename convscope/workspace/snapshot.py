"""The state of the workspace at one moment: recovery, `convscope screenshot` and tests set up the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from convscope.core.ids import is_id
from convscope.core.records import from_json, to_json
from convscope.imaging.image import Image
from convscope.workspace.data import SETTINGS_OF
from convscope.workspace.document import Part
from convscope.workspace.history import UndoHistory, bring
from convscope.workspace.images import OpenImages
from convscope.workspace.kept_models import KeptModel, NamedModel, is_kept
from convscope.workspace.lab import Lab
from convscope.workspace.models import OpenModels
from convscope.workspace.workspace import Workspace, read_architecture

if TYPE_CHECKING:
    from convscope.engine.models.opened import OpenedModel

RESTORED = "Restore the last work"


@dataclass(frozen=True)
class WorkspaceSnapshot:
    """What is open and what was set.

    Attributes:
        images: the film strip.
        models: the open models by their ids, in their order: by name or file, or itself where it has none.
        dataset: what opens the data set again; "" without.
        parts: all parts of the document that are not as they began, by their names; each as its value or as
            JSON's own types.
        history: the steps of undo and redo, as such or as JSON's own types.
    """

    images: tuple[Image, ...] = ()
    models: Mapping[str, NamedModel | KeptModel | OpenedModel] = field(default_factory=dict)
    dataset: str = ""
    parts: Mapping[str, Any] = field(default_factory=dict)
    history: UndoHistory | Mapping[str, Any] = field(default_factory=UndoHistory)

    def plain(self) -> dict[str, Any]:
        """All parts as JSON's own types."""
        return {name: to_json(value) for name, value in self.parts.items()}

    def plain_history(self) -> Mapping[str, Any]:
        """The steps of undo and redo as JSON's own types."""
        return self.history.plain() if isinstance(self.history, UndoHistory) else self.history


def take(workspace: Workspace) -> WorkspaceSnapshot:
    """The workspace as it is now, and what it still waits for of an earlier snapshot: references only."""
    models: dict[str, NamedModel | KeptModel | OpenedModel] = {
        model.id: model if is_kept(model) else NamedModel.of(model.source) for model in workspace.models
    }
    models = workspace.in_order({**models, **workspace.awaited_models})
    known = {*models, *(image.id for image in workspace.images)}
    parts = {}
    for name, value in workspace.document.values().items():
        owner = name.rpartition(".")[2]
        # What is set for a model goes with it.
        if not is_id(owner) or owner in known:
            parts[name] = value
    if isinstance(shelf := parts.get("models"), OpenModels):
        parts["models"] = OpenModels(current=shelf.current if shelf.current in models else None)
    dataset = workspace.dataset.reference if workspace.dataset is not None else workspace.awaited_dataset
    # That the work was brought back once is no part of it.
    undo, redo = (
        tuple(step for step in steps if step.label != RESTORED) for steps in workspace.document.steps
    )
    return WorkspaceSnapshot(workspace.images, models, dataset, parts, UndoHistory(undo, redo))


def restore(workspace: Workspace, snapshot: WorkspaceSnapshot) -> None:
    """Set what a snapshot holds. Undo takes back what it took back then; after that, the images, the kernels
    and the builder's layers that came with it.

    Its models and its data set are for the caller to open, the models under the ids that they had: see
    `Workspace.awaited_models`. Until all have come, or were given up, what was set of them waits. Models that
    are open already stay open.

    Raises:
        ValueError, UserError: a part of the workspace itself is damaged; `recovery` leaves those out.
    """
    parts = snapshot.plain()
    brought: dict[Part[Any], Any] = {}
    if snapshot.images:
        strip = from_json(OpenImages, parts["images"]) if "images" in parts else None
        brought[workspace.strip] = workspace.bring_images(snapshot.images, strip)
    parts["images"] = to_json(brought.get(workspace.strip, workspace.strip.value))
    if "lab" in parts:
        brought[workspace.lab_part] = from_json(Lab, parts["lab"])
    workspace.edit(brought, RESTORED)
    if "architecture" in parts:
        workspace.edit_architecture(read_architecture(parts["architecture"]), RESTORED)
    for name in parts:
        if name.startswith(SETTINGS_OF):
            workspace.data_part_of(name.removeprefix(SETTINGS_OF))
    # Who is current the workspace itself knows while some are still to come.
    own = ("images", "models", "panel", "lab", "architecture")
    held = [name for name in parts if name not in own and not name.startswith(SETTINGS_OF)]
    workspace.document.restore(parts, hold=held)
    bring(workspace.document, snapshot.plain_history())
    missing = {each: model for each, model in snapshot.models.items() if workspace.open_model(each) is None}
    now = workspace.dataset.reference if workspace.dataset is not None else ""
    workspace.expect(
        {each: model for each, model in missing.items() if isinstance(model, NamedModel | KeptModel)},
        snapshot.dataset if snapshot.dataset != now else "",
        tuple(snapshot.models),
    )
    for model in missing.values():
        if not isinstance(model, NamedModel | KeptModel):
            workspace.add_model(model, current=False)
