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

from convscope.imaging.image import Image
from convscope.imaging.load import load_image
from convscope.imaging.operation import Operation
from convscope.imaging.presets import make
from convscope.paths import resource_path
from convscope.session.lab import Lab as Document
from convscope.ui.panels.kernels.panel import VIEWS
from convscope.ui.panels.kernels.view_sequence import Asked
from convscope.ui.panels.kernels.view_spectrum import EVERYTHING

WORDS = ("3", "99", "0", "-1", "1/9", "1 2", "", "~", "1e9", "nan", "1,5")


@pytest.mark.parametrize("seed", [1, 2])
def test_nothing_raises_and_nothing_stays(
    lab: Lab, seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    answer_dialogs(monkeypatch, tmp_path)
    chance, session = random.Random(seed), lab.session
    photograph = load_image(resource_path("images", "cat.jpg"))
    session.add_images([photograph, Image(photograph.pixels[:5, :3, 0].copy(), "few")])
    for step in range(120):
        if step % 15 == 5:
            lab.panel.show_view(chance.choice(VIEWS)[0])
        if step % 12 == 7:
            session.select_image(session.images[chance.randrange(len(session.images))].id)
        if step % 7 == 3:
            chance.choice((session.undo, session.redo))()
        handle(lab.qtbot, chance, chance.choice(targets(lab.panel, ())), (), WORDS)
        QApplication.processEvents()
        close_popups()
    lab.settle()
    assert errors(caplog) == []
    # All of it can be taken back where it is seen, and done again.
    for view, slot, first in (
        ("sequence", session.slot("kernels.sequence", Asked()), Asked()),
        ("spectrum", session.slot("kernels.spectrum.mask", EVERYTHING), EVERYTHING),
        ("picture", session.lab_slot, Document()),
    ):
        lab.panel.show_view(view)
        last, steps = slot.value, 0
        while session.undo_label:
            session.undo()
            steps += 1
        assert slot.value == first
        for _ in range(steps):
            session.redo()
        assert slot.value == last
        lab.settle()
    # All of it still answers.
    session.select_image(session.images[0].id)
    session.edit_lab(Document((Operation((make("sharpen"),)),)), "Plain")
    lab.settle()
    kernel = make("sharpen").weights[:, :, None]
    expected = ndimage.correlate(session.image.pixels.astype(np.float64), kernel, mode="constant")
    np.testing.assert_allclose(lab.values, expected, atol=1e-3)
    assert lab.window.close()
    assert lab.window.jobs.idle() and lab.window.threads_ended
