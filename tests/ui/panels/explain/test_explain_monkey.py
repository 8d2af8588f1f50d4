"""Random clicks and keys, the same at every run: nothing raises, no job stays behind, the window closes."""

from __future__ import annotations

import random

import pytest
from explain_helpers import panel_of, settle
from monkey import act, close_popups, errors, targets
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from convscope.engine.models.opened import OpenedModel
from convscope.ui.main_window import MainWindow

# These ask for a file, open a browser, take seconds, or block until a menu is left.
LEFT_OUT = ("save", "paper", "method.rise", "truth.view_model.randomised", "open_model")


@pytest.mark.parametrize("seed", [1, 2])
def test_nothing_raises_and_nothing_stays(
    window: MainWindow,
    digits: OpenedModel,
    garments: OpenedModel,
    qtbot: QtBot,
    seed: int,
    caplog: pytest.LogCaptureFixture,
) -> None:
    chance = random.Random(seed)
    window.workspace.add_model(garments)
    window.workspace.add_model(digits)
    settle(qtbot, window)
    panel = panel_of(window)
    for step in range(70):
        if step % 12 == 5:
            panel.show_page(chance.choice(("wall", "large", "truth")))
        if step % 20 == 10:
            window.workspace.select_model(window.workspace.models[chance.randrange(2)].id)
        if step % 9 == 4:
            window.workspace.select_image(window.workspace.images[chance.randrange(2)].id)
        act(qtbot, chance, chance.choice(targets(panel, LEFT_OUT)))
        QApplication.processEvents()
        close_popups()
    settle(qtbot, window)
    assert errors(caplog) == []
    # All of it still answers.
    panel.view_model.ask(methods=("grad-cam",), count=1, minus=None, index=None, layer=None)
    settle(qtbot, window)
    assert len(panel.view_model.maps) == 1
    assert window.close()
    assert window.jobs.idle()
