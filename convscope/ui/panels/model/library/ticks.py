"""What is ticked to be compared."""

from __future__ import annotations

from dataclasses import dataclass, replace

from convscope.workspace.document import Part
from convscope.workspace.workspace import Workspace

SCOPE = "model.library"


@dataclass(frozen=True)
class Ticks:
    """Networks to be compared.

    Attributes:
        entries: names of the catalogue.
        models: ids of open models.
    """

    entries: frozenset[str] = frozenset()
    models: frozenset[str] = frozenset()


def ticks_of(workspace: Workspace) -> Part[Ticks]:
    """The slot that they are in: what was ticked can be taken back."""
    return workspace.part("model.library.ticks", Ticks(), SCOPE)


def tick_entry(slot: Part[Ticks], name: str, title: str, on: bool) -> None:
    """Tick or untick a network of the catalogue."""
    entries = slot.value.entries | {name} if on else slot.value.entries - {name}
    slot.edit(replace(slot.value, entries=entries), _label(title, on))


def tick_model(slot: Part[Ticks], model_id: str, title: str, on: bool) -> None:
    """Tick or untick an open model."""
    models = slot.value.models | {model_id} if on else slot.value.models - {model_id}
    slot.edit(replace(slot.value, models=models), _label(title, on))


def _label(title: str, on: bool) -> str:
    return f"{'Tick' if on else 'Untick'} {title}"
