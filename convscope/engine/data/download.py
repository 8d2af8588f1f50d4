"""Fetching a public file once, with progress and cancel, into Keras's own cache."""

from __future__ import annotations

import hashlib
import os
import tempfile
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from convscope.errors import UserError
from convscope.task import Task

_BLOCK = 1 << 18
_PATIENCE = 20.0


@dataclass(frozen=True)
class Download:
    """One file of a data set.

    Attributes:
        url: where it is published.
        path: where it goes, within Keras's cache folder.
        sha256: of the whole file, hexadecimal; empty where the publisher gives none.
    """

    url: str
    path: str
    sha256: str = ""


def keras_cache() -> Path:
    """The folder in which Keras keeps what it downloads: $KERAS_HOME or ~/.keras."""
    return Path(os.environ.get("KERAS_HOME") or "~/.keras").expanduser()


def fetch(download: Download, what: str, task: Task) -> Path:
    """The file from the cache, downloaded first if it is not there.

    A cancelled or failed download leaves nothing behind.

    Args:
        what: the name to use in sentences: "CIFAR-10".

    Raises:
        UserError: offline, refused by the server, the disk is full, or the content is not what it should be.
        Cancelled: the task was.
    """
    target = keras_cache() / download.path
    if target.exists():
        return target
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, part = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}-", suffix=".part")
    except OSError as error:
        raise UserError(f"{what} cannot be kept in {target.parent}: {error.strerror}.") from error
    try:
        with os.fdopen(handle, "wb") as file:
            digest = _copy(download.url, file, what, task)
        if download.sha256 and digest != download.sha256:
            raise UserError(
                f"What came for {what} is not the published file (its checksum differs): try again."
            )
        Path(part).replace(target)
    finally:
        Path(part).unlink(missing_ok=True)
    return target


def _copy(url: str, file: object, what: str, task: Task) -> str:
    digest = hashlib.sha256()
    task.progress(None, f"Asking for {what}")
    try:
        with urllib.request.urlopen(url, timeout=_PATIENCE) as answer:
            total = int(answer.headers.get("Content-Length") or 0)
            done = 0
            while block := answer.read(_BLOCK):
                digest.update(block)
                file.write(block)  # type: ignore[attr-defined]
                done += len(block)
                megabytes = f"{done / 1e6:.1f} of {total / 1e6:.1f} MB" if total else f"{done / 1e6:.1f} MB"
                task.progress(done / total if total else None, f"Downloading {what}: {megabytes}")
    except urllib.error.HTTPError as error:
        raise UserError(
            f"{what} cannot be downloaded: the server answers {error.code} ({error.reason})."
        ) from error
    except (urllib.error.URLError, TimeoutError, ConnectionError) as error:
        raise UserError(
            f"{what} is not on this computer and cannot be downloaded (offline?): "
            "the shipped sets digits, fashion and textures need no network.",
            detail=str(error),
        ) from error
    except OSError as error:
        raise UserError(f"{what} cannot be saved: {error.strerror or error}.") from error
    if total and done < total:
        raise UserError(
            f"The download of {what} broke off after {done / 1e6:.1f} of {total / 1e6:.1f} MB: try again."
        )
    return digest.hexdigest()
