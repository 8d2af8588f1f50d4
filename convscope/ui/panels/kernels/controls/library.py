"""Own kernels: kept between runs under a name, and read from and written to files."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog, QInputDialog, QMenu, QToolButton, QWidget

from convscope.core.errors import UserError
from convscope.core.task import Task
from convscope.imaging.kernels.kernel import Kernel
from convscope.imaging.kernels.kernel_files import load_kernels, save_kernels
from convscope.ui.actions import Command
from convscope.ui.export.file_dialog import choose_file
from convscope.ui.export.writing import save_as
from convscope.ui.forms.form import tool
from convscope.ui.panel_context import PanelContext
from convscope.workspace.kernel_library import KernelLibrary

Value = TypeVar("Value")

READ = "Kernels (*.json *.csv *.txt *.tsv *.npy)"
FORMATS = {".json": "JSON, with name and parameters", ".csv": "CSV", ".npy": "NumPy"}


class LibraryMenu(QObject):
    """The menu beside the preset picker."""

    def __init__(self, context: PanelContext, parent: QWidget) -> None:
        super().__init__(parent)
        self.context = context
        self._parent = parent
        self.library = KernelLibrary()
        self.button = tool("kernels.library", "Own kernels: save, load, import, export", "folder")
        self.button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.menu = QMenu(self.button)
        self.menu.aboutToShow.connect(self.fill)
        self.button.setMenu(self.menu)

    @property
    def kernels(self) -> tuple[Kernel, ...]:
        """The selected stage's: one, or three of an RGB filter."""
        return self.context.workspace.lab.stage.kernels

    def commands(self) -> list[Command]:
        """The same by name."""
        return [
            Command(f"kernels.library.{name}", title, run, "", "Kernel lab")
            for name, title, run in self._entries()
        ]

    def fill(self) -> None:
        """The menu as the library is now."""
        self.menu.clear()
        names = self._tell(self.library.names) or ()
        for name in names:
            self._add(self.menu, f"kernels.own.{name}", name, partial(self.load, name))
        if names:
            self.menu.addSeparator()
        for key, title, run in self._entries():
            self._add(self.menu, f"kernels.library.{key}", title, run)
        if names:
            self.menu.addSeparator()
            for key, title, run_with in (
                ("rename", "Rename", self.rename),
                ("delete", "Delete", self.delete),
            ):
                inside = self.menu.addMenu(title)
                for name in names:
                    self._add(inside, f"kernels.{key}.{name}", name, partial(run_with, name))

    def save_as(self) -> None:
        """Keep the kernel under a name that is asked for."""
        name, given = QInputDialog.getText(self._parent, "Save kernel", "Name", text=self.kernels[0].name)
        kept = self._tell(lambda: self.library.save(name, self.kernels)) if given else None
        if kept is not None:
            self._use(kept, f"Name the kernel {kept[0].name}")
            self.context.notify(f"Saved the kernel {kept[0].name}.")

    def load(self, name: str) -> None:
        """An own kernel becomes the kernel."""
        kernels = self._tell(lambda: self.library.load(name))
        if kernels is not None:
            self._use(kernels, f"Load {name}")

    def rename(self, name: str) -> None:
        """Another name, which is asked for."""
        new, given = QInputDialog.getText(self._parent, "Rename kernel", "Name", text=name)
        if given:
            self._tell(lambda: self.library.rename(name, new))

    def delete(self, name: str) -> None:
        """Out of the library; the kernel in hand stays."""
        if self._tell(lambda: self.library.delete(name)) is not None:
            self.context.notify(f"Deleted the kernel {name}.")

    def import_file(self) -> None:
        """A kernel from a file that is asked for."""
        path, _kind = QFileDialog.getOpenFileName(self._parent, "Import a kernel", "", READ)
        if path:
            kernels = self._tell(lambda: load_kernels(path))
            if kernels is not None:
                self._use(kernels, f"Import {Path(path).name}")

    def export_file(self) -> None:
        """The kernel into a file that is asked for."""
        kernels = self.kernels

        def write(path: Path, _task: Task) -> None:
            save_kernels(path, kernels)

        save = partial(save_as, self.context, write=write, endings=FORMATS)
        choose_file(
            self._parent,
            save,
            f"{kernels[0].name}.json",
            FORMATS,
            name="kernels.library.file",
            title="Export the kernel",
        )

    def _entries(self) -> tuple[tuple[str, str, Callable[[], None]], ...]:
        return (
            ("save", "Save this kernel as…", self.save_as),
            ("import", "Import a kernel…", self.import_file),
            ("export", "Export this kernel…", self.export_file),
        )

    def _use(self, kernels: tuple[Kernel, ...], label: str) -> None:
        workspace = self.context.workspace
        workspace.edit_lab(workspace.lab.with_kernels(kernels), label)

    def _tell(self, work: Callable[[], Value]) -> Value | None:
        """What `work` gives; None when it failed, which is said."""
        try:
            return work()
        except UserError as error:
            self.context.report(error)
            return None

    @staticmethod
    def _add(menu: QMenu, name: str, title: str, run: Callable[[], object]) -> None:
        action = menu.addAction(title)
        action.setObjectName(name)
        action.triggered.connect(lambda _checked=False: run())
