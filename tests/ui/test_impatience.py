"""Somebody who presses everything in every panel while a network learns, and closes in the middle of it."""

from __future__ import annotations

import logging
import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from monkey import act, close_popups, targets
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDesktopServices, QDropEvent
from PySide6.QtWidgets import QFileDialog, QToolButton, QWidget
from pytestqt.qtbot import QtBot
from shiboken6 import isValid
from window_helpers import small_images

from convscope.engine.data.sets.registry import open_dataset
from convscope.engine.models.library.catalogue import open_model
from convscope.engine.training.settings import TrainingSettings
from convscope.ui import theme
from convscope.ui.main_window import MainWindow
from convscope.ui.panels.train.panel import TrainPanel
from convscope.workspace.workspace import Workspace

# What opens networks or downloads far larger than ours.
LEFT_OUT = ("imagenet", "textures", "download", "open", "camera", "transfer", "throughput")
DAMAGED = {
    "x.png": b"\x89PNG\r\n\x1a\nno chunk",
    "y.keras": b"PK\x03\x04xx",
    "z.jpg": b"",
    "q.h5": b"\x89HDF\r\n\x1a\n00",
    "a.npz": b"PK",
    "weird": bytes(range(256)) * 8,
}


@pytest.fixture
def damaged(tmp_path: Path) -> list[Path]:
    """Files that are none of what their names say, and an empty folder."""
    for name, data in DAMAGED.items():
        (tmp_path / name).write_bytes(data)
    (tmp_path / "empty").mkdir()
    return sorted(tmp_path.iterdir())


@pytest.fixture
def window(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> Iterator[MainWindow]:
    """The whole window, with a small network that learns a few digits."""
    for name in ("getOpenFileName", "getSaveFileName"):
        monkeypatch.setattr(QFileDialog, name, lambda *_a, **_k: ("", ""))
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_a, **_k: "")
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda _url: True)
    made = MainWindow(Workspace(small_images(3)))
    made.remember_settings = False
    qtbot.addWidget(made)
    digits = open_dataset("digits")
    made.workspace.add_model(open_model("digits"))
    made.workspace.set_dataset(replace(digits, given=replace(digits.given, train=digits.given.train[:200])))
    made.resize(1440, 900)
    made.show()
    made.show_panel("train")
    panel = made.panel()
    assert isinstance(panel, TrainPanel)
    qtbot.waitUntil(made.jobs.idle)
    panel.view_model.set_settings(TrainingSettings(epochs=500, batch_size=16))
    panel.view_model.set_start_from("trained")
    qtbot.waitUntil(made.jobs.idle)
    panel.settings.press_start()
    qtbot.waitUntil(lambda: panel.view_model.trainer.active)
    yield made
    if isValid(made):
        made.close()
    # Theme and zoom are the application's.
    theme.apply("light")


def waits(widget: QWidget) -> bool:
    """Whether a click opens a menu, which waits for another one."""
    return isinstance(widget, QToolButton) and widget.menu() is not None


def drop(window: MainWindow, paths: list[Path]) -> None:
    """Let files fall on the window."""
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    none = Qt.KeyboardModifier.NoModifier
    left, copy = Qt.MouseButton.LeftButton, Qt.DropAction.CopyAction
    window.dropEvent(QDropEvent(QPointF(300, 300), copy, mime, left, none))


@pytest.mark.parametrize("seed", [5])
def test_everything_is_pressed_while_a_network_learns(
    window: MainWindow, damaged: list[Path], qtbot: QtBot, seed: int, caplog: pytest.LogCaptureFixture
) -> None:
    chance = random.Random(seed)
    with caplog.at_level(logging.ERROR):
        for turn in range(260):
            what = chance.random()
            if what < 0.06:
                window.show_panel(chance.choice(window.panel_infos).name)
            elif what < 0.1:
                drop(window, chance.sample(damaged, 2))
            elif what < 0.12:
                window.toggle_theme()
            elif what < 0.14:
                window.zoom_by(chance.choice((-1, 1)))
            elif what < 0.17:
                chance.choice((window.workspace.undo, window.workspace.redo, window.close_image))()
            else:
                act(
                    qtbot,
                    chance,
                    chance.choice([each for each in targets(window, LEFT_OUT) if not waits(each)]),
                )
            close_popups()
            qtbot.wait(1 if turn % 10 else 30)
        # In the middle of whatever goes on.
        window.close()
    assert window.threads_ended
    # The window logs what is no sentence for a person.
    assert [record.getMessage() for record in caplog.records] == []
