"""Keeps the picture libraries from talking to the terminal: what matters becomes a note or an error.

Importing this silences OpenCV's own log, and Pillow's where nobody has set up logging.
"""

from __future__ import annotations

import contextlib
import logging
import os
import re
import tempfile
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import cv2

cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
logging.getLogger("PIL").addHandler(logging.NullHandler())


class _Shared:
    """A process-wide state that holds while any thread is inside.

    Entered by each thread on its own, such a state would be restored in the wrong order.
    """

    def __init__(self, state: Callable[[], AbstractContextManager[object]]) -> None:
        self._state = state
        self._lock = threading.Lock()
        self._inside = 0
        self._current = state()

    def __enter__(self) -> None:
        with self._lock:
            self._inside += 1
            if self._inside == 1:
                self._current = self._state()
                self._current.__enter__()

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._inside -= 1
            if self._inside == 0:
                self._current.__exit__(None, None, None)


@contextmanager
def _no_pillow_warnings() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module=r"PIL\.")
        yield


quiet_pillow = _Shared(_no_pillow_warnings)


# What the decoders say, each a line; the rest of what was written is not their own.
_SAID = re.compile(
    rb"(?:Corrupt JPEG data|Premature end of JPEG|Inconsistent progression|Invalid SOS parameters|"
    rb"Unknown Adobe color|Warning: unknown JFIF|Application transferred|libpng (?:error|warning):)[^\n]*\n?"
)
_HARM = re.compile(rb"Corrupt JPEG data|Premature end of JPEG|Inconsistent progression")


class _Listener:
    """Hears what libjpeg complains of inside OpenCV, which tells nobody else that a picture is damaged.

    libjpeg and libpng write to the file descriptor of stderr. While any thread is inside, that leads to a
    file; what others wrote there is passed on afterwards.
    """

    def __init__(self) -> None:
        self._turn = threading.Condition()
        self._inside = 0
        self._alone = False
        self._silent = False
        self._stderr: int | None = None
        self._file: int | None = None
        self._ear: int | None = None

    @contextmanager
    def listen(self, *, alone: bool = False, silent: bool = False) -> Iterator[Callable[[], bool]]:
        """Gives a function that tells whether libjpeg has complained of damage since.

        Args:
            alone: no other thread is inside at the same time: what is heard is one's own.
            silent: nothing of what is written meanwhile is passed on.
        """
        with self._turn:
            self._turn.wait_for(lambda: not self._alone)
            if alone:
                self._alone = True
                self._turn.wait_for(lambda: not self._inside)
            self._inside += 1
            self._silent |= silent
            if self._inside == 1:
                self._open()
            start = self._size()
        try:
            yield lambda: self._harm_since(start)
        finally:
            with self._turn:
                self._inside -= 1
                if alone:
                    self._alone = False
                if not self._inside:
                    self._close()
                self._turn.notify_all()

    def _open(self) -> None:
        # Without a place for such a file pictures are decoded all the same.
        with contextlib.suppress(OSError):
            if self._file is None:
                self._file, self._ear = _nameless_file()
            self._stderr = _duplicate(2)
            os.dup2(self._file, 2)

    def _close(self) -> None:
        if self._file is None:
            return
        others = _SAID.sub(b"", self._read(0)) if self._size() and not self._silent else b""
        self._silent = False
        os.ftruncate(self._file, 0)
        if self._stderr is None:  # a program without a terminal
            os.close(2)
            return
        os.dup2(self._stderr, 2)
        os.close(self._stderr)
        if others:
            with contextlib.suppress(OSError):
                os.write(2, others)

    def _size(self) -> int:
        return 0 if self._file is None else os.fstat(self._file).st_size

    def _harm_since(self, start: int) -> bool:
        with self._turn:
            return self._size() > start and _HARM.search(self._read(start)) is not None

    def _read(self, start: int) -> bytes:
        assert self._ear is not None
        os.lseek(self._ear, start, os.SEEK_SET)
        return os.read(self._ear, self._size() - start)


def _nameless_file() -> tuple[int, int]:
    """To write and to read: each with a place of its own, or a decoder's writing would move the reader's."""
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


decoders = _Listener()
# libtiff writes there too, and Pillow offers no way to tell it not to. What it says has no pattern.
quiet_libtiff = _Shared(lambda: decoders.listen(silent=True))
