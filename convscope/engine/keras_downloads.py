"""Downloads that Keras makes into its own cache, with progress and cancel."""

from __future__ import annotations

import contextlib
import http.client
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from convscope.core.files import replacing
from convscope.core.task import Task
from convscope.core.words import megabytes
from convscope.engine.fetch import Head, answers
from convscope.engine.keras_compat import route_downloads, without_progress_bars

_ANSWER = 6.0
_here = threading.local()


class NotAskedError(BaseException):
    """Keras would download something that nobody has asked for.

    No `Exception`: on one of those Keras deletes the file that it was about to replace.
    """


@contextlib.contextmanager
def reported(task: Task, what: str, fetch: bool = True) -> Iterator[None]:
    """While inside, `keras.utils.get_file` on this thread tells `task` how far it is, and can be cancelled.

    Whatever Keras fetches (weights, datasets) still lands in its cache under its own name, checked by its
    hash; a stopped download leaves nothing behind. Other threads' downloads are not touched.

    Args:
        task: raises `Cancelled` out of the download.
        what: in words, for the progress text.
        fetch: a person has asked for it; otherwise whatever is not in the cache raises `NotAskedError`.
    """
    _install()
    before = getattr(_here, "job", None)
    _here.job = (task, what, fetch)
    try:
        with without_progress_bars():
            yield
    finally:
        _here.job = before


def why_unreachable(url: str, task: Task) -> str:
    """Why a server does not answer within seconds; "" when it does, whatever it answers."""
    told: list[str] = []

    def ask() -> None:
        try:
            with urllib.request.urlopen(urllib.request.Request(url, method="HEAD"), timeout=_ANSWER):
                told.append("")
        except urllib.error.HTTPError as answer:
            answer.close()
            told.append("")
        except (OSError, http.client.HTTPException) as error:
            told.append(str(error) or type(error).__name__)

    # In a thread of its own, because looking up a name keeps no time limit and cannot be stopped.
    asking = threading.Thread(target=ask, name="reachable", daemon=True)
    asking.start()
    end = time.monotonic() + _ANSWER
    while asking.is_alive() and time.monotonic() < end:
        task.check()
        asking.join(0.05)
    return told[0] if told else f"no answer within {_ANSWER:.0f} seconds"


def _install() -> None:
    """Put a dispatcher where Keras looks for its downloader."""

    def made(original: Callable[..., Any]) -> Callable[..., Any]:
        def dispatch(url: str, filename: Any = None, reporthook: Any = None, data: Any = None) -> Any:
            job = getattr(_here, "job", None)
            if job is None:
                return original(url, filename, reporthook, data)
            task, what, fetch = job
            if not fetch:
                raise NotAskedError(url)
            _fetch(url, Path(filename), task, what)
            return filename, None

        return dispatch

    route_downloads(__name__, made)


def _fetch(url: str, target: Path, task: Task, what: str) -> None:
    with replacing(target) as part, part.open("wb") as file, closing(answers(url, 0, task)) as stream:
        total = done = 0
        for item in stream:
            if isinstance(item, Head):
                total = item.total or 0
                continue
            file.write(item)
            done += len(item)
            task.progress(done / total if total else None, f"Downloading {what}: {megabytes(done, total)}")
        if done < total:
            raise OSError(f"the connection was cut at {megabytes(done, total)}")
