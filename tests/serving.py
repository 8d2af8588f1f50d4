"""A server on this machine with a few small files, as bad as servers can be; and stand-ins for data sets."""

from __future__ import annotations

import hashlib
import http.server
import io
import re
import tarfile
import threading
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pytest
from PIL import Image

from convscope.engine.data.sets.downloads import Archive, DownloadedSet
from convscope.engine.fetch import Remote


@dataclass
class Server:
    """Serves `files` by their names.

    Attributes:
        address: "http://127.0.0.1:…/".
        ranges: whether it can send a part of a file.
        cuts: after how many bytes each of the next answers breaks off.
        stands: it falls silent after half of a file, until this is set; None: it does not.
        asked: (name, first byte) of each request.
    """

    address: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    ranges: bool = True
    cuts: list[int] = field(default_factory=list)
    stands: threading.Event | None = None
    silent: threading.Event = field(default_factory=threading.Event)
    asked: list[tuple[str, int]] = field(default_factory=list)

    def remote(self, name: str, content: bytes) -> Remote:
        """Serve this; what was published is just that."""
        self.files[name] = content
        return Remote(self.address + name, len(content), hashlib.sha256(content).hexdigest())


@contextmanager
def serving() -> Iterator[Server]:
    """A server, as long as it is wanted."""
    server = Server()

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            name = self.path.lstrip("/")
            wanted = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
            server.asked.append((name, int(wanted[1]) if wanted else 0))
            content = server.files.get(name)
            if content is None:
                self.send_error(404)
                return
            start = int(wanted[1]) if wanted and server.ranges else 0
            self.send_response(206 if wanted and server.ranges else 200)
            if wanted and server.ranges:
                self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
            self.send_header("Content-Length", str(len(content) - start))
            self.end_headers()
            self.close_connection = True
            end = start + server.cuts.pop(0) if server.cuts else len(content)
            if server.stands is not None:
                self.wfile.write(content[start : len(content) // 2])
                server.silent.set()
                server.stands.wait(60)
                return
            self.wfile.write(content[start:end])

        def log_message(self, *_: Any) -> None:
            return

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.01,))
        thread.start()
        server.address = f"http://127.0.0.1:{running.server_port}/"
        try:
            yield server
        finally:
            if server.stands is not None:
                server.stands.set()
            running.shutdown()
            thread.join()


def picture(seed: int, side: int = 12, kind: str = "JPEG") -> bytes:
    """A small image file of noise."""
    pixels = np.random.default_rng(seed).integers(0, 256, (side, side, 3), np.uint8)
    packed = io.BytesIO()
    Image.fromarray(pixels).save(packed, kind)
    return packed.getvalue()


def zipped(members: Mapping[str, bytes]) -> bytes:
    """A zip archive."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return packed.getvalue()


def tarred(members: Mapping[str, bytes]) -> bytes:
    """A tar.gz archive."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for name, content in members.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return packed.getvalue()


def pets(each: int = 8) -> dict[str, bytes]:
    """What the archive of cats and dogs holds, in small: two of its JPEGs are broken."""
    members = {
        "readme[1].txt": b"read me",
        "CDLA-Permissive-2.0.pdf": b"%PDF",
        "PetImages/Cat/Thumbs.db": b"d",
    }
    for number in range(each):
        members[f"PetImages/Cat/{number}.jpg"] = picture(number)
        members[f"PetImages/Dog/{number}.jpg"] = picture(100 + number)
    members["PetImages/Cat/666.jpg"] = b""
    members["PetImages/Dog/11702.jpg"] = picture(3)[:200]
    return members


def stand_in(
    server: Server, monkeypatch: pytest.MonkeyPatch, name: str = "cats_dogs", content: bytes | None = None
) -> DownloadedSet:
    """Let a set of the registry, of one archive, come from the server, and be something small."""
    import importlib

    module = importlib.import_module(f"convscope.engine.data.sets.{name}")
    whole: DownloadedSet = module.SET
    first = whole.archives[0]
    remote = server.remote(first.remote.name, zipped(pets()) if content is None else content)
    made = replace(whole, archives=(Archive(remote, first.wanted),))
    monkeypatch.setattr(module, "SET", made)
    return made
