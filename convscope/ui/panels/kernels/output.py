"""Out of the lab: the result as a picture, as exact numbers, on the clipboard, or as a Python script."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMenu, QToolButton, QWidget

from convscope.core.task import Task
from convscope.imaging.io.save import save_npy, save_png, save_tiff_float
from convscope.ui.actions import Command
from convscope.ui.export.exporter import Copy, CopyWork, Export, Exporter
from convscope.ui.export.writing import Write
from convscope.ui.forms.form import tool
from convscope.ui.panel_context import PanelContext
from convscope.ui.panels.kernels.view_models.frame import LabFrame

FORMATS = {
    ".png": "PNG, as displayed",
    ".npy": "NumPy, exact float32",
    ".tiff": "TIFF, exact float32",
    ".tif": "TIFF, exact float32",
}
COPIED = "Copied as Python: a script with NumPy, OpenCV and Pillow."


class LabOutput(Exporter):
    """What is done with the result on show."""

    def __init__(self, context: PanelContext, parent: QWidget) -> None:
        exports = (Export("result", "Save the result…", FORMATS, self._write),)
        copies = (
            Copy("picture", "Copy the picture", self._pixels, "Copied the picture."),
            Copy("python", "Copy as Python", self._script, COPIED),
        )
        super().__init__(context, "kernels", self._name_of, exports, parent, copies)
        self._frame: LabFrame | None = None
        save, copy, copy_python = (
            partial(self.choose, "result"),
            partial(self.copy, "picture"),
            partial(self.copy, "python"),
        )
        self.save_button = tool("kernels.save", "Save the result", "save", save, "Save")
        self.copy_button = tool("kernels.copy", "Copy the picture", "copy", copy)
        self.code_button = tool("kernels.copy_python", "Copy as Python", "code", copy_python)
        self.buttons: list[QToolButton] = [self.copy_button, self.code_button, self.save_button]
        self.menu = QMenu(parent)
        for name, text, run in (
            ("save", "Save the result…", save),
            ("copy", "Copy the picture", copy),
            ("copy_python", "Copy as Python", copy_python),
        ):
            action = self.menu.addAction(text)
            action.setObjectName(f"kernels.output.{name}")
            action.triggered.connect(lambda _checked=False, run=run: run())

    @property
    def frame(self) -> LabFrame | None:
        """The result on show, or None where the settings give none."""
        return self._frame

    @frame.setter
    def frame(self, frame: LabFrame | None) -> None:
        self._frame = frame
        for button in self.buttons:
            button.setEnabled(frame is not None)

    def set_compact(self, compact: bool) -> None:
        """Keep one button where there is little room, with the others in its menu."""
        for button in (self.copy_button, self.code_button):
            button.setHidden(compact)
        style = (
            Qt.ToolButtonStyle.ToolButtonIconOnly if compact else Qt.ToolButtonStyle.ToolButtonTextBesideIcon
        )
        self.save_button.setToolButtonStyle(style)
        self.save_button.setToolTip("Save or copy the result" if compact else "Save the result")
        self.save_button.setMenu(self.menu if compact else None)  # type: ignore[arg-type]
        self.save_button.setPopupMode(
            QToolButton.ToolButtonPopupMode.InstantPopup
            if compact
            else QToolButton.ToolButtonPopupMode.DelayedPopup
        )

    def commands(self) -> list[Command]:
        """The same by name."""
        ready = self.frame is not None

        def command(name: str, title: str, run: Callable[[], object], keys: str = "") -> Command:
            return Command(f"kernels.{name}", title, run, keys, "Kernel lab", ready)

        return [
            command("save", "Save the result…", partial(self.choose, "result"), "Ctrl+S"),
            command("copy", "Copy the result's picture", partial(self.copy, "picture"), "Ctrl+Shift+C"),
            command("copy_python", "Copy as Python", partial(self.copy, "python")),
        ]

    def _name_of(self, _what: str) -> str:
        assert self.frame is not None
        return f"{Path(self.frame.image.name).stem}-{self.frame.lab.stage.kernel.name}"

    def _write(self) -> Write | None:
        frame = self.frame
        if frame is None:
            return None

        def write(path: Path, _task: Task) -> None:
            ending = path.suffix.lower()
            if ending == ".png":
                save_png(path, frame.shown.pixels)
            elif ending == ".npy":
                save_npy(path, frame.result.values)
            else:
                save_tiff_float(path, frame.result.values)

        return write

    def _pixels(self) -> CopyWork | None:
        frame = self.frame
        return None if frame is None else lambda _task: frame.shown.pixels

    def _script(self) -> CopyWork | None:
        frame = self.frame
        return None if frame is None else lambda _task: script_of(frame)


def script_of(frame: LabFrame) -> str:
    """The script for the stages up to the selected one."""
    stages = frame.lab.stages[: frame.lab.selected + 1]
    extremes, channel = frame.shown.extremes, frame.lab.channel
    # Imported late: the first paint copies no script.
    from convscope.imaging.lab.script import to_python

    return to_python(frame.image, stages, frame.display, extremes=extremes, channel=channel)
