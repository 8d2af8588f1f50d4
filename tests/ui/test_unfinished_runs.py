"""A training that a crash has cut off is offered at the next start."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QToolButton
from pytestqt.qtbot import QtBot
from window_helpers import messages, opened

from convscope.engine.data.registry import open_dataset
from convscope.engine.models.catalogue import open_model
from convscope.engine.training.run import Run, new_folder
from convscope.engine.training.settings import TrainingSettings
from convscope.engine.training.train import train
from convscope.imaging.image import Image
from convscope.session.session import Session
from convscope.ui.main_window import MainWindow
from convscope.ui.unfinished_runs import offer_unfinished_runs


def run_left(name: str, state: str) -> Run:
    """A run with one epoch behind it, as a process leaves it that ends in this state."""
    folder = new_folder(name)
    settings = TrainingSettings(epochs=1, steps_per_epoch=1, batch_size=8)
    train(open_model("mnist-small"), open_dataset("digits"), settings, name=name, folder=folder)
    run = Run(folder)
    run.set_status(state, "")  # type: ignore[arg-type]
    return run


def test_it_is_offered_and_the_train_panel_opens(qtbot: QtBot) -> None:
    run_left("whole", "finished")
    window = MainWindow(Session([Image(np.zeros((28, 28), np.uint8), "black")]))
    window.remember_settings = False
    qtbot.addWidget(window)
    window.show()
    offer_unfinished_runs(window)
    opened(qtbot, window)
    assert messages(window) == []
    # The state stays "running" when nobody is left to change it.
    run_left("cut", "running")
    offer_unfinished_runs(window)
    opened(qtbot, window)
    (message,) = messages(window)
    assert message.startswith("The training cut was cut off. It was interrupted after 1 of 1 epochs.")
    qtbot.mouseClick(window.findChild(QToolButton, "toast.action"), Qt.MouseButton.LeftButton)
    panel = window.panel()
    assert panel is not None and panel.objectName() == "train"
    qtbot.waitUntil(window.jobs.idle)
    assert messages(window) == []
    window.close()
