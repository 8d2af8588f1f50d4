"""The builder without Qt: the steps that edit the architecture, what it is built from, and where one is."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from weakref import WeakValueDictionary

from psygnal import Signal

from convscope.core.errors import UserError
from convscope.core.task import Task
from convscope.engine.models.builder.architecture import Architecture, named
from convscope.engine.models.layer_specs import KINDS
from convscope.engine.models.summary import LayerInfo, ModelSummary
from convscope.ui.export.writing import save_as

if TYPE_CHECKING:
    from convscope.engine.models.opened import OpenedModel
    from convscope.ui.panel_context import PanelContext

SCOPE = "model.build"
BUILD_KEY, READ_KEY = "model.build", "model.start"


@dataclass(frozen=True)
class BuildOptions:
    """Where in the builder one is.

    Attributes:
        page: the list of layers, or the templates to start from.
        layer: the name of the chosen layer; "": the first.
        search: in the palette of kinds.
        template_search: in the templates.
        seed: of the random weights.
    """

    page: Literal["list", "gallery"] = "list"
    layer: str = ""
    search: str = ""
    template_search: str = ""
    seed: int = 0


class BuildViewModel:
    """Edits `workspace.architecture` by undoable steps, and makes models of it.

    Attributes:
        options: where in the builder one is.
        start: the current model's layers, to start from; None while not known, or where they cannot be had.
        start_problem: why they cannot be had; "" while that is not known.

    Signals:
        start_changed: `start` and `start_problem` are known.
        built_changed: whether the model that was built last is what the list holds.
        started: another architecture is the document.
    """

    start_changed = Signal()
    built_changed = Signal()
    started = Signal()

    def __init__(self, context: PanelContext) -> None:
        self._context = context
        self._workspace = context.workspace
        self.options = context.workspace.part("model.build.options", BuildOptions(), SCOPE)
        self.start: Architecture | None = None
        self.start_problem = ""
        self._model: OpenedModel | None = None
        self._built: tuple[OpenedModel, Architecture] | None = None
        # A model that was closed goes, unless the document on show was started from it.
        self._origins: WeakValueDictionary[str, OpenedModel] = WeakValueDictionary()
        self._layers: dict[str, dict[str, tuple[str, str]]] = {}
        self._held: OpenedModel | None = None
        context.ending.call(lambda: context.jobs.cancel_key(BUILD_KEY))
        context.ending.call(lambda: context.jobs.cancel_key(READ_KEY))

    @property
    def architecture(self) -> Architecture:
        return self._workspace.architecture

    def change(self, **changes: Any) -> None:
        self.options.set(replace(self.options.value, **changes))

    def add(self, kind: str, at: int) -> None:
        """A new layer of a kind at a place, chosen.

        Nothing comes before the input. A merge joins the layer above it with the nearest that fits.
        """
        architecture = self.architecture
        if at == 0 and architecture.layers and kind != "InputLayer":
            at = 1
        inputs: tuple[str, ...] = ()
        if KINDS[kind].merges and at:
            rows = architecture.summary().layers[:at]
            partner = _partner(rows, kind)
            if partner is not None:
                inputs = (rows[-1].name, partner)
        name = architecture.free_name(kind)
        self._edit(architecture.insert(at, kind, name=name, inputs=inputs), f"Add {kind}", choose=name)

    def set(self, name: str, key: str, value: object) -> None:
        self._edit(self.architecture.set(name, **{key: value}), f"Change {key} of {name}", f"{name}.{key}")

    def rename(self, name: str, new: str) -> None:
        self._edit(self.architecture.rename(name, new), f"Rename {name}", choose=new)

    def rename_network(self, name: str) -> None:
        own, title = named(name)
        self._edit(replace(self.architecture, name=own, title=title), "Rename the network", "rename")

    def connect(self, name: str, inputs: tuple[str, ...]) -> None:
        """Feed a layer from these; empty: from the one above."""
        self._edit(self.architecture.connect(name, *inputs), f"Connect {name}")

    def move(self, name: str, to: int) -> None:
        """Move a layer to a place in the list without it."""
        self._edit(self.architecture.move(name, to), f"Move {name}", f"move.{name}", name)

    def duplicate(self, name: str) -> None:
        after = self.architecture.duplicate(name)
        self._edit(after, f"Duplicate {name}", choose=after.layers[after.index(name) + 1].name)

    def remove(self, name: str) -> None:
        """Take a layer out; the last one stays."""
        if len(self.architecture.layers) > 1:
            self._edit(self.architecture.remove(name), f"Remove {name}")

    def start_from(self, architecture: Architecture, what: str) -> None:
        """Another architecture as the document, as an undoable step."""
        self._edit(architecture, f"Start from {what}", choose=architecture.layers[0].name)
        self.change(page="list")
        self.started.emit()

    def _edit(
        self, architecture: Architecture, label: str, merge: str | None = None, choose: str = ""
    ) -> None:
        if choose:
            # First, so that the list shows it when it changes.
            self.change(layer=choose)
        self._workspace.edit_architecture(architecture, label, merge)

    def consider(self, model: OpenedModel | None) -> None:
        """Find out whether the builder can have another model's layers."""
        if model is self._model:
            return
        self._model, self.start, self.start_problem = model, None, ""
        if model is None:
            self._context.jobs.cancel_key(READ_KEY)
            return

        def work(_task: Task) -> Architecture | str:
            # Imported here: the engine may still be starting, in this same lane.
            from convscope.engine.models.reuse.to_architecture import architecture_of

            try:
                made: Architecture = model.kept("architecture", lambda: architecture_of(model))
            except UserError as error:
                return error.message
            # Counted here: its layers keep their arithmetic.
            made.summary()
            return made

        def done(found: Architecture | str) -> None:
            if isinstance(found, str):
                self.start_problem = found
            else:
                self.start = found
            self.start_changed.emit()

        self._context.submit(
            "engine", work, f"Reading the layers of {model.name}", key=READ_KEY, quiet=True, on_done=done
        )

    def start_from_model(self) -> None:
        """The current model's layers as the document; those that stay as they are keep their weights."""
        if self._model is None or self.start is None:
            return
        key = f"{self._model.name} {id(self._model):x}"
        self._origins[key] = self._model
        self._layers[key] = _counted(self.start.summary())
        self.start_from(replace(self.start, origin=key), self._model.name)

    def origin(self) -> OpenedModel | None:
        """The model that the document was started from, kept as long as this document is on show."""
        self._held = self._origins.get(self.architecture.origin)
        return self._held

    def kept(self, summary: ModelSummary) -> tuple[int, int]:
        """How many layers of the document would keep their weights, of how many that have some."""
        before, now = self._layers.get(self.architecture.origin, {}), _counted(summary)
        return sum(before.get(name) == told for name, told in now.items()), len(now)

    @property
    def is_built(self) -> bool:
        return self._built == (self._workspace.model, self.architecture)

    def build(self, seed: int | None = None) -> None:
        """A model, which becomes the current one; what it keeps of the model it was started from is said."""
        architecture, origin = self.architecture, self.origin()
        number = self.options.value.seed if seed is None else seed

        def work(task: Task) -> OpenedModel:
            # Imported here: the engine may still be starting, in this same lane.
            from convscope.engine.models.reuse.built import build_model

            return build_model(architecture, number, task, origin)

        def done(model: OpenedModel) -> None:
            self._built = (model, architecture)
            self._workspace.add_model(model)
            count = model.summary.totals.parameters
            random = f"{count:,} random weights (seed {number}), not trained yet."
            told = random if model.source.weights == "random" else model.notes[0]
            self._context.notify(f"Built {model.name}: {told}")
            self.built_changed.emit()

        self._context.submit(
            "engine", work, f"Building {architecture.shown_name}", key=BUILD_KEY, on_done=done
        )

    def code(self) -> str:
        """The Keras script that builds the same model.

        Raises:
            UserError: there is none for it.
        """
        from convscope.engine.models.builder.build import to_code

        return to_code(self.architecture)

    def save_to(self, path: Path) -> None:
        architecture = self.architecture

        def write(file: Path, _task: Task) -> None:
            try:
                architecture.save(file)
            except OSError as error:
                raise UserError(
                    "The file cannot be written there: choose another folder.", detail=str(error)
                ) from error

        save_as(self._context, path, write, (".json",))

    def open_from(self, path: Path) -> None:
        self._context.submit(
            "view",
            lambda _task: Architecture.open(path),
            f"Opening {path.name}",
            on_done=lambda architecture: self.start_from(architecture, path.name),
        )


def _partner(rows: tuple[LayerInfo, ...], kind: str) -> str | None:
    """The nearest earlier layer with maps that can be joined with those of the last row."""
    last = rows[-1]
    if last.shape is None:
        return None
    for row in reversed(rows[:-1]):
        if row.shape is None or (row.kind == "InputLayer" and last.shape != row.shape):
            continue
        same = row.shape[:-1] == last.shape[:-1] if kind == "Concatenate" else row.shape == last.shape
        # The activation or normalisation of the same maps makes no skip.
        if same and row.name not in last.inputs:
            return row.name
    return None


def _counted(summary: ModelSummary) -> dict[str, tuple[str, str]]:
    """By name of the layers with weights: their kind and the sum, which tells the shapes."""
    return {row.name: (row.kind, row.formula) for row in summary.layers if row.parameters}
