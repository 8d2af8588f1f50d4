"""Compiling the pass for all layers while nobody waits: the next image then takes a quarter. No Qt."""

from __future__ import annotations

from convscope.engine.interpret.activations.activations import is_traced, trace
from convscope.engine.models.opened import OpenedModel
from convscope.ui.panel_context import PanelContext

TRACE = "layers.trace"
"""The key of the job."""


def request_trace(context: PanelContext, model: OpenedModel) -> None:
    """Queue it, unless it is done."""
    if is_traced(model):
        return
    context.jobs.submit(
        "engine",
        lambda task: trace(model, task),
        title=f"Preparing {model.name}",
        key=TRACE,
        quiet=True,
        # It only saves time; what stands in its way will be said by the look itself.
        on_failed=lambda _error: None,
    )
