"""What has grown: on the tiles, large, or on the contact sheet, and kept for saving."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from convscope.engine.interpret.feature_visualization.results import AscentFrame, Pattern
from convscope.ui.panels.patterns.middle import Middle
from convscope.ui.panels.patterns.output import Output
from convscope.ui.panels.patterns.portrait import Portrait

MARK = " · "


class Grown:
    """Puts frames where they belong.

    Args:
        middle: with the grid and the sheet.
        portrait: the large picture.
        output: what can be saved.
    """

    def __init__(self, middle: Middle, portrait: Portrait, output: Output) -> None:
        self._middle, self._portrait, self._output = middle, portrait, output
        # The finished patterns of the grid, by tile.
        self.finished: dict[int, Pattern] = {}
        self._count = 0

    def begin(self, count: int) -> None:
        """A grid of so many tiles begins; nothing has grown."""
        self.finished, self._count = {}, count
        self._output.forget()
        self._portrait.clear()

    def show_tiles(self, frame: AscentFrame, large: int | None) -> None:
        """A frame of the grid; one of its tiles may be shown large as well."""
        for place, number in enumerate(frame.numbers):
            if number < self._count:
                self._show_tile(number, frame, place)
        if large is None or large not in frame.numbers:
            return
        place = frame.numbers.index(large)
        self._portrait.show_frame(frame, (place,))
        self._note(frame.pixels[place], frame.patterns[place : place + 1])

    def _show_tile(self, number: int, frame: AscentFrame, place: int) -> None:
        grid, caption = self._middle.grid, None
        if frame.patterns:
            pattern = self.finished[number] = frame.patterns[place]
            if pattern.flat:
                # The same pattern comes with several frames.
                caption = (
                    f"{grid.caption(number).partition(MARK)[0]}{MARK}{'dead' if pattern.dead else 'flat'}"
                )
        grid.set_map(number, frame.pixels[place], caption)

    def end_grid(self, patterns: tuple[Pattern, ...]) -> None:
        """The whole grid is there."""
        self._output.grid = patterns
        dead = sum(bool(pattern.dead) for pattern in patterns)
        flat = sum(pattern.flat for pattern in patterns) - dead
        head = self._middle.head
        if dead:
            head.say_facts(f"{head.facts.text()}{MARK}{dead} of these {'is' if dead == 1 else 'are'} dead")
        if flat:
            head.say_facts(
                f"{head.facts.text()}{MARK}{flat} of these {'stays' if flat == 1 else 'stay'} flat"
            )

    def show_rough(self, number: int) -> None:
        """A tile's own picture, until the large one has its first frame."""
        self._output.evolution.clear()
        self._portrait.clear()
        if number in self.finished:
            self._portrait.show_pixels([self.finished[number].pixels])

    def show_large(self, frame: AscentFrame) -> None:
        """A frame of the large picture."""
        self._portrait.show_frame(frame, range(len(frame.pixels)))
        self._output.evolution.add(frame.pixels[0])
        self._note(frame.pixels[0], frame.patterns)

    def begin_sheet(self, whole: int) -> None:
        """Another contact sheet begins: that of before is gone."""
        self._output.sheet = None
        self._middle.begin_sheet(whole)

    def show_sheet(self, picture: NDArray[np.uint8], count: int, whole: int) -> None:
        """The contact sheet so far."""
        self._output.sheet = picture
        self._middle.show_sheet(picture, count, whole)

    def _note(self, pixels: NDArray[np.uint8], patterns: tuple[Pattern, ...]) -> None:
        self._output.pixels, self._output.large = pixels, patterns
