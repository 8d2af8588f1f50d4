"""What the builder does to its document when a layer comes from the palette."""

from __future__ import annotations

from convscope.engine.models.builder.architecture import Architecture
from convscope.engine.models.layer_specs import KINDS
from convscope.engine.models.summary import LayerInfo


def inserted(architecture: Architecture, at: int, kind: str) -> tuple[Architecture, str]:
    """With a new layer of a kind at a place, and its name.

    Nothing comes before the input. A merge joins the layer above it with the nearest earlier one that fits.
    """
    if at == 0 and architecture.layers and kind != "InputLayer":
        at = 1
    inputs: tuple[str, ...] = ()
    if KINDS[kind].merges and at:
        rows = architecture.sheet().layers[:at]
        partner = _partner(rows, kind)
        if partner is not None:
            inputs = (rows[-1].name, partner)
    name = architecture.free_name(kind)
    return architecture.insert(at, kind, name=name, inputs=inputs), name


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
