"""Where pixels come from, by index: an array in memory, or files on disk."""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from convscope.core.errors import UserError
from convscope.core.opening import is_folder, open_regular
from convscope.core.printable import printable
from convscope.engine.data.decode import UnreadableError, read_image, read_thumbnail
from convscope.engine.data.resize import Target, to_target, within

Indices = NDArray[np.int64]


class Images(Protocol):
    """N images, read by index from any thread."""

    @property
    def kind(self) -> Literal["arrays", "files"]:
        """In memory, or read from disk as needed."""

    def __len__(self) -> int: ...

    def read(self, index: int) -> NDArray[np.uint8]:
        """One image as it is: uint8, H×W or H×W×3.

        Raises:
            UserError: the file cannot be read.
        """

    def load(self, indices: Indices, target: Target) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
        """Several images, brought to one shape.

        Returns:
            uint8 (n, height, width, channels), and bool (n,): False where an image could not be read (its
            pixels are zero then).
        """

    def thumbnails(self, indices: Sequence[int], side: int) -> list[NDArray[np.uint8] | None]:
        """Several images, each whole, uint8 H×W×3, its longer side at most `side`; None: unreadable."""

    def name(self, index: int) -> str:
        """What to call an image: its file's path within the folder, or its number."""

    def path(self, index: int) -> Path | None:
        """The file, if there is one."""

    def digest(self, index: int) -> bytes:
        """A hash of the content: equal for exact duplicates only."""


@cache
def decoding_pool() -> ThreadPoolExecutor:
    """The threads that decode images: one a core; OpenCV and Pillow release the GIL while they work."""
    return ThreadPoolExecutor(max_workers=os.cpu_count() or 1, thread_name_prefix="decode")


class ArrayImages:
    """Images in memory.

    Args:
        pixels: uint8, N×H×W or N×H×W×3. Not copied; nobody may change it afterwards.
    """

    kind: Literal["arrays"] = "arrays"

    def __init__(self, pixels: NDArray[np.uint8]) -> None:
        if (
            pixels.dtype != np.uint8
            or pixels.ndim not in (3, 4)
            or (pixels.ndim == 4 and pixels.shape[3] != 3)
        ):
            raise UserError(
                f"Images are bytes, number × height × width (× 3), not {pixels.dtype} {pixels.shape}."
            )
        self.pixels = pixels

    def __len__(self) -> int:
        return len(self.pixels)

    def read(self, index: int) -> NDArray[np.uint8]:
        image: NDArray[np.uint8] = self.pixels[index]
        return image

    def load(self, indices: Indices, target: Target) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
        everything_is_well = np.ones(len(indices), bool)
        own_channels = 1 if self.pixels.ndim == 3 else 3
        if (*self.pixels.shape[1:3], own_channels) == target.shape:
            return self.pixels[indices].reshape(len(indices), *target.shape), everything_is_well
        batch = np.empty((len(indices), *target.shape), np.uint8)
        for row, index in enumerate(indices):
            batch[row] = to_target(self.pixels[index], target)
        return batch, everything_is_well

    def thumbnails(self, indices: Sequence[int], side: int) -> list[NDArray[np.uint8] | None]:
        return [within(self.pixels[index], side) for index in indices]

    def name(self, index: int) -> str:
        return f"image {index}"

    def path(self, index: int) -> Path | None:
        return None

    def digest(self, index: int) -> bytes:
        return hashlib.blake2b(self.pixels[index].tobytes(), digest_size=16).digest()


class FileImages:
    """Images in files below one folder, decoded when they are asked for.

    Args:
        root: the folder.
        names: the files' paths within it.

    Attributes:
        unreadable: the files that turned out to be broken when they were decoded, by `name`, with the reason.
        gone: whether the folder was not there any more when a file was asked for last.
    """

    kind: Literal["files"] = "files"

    def __init__(self, root: Path, names: Sequence[str]) -> None:
        self.root = root
        self.names = names
        self.unreadable: dict[str, str] = {}
        self.gone = False

    def __len__(self) -> int:
        return len(self.names)

    def read(self, index: int) -> NDArray[np.uint8]:
        try:
            return read_image(self.root / self.names[index])
        except UnreadableError as error:
            raise UserError(f"{self.root / self.names[index]} cannot be read: {error}.") from error

    def load(self, indices: Indices, target: Target) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
        batch = np.zeros((len(indices), *target.shape), np.uint8)
        good = np.zeros(len(indices), bool)

        def decode_row(row: int) -> None:
            pixels = self._tried(lambda path: read_image(path, target), int(indices[row]))
            if pixels is not None:
                batch[row], good[row] = pixels, True

        # list() waits for all, and raises what a thread raised.
        list(decoding_pool().map(decode_row, range(len(indices))))
        return batch, good

    def thumbnails(self, indices: Sequence[int], side: int) -> list[NDArray[np.uint8] | None]:
        def small(index: int) -> NDArray[np.uint8] | None:
            return self._tried(lambda path: read_thumbnail(path, side), index)

        return list(decoding_pool().map(small, indices))

    def _tried(self, read: Callable[[Path], NDArray[np.uint8]], index: int) -> NDArray[np.uint8] | None:
        """What is read from a file; None, and a note of it, where that cannot be done."""
        name = self.names[index]
        try:
            pixels = read(self.root / name)
        except UnreadableError as error:
            self.unreadable[printable(name)] = str(error)
            self.gone = not is_folder(self.root)
            return None
        self.gone = False
        # A file may be mended, or be back with its drive.
        self.unreadable.pop(printable(name), None)
        return pixels

    def name(self, index: int) -> str:
        return printable(self.names[index])

    def path(self, index: int) -> Path | None:
        return self.root / self.names[index]

    def digest(self, index: int) -> bytes:
        try:
            with open_regular(self.root / self.names[index]) as file:
                return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=16)).digest()
        except (OSError, UserError):
            return f"unreadable {index}".encode()


def load_one(images: Images, index: int, target: Target) -> NDArray[np.uint8]:
    """One image as a network gets it: uint8, H×W for one channel, else H×W×3.

    Raises:
        UserError: it cannot be read.
    """
    pixels, good = images.load(np.array([index]), target)
    if not good[0]:
        name = images.name(index)
        why = getattr(images, "unreadable", {}).get(name, "")
        what = why if why.startswith("a kind of") else "damaged or gone"
        raise UserError(f"{name} is {what}: training leaves it out.")
    return pixels[0, ..., 0] if target.channels == 1 else pixels[0]


class KeptImages:
    """Images that are decoded once and then kept in memory, as bytes at the target's size.

    Args:
        images: where they come from.
        target: the shape that they are kept in.
        chosen: the only indices that will be asked for.
    """

    def __init__(self, images: Images, target: Target, chosen: Indices) -> None:
        self.images, self.target = images, target
        self._row = {int(index): row for row, index in enumerate(chosen)}
        # The system hands out these pages only when they are written.
        self._pixels = np.empty((len(chosen), *target.shape), np.uint8)
        self._state = np.zeros(len(chosen), np.uint8)
        self._lock = threading.Lock()

    def load(self, indices: Indices) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
        """As `Images.load`, decoding only what was not asked for before."""
        rows = np.fromiter((self._row[int(index)] for index in indices), np.int64, len(indices))
        missing = np.flatnonzero(self._state[rows] == 0)
        if len(missing):
            pixels, good = self.images.load(indices[missing], self.target)
            with self._lock:
                self._pixels[rows[missing]] = pixels
                self._state[rows[missing]] = np.where(good, 1, 2)
        return self._pixels[rows], self._state[rows] == 1
