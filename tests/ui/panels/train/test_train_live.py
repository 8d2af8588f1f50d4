"""Whole trainings in the real window: start, curves, looks, steering, the end, and starting again."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QComboBox, QLabel, QWidget
from train_helpers import Train, few_digits, weights

from convscope.engine.data.augmentation import LECTURE
from convscope.engine.models.opened import OpenedModel
from convscope.engine.training.runs.run import Run, list_runs, new_folder, runs_folder
from convscope.engine.training.snapshots import NetworkSnapshot
from convscope.imaging.image import Image
from convscope.ui.canvas.mosaic_view import MosaicView
from convscope.ui.panels.train.live.network_view import OTHERS, SamplesView
from convscope.ui.panels.train.results.view import ResultView
from convscope.ui.plots.legend import Legend


def first_loss(train: Train) -> float:
    """Of the first batch of the run on show."""
    found = train.charts.history.by_batch("loss")
    assert found is not None
    return float(found[0][1][0])


def finished_model(train: Train) -> OpenedModel:
    """What the last training has made."""
    assert train.view_model.finished is not None
    return train.view_model.finished.model


def test_a_training_from_start_to_start_again(train: Train, tiny: OpenedModel) -> None:
    before = weights(tiny)
    train.spin("train.epochs", "4")
    train.spin("train.batch_size", "30")
    train.settle()
    train.begin()
    assert train.text("train.sentence")
    assert not train.find(QAbstractButton, "train.start").isEnabled()
    train.ended()
    history = train.charts.history
    assert history.done == 36 and len(history.epochs) == 4
    for chart, name in ((train.charts.loss, "loss"), (train.charts.second, "accuracy")):
        x, y = chart.curve("train") or ((), ())
        assert (len(x), x[-1]) == (36, 4.0) and np.isfinite(y).all()
        x, y = chart.curve("validation") or ((), ())
        assert list(x) == [1, 2, 3, 4] and y[-1] == history.epochs[-1].values[f"val_{name}"]
    assert history.rates == [(0.0, 0.001)]
    # What came out is a model of its own; the one that was chosen is as it was.
    assert train.text("train.notice.text").startswith("All 4 epochs are done, 36 steps. Test accuracy 0.")
    # Nothing changes in the other panels before somebody wants it.
    assert train.workspace.models == (tiny,) and train.workspace.model is tiny
    first = finished_model(train)
    assert first.name == "tiny on Digits"
    assert np.array_equal(weights(tiny), before)
    assert not np.array_equal(weights(first), before)
    # A number that is not the last epoch's says whose it is.
    ended = train.view_model.finished
    assert ended is not None
    fitted = replace(ended.trained.fitted, best=1)
    train.live.view_model.tell_end(replace(ended, trained=replace(ended.trained, fitted=fitted)))
    assert " on 60 images, with the weights of epoch 2, the best. It took" in train.text("train.notice.text")
    (run,) = list_runs()
    assert (run.state, run.details.name) == ("finished", "tiny on Digits")
    loss = first_loss(train)
    train.press("train.view.result")
    train.settle()
    train.press("train.view.live")

    # Again from the same weights, with one thing changed.
    assert train.text("train.model").startswith("tiny · ")
    assert train.find(QAbstractButton, "train.start").text() == "Start again"
    train.spin("train.learning_rate", "0.002")
    train.settle()
    train.begin()
    train.ended()
    assert first_loss(train) == loss
    second = finished_model(train)
    assert second.name == "tiny on Digits · learning rate 0.002"
    assert {run.details.name for run in list_runs()} == {"tiny on Digits", second.name}

    # Or from what it has learned.
    train.press("train.start_from.trained")
    train.settle()
    assert train.text("train.model").startswith("tiny on Digits · learning rate 0.002 · ")
    assert train.find(QAbstractButton, "train.start").text() == "Start"
    train.begin()
    train.ended()
    assert first_loss(train) < 0.97 * loss
    # Whoever goes to the results by hand sees those of the last training, not of one before.
    for _ in range(2):
        train.press("train.view.result")
        train.settle()
        result = train.panel.view("result")
        assert isinstance(result, ResultView) and result.outcome is not None
        assert train.view_model.finished is not None and result.outcome.name == train.view_model.finished.name
        train.press("train.view.live")
    # The network is there for the asking, and the panel goes on with the same.
    train.press("train.notice.use")
    assert train.workspace.models == (tiny, finished_model(train))
    assert train.workspace.model is finished_model(train)
    assert train.find(QAbstractButton, "train.start").text() == "Start again"


def test_steering_and_looking(train: Train, monkeypatch: pytest.MonkeyPatch) -> None:
    train.spin("train.epochs", "5000")
    train.settle()
    train.begin()
    train.press("train.pause")
    assert train.trainer.state == "paused"
    assert train.trainer.control is not None
    train.until(lambda: train.trainer.control.standing)
    standing = train.batches
    train.qtbot.wait(200)
    assert train.batches == standing
    train.until(lambda: train.text("train.sentence").startswith("Paused · Epoch "))
    seen: list[NetworkSnapshot] = []
    train.trainer.looked.connect(seen.append)
    for count in (1, 2):
        train.press("train.step")
        train.until(lambda count=count: train.batches == standing + count)
    train.until(lambda: len(seen) == 2)
    kernels, maps = train.find(MosaicView, "train.kernels"), train.find(MosaicView, "train.maps")
    assert kernels.accessibleDescription() == "4 maps" and maps.accessibleDescription() == "4 maps"
    samples = train.find(SamplesView, "train.samples")
    assert " taken for " in samples.accessibleDescription()

    # Another layer and another image are seen at once, also while it stands still.
    train.pick("train.layer", "max_pooling2d")
    train.until(lambda: seen[-1].layer == "max_pooling2d")
    assert seen[-1].maps is not None and seen[-1].maps.shape == (4, 4, 4)
    shown = seen[-1].maps
    count = len(seen)
    train.qtbot.mouseClick(samples, Qt.MouseButton.LeftButton, pos=samples.place(3).center().toPoint())
    train.until(lambda: len(seen) > count)
    assert seen[-1].maps is not None and not np.array_equal(seen[-1].maps, shown)
    count = len(seen)
    train.pick("train.image", -1)
    train.until(lambda: len(seen) > count)
    # The current image is followed, whatever it becomes.
    assert train.find(QComboBox, "train.image").currentText() == "current, black"
    count, shown = len(seen), seen[-1].maps
    train.workspace.add_images([Image(np.eye(28, dtype=np.uint8) * 255, "a line")])
    assert train.find(QComboBox, "train.image").currentText() == "current, a line"
    train.until(lambda: len(seen) > count and not np.array_equal(seen[-1].maps, shown))

    # What answers late is dimmed and says so, and of which step the maps are stands beside them.
    veil, watch = train.live.looks.veil, train.trainer.watch
    assert not veil.words and train.text("train.look_step") == f"after step {train.batches:,}"
    monkeypatch.setattr(train.trainer, "watch", lambda _watch: None)
    train.pick("train.layer", "conv2d")
    train.until(lambda: veil.words == OTHERS)
    monkeypatch.setattr(train.trainer, "watch", watch)
    train.live.view_model.watch()
    train.until(lambda: not veil.words)
    assert seen[-1].layer == "conv2d"
    train.pick("train.layer", "max_pooling2d")

    # The learning rate, while it runs.
    train.slide("train.rate.slider", -400)
    train.press("train.pause")
    assert train.trainer.state == "running"
    at = train.charts.history.done
    train.until(lambda: train.charts.history.done > at + 50 and train.charts.history.epochs)
    assert train.charts.history.epochs[-1].learning_rate == pytest.approx(1e-4)
    assert train.charts.history.rates[-1][1] == 1e-4
    train.spin("train.rate", "3e-3")
    epochs = len(train.charts.history.epochs)
    train.until(lambda: len(train.charts.history.epochs) > epochs + 1)
    assert train.charts.history.epochs[-1].learning_rate == pytest.approx(3e-3)
    assert "images/s" in train.text("train.numbers")

    train.press("train.stop")
    train.ended()
    assert "Stopped after " in train.text("train.notice.text")
    assert finished_model(train).name == "tiny on Digits"
    assert train.find(QAbstractButton, "train.notice.result").isVisible()
    assert train.find(QAbstractButton, "train.notice.resume").isVisible()
    # What came out can still be looked into.
    assert maps._maps[0].shape[:2] == (4, 4)
    train.pick("train.layer", "conv2d")
    train.until(lambda: maps._maps[0].shape[:2] == (8, 8))


def test_there_is_one_estimate_of_the_time_left(train: Train) -> None:
    """The panel said 0:33 and the status bar 3:02."""
    train.spin("train.epochs", "5000")
    train.settle()
    train.begin()
    shown: list[tuple[str, str]] = []

    def read(_job: object) -> None:
        rows = [label.text() for label in train.find(QWidget, "status.job").findChildren(QLabel)]
        left = next((text for text in rows if text.endswith(" left")), "")
        told = train.text("train.numbers").split(" · ")[-1]
        shown.append((left, told if told.endswith(" left") else ""))

    # After everybody else who hears of it.
    train.window.jobs.changed.connect(read)
    train.until(lambda: len([left for left, _told in shown if left]) >= 5)
    train.press("train.pause")
    train.until(lambda: train.trainer.control is not None and train.trainer.control.standing)
    train.until(lambda: shown[-1] == ("", ""))
    train.window.jobs.changed.disconnect(read)
    assert all(left == told for left, told in shown)
    train.press("train.stop")
    train.ended()
    assert " It took 0:" in train.text("train.notice.text")


def interrupted(killed_run: Path) -> Run:
    """A run as it is when its process died in the second of three epochs."""
    folder = new_folder("killed")
    shutil.copytree(killed_run, folder)
    run = Run.open(folder)
    run.set_status("running", "It is being trained.")
    assert run.state == "interrupted" and run.can_resume and len(run.history) == 1
    return run


def test_an_interrupted_run_is_offered(empty: Train, killed_run: Path) -> None:
    run, left = interrupted(killed_run), interrupted(killed_run)
    left.rename("left alone")
    known = len(run.history)
    empty.live.view_model.find_interrupted()
    empty.settle()
    assert empty.text("train.interrupted.text").startswith("“left alone”: it was interrupted after ")
    empty.press("train.interrupted.leave")
    assert left.state == "stopped"
    assert empty.text("train.interrupted.text").startswith("“killed”: it was interrupted after ")
    empty.press("train.interrupted.resume")
    empty.until(lambda: empty.trainer.active)
    empty.ended()
    assert run.state == "finished" and len(run.history) == 3 > known
    history = empty.charts.history
    assert history.done == 9 and len(history.epochs) == 3
    # The earlier part of the curve is there, too.
    found = history.by_batch("loss")
    assert found is not None and found[0][0][0] == pytest.approx(1 / 3)
    # Its data, settings and first weights are those of the next run.
    assert empty.workspace.dataset is not None and empty.settings.steps_per_epoch == 3
    assert empty.find(QAbstractButton, "train.start").text() == "Start again"
    assert not empty.find(QLabel, "train.interrupted.text").isVisible()


def test_a_resumed_run_brings_its_augmentation_to_its_own_data_only(
    empty: Train, tiny: OpenedModel, killed_run: Path
) -> None:
    run = interrupted(killed_run)
    other = replace(few_digits(60), reference="other", title="Other")
    empty.open(tiny, other)
    empty.workspace.set_augmentation(LECTURE)
    empty.view_model.resume(run)
    empty.until(lambda: empty.trainer.active)
    empty.ended()
    assert run.state == "finished"
    assert empty.workspace.dataset is not None and empty.workspace.dataset.reference == "digits"
    assert empty.workspace.augmentation == run.details.settings.augmentation is None
    assert empty.workspace.data_settings_of("other").augmentation == LECTURE


@pytest.mark.parametrize("paused", [False, True])
def test_closing_the_window_leaves_a_run_to_go_on_with(train: Train, paused: bool) -> None:
    train.spin("train.epochs", "5000")
    train.settle()
    train.begin()
    train.until(lambda: train.charts.history.epochs)
    if paused:
        train.press("train.pause")
        assert train.trainer.control is not None
        train.until(lambda: train.trainer.control.standing)
    train.window.close()
    assert train.window.threads_ended
    (run,) = list_runs()
    assert run.state == "interrupted" and run.can_resume
    assert run.sentence == f"It was interrupted after {len(run.history)} of 5000 epochs."


def test_closing_after_stop_is_no_interruption(train: Train) -> None:
    train.spin("train.epochs", "5000")
    train.settle()
    train.begin()
    train.until(lambda: train.charts.history.epochs)
    train.press("train.stop")
    train.window.close()
    (run,) = list_runs()
    assert run.state == "stopped"


def test_in_a_narrow_window_the_looks_take_the_settings_place_until_it_is_cancelled(train: Train) -> None:
    controls, looks = train.panel.settings, train.live.looks
    train.window.resize(1024, 700)
    assert controls.isVisible() and looks.isHidden()
    train.spin("train.epochs", "5000")
    train.settle()
    train.begin()
    assert not controls.isVisible() and looks.isVisible()
    # A window that becomes narrow while it trains goes on showing them.
    train.window.resize(1440, 900)
    assert controls.isVisible() and looks.isVisible()
    train.window.resize(1024, 700)
    assert not controls.isVisible() and looks.isVisible()
    train.press("status.job.cancel")
    train.ended()
    assert train.text("train.notice.text").startswith("The training was cancelled")
    assert controls.isVisible() and looks.isHidden()
    assert train.find(QAbstractButton, "train.start").isEnabled()
    train.press("train.fold")
    assert not controls.isVisible() and not looks.isHidden()


def test_curves_are_read_smoothed_and_scaled(train: Train, tiny: OpenedModel) -> None:
    train.open(tiny, few_digits(train=120))
    train.spin("train.epochs", "3")
    train.settle()
    train.begin()
    train.ended()
    loss = train.charts.loss
    loss.hovered.emit(2.0)
    assert "epoch 2.00" in train.find(Legend, "train.loss_chart.legend").text()
    assert "epoch 2.00" in train.find(Legend, "train.metric_chart.legend").text()
    told = loss.values_at(2.0)
    assert told["validation"] == train.charts.history.epochs[1].values["val_loss"]
    loss.hovered.emit(None)
    assert "epoch" not in train.find(Legend, "train.loss_chart.legend").text()
    train.slide("train.smoothing.slider", 0)
    raw, smoothed = loss.curve("raw"), loss.curve("train")
    assert raw is not None and smoothed is not None
    assert np.allclose(raw[1], smoothed[1])
    train.press("train.log")
    low, high = loss.plot.getViewBox().viewRange()[1]
    assert low <= np.log10(smoothed[1].min()) <= np.log10(smoothed[1].max()) <= high
    train.press("train.by.epoch")
    curve = loss.curve("train")
    assert curve is not None and list(curve[0]) == [1, 2, 3]
    values = [record.values["loss"] for record in train.charts.history.epochs]
    assert curve[1] == pytest.approx(values)


def test_the_example_for_a_picture_of_the_panel(empty: Train, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, int | None]] = []
    monkeypatch.setattr(empty.view_model, "train_example", lambda data, epochs: asked.append((data, epochs)))
    empty.panel.show_example()
    assert asked == [("fashion", 3)]


def test_the_run_on_show_is_seen_again(train: Train, two_runs: Path) -> None:
    """As a snapshot brings it: its curves, how it ended, and what can be done with it."""
    shutil.copytree(two_runs, runs_folder(), dirs_exist_ok=True)
    train.live.view_model.run.set("slow")
    train.settle()
    history = train.charts.history
    assert train.charts.isVisible() and [record.epoch for record in history.epochs] == [0, 1]
    assert history.done == 2 * history.steps == 10
    x, y = train.charts.loss.curve("validation") or ((), ())
    assert list(x) == [1, 2] and list(y) == [record.values["val_loss"] for record in history.epochs]
    assert train.text("train.notice.text").startswith("All 2 epochs are done")
    assert not train.live.transport.isVisible()
    train.press("train.notice.result")
    train.settle()
    result = train.panel.view("result")
    assert isinstance(result, ResultView) and result.outcome is not None and result.outcome.name == "slow"
    # Another training begins as ever.
    train.press("train.view.live")
    train.spin("train.epochs", "1")
    train.settle()
    train.begin()
    train.ended()
    assert [record.epoch for record in train.charts.history.epochs] == [0]
    assert train.text("train.notice.text").startswith("The one epoch is done")
