"""The one estimate of the time left, worked by hand; and what a run has taken, all of it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from convscope.core.task import Left, Task, seconds_left
from convscope.engine.data.dataset import Dataset
from convscope.engine.models.opened import OpenedModel
from convscope.engine.training import callbacks
from convscope.engine.training.control import Control
from convscope.engine.training.record import EpochRecord, epoch_of
from convscope.engine.training.runs.export import run_row
from convscope.engine.training.runs.run import Run
from convscope.engine.training.settings import OptimizerSettings, TrainingSettings
from convscope.engine.training.time_left import TimeEstimate
from convscope.engine.training.train import resume, train
from convscope.engine.training.transfer import features
from convscope.engine.training.transfer.transfer import transfer
from convscope.engine.training.transfer.transfer_model import TransferSettings

Make = Callable[..., OpenedModel]
QUICK = TrainingSettings(optimizer=OptimizerSettings("adam", learning_rate=0.02), batch_size=16, epochs=3)


def test_validation_keeping_and_testing_are_waited_for_too() -> None:
    """Without validation it said 0:33 where 3:02 were left."""
    left = TimeEstimate(1000, 500, 4, tests=200)
    assert left.left(0, 100) is None
    left.train_image = 0.01
    # Forwards only, until it was measured: a third. 400 + 4·500/3 + 200/3 images less the 100 done.
    assert left.left(0, 100) == pytest.approx(9 + 30 + (4 * 500 + 200) / 300)
    left.validation_image, left.keeping = 0.02, 0.5
    assert left.left(0, 100) == pytest.approx(9 + 30 + 4 * (10 + 0.5) + 4)
    # While it validates after the third epoch: half of that, an epoch, the test.
    assert left.left(2, 1000, 250) == pytest.approx(5 + 0.5 + (10 + 10 + 0.5) + 4)
    assert left.left(3, 1000, 500) == pytest.approx(0.5 + 4)


def test_what_follows_a_classifier_that_learns_alone() -> None:
    # Its features are validated in no time, but tested are images.
    alone = TimeEstimate(1000, 500, 2, 200, None, 60.0, False, 0.001, 0.0001)
    assert alone.left(1, 500) is None
    alone.test_image = 0.1
    assert alone.left(1, 500) == pytest.approx(0.5 + 0.05 + 20 + 60)
    alone.after = None
    assert alone.left(1, 500) is None
    assert TimeEstimate(10, 0, 1, 0, None, 0.0, False, 0.1).left(0, 5) == pytest.approx(0.5)


def test_everybody_is_told_one_estimate() -> None:
    task = Task()
    assert task.left is Left.BY_FRACTION
    task.progress_for(0.5, "Epoch 1", 42.0)
    assert seconds_left(task.left, 0.5, 100.0) == 42.0
    task.progress_for(0.5, "Epoch 1 · paused", None)
    assert seconds_left(task.left, 0.5, 100.0) is None
    task.progress(0.25, "something else")
    assert seconds_left(task.left, 0.25, 10.0) == pytest.approx(30)
    assert seconds_left(task.left, 0.01, 10.0) is None
    assert seconds_left(task.left, None, 10.0) is None


def test_a_training_tells_it_at_every_step_and_while_it_validates(
    make_model: Make, bands: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(callbacks, "_TELL", 0.0)
    told: list[tuple[str, object]] = []
    task = Task(lambda _fraction, text: told.append((text, task.left)))
    train(make_model(), bands, QUICK, task=task)
    learning = [left for text, left in told if text.startswith("Epoch") and "validating" not in text]
    validating = [left for text, left in told if "validating" in text]
    # The first step traces the network, which tells nothing of the others.
    assert learning[0] is None and all(isinstance(left, float) for left in learning[1:])
    # Two batches of 24 images validate each epoch; behind the last, 12 images are still to be tested.
    assert len(validating) == 6 and all(isinstance(left, float) and left > 0 for left in validating)
    assert [left for text, left in told if text.startswith("Evaluating")] == [Left.BY_FRACTION]


def test_nobody_knows_how_long_a_pause_lasts(make_model: Make, bands: Dataset) -> None:
    control, told = Control(), []

    def tell(_fraction: float | None, text: str) -> None:
        told.append((text, task.left))
        if text.endswith("paused"):
            control.resume()

    task = Task(tell)
    control.pause()
    train(make_model(), bands, replace(QUICK, epochs=1), control=control, task=task)
    assert ("Epoch 1 of 1 · paused", None) in told


def test_the_clock_stands_still_with_the_training() -> None:
    control = Control()
    control.earlier = 100.0
    control.pause()
    threading.Thread(target=lambda: (time.sleep(0.3), control.resume()), daemon=True).start()
    began = time.perf_counter()
    assert control.wait(Task())
    stood = time.perf_counter() - began
    assert 0 < control.waited <= stood
    # Between two readings of the clock, however long those are apart.
    told = [time.perf_counter(), control.elapsed, time.perf_counter()]
    before, after = (100 + told[at] - control._born - control.waited for at in (0, 2))
    assert before <= told[1] <= after


SLOW = 0.05


@pytest.fixture
def slowly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading a batch for a base takes a while."""
    read = features.readable_batches

    def late(*given: Any) -> Iterator[Any]:
        for batch in read(*given):
            time.sleep(SLOW)
            yield batch

    monkeypatch.setattr(features, "readable_batches", late)


def test_a_run_has_taken_all_that_was_waited_for(
    make_model: Make, bands: Dataset, tmp_path: Path, home: Path, slowly: None
) -> None:
    """Four epochs "in 0:11" were 50 s with the features that were extracted first."""
    extracting = 4 * SLOW  # three batches of 32 to train, one to validate
    done = transfer(make_model(), bands, QUICK, TransferSettings("features"), folder=tmp_path / "run")
    run = Run.open(tmp_path / "run")
    stepped = sum(record.seconds for record in run.history)
    assert done.seconds >= stepped + extracting
    # Each epoch knows what was waited for until then, and the run what was waited for in all.
    elapsed = [record.elapsed for record in run.history]
    assert extracting <= elapsed[0] < elapsed[1] < elapsed[2] <= run.seconds
    assert run_row(run).seconds == run.seconds == pytest.approx(done.seconds, abs=0.01)
    # Kept features take no time again, but the run has taken what it took before.
    more = resume(run, bands, epochs=4)
    assert more.seconds > done.seconds and run.seconds == pytest.approx(more.seconds, abs=0.01)
    # A status that says nothing of time leaves it as it is.
    run.set_status("stopped", "left")
    assert run.seconds == pytest.approx(more.seconds, abs=0.01)


def test_a_run_of_an_older_convscope_has_its_steps(make_model: Make, bands: Dataset, tmp_path: Path) -> None:
    train(make_model(), bands, QUICK, folder=tmp_path / "run")
    run = Run.open(tmp_path / "run")
    records = [replace(record, elapsed=0.0) for record in run.history]
    run.start_history(tuple(records))
    (run.folder / "status.json").write_text('{"state": "finished", "sentence": ""}')
    assert "elapsed" not in records[0].to_dict()
    assert run.seconds == pytest.approx(sum(record.seconds for record in records), abs=1e-3)
    kept = EpochRecord(0, {"loss": 1.0}, 0.1, 1.0, 10.0, "", 2.5)
    assert epoch_of(kept.to_dict()) == kept
