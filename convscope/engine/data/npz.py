"""NumPy archives: `x` and `y`, or Keras's `x_train`, `y_train`, `x_test`, `y_test`."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from convscope.engine.data.dataset import Dataset, make_dataset
from convscope.engine.data.images import ArrayImages
from convscope.engine.data.split import Splits
from convscope.errors import UserError
from convscope.imaging.numpy_damage import UNREADABLE

_LARGEST = 2**31


def open_npz(
    path: Path,
    *,
    reference: str | None = None,
    title: str | None = None,
    classes: tuple[str, ...] | None = None,
    tested: int = 0,
    credit: str = "your own file",
) -> Dataset:
    """The data set in an `.npz` file.

    Args:
        path: the file. Images uint8, N×H×W, N×H×W×1 or N×H×W×3; labels whole numbers (N,) or (N, 1).
        classes: their names; numbers if not told.
        tested: with plain `x` and `y`: how many at the end are the test set.

    Raises:
        UserError: not such a file, or what is in it does not fit together. Nothing pickled is ever loaded.
    """
    try:
        if sum(part.file_size for part in zipfile.ZipFile(path).infolist()) > _LARGEST:
            raise UserError(f"{path} unpacks to more than 2 GiB, which is too much to hold in memory.")
        with np.load(path, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
    except UNREADABLE as error:
        raise UserError(f"{path} cannot be read as a NumPy archive of images and labels: {error}.") from error
    if {"x_train", "y_train"} <= arrays.keys():
        x, y = arrays["x_train"], arrays["y_train"]
        if {"x_test", "y_test"} <= arrays.keys():
            tested = len(arrays["x_test"])
            if arrays["x_test"].shape[1:] != x.shape[1:]:
                raise UserError(f"{path}: x_train and x_test hold images of different shapes.")
            x = np.concatenate([x, arrays["x_test"]])
            y = np.concatenate([y.reshape(-1), arrays["y_test"].reshape(-1)])
    elif {"x", "y"} <= arrays.keys():
        x, y = arrays["x"], arrays["y"]
    else:
        found = ", ".join(sorted(arrays)) or "nothing"
        raise UserError(f"{path} holds {found}, not x and y or x_train, y_train, x_test and y_test.")
    return array_dataset(
        x,
        y,
        reference=reference or str(path),
        title=title or path.stem,
        classes=classes,
        tested=tested,
        credit=credit,
    )


def array_dataset(
    x: NDArray[np.generic],
    y: NDArray[np.generic],
    *,
    reference: str,
    title: str,
    classes: tuple[str, ...] | None = None,
    tested: int = 0,
    credit: str = "",
) -> Dataset:
    """A data set from arrays in memory, of which the last `tested` are the test set.

    Raises:
        UserError: shapes or types that are no images with labels.
    """
    if x.ndim == 4 and x.shape[3] == 1:
        x = x[..., 0]
    if x.dtype != np.uint8:
        raise UserError(f"{title}: images must be bytes from 0 to 255 (uint8), not {x.dtype}.")
    if not np.issubdtype(y.dtype, np.integer):
        raise UserError(f"{title}: labels must be whole numbers, not {y.dtype}.")
    labels = y.reshape(-1).astype(np.int32)
    names = classes or tuple(str(number) for number in range(int(labels.max(initial=0)) + 1))
    images = ArrayImages(x.view(np.uint8))
    free = np.arange(len(x) - tested, dtype=np.int64)
    fixed = np.arange(len(x) - tested, len(x), dtype=np.int64)
    return make_dataset(
        reference,
        title,
        names,
        images,
        labels,
        image_size=(x.shape[1], x.shape[2]),
        channels=1 if x.ndim == 3 else 3,
        given=Splits(free, np.empty(0, np.int64), fixed),
        credit=credit,
    )
