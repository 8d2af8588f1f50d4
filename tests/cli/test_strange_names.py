"""Names of files and what stands in them reach the terminal, the log and the window as they can be shown."""

from __future__ import annotations

import io
import json
import logging
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as PillowImage

from convscope.cli import main
from convscope.cli.progress_bar import progress_bar
from convscope.cli.streams import plain_streams
from convscope.core.logs import PlainFormatter
from convscope.core.printable import json_text, printable
from convscope.core.task import Task
from convscope.engine.models.files.sidecar import read_sidecar, write_sidecar
from convscope.engine.models.library.catalogue import open_model
from convscope.imaging.image import Image
from convscope.imaging.io.load import load_image
from convscope.imaging.kernels import make
from convscope.imaging.kernels.kernel_files import save_kernels

# Clears the screen, sets the window's title, begins another line, turns the direction, a C1 code, no UTF-8.
NAME = "a\x1b[2J\x1b]0;owned\x07\n\rb\u202egnp\u2066\x9b31m\udcff"


def safe(text: str, lines: int | None = None) -> bool:
    """Nothing in it steers a terminal; it has so many lines."""
    return printable(text, lines=True) == text and (lines is None or text.count("\n") == lines)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Files of that name."""
    monkeypatch.chdir(tmp_path)
    PillowImage.fromarray(np.full((28, 28), 200, np.uint8)).save("in.png")
    (tmp_path / f"{NAME}.png").write_bytes((tmp_path / "in.png").read_bytes())
    (tmp_path / f"{NAME}.jpg").write_bytes(b"\xff\xd8\xff nothing")
    (tmp_path / f"{NAME}.keras").write_bytes(b"nothing")
    (tmp_path / f"{NAME}.npz").write_bytes(b"nothing")
    (tmp_path / f"{NAME}.idx").write_bytes(b"nothing")
    (tmp_path / f"{NAME}.json").write_text("[" * 500)
    save_kernels(tmp_path / f"{NAME}.csv", [make("gaussian")])
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "settings.json").write_text(json.dumps({"format": "convscope run 1", "name": NAME}))
    classes = tmp_path / NAME
    for each in ("one", f"two{NAME}"):
        (classes / each).mkdir(parents=True)
        (classes / each / f"{NAME}.png").write_bytes((tmp_path / "in.png").read_bytes())
    return tmp_path


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["filter", f"{NAME}.png", "-o", f"out{NAME}.png"], 0),
        (["filter", f"{NAME}.png", "--kernel-file", f"{NAME}.csv", "-o", "out.png", "--json"], 0),
        (["filter", f"{NAME}.jpg", "-o", "out.png"], 2),
        (["filter", "in.png", "--kernel-file", f"{NAME}.json", "-o", "out.png"], 2),
        (["filter", f"missing{NAME}", "-o", "out.png"], 2),
        (["filter", "in.png", "-o", f"/missing{NAME}/out.png"], 2),
        (["predict", "digits", f"{NAME}.png"], 0),
        (["predict", "digits", f"{NAME}.jpg"], 2),
        (["predict", "digits", NAME, "--csv", f"{NAME}-out.csv"], 0),
        (["predict", f"{NAME}.keras", "in.png"], 2),
        (["summary", f"{NAME}.json"], 2),
        (["summary", NAME], 2),
        (["train", "--model", "lenet-5", "--data", f"{NAME}.npz", "-o", "out"], 2),
        (["train", "--model", "lenet-5", "--data", f"{NAME}.idx", "-o", "out"], 2),
        (["train", "--resume", "run"], 2),
        (["evaluate", "run"], 2),
        ([f"{NAME}"[:1], f"missing{NAME}"], 2),
        (["models", NAME], 0),
        (["kernels", f"--{NAME}"], 2),
    ],
)
def test_every_command(folder: Path, capsys: pytest.CaptureFixture[str], words: list[str], code: int) -> None:
    assert main(words) == code
    out, err = capsys.readouterr()
    assert safe(out) and safe(err)
    assert out or err
    if code == 2:
        assert err.count("\n") == 1
    elif (words[0] == "filter" and "--json" not in words) or words[-2] == "--csv":
        # A line break in a name is none on the terminal.
        assert out.count("\n") == 1
    if "--json" in words:
        json.loads(out)


@pytest.mark.parametrize("suffix", [".keras", ".h5", ".json"])
def test_layers_in_a_file(suffix: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A line break in a layer's name would be a row of its own in the table."""
    import keras

    def made(more: str) -> keras.Model:
        x = keras.Input((8, 8, 1), name=f"in{more}")
        image = keras.Input((8, 8, 1))
        inner = keras.Sequential([image, keras.layers.Conv2D(2, 3, name=f"inner{more}")], name=f"base{more}")
        flat = keras.layers.Flatten(name=f"flat{more}")(inner(x))
        return keras.Model(x, keras.layers.Dense(3, name="last")(flat), name="net")

    plain, strange = made(""), made(NAME.replace("\udcff", ""))
    strange.set_weights(plain.get_weights())
    rows = []
    for name, model in (("plain", plain), ("strange", strange)):
        path = tmp_path / f"{name}{suffix}"
        if suffix == ".json":
            path.write_text(model.to_json(), encoding="utf-8")
        else:
            model.save(path)
        assert main(["summary", str(path)]) == 0
        out, _ = capsys.readouterr()
        assert safe(out)
        rows.append(out.count("\n"))
        found = open_model(path)
        assert all(safe(info.path, 0) for info in found.layers)
        if suffix != ".json":
            batch = np.random.default_rng(0).normal(size=(2, 8, 8, 1)).astype(np.float32)
            np.testing.assert_allclose(found.keras(batch), plain(batch), atol=1e-6)
    assert rows[0] == rows[1]


