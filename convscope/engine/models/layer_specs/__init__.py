"""The kinds of layers that the app can count, in the palette's order; a new one is an entry in a file."""

from __future__ import annotations

from convscope.engine.models.layer_specs import (
    augmentation,
    base_network,
    convolution,
    dense,
    merge,
    normalization,
    pooling,
)
from convscope.engine.models.layer_specs.base import LayerKind

KINDS: dict[str, LayerKind] = {
    kind.name: kind
    for module in (convolution, pooling, dense, normalization, merge, augmentation, base_network)
    for kind in module.KINDS
}


def palette() -> tuple[LayerKind, ...]:
    """The kinds that the builder offers."""
    return tuple(kind for kind in KINDS.values() if kind.in_palette)
