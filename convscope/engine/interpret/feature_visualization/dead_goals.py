"""Goals that cannot be climbed to: filters with next to no weights, from which any ascent grows but noise."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from convscope.engine.interpret.activations.dead import dead_channels
from convscope.engine.interpret.feature_visualization import goals as aims
from convscope.engine.interpret.feature_visualization.goals import Goal

if TYPE_CHECKING:
    from convscope.engine.models.opened import OpenedModel


def dead_goals(model: OpenedModel, goals: Sequence[Goal]) -> tuple[str, ...]:
    """Why each goal is dead, "" for those that are not.

    The same rule tells which maps and kernels are dead (`dead_channels`).

    Args:
        model: with its weights of now.
        goals: of one kind and one layer.
    """
    first = goals[0]
    slot = model.head.logits if first.kind == "class" else model.slot(first.path)
    found = dead_channels(model, slot)
    if found is None or not found.count:
        return ("",) * len(goals)
    if first.kind == "layer":
        return ("" if found.count < len(found.mask) else found.why(0),) * len(goals)
    # A way between two filters is dead where both are.
    table = aims.weights(model, goals)
    return tuple(
        found.why(int(used[0])) if len(used) and found.mask[used].all() else ""
        for used in (np.flatnonzero(row) for row in table)
    )
