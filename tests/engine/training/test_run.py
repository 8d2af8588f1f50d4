"""Runs on disk: written whole, listed, resumed as if nothing had happened."""

from __future__ import annotations

import contextlib
import csv
import errno
import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import training_process

from convscope.core.errors import UserError
from convscope.core.task import Cancelled, Task
from convscope.engine.data.dataset import Dataset
from convscope.engine.data.sets.registry import open_dataset
from convscope.engine.models.library.catalogue import open_model
from convscope.engine.models.opened import OpenedModel
from convscope.engine.training.control import Control
from convscope.engine.training.record import Recorder
from convscope.engine.training.runs.checkpoint import load_checkpoint, save_model
from convscope.engine.training.runs.export import export_runs, run_row, runs_csv
from convscope.engine.training.runs.run import Run, is_run, list_runs, new_folder, runs_folder
from convscope.engine.training.settings import OptimizerSettings, TrainingSettings
from convscope.engine.training.train import resume, train
from convscope.engine.training.transfer.transfer import transfer
from convscope.engine.training.transfer.transfer_model import TransferSettings
from tests.processes import run_process

Make = Callable[..., OpenedModel]
HERE = Path(__file__).parent
QUICK = TrainingSettings(optimizer=OptimizerSettings("adam", learning_rate=0.02), batch_size=16, epochs=3)


@pytest.fixture
def saved_bands(tmp_path: Path, bands: Dataset) -> Path:
    """The bands as a file, so that another process finds them."""
    path = tmp_path / "bands.npz"
    np.savez(path, x=bands.images.pixels, y=bands.labels)  # type: ignore[attr-defined]
    return path


