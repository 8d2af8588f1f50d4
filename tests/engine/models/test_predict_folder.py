"""A folder of pictures and what a network says of each: as one by one, in bounded memory, gone on with."""

from __future__ import annotations

import csv
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as PillowImage

from convscope.core.errors import UserError
from convscope.core.task import Cancelled, Task
from convscope.engine.models import predict_folder as module
from convscope.engine.models.opened import OpenedModel
from convscope.engine.models.predict_folder import (
    Answered,
    PictureFile,
    answer_key,
    list_pictures,
    names_of,
    predict_folder,
)
from convscope.engine.models.prediction_table import PredictionTable, as_text, columns, path_cell, row
from convscope.engine.runtime import Runtime
from convscope.imaging.io.load import load_image

CLASSES = ("cat", "dog", "=cmd()")


def net(height: int | None = 6, units: int = 3, activation: str = "softmax") -> OpenedModel:
    import keras

    keras.utils.set_random_seed(3)
    layers = [
        keras.Input((height, height, 3)),
        keras.layers.Conv2D(4, 3, activation="relu"),
        keras.layers.GlobalAveragePooling2D(),
        keras.layers.Dense(units, activation),
    ]
    return OpenedModel(keras.Sequential(layers), name="tiny", classes=CLASSES)


def fill(folder: Path, count: int = 5) -> None:
    for number in range(count):
        pixels = np.random.default_rng(number).integers(0, 256, (8 + number % 2, 9, 3)).astype(np.uint8)
        PillowImage.fromarray(pixels).save(folder / f"{number}.png")


def answers_of(model: OpenedModel, folder: Path, **more: Any) -> list[Answered]:
    files = list_pictures(folder)
    return [one for part in predict_folder(model, folder, files, **more) for one in part]


@pytest.mark.parametrize("height", [6, None], ids=["one size", "any size"])
def test_each_is_answered_as_if_it_were_alone(
    runtime: Runtime, tmp_path: Path, height: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BATCH", 3)
    fill(tmp_path, 8)
    model = net(height)
    answers = answers_of(model, tmp_path, top=2)
    assert [one.file.name for one in answers] == [f"{n}.png" for n in range(8)]
    for one in answers:
        alone = model.predict(load_image(tmp_path / one.file.name)).top(2)
        assert one.indices.tolist() == [score.index for score in alone]
        np.testing.assert_allclose(one.numbers, [score.probability for score in alone], rtol=1e-6)


def test_a_batch_is_as_large_as_its_maps_allow(runtime: Runtime) -> None:
    import keras

    assert module.batch_size(net()) == 32
    # 12 megapixels as a network of any size gets them are 144 MB each.
    assert module.batch_size(net(None)) == 2
    layers = [keras.Input((256, 256, 3)), keras.layers.Conv2D(64, 3), keras.layers.GlobalMaxPooling2D()]
    model = OpenedModel(keras.Sequential([*layers, keras.layers.Dense(2, "softmax")]))
    # 254 × 254 × 64 numbers of 4 bytes: 16 of them in a quarter of a gigabyte.
    assert module.batch_size(model) == 16


def test_no_more_than_two_batches_are_in_memory(
    runtime: Runtime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BATCH", 2)
    fill(tmp_path, 11)
    opened: list[str] = []

    def counted(path: Path, **_: Any) -> Any:
        opened.append(path.name)
        return load_image(path)

    monkeypatch.setattr(module, "load_image", counted)
    for number, part in enumerate(predict_folder(net(), tmp_path, list_pictures(tmp_path))):
        assert len(part) <= 2
        # Those before, these, and the batch that is read ahead.
        assert len(opened) <= 2 * (number + 2)
    assert len(opened) == 11


def test_a_broken_picture_says_why_and_keeps_no_other_out(runtime: Runtime, tmp_path: Path) -> None:
    fill(tmp_path, 3)
    (tmp_path / "1.png").write_bytes((tmp_path / "0.png").read_bytes()[:60])
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "raw.CR2").write_bytes(b"II*\0" + bytes(20))
    (tmp_path / "deep" / "notes.txt").write_text("no picture")
    (tmp_path / ".hidden.png").write_bytes(b"")
    (tmp_path / "empty.jpg").touch()
    (tmp_path / "gone.jpg").symlink_to(tmp_path / "nowhere.jpg")
    told = {one.file.name: one.problem for one in answers_of(net(), tmp_path)}
    assert list(told) == ["0.png", "1.png", "2.png", "empty.jpg", "deep/raw.CR2"]
    assert told["0.png"] == told["2.png"] == ""
    assert told["1.png"] == "damaged or cut short: open another copy of it."
    assert told["empty.jpg"] == "empty (0 bytes): open another copy of it."
    assert told["deep/raw.CR2"] == "damaged or cut short: open another copy of it."


def test_a_network_that_puts_out_no_numbers_says_so_of_each(runtime: Runtime, tmp_path: Path) -> None:
    fill(tmp_path, 2)
    model = net()
    model.keras.layers[-1].bias.assign([np.nan] * 3)
    assert {one.problem for one in answers_of(model, tmp_path)} == {
        "tiny does not put out numbers for it (NaN)."
    }


def test_what_cannot_be_asked_is_said_before_anything_is_read(runtime: Runtime, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="has no pictures in it"):
        list_pictures(tmp_path)
    with pytest.raises(UserError, match="is not a folder"):
        list_pictures(tmp_path / "nowhere")
    fill(tmp_path, 1)
    task = Task()
    task.cancel()
    with pytest.raises(Cancelled):
        list(predict_folder(net(), tmp_path, list_pictures(tmp_path), task=task))


def test_the_key_changes_with_whatever_changes_an_answer(runtime: Runtime) -> None:
    from convscope.engine.data.preprocessing import MODES

    model = net()
    other = next(how for how in MODES.values() if how != model.preprocessing)
    keys = [
        answer_key(model),
        answer_key(model.with_(classes=("a", "b", "c"))),
        answer_key(model.with_(preprocessing=other)),
    ]
    model.keras.layers[-1].bias.assign([1, 2, 3])
    keys.append(answer_key(model))
    assert len(set(keys)) == 4
    assert names_of(model) == list(CLASSES)


# ---- the table ------------------------------------------------------------------------------------------


def answered(name: str, *shares: float, problem: str = "", size: int = 10, modified: int = 5) -> Answered:
    order = np.argsort(-np.array(shares), kind="stable")
    return Answered(
        PictureFile(name, size, modified),
        order.astype(np.int32),
        np.array(shares, np.float32)[order],
        problem,
    )


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, strict=True))


