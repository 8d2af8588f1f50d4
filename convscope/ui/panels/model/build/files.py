"""Saving the builder's network as a file, and opening one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtWidgets import QFileDialog, QWidget

from convscope.core.errors import UserError
from convscope.core.task import Task
from convscope.engine.models.builder.architecture import Architecture
from convscope.ui.panel_context import PanelContext

_FILTER = "Architectures (*.json)"


class ArchitectureFiles:
    """The two dialogs and what follows them, in workers.

    Args:
        context: its workspace holds the document.
        parent: of the dialogs.
        opened: takes an architecture and the name of the file that it was in.
    """

    def __init__(
        self, context: PanelContext, parent: QWidget, opened: Callable[[Architecture, str], None]
    ) -> None:
        self._context, self._parent, self._opened = context, parent, opened

    def save(self) -> None:
        """Ask where, and write the architecture there."""
        dialog = self._dialog("Save the architecture", "model.build.save_dialog")
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix("json")
        dialog.selectFile(f"{self._context.workspace.architecture.name}.json")
        dialog.accepted.connect(lambda: self.save_to(Path(dialog.selectedFiles()[0])))
        dialog.open()

    def save_to(self, path: Path) -> None:
        """Write the architecture, as it is now."""
        architecture = self._context.workspace.architecture
        self._job(
            lambda _task: architecture.save(path),
            f"Saving {path.name}",
            lambda _none: self._context.notify(f"Saved {path.name}."),
        )

    def open(self) -> None:
        """Ask for a file, and open the architecture in it."""
        dialog = self._dialog("Open an architecture", "model.build.open_dialog")
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.accepted.connect(lambda: self.open_from(Path(dialog.selectedFiles()[0])))
        dialog.open()

    def open_from(self, path: Path) -> None:
        """Read an architecture; an undoable step."""
        self._job(
            lambda _task: Architecture.open(path),
            f"Opening {path.name}",
            lambda architecture: self._opened(architecture, path.name),
        )

    def _job(self, work: Callable[[Task], Any], title: str, done: Callable[[Any], None]) -> None:
        self._context.jobs.submit("view", work, title=title, on_done=done, on_failed=self._failed)

    def _failed(self, error: BaseException) -> None:
        if isinstance(error, OSError):
            error = UserError("The file cannot be written there: choose another folder.", detail=str(error))
        self._context.report(error)

    def _dialog(self, title: str, name: str) -> QFileDialog:
        dialog = QFileDialog(self._parent, title)
        dialog.setObjectName(name)
        dialog.setNameFilter(_FILTER)
        dialog.finished.connect(dialog.deleteLater)
        return dialog
