"""The one way to download: it can be stopped at any moment, goes on where it stopped, and is checked.

What comes is counted and hashed while it is written, so that a server can send no more than was published
and nothing else than that. The network is read in a thread of its own, because looking up a name and waiting
for a silent server keep no time limit and cannot be stopped.
"""

from __future__ import annotations

import hashlib
import http.client
import queue
import re
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from convscope import __version__
from convscope.core.files import open_to_append
from convscope.core.task import Task

_CHUNK = 1 << 18
_TIMEOUT = 20.0  # seconds of silence
_POLL = 0.05
# A connection that is cut is made anew this often, after so many seconds and then twice as many; one that
# has brought this much counts as a new beginning.
TRIES, PAUSE = 4, 1.0
_PROGRESS = 1 << 20
Told = Callable[[int], None]


@dataclass(frozen=True)
class Remote:
    """A file on a server, as it was published.

    Attributes:
        url: where.
        size: bytes.
        sha256: of its bytes, in hexadecimal digits.
    """

    url: str
    size: int
    sha256: str

    @property
    def name(self) -> str:
        return urllib.parse.unquote(urllib.parse.urlsplit(self.url).path.rsplit("/", 1)[-1])

    @property
    def host(self) -> str:
        """The server that it comes from, for sentences."""
        return urllib.parse.urlsplit(self.url).hostname or self.url


class UnreachableError(Exception):
    """Nothing has come: no network, no such server, or it refuses."""


class CutOffError(Exception):
    """A part has come, and stays; the next try goes on from there."""


class OtherFileError(Exception):
    """What comes is not what was published; nothing of it stays."""


@dataclass(frozen=True)
class Head:
    """How an answer begins.

    Attributes:
        start: the place in the file of its first byte.
        total: bytes of the whole file; None where the server does not say.
    """

    start: int
    total: int | None


def answers(url: str, start: int, task: Task) -> Generator[Head | bytes, None, None]:
    """What a server sends: how it begins, then its bytes as they come, from `start` on if it can do that.

    Raises:
        OSError, http.client.HTTPException: the connection cannot be made, or is lost.
        Cancelled: the task was; at once, whatever the server does.
    """
    box: queue.Queue[Head | bytes | Exception | None] = queue.Queue(maxsize=8)
    left = threading.Event()

    def put(item: Head | bytes | Exception | None) -> bool:
        while not left.is_set():
            try:
                box.put(item, timeout=_POLL)
                return True
            except queue.Full:
                continue
        return False

    def read() -> None:
        try:
            headers = {"User-Agent": f"convscope/{__version__}"}
            if start:
                headers["Range"] = f"bytes={start}-"
            request = urllib.request.Request(url, headers=headers)
            with urllib.request.urlopen(request, timeout=_TIMEOUT) as answer:
                # What has come so far, rather than what fills the buffer.
                more: Callable[[int], bytes] = getattr(answer, "read1", answer.read)
                going = put(_head(answer))
                while going and (chunk := more(_CHUNK)):
                    going = put(chunk)
            put(None)
        except Exception as error:
            # Raised where it is waited for.
            put(error)

    threading.Thread(target=read, name="download", daemon=True).start()
    try:
        while True:
            task.check()
            try:
                item = box.get(timeout=_POLL)
            except queue.Empty:
                continue
            if item is None:
                return
            if isinstance(item, Exception):
                raise item
            yield item
    finally:
        left.set()


def _head(answer: Any) -> Head:
    length = answer.headers.get("Content-Length")
    whole = (
        int(length)
        if length is not None and length.isascii() and length.isdigit() and len(length) < 20
        else None
    )
    if getattr(answer, "status", 200) != 206:
        return Head(0, whole)
    told = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", answer.headers.get("Content-Range", "").strip())
    if told is None:
        raise http.client.HTTPException("the server does not say which part of the file it sends")
    return Head(int(told[1]), None if told[2] == "*" else int(told[2]))


