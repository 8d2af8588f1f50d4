"""The models that trainings have opened: the latest few stay open, so that they do not pile up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convscope.ui.panel_context import PanelContext

if TYPE_CHECKING:
    from convscope.engine.models.opened import OpenedModel

# Older ones can be opened from the runs.
KEPT_MODELS = 4


class KeptModels:
    """Opens what a training has made in the session, and closes the oldest."""

    def __init__(self, context: PanelContext) -> None:
        self._context = context
        self._made: list[OpenedModel] = []

    def open(self, model: OpenedModel) -> None:
        """Make it the current model."""
        session = self._context.session
        session.add_model(model)
        still = [made for made in self._made if any(made is one for one in session.models)]
        self._made = [*still, model]
        for gone in self._made[:-KEPT_MODELS]:
            session.remove_model(gone.id)
            self._context.notify(f"{gone.name} was closed; its run can be opened again.")
        self._made = self._made[-KEPT_MODELS:]
