"""What is asked for, and what comes back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convscope.engine.interpret.attribution.method import Setting, Settings
from convscope.engine.interpret.attribution.target import ScoreTarget
from convscope.imaging.colormaps import ColormapName
from convscope.imaging.lab.display import Scale
from convscope.imaging.overlay import Box, heat_scale

CAP = 99.0
"""Percentile at which colours of grainy maps end, as the SmoothGrad paper (section 3.1) caps its maps."""


@dataclass(frozen=True)
class MapRequest:
    """One map that is wanted.

    Attributes:
        method: a name of `METHODS`.
        target: None for the most probable class.
        layer: path; None for the app's choice. Methods without a layer pay no heed to it.
        settings: the method's parameters; what is left out has its default.
    """

    method: str = "grad-cam"
    target: ScoreTarget | None = None
    layer: str | None = None
    settings: Settings = field(default_factory=dict)

    @property
    def key(self) -> tuple[Any, ...]:
        """Hashable: tells requests apart."""
        return (self.method, self.target, self.layer, tuple(sorted(self.settings.items())))


@dataclass(frozen=True, eq=False)
class Attribution:
    """One map.

    Attributes:
        request: what was asked for.
        method, title: the method's name, and what a person calls it.
        target: the class or difference explained.
        target_words: "espresso", "espresso − cup".
        layer: path of the layer whose maps it sums; None for methods without.
        settings: all parameters in force.
        relevance: float32, h×w, as the method defines it, before any normalisation.
        signed: whether negative values mean "against".
        offset_free: whether the map's floor means nothing, so that only differences count.
        grainy: whether single pixels stand out so far that the colours end at the 99th percentile.
        score: the target's logit (or difference of logits) for this image; NaN in a partial map.
        pixels: what the network saw, uint8, H×W or H×W×3; the map covers exactly this.
        box: the part of the source image that `pixels` shows: left, top, right, bottom.
        notes: one sentence each, the method's warning included.
        facts: numbers beside the map, by their names.
        seconds: how long it took.
        done: 0–1; under 1 for a partial map that still grows.
    """

    request: MapRequest
    method: str
    title: str
    target: ScoreTarget
    target_words: str
    layer: str | None
    settings: Mapping[str, Setting]
    relevance: NDArray[np.float32]
    signed: bool
    score: float
    pixels: NDArray[np.uint8]
    box: Box
    offset_free: bool = False
    grainy: bool = False
    notes: tuple[str, ...] = ()
    facts: Mapping[str, float] = field(default_factory=dict)
    seconds: float = 0.0
    done: float = 1.0

    @property
    def colormap(self) -> ColormapName:
        """The colours that suit it: diverging for signed maps, viridis for others."""
        return "diverging" if self.signed else "viridis"

    @property
    def scale(self) -> Scale:
        """The colours' ends for this map by itself."""
        if self.offset_free:
            low, high = float(self.relevance.min()), float(self.relevance.max())
            return Scale(low, high if high > low else low + 1, "least to most")
        if self.grainy:
            cap = float(np.percentile(np.abs(self.relevance), CAP))
            return heat_scale(
                np.clip(self.relevance, -cap, cap) if cap > 0 else self.relevance, signed=self.signed
            )
        return heat_scale(self.relevance, signed=self.signed)

    @property
    def importance(self) -> NDArray[np.float32]:
        """What counts as heat where a region is cut out: the map over its floor, negatives as 0."""
        return self.relevance - self.relevance.min() if self.offset_free else np.maximum(self.relevance, 0)
