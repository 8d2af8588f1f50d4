"""Random clicks, wheels, drags and keys, from panel to panel: nothing raises, nothing stays."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from driver import Driver, window_on
from monkey import answer_dialogs, close_popups, errors, handle, targets
from PySide6.QtCore import Qt
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from convscope.engine.data.sets.registry import open_dataset
from convscope.engine.interpret.feature_visualization.settings import PatternSettings
from convscope.engine.models.library.catalogue import open_model
from convscope.ui import theme
from convscope.ui.main_window import MainWindow
from convscope.ui.panels.kernels.panel import KernelsPanel
from convscope.ui.panels.patterns.panel import PatternsPanel
from convscope.workspace.images import sample_images
from convscope.workspace.lab import Lab

# These open something, ask for a file, take seconds, or train: other tests press them meanwhile.
LEFT_OUT = (
    "open", "open_file", "open_folder", "folder", "file", "load_weights", "more", "camera", "draw", "help",
    "imagenet", "textures", "fashion", "download", "measure", "throughput", "octaves", "method.rise",
    "truth.randomised", "paper", "train.start", "transfer", "evaluate", "again",
)  # fmt: skip
STEPS = 90


@pytest.fixture
def window(qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MainWindow]:
    """The whole window with the sample pictures, two networks and the digits."""
    answer_dialogs(monkeypatch, tmp_path)
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda _url: True)
    with window_on(qtbot, "patterns", sample_images()) as made:
        panel = made.panel()
        assert isinstance(panel, PatternsPanel)
        panel.view_model.edit(settings=PatternSettings(steps=3))
        made.workspace.add_model(open_model("garments"))
        made.workspace.add_model(open_model("digits"))
        yield made
    # Theme and zoom are the application's.
    theme.apply("light")


@pytest.mark.parametrize("seed", [4, 5])
def test_nothing_raises_and_nothing_stays(
    window: MainWindow, qtbot: QtBot, seed: int, caplog: pytest.LogCaptureFixture
) -> None:
    chance, workspace, driver = random.Random(seed), window.workspace, Driver(qtbot, window)
    digits = open_dataset("digits")
    sets = (digits, replace(digits, given=replace(digits.given, train=digits.given.train[:50])), None)
    workspace.set_dataset(digits)
    for step in range(STEPS):
        what = chance.random()
        if step % (STEPS // 2) == STEPS // 4:
            # Each dresses every widget anew, which takes long.
            chance.choice((window.toggle_theme, lambda: window.zoom_by(chance.choice((-1, 1)))))()
        elif what < 0.1:
            key = Qt.Key(Qt.Key.Key_1 + chance.randrange(len(window.panel_infos)))
            qtbot.keyClick(window, key, Qt.KeyboardModifier.ControlModifier)
        elif what < 0.13:
            workspace.set_dataset(chance.choice(sets))
        elif what < 0.16 and workspace.models:
            workspace.select_model(workspace.models[chance.randrange(len(workspace.models))].id)
        elif what < 0.19:
            workspace.select_image(workspace.images[chance.randrange(len(workspace.images))].id)
        elif what < 0.25:
            window.run_command(chance.choice(("edit.undo", "edit.redo", "image.close", "image.reopen")))
        else:
            handle(qtbot, chance, chance.choice(targets(window, LEFT_OUT)), LEFT_OUT)
        QApplication.processEvents()
        close_popups()
    # What would go on for long is not waited for; a person cancels what the status bar shows.
    for job in window.jobs.running():
        if not job.quiet:
            window.jobs.cancel(job)
    driver.settle()
    assert errors(caplog) == []
    # All of it still answers.
    window.show_panel("kernels")
    workspace.edit_lab(Lab(), "Plain")
    window.show_panel("model")
    workspace.add_model(open_model("digits"))
    driver.settle()
    assert driver.text("model.name") == workspace.model.name
    window.show_panel("kernels")
    driver.settle()
    panel = window.panel()
    assert isinstance(panel, KernelsPanel) and panel.frame is not None
    assert panel.frame.lab == workspace.lab and panel.frame.image is workspace.image
    assert window.close()
    assert window.jobs.idle() and window.threads_ended
