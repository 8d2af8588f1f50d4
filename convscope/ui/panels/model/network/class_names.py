"""Typing the names of a network's classes, one a line, or reading them from a file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QFileDialog, QPlainTextEdit, QVBoxLayout, QWidget

from convscope.core.errors import UserError
from convscope.engine.models.files.sidecar import read_sidecar
from convscope.ui import theme
from convscope.ui.forms.form import caption, row, tool


class ClassNamesDialog(QDialog):
    """One name a line, from class 0 on.

    Args:
        names: as they are now.
        classes: how many classes the network tells; None when that is not known.
        report: shows why a file cannot be read.
        noun: what has these names: "class", or "value".

    Signals:
        named: the names, as a tuple, when a person accepts them.
    """

    named = Signal(object)

    def __init__(
        self,
        names: tuple[str, ...],
        classes: int | None,
        report: Callable[[BaseException], None],
        parent: QWidget,
        noun: str = "class",
    ) -> None:
        super().__init__(parent)
        self.setObjectName("model.class_names_dialog")
        self.setWindowTitle(f"{noun.capitalize()} names")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(theme.scaled(360), theme.scaled(480))
        self._classes, self._report = classes, report
        self._plural = "classes" if noun == "class" else f"{noun}s"
        column = QVBoxLayout(self)
        column.setSpacing(theme.GAP)
        column.addWidget(caption("", f"One name a line, the first for {noun} 0."))
        self.text = QPlainTextEdit()
        self.text.setObjectName("model.class_names_text")
        self.text.setAccessibleName("Class names, one a line")
        self.text.setPlainText("\n".join(names))
        self.text.textChanged.connect(self._count)
        column.addWidget(self.text, 1)
        self.count = caption("model.class_names_count")
        self.file = tool(
            "model.class_names_file",
            "Read names from a .txt or .json file",
            "folder-open",
            self.choose,
            "From a file…",
        )
        foot = row(self.count, self.file)
        foot.setStretch(0, 1)
        column.addLayout(foot)
        standard = QDialogButtonBox.StandardButton
        self.buttons = QDialogButtonBox(standard.Ok | standard.Cancel)
        self.buttons.accepted.connect(self._accept)
        self.buttons.rejected.connect(self.reject)
        accept = self.buttons.button(standard.Ok)
        accept.setObjectName("model.class_names_ok")
        accept.setProperty("role", "primary")
        column.addWidget(self.buttons)
        self._count()

    def names(self) -> tuple[str, ...]:
        """What is typed; empty lines at the end do not count."""
        return tuple(line.strip() for line in self.text.toPlainText().rstrip().splitlines())

    def read(self, path: str) -> None:
        """Take the names from a file; a failure is said and nothing changes."""
        try:
            names = read_sidecar(Path(path)).classes
        except UserError as error:
            self._report(error)
            return
        self.text.setPlainText("\n".join(names))

    def choose(self) -> None:
        dialog = QFileDialog(self, "Class names", "", "Class names (*.txt *.json)")
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(self.read)
        dialog.open()

    def _count(self) -> None:
        number = len(self.names())
        told = f"{number:,} names" if number != 1 else "1 name"
        self.count.setText(told if self._classes is None else f"{told} for {self._classes:,} {self._plural}")

    def _accept(self) -> None:
        self.named.emit(self.names())
        self.accept()
