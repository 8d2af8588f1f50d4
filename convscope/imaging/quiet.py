"""Keeps the picture libraries from talking to the terminal: what matters becomes a note or an error.

Importing this silences OpenCV's own log, and Pillow's where nobody has set up logging.
"""

from __future__ import annotations

import logging
import os
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import cv2

cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
logging.getLogger("PIL").addHandler(logging.NullHandler())


class _Shared:
    """A process-wide state that holds while any thread is inside.

    Entered by each thread on its own, such a state would be restored in the wrong order.
    """

    def __init__(self, state: Callable[[], AbstractContextManager[None]]) -> None:
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


@contextmanager
def _no_stderr() -> Iterator[None]:
    try:
        saved = os.dup(2)
    except OSError:  # a program without a terminal has none to silence
        yield
        return
    sink = os.open(os.devnull, os.O_WRONLY)
    os.dup2(sink, 2)
    os.close(sink)
    try:
        yield
    finally:
        os.dup2(saved, 2)
        os.close(saved)


quiet_pillow = _Shared(_no_pillow_warnings)
# libtiff writes to the file descriptor itself, and Pillow offers no way to tell it not to.
quiet_libtiff = _Shared(_no_stderr)
