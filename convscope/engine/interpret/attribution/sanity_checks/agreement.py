"""Whether several maps tell the same story."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from convscope.core.errors import UserError
from convscope.engine.interpret.attribution.result import Attribution
from convscope.engine.interpret.attribution.sanity_checks.similarity import overlap, rank_correlation
from convscope.imaging.overlay import upsample


@dataclass(frozen=True, eq=False)
class Agreement:
    """How alike maps are, pair by pair.

    Attributes:
        titles: of the maps, in their order: "Grad-CAM: espresso".
        names: as short as tells them apart: the methods alone where each is there once, the classes alone
            where all are by one method.
        rank: Spearman's rank correlation, float64, n×n, −1 to 1.
        overlap: intersection over union of the hottest places, float64, n×n, 0 to 1.
        top: the share of the places that counts as hottest.
    """

    titles: tuple[str, ...]
    names: tuple[str, ...]
    rank: NDArray[np.float64]
    overlap: NDArray[np.float64]
    top: float


def agreement(attributions: Sequence[Attribution], top: float = 0.2) -> Agreement:
    """Compare maps of one image, each enlarged bilinearly to the network's input.

    Raises:
        UserError: fewer than two, or maps of different networks' inputs.
    """
    if len(attributions) < 2:
        raise UserError("Agreement is between maps: choose two methods or more.")
    height, width = attributions[0].pixels.shape[:2]
    if any(one.pixels.shape[:2] != (height, width) for one in attributions):
        raise UserError("Agreement is between maps of one image: these lie over different ones.")
    large = [upsample(one.relevance, height, width) for one in attributions]
    count = len(large)
    rank, hot = np.eye(count), np.eye(count)
    for first in range(count):
        for second in range(first):
            rank[first, second] = rank[second, first] = rank_correlation(large[first], large[second])
            hot[first, second] = hot[second, first] = overlap(large[first], large[second], top)
    titles = tuple(f"{one.title}: {one.target_words}" for one in attributions)
    methods = tuple(one.title for one in attributions)
    classes = tuple(one.target_words for one in attributions)
    names = next((each for each in (methods, classes) if len(set(each)) == count), titles)
    return Agreement(titles, names, rank, hot, top)


def each_once(attributions: Sequence[Attribution]) -> tuple[Attribution, ...]:
    """Without repetition: a map that is the same for every class stands in each class's row of a grid."""
    found: dict[tuple[str, str], Attribution] = {}
    for one in attributions:
        found.setdefault((one.method, one.target_words), one)
    return tuple(found.values())
