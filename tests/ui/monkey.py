"""A person without a plan: random clicks, keys and words on whatever is enabled, from a seed."""

from __future__ import annotations

import logging
import random
from collections.abc import Collection, Sequence
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QAction, QContextMenuEvent, QWheelEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractScrollArea,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QDialog,
    QFileDialog,
    QInputDialog,
    QLineEdit,
    QMenu,
    QToolButton,
    QWidget,
)
from pytestqt.qtbot import QtBot

KEYS = (
    Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_PageDown, Qt.Key.Key_Home,
    Qt.Key.Key_End, Qt.Key.Key_Tab, Qt.Key.Key_Return, Qt.Key.Key_Escape, Qt.Key.Key_Delete, Qt.Key.Key_Space,
    Qt.Key.Key_Plus, Qt.Key.Key_Minus, Qt.Key.Key_0, Qt.Key.Key_7,
)  # fmt: skip
WORDS = ("3", "99", "0", "-1", "conv", "boot", "", "~", "1e9")


def errors(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What was logged as an error or worse so far."""
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR]


def answer_dialogs(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """Dialogs that wait for an answer have one: what is saved goes into a folder, nothing is opened."""
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_a, **_k: (str(folder / "saved"), ""))
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_a, **_k: ("", ""))
    monkeypatch.setattr(QInputDialog, "getText", lambda *_a, **_k: ("named", True))


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


def handle(
    qtbot: QtBot,
    chance: random.Random,
    widget: QWidget,
    left_out: Collection[str],
    words: Sequence[str] = WORDS,
) -> None:
    """Do one thing to a widget: as `act`, or turn the wheel, drag, type a number, choose in a menu.

    Args:
        left_out: ends of the names of lines of menus that are not chosen.
        words: what is typed.
    """
    if isinstance(widget, QToolButton) and widget.menu() is not None:
        widget.menu().aboutToShow.emit()
        choose(chance, widget.menu(), left_out)
        return
    surface = widget.viewport() if isinstance(widget, QAbstractScrollArea) else widget
    at, to = (
        QPoint(chance.randrange(max(1, surface.width())), chance.randrange(max(1, surface.height())))
        for _ in range(2)
    )
    what = chance.random()
    if isinstance(widget, QAbstractSpinBox) and what < 0.5:
        widget.selectAll()
        qtbot.keyClicks(widget, chance.choice(words))
        qtbot.keyClick(widget, chance.choice((Qt.Key.Key_Return, Qt.Key.Key_Tab)))
    elif what < 0.08 and not isinstance(widget, QAbstractButton):
        _wheel(surface, at, chance.choice((-120, 120, 30)))
    elif what < 0.14:
        qtbot.mousePress(surface, Qt.MouseButton.LeftButton, pos=at)
        for place in ((at + to) / 2, to):
            qtbot.mouseMove(surface, place)
        qtbot.mouseRelease(surface, Qt.MouseButton.LeftButton, pos=to)
    elif what < 0.18:
        qtbot.mouseMove(surface, at)
    elif what < 0.22:
        asked = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, at, surface.mapToGlobal(at))
        QApplication.sendEvent(surface, asked)
        menu = QApplication.activePopupWidget()
        if isinstance(menu, QMenu):
            choose(chance, menu, left_out)
    else:
        act(qtbot, chance, widget, words)


def choose(chance: random.Random, menu: QMenu, left_out: Collection[str]) -> None:
    """Choose a line of a menu, or of one that opens from it."""
    lines = [
        action
        for each in (menu, *menu.findChildren(QMenu))
        for action in each.actions()
        if _can_be_chosen(action) and not action.objectName().endswith(tuple(left_out))
    ]
    if lines:
        chance.choice(lines).trigger()


def _can_be_chosen(action: QAction) -> bool:
    return action.isEnabled() and action.isVisible() and not action.isSeparator() and action.menu() is None


def _wheel(surface: QWidget, at: QPoint, turn: int) -> None:
    QApplication.sendEvent(
        surface,
        QWheelEvent(
            QPointF(at),
            QPointF(surface.mapToGlobal(at)),
            QPoint(),
            QPoint(0, turn),
            Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.NoModifier,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        ),
    )


def close_popups() -> None:
    """Leave menus, lists and dialogs that came up."""
    for popup in QApplication.topLevelWidgets():
        transient = isinstance(popup, (QMenu, QDialog)) or popup.windowType() == Qt.WindowType.Popup
        if transient and popup.isVisible():
            popup.close()
