"""Unsaved work while the window is open: kept soon, brought back, forgotten at a proper end."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot
from window_helpers import small_images

from convscope.core.records import from_json
from convscope.core.task import Task
from convscope.engine.data.resize import InputSettings
from convscope.imaging.image import Image
from convscope.jobs.jobs import Jobs
from convscope.ui.settings import Settings
from convscope.ui.window import autosave as module
from convscope.ui.window.autosave import Autosave
from convscope.workspace.lab import Lab
from convscope.workspace.recovery import load_work
from convscope.workspace.snapshot import restore
from convscope.workspace.workspace import Workspace


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep work after a hundredth of a second."""
    monkeypatch.setattr(module, "INTERVAL", 0.01)


@pytest.fixture
def jobs(qtbot: QtBot) -> Iterator[Jobs]:
    """Worker threads that end with the test."""
    made = Jobs()
    yield made
    assert made.shutdown()


@pytest.fixture
def workspace() -> Workspace:
    """Three images without files."""
    return Workspace(small_images())


def kept(autosave: Autosave) -> Lab | None:
    """The lab on the disk."""
    assert autosave.folder is not None
    recovered = load_work(autosave.folder)
    return from_json(Lab, recovered.snapshot.parts["lab"]) if recovered is not None else None


def bring_back(autosave: Autosave, workspace: Workspace) -> None:
    """As the window does."""
    recovered = autosave.load(Task())
    assert recovered is not None
    restore(workspace, recovered.snapshot)
    autosave.restored()


def test_an_edit_is_on_the_disk_soon_and_a_proper_end_forgets_it(
    workspace: Workspace, jobs: Jobs, qtbot: QtBot
) -> None:
    autosave = Autosave(workspace, jobs)
    assert not autosave.has_work
    workspace.edit_lab(workspace.lab.with_stage(stride=3), "Change stride")
    qtbot.waitUntil(lambda: kept(autosave) == workspace.lab)
    qtbot.waitUntil(jobs.idle)
    assert autosave.has_work
    autosave.close()
    assert not autosave.has_work
    workspace.edit_lab(workspace.lab.with_stage(stride=4), "Change stride")
    qtbot.wait(40)
    assert not autosave.has_work


def crashed(autosave: Autosave) -> None:
    """What is left when a process dies: the lock goes with it, nothing else happens."""
    assert autosave._lock is not None
    autosave._timer.stop()
    autosave._lock.unlock()


def test_after_a_crash_the_next_window_brings_it_back(workspace: Workspace, jobs: Jobs, qtbot: QtBot) -> None:
    first = Autosave(workspace, jobs)
    drawing = Image(np.eye(28, dtype=np.uint8) * 255, "drawing")
    workspace.add_images([drawing])
    workspace.edit_lab(workspace.lab.with_stage(stride=3), "Change stride")
    qtbot.waitUntil(lambda: kept(first) == workspace.lab)
    qtbot.waitUntil(jobs.idle)
    crashed(first)

    fresh = Workspace(small_images(1))
    second = Autosave(fresh, jobs)
    assert second.folder == first.folder and second.has_work
    bring_back(second, fresh)
    assert fresh.lab.stage.stride == 3 and fresh.image.name == "drawing"
    assert np.array_equal(fresh.image.values, drawing.values)
    # Undo goes on where it was; that the work came back is a step like any other, before all of them.
    assert fresh.undo_label == "Change stride"
    fresh.undo()
    assert fresh.lab.stage.stride == 1
    fresh.undo()
    assert fresh.undo_label == "Restore the last work"
    qtbot.waitUntil(jobs.idle)
    second.close()


def test_what_images_are_brought_to_is_kept_too(workspace: Workspace, jobs: Jobs, qtbot: QtBot) -> None:
    first = Autosave(workspace, jobs)
    workspace.set_input(InputSettings((96, 64), 3, "pad"))
    qtbot.waitUntil(lambda: first.has_work)
    qtbot.waitUntil(jobs.idle)
    crashed(first)
    later = Workspace(small_images())
    second = Autosave(later, jobs)
    bring_back(second, later)
    assert later.input == InputSettings((96, 64), 3, "pad")
    second.close()
    assert len(later.input_changed) == 0


def test_work_that_ends_the_next_run_too_is_not_brought_back_for_ever(
    workspace: Workspace, jobs: Jobs, qtbot: QtBot
) -> None:
    first = Autosave(workspace, jobs)
    workspace.edit_lab(workspace.lab.with_stage(stride=3), "Change stride")
    qtbot.waitUntil(lambda: kept(first) == workspace.lab)
    qtbot.waitUntil(jobs.idle)
    crashed(first)
    second = Autosave(Workspace(small_images(1)), jobs)
    assert second.load(Task()) is not None
    crashed(second)
    third = Autosave(Workspace(small_images(1)), jobs)
    assert third.has_work and third.load(Task()) is None
    third.close()
    assert third.folder is not None and not list(third.folder.iterdir())


