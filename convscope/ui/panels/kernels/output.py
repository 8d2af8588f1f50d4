"""Out of the lab: the result as a picture, as exact numbers, on the clipboard, or as a Python script."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFileDialog, QMenu, QToolButton, QWidget

from convscope.core.errors import UserError
from convscope.imaging.io.save import save_npy, save_png, save_tiff_float
from convscope.ui.actions import Command
from convscope.ui.forms.form import tool
from convscope.ui.panel_context import PanelContext
from convscope.ui.panels.kernels.view_models.frame import LabFrame
from convscope.ui.qimage import to_image

FILTERS = {
    "PNG, as displayed (*.png)": ".png",
    "NumPy, exact float32 (*.npy)": ".npy",
    "TIFF, exact float32 (*.tiff)": ".tiff",
}


class LabOutput:
    """What is done with the result on show."""

    def __init__(self, context: PanelContext, parent: QWidget) -> None:
        self.context = context
        self._parent = parent
        self._frame: LabFrame | None = None
        self.save_button = tool("kernels.save", "Save the result", "save", self.save, "Save")
        self.copy_button = tool("kernels.copy", "Copy the picture", "copy", self.copy)
        self.code_button = tool("kernels.copy_python", "Copy as Python", "code", self.copy_python)
        self.buttons: list[QToolButton] = [self.copy_button, self.code_button, self.save_button]
        self.menu = QMenu(parent)
        for name, text, run in (
            ("save", "Save the result…", self.save),
            ("copy", "Copy the picture", self.copy),
            ("copy_python", "Copy as Python", self.copy_python),
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
            command("save", "Save the result…", self.save, "Ctrl+S"),
            command("copy", "Copy the result's picture", self.copy, "Ctrl+Shift+C"),
            command("copy_python", "Copy as Python", self.copy_python),
        ]

    def save(self) -> None:
        """Ask where, and write in the format that the name's ending says."""
        if self.frame is None:
            return
        name = f"{Path(self.frame.image.name).stem}-{self.frame.lab.stage.kernel.name}"
        path, kind = QFileDialog.getSaveFileName(self._parent, "Save the result", name, ";;".join(FILTERS))
        if path:
            ending = FILTERS.get(kind, ".png")
            self.save_to(path if Path(path).suffix else path + ending)

    def save_to(self, path: str) -> None:
        """Write .png as displayed, or .npy, .tif and .tiff exactly, off the GUI thread."""
        frame = self.frame
        if frame is None:
            return
        ending = Path(path).suffix.lower()
        if ending not in (".png", ".npy", ".tif", ".tiff"):
            self.context.report(
                UserError(f"{Path(path).name} ends in {ending or 'nothing'}: use .png, .npy or .tiff.")
            )
            return

        def write(_task: object) -> None:
            if ending == ".png":
                save_png(path, frame.shown.pixels)
            elif ending == ".npy":
                save_npy(path, frame.result.values)
            else:
                save_tiff_float(path, frame.result.values)

        self.context.jobs.submit(
            "view",
            write,
            title=f"Saving {Path(path).name}",
            on_done=lambda _none: self.context.notify(f"Saved {Path(path).name}."),
            on_failed=self.context.report,
        )

    def copy(self) -> None:
        """The displayed picture on the clipboard."""
        if self.frame is not None:
            QGuiApplication.clipboard().setImage(to_image(self.frame.shown.pixels).copy())
            self.context.notify("Copied the picture.")

    def copy_python(self) -> None:
        """A script that makes what is on show, on the clipboard."""
        if self.frame is None:
            return
        try:
            text = script_of(self.frame)
        except UserError as error:
            self.context.report(error)
            return
        QGuiApplication.clipboard().setText(text)
        self.context.notify("Copied as Python: a script with NumPy, OpenCV and Pillow.")


def script_of(frame: LabFrame) -> str:
    """The script for the stages up to the selected one."""
    stages = frame.lab.stages[: frame.lab.selected + 1]
    extremes, channel = frame.shown.extremes, frame.lab.channel
    # Imported late: the first paint copies no script.
    from convscope.imaging.lab.script import to_python

    return to_python(frame.image, stages, frame.display, extremes=extremes, channel=channel)
