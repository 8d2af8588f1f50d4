"""What covers a result that is no answer any more."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QPushButton, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from convscope.ui import theme
from convscope.ui.canvas.veil import Veil


@pytest.fixture
def target(qtbot: QtBot) -> QWidget:
    """A red widget with a button in its middle."""
    made = QWidget()
    qtbot.addWidget(made)
    made.setStyleSheet("QWidget#ground { background: #ff0000; }")
    made.setObjectName("ground")
    QVBoxLayout(made).addWidget(QPushButton("press"), 0, Qt.AlignmentFlag.AlignCenter)
    made.resize(200, 100)
    made.show()
    qtbot.waitExposed(made)
    return made


def red(widget: QWidget, at: QPoint) -> float:
    """How much of the red is left at a place, 0 to 1."""
    colour = QColor(widget.grab().toImage().pixel(at))
    ground = QColor(theme.tokens().window)
    return 1 - (colour.green() - 0) / ground.green()


def test_it_dims_at_once_and_all_of_it(target: QWidget) -> None:
    veil = Veil(target, "veil")
    corner = QPoint(195, 95)
    assert red(target, corner) > 0.99
    veil.set_words("These are of another image.")
    assert veil.isVisible() and 0.3 < red(target, corner) < 0.45
    assert veil.accessibleName() == veil.words == "These are of another image."
    target.resize(260, 140)
    assert 0.3 < red(target, QPoint(255, 135)) < 0.45
    veil.set_words("")
    assert not veil.isVisible() and red(target, corner) > 0.99


def test_its_words_come_when_it_stays(target: QWidget, qtbot: QtBot) -> None:
    veil = Veil(target, "veil")
    veil.set_words("Working")
    before = target.grab().toImage()
    qtbot.waitUntil(lambda: target.grab().toImage() != before)
    # Other words for the same thing do not make it begin anew.
    veil.set_words("Still working")
    assert target.grab().toImage() != before
    veil.set_words("")


def test_what_lies_below_is_still_pressed(target: QWidget, qtbot: QtBot) -> None:
    button = target.findChild(QPushButton)
    pressed: list[bool] = []
    button.clicked.connect(lambda: pressed.append(True))
    Veil(target, "veil").set_words("Working")
    found = target.childAt(button.geometry().center())
    assert found is button
    qtbot.mouseClick(found, Qt.MouseButton.LeftButton)
    assert pressed
