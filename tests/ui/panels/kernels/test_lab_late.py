"""What is on show is dimmed while its answer is late."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from convscope.core.task import Task
from convscope.jobs.jobs import Jobs
from convscope.ui.canvas import late as module
from convscope.ui.canvas.late import WORDS, Late
from convscope.ui.canvas.veil import Veil
from convscope.ui.ending import Ending

PATIENCE = 300_000


@pytest.fixture
def jobs(qtbot: QtBot) -> Iterator[Jobs]:
    made = Jobs()
    yield made
    made.shutdown(300)


@pytest.fixture
def late(qtbot: QtBot, jobs: Jobs, monkeypatch: pytest.MonkeyPatch) -> Iterator[Late]:
    monkeypatch.setattr(module, "LATE_MS", 1)
    over = QWidget()
    qtbot.addWidget(over)
    over.resize(300, 200)
    ending = Ending()
    made = Late(jobs, Veil(over, "veil"), ending)
    made.set_keys(["picture"])
    over.show()
    yield made
    ending.end()


@pytest.fixture
def veil(late: Late) -> Veil:
    made = late.parent()
    assert isinstance(made, Veil)
    return made


class Held:
    """A job that goes on until it is let go."""

    def __init__(self, jobs: Jobs, key: str) -> None:
        self._gate = threading.Event()
        self.job = jobs.submit("view", self._work, title="Drawing", key=key, supersede="finish")

    def _work(self, task: Task) -> None:
        while not self._gate.wait(0.01):
            task.check()

    def end(self) -> None:
        self._gate.set()


def test_a_late_answer_dims_the_view_until_it_comes(qtbot: QtBot, jobs: Jobs, veil: Veil) -> None:
    held = Held(jobs, "picture")
    qtbot.waitUntil(veil.isVisible, timeout=PATIENCE)
    assert veil.words == WORDS
    held.end()
    qtbot.waitUntil(jobs.idle, timeout=PATIENCE)
    assert veil.isHidden()


def test_other_jobs_are_not_its_business(qtbot: QtBot, jobs: Jobs, late: Late, veil: Veil) -> None:
    held = Held(jobs, "something else")
    qtbot.waitUntil(lambda: held.job.state == "running", timeout=PATIENCE)
    qtbot.wait(20)
    assert veil.isHidden()
    late.set_keys(["something else"])
    qtbot.waitUntil(veil.isVisible, timeout=PATIENCE)
    held.end()
    qtbot.waitUntil(jobs.idle, timeout=PATIENCE)
    assert veil.isHidden()


def test_a_part_that_is_on_show_is_an_answer(qtbot: QtBot, jobs: Jobs, late: Late, veil: Veil) -> None:
    held = Held(jobs, "picture")
    qtbot.waitUntil(veil.isVisible, timeout=PATIENCE)
    late.answer()
    jobs.changed.emit(held.job)
    qtbot.wait(20)
    assert veil.isHidden()
    # The next question is another one.
    later = Held(jobs, "picture")
    qtbot.waitUntil(veil.isVisible, timeout=PATIENCE)
    held.end()
    later.end()
    qtbot.waitUntil(jobs.idle, timeout=PATIENCE)
    assert veil.isHidden()


def test_a_request_that_gave_way_is_no_answer(qtbot: QtBot, jobs: Jobs, veil: Veil) -> None:
    held = Held(jobs, "picture")
    qtbot.waitUntil(lambda: held.job.state == "running", timeout=PATIENCE)
    waiting = Held(jobs, "picture")
    qtbot.waitUntil(veil.isVisible, timeout=PATIENCE)
    last = Held(jobs, "picture")
    assert waiting.job.state == "cancelled" and veil.isVisible()
    held.end()
    last.end()
    qtbot.waitUntil(jobs.idle, timeout=PATIENCE)
    assert veil.isHidden()
