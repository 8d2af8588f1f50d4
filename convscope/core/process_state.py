"""What belongs to the whole process: standard error, the filters of warnings, Python's garbage collector,
where it looks for modules, and the formats that Pillow knows.

Whoever changes one of them for a while asks here. Two that each kept and restored it on their own would, when
they overlap, restore it in the wrong order: stderr then leads into a deleted file for the rest of the run.
"""

from __future__ import annotations

import contextlib
import gc
import os
import re
import sys
import tempfile
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.abc import MetaPathFinder
from pathlib import Path
from typing import Any


@dataclass(eq=False)
class _Hold:
    """One who holds standard error back.

    Attributes:
        said: the lines that are dropped; None: all that is written meanwhile.
        start, end: where that begins and ends in the file, in bytes; `end` is None while it goes on.
    """

    said: re.Pattern[bytes] | None
    start: int
    end: int | None = None


class _StandardError:
    """The file descriptor 2, which libraries of C and C++ write to without asking Python.

    While anyone holds it back it leads to a file. What others write there is passed on, whole lines at a
    time, whenever one of those who hold it leaves; all of it when the last does.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._inside = 0
        self._holds: list[_Hold] = []
        self._told = 0
        self._file: int | None = None
        self._ear: int | None = None
        self._terminal: int | None = None

    @contextmanager
    def held(self, said: re.Pattern[bytes] | None = None) -> Iterator[None]:
        """Hold it back, on any thread.

        Args:
            said: the lines, line break included, that nobody needs; None: nothing that is written meanwhile,
                by whomever, is passed on.
        """
        _flush()
        with self._lock:
            if not self._inside:
                self._open()
            self._inside += 1
            hold = _Hold(said, self._size())
            self._holds.append(hold)
        try:
            yield
        finally:
            _flush()
            with self._lock:
                hold.end = self._size()
                self._inside -= 1
                self._pass_on()
                if not self._inside:
                    self._close()

    def _open(self) -> None:
        # Without a place for such a file all is written where it always was.
        with contextlib.suppress(OSError):
            if self._file is None:
                self._file, self._ear = _nameless_file()
            self._terminal = _duplicate(2)
            os.dup2(self._file, 2)

    def _close(self) -> None:
        self._holds.clear()
        self._told = 0
        if self._file is None:
            return
        if self._terminal is None:  # a program without a terminal
            os.close(2)
        else:
            os.dup2(self._terminal, 2)
            os.close(self._terminal)
            self._terminal = None
        os.ftruncate(self._file, 0)

    def _pass_on(self) -> None:
        """Tell what is certain: up to the begin of a silence that goes on, and to the last line break."""
        if self._file is None or self._size() == self._told:
            return
        silences = [hold for hold in self._holds if hold.said is None]
        limit = min((hold.start for hold in silences if hold.end is None), default=self._size())
        text = self._read(self._told, limit)
        if self._inside:
            text = text[: text.rfind(b"\n") + 1]
        start, place, heard = self._told, self._told, b""
        self._told += len(text)
        for hold in sorted(silences, key=lambda hold: hold.start):
            heard += text[place - start : max(place, hold.start) - start]
            place = max(place, self._told if hold.end is None else hold.end)
        heard += text[place - start :]
        for said in {hold.said for hold in self._holds if hold.said is not None}:
            heard = said.sub(b"", heard)
        self._holds = [hold for hold in self._holds if hold.end is None or hold.end > self._told]
        if heard and self._terminal is not None:
            with contextlib.suppress(OSError):
                os.write(self._terminal, heard)

    def _size(self) -> int:
        return 0 if self._file is None else os.fstat(self._file).st_size

    def _read(self, start: int, end: int) -> bytes:
        assert self._ear is not None
        os.lseek(self._ear, start, os.SEEK_SET)
        return os.read(self._ear, max(0, end - start))


def _flush() -> None:
    """Python's own lines come in their order. A windowed program may have no stderr at all."""
    if sys.stderr is not None:
        with contextlib.suppress(OSError, ValueError):
            sys.stderr.flush()


def _nameless_file() -> tuple[int, int]:
    """To write and to read: each with a place of its own, or a library's writing would move the reader's."""
    descriptor, path = tempfile.mkstemp(prefix="convscope-")
    os.close(descriptor)
    temporary = getattr(os, "O_TEMPORARY", 0)
    made = os.open(path, os.O_WRONLY | os.O_APPEND | temporary), os.open(path, os.O_RDONLY | temporary)
    if os.name != "nt":
        Path(path).unlink()
    return made


def _duplicate(descriptor: int) -> int | None:
    try:
        return os.dup(descriptor)
    except OSError:
        return None


class _Warnings:
    """Python's filters of warnings."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._modules: list[str] = []
        self._before = warnings.catch_warnings()

    @contextmanager
    def ignored(self, module: str = "") -> Iterator[None]:
        """Hide warnings while any thread is in here.

        Args:
            module: only those raised in modules whose names match this pattern; "": all.
        """
        with self._lock:
            if not self._modules:
                self._before = warnings.catch_warnings()
                self._before.__enter__()
            self._modules.append(module)
            warnings.filterwarnings("ignore", module=module)
        try:
            yield
        finally:
            with self._lock:
                self._modules.remove(module)
                self._before.__exit__(None, None, None)
                if self._modules:
                    self._before = warnings.catch_warnings()
                    self._before.__enter__()
                    for other in self._modules:
                        warnings.filterwarnings("ignore", module=other)


class _Collection:
    """Python's garbage collector, which otherwise starts on whichever thread happens to allocate."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._stopped = 0
        self._was_on = True

    def stop(self) -> None:
        """It runs on no thread by itself until each `stop` has had its `resume`."""
        with self._lock:
            if not self._stopped:
                self._was_on = gc.isenabled()
            self._stopped += 1
            gc.disable()

    def resume(self) -> None:
        """The end of a `stop`."""
        with self._lock:
            self._stopped -= 1
            if not self._stopped and self._was_on:
                gc.enable()

    @contextmanager
    def stopped(self) -> Iterator[None]:
        self.stop()
        try:
            yield
        finally:
            self.resume()


class _Imports:
    """Where Python looks for modules."""

    @contextmanager
    def without(self, *names: str) -> Iterator[None]:
        """What this thread imports in here does not find these modules, unless they are imported already.

        Other threads do, and so does whoever imports them afterwards.
        """
        hidden = _Hidden(threading.get_ident(), names)
        sys.meta_path.insert(0, hidden)
        try:
            yield
        finally:
            sys.meta_path.remove(hidden)


class _Hidden(MetaPathFinder):
    """A finder that is asked first, and ends the search."""

    def __init__(self, thread: int, names: tuple[str, ...]) -> None:
        self._thread, self._names = thread, names

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> None:
        """Nothing: the next finder is asked.

        Raises:
            ModuleNotFoundError: it is one of those that are not to be found.
        """
        if name in self._names and threading.get_ident() == self._thread:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


class _PictureFormats:
    """Pillow's table of formats, which all that open pictures share."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._heif: bool | None = None

    def heif(self) -> bool:
        """Have HEIC in it from now on; False where pillow-heif, imported late, is not there."""
        with self._lock:
            if self._heif is None:
                try:
                    import pillow_heif

                    pillow_heif.register_heif_opener()
                    self._heif = True
                except (ImportError, OSError):
                    self._heif = False
            return self._heif


standard_error = _StandardError()
python_warnings = _Warnings()
collection = _Collection()
imports = _Imports()
picture_formats = _PictureFormats()
