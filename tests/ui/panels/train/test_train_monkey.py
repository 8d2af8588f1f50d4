"""Somebody who presses everything, before, while and after a tiny network learns."""

from __future__ import annotations

import logging
import random

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractSlider,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QLineEdit,
    QWidget,
)
from train_helpers import Train, few_digits

from convscope.engine.models.opened import OpenedModel
from convscope.engine.training.settings import TrainingSettings
from convscope.ui.canvas.mosaic_view import MosaicView
from convscope.ui.panels.train.live.network_view import SamplesView
from convscope.ui.plots.plot import Plot

KINDS = (
    QAbstractButton,
    QAbstractSlider,
    QAbstractSpinBox,
    QComboBox,
    QLineEdit,
    MosaicView,
    SamplesView,
    Plot,
)
# Dialogs, other panels, and what takes a network far larger than ours.
LEFT_OUT = (
    "export",
    "folder",
    "delete",
    "change",
    "imagenet",
    "textures",
    "digits",
    "explain",
    "transfer.all",
)
KEYS = (
    Qt.Key.Key_Up,
    Qt.Key.Key_Down,
    Qt.Key.Key_Left,
    Qt.Key.Key_Right,
    Qt.Key.Key_Tab,
    Qt.Key.Key_Space,
    Qt.Key.Key_Escape,
    Qt.Key.Key_Return,
    Qt.Key.Key_1,
    Qt.Key.Key_Backspace,
)


class Monkey:
    """Clicks and types at random, always in the same order for the same seed."""

    def __init__(self, train: Train, seed: int) -> None:
        self.train, self.random = train, random.Random(seed)

    def play(self, times: int) -> None:
        """So many clicks or keys on what is enabled and on show."""
        for _ in range(times):
            controls = [
                control
                for control in self.train.panel.findChildren(QWidget)
                if isinstance(control, KINDS)
                and control.isVisible()
                and control.isEnabled()
                and not control.objectName().endswith(LEFT_OUT)
            ]
            self.touch(self.random.choice(controls))
            self.train.qtbot.wait(2)

    def touch(self, control: QWidget) -> None:
        """One click or one key; a menu that it opens is closed."""
        inside = control.rect()
        place = QPoint(self.random.randrange(max(1, inside.width())), inside.height() // 2)
        target = control.viewport() if isinstance(control, MosaicView | Plot) else control
        if isinstance(control, QComboBox) or self.random.random() < 0.4:
            QTest.keyClick(control, self.random.choice(KEYS[:4] if isinstance(control, QComboBox) else KEYS))
        elif self.random.random() < 0.1:
            QTest.mouseDClick(target, Qt.MouseButton.LeftButton, pos=place)
        else:
            QTest.mouseMove(target, place)
            QTest.mouseClick(target, Qt.MouseButton.LeftButton, pos=place)
        popup = QApplication.activePopupWidget()
        if popup is not None:
            popup.close()


@pytest.mark.parametrize("seed", [2])
def test_whatever_is_pressed(
    train: Train, tiny: OpenedModel, seed: int, caplog: pytest.LogCaptureFixture
) -> None:
    monkey = Monkey(train, seed)
    few = few_digits(80)
    with caplog.at_level(logging.ERROR):
        monkey.play(50)
        for during in (60, 40):
            # Back to what can be trained, and is small.
            train.trainer.stop()
            train.ended()
            train.open(tiny, few)
            train.view_model.set_settings(TrainingSettings(epochs=400, batch_size=16))
            train.view_model.set_start_from("trained")
            train.settle()
            train.panel.show_page("live")
            train.begin()
            monkey.play(during)
        train.trainer.stop()
        train.ended()
        monkey.play(30)
        train.trainer.stop()
        train.ended()
        train.window.close()
    assert train.window.threads_ended
    # The window logs what is no sentence for a person.
    assert [record.getMessage() for record in caplog.records] == []
