"""`convscope data`."""

from __future__ import annotations

import json
import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from convscope import cli
from convscope.cli import main
from convscope.engine import fetch as fetching
from convscope.engine.data.sets.registry import NAMES
from tests.serving import Server, serving, stand_in


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setattr(fetching, "PAUSE", 0.001)
    with serving() as running:
        yield running


def test_the_list_has_sizes_and_licences(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "list"]) == 0
    out = capsys.readouterr().out
    here, there = out.split("\nto download\n")
    assert "  digits " in here and "  cats_dogs " in there
    assert "825 MB to download; licence: CDLA-Permissive 2.0" in there
    assert main(["data", "list", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [row["name"] for row in rows] == list(NAMES)
    assert next(row for row in rows if row["name"] == "eurosat")["size"] == 94_280_567


def test_a_set_is_downloaded_and_then_there(
    server: Server, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    made = stand_in(server, monkeypatch)
    train = ["train", "--model", "lenet-5", "--data", "cats-dogs", "-o", str(tmp_path / "run")]
    assert main(train) == 2
    said = capsys.readouterr().err
    assert said.startswith("convscope: Cats and dogs is not on this machine")
    assert "“convscope data download cats_dogs”" in said
    assert main(["data", "download", "cats-dogs"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("Cats and dogs: 16 images of 2 classes; Asirra")
    assert "2 files are left out: cat/666.jpg" in out and "--data cats_dogs -o RUN" in out
    assert made.here
    assert main(["data", "list"]) == 0
    assert "  cats_dogs " in capsys.readouterr().out.split("\nto download\n")[0]


def test_ctrl_c_stops_it_and_tells_how_to_go_on(
    server: Server, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    made = stand_in(server, monkeypatch)
    server.stands = threading.Event()

    def press() -> None:
        server.silent.wait(60)
        os.kill(os.getpid(), signal.SIGINT)

    pressing = threading.Thread(target=press)
    pressing.start()
    assert main(["data", "download", "cats_dogs"]) == 130
    pressing.join()
    said = "stopped; go on with: convscope data download cats_dogs"
    assert said in capsys.readouterr().err and not made.here


def test_what_cannot_be_done_is_one_sentence(
    server: Server, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stand_in(server, monkeypatch)
    server.files.clear()
    assert main(["data", "download", "cats_dogs"]) == 2
    assert "cannot be downloaded now: save http" in capsys.readouterr().err
    assert main(["data", "download", "cows"]) == 2
    assert "There is no data set called cows" in capsys.readouterr().err
    assert main(["data", "steal"]) == 2
    assert "invalid choice" in capsys.readouterr().err


def test_a_folder_called_data_is_opened_as_before(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    asked: list[str] = []

    def run(name: str, _words: object) -> int:
        asked.append(name)
        return 0

    monkeypatch.setattr(cli, "_run", run)
    monkeypatch.chdir(tmp_path)
    assert main(["data"]) == 0
    (tmp_path / "data").mkdir()
    assert main(["data"]) == main(["data", "list"]) == 0
    assert asked == ["data", "window", "data"]
