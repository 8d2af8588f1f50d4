"""The scan: where the window is, and how fast it goes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from psygnal import Signal

from convscope.imaging.lab.scan import Scan

if TYPE_CHECKING:
    from convscope.ui.panel_context import PanelContext

SPEEDS = (1, 2, 4, 8, 20, 60, 200, 1000, 5000, 20_000, 100_000, 500_000)
SLOWEST = 3
# Seconds that a scan takes, if nobody chose its speed.
WHOLE = 30


@dataclass(frozen=True)
class ScanSettings:
    """Where a scan stands.

    Attributes:
        position: the output pixel, counted in reading order.
        speed: the place of `SPEEDS` that a person chose; None: such that the end is seen.
    """

    position: int = 0
    speed: int | None = None


class ScanViewModel:
    """Moves the window over the result on show.

    Attributes:
        settings: where it stands.
        scan: the same on the result on show; None: there is no result.

    Signals:
        moved: `scan` is another one.
        speed_changed: `speed` is another one.
    """

    moved = Signal()
    speed_changed = Signal()

    def __init__(self, context: PanelContext) -> None:
        self.settings = context.workspace.part("kernels.scan", ScanSettings(), "kernels.scan")
        self.scan: Scan | None = None
        context.listen(self.settings.changed, lambda _settings: self._follow())

    def show_size(self, rows: int, columns: int) -> None:
        """A result of another size is scanned from its start, unless the position was brought."""
        if self.scan is None:
            self.scan = self._at(Scan(rows, columns))
        elif (self.scan.rows, self.scan.columns) != (rows, columns):
            self.scan = Scan(rows, columns)
            self.settings.set(replace(self.settings.value, position=0))
        self.speed_changed.emit()

    def show_nothing(self) -> None:
        """There is nothing to walk over."""
        self.scan = None

    def move(self, steps: int) -> None:
        """So many pixels on or back."""
        if self.scan is not None and steps:
            position = self.scan.moved(steps).position
            self.settings.set(replace(self.settings.value, position=position))

    def choose_speed(self, speed: int) -> None:
        """A place of `SPEEDS`."""
        self.settings.set(replace(self.settings.value, speed=speed))

    @property
    def speed(self) -> int:
        """The place of `SPEEDS` in force: so fast that the end is seen, unless a person chose one."""
        chosen = self.settings.value.speed
        if chosen is not None:
            return min(max(chosen, 0), len(SPEEDS) - 1)
        count = 0 if self.scan is None else self.scan.count
        fits = (index for index, each in enumerate(SPEEDS) if each * WHOLE >= count and index >= SLOWEST)
        return next(fits, len(SPEEDS) - 1)

    def _at(self, scan: Scan) -> Scan:
        return scan.moved(self.settings.value.position - scan.position)

    def _follow(self) -> None:
        if self.scan is not None:
            self.scan = self._at(self.scan)
            self.moved.emit()
        self.speed_changed.emit()