def test_the_columns_and_a_line() -> None:
    assert columns(2) == [
        *("path", "class", "probability", "class_2", "probability_2"),
        *("skipped", "bytes", "modified", "model"),
    ]
    assert row(answered("a/b.png", 0.25, 0.75), CLASSES, 2, "key") == [
        *("a/b.png", "dog", "0.75", "cat", "0.25", "", "10", "5", "key"),
    ]
    assert row(answered("x.png", problem="damaged"), CLASSES, 1, "key") == [
        *("x.png", "", "", "damaged", "10", "5", "key"),
    ]


def test_no_cell_is_a_formula_and_line_breaks_stay_within_quotes(tmp_path: Path) -> None:
    names = [
        "=1+1.png",
        "+x.png",
        "-x.png",
        "@x.png",
        "\tx.png",
        "\nx.png",
        'a"b,c\r\nd;e.png',
        "f\udcff.png",
    ]
    files = [PictureFile(name, 10, 5) for name in names]
    with PredictionTable(tmp_path / "t.csv", files, key="k", top=1) as table:
        table.add([answered(name, 0.1, 0.2, 0.7) for name in names], CLASSES)
    rows = rows_of(tmp_path / "t.csv")
    # Every path is one of its file still.
    assert [one["path"].removeprefix("./") for one in rows[:-1]] == names[:-1]
    assert all(cell[:1] not in tuple("=+-@\t\r\n") for one in rows for cell in one.values() if cell)
    assert rows[0]["class"] == "'=cmd()"
    # All of them are known again.
    with PredictionTable(tmp_path / "t.csv", files, key="k", top=1) as table:
        assert table.missing == []
    assert rows_of(tmp_path / "t.csv") == rows


