"""`convscope predict MODEL FOLDER`."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from convscope.cli import main


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    import keras

    keras.utils.set_random_seed(1)
    layers = [keras.Input((4, 4, 3)), keras.layers.Flatten(), keras.layers.Dense(3, "softmax")]
    path = tmp_path_factory.mktemp("model") / "net.keras"
    keras.Sequential(layers).save(path)
    return str(path)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "pictures"
    (made / "more").mkdir(parents=True)
    for number, name in enumerate(("a.png", "b.png", "more/c.png")):
        pixels = np.random.default_rng(number).integers(0, 256, (5, 6, 3)).astype(np.uint8)
        Image.fromarray(pixels).save(made / name)
    (made / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0")
    return made


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_a_table_that_agrees_with_each_picture_and_is_gone_on_with(
    model: str, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out.csv"
    line = ["predict", model, str(folder), "--csv", str(out), "--top", "2"]
    assert main(line) == 0
    told = capsys.readouterr()
    assert told.out == f"{out}: 3 of 4 pictures predicted\n"
    assert told.err.splitlines()[-1] == (
        "1 picture was skipped: broken.jpg: damaged or cut short: open another copy of it."
    )
    table = rows(out)
    assert [one["path"] for one in table] == ["a.png", "b.png", "broken.jpg", "more/c.png"]
    assert table[2]["class"] == "" and table[2]["skipped"].startswith("damaged")
    for one in (table[0], table[1], table[3]):
        assert main(["predict", model, str(folder / one["path"]), "--top", "2", "--json"]) == 0
        first, second = json.loads(capsys.readouterr().out)["classes"]
        assert (one["class"], one["class_2"]) == (first["name"], second["name"])
        assert float(one["probability"]) == pytest.approx(first["probability"], rel=1e-5)
        assert float(one["probability_2"]) == pytest.approx(second["probability"], rel=1e-5)
    # Only the broken one, and one that is new, are looked at again.
    (folder / "d.png").write_bytes((folder / "a.png").read_bytes())
    assert main([*line, "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts == {"csv": str(out), "pictures": 5, "predicted": 1, "kept": 3, "skipped": 1}
    assert {one["path"] for one in rows(out)} == {"a.png", "b.png", "broken.jpg", "d.png", "more/c.png"}


def test_lines_for_people_and_for_programs(
    model: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["predict", model, str(folder), "--top", "1"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 4 and lines[0].startswith("a.png  class ") and lines[0].endswith("%")
    assert lines[2] == "broken.jpg  -  damaged or cut short: open another copy of it."
    assert main(["predict", model, str(folder), "--json"]) == 0
    facts = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [one["path"] for one in facts] == ["a.png", "b.png", "broken.jpg", "more/c.png"]
    assert sum(one["probability"] for one in facts[0]["classes"]) == pytest.approx(1)
    assert facts[2] == {"path": "broken.jpg", "skipped": "damaged or cut short: open another copy of it."}


def test_what_cannot_be_done_is_one_sentence(
    model: str, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty").mkdir()
    for words, sentence in (
        ([str(tmp_path / "empty")], "has no pictures in it: choose another folder."),
        ([str(folder), "--csv", str(tmp_path / "no" / "x.csv")], "there is no folder"),
        ([str(folder), "--csv", str(tmp_path / "x.txt")], "has another ending than .csv"),
        ([str(folder), "--top", "0"], "--top is the number of classes to show"),
        ([str(folder / "a.png"), "--csv", str(tmp_path / "x.csv")], "give a folder instead of one picture"),
    ):
        assert main(["predict", model, *words]) == 2
        told = capsys.readouterr().err.splitlines()
        assert len(told) == 1 and sentence in told[0]
