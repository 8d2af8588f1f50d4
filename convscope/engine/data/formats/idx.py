"""IDX files, the format of MNIST: a magic number, the shape, then the bytes; plain or gzipped."""

from __future__ import annotations

import gzip
import math
import os
import zlib
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from convscope.core.errors import UserError
from convscope.core.opening import KB, is_folder, open_regular
from convscope.engine.data.dataset import Dataset, make_dataset
from convscope.engine.data.formats.base import DatasetFormat
from convscope.engine.data.images import ArrayImages
from convscope.engine.data.split import Splits

_UNSIGNED_BYTE = 8
# Four times CIFAR-100; more is a mistake or an attack (a gzip bomb).
_LARGEST = 2**30
_GZIP = 1100


def read_idx(path: Path) -> NDArray[np.uint8]:
    """The array in an IDX file of unsigned bytes (`.gz` or plain), uint8 with 1 to 4 dimensions.

    Raises:
        UserError: not an IDX file, of another type, cut off, or beyond 1 GiB.
    """
    try:
        with open_regular(path, "an IDX file", _LARGEST + KB) as raw, _unpacked(raw) as file:
            head = file.read(4)
            if len(head) < 4 or head[:2] != b"\0\0" or head[2] != _UNSIGNED_BYTE or not 1 <= head[3] <= 4:
                raise UserError(
                    f"{path} is not an IDX file of bytes (as MNIST's): its first bytes are wrong."
                )
            measures = file.read(4 * head[3])
            if len(measures) < 4 * head[3]:
                raise UserError(f"{path} is cut off: it ends before it says how large its images are.")
            sides = np.frombuffer(measures, ">u4").astype(int).tolist()
            size = math.prod(sides)
            if 0 in sides:
                raise UserError(
                    f"{path} is empty: it holds {' × '.join(f'{side:,}' for side in sides)} values."
                )
            if size > _LARGEST:
                raise UserError(
                    f"{path}: an IDX file of {size:,} bytes is more than the 1 GiB that fit here."
                )
            # No more is asked for than can be there: gzip packs a thousand bytes into one at most.
            there = os.fstat(raw.fileno()).st_size * (_GZIP if file is not raw else 1)
            data = file.read(min(size, there))
    except UserError:
        raise
    except (OSError, EOFError, zlib.error) as error:
        raise UserError(f"{path} cannot be read: {error}.") from error
    if len(data) < size:
        raise UserError(f"{path} is cut off: it holds {len(data):,} of {size:,} bytes.")
    return np.frombuffer(data, np.uint8).reshape(sides)


def _unpacked(raw: BinaryIO) -> BinaryIO:
    zipped = raw.read(2) == b"\x1f\x8b"
    raw.seek(0)
    return gzip.GzipFile(fileobj=raw) if zipped else raw  # type: ignore[return-value]


def open_idx(path: Path) -> Dataset:
    """The data set of an IDX images file and the labels file beside it, with the test pair if that is there.

    Args:
        path: one of the files, named as MNIST and Fashion-MNIST name them
            (`train-images-idx3-ubyte.gz`, `t10k-labels-idx1-ubyte`, …), or a folder that holds them.

    Raises:
        UserError: files are missing, broken, or do not belong together.
    """
    folder = path if is_folder(path) else path.parent
    train, test = _pair(folder, "train"), _pair(folder, "t10k")
    if train is None:
        train, test = test, None
    if train is None:
        raise UserError(
            f"{folder} lacks a pair of IDX files such as train-images-idx3-ubyte.gz "
            "and train-labels-idx1-ubyte.gz."
        )
    pixels, labels = train
    fixed = np.empty(0, np.int64)
    if test is not None:
        fixed = np.arange(len(pixels), len(pixels) + len(test[0]), dtype=np.int64)
        if test[0].shape[1:] != pixels.shape[1:]:
            raise UserError(
                f"{folder}: training images are {pixels.shape[1:]}, test images {test[0].shape[1:]}."
            )
        pixels, labels = np.concatenate([pixels, test[0]]), np.concatenate([labels, test[1]])
    classes = tuple(str(number) for number in range(int(labels.max(initial=0)) + 1))
    free = np.arange(len(pixels) - len(fixed), dtype=np.int64)
    return make_dataset(
        str(path),
        folder.name,
        classes,
        ArrayImages(pixels),
        labels.astype(np.int32),
        image_size=(pixels.shape[1], pixels.shape[2]),
        channels=1,
        given=Splits(free, np.empty(0, np.int64), fixed),
        credit="your own files",
    )


def holds_idx(folder: Path) -> bool:
    """Whether a folder holds IDX images and labels under MNIST's names."""
    return any(_find(folder, part, "images") and _find(folder, part, "labels") for part in ("train", "t10k"))


def _find(folder: Path, part: str, what: str) -> Path | None:
    return next((found for found in sorted(folder.glob(f"{part}-{what}*")) if "idx" in found.name), None)


def _pair(folder: Path, part: str) -> tuple[NDArray[np.uint8], NDArray[np.uint8]] | None:
    images, labels = _find(folder, part, "images"), _find(folder, part, "labels")
    if images is None or labels is None:
        return None
    pixels, numbers = read_idx(images), read_idx(labels)
    if pixels.ndim != 3 or numbers.ndim != 1:
        raise UserError(
            f"{images.name} has {pixels.ndim} dimensions and {labels.name} {numbers.ndim}: not 3 and 1."
        )
    if len(pixels) != len(numbers):
        raise UserError(
            f"{images.name} has {len(pixels):,} images, but {labels.name} has {len(numbers):,} labels."
        )
    return pixels, numbers


def _knows(path: Path) -> bool:
    return holds_idx(path) if is_folder(path) else "idx" in path.name


IDX = DatasetFormat("MNIST's IDX files", _knows, lambda path, _task: open_idx(path), ("*-ubyte*",))
