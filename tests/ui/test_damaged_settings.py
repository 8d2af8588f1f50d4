"""A damaged file of settings never keeps the window from starting: it is kept aside, told, defaults hold."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot
from window_helpers import small_images

from convscope.ui.main_window import MainWindow
from convscope.ui.settings import Settings
from convscope.workspace.workspace import Workspace

DEEP = "[" * 100_000 + "]" * 100_000
TEXTS = {
    "nested": DEEP,
    "nested inside": f'{{"version": 1, "recent": {DEEP}}}',
    "cut off": '{"version": 1, "zo',
    "a list": "[1]",
    "of tomorrow": '{"version": 99}',
    "large": " " * 2_000_000,
}


@pytest.mark.parametrize("name", TEXTS)
def test_a_damaged_file_is_kept_aside_and_told(home: Path, name: str) -> None:
    path = Settings.path()
    path.write_text(TEXTS[name])
    settings = Settings.load()
    assert settings == Settings()
    (aside,) = path.parent.glob("settings-unreadable-*.json")
    assert aside.read_text() == TEXTS[name] and not path.exists()
    assert str(aside) in settings.problem
    settings.save()
    assert Settings.load().problem == "" and "problem" not in path.read_text()


@pytest.mark.parametrize("kind", ["pipe", "folder", "zero", "loop"])
def test_what_is_no_file_is_kept_aside_too(home: Path, kind: str) -> None:
    path = Settings.path()
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    else:
        path.symlink_to("/dev/zero" if kind == "zero" else path)
    settings = Settings.load()
    assert settings == Settings() and "set aside" in settings.problem
    settings.save()
    assert path.is_file() and not path.is_symlink() and Settings.load().problem == ""


def test_values_of_every_wrong_kind_let_the_window_open(home: Path, qtbot: QtBot) -> None:
    wrong = [None, True, -1, 1e999, "x", "\udcff", [], ["\0", "\ud800", 5, ""], {"a": 1}, [1, 2, 3, "x"]]
    names = ("geometry", "maximized", "panel", "theme", "zoom", "recent", "splitters")
    for number, value in enumerate(wrong):
        # Each value for each name once would open the window seventy times: a window for each value.
        told = dict.fromkeys(names, value) | {"splitters": {"layers": value, "main": "ä=", "x": "AAAA"}}
        Settings.path().write_text(json.dumps({"version": 1, **told}))
        settings = Settings.load()
        assert settings.problem == "", number
        assert settings.splitter("main") is None
        settings.save()
        if number in (0, 5, 7):
            window = MainWindow(Workspace(small_images(1)), settings=settings)
            qtbot.addWidget(window)
            window.open_palette()
            window.close()
