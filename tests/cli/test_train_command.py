"""`convscope train`: a run in a folder from one command, in every way that the flags allow."""

from __future__ import annotations

import json
import os
import runpy
import signal
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from convscope.cli import main
from convscope.engine.models.library.catalogue import open_model
from convscope.engine.training.runs.export import runs_json
from convscope.engine.training.runs.run import Run

Said = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def bands(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """120 images of 28×28 in three classes: a bright band at the left, in the middle, at the right."""
    random, y = np.random.default_rng(0), np.arange(120) % 3
    x = random.integers(0, 120, (120, 28, 28)).astype(np.uint8)
    for index, label in enumerate(y):
        x[index, :, label * 9 : label * 9 + 9] += 100
    path = tmp_path_factory.mktemp("data") / "bands.npz"
    np.savez(path, x=x, y=y)
    return path


@pytest.fixture(scope="module")
def base(bands: Path) -> Path:
    """A small network that tells the bands apart, as a file."""
    path = bands.parent / "base.keras"
    run = bands.parent / "base run"
    words = ["--replace-head", "--optimizer", "adam", "--epochs", "2", "--batch-size", "16"]
    assert main(["train", "--model", "mnist-small", "--data", str(bands), *words, "-o", str(run)]) == 0
    path.write_bytes((run / "model.keras").read_bytes())
    return path


def trained(capsys: Said, *words: str | Path) -> dict[str, Any]:
    """What the command says in JSON."""
    assert main(["train", *map(str, words), "--json"]) == 0
    told: dict[str, Any] = json.loads(capsys.readouterr().out)
    return told


def test_a_run_with_every_setting(bands: Path, tmp_path: Path, capsys: Said) -> None:
    settings = (
        "--epochs 2 --batch-size 16 --steps-per-epoch 3 --optimizer sgd --lr 0.02 --momentum 0.9 --seed 7"
    )
    words = (
        f"{settings} --augment rotation=10,zoom=0.1 --validation 0.2 --test 0.1 --early-stopping 4".split()
    )
    told = trained(
        capsys,
        *("--model", "mnist-small", "--data", bands, "--replace-head", *words),
        *("--balanced", "--fit", "pad", "--name", "Bands", "-o", tmp_path / "run"),
    )
    assert (told["run"], told["outcome"], len(told["epochs"])) == (str(tmp_path / "run"), "finished", 2)
    assert set(told["epochs"][0]) >= {"loss", "val_loss", "accuracy", "learning_rate", "images_per_second"}
    assert told["test"]["images"] == 12
    details = Run.open(tmp_path / "run").details
    chosen = details.settings
    assert details.name == "Bands"
    assert details.data.reference == str(bands)
    assert (chosen.optimizer.name, chosen.optimizer.learning_rate, chosen.optimizer.momentum) == (
        "sgd",
        0.02,
        0.9,
    )
    assert (chosen.epochs, chosen.batch_size, chosen.steps_per_epoch, chosen.seed) == (2, 16, 3, 7)
    assert chosen.augmentation is not None
    assert (chosen.augmentation.rotation, chosen.augmentation.zoom) == (10, 0.1)
    assert chosen.split is not None
    assert (chosen.split.validation, chosen.split.test) == (0.2, 0.1)
    assert chosen.early_stopping is not None
    assert (chosen.early_stopping.patience, chosen.class_weights, chosen.fit) == (4, "balanced", "pad")


def test_the_same_seed_is_the_same_run_and_lines_are_for_people(
    bands: Path, tmp_path: Path, capsys: Said
) -> None:
    words = ["--model", "mnist-small", "--replace-head", "--epochs", "1", "--batch-size", "32"]
    losses = []
    for name, seed in (("a", "3"), ("b", "3"), ("c", "4")):
        told = trained(capsys, *words, "--data", bands, "--seed", seed, "-o", tmp_path / name)
        losses.append(told["epochs"][0]["loss"])
    assert losses[0] == pytest.approx(losses[1], abs=1e-5)
    assert losses[0] != pytest.approx(losses[2], abs=1e-3)

    assert main(["train", "--resume", str(tmp_path / "a"), "--epochs", "2"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("epoch   1  loss ")
    assert lines[1].endswith(" images/s")
    assert lines[2] == "All 2 epochs are done, 6 steps."
    assert lines[3].startswith("test accuracy 0.") or lines[3].startswith("test accuracy 1.")
    assert lines[4] == f"run {tmp_path / 'a'}"
    assert Run.open(tmp_path / "a").state == "finished"


def test_copies_are_kept_in_one_part_unless_told_otherwise(tmp_path: Path, capsys: Said) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (40, 28, 28), np.uint8)
    path = tmp_path / "twins.npz"
    np.savez(path, x=np.concatenate([pixels, pixels]), y=np.tile(np.arange(40) % 2, 2))
    words = ["train", "--model", "mnist-small", "--data", str(path), "--replace-head", "--epochs", "1"]
    for more, together in (([], True), (["--duplicates-apart"], False)):
        folder = tmp_path / str(together)
        assert main([*words, *more, "-o", str(folder)]) == 0
        said = capsys.readouterr().err
        assert "40 pairs of equal pixels" in said
        assert ("kept in one part" in said) is together
        assert ("in training and in validation or test too" in said) is not together
        details = Run.open(folder).details
        assert details.settings.split is not None and details.settings.split.together is together
        with np.load(folder / "split.npz") as parts:
            both = [set((parts[part] % 40).tolist()) for part in ("train", "test")]
        assert bool(both[0] & both[1]) is not together
    # What it learned from does not test it, also when it is measured later.
    assert main(["evaluate", str(tmp_path / "True"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["images"] == 8


def test_three_ways_of_using_a_trained_network(bands: Path, base: Path, tmp_path: Path, capsys: Said) -> None:
    words = ["--model", base, "--data", bands, "--epochs", "2", "--batch-size", "16", "--optimizer", "adam"]
    frozen = ["--transfer", "frozen", "--augment", "mild", "--units", "8"]
    finetune = ["--transfer", "finetune", "--from-layer", "conv2d_1", "--lr", "0.0002"]
    for way in (["--transfer", "features", "--augment", "mild"], frozen, finetune):
        assert main(["train", *map(str, words), *way, "-o", str(tmp_path / way[1]), "--json"]) == 0
        out, said = capsys.readouterr()
        told = json.loads(out)
        assert ("--augment is not used" in said) == (way[1] == "features")
        assert told["outcome"] == "finished"
        kept = Run.open(tmp_path / way[1]).details.transfer
        assert kept is not None
        assert kept["way"] == way[1]
    assert kept["from_layer"] == "conv2d_1"
    assert Run.open(tmp_path / "finetune").details.settings.optimizer.learning_rate == 0.0002
    assert told["test"]["accuracy"] > 0.8


def test_a_folder_of_classes_and_what_is_wrong_in_it(tmp_path: Path, capsys: Said) -> None:
    random = np.random.default_rng(0)
    for name, level in (("dark", 0), ("light", 150)):
        (tmp_path / "photos" / name).mkdir(parents=True)
        for number in range(12):
            pixels = random.integers(level, level + 100, (20, 24, 3)).astype(np.uint8)
            Image.fromarray(pixels).save(tmp_path / "photos" / name / f"{number}.png")
    (tmp_path / "photos" / "dark" / "broken.png").write_bytes(b"no picture")
    (tmp_path / "photos" / "light" / "twin.png").write_bytes(
        (tmp_path / "photos" / "dark" / "0.png").read_bytes()
    )
    words = ["--model", "mnist-small", "--data", str(tmp_path / "photos"), "--epochs", "1"]
    assert main(["train", *words, "-o", str(tmp_path / "run")]) == 2
    assert (
        "ends in a softmax of 10, but photos has 2 classes. Replace the last layer" in capsys.readouterr().err
    )
    words += ["--replace-head", "--augment", "lecture", "--batch-size", "8"]
    assert main(["train", *words, "-o", str(tmp_path / "run")]) == 0
    told = capsys.readouterr().err
    assert "1 file is left out: dark/broken.png (" in told
    assert "(dark/0.png and light/twin.png)" in told
    assert "The images are 20×24, but " in told
    assert "Bring the images to 28×28: done." in told
    assert "Make the images gray: done." in told
    # The run's own script reads the same folder and builds and trains the same network.
    script = runpy.run_path(str(tmp_path / "run" / "script.py"))
    kept = open_model(tmp_path / "run" / "model.keras")
    assert script["model"].get_config() == kept.keras.get_config()
    assert set(script["history"]) == set(Run.open(tmp_path / "run").history[0].values)
    assert np.isfinite(script["history"]["loss"]).all()


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("--data digits -o run", "--model is missing: convscope train --model MODEL --data DATA -o RUN."),
        ("--model mnist-small --data digits", "-o is missing: convscope train"),
        ("--resume nowhere", "There is no run in nowhere: the folder does not exist."),
        ("--resume run -o other", "A resumed run stays in its folder: leave -o away."),
        ("--model digits --data nonesuch -o run", "There is no data set and no folder called nonesuch"),
        ("--model digits --data digits --optimizer best -o run", "best"),
        ("--model digits --data digits --augment shine=2 -o run", "There is no augmentation called 'shine'"),
        ("--model digits --data digits --size huge -o run", "--size is height x width"),
        (
            "--model digits --data digits --from-layer conv2d -o run",
            "--from-layer belongs to --transfer finetune.",
        ),
        (
            "--model digits --data digits --transfer finetune --from-layer conv9 -o run",
            "Digits convnet has no layer called conv9",
        ),
        ("--model digits --data digits --units 8 -o run", "--units belongs to --transfer."),
        (
            "--model digits --data digits --transfer frozen --head-epochs 2 -o run",
            "--head-epochs belongs to --transfer finetune.",
        ),
        ("--model digits --data digits --optimizer adam --momentum 0.9 -o run", "adam has no momentum to"),
        ("--resume empty", "There is no run in empty: the folder does not exist."),
        ("--model digits --data digits --transfer hope -o run", "invalid choice: 'hope'"),
        ("--model digits --data digits --strategy multiworker -o run", "on several machines needs TF_CONFIG"),
        ("--model digits --data digits --strategy mirrored --transfer frozen -o run", "not for --transfer"),
        ("--model digits --data digits --epochs 0 -o run", "The number of epochs is 0"),
        ("--model digits --data digits --lr 0 -o run", "The learning rate is 0"),
    ],
)
def test_what_is_wrong_is_one_sentence(
    words: str, sentence: str, capsys: Said, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["train", *words.split()]) == 2
    told = capsys.readouterr().err
    assert told.startswith("convscope: ")
    assert sentence in told
    assert not list(tmp_path.iterdir())


def test_all_cards_of_this_machine(bands: Path, tmp_path: Path, capsys: Said) -> None:
    words = ["--model", "mnist-small", "--replace-head", "--epochs", "1", "--strategy", "mirrored"]
    assert trained(capsys, *words, "--data", bands, "-o", tmp_path / "run")["outcome"] == "finished"


def test_ctrl_c_stops_in_order_and_the_run_can_be_resumed(bands: Path, tmp_path: Path, capsys: Said) -> None:
    run = tmp_path / "run"

    def press() -> None:
        while not (run / "history.jsonl").exists() or len(Run(run).history) < 1:
            time.sleep(0.02)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=press, daemon=True).start()
    words = ["--model", "mnist-small", "--data", str(bands), "--replace-head", "--epochs", "100000"]
    assert main(["train", *words, "--batch-size", "8", "-o", str(run)]) == 130
    said = capsys.readouterr().err
    assert said.splitlines()[-1] == f"convscope: stopped; go on with: convscope train --resume {run}"
    done = len(Run(run).history)
    assert Run(run).state == "stopped"
    told = trained(capsys, "--resume", run, "--epochs", str(done + 1))
    assert [row["epoch"] for row in told["epochs"]] == list(range(done + 1))


def test_resuming_accepts_what_the_run_has_and_refuses_the_rest(
    bands: Path, tmp_path: Path, capsys: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = str(tmp_path / "run")
    command = ["--model", "mnist-small", "--data", str(bands), "--replace-head", "--batch-size", "16"]
    command += ["--optimizer", "sgd", "--lr", "0.02", "--momentum", "0.9", "--seed", "7", "--balanced"]
    command += ["--augment", "rotation=10,zoom=0.1", "--validation", "0.2", "--early-stopping", "4"]
    command += ["--fit", "pad", "--loss", "auto", "--name", "Bands", "--size", "28x28"]
    assert main(["train", *command, "--epochs", "1", "-o", run]) == 0
    # The same line once more, with another number of epochs; the data from elsewhere by another path.
    monkeypatch.chdir(bands.parent)
    command[3] = bands.name
    capsys.readouterr()
    told = trained(capsys, *command, "--resume", run, "--epochs", "2")
    assert len(told["epochs"]) == 2 and told["seconds"] > 0
    for words, sentence in (
        (
            ["--batch-size", "64"],
            "--batch-size is 16 there, not 64. Leave --batch-size away, or start a new run",
        ),
        (["--lr", "0.1"], "--lr is 0.02 there, not 0.1."),
        (["--seed", "0"], "--seed is 7 there, not 0."),
        (["--optimizer", "adam"], "--optimizer is sgd there, not adam."),
        (["--data", "digits"], f"--data is {bands} there, not digits."),
        (["--model", "digits"], "--model is mnist-small there, not digits."),
        (["--augment", "mild"], "--augment is another there, not mild."),
        (["--size", "32x32"], "--size is 28x28 there, not 32x32."),
        (["--transfer", "frozen"], "--transfer is none there, not frozen."),
        (["--steps-per-epoch", "3"], "--steps-per-epoch is none there, not 3."),
        (["--early-stopping", "5"], "--early-stopping is 4 there, not 5."),
        (["--strategy", "mirrored"], "--strategy is none there, not mirrored."),
    ):
        assert main(["train", "--resume", run, "--epochs", "3", *words]) == 2
        assert f"convscope: The run Bands keeps its settings: {sentence}" in capsys.readouterr().err
    assert len(Run.open(Path(run)).history) == 2


def test_cut_off_in_its_first_epoch_a_run_starts_again(bands: Path, tmp_path: Path, capsys: Said) -> None:
    run = tmp_path / "run"
    command = ["--model", "mnist-small", "--data", str(bands), "--replace-head", "--epochs", "2"]
    command += ["--batch-size", "16", "--seed", "3"]
    whole = trained(capsys, *command, "-o", tmp_path / "whole")
    assert main(["train", *command, "-o", str(run)]) == 0
    # As a process that was killed in the first epoch leaves it.
    for name in ("last.keras", "last.json", "best.keras", "model.keras", "history.jsonl", "batches.jsonl"):
        (run / name).unlink()
    Run.open(run).set_status("running", "It is being trained.")
    capsys.readouterr()
    assert main(["train", *command, "--resume", str(run), "--json"]) == 0
    said = capsys.readouterr()
    assert "No epoch of it was finished: it starts again, with its settings, weights and seed." in said.err
    again = json.loads(said.out)
    for ours, theirs in zip(again["epochs"], whole["epochs"], strict=True):
        assert ours["loss"] == pytest.approx(theirs["loss"], abs=1e-5)


def test_a_run_goes_on_from_any_folder_and_knows_its_own_images(
    tmp_path: Path, capsys: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    random = np.random.default_rng(0)
    for name, level in (("dark", 0), ("light", 150)):
        (tmp_path / "photos" / name).mkdir(parents=True)
        for number in range(20):
            pixels = random.integers(level, level + 100, (28, 28)).astype(np.uint8)
            Image.fromarray(pixels).save(tmp_path / "photos" / name / f"{number}.png")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path)
    run = tmp_path / "run"
    words = ["--model", "mnist-small", "--replace-head", "--data", "photos", "--epochs", "1"]
    assert main(["train", *words, "-o", "run"]) == 0
    assert Run.open(run).details.data.reference == str(tmp_path / "photos")
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert main(["train", "--resume", str(run), "--epochs", "2"]) == 0
    # However the folder is called, its images that were learned from do not test; nor when it has moved.
    (tmp_path / "photos").rename(tmp_path / "pictures")
    for name in (tmp_path / "pictures", Path("..") / "pictures"):
        capsys.readouterr()
        assert main(["evaluate", str(run), "--data", str(name), "--json"]) == 0
        assert json.loads(capsys.readouterr().out)["images"] == 4
    # Another picture under the same name: it is not what was learned from.
    (tmp_path / "pictures").rename(tmp_path / "photos")
    Image.new("L", (28, 28), 7).save(tmp_path / "photos" / "dark" / "3.png")
    assert main(["train", "--resume", str(run), "--epochs", "3"]) == 2
    assert "photos has changed since" in capsys.readouterr().err


def test_a_loss_that_is_no_number_is_an_error_and_null_in_json(
    bands: Path, tmp_path: Path, capsys: Said
) -> None:
    words = ["--model", "mnist-small", "--replace-head", "--optimizer", "sgd", "--lr", "1000"]
    assert main(["train", *words, "--data", str(bands), "-o", str(tmp_path / "run"), "--json"]) == 2

    def refuse(word: str) -> None:
        raise AssertionError(word)

    said = capsys.readouterr()
    assert "convscope: " in said.err and "loss" in said.err.splitlines()[-1]
    told = json.loads(said.out, parse_constant=refuse)
    assert told["outcome"] == "diverged"
    runs_told = json.loads(runs_json([Run.open(tmp_path / "run")]), parse_constant=refuse)
    assert len(runs_told[0]["history"]) == len(told["epochs"])


def test_no_network_is_made_for_one_class(tmp_path: Path, capsys: Said) -> None:
    (tmp_path / "one" / "only").mkdir(parents=True)
    for number in range(12):
        pixels = np.full((28, 28), 10 * number, np.uint8)
        Image.fromarray(pixels).save(tmp_path / "one" / "only" / f"{number}.png")
    words = ["--model", "mnist-small", "--data", str(tmp_path / "one"), "-o", str(tmp_path / "run")]
    assert main(["train", *words]) == 2
    told = capsys.readouterr().err
    assert "convscope: one has one class only: there is nothing to tell apart." in told
    assert "1 classes" not in told