def fetch(remote: Remote, part: Path, task: Task, told: Told) -> None:
    """Bring a file to `part`, going on with what is there of it already.

    Args:
        part: what has come is written to its end as it comes, and stays there when this stops.
        told: is called with the bytes that are there, now and then.

    Raises:
        UnreachableError, CutOffError, OtherFileError: see there.
        OSError: it cannot be written.
        Cancelled: the task was.
    """
    began_with = size_of(part)
    if _fetched(remote, part, task, told) == remote.sha256:
        return
    part.unlink(missing_ok=True)
    # What was there may have been of something else.
    if began_with and _fetched(remote, part, task, told) == remote.sha256:
        return
    part.unlink(missing_ok=True)
    raise OtherFileError("its checksum differs")


def sha256_of(path: Path, task: Task, told: Told) -> str:
    """The checksum of a file on this machine.

    Raises:
        OSError: it cannot be read.
        Cancelled: the task was.
    """
    digest = hashlib.sha256()
    _hashed(path, digest, task, told)
    return digest.hexdigest()


def size_of(path: Path) -> int:
    """Bytes of a file that is there, whole or in part; 0 where there is none."""
    return path.stat().st_size if path.is_file() else 0


def _hashed(path: Path, digest: Any, task: Task, told: Told) -> int:
    done = 0
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            task.check()
            digest.update(chunk)
            done += len(chunk)
            told(done)
    return done


def _fetched(remote: Remote, part: Path, task: Task, told: Told) -> str:
    """The checksum of what lies in `part` once it has the right size."""
    if size_of(part) > remote.size:
        part.unlink()
    digest, tries, came_at_all = hashlib.sha256(), 0, False
    with open_to_append(part) as file:
        done = _hashed(part, digest, task, told)
        while done < remote.size:
            before, why = done, "the connection was cut"
            stream = answers(remote.url, done, task)
            try:
                with closing(stream):
                    for item in _from(stream):
                        if isinstance(item, bytes):
                            if done + len(item) > remote.size:
                                raise OtherFileError(f"it is larger than {remote.size:,} bytes")
                            file.write(item)
                            digest.update(item)
                            done += len(item)
                            told(done)
                            continue
                        if item.total is not None and item.total != remote.size:
                            raise OtherFileError(f"it has {item.total:,} bytes, not {remote.size:,}")
                        if item.start != done:
                            # A server that cannot send a part sends the whole.
                            if item.start:
                                raise OtherFileError("another part of it comes than was asked for")
                            file.truncate(0)
                            digest, done, before = hashlib.sha256(), 0, 0
            except OtherFileError:
                file.truncate(0)
                raise
            except _LostError as lost:
                if lost.final:
                    raise UnreachableError(lost.why) from lost.__cause__
                why = lost.why
            file.flush()
            if done >= remote.size:
                break
            came_at_all = came_at_all or done > before
            if not came_at_all:
                if done:
                    raise CutOffError(why)
                raise UnreachableError(why)
            tries = 0 if done - before >= _PROGRESS else tries + 1
            if tries > TRIES:
                raise CutOffError(why)
            _wait(PAUSE * 2**tries, task)
    return str(digest.hexdigest())


class _LostError(Exception):
    """The network, and not the disk, has failed."""

    def __init__(self, why: str, final: bool) -> None:
        super().__init__(why)
        self.why, self.final = why, final


def _from(stream: Iterator[Head | bytes]) -> Iterator[Head | bytes]:
    while True:
        try:
            item = next(stream, None)
        except urllib.error.HTTPError as answer:
            answer.close()
            if answer.code == 416:
                raise OtherFileError("it ends before what is here of it") from answer
            # A server that is busy may not be so for long; one that says no will say no.
            busy = answer.code in (408, 429) or answer.code >= 500
            raise _LostError(f"the server answers {answer.code} {answer.reason}", not busy) from answer
        except (OSError, http.client.HTTPException) as error:
            raise _LostError(str(error) or type(error).__name__, False) from error
        if item is None:
            return
        yield item


def _wait(seconds: float, task: Task) -> None:
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        task.check()
        time.sleep(min(_POLL, left))
