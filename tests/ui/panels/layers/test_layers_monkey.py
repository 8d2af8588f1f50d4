"""Random clicks and keys, the same at every run: nothing raises, no job stays behind, the window closes."""

from __future__ import annotations

import random

import pytest
from layers_helpers import Desk
from monkey import act, close_popups, errors, targets
from PySide6.QtWidgets import QApplication

from convscope.engine.models.library.catalogue import open_model
from convscope.engine.models.opened import OpenedModel

# These ask for a file, block until a menu is left, or go to another panel.
LEFT_OUT = ("save", "open", "open_file", "try_kernel")


@pytest.mark.parametrize("seed", [1, 2])
def test_nothing_raises_and_nothing_stays(
    desk: Desk, digits: OpenedModel, seed: int, caplog: pytest.LogCaptureFixture
) -> None:
    chance = random.Random(seed)
    desk.workspace.add_model(open_model("garments"))
    desk.settle()
    for step in range(90):
        if step % 25 == 20:
            desk.workspace.select_model(desk.workspace.models[chance.randrange(2)].id)
        if step % 12 == 6:
            # The Delete key may have closed one.
            desk.workspace.select_image(
                desk.workspace.images[chance.randrange(len(desk.workspace.images))].id
            )
        if step % 10 == 3:
            desk.workspace.choose_layer(chance.choice([layer.path for layer in desk.workspace.model.layers]))
        act(desk.qtbot, chance, chance.choice(targets(desk.panel, LEFT_OUT)))
        QApplication.processEvents()
        close_popups()
    desk.settle()
    assert errors(caplog) == []
    # All of it still answers, whichever page was left open.
    desk.panel.view_model.page.set("maps")
    desk.settle()
    desk.workspace.select_model(desk.workspace.models[0].id)
    desk.panel.view_model.weights.reset()
    desk.layer("conv2d_1")
    assert desk.frame.path == "conv2d_1" and desk.frame.first.forward.model is digits
    assert desk.window.close()
    assert desk.window.jobs.idle()
