"""Names with line breaks, escape codes and marks that turn the direction of writing, in the window."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image as PillowImage
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QAbstractButton, QLabel, QLineEdit
from pytestqt.qtbot import QtBot
from window_helpers import messages, opened, small_images

from convscope.core.errors import UserError
from convscope.core.printable import printable
from convscope.ui.main_window import MainWindow
from convscope.workspace.workspace import Workspace

NAME = "a\nb\u202egnp\x1b[1m\u2067"


def test_no_label_breaks_or_turns(qtbot: QtBot, tmp_path: Path) -> None:
    window = MainWindow(Workspace(small_images(1)))
    window.remember_settings = False
    qtbot.addWidget(window)
    window.show()
    picture = tmp_path / f"{NAME}.png"
    PillowImage.fromarray(np.full((28, 28, 3), 200, np.uint8)).save(picture)
    (tmp_path / f"{NAME}.jpg").write_bytes(b"\xff\xd8\xff nothing")
    window.open_path(picture)
    window.open_path(tmp_path / f"{NAME}.jpg")
    window.open_path(tmp_path / f"missing{NAME}.png")
    opened(qtbot, window)
    window.report(UserError(f"{NAME} is damaged.", detail=NAME))
    window.notify(f"Saved {NAME}.")
    for panel in ("kernels", "data", "model"):
        window.show_panel(panel)
        opened(qtbot, window)
    window.open_palette()
    assert window.workspace.image.name == "a�b�gnp�[1m�.png"
    assert any("gnp" in message for message in messages(window))
    texts = [label.text() for label in window.findChildren(QLabel)]
    texts += [button.text() for button in window.findChildren(QAbstractButton)]
    texts += [button.toolTip() for button in window.findChildren(QAbstractButton)]
    texts += [action.text() for action in window.findChildren(QAction)]
    texts += [line.text() for line in window.findChildren(QLineEdit)]
    texts += [window.windowTitle(), *messages(window)]
    named = [text for text in texts if "gnp" in text]
    assert len(named) >= 3
    for text in named:
        assert printable(text, lines=True) == text and "a\nb" not in text
    window.close()
