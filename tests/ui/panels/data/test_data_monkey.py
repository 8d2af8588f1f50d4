"""Random clicks, wheels, drags and keys: nothing raises, no job stays behind, the window closes."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from data_helpers import Data, small_set
from monkey import answer_dialogs, close_popups, errors, handle, targets
from PySide6.QtWidgets import QApplication

from convscope.engine.data.dataset import Dataset
from convscope.engine.data.sets.registry import open_dataset
from convscope.engine.runtime import Runtime

# These open a data set, ask for a file, or measure for seconds.
LEFT_OUT = ("open", "more", "folder", "throughput", "save")


@pytest.fixture(scope="module")
def digits() -> Dataset:
    """The shipped digits, opened once."""
    return open_dataset("digits")


@pytest.mark.parametrize("seed", [1, 2])
def test_nothing_raises_and_nothing_stays(
    data: Data,
    runtime: Runtime,
    digits: Dataset,
    seed: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    answer_dialogs(monkeypatch, tmp_path)
    chance = random.Random(seed)
    sets = (digits, small_set(), small_set(5, 40, tuple(f"class {number}" for number in range(20))), None)
    data.show(digits)
    for step in range(110):
        if step % 20 == 13:
            data.workspace.set_dataset(chance.choice(sets))
        if step % 12 == 5:
            data.panel.show_page(chance.choice(("augmentation", "input")))
        handle(data.qtbot, chance, chance.choice(targets(data.panel, LEFT_OUT)), LEFT_OUT)
        QApplication.processEvents()
        close_popups()
    data.settle()
    assert errors(caplog) == []
    # All of it still answers.
    data.workspace.set_dataset(None)
    plain = data.show(small_set())
    assert data.text("data.facts").startswith("60 images · 3 classes")
    data.press("data.part.all")
    data.class_row(2)
    bees = [index for index in range(60) if plain.labels[index] == 1]
    assert sorted(data.grid.indices) == bees
    assert data.window.close()
    assert data.window.jobs.idle() and data.window.threads_ended
