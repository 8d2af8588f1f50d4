"""Random clicks and keys, the same at every run: nothing raises, no job stays behind."""

from __future__ import annotations

import random

import monkey
import pytest
from model_helpers import Story
from PySide6.QtWidgets import QAbstractItemView, QApplication

from convscope.ui.panels.model.panel import PAGES

STEPS = 120
WORDS = ("3", "99", "0", "-1", "conv", "5×5", "28×28×1", "", "~", "1e9")
# These ask for a file, measure for seconds, or go to another panel.
LEFT_OUT = tuple(
    f".{end}"
    for end in (
        "open",
        "save",
        "file",
        "load_weights",
        "open_file",
        "open_folder",
        "measure",
        "train",
        "choose",
    )
)


@pytest.mark.parametrize("seed", [1, 3])
def test_nothing_raises_and_nothing_hangs(story: Story, seed: int, caplog: pytest.LogCaptureFixture) -> None:
    chance = random.Random(seed)
    shown = story.open("digits")
    story.open("lenet-5")
    for step in range(STEPS):
        if step % 15 == 0:
            story.panel.show_page(chance.choice(PAGES).name)
        if chance.random() < 0.05 and story.workspace.models:
            story.workspace.select_model(
                story.workspace.models[chance.randrange(len(story.workspace.models))].id
            )
        targets = monkey.targets(story.panel, LEFT_OUT)
        if targets:
            widget = chance.choice(targets)
            # Twice on a row of all models would download it.
            monkey.act(story.qtbot, chance, widget, WORDS, not isinstance(widget, QAbstractItemView))
        QApplication.processEvents()
        monkey.close_popups()
    story.settle()
    assert "unexpected" not in [record.message for record in caplog.records], "the log of what is a bug"
    # All of it still answers.
    story.workspace.add_model(shown)
    story.panel.show_page("layers")
    story.settle()
    assert story.text("model.name") == shown.name
