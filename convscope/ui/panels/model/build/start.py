"""The current model as something to build from: whether the builder can have its layers, and its weights."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

from convscope.core.errors import UserError
from convscope.core.task import Task
from convscope.engine.models.builder.architecture import Architecture
from convscope.engine.models.summary import Sheet
from convscope.ui.panel_context import PanelContext

if TYPE_CHECKING:
    from convscope.engine.models.opened import OpenedModel

KEY = "model.start"


class Start:
    """Reads the current model's layers in a worker, and knows which model a document was started from.

    Args:
        context: of the panel.
        told: called when `architecture` and `reason` have changed.

    Attributes:
        architecture: the current model's layers; None while they are not known, or cannot be had.
        reason: why they cannot be had; "" while that is not known.
    """

    def __init__(self, context: PanelContext, told: Callable[[], None]) -> None:
        self.architecture: Architecture | None = None
        self.reason = ""
        self._context, self._told = context, told
        self._model: OpenedModel | None = None
        # A model that was closed goes, unless the document on show was started from it.
        self._origins: WeakValueDictionary[str, OpenedModel] = WeakValueDictionary()
        self._layers: dict[str, dict[str, tuple[str, str]]] = {}
        self._held: OpenedModel | None = None

    def consider(self, model: OpenedModel | None) -> None:
        """Find out about another model."""
        if model is self._model:
            return
        self._model, self.architecture, self.reason = model, None, ""
        if model is None:
            self._context.jobs.cancel_key(KEY)
            return

        def work(_task: Task) -> Architecture | str:
            # Imported here: the engine may still be starting, in this same lane.
            from convscope.engine.models.builder.to_architecture import architecture_of

            try:
                made: Architecture = model.kept("architecture", lambda: architecture_of(model))
            except UserError as error:
                return error.message
            # Counted here: its layers keep their arithmetic.
            made.sheet()
            return made

        def done(found: Architecture | str) -> None:
            if isinstance(found, str):
                self.reason = found
            else:
                self.architecture = found
            self._told()

        self._context.jobs.submit(
            "engine",
            work,
            title=f"Reading the layers of {model.name}",
            key=KEY,
            quiet=True,
            on_done=done,
            on_failed=self._context.report,
        )

    def take(self) -> Architecture | None:
        """The current model's layers, as a document that knows where it came from."""
        if self._model is None or self.architecture is None:
            return None
        key = f"{self._model.name} {id(self._model):x}"
        self._origins[key] = self._model
        self._layers[key] = _counted(self.architecture.sheet())
        return replace(self.architecture, origin=key)

    def hold(self, architecture: Architecture) -> OpenedModel | None:
        """The model that a document was started from, kept as long as this document is on show."""
        self._held = self._origins.get(architecture.origin)
        return self._held

    def kept(self, architecture: Architecture, sheet: Sheet) -> tuple[int, int]:
        """How many layers of a document would keep their weights, of how many that have some."""
        before, now = self._layers.get(architecture.origin, {}), _counted(sheet)
        return sum(before.get(name) == told for name, told in now.items()), len(now)

    def shutdown(self) -> None:
        """Take no more results."""
        self._context.jobs.cancel_key(KEY)


def _counted(sheet: Sheet) -> dict[str, tuple[str, str]]:
    """By name of the layers with weights: their kind and the sum, which tells the shapes."""
    return {row.name: (row.kind, row.formula) for row in sheet.layers if row.parameters}
