"""What leaves the panel: pictures as PNG, exact numbers, the evolution as a moving picture."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PySide6.QtWidgets import QFileDialog, QMenu, QToolButton, QWidget

from convscope.engine.seeing.patterns.export import grid_picture, save_evolution
from convscope.engine.seeing.patterns.results import Pattern
from convscope.imaging.save import save_npy, save_png
from convscope.ui.actions import Command
from convscope.ui.panel_context import PanelContext
from convscope.ui.widgets.form import tool

# what, title, ending
KINDS = (
    ("pattern", "This pattern as PNG…", ".png"),
    ("numbers", "This pattern as .npy, exact…", ".npy"),
    ("gif", "Its evolution as GIF…", ".gif"),
    ("webp", "Its evolution as WebP…", ".webp"),
    ("grid", "The grid as PNG…", ".png"),
    ("grid_numbers", "The grid as .npy, exact…", ".npy"),
    ("sheet", "The contact sheet as PNG…", ".png"),
)
MOST_FRAMES = 160


class Evolution:
    """The frames of a growing picture, thinned so that they always span the whole growth."""

    def __init__(self) -> None:
        self.frames: list[NDArray[np.uint8]] = []
        self._every, self._seen = 1, 0

    def clear(self) -> None:
        """Another picture begins."""
        self.frames, self._every, self._seen = [], 1, 0

    def add(self, pixels: NDArray[np.uint8]) -> None:
        """One more frame."""
        if self._seen % self._every == 0:
            self.frames.append(pixels)
        self._seen += 1
        if len(self.frames) > MOST_FRAMES:
            self.frames = self.frames[::2]
            self._every *= 2


class Output:
    """Saves what is on show."""

    def __init__(self, context: PanelContext, parent: QWidget) -> None:
        self.context = context
        self._parent = parent
        self.name = "pattern"
        self.large: tuple[Pattern, ...] = ()
        self.pixels: NDArray[np.uint8] | None = None
        self.evolution = Evolution()
        self.grid: tuple[Pattern, ...] = ()
        self.sheet: NDArray[np.uint8] | None = None
        self.button = tool(
            "patterns.save", "Save pictures, numbers or the evolution", "save", lambda: None, "Save"
        )
        self.button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.menu = QMenu(self.button)
        for what, title, _ending in KINDS:
            action = self.menu.addAction(title)
            action.setObjectName(f"patterns.save.{what}")
            action.triggered.connect(lambda _down=False, what=what: self.save(what))
        self.menu.aboutToShow.connect(self._enable)
        self.button.setMenu(self.menu)

    def forget(self) -> None:
        """Another grid begins."""
        self.large, self.pixels, self.grid = (), None, ()
        self.evolution.clear()

    def commands(self) -> list[Command]:
        """The same by name."""

        def run(what: str) -> Callable[[], None]:
            return lambda: self.save(what)

        return [
            Command(
                f"patterns.save_{what}",
                f"Save: {title[0].lower()}{title[1:]}",
                run(what),
                "Ctrl+S" if what == "pattern" else "",
                "Patterns",
                self.possible(what),
            )
            for what, title, _ending in KINDS
        ]

    def possible(self, what: str) -> bool:
        """Whether there is such a thing now."""
        return {
            "pattern": self.pixels is not None,
            "numbers": bool(self.large),
            "gif": len(self.evolution.frames) > 1,
            "webp": len(self.evolution.frames) > 1,
            "grid": bool(self.grid),
            "grid_numbers": bool(self.grid),
            "sheet": self.sheet is not None,
        }[what]

    def save(self, what: str) -> None:
        """Ask where, and write."""
        if not self.possible(what):
            return
        ending = next(ending for kind, _title, ending in KINDS if kind == what)
        path, _kind = QFileDialog.getSaveFileName(self._parent, "Save", self.name + ending, f"*{ending}")
        if path:
            self.save_to(what, path)

    def save_to(self, what: str, path: str) -> None:
        """Write one of `KINDS`, off the GUI thread."""
        ending = next(ending for kind, _title, ending in KINDS if kind == what)
        if not self.possible(what):
            return
        if Path(path).suffix.lower() != ending:
            path += ending
        pixels, large, grid, sheet = self.pixels, self.large, self.grid, self.sheet
        frames = list(self.evolution.frames)

        def write(_task: object) -> None:
            if what == "pattern" and pixels is not None:
                save_png(path, pixels)
            elif what == "numbers":
                save_npy(path, large[0].values)
            elif what in ("gif", "webp"):
                save_evolution(path, frames)
            elif what == "grid":
                save_png(path, grid_picture(grid))
            elif what == "grid_numbers":
                save_npy(path, np.stack([pattern.values for pattern in grid]))
            elif sheet is not None:
                save_png(path, sheet)

        self.context.jobs.submit(
            "view",
            write,
            title=f"Saving {Path(path).name}",
            on_done=lambda _none: self.context.notify(f"Saved {Path(path).name}."),
            on_failed=self.context.report,
        )

    def _enable(self) -> None:
        for action, (what, _title, _ending) in zip(self.menu.actions(), KINDS, strict=True):
            action.setEnabled(self.possible(what))
