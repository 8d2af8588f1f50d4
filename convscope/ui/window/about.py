"""About, with versions, and the list of shortcuts."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from importlib import metadata

from PySide6.QtCore import Qt, qVersion
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QHeaderView,
    QLabel,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from convscope import __version__
from convscope.ui import naming, theme
from convscope.ui.actions import Command

PACKAGES = (
    "PySide6-Essentials",
    "numpy",
    "opencv-python-headless",
    "pillow",
    "tensorflow",
    "keras",
    "pyqtgraph",
)


def versions() -> list[tuple[str, str]]:
    """What runs here, as (name, version); from the packages' records, so that nothing heavy is imported."""
    found = [("convscope", __version__), ("Python", platform.python_version()), ("Qt", qVersion())]
    for name in PACKAGES:
        try:
            found.append((name, metadata.version(name)))
        except metadata.PackageNotFoundError:
            found.append((name, "not installed"))
    return [*found, ("system", platform.platform())]


class AboutDialog(QDialog):
    """What convscope is, and the versions to put into a bug report."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("about")
        self.setWindowTitle("About convscope")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        layout = QVBoxLayout(self)
        layout.setSpacing(theme.GROUP_GAP)
        layout.addWidget(theme.label(f"convscope {__version__}", "title"))
        text = QLabel(
            "See what a convolutional network computes: filter, build, train, look inside, explain."
        )
        text.setWordWrap(True)
        layout.addWidget(text)
        self.table = naming.give(QTreeWidget(self), "about.versions", "Versions")
        self.table.setHeaderHidden(True)
        self.table.setColumnCount(2)
        self.table.setRootIsDecorated(False)
        for pair in versions():
            self.table.addTopLevelItem(QTreeWidgetItem(list(pair)))
        self.table.resizeColumnToContents(0)
        layout.addWidget(self.table, 1)
        layout.addWidget(theme.label("Type: Inter and JetBrains Mono (OFL). Icons: Lucide (ISC).", "caption"))
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close, self)
        copy = naming.give(QPushButton("Copy versions", self), "about.copy", "Copy versions")
        copy.clicked.connect(self._copy)
        buttons.addButton(copy, QDialogButtonBox.ButtonRole.ActionRole)
        buttons.button(QDialogButtonBox.StandardButton.Close).setObjectName(f"{self.objectName()}.close")
        buttons.rejected.connect(self.close)
        layout.addWidget(buttons)
        self.resize(theme.scaled(460), theme.scaled(420))

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText("\n".join(f"{name} {version}" for name, version in versions()))


class ShortcutsDialog(QDialog):
    """Every command that has a shortcut, in groups."""

    def __init__(self, commands: Sequence[Command], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("shortcuts")
        self.setWindowTitle("Shortcuts")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        layout = QVBoxLayout(self)
        self.table = naming.give(QTreeWidget(self), "shortcuts.table", "Shortcuts")
        self.table.setColumnCount(2)
        self.table.setHeaderLabels(["Command", "Keys"])
        self.table.setSelectionMode(QTreeWidget.SelectionMode.NoSelection)
        self.table.header().setStretchLastSection(False)
        self.table.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.table.header().setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        groups: dict[str, QTreeWidgetItem] = {}
        for command in commands:
            if not command.shortcut:
                continue
            group = groups.get(command.group)
            if group is None:
                group = groups[command.group] = QTreeWidgetItem([command.group, ""])
                self.table.addTopLevelItem(group)
            group.addChild(QTreeWidgetItem([command.title, command.shortcut_text()]))
        self.table.expandAll()
        layout.addWidget(self.table)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close, self)
        buttons.button(QDialogButtonBox.StandardButton.Close).setObjectName(f"{self.objectName()}.close")
        buttons.rejected.connect(self.close)
        layout.addWidget(buttons)
        self.resize(theme.scaled(460), theme.scaled(520))
