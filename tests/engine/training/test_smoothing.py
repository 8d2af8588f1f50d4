"""What is read off the curves, worked by hand."""

from __future__ import annotations

import numpy as np
import pytest

from convscope.engine.training.record import EpochRecord, Recorder, epoch_of
from convscope.engine.training.smoothing import best_epoch, find_overfitting, higher_is_better, smooth


def record(epoch: int, **values: float) -> EpochRecord:
    return EpochRecord(epoch, values, 0.001, 1.0, 100.0)


def curves(train: list[float], validation: list[float]) -> list[EpochRecord]:
    pairs = zip(train, validation, strict=True)
    return [record(epoch, loss=loss, val_loss=checked) for epoch, (loss, checked) in enumerate(pairs)]


def test_the_debiased_average() -> None:
    # Weights 0.8 and 1 (over 1.8), then 0.64, 0.8 and 1 (over 2.44).
    assert smooth([1.0, 4.0, 2.0], 0.8) == pytest.approx([1.0, 4.8 / 1.8, 5.84 / 2.44])
    assert smooth([3.0] * 50, 0.97) == pytest.approx([3.0] * 50)
    assert smooth([5.0, 1.0], 0.0).tolist() == [5.0, 1.0]
    assert smooth([], 0.8).tolist() == []


def test_a_value_that_is_no_number_leaves_a_gap_only() -> None:
    smoothed = smooth([1.0, np.nan, np.inf, 1.0], 0.8)
    assert smoothed[[0, 3]] == pytest.approx([1.0, 1.0])
    assert np.isnan(smoothed[[1, 2]]).all()


def test_the_best_epoch() -> None:
    epochs = curves([3, 2, 1, 0.5], [2.0, 1.0, 1.5, 1.0])
    assert best_epoch(epochs) == 1
    assert best_epoch(epochs, "loss") == 3
    assert best_epoch([record(0, loss=2.0), record(1, loss=3.0)]) == 0
    assert best_epoch([record(0, accuracy=0.5), record(1, accuracy=0.7)], "accuracy") == 1
    assert best_epoch([]) is None
    assert best_epoch([record(0, loss=float("nan"))]) is None
    assert higher_is_better("val_accuracy")
    assert not higher_is_better("val_loss")


def test_overfitting_is_named_when_the_curves_part() -> None:
    found = find_overfitting(curves([1.0, 0.6, 0.4, 0.2, 0.1], [1.1, 0.8, 0.7, 0.9, 1.2]))
    assert found is not None
    assert found.begins == 2
    assert found.gap == pytest.approx(1.1)
    assert found.sentence == (
        "Overfitting since epoch 3: the validation loss has risen from 0.7 to 1.2 while the training loss "
        "fell from 0.4 to 0.1."
    )


def test_one_good_epoch_after_the_best_does_not_hide_it() -> None:
    found = find_overfitting(curves([1.0, 0.5, 0.4, 0.3, 0.2], [1.1, 0.6, 0.605, 0.7, 0.9]))
    assert found is not None
    assert found.begins == 1


@pytest.mark.parametrize(
    ("train", "validation"),
    [
        ([1.0, 0.5, 0.3, 0.2], [1.1, 0.7, 0.6, 0.5]),  # both fall
        ([1.0, 0.5, 0.3], [1.1, 0.6, 0.7]),  # one worse epoch is chance
        ([1.0, 0.5, 0.6, 0.7], [1.1, 0.6, 0.8, 0.9]),  # both rise: it diverges
        ([1.0, 0.5, 0.4, 0.3], [1.1, 0.6, 0.605, 0.601]),  # a plateau
    ],
)
def test_what_is_no_overfitting(train: list[float], validation: list[float]) -> None:
    assert find_overfitting(curves(train, validation)) is None
    assert find_overfitting([record(0, loss=1.0)]) is None


def test_a_recorder_tells_only_what_is_new() -> None:
    recorder = Recorder()
    recorder.start_at(100, (record(0, loss=1.0),))
    for value in (0.5, 0.4, 0.3):
        recorder.add_batch({"loss": value, "accuracy": 1 - value})
    recorder.add_epoch(record(1, loss=0.4))
    first = recorder.since(0)
    assert (first.first_batch, first.batches["loss"].tolist()) == (100, [0.5, 0.4, 0.3])
    assert [epoch.epoch for epoch in first.epochs] == [0, 1]
    later = recorder.since(102, 1)
    assert (later.first_batch, later.batches["loss"].tolist()) == (102, [0.3])
    assert [epoch.epoch for epoch in later.epochs] == [1]
    # What was handed out does not change under its reader.
    recorder.add_batch({"loss": 0.2, "accuracy": 0.8})
    assert first.batches["loss"].tolist() == [0.5, 0.4, 0.3]


def test_epochs_as_rows() -> None:
    row = record(3, loss=0.5, val_accuracy=0.75).to_dict()
    assert row == {
        "epoch": 3,
        "loss": 0.5,
        "val_accuracy": 0.75,
        "learning_rate": 0.001,
        "seconds": 1.0,
        "images_per_second": 100.0,
    }
    assert epoch_of(row) == record(3, loss=0.5, val_accuracy=0.75)
