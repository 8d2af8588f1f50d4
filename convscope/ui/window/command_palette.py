"""The searchable list of everything that can be done (Ctrl+K)."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtGui import QColor, QKeyEvent
from PySide6.QtWidgets import (
    QFrame,
    QHeaderView,
    QLineEdit,
    QTreeWidget,
    QTreeWidgetItem,
    QWidget,
)

from convscope.ui import naming, theme
from convscope.ui.actions import Command, search
from convscope.ui.forms.form import vertical

WIDTH, HEIGHT = 560, 420


class CommandPalette(QFrame):
    """A line to type in and the commands that match, best first. Enter runs, Escape closes.

    Args:
        host: the widget over whose upper middle it opens.
    """

    def __init__(self, host: QWidget) -> None:
        super().__init__(host)
        self._host = host
        naming.give(self, "palette", "Search commands")
        self.setProperty("role", "raised")
        self._commands: list[Command] = []
        self._found: list[Command] = []
        self.query = naming.give(QLineEdit(self), "palette.query", "Search commands")
        self.query.setPlaceholderText("Type what you want to do")
        self.query.textChanged.connect(self._search)
        self.query.installEventFilter(self)
        self.list = naming.give(QTreeWidget(self), "palette.list", "Commands")
        self.list.setColumnCount(2)
        self.list.setHeaderHidden(True)
        self.list.setRootIsDecorated(False)
        self.list.setUniformRowHeights(True)
        self.list.header().setStretchLastSection(False)
        self.list.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.list.header().setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.itemClicked.connect(self._run)
        vertical(self, self.query, (self.list, 1), spacing=8, margins=8)
        self.hide()
        host.installEventFilter(self)

    def open(self, commands: Sequence[Command]) -> None:
        """Show these commands, ready to type."""
        self._commands = list(commands)
        self.query.clear()
        self._search("")
        self._place()
        self.show()
        self.raise_()
        self.query.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def close_palette(self) -> None:
        self.hide()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        # Arrow keys move in the list while the line has the focus; a click elsewhere closes.
        if watched is self._host:
            if event.type() == QEvent.Type.Resize:
                self._place()
            return False
        if event.type() == QEvent.Type.FocusOut:
            # Not at once: the click that took the focus may be on the list itself.
            QTimer.singleShot(0, self, self._close_if_left)
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            return self._key(Qt.Key(event.key()))
        return False

    def _close_if_left(self) -> None:
        if not self.query.hasFocus() and self.isVisible() and self.window().isActiveWindow():
            self.close_palette()

    def _key(self, key: Qt.Key) -> bool:
        rows = self.list.topLevelItemCount()
        row = self.list.currentIndex().row()
        steps = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1, Qt.Key.Key_PageDown: 10, Qt.Key.Key_PageUp: -10}
        if key in steps and rows:
            target = row + steps[key]
            # One step past an end comes in at the other; a page stops there.
            target = target % rows if abs(steps[key]) == 1 else min(max(target, 0), rows - 1)
            self._select(target)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._run(self.list.currentItem())
        elif key == Qt.Key.Key_Escape:
            self.close_palette()
        else:
            return False
        return True

    def _search(self, text: str) -> None:
        self._found = search(text, self._commands, lambda command: f"{command.title} {command.group}")
        self.list.clear()
        disabled = theme.tokens().disabled
        for command in self._found:
            item = QTreeWidgetItem([command.title, command.shortcut_text() or command.group])
            item.setForeground(1, QColor(theme.tokens().secondary))
            if not command.enabled:
                item.setForeground(0, QColor(disabled))
            self.list.addTopLevelItem(item)
        if self._found:
            self._select(0)

    def _select(self, row: int) -> None:
        self.list.setCurrentIndex(self.list.model().index(row, 0))

    def _run(self, item: QTreeWidgetItem | None) -> None:
        if item is None:
            return
        command = self._found[self.list.indexOfTopLevelItem(item)]
        if command.enabled:
            self.close_palette()
            command.run()

    def _place(self) -> None:
        host = self._host
        width = min(theme.scaled(WIDTH), host.width() - 24)
        height = min(theme.scaled(HEIGHT), host.height() - 72)
        self.setGeometry((host.width() - width) // 2, 48, max(1, width), max(1, height))
