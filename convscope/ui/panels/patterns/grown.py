"""What has grown and can be saved: the grid, the large picture with its evolution, the contact sheet."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from convscope.engine.interpret.feature_visualization.results import AscentFrame, Pattern

MOST_FRAMES = 160


class Evolution:
    """The frames of a growing picture, thinned so that they always span the whole growth."""

    def __init__(self) -> None:
        self.frames: list[NDArray[np.uint8]] = []
        self._every, self._seen = 1, 0

    def add(self, pixels: NDArray[np.uint8]) -> None:
        if self._seen % self._every == 0:
            self.frames.append(pixels)
        self._seen += 1
        if len(self.frames) > MOST_FRAMES:
            self.frames = self.frames[::2]
            self._every *= 2


@dataclass
class Grown:
    """What there is to save, of one grid.

    Attributes:
        name: the model's and the layer's.
        finished: the finished patterns of the grid, by tile.
        grid: all of them, once they are.
        pixels, large: what is shown large, and its patterns once they are finished.
        evolution: how the large picture grew.
        sheet: the contact sheet so far; that of the grid before stays until another one begins.
    """

    name: str = "pattern"
    finished: dict[int, Pattern] = field(default_factory=dict)
    grid: tuple[Pattern, ...] = ()
    pixels: NDArray[np.uint8] | None = None
    large: tuple[Pattern, ...] = ()
    evolution: Evolution = field(default_factory=Evolution)
    sheet: NDArray[np.uint8] | None = None


@dataclass(frozen=True, eq=False)
class PatternDetail:
    """What is shown large: a tile of the grid, or a picture that grows by itself.

    Attributes:
        title: whose picture it is.
        pictures: one, or what it makes positive and what negative; none: blank.
        patterns: the finished ones.
        curves: the objective at each step, one a picture.
        steps: that are planned.
        begun: whether a first frame has come.
        growing: a large picture grows, or waits to.
        continues: it can be continued.
        stopped: it stands before its end.
        hint: what a person can do while there is nothing.
    """

    title: str = ""
    pictures: tuple[NDArray[np.uint8], ...] = ()
    patterns: tuple[Pattern, ...] = ()
    curves: tuple[NDArray[np.float32], ...] = ()
    steps: int = 0
    begun: bool = False
    growing: bool = False
    continues: bool = False
    stopped: bool = False
    hint: str = ""

    @property
    def done(self) -> int:
        """How many steps have been done."""
        return max((len(curve) for curve in self.curves), default=0)

    @property
    def whole(self) -> int:
        """Of how many; they may have been continued."""
        return max(self.steps, self.done)

    @property
    def step_words(self) -> str:
        """How far it is; of a dead filter there are no steps."""
        dead = bool(self.patterns) and all(pattern.dead for pattern in self.patterns)
        return f"step {self.done} of {self.whole}" if self.begun and not dead else ""

    def with_frame(self, frame: AscentFrame, numbers: range) -> PatternDetail:
        """With the pictures of a frame at these places."""
        patterns = tuple(frame.patterns[number] for number in numbers) if frame.patterns else ()
        if patterns:
            curves = tuple(pattern.curve for pattern in patterns)
        elif frame.state is not None:
            curves = tuple(frame.state.curve[:, number] for number in numbers)
        else:
            curves = ()
        pictures = tuple(frame.pixels[number] for number in numbers)
        return PatternDetail(
            self.title, pictures, patterns, curves, frame.steps, True, self.growing, self.continues
        )
