"""What is missing is told in the window, with the button that downloads it; nothing is downloaded before."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QToolButton
from pytestqt.qtbot import QtBot
from window_helpers import messages, opened, small_images

from convscope.core.errors import NotDownloadedError, UserError, WeightsNotDownloadedError
from convscope.core.task import Task
from convscope.ui.main_window import MainWindow
from convscope.workspace.workspace import Workspace


def test_the_button_downloads_and_nothing_else_does(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[object, ...]] = []

    def data(name: str, task: Task) -> None:
        asked.append((name,))

    def weights(name: str, *, include_top: bool, task: Task) -> None:
        asked.append((name, include_top))

    monkeypatch.setattr("convscope.engine.data.sets.registry.download_dataset", data)
    monkeypatch.setattr("convscope.engine.models.applications.build.download_weights", weights)
    window = MainWindow(Workspace(small_images(1)))
    window.remember_settings = False
    qtbot.addWidget(window)
    window.show()
    window.report(UserError("Something else is wrong."))
    assert window.findChild(QToolButton, "toast.action") is None
    window.report(NotDownloadedError("CIFAR-10 is not on this machine.", "cifar10"))
    opened(qtbot, window)
    assert asked == []
    qtbot.mouseClick(window.findChild(QToolButton, "toast.action"), Qt.MouseButton.LeftButton)
    opened(qtbot, window)
    assert asked == [("cifar10",)]
    assert messages(window)[-1] == "CIFAR-10 is on this machine now: try it again."
    window.report(WeightsNotDownloadedError("No weights of VGG16.", "VGG16", include_top=False))
    qtbot.mouseClick(window.findChild(QToolButton, "toast.action"), Qt.MouseButton.LeftButton)
    opened(qtbot, window)
    assert asked[1:] == [("VGG16", False)]
    window.close()
