"""What tells pictures apart at a glance: 32×32 gray values, 16 patches of colour, a perceptual hash.

A kilobyte an image, kept on disk for the files of a folder, so that they are decoded once.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from convscope.core.files import replacing
from convscope.core.opening import GB
from convscope.core.paths import cache_dir
from convscope.core.task import Task
from convscope.engine.data.images import Images
from convscope.engine.data.resize import Target
from convscope.imaging.io.numpy_files import UNREADABLE, load_archive

SIDE, PATCHES, BITS = 32, 4, 64
_CHUNK = 256
# Of the newest folders: a kilobyte for each image of 20,000 are 22 MB.
_KEPT = 8
_FORMAT = 1
_LARGEST = 2 * GB


class ComparedSet(Protocol):
    """What is looked at of a data set: its images, wherever they come from, and nothing else."""

    @property
    def reference(self) -> str: ...

    @property
    def images(self) -> Images: ...

    @property
    def kind(self) -> Literal["arrays", "files"]: ...

    def __len__(self) -> int: ...


@dataclass(frozen=True, eq=False)
class Signatures:
    """Of all images of a data set, by index.

    Attributes:
        gray: uint8 (N, 32, 32), each image stretched to that.
        colour: int8 (N, 4, 4, 2), how far red and blue lie above the gray value, by patches, halved.
        good: bool (N,), False where an image cannot be read.
        digests: uint8 (N, 16), of the pixels; zero where they were not asked for yet.
    """

    gray: NDArray[np.uint8]
    colour: NDArray[np.int8]
    good: NDArray[np.bool_]
    digests: NDArray[np.uint8]

    def hashes(self) -> NDArray[np.float32]:
        """The 64 bits of each as −1 and 1, float32 (N, 64).

        They say which of the 8×8 lowest frequencies (DCT) lie above their median; the mean counts not.
        The product of two rows is 64 − 2 · (how many bits differ).
        """
        waves = np.cos(np.pi * (2 * np.arange(SIDE) + 1) * np.arange(8)[:, None] / (2 * SIDE))
        bits = np.empty((len(self.gray), BITS), np.float32)
        for start in range(0, len(bits), _CHUNK):
            values = self.gray[start : start + _CHUNK].astype(np.float32)
            low = (waves.astype(np.float32) @ values @ waves.T.astype(np.float32)).reshape(-1, BITS)
            middle = np.median(low[:, 1:], axis=1, keepdims=True)
            bits[start : start + _CHUNK] = np.where(low > middle, 1, -1)
        return bits


def signatures_of(dataset: ComparedSet, task: Task) -> Signatures:
    """Look at every image once; those of files that were looked at before are read from disk.

    Memory: 1.1 kB an image. Tells the task how far it is, from 0 to 1.
    """
    count = len(dataset)
    made = Signatures(
        np.zeros((count, SIDE, SIDE), np.uint8),
        np.zeros((count, PATCHES, PATCHES, 2), np.int8),
        np.zeros(count, bool),
        np.zeros((count, 16), np.uint8),
    )
    known = _recall(dataset, made, task)
    missing = np.flatnonzero(~known)
    # A JPEG that is shrunk while it is decoded must come out as its copy in another format does.
    side = 4 * SIDE if dataset.kind == "files" else SIDE
    target = Target(side, side, 3)
    for start in range(0, len(missing), _CHUNK):
        task.progress(start / len(missing), f"Looking at {start:,} of {len(missing):,} images")
        chosen = missing[start : start + _CHUNK]
        pixels, good = dataset.images.load(chosen, target)
        made.gray[chosen], made.colour[chosen] = _parts(pixels)
        made.good[chosen] = good
    return made


def _parts(pixels: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], NDArray[np.int8]]:
    """Gray values and patches of colour of RGB images, uint8 (n, 32, 32, 3) or a multiple of that."""
    more = pixels.shape[1] // SIDE
    values = pixels.reshape(-1, SIDE, more, SIDE, more, 3).mean((2, 4), dtype=np.float32)
    gray = values @ np.array([0.299, 0.587, 0.114], np.float32)
    step = SIDE // PATCHES
    above = values[..., [0, 2]] - gray[..., None]
    patches = above.reshape(-1, PATCHES, step, PATCHES, step, 2).mean((2, 4))
    return np.rint(gray).astype(np.uint8), np.clip(np.rint(patches / 2), -127, 127).astype(np.int8)


def digest(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """16 bytes that are equal for equal pixels, uint8: gray is the same as three equal channels."""
    if pixels.ndim == 3 and not np.ptp(pixels, axis=2).any():
        pixels = pixels[..., 0]
    text = hashlib.blake2b(str(pixels.shape).encode(), digest_size=16)
    text.update(np.ascontiguousarray(pixels).tobytes())
    return np.frombuffer(text.digest(), np.uint8)


# -- on disk -------------------------------------------------------------------------------------------------


def remember(dataset: ComparedSet, made: Signatures) -> None:
    """Keep them on disk, if the images are files; where the disk refuses, they are made again next time."""
    if dataset.kind != "files":
        return
    stamps = _stamps(dataset)
    names = "\0".join(dataset.images.name(index) for index in range(len(dataset)))
    with contextlib.suppress(OSError):
        path = _path(dataset)
        path.parent.mkdir(exist_ok=True)
        with replacing(path) as part, part.open("wb") as file:
            np.savez(
                file,
                names=np.frombuffer(names.encode(), np.uint8),
                stamps=stamps,
                gray=made.gray,
                colour=made.colour,
                good=made.good,
                digests=made.digests,
            )
        kept = sorted(path.parent.glob("*.npz"), key=lambda one: one.stat().st_mtime)
        for old in kept[:-_KEPT]:
            old.unlink(missing_ok=True)


def _recall(dataset: ComparedSet, made: Signatures, task: Task) -> NDArray[np.bool_]:
    """Fill in what is on disk and still true; which ones those are, bool (N,)."""
    known = np.zeros(len(dataset), bool)
    if dataset.kind != "files":
        return known
    task.progress(None, "Looking for what is known of these images")
    try:
        kept, _ = load_archive(_path(dataset), _LARGEST)
        names = kept["names"].tobytes().decode().split("\0")
        rows = {name: row for row, name in enumerate(names)}
        stamps, gray, colour = kept["stamps"], kept["gray"], kept["colour"]
        good, digests = kept["good"], kept["digests"]
    except UNREADABLE:
        return known
    shapes = [(len(rows), 2), *((len(rows), *part.shape[1:]) for part in (made.gray, made.colour))]
    if [part.shape for part in (stamps, gray, colour)] != shapes:
        return known
    now = _stamps(dataset)
    pairs = [
        (index, rows[name])
        for index, name in enumerate(dataset.images.name(index) for index in range(len(dataset)))
        if name in rows
    ]
    if pairs:
        here, there = np.array(pairs).T
        same = (now[here] == stamps[there]).all(axis=1) & (now[here, 0] >= 0)
        here, there = here[same], there[same]
        made.gray[here], made.colour[here] = gray[there], colour[there]
        made.good[here], made.digests[here] = good[there], digests[there]
        known[here] = True
    return known


def _stamps(dataset: ComparedSet) -> NDArray[np.int64]:
    """Size and time of change of every file, int64 (N, 2); −1 where there is none."""
    stamps = np.full((len(dataset), 2), -1, np.int64)
    for index in range(len(dataset)):
        path = dataset.images.path(index)
        if path is not None:
            with contextlib.suppress(OSError):
                told = path.stat()
                stamps[index] = told.st_size, told.st_mtime_ns
    return stamps


def _path(dataset: ComparedSet) -> Path:
    name = hashlib.blake2b(os.fsencode(dataset.reference), digest_size=12).hexdigest()
    return cache_dir() / "alike" / f"{name}-{_FORMAT}.npz"
