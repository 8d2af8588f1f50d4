"""What every test shares: a home of its own, so that no test reads or writes the user's files."""

from __future__ import annotations

import ctypes
import gc
import os
import random
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from pytestqt.qtbot import QtBot

from convscope.engine.runtime import choose_kernels
from tests.processes import THREADS

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# Many tests import Keras before the engine starts: TensorFlow is to compute there as it does in the app.
choose_kernels()
if "PYTEST_XDIST_WORKER_COUNT" in os.environ:
    # Workers share the cores: threads that wait for a core that another worker has spin, for an eighth of all
    # that the engine's tests take. Processes that tests start have all of them, as the app (`run_process`).
    _share = (os.cpu_count() or 1) // int(os.environ["PYTEST_XDIST_WORKER_COUNT"])
    os.environ.setdefault(THREADS, str(max(1, _share)))


# How long an example takes is the machine's business.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")

# As long as a slow machine on which much else goes on may take: a test that holds never waits for it.
for _wait in (QtBot.waitUntil, QtBot.waitSignal, QtBot.waitSignals, QtBot.waitExposed, QtBot.waitActive):
    _wait.__kwdefaults__["timeout"] = 300_000  # milliseconds


# Another value gives every network of the suite other weights: what holds must hold for those too.
SEED = os.environ.get("CONVSCOPE_TEST_SEED", "")


def seed(name: str) -> None:
    """The same start for the same name, whatever ran before it (Keras draws its seeds from `random`)."""
    random.seed(SEED + name)
    np.random.seed(random.randrange(2**32))


@pytest.hookimpl(tryfirst=True)
def pytest_fixture_setup(fixturedef: pytest.FixtureDef[Any]) -> None:
    """Networks that a fixture builds have the same weights in every run."""
    seed(f"{fixturedef.baseid}::{fixturedef.argname}")


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_call(item: pytest.Item) -> None:
    """And so have those that a test builds."""
    seed(item.nodeid)


@pytest.fixture(autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A fresh CONVSCOPE_HOME."""
    path = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("CONVSCOPE_HOME", str(path))
    yield path


_folder: Path | None = None


@pytest.fixture(scope="module", autouse=True)
def memory_is_given_back(request: pytest.FixtureRequest) -> Iterator[None]:
    """Networks of one file are gone before the next: the whole suite fits a small machine.

    What was there before a file, TensorFlow's million objects among it, is set aside while the file runs:
    neither the collector nor the search for timers that were left running goes through them at every test.
    """
    global _folder
    if request.path.parent != _folder:
        # What a folder's fixtures kept until now was set aside with the rest.
        gc.unfreeze()
        _folder = request.path.parent
    gc.collect()
    gc.freeze()
    yield
    gc.collect()
    if sys.platform == "linux":
        ctypes.CDLL(None).malloc_trim(0)
