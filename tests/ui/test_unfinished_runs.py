"""A training that a crash has cut off is offered at the next start."""

from __future__ import annotations

import shutil

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QLabel, QToolButton
from pytestqt.qtbot import QtBot
from window_helpers import messages, opened

from convscope.core.folder_lock import locked
from convscope.engine.data.sets.registry import open_dataset
from convscope.engine.models.library.catalogue import open_model
from convscope.engine.training.runs.run import Run, new_folder
from convscope.engine.training.settings import TrainingSettings
from convscope.engine.training.train import train
from convscope.imaging.image import Image
from convscope.ui.main_window import MainWindow
from convscope.workspace.workspace import Workspace
from tests.made_runs import made_run


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
    window = MainWindow(Workspace([Image(np.zeros((28, 28), np.uint8), "black")]))
    window.remember_settings = False
    qtbot.addWidget(window)
    window.show()
    window.unfinished_runs.offer()
    opened(qtbot, window)
    assert messages(window) == []
    # The state stays "running" when nobody is left to change it.
    run_left("cut", "running")
    window.unfinished_runs.offer()
    opened(qtbot, window)
    (message,) = messages(window)
    assert message.startswith("The training cut was cut off. It was interrupted after 1 of 1 epochs.")
    qtbot.mouseClick(window.findChild(QToolButton, "toast.action"), Qt.MouseButton.LeftButton)
    panel = window.panel()
    assert panel is not None and panel.objectName() == "train"
    qtbot.waitUntil(window.jobs.idle)
    assert messages(window) == []
    window.close()


def test_the_offer_goes_when_its_run_is_gone_on_with_deleted_or_left(qtbot: QtBot) -> None:
    window = MainWindow(Workspace([Image(np.zeros((28, 28), np.uint8), "black")]))
    window.remember_settings = False
    qtbot.addWidget(window)
    window.show()
    window.show_panel("train")
    opened(qtbot, window)
    view_model = window.panel().view_model  # type: ignore[union-attr]

    def cut(name: str) -> Run:
        run = made_run(name)
        (run.folder / "last.keras").touch()
        (run.folder / "last.json").write_text("{}")
        run.set_status("running", "")
        return run

    def offered() -> list[str]:
        opened(qtbot, window)
        return messages(window)

    first, second, third = cut("first"), cut("second"), cut("third")
    window.unfinished_runs.offer()
    (message,) = offered()
    assert message.startswith("The training third was cut off.") and "2 more runs" in message
    # Somebody goes on with the third; the runs are told to have changed as they are when it has begun.
    with locked(third.folder):
        view_model.runs_changed.emit()
        (message,) = offered()
        assert message.startswith("The training second was cut off.") and "1 more run" in message
        shutil.rmtree(second.folder)
        view_model.runs_changed.emit()
        (message,) = offered()
        assert message.startswith("The training first was cut off. It was interrupted after 2 of 3 epochs.")
        assert "more" not in message
        assert window.findChild(QLabel, "train.interrupted.text").text().startswith("“first”")  # type: ignore[union-attr]
        leave = window.findChild(QAbstractButton, "train.interrupted.leave")
        qtbot.mouseClick(leave, Qt.MouseButton.LeftButton)
        assert offered() == [] and first.state == "stopped"
        assert not window.findChild(QLabel, "train.interrupted.text").isVisible()  # type: ignore[union-attr]
    # Ended with its process once more; but who has closed the offer is not asked again.
    window.unfinished_runs.offer()
    assert offered()
    qtbot.mouseClick(window.findChild(QToolButton, "toast.close"), Qt.MouseButton.LeftButton)
    view_model.runs_changed.emit()
    assert offered() == []
    window.close()