@pytest.fixture(scope="module")
def first_run(bands: Dataset, make_model: Make, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of three epochs, beside its data."""
    folder = tmp_path_factory.mktemp("first")
    np.savez(folder / "bands.npz", x=bands.images.pixels, y=bands.labels)  # type: ignore[attr-defined]
    train(make_model(), open_dataset(folder / "bands.npz"), QUICK, name="First", folder=folder / "run")
    return folder / "run"


@pytest.fixture
def finished(first_run: Path, tmp_path: Path) -> Run:
    """That run, to do with as one likes."""
    return Run(Path(shutil.copytree(first_run, tmp_path / "first")))


def test_a_run_is_a_folder_with_all_that_matters(finished: Run) -> None:
    details = finished.details
    assert details.name == "First"
    assert details.settings == replace(QUICK, split=details.settings.split)
    assert details.model.name == "tiny"
    assert details.data.classes == ("0", "1", "2")
    assert finished.state == "finished"
    assert finished.sentence == "All 3 epochs are done, 18 steps."
    assert [record.epoch for record in finished.history] == [0, 1, 2]
    assert {name: len(values) for name, values in finished.batches.items()} == {"loss": 18, "accuracy": 18}
    assert finished.test is not None
    assert finished.test["images"] == 12
    names = {path.name for path in finished.folder.iterdir()}
    assert {
        "settings.json",
        "history.jsonl",
        "initial.keras",
        "best.keras",
        "last.keras",
        "model.keras",
    } <= names
    assert "script.py" in names
    assert not [name for name in names if "part" in name]
    for name in ("initial", "best", "last", "model"):
        opened = open_model(finished.folder / f"{name}.keras")
        assert opened.classes == ("0", "1", "2")
        assert opened.preprocessing.resize == "stretch"


def test_what_is_opened_is_what_was_trained(make_model: Make, saved_bands: Path, tmp_path: Path) -> None:
    done = train(make_model(), open_dataset(saved_bands), QUICK, folder=tmp_path / "run")
    batch = np.random.default_rng(0).random((4, 8, 8, 1)).astype(np.float32)
    assert done.run is not None
    assert done.run.model_path == tmp_path / "run" / "model.keras"
    opened = open_model(tmp_path / "run" / "model.keras")
    assert np.allclose(opened.logits(batch), done.model.logits(batch), atol=1e-5)


def test_the_same_start_with_one_thing_changed(finished: Run, saved_bands: Path, tmp_path: Path) -> None:
    again = train(
        open_model(finished.folder / "initial.keras"),
        open_dataset(saved_bands),
        replace(QUICK, batch_size=8),
        folder=tmp_path / "second",
    )
    first, second = (
        open_model(finished.folder / "initial.keras"),
        open_model(tmp_path / "second" / "initial.keras"),
    )
    for ours, theirs in zip(first.keras.get_weights(), second.keras.get_weights(), strict=True):
        assert np.array_equal(ours, theirs)
    assert again.fitted.epochs[0].values["loss"] != finished.history[0].values["loss"]


def test_runs_are_listed_named_and_deleted(finished: Run) -> None:
    moved = runs_folder() / "kept"
    shutil.copytree(finished.folder, moved)
    (runs_folder() / "no run").mkdir()
    damaged = runs_folder() / "damaged"
    shutil.copytree(finished.folder, damaged)
    (damaged / "settings.json").write_text('{"format": "convscope run 1", "name": "x"}')
    (run,) = list_runs()
    run.rename("  With more epochs ")
    assert run.details.name == "With more epochs"
    with pytest.raises(UserError, match="needs a name"):
        run.rename(" ")
    run.delete()
    assert not moved.exists()
    assert finished.folder.exists()
    with pytest.raises(UserError, match="left alone"):
        Run(runs_folder() / "no run").delete()
    assert (runs_folder() / "no run").exists()


def test_names_become_folders() -> None:
    folder = new_folder("Ünïcode / and: more!")
    assert folder.parent == runs_folder()
    assert folder.name.endswith("-n-code-and-more")
    folder.mkdir()
    assert new_folder("Ünïcode / and: more!") != folder


def test_a_folder_with_something_in_it_is_not_written_into(
    finished: Run, make_model: Make, saved_bands: Path, tmp_path: Path
) -> None:
    dataset = open_dataset(saved_bands)
    with pytest.raises(UserError, match="holds a run already: resume it, or choose another folder"):
        train(make_model(), dataset, QUICK, folder=finished.folder)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("not to be lost")
    with pytest.raises(UserError, match="is not empty"):
        train(make_model(), dataset, QUICK, folder=tmp_path / "mine")
    with pytest.raises(UserError, match="cannot be written"):
        train(make_model(), dataset, QUICK, folder=saved_bands / "below a file")
    for folder, said in ((tmp_path / "nowhere", "does not exist"), (tmp_path / "mine", "is not a run")):
        with pytest.raises(UserError, match=said):
            Run.open(folder)
    assert not is_run(tmp_path / "mine")


def test_tables_and_exports(finished: Run, tmp_path: Path) -> None:
    row = run_row(finished)
    assert (row.name, row.model, row.optimizer, row.epochs, row.state) == (
        "First",
        "tiny",
        "adam",
        3,
        "finished",
    )
    assert row.test_accuracy == finished.test["accuracy"]  # type: ignore[index]
    assert row.best is not None
    assert row.values == dict(finished.history[row.best].values)
    lines = list(csv.DictReader(io.StringIO(runs_csv([finished, finished]))))
    assert len(lines) == 6
    assert [line["epoch"] for line in lines] == ["0", "1", "2"] * 2
    assert float(lines[1]["val_loss"]) == finished.history[1].values["val_loss"]
    export_runs([finished], tmp_path / "out.json")
    (whole,) = json.loads((tmp_path / "out.json").read_text())
    assert whole["settings"]["batch_size"] == 16
    assert whole["history"][2]["loss"] == finished.history[2].values["loss"]
    export_runs([finished], tmp_path / "out.csv")
    assert (tmp_path / "out.csv").read_text() == runs_csv([finished])
    with pytest.raises(UserError, match=r"exported as \.csv or \.json"):
        export_runs([finished], tmp_path / "out.xls")


def test_a_history_cut_off_in_a_line_is_read_up_to_it(finished: Run) -> None:
    path = finished.folder / "history.jsonl"
    path.write_bytes(path.read_bytes()[:-20])
    assert [record.epoch for record in finished.history] == [0, 1]


def test_a_damaged_run_is_a_sentence_or_less_of_a_run(finished: Run) -> None:
    """Values of the wrong type, other JSON, other bytes: nothing but a UserError ever comes of it."""
    random, wrong = np.random.default_rng(0), ["null", "[]", "{}", "-1", '"x"', "1e999"]
    looks: list[Callable[[], object]] = [
        lambda: (finished.details, finished.history, finished.batches, finished.state, finished.sentence),
        lambda: (finished.test, finished.can_resume, run_row(finished), runs_csv([finished])),
        lambda: list_runs(finished.folder.parent),
    ]
    for name in ("settings.json", "status.json", "history.jsonl", "batches.jsonl", "last.json"):
        path = finished.folder / name
        text = path.read_text()
        asked = looks if name != "last.json" else [lambda: load_checkpoint(finished.folder)]
        values = re.finditer(r'(?<=: )("[^"]*"|[-\d.e]+|null|true|\[[^\[\]]*\])', text)
        places = [found.span() for found in values][: 40 if name != "last.json" else 8]
        damaged = [f"{text[:begin]}{random.choice(wrong)}{text[end:]}" for begin, end in places]
        for broken in (*damaged, *wrong, "", "\xff\xfe{", text[: len(text) // 2]):
            path.write_bytes(broken.encode("latin-1", "replace"))
            for ask in asked:
                with contextlib.suppress(UserError):
                    ask()
        path.write_text(text)


def interrupted(
    model: OpenedModel, dataset: Dataset, folder: Path, after: int, settings: TrainingSettings
) -> Run:
    """A run that the user stopped after so many batches."""
    control = Control()

    class Stopping(Recorder):
        def add_batch(self, values: Any) -> None:
            super().add_batch(values)
            if len(self.since().batches["loss"]) == after:
                control.stop()

    done = train(model, dataset, settings, folder=folder, control=control, recorder=Stopping())
    assert done.fitted.outcome == "stopped"
    assert done.run is not None
    return done.run


def test_stopped_and_resumed_is_never_stopped(make_model: Make, saved_bands: Path, tmp_path: Path) -> None:
    dataset, settings = open_dataset(saved_bands), replace(QUICK, epochs=4)
    unbroken = train(make_model(dropout=0.3), dataset, settings, folder=tmp_path / "unbroken")
    run = interrupted(make_model(dropout=0.3), dataset, tmp_path / "broken", 15, settings)
    assert (run.state, run.can_resume) == ("stopped", True)
    assert run.sentence == "Stopped after 2 of 4 epochs."
    resumed = resume(run)
    assert run.state == "finished"
    assert not run.can_resume
    for ours, theirs in zip(resumed.fitted.epochs, unbroken.fitted.epochs, strict=True):
        assert dict(ours.values) == pytest.approx(dict(theirs.values), abs=1e-5)
    assert unbroken.run is not None
    assert run.batches["loss"] == pytest.approx(unbroken.run.batches["loss"], abs=1e-5)
    assert len(run.history) == 4


@pytest.mark.parametrize("how", ["stopped", "killed"])
def test_cut_off_in_its_first_epoch_it_starts_again(
    how: str, make_model: Make, saved_bands: Path, tmp_path: Path
) -> None:
    """With its weights, its seed and its settings: as one that was never cut off."""
    dataset, settings = open_dataset(saved_bands), replace(QUICK, seed=5)
    unbroken = train(make_model(dropout=0.3), dataset, settings, folder=tmp_path / "unbroken")
    run = interrupted(make_model(dropout=0.3), dataset, tmp_path / "broken", 3, settings)
    if how == "killed":
        run.set_status("running", "It is being trained.")
        assert run.sentence == "It was interrupted after 0 of 3 epochs."
    assert not run.history and run.can_resume and run.starts_again
    resumed = resume(run)
    assert run.state == "finished" and not run.starts_again
    for ours, theirs in zip(resumed.fitted.epochs, unbroken.fitted.epochs, strict=True):
        assert dict(ours.values) == pytest.approx(dict(theirs.values), abs=1e-5)
    assert unbroken.run is not None
    assert run.batches["loss"] == pytest.approx(unbroken.run.batches["loss"], abs=1e-5)
    # One that has learned something goes on from there, as ever.
    again = interrupted(make_model(), dataset, tmp_path / "later", 8, QUICK)
    assert again.can_resume and not again.starts_again


def test_more_epochs_than_were_planned(finished: Run) -> None:
    for epochs, said in (
        (None, "First is finished after 3 epochs: to go on with it, say how many"),
        (2, "First has 3 epochs already: to go on with it, say a larger number than 3"),
        (0, "number of epochs is 0"),
    ):
        with pytest.raises(UserError, match=said):
            resume(finished, epochs=epochs)
    assert finished.state == "finished"

    class Killed(Recorder):
        def begin_epoch(self, epoch: int, learning_rate: float) -> None:
            if epoch == 4:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        resume(finished, epochs=6, recorder=Killed())
    # As a killed process leaves it; whoever goes on then goes on to the same end.
    finished.set_status("running", "")
    assert finished.sentence == "It was interrupted after 4 of 6 epochs."
    more = resume(finished)
    assert [record.epoch for record in more.fitted.epochs] == [0, 1, 2, 3, 4, 5]


def test_a_full_disk_is_a_sentence_and_the_last_epoch_is_kept(
    make_model: Make, saved_bands: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import keras

    save, left = keras.Model.save, [0]

    def fill_up(model: Any, path: Path) -> None:
        left[0] -= 1
        if left[0] == 0:
            path.write_bytes(b"half a file")
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
        save(model, path)

    monkeypatch.setattr(keras.Model, "save", fill_up)
    said = f"{tmp_path / 'run'} cannot be written: No space left on device."
    for full_at, kept in ((1, False), (4, True)):
        left[0] = full_at
        with pytest.raises(UserError) as told:
            train(make_model(), open_dataset(saved_bands), QUICK, folder=tmp_path / "run")
        assert told.value.message.startswith(said)
        assert ("mend that, and resume the run" in told.value.message) == kept
        run = Run.open(tmp_path / "run")
        assert (run.state, run.can_resume) == ("failed", kept)
        assert not [path.name for path in run.folder.iterdir() if "part" in path.name]
    assert len(resume(run).fitted.epochs) == 3 and run.state == "finished"


def test_a_folder_that_goes_while_it_trains_is_a_sentence(
    make_model: Make, saved_bands: Path, tmp_path: Path
) -> None:
    class Removing(Recorder):
        def add_epoch(self, record: Any) -> None:
            super().add_epoch(record)
            shutil.rmtree(tmp_path / "run")

    with pytest.raises(UserError, match="cannot be written: No such file or directory"):
        train(make_model(), open_dataset(saved_bands), QUICK, folder=tmp_path / "run", recorder=Removing())


def test_a_crash_between_the_two_files_of_a_checkpoint_does_no_harm(
    make_model: Make, saved_bands: Path, tmp_path: Path
) -> None:
    """last.json knows of an epoch whose model was not written any more: the one before counts."""
    run = interrupted(make_model(), open_dataset(saved_bands), tmp_path / "run", 14, replace(QUICK, epochs=4))
    older = (run.folder / "last.keras").read_bytes()
    resume(run, epochs=3)
    assert len(load_checkpoint(run.folder)[2].epochs) == 3
    (run.folder / "last.keras").write_bytes(older)
    assert len(load_checkpoint(run.folder)[2].epochs) == 2
    (run.folder / "last.keras").write_bytes((run.folder / "initial.keras").read_bytes())
    with pytest.raises(UserError, match=r"does not fit its last\.json"):
        load_checkpoint(run.folder)


def test_what_cannot_be_resumed_is_said(make_model: Make, saved_bands: Path, tmp_path: Path) -> None:
    dataset = open_dataset(saved_bands)
    early = interrupted(make_model(), dataset, tmp_path / "early", 3, QUICK)
    (early.folder / "initial.keras").unlink()
    assert not early.can_resume
    with pytest.raises(UserError, match="no epoch was finished"):
        resume(early)
    run = interrupted(make_model(), dataset, tmp_path / "run", 14, QUICK)
    np.savez(saved_bands, x=dataset.images.pixels, y=dataset.labels[::-1])  # type: ignore[attr-defined]
    with pytest.raises(UserError, match="bands has changed since tiny on bands was started"):
        resume(run)
    np.savez(saved_bands, x=dataset.images.pixels, y=dataset.labels)  # type: ignore[attr-defined]
    (run.folder / "last.json").write_text("{")
    with pytest.raises(UserError, match="is damaged: the run cannot be resumed"):
        resume(run)


def test_a_run_is_held_by_one_training_at_a_time(make_model: Make, saved_bands: Path, tmp_path: Path) -> None:
    run = interrupted(make_model(), open_dataset(saved_bands), tmp_path / "run", 14, QUICK)
    with run.locked():
        run.set_status("running", "")
        assert run.state == "running"
        with pytest.raises(UserError, match="being trained in already"):
            resume(run)
        with pytest.raises(UserError, match="is running: stop it first"):
            run.delete()
    assert run.state == "interrupted"
    assert run.sentence == "It was interrupted after 2 of 3 epochs."


def test_failures_stay_in_the_status(
    make_model: Make, saved_bands: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import keras

    def fail(*_: object, **__: object) -> None:
        raise MemoryError

    with monkeypatch.context() as patched:
        patched.setattr(keras.Model, "fit", fail)
        with pytest.raises(UserError):
            train(make_model(), open_dataset(saved_bands), QUICK, folder=tmp_path / "run")
    run = Run.open(tmp_path / "run")
    assert run.state == "failed"
    assert run.sentence.startswith("The memory is not enough")
    # Nothing was learned in it, so the same folder will do for the next try; also if it was killed so early.
    run.set_status("running", "")
    assert run.state == "interrupted" and run.starts_again
    # But not where somebody keeps something of their own.
    (tmp_path / "run" / "notes.txt").write_text("mine")
    with pytest.raises(UserError, match="holds a run already"):
        train(make_model(), open_dataset(saved_bands), QUICK, folder=tmp_path / "run")
    (tmp_path / "run" / "notes.txt").unlink()
    (tmp_path / "run" / ".part-last.keras").write_bytes(b"half")
    done = train(make_model(), open_dataset(saved_bands), QUICK, folder=tmp_path / "run")
    assert done.run is not None
    assert done.run.state == "finished"


def test_a_cancelled_job_can_be_resumed(make_model: Make, saved_bands: Path, tmp_path: Path) -> None:
    task = Task()

    class Cancelling(Recorder):
        def add_epoch(self, record: Any) -> None:
            super().add_epoch(record)
            if record.epoch == 1:
                task.cancel()

    with pytest.raises(Cancelled):
        train(
            make_model(),
            open_dataset(saved_bands),
            QUICK,
            folder=tmp_path / "run",
            recorder=Cancelling(),
            task=task,
        )
    run = Run.open(tmp_path / "run")
    assert run.state == "stopped"
    assert run.can_resume


def test_a_model_file_is_replaced_whole(
    make_model: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = make_model().keras
    save_model(model, tmp_path / "model.keras")
    before = (tmp_path / "model.keras").read_bytes()

    def half(path: Path) -> None:
        Path(path).write_bytes(b"half a file")
        raise OSError("the disk is full")

    monkeypatch.setattr(model, "save", half)
    with pytest.raises(OSError, match="full"):
        save_model(model, tmp_path / "model.keras")
    assert (tmp_path / "model.keras").read_bytes() == before


@pytest.mark.slow
def test_killed_in_the_middle_and_resumed_is_never_killed(saved_bands: Path, tmp_path: Path) -> None:
    """`kill -9` in the middle of an epoch; the resumed curve equals an unbroken one."""
    folder = tmp_path / "killed"
    command = [sys.executable, str(HERE / "training_process.py"), "killed", str(saved_bands), str(folder)]
    with (tmp_path / "said").open("w") as said:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=said, text=True)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "in the middle\n", (tmp_path / "said").read_text()
        assert Run.open(folder).state == "running"
    finally:
        os.kill(process.pid, signal.SIGKILL)
        process.communicate()
    run = Run.open(folder)
    assert run.state == "interrupted"
    assert run.can_resume
    assert len(run.history) == 3 < training_process.KILLED["epochs"]

    resumed = resume(run)
    settings = TrainingSettings.from_dict(training_process.KILLED)
    unbroken = train(
        training_process.network(), open_dataset(saved_bands), settings, folder=tmp_path / "whole"
    )
    assert len(resumed.fitted.epochs) == training_process.KILLED["epochs"]
    for ours, theirs in zip(resumed.fitted.epochs, unbroken.fitted.epochs, strict=True):
        assert dict(ours.values) == pytest.approx(dict(theirs.values), abs=1e-5), ours.epoch
        assert ours.learning_rate == pytest.approx(theirs.learning_rate)
    assert unbroken.run is not None
    assert run.batches["loss"] == pytest.approx(unbroken.run.batches["loss"], abs=1e-5)
    for ours, theirs in zip(
        resumed.model.keras.get_weights(), unbroken.model.keras.get_weights(), strict=True
    ):
        assert np.allclose(ours, theirs, atol=1e-5)
    assert resumed.test is not None and unbroken.test is not None
    assert resumed.test.accuracy == unbroken.test.accuracy


@pytest.mark.slow
def test_the_engine_is_keras(saved_bands: Path, tmp_path: Path) -> None:
    """On one thread: the same history as a bare `fit`, and as the run's own script, to 1e-6."""
    command = [
        sys.executable,
        str(HERE / "training_process.py"),
        "compare",
        str(saved_bands),
        str(tmp_path / "run"),
    ]
    done = run_process(command)
    told = json.loads(done.stdout.splitlines()[-1])
    for ours, theirs in (("ordered", "bare"), ("shuffled", "script")):
        for one, other in zip(told[ours], told[theirs], strict=True):
            assert one == pytest.approx(other, abs=1e-6), (ours, one, other)
    # With every batch divided among two replicas, whose gradients are added up in another order.
    assert told["replicas"] == 2
    for one, other in zip(told["ordered"], told["mirrored"], strict=True):
        assert one == pytest.approx(other, abs=1e-5)
    assert told["test"] == pytest.approx(told["script test"]["accuracy"], abs=1e-6)


# -- pictures that are kept in one part ----------------------------------------------------------------------


@pytest.fixture
def twins(tmp_path: Path) -> Path:
    """80 images of 8×8 in a file, each of them there twice."""
    pixels = np.random.default_rng(0).integers(0, 256, (40, 8, 8), np.uint8)
    path = tmp_path / "twins.npz"
    np.savez(path, x=np.concatenate([pixels, pixels]), y=np.tile(np.arange(40) % 2, 2))
    return path


def test_a_run_goes_on_with_its_own_parts_whatever_resembles_what_by_now(
    make_model: Make, twins: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = open_dataset(twins)
    kept = data.with_split(replace(data.split_settings, together=True))
    settings = replace(QUICK, epochs=1, seed=2)
    train(make_model(2), kept, settings, folder=tmp_path / "run")
    run = Run.open(tmp_path / "run")
    assert run.details.settings.split is not None and run.details.settings.split.together

    def changed(*_: object) -> object:
        raise AssertionError("images were compared once more")

    monkeypatch.setattr("convscope.engine.data.similar.alike.find_alike", changed)
    resumed = resume(run, epochs=2)
    monkeypatch.undo()
    whole = train(make_model(2), kept, replace(settings, epochs=2))
    for a, b in zip(resumed.model.keras.get_weights(), whole.model.keras.get_weights(), strict=True):
        assert np.allclose(a, b, atol=1e-6)
    # Without them they are found anew; a file that names other images is none of this data.
    (run.folder / "split.npz").unlink()
    assert len(resume(run, epochs=3).fitted.epochs) == 3
    np.savez(run.folder / "split.npz", train=np.arange(90), validation=np.arange(0), test=np.arange(0))
    with pytest.raises(UserError, match="cannot be split as it was"):
        resume(run, epochs=4)


def test_runs_of_before_there_was_that_choice_go_on_as_they_were_split(
    make_model: Make, twins: Path, tmp_path: Path
) -> None:
    train(make_model(2), open_dataset(twins), replace(QUICK, epochs=1), folder=tmp_path / "run")
    path = tmp_path / "run" / "settings.json"
    told = json.loads(path.read_text())
    assert told["settings"]["split"].pop("together") is False
    path.write_text(json.dumps(told))
    assert len(resume(Run.open(tmp_path / "run"), epochs=2).fitted.epochs) == 2


def test_a_fine_tuning_run_keeps_its_parts_from_the_start(
    make_model: Make, twins: Path, tmp_path: Path
) -> None:
    class Dies(Recorder):
        def begin_epoch(self, epoch: int, learning_rate: float) -> None:
            raise KeyboardInterrupt

    data = open_dataset(twins)
    kept = data.with_split(replace(data.split_settings, together=True))
    how = TransferSettings("finetune", "conv", head_epochs=1)
    with pytest.raises(KeyboardInterrupt):
        transfer(make_model(2), kept, QUICK, how, folder=tmp_path / "run", recorder=Dies())
    with np.load(tmp_path / "run" / "split.npz") as parts:
        assert np.array_equal(parts["test"], kept.indices("test"))


WRITTEN = (
    *("settings.json", "status.json", "history.jsonl", "batches.jsonl", "script.py", "split.npz", "lock"),
    *("last.keras", "last.json", "best.keras", "model.keras", "model.classes.json", "initial.classes.json"),
)


@pytest.mark.parametrize("kind", ["the file", "what an older version wrote first"])
def test_resuming_a_folder_with_traps_changes_no_other_file(
    kind: str, make_model: Make, saved_bands: Path, tmp_path: Path
) -> None:
    """Whoever packs a run can lay links where a file is going to be written, to files of who unpacks it."""
    run = interrupted(make_model(), open_dataset(saved_bands), tmp_path / "run", 12, replace(QUICK, epochs=3))
    mine = tmp_path / "mine"
    traps = []
    for name in WRITTEN:
        path = run.folder / name
        if kind == "the file":
            if path.exists():
                # What is read keeps its content, behind the link.
                (tmp_path / f"real {name}").write_bytes(path.read_bytes())
                path.unlink()
                path.symlink_to(tmp_path / f"real {name}")
            else:
                path.symlink_to(mine)
            traps.append(path)
        else:
            for trap in (path.with_name(f".{name}.part"), path.with_name(f".part-{name}")):
                trap.symlink_to(mine)
    before = {path: path.read_bytes() for path in tmp_path.glob("real *")}
    with contextlib.suppress(UserError):
        resume(Run(run.folder))
    assert not mine.exists()
    assert {path: path.read_bytes() for path in tmp_path.glob("real *")} == before
