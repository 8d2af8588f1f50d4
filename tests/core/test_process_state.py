"""What belongs to the whole process is given back as it was, however those who change it overlap."""

from __future__ import annotations

import contextlib
import gc
import importlib
import os
import re
import sys
import threading
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

from convscope.core.process_state import collection, imports, python_warnings, standard_error
from tests.processes import run_process

DECODER = re.compile(rb"decoder: [^\n]*\n?")


@pytest.fixture
def stacks() -> Iterator[tuple[contextlib.ExitStack, contextlib.ExitStack]]:
    """Two who enter and leave as each likes."""
    with contextlib.ExitStack() as first, contextlib.ExitStack() as second:
        yield first, second


Stacks = tuple[contextlib.ExitStack, contextlib.ExitStack]


def test_the_words_of_others_are_passed_on_in_their_order(capfd: pytest.CaptureFixture[str]) -> None:
    os.write(2, b"before\n")
    with standard_error.held(DECODER):
        os.write(2, b"first\ndecoder: odd\n")
        os.write(2, b"second\n")
        assert capfd.readouterr().err == "before\n"
    os.write(2, b"after\n")
    assert capfd.readouterr().err == "first\nsecond\nafter\n"


@pytest.mark.parametrize("leaves_first", [0, 1])
def test_two_who_overlap_end_where_it_began(
    stacks: Stacks, leaves_first: int, capfd: pytest.CaptureFixture[str]
) -> None:
    before = os.fstat(2)
    stacks[0].enter_context(standard_error.held(DECODER))
    stacks[1].enter_context(standard_error.held(re.compile(rb"engine: [^\n]*\n?")))
    os.write(2, b"engine: starts\ndecoder: odd\nsomebody\n")
    stacks[leaves_first].close()
    assert capfd.readouterr().err == "somebody\n", "told before the other leaves"
    os.write(2, b"decoder: again\nengine: started\n")
    stacks[1 - leaves_first].close()
    os.write(2, b"afterwards\n")
    told = capfd.readouterr().err
    assert told.splitlines()[-1] == "afterwards"
    assert {"decoder: again\n", "engine: started\n"} >= {line + "\n" for line in told.splitlines()[:-1]}
    after = os.fstat(2)
    assert (after.st_dev, after.st_ino) == (before.st_dev, before.st_ino)


def test_a_silence_covers_what_was_written_in_it_and_no_more(
    stacks: Stacks, capfd: pytest.CaptureFixture[str]
) -> None:
    stacks[0].enter_context(standard_error.held(DECODER))
    os.write(2, b"heard\n")
    stacks[1].enter_context(standard_error.held())
    os.write(2, b"_TIFFVSetField: odd\n")
    stacks[1].close()
    os.write(2, b"heard again\n")
    stacks[0].close()
    assert capfd.readouterr().err == "heard\nheard again\n"


def test_a_silence_goes_on_when_another_leaves(stacks: Stacks, capfd: pytest.CaptureFixture[str]) -> None:
    stacks[0].enter_context(standard_error.held(DECODER))
    stacks[1].enter_context(standard_error.held())
    os.write(2, b"unheard\n")
    stacks[0].close()
    os.write(2, b"unheard\n")
    stacks[1].close()
    os.write(2, b"heard\n")
    assert capfd.readouterr().err == "heard\n"


def test_half_a_line_waits_for_its_end(stacks: Stacks, capfd: pytest.CaptureFixture[str]) -> None:
    for stack in stacks:
        stack.enter_context(standard_error.held(DECODER))
    os.write(2, b"decoder: ")
    stacks[0].close()
    os.write(2, b"odd\nhalf")
    stacks[1].close()
    assert capfd.readouterr().err == "half"


def test_what_happens_inside_does_not_keep_it(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ZeroDivisionError), standard_error.held():
        raise ZeroDivisionError
    os.write(2, b"here\n")
    assert capfd.readouterr().err == "here\n"


def test_many_threads_lose_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    def work(number: int) -> None:
        for turn in range(50):
            with standard_error.held(DECODER):
                os.write(2, b"decoder: %d\n" % number)
                os.write(2, b"thread %d turn %d\n" % (number, turn))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    told = capfd.readouterr().err.splitlines()
    assert sorted(told) == sorted(f"thread {number} turn {turn}" for number in range(4) for turn in range(50))


INTERLEAVED = """
import io, os, sys, threading
import numpy as np
from PIL import Image
from convscope.engine import runtime
from convscope.engine.data.decode import decode

def encoded(kind):
    memory = io.BytesIO()
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)).save(memory, kind)
    return memory.getvalue()

files = [encoded(kind) for kind in ("JPEG", "PNG", "TIFF")]
before, going = os.fstat(2), True

def pictures():
    while going:
        for data in files:
            decode(data)

threads = [threading.Thread(target=pictures) for _ in range(2)]
for thread in threads:
    thread.start()
runtime.start()
going = False
for thread in threads:
    thread.join()
after = os.fstat(2)
assert (after.st_dev, after.st_ino) == (before.st_dev, before.st_ino), "stderr leads elsewhere"
os.write(2, b"still here\\n")
"""


def test_pictures_are_decoded_while_tensorflow_starts() -> None:
    assert run_process([sys.executable, "-c", INTERLEAVED]).stderr == "still here\n"


@pytest.mark.parametrize("leaves_first", [0, 1])
def test_the_filters_of_warnings_are_as_they_were(stacks: Stacks, leaves_first: int) -> None:
    before = list(warnings.filters)
    stacks[0].enter_context(python_warnings.ignored(r"PIL\."))
    stacks[1].enter_context(python_warnings.ignored())
    warnings.warn("nobody hears this", UserWarning, stacklevel=1)
    stacks[leaves_first].close()
    if leaves_first == 1:
        with pytest.raises(UserWarning, match="somebody hears this"):
            warnings.warn("somebody hears this", UserWarning, stacklevel=1)
    stacks[1 - leaves_first].close()
    assert list(warnings.filters) == before


@pytest.mark.parametrize("leaves_first", [0, 1])
def test_the_collector_is_as_it_was(stacks: Stacks, leaves_first: int) -> None:
    assert gc.isenabled()
    for stack in stacks:
        stack.enter_context(collection.stopped())
    stacks[leaves_first].close()
    assert not gc.isenabled()
    stacks[1 - leaves_first].close()
    assert gc.isenabled()


def test_a_module_that_is_not_to_be_found_is_there_for_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("unwanted", "wanted", "there"):
        (tmp_path / f"{name}.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    importlib.import_module("there")
    before = list(sys.meta_path)
    try:
        with imports.without("unwanted", "there"):
            with pytest.raises(ImportError, match="No module named 'unwanted'"):
                importlib.import_module("unwanted")
            for name in ("wanted", "there"):
                importlib.import_module(name)
            other = threading.Thread(target=importlib.import_module, args=("unwanted",))
            other.start()
            other.join()
            assert "unwanted" in sys.modules
        assert sys.meta_path == before
        del sys.modules["unwanted"]
        importlib.import_module("unwanted")
    finally:
        for name in ("unwanted", "wanted", "there"):
            sys.modules.pop(name, None)
