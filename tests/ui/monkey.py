"""A person without a plan: random clicks, keys and words on whatever is enabled, from a seed."""

from __future__ import annotations

import random
from collections.abc import Collection, Sequence

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractScrollArea,
    QApplication,
    QComboBox,
    QDialog,
    QLineEdit,
    QMenu,
    QWidget,
)
from pytestqt.qtbot import QtBot

KEYS = (
    Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_PageDown, Qt.Key.Key_Home,
    Qt.Key.Key_End, Qt.Key.Key_Tab, Qt.Key.Key_Return, Qt.Key.Key_Escape, Qt.Key.Key_Delete, Qt.Key.Key_Space,
    Qt.Key.Key_Plus, Qt.Key.Key_Minus, Qt.Key.Key_0, Qt.Key.Key_7,
)  # fmt: skip
WORDS = ("3", "99", "0", "-1", "conv", "boot", "", "~", "1e9")


def targets(panel: QWidget, left_out: Collection[str]) -> list[QWidget]:
    """What a person can act on now.

    Args:
        left_out: ends of the names of what is not to be touched.
    """
    return [
        widget
        for widget in panel.findChildren(QWidget)
        if widget.isVisible()
        and widget.isEnabled()
        and "." in widget.objectName()
        and not widget.objectName().endswith(tuple(left_out))
    ]


def act(
    qtbot: QtBot,
    chance: random.Random,
    widget: QWidget,
    words: Sequence[str] = WORDS,
    double: bool = True,
) -> None:
    """Do one thing to a widget.

    Args:
        words: what is typed.
        double: whether it may be clicked twice.
    """
    if isinstance(widget, QComboBox):
        widget.setCurrentIndex(chance.randrange(max(1, widget.count())))
        widget.activated.emit(widget.currentIndex())
        return
    surface = widget.viewport() if isinstance(widget, QAbstractScrollArea) else widget
    at = QPoint(chance.randrange(max(1, surface.width())), chance.randrange(max(1, surface.height())))
    what = chance.random()
    if isinstance(widget, QAbstractButton) or what < 0.5:
        qtbot.mouseClick(surface, Qt.MouseButton.LeftButton, pos=at)
    elif isinstance(widget, QLineEdit):
        widget.selectAll()
        qtbot.keyClicks(widget, chance.choice(words))
        qtbot.keyClick(widget, Qt.Key.Key_Return)
    elif what < 0.6 and double:
        qtbot.mouseDClick(surface, Qt.MouseButton.LeftButton, pos=at)
    else:
        for key in chance.choices(KEYS, k=3):
            qtbot.keyClick(surface, key)


def close_popups() -> None:
    """Leave menus, lists and dialogs that came up."""
    for popup in QApplication.topLevelWidgets():
        transient = isinstance(popup, (QMenu, QDialog)) or popup.windowType() == Qt.WindowType.Popup
        if transient and popup.isVisible():
            popup.close()
