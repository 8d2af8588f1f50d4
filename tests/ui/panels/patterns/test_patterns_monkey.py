"""Random clicks, wheels, drags and keys: nothing raises, no job stays behind, the window closes."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from monkey import answer_dialogs, close_popups, errors, handle, targets
from patterns_helpers import Growing
from PySide6.QtWidgets import QApplication

from convscope.engine.models.library.catalogue import open_model
from convscope.engine.models.opened import OpenedModel
from convscope.ui.panels.patterns.options import PatternOptions

# This one takes seconds for the smallest network.
LEFT_OUT = ("octaves",)
WORDS = ("3", "9", "0", "-1", "conv", "boot", "", "~", "1e9")


@pytest.fixture(scope="module")
def garments() -> OpenedModel:
    """The shipped network for garments, opened once."""
    return open_model("garments")


@pytest.mark.parametrize("seed", [1, 2])
def test_nothing_raises_and_nothing_stays(
    growing: Growing,
    garments: OpenedModel,
    seed: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    answer_dialogs(monkeypatch, tmp_path)
    chance, workspace = random.Random(seed), growing.workspace
    workspace.add_model(garments)
    for step in range(100):
        if step % 25 == 20:
            workspace.select_model(workspace.models[chance.randrange(2)].id)
        if step % 12 == 6:
            # The Delete key may have closed one.
            workspace.select_image(workspace.images[chance.randrange(len(workspace.images))].id)
        if step % 15 == 3:
            assert workspace.model is not None
            workspace.choose_layer(chance.choice([layer.path for layer in workspace.model.layers]))
        handle(growing.qtbot, chance, chance.choice(targets(growing.panel, LEFT_OUT)), LEFT_OUT, WORDS)
        QApplication.processEvents()
        close_popups()
    growing.view_model.growth.stop_large()
    growing.view_model.growth.stop_sheet()
    growing.view_model.edit(settings=growing.few)
    growing.settle()
    assert errors(caplog) == []
    # All of it still answers.
    growing.view_model.edit(**vars(PatternOptions(growing.few)))
    growing.press("patterns.source.layers", settle=False)
    workspace.select_model(workspace.models[0].id)
    workspace.choose_layer("conv2d_1")
    growing.settle()
    growing.tile(3)
    assert growing.text("patterns.large.title") == "conv2d_1 · filter 3"
    assert growing.view_model.grown.large[0].objective.index == 3
    assert "3 of 3" in growing.text("patterns.step")
    assert growing.window.close()
    assert growing.window.jobs.idle() and growing.window.threads_ended
