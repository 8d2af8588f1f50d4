"""What is seen while a training stands still: what is asked for now, and every single step."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import numpy as np

from convscope.engine.data.dataset import Dataset
from convscope.engine.models.opened import OpenedModel
from convscope.engine.training.control import Control, Watch
from convscope.engine.training.settings import TrainingSettings
from convscope.engine.training.snapshots import NetworkSnapshot
from convscope.engine.training.train import train

Make = Callable[..., OpenedModel]


def until(done: Callable[[], bool], seconds: float = 300) -> None:
    deadline = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_while_it_stands_still(make_model: Make, bands: Dataset) -> None:
    control, seen = Control(), list[NetworkSnapshot]()
    image = np.zeros((1, 8, 8, 1), np.float32)
    control.pause()
    # So long an interval that no look comes by itself.
    control.watch(Watch("conv", image, interval=1e6))
    settings = TrainingSettings(epochs=1000, batch_size=42)

    def work() -> None:
        train(make_model(), bands, settings, control=control, show=seen.append)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    until(lambda: len(seen) == 1 and control.standing)
    control.watch(Watch("pool", image, interval=1e6))
    until(lambda: len(seen) == 2)
    assert (seen[1].layer, seen[1].batch) == ("pool", 0)
    assert seen[1].maps is not None and seen[1].maps.shape == (3, 3, 4)
    for batch in (1, 2):
        control.step()
        until(lambda batch=batch: seen[-1].batch == batch)
    until(lambda: control.standing)
    control.resume()
    until(lambda: not control.standing)
    control.stop()
    thread.join(300)
    assert not thread.is_alive()
