"""What a finished pattern's numbers mean, in a plain sentence."""

from __future__ import annotations

import math

from convscope.core.words import percent
from convscope.engine.interpret.feature_visualization.results import Pattern

SURVIVES, PARTLY = 0.85, 0.5


def verdict(pattern: Pattern) -> str:
    """Does it survive being moved? And if the filter does not answer at all: that it does not."""
    if pattern.dead:
        return f"It is {pattern.dead}. Nothing excites it."
    if not math.isfinite(pattern.score):
        return "Its score is not a number: the network's weights are none, or its values are too large."
    if pattern.flat:
        return "It stays flat: nothing that was tried excites it more."
    kept = pattern.kept
    if kept is None:
        return "Its score stays below zero: after a ReLU it would be silent."
    if pattern.score <= pattern.curve[0]:
        return "It has not passed what it began with: give it more steps."
    share = percent(kept, 0)
    if kept >= SURVIVES:
        return f"It survives being moved: {share} of the score remains."
    if kept >= PARTLY:
        return f"It survives being moved in part: {share} of the score remains."
    return f"It hardly survives being moved: {share} of the score remains, the rest is made for these pixels."
