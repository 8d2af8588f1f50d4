"""Random clicks and keys, the same at every run: nothing raises, no job stays behind."""

from __future__ import annotations

import random

import pytest
from model_helpers import Story
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractScrollArea,
    QApplication,
    QComboBox,
    QDialog,
    QLineEdit,
    QMenu,
    QWidget,
)

from convscope.ui.panels.model.panel import PAGES

STEPS = 120
KEYS = (
    Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_PageDown, Qt.Key.Key_Home,
    Qt.Key.Key_End, Qt.Key.Key_Tab, Qt.Key.Key_Return, Qt.Key.Key_Escape, Qt.Key.Key_Delete, Qt.Key.Key_Space,
    Qt.Key.Key_Plus, Qt.Key.Key_Minus, Qt.Key.Key_0, Qt.Key.Key_7,
)  # fmt: skip
WORDS = ("3", "99", "0", "-1", "conv", "5×5", "28×28×1", "", "~", "1e9")
# These ask for a file, measure for seconds, or go to another panel.
LEFT_OUT = ("open", "save", "file", "load_weights", "open_file", "open_folder", "measure", "train", "choose")


def _targets(panel: QWidget) -> list[QWidget]:
    """What a person can act on now."""
    return [
        widget
        for widget in panel.findChildren(QWidget)
        if widget.isVisible()
        and widget.isEnabled()
        and widget.objectName()
        and widget.objectName().rpartition(".")[2] not in LEFT_OUT
    ]


def _act(story: Story, chance: random.Random, widget: QWidget) -> None:
    if isinstance(widget, QComboBox):
        widget.setCurrentIndex(chance.randrange(max(1, widget.count())))
        widget.activated.emit(widget.currentIndex())
        return
    surface = widget.viewport() if isinstance(widget, QAbstractScrollArea) else widget
    at = QPoint(chance.randrange(max(1, surface.width())), chance.randrange(max(1, surface.height())))
    what = chance.random()
    if isinstance(widget, QAbstractButton) or what < 0.5:
        story.qtbot.mouseClick(surface, Qt.MouseButton.LeftButton, pos=at)
    elif isinstance(widget, QLineEdit):
        widget.selectAll()
        story.qtbot.keyClicks(widget, chance.choice(WORDS))
        story.qtbot.keyClick(widget, Qt.Key.Key_Return)
    elif what < 0.6 and not isinstance(widget, QAbstractItemView):
        story.qtbot.mouseDClick(surface, Qt.MouseButton.LeftButton, pos=at)
    else:
        for key in chance.choices(KEYS, k=3):
            story.qtbot.keyClick(surface, key)


def _close_popups() -> None:
    for popup in QApplication.topLevelWidgets():
        if isinstance(popup, (QMenu, QDialog)) and popup.isVisible():
            popup.close()


@pytest.mark.parametrize("seed", [1, 2])
def test_nothing_raises_and_nothing_hangs(story: Story, seed: int, caplog: pytest.LogCaptureFixture) -> None:
    chance = random.Random(seed)
    shown = story.open("digits")
    story.open("lenet-5")
    for step in range(STEPS):
        if step % 15 == 0:
            story.panel.show_page(chance.choice(PAGES)[0])
        if chance.random() < 0.05 and story.session.models:
            story.session.select_model(chance.randrange(len(story.session.models)))
        targets = _targets(story.panel)
        if targets:
            _act(story, chance, chance.choice(targets))
        QApplication.processEvents()
        _close_popups()
    story.settle()
    assert "unexpected" not in [record.message for record in caplog.records], "the log of what is a bug"
    # All of it still answers.
    story.session.add_model(shown)
    story.panel.show_page("layers")
    story.settle()
    assert story.text("model.name") == shown.name
