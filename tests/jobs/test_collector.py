"""Rings of objects are collected on the GUI thread and on no other."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from convscope.core.task import Task
from convscope.jobs.collector import Collector
from convscope.jobs.jobs import Jobs


class Ring:
    """Only the collector ends it; it notes on which thread."""

    ended: list[threading.Thread]

    def __init__(self, ended: list[threading.Thread]) -> None:
        self.ended, self.itself = ended, self

    def __del__(self) -> None:
        self.ended.append(threading.current_thread())


@pytest.fixture
def jobs(qtbot: QtBot) -> Iterator[Jobs]:
    """Lanes, and the collector with them."""
    found = Jobs()
    yield found
    found.shutdown()


@pytest.fixture
def collector(qtbot: QtBot) -> Iterator[Collector]:
    """One that has nothing to do until it is told: the timer's time is longer than a test."""
    found = Collector()
    yield found
    found.stop()
    found.deleteLater()


@pytest.mark.parametrize("lane", ["engine", "view"])
def test_a_worker_leaves_rings_to_the_gui_thread(jobs: Jobs, qtbot: QtBot, lane: str) -> None:
    ended: list[threading.Thread] = []

    def work(task: Task) -> int:
        # Far past the threshold: on its own, CPython would collect here, on the worker's thread.
        for _ in range(20 * gc.get_threshold()[0]):
            Ring(ended)
        return len(ended)

    done: list[int] = []
    jobs.submit(lane, work, title="rings", on_done=done.append)
    qtbot.waitUntil(lambda: bool(done) and len(ended) == 20 * gc.get_threshold()[0])
    assert set(ended) == {threading.main_thread()}


def test_a_qt_object_in_a_ring_ends_on_the_gui_thread(jobs: Jobs, qtbot: QtBot) -> None:
    ended: list[threading.Thread] = []
    for _ in range(50):
        thing = QObject()
        thing.destroyed.connect(lambda: ended.append(threading.current_thread()))
        thing.ring = [thing]  # type: ignore[attr-defined]
        del thing
    kept: list[object] = []
    jobs.submit("imaging", lambda task: kept.extend([[] for _ in range(50_000)]), title="allocate")
    qtbot.waitUntil(jobs.idle)
    qtbot.waitUntil(lambda: len(ended) == 50)
    assert set(ended) == {threading.main_thread()}


def test_afterwards_cpython_collects_again(qtbot: QtBot) -> None:
    assert gc.isenabled()
    first, second = Jobs(), Jobs()
    assert not gc.isenabled()
    first.shutdown()
    first.shutdown()
    assert not gc.isenabled()
    second.shutdown()
    assert gc.isenabled()


def test_who_switches_it_on_is_overruled(collector: Collector) -> None:
    gc.enable()
    collector.collect()
    assert not gc.isenabled()


def test_every_generation_has_its_turn(collector: Collector) -> None:
    ended: list[threading.Thread] = []
    Ring(ended)
    # It has grown old before anyone let go of it.
    gc.freeze()
    gc.unfreeze()
    young, middle, old = gc.get_threshold()
    kept: list[object] = []
    for _ in range(turns := 2 * (middle + 2) * (old + 2)):
        kept.extend([] for _ in range(young + 10))
        collector.collect()
        if ended:
            break
    assert ended
    # The oldest is left alone until it has grown by a quarter.
    Ring(ended)
    gc.freeze()
    gc.unfreeze()
    for _ in range(turns):
        passing = [[] for _ in range(young + 10)]
        collector.collect()
        del passing
    assert len(ended) == 1
