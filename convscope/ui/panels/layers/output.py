"""What leaves the panel: the mosaic and the map as PNG, the numbers as .npy."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QMenu, QToolButton, QWidget

from convscope.imaging.mosaic import mosaic
from convscope.imaging.save import save_npy, save_png
from convscope.ui.actions import Command
from convscope.ui.panel_context import PanelContext
from convscope.ui.panels.layers.detail import Detail
from convscope.ui.panels.layers.frame import Frame
from convscope.ui.widgets.form import tool

COLUMNS = 16
# what, title, ending
KINDS = (
    ("mosaic", "The mosaic as PNG…", ".png"),
    ("map", "This map as PNG…", ".png"),
    ("numbers", "All maps as .npy, exact…", ".npy"),
    ("map_numbers", "This map as .npy, exact…", ".npy"),
)


class Output:
    """Saves what is on show."""

    def __init__(self, context: PanelContext, parent: QWidget) -> None:
        self.context = context
        self._parent = parent
        self.frame: Frame | None = None
        self.detail: Detail | None = None
        self.button = tool("layers.save", "Save maps or numbers", "save", lambda: None, "Save")
        self.button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.menu = QMenu(self.button)
        for what, title, _ending in KINDS:
            action = self.menu.addAction(title)
            action.setObjectName(f"layers.save.{what}")
            action.triggered.connect(lambda _down=False, what=what: self.save(what))
        self.menu.aboutToShow.connect(self._enable)
        self.button.setMenu(self.menu)

    def commands(self) -> list[Command]:
        """The same by name."""

        def run(what: str) -> Callable[[], None]:
            return lambda: self.save(what)

        return [
            Command(
                f"layers.save_{what}",
                f"Save {title[0].lower()}{title[1:]}",
                run(what),
                "Ctrl+S" if what == "mosaic" else "",
                "Layers",
                self._possible(what),
            )
            for what, title, _ending in KINDS
        ]

    def save(self, what: str) -> None:
        """Ask where, and write."""
        if self.frame is None or not self._possible(what):
            return
        ending = next(ending for kind, _title, ending in KINDS if kind == what)
        stem = self.frame.path.replace("/", "-").replace("@", "-")
        if self.detail is not None and "map" in what:
            stem += f"-{self.detail.channel}"
        path, _kind = QFileDialog.getSaveFileName(self._parent, "Save", stem + ending, f"*{ending}")
        if path:
            self.save_to(what, path)

    def save_to(self, what: str, path: str) -> None:
        """Write one of `KINDS`, off the GUI thread."""
        frame, detail = self.frame, self.detail
        ending = next(ending for kind, _title, ending in KINDS if kind == what)
        if frame is None or not self._possible(what):
            return
        if Path(path).suffix.lower() != ending:
            path += ending

        def write(_task: object) -> None:
            if what == "mosaic":
                save_png(path, mosaic(frame.first.pictures[frame.order], COLUMNS)[0])
            elif what == "numbers":
                save_npy(path, frame.first.found.value(frame.path))
            elif detail is not None and what == "map":
                save_png(path, detail.pixels)
            elif detail is not None:
                save_npy(path, detail.values)

        self.context.jobs.submit(
            "view",
            write,
            title=f"Saving {Path(path).name}",
            on_done=lambda _none: self.context.notify(f"Saved {Path(path).name}."),
            on_failed=self.context.report,
        )

    def _possible(self, what: str) -> bool:
        return self.frame is not None and ("map" not in what.split("_") or self.detail is not None)

    def _enable(self) -> None:
        for action, (what, _title, _ending) in zip(self.menu.actions(), KINDS, strict=True):
            action.setEnabled(self._possible(what))