def test_json_keeps_the_names_as_they_are() -> None:
    value = {"name": NAME, "more": ["é", "👩‍👧", "\U000e0041"]}
    for indent in (None, 1):
        text = json_text(value, indent)
        assert safe(text) and json.loads(text) == value
        text.encode()


def test_streams_are_given_back_and_draw_only_on_purpose(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setattr(stream, "isatty", lambda: True, raising=False)
    with plain_streams():
        print("a\rb\x1b[1m\tc", file=sys.stderr)
        with progress_bar() as task:
            task.progress(0.5, f"Opening {NAME}")
    assert sys.stderr is stream
    said = stream.getvalue()
    assert said.startswith("a�b�[1m\tc\n\r[")
    drawn = said.removeprefix("a�b�[1m\tc\n")
    assert safe(drawn.replace("\r", "")) and "\n" not in drawn


def test_the_log_has_a_line_for_each_message() -> None:
    formatter = PlainFormatter("%(levelname)s %(message)s")
    try:
        raise ValueError(NAME)
    except ValueError:
        record = logging.getLogger("x").makeRecord("x", 30, "", 1, "opening %s", (NAME,), sys.exc_info())
    text = formatter.format(record)
    assert safe(text) and text.splitlines()[0].startswith("WARNING opening a�[2J�]0;owned� b�gnp")


def test_things_are_called_by_what_can_be_shown(folder: Path) -> None:
    image = load_image(folder / f"{NAME}.png")
    assert image.path == folder / f"{NAME}.png" and printable(image.name) == image.name
    assert Image(np.zeros((2, 2), np.uint8), "a\nb").name == "a�b"
    told: list[str] = []
    Task(lambda _fraction, text: told.append(text)).progress(0.1, NAME)
    assert safe(told[0], 0)
    write_sidecar(folder / "x.classes.json", [NAME, "b"])
    assert all(safe(name, 0) for name in read_sidecar(folder / "x.classes.json").classes)
