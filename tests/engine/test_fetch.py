"""Downloads: whole, cut off, gone on with, refused; from a server on this machine."""

from __future__ import annotations

import hashlib
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from convscope.core.task import Cancelled, Task
from convscope.engine import fetch as fetching
from convscope.engine.fetch import CutOffError, OtherFileError, Remote, UnreachableError, fetch, sha256_of
from tests.serving import Server, serving

CONTENT = np.random.default_rng(0).bytes(3_000_000)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setattr(fetching, "PAUSE", 0.001)
    with serving() as running:
        yield running


def got(remote: Remote, part: Path) -> list[int]:
    told: list[int] = []
    fetch(remote, part, Task(), told.append)
    return told


def test_a_file_comes_whole_and_tells_how_far_it_is(server: Server, tmp_path: Path) -> None:
    remote, part = server.remote("a.zip", CONTENT), tmp_path / "p"
    assert Remote("https://x.org/d/%41.zip?x=1/2", 1, "").name == "A.zip"
    told = got(remote, part)
    assert part.read_bytes() == CONTENT
    assert told == sorted(told) and told[-1] == len(CONTENT) and len(told) > 5
    assert sha256_of(part, Task(), told.append) == remote.sha256
    # What is there already is not asked for again.
    before = list(server.asked)
    got(remote, part)
    assert server.asked == before


def test_a_cut_connection_is_made_anew_and_goes_on(server: Server, tmp_path: Path) -> None:
    remote, part = server.remote("a.zip", CONTENT), tmp_path / "p"
    server.cuts = [1_000_000, 500]
    got(remote, part)
    assert part.read_bytes() == CONTENT
    assert server.asked == [("a.zip", 0), ("a.zip", 1_000_000), ("a.zip", 1_000_500)]


def test_what_is_cut_again_and_again_keeps_what_has_come(server: Server, tmp_path: Path) -> None:
    remote, part = server.remote("a.zip", CONTENT), tmp_path / "p"
    server.cuts = [300] * (fetching.TRIES + 1)
    with pytest.raises(CutOffError, match="cut"):
        got(remote, part)
    assert part.read_bytes() == CONTENT[: 300 * (fetching.TRIES + 1)]
    server.asked.clear()
    got(remote, part)
    assert server.asked == [("a.zip", 300 * (fetching.TRIES + 1))] and part.read_bytes() == CONTENT


def test_a_server_that_sends_no_parts_sends_it_all_again(server: Server, tmp_path: Path) -> None:
    remote, part = server.remote("a.zip", CONTENT), tmp_path / "p"
    server.ranges = False
    part.write_bytes(CONTENT[:1234])
    got(remote, part)
    assert server.asked == [("a.zip", 1234)] and part.read_bytes() == CONTENT


def test_another_checksum_keeps_nothing(server: Server, tmp_path: Path) -> None:
    remote, part = server.remote("a.zip", CONTENT), tmp_path / "p"
    server.files["a.zip"] = b"x" + CONTENT[1:]
    with pytest.raises(OtherFileError, match="checksum"):
        got(remote, part)
    assert not part.exists() and len(server.asked) == 1


def test_a_part_of_something_else_is_begun_anew_once(server: Server, tmp_path: Path) -> None:
    remote, part = server.remote("a.zip", CONTENT), tmp_path / "p"
    part.write_bytes(b"y" * 1000)
    got(remote, part)
    assert part.read_bytes() == CONTENT and server.asked == [("a.zip", 1000), ("a.zip", 0)]
    part.write_bytes(bytes(len(CONTENT) + 1))
    got(remote, part)
    assert part.read_bytes() == CONTENT


def test_another_size_is_refused_before_it_comes(server: Server, tmp_path: Path) -> None:
    remote, part = server.remote("a.zip", CONTENT), tmp_path / "p"
    server.files["a.zip"] = CONTENT + b"more"
    with pytest.raises(OtherFileError, match="3,000,004 bytes, not 3,000,000"):
        got(remote, part)
    assert part.stat().st_size == 0
    # One that lies about it is stopped where the file must end.
    server.files["a.zip"] = b"short"
    part.write_bytes(CONTENT[:100])
    with pytest.raises(OtherFileError):
        got(remote, part)


def test_a_server_that_says_no_or_is_not_there(server: Server, tmp_path: Path) -> None:
    with pytest.raises(UnreachableError, match="404"):
        got(Remote(server.address + "nothing", 10, "00"), tmp_path / "p")
    assert len(server.asked) == 1
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        with pytest.raises(UnreachableError, match="refused"):
            got(Remote(f"http://127.0.0.1:{unused.getsockname()[1]}/a", 10, "00"), tmp_path / "p")


def test_a_silent_server_can_be_left_at_once(server: Server, tmp_path: Path) -> None:
    remote, part = server.remote("a.zip", CONTENT), tmp_path / "p"
    server.stands = threading.Event()
    task = Task()

    def stop(done: int) -> None:
        if done == len(CONTENT) // 2:
            task.cancel()

    with pytest.raises(Cancelled):
        fetch(remote, part, task, stop)
    # The server may say so a moment after its last byte was read.
    assert server.silent.wait(60) and not server.stands.is_set()
    assert part.read_bytes() == CONTENT[: len(CONTENT) // 2]
    server.stands = None
    got(remote, part)
    assert hashlib.sha256(part.read_bytes()).hexdigest() == remote.sha256


def test_no_link_is_followed(server: Server, tmp_path: Path) -> None:
    remote, part, precious = server.remote("a.zip", CONTENT), tmp_path / "p", tmp_path / "precious"
    precious.write_bytes(CONTENT[:5])
    part.symlink_to(precious)
    with pytest.raises(OSError):
        got(remote, part)
    assert precious.read_bytes() == CONTENT[:5]