def test_work_that_was_brought_back_and_kept_again_survives_the_next_crash(
    workspace: Workspace, jobs: Jobs, qtbot: QtBot
) -> None:
    first = Autosave(workspace, jobs)
    workspace.edit_lab(workspace.lab.with_stage(stride=3), "Change stride")
    qtbot.waitUntil(lambda: kept(first) == workspace.lab)
    qtbot.waitUntil(jobs.idle)
    crashed(first)
    fresh = Workspace(small_images(1))
    second = Autosave(fresh, jobs)
    bring_back(second, fresh)
    assert second.folder is not None
    qtbot.waitUntil(lambda: not (second.folder / "restoring").exists())
    qtbot.waitUntil(jobs.idle)
    crashed(second)
    third = Autosave(Workspace(small_images(1)), jobs)
    again = third.load(Task())
    assert again is not None and again.snapshot.parts["lab"]["stages"][0]["stride"] == 3
    third.close()


def test_a_second_window_has_a_place_of_its_own(workspace: Workspace, jobs: Jobs, qtbot: QtBot) -> None:
    first, second = Autosave(workspace, jobs), Autosave(Workspace(small_images()), jobs)
    assert first.folder != second.folder
    workspace.edit_lab(workspace.lab.with_stage(stride=3), "Change stride")
    qtbot.waitUntil(lambda: first.has_work)
    assert not second.has_work
    qtbot.waitUntil(jobs.idle)
    second.close()
    assert first.has_work
    first.close()


def test_a_place_with_work_left_is_found_behind_an_empty_one(
    workspace: Workspace, jobs: Jobs, qtbot: QtBot
) -> None:
    first = Autosave(Workspace(small_images()), jobs)
    second = Autosave(workspace, jobs)
    workspace.edit_lab(workspace.lab.with_stage(stride=3), "Change stride")
    qtbot.waitUntil(lambda: kept(second) == workspace.lab)
    qtbot.waitUntil(jobs.idle)
    crashed(second)
    first.close()
    third = Autosave(Workspace(small_images()), jobs)
    assert third.folder == second.folder and third.has_work
    third.close()


def test_a_disk_that_refuses_costs_no_window(
    workspace: Workspace,
    jobs: Jobs,
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def refuse(folder: Path, work: object, task: Task) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr(module, "save_work", refuse)
    autosave = Autosave(workspace, jobs)
    workspace.edit_lab(workspace.lab.with_stage(stride=3), "Change stride")
    qtbot.waitUntil(lambda: "could not be kept" in caplog.text)
    autosave.close()


def test_without_any_place_the_window_works_without_keeping(
    workspace: Workspace, jobs: Jobs, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "WINDOWS", 1)
    first = Autosave(workspace, jobs)
    second = Autosave(workspace, jobs)
    assert second.folder is None and not second.has_work and second.load(Task()) is None
    workspace.edit_lab(workspace.lab.with_stage(stride=3), "Change stride")
    qtbot.waitUntil(lambda: first.has_work)
    qtbot.waitUntil(jobs.idle)
    second.close()
    first.close()


def test_a_home_that_cannot_be_written_costs_the_keeping_only(
    workspace: Workspace, jobs: Jobs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "home").write_text("a file, where not even root can make folders")
    monkeypatch.setenv("CONVSCOPE_HOME", str(tmp_path / "home"))
    autosave = Autosave(workspace, jobs)
    assert autosave.folder is None and not autosave.has_work
    workspace.edit_lab(workspace.lab.with_stage(stride=3), "Change stride")
    autosave.close()
    Settings().save()
    assert Settings.load() == Settings()


def test_thumbnails_do_not_wait_for_work_that_is_written(
    workspace: Workspace, jobs: Jobs, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A network built by hand is saved with it, which may take seconds."""
    begun, goes_on = threading.Event(), threading.Event()

    def slow(*_: object) -> None:
        begun.set()
        assert goes_on.wait(300)

    monkeypatch.setattr(module, "save_work", slow)
    autosave = Autosave(workspace, jobs)
    workspace.edit_lab(workspace.lab.with_stage(stride=3), "Change stride")
    qtbot.waitUntil(begun.is_set)
    done: list[str] = []
    for lane in set(Jobs.LANES) - {"keeping"}:
        jobs.submit(lane, lambda task, lane=lane: lane, title=lane, on_done=done.append)
    qtbot.waitUntil(lambda: set(done) == set(Jobs.LANES) - {"keeping"})
    goes_on.set()
    qtbot.waitUntil(jobs.idle)
    autosave.close()
