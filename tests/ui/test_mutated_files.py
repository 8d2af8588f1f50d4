"""Two hundred damaged files, opened through the window with the kernel lab on show: it survives them all."""

from __future__ import annotations

import runpy
from dataclasses import replace
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot
from shiboken6 import isValid
from window_helpers import messages, small_images

from convscope.core.errors import UserError
from convscope.ui.main_window import MainWindow
from convscope.workspace.workspace import Workspace

mutations = runpy.run_path(str(Path(__file__).parents[1] / "imaging" / "mutations.py"))["mutations"]


@pytest.fixture
def lab(qtbot: QtBot) -> MainWindow:
    """The window as it is shipped."""
    window = MainWindow(Workspace(small_images(1)))
    qtbot.addWidget(window)
    window.resize(1440, 900)
    window.show()
    qtbot.waitUntil(window.jobs.idle)
    return window


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    """The damaged files."""
    paths = []
    for number, (name, data) in enumerate(mutations(200)):
        path = tmp_path / f"{number:03}-{name}"
        path.write_bytes(data)
        paths.append(path)
    return paths


def test_the_window_survives_two_hundred_damaged_files(
    lab: MainWindow, files: list[Path], qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    errors: list[UserError] = []
    context = replace(lab.sources._context, report=errors.append)
    monkeypatch.setattr(lab.sources, "_context", context)
    lab.open_paths(files[:100])
    for path in files[100:]:
        lab.open_path(path)
    qtbot.waitUntil(lab.jobs.idle)
    opened = len(lab.workspace.images) - 1
    # The first hundred share one message for all but the first three.
    many = "more files could not be opened."
    apart = [error for error in errors if not error.message.endswith(many)]
    rest = [error for error in errors if error.message.endswith(many)]
    assert opened + len(apart) + sum(int(error.message.split()[0]) for error in rest) == 200
    assert opened > 10 and len(apart) > 10
    assert all(isinstance(error, UserError) for error in errors)
    # Those that still open are pictures like any other: every one is filtered.
    for index in range(len(lab.workspace.images)):
        lab.workspace.select_image(lab.workspace.images[index].id)
        qtbot.waitUntil(lab.jobs.idle)
    assert isValid(lab) and lab.isVisible() and messages(lab) == []


def test_one_bad_file_after_another_leaves_the_image_that_is_open(
    lab: MainWindow, files: list[Path], qtbot: QtBot
) -> None:
    before = lab.workspace.images
    bad = 0
    for path in files[::8]:
        lab.open_path(path)
        qtbot.waitUntil(lab.jobs.idle)
        if lab.workspace.images == before:
            bad += 1
            assert path.name in messages(lab)[-1]
        else:
            lab.close_image()
            assert lab.workspace.images == before
    assert bad > 5
