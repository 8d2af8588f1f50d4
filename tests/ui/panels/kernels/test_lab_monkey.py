"""Random clicks, wheels, drags and keys: nothing raises, no job stays behind, the window closes."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest
from lab_helpers import Lab
from monkey import answer_dialogs, close_popups, errors, handle, targets
from PySide6.QtWidgets import QApplication
from scipy import ndimage

from convscope.core.paths import resource_path
from convscope.imaging.image import Image
from convscope.imaging.io.load import load_image
from convscope.imaging.kernels import make
from convscope.imaging.lab.operation import Operation
from convscope.ui.panels.kernels.view_models.sequence import SequenceSettings
from convscope.ui.panels.kernels.view_models.spectrum import EVERYTHING
from convscope.ui.panels.kernels.views.registry import VIEWS
from convscope.workspace.lab import Lab as Document

WORDS = ("3", "99", "0", "-1", "1/9", "1 2", "", "~", "1e9", "nan", "1,5")


@pytest.mark.parametrize("seed", [1, 2])
def test_nothing_raises_and_nothing_stays(
    lab: Lab, seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    answer_dialogs(monkeypatch, tmp_path)
    chance, workspace = random.Random(seed), lab.workspace
    photograph = load_image(resource_path("images", "cat.jpg"))
    workspace.add_images([photograph, Image(photograph.pixels[:5, :3, 0].copy(), "few")])
    for step in range(120):
        if step % 15 == 5:
            lab.panel.show_view(chance.choice(VIEWS).name)
        if step % 12 == 7:
            workspace.select_image(workspace.images[chance.randrange(len(workspace.images))].id)
        if step % 7 == 3:
            chance.choice((workspace.undo, workspace.redo))()
        handle(lab.qtbot, chance, chance.choice(targets(lab.panel, ())), (), WORDS)
        QApplication.processEvents()
        close_popups()
    lab.settle()
    assert errors(caplog) == []
    # All of it can be taken back where it is seen, and done again.
    for view, slot, first in (
        ("sequence", workspace.part("kernels.sequence", SequenceSettings()), SequenceSettings()),
        ("spectrum", workspace.part("kernels.spectrum.mask", EVERYTHING), EVERYTHING),
        ("picture", workspace.lab_part, Document()),
    ):
        lab.panel.show_view(view)
        last, steps = slot.value, 0
        while workspace.undo_label:
            workspace.undo()
            steps += 1
        assert slot.value == first
        for _ in range(steps):
            workspace.redo()
        assert slot.value == last
        lab.settle()
    # All of it still answers.
    workspace.select_image(workspace.images[0].id)
    workspace.edit_lab(Document((Operation((make("sharpen"),)),)), "Plain")
    lab.settle()
    kernel = make("sharpen").weights[:, :, None]
    expected = ndimage.correlate(workspace.image.pixels.astype(np.float64), kernel, mode="constant")
    np.testing.assert_allclose(lab.values, expected, atol=1e-3)
    assert lab.window.close()
    assert lab.window.jobs.idle() and lab.window.threads_ended