def test_it_goes_on_with_what_holds_still(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    files = [PictureFile(f"{n}.png", 10, 5) for n in range(6)]
    with PredictionTable(path, files, key="k", top=2) as table:
        assert table.missing == files
        table.add([answered(f"{n}.png", 0.3, 0.7) for n in range(4)], CLASSES)
        table.add([answered("4.png", problem="damaged")], CLASSES)
    # One is newer, one of another size, one is gone; one was skipped, and one never came.
    now = [files[0], PictureFile("1.png", 10, 6), PictureFile("2.png", 11, 5), files[4], files[5]]
    with PredictionTable(path, now, key="k", top=2) as table:
        assert table.missing == now[1:]
        assert table.replaced == 3
    assert [one["path"] for one in rows_of(path)] == ["0.png"]
    # Another network, and another number of classes.
    for key, top in (("other", 2), ("k", 1)):
        with PredictionTable(path, now[:1], key="k", top=2) as table:
            table.add([answered(file.name, 0.3, 0.7) for file in table.missing], CLASSES)
        with PredictionTable(path, now[:1], key=key, top=top) as table:
            assert table.missing == now[:1] and table.replaced == 1


@pytest.mark.parametrize("cut", [1, 2, 5, 30])
def test_a_line_that_was_cut_is_written_again(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "t.csv"
    files = [PictureFile(f"{n}\n.png", 10, 5) for n in range(3)]
    with PredictionTable(path, files, key="k", top=2) as table:
        table.add([answered(file.name, 0.3, 0.7) for file in files], CLASSES)
    whole = path.read_bytes()
    path.write_bytes(whole[:-cut])
    with PredictionTable(path, files, key="k", top=2) as table:
        # Without its line break alone a line is whole.
        assert table.missing == (files[2:] if cut > 2 else [])
        table.add([answered(file.name, 0.3, 0.7) for file in table.missing], CLASSES)
    assert path.read_bytes() == whole


@pytest.mark.parametrize("data", [b"a,b\r\n1,2\r\n", b"\x89PNG\r\n\0\0\0", b"path,class\r\n", b"\0"])
def test_another_file_is_not_written_over(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(data)
    with pytest.raises(UserError, match=r"t\.csv is there already and is no table of predictions"):
        PredictionTable(path, [], key="k", top=2)
    assert path.read_bytes() == data
    assert list(tmp_path.iterdir()) == [path]


def test_no_link_is_followed(tmp_path: Path) -> None:
    other = tmp_path / "other.txt"
    other.write_text("mine")
    (tmp_path / "t.csv").symlink_to(other)
    with pytest.raises(UserError, match="no table of predictions"):
        PredictionTable(tmp_path / "t.csv", [], key="k", top=2)
    (tmp_path / "u.csv").symlink_to(tmp_path / "nowhere")
    with PredictionTable(tmp_path / "u.csv", [], key="k", top=2):
        assert not (tmp_path / "nowhere").exists() and not (tmp_path / "u.csv").is_symlink()
    assert other.read_text() == "mine"


KILLED = """
import sys, numpy as np
from pathlib import Path
from convscope.engine.models.predict_folder import Answered, PictureFile
from convscope.engine.models.prediction_table import PredictionTable
files = [PictureFile(f"{n}.png", 10, 5) for n in range(50_000)]
one, share = np.zeros(1, np.int32), np.ones(1, np.float32)
with PredictionTable(Path(sys.argv[1]), files[:10], key="k", top=1) as table:
    for start in range(0, 50_000, 32):
        table.add([Answered(file, one, share) for file in files[start:start + 32]], ["cat"])
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_a_process_that_is_killed_leaves_whole_lines(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    with subprocess.Popen([sys.executable, "-c", KILLED, str(path)]) as process:
        while not path.exists() or path.stat().st_size < 20_000:
            assert process.poll() is None
            time.sleep(0.01)
        os.kill(process.pid, signal.SIGKILL)
    data = path.read_bytes()
    assert data.endswith(b"\r\n")
    rows = rows_of(path)
    assert [one["path"] for one in rows] == [f"{n}.png" for n in range(len(rows))]
    assert as_text([columns(1), *(list(one.values()) for one in rows)]).encode() == data


def test_a_path_stays_a_path() -> None:
    assert path_cell("a/=b.png") == "a/=b.png"
    assert path_cell("=b/c.png") == "./=b/c.png"
