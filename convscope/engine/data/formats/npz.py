"""NumPy archives: `x` and `y`, or Keras's `x_train`, `y_train`, `x_test`, `y_test`."""

from __future__ import annotations

from pathlib import Path
from textwrap import shorten

import numpy as np
from numpy.typing import NDArray

from convscope.core.errors import UserError
from convscope.core.opening import is_folder
from convscope.engine.data.dataset import Dataset, make_dataset, one_class
from convscope.engine.data.formats.base import DatasetFormat
from convscope.engine.data.images import ArrayImages
from convscope.engine.data.split import Splits
from convscope.imaging.io.numpy_files import UNREADABLE, NoArrayError, PickledError, load_archive

_LARGEST = 2**31
# Of what a library says, letters.
_WHY = 120
_NAMES = ("x", "y", "x_train", "y_train", "x_test", "y_test")
_PICKLED = "it holds pickled Python objects, which could run code and are never loaded"
# Many times those of ImageNet-21k. A label is a count of classes, each of which would get a name.
_MOST_CLASSES = 2**18


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
        # What else is in it is nobody's business.
        arrays, held = load_archive(path, _LARGEST, _NAMES, "a NumPy archive of images and labels")
    except UserError:
        raise
    except NoArrayError as error:
        raise UserError(f"{path}: {error} is no array of images or labels.") from error
    except UNREADABLE as error:
        why = _PICKLED if isinstance(error, PickledError) else shorten(str(error), _WHY, placeholder="…")
        raise UserError(
            f"{path} cannot be read as a NumPy archive of images and labels: {why}.", detail=str(error)
        ) from error
    if wrong := [name for name, array in arrays.items() if not array.ndim]:
        raise UserError(f"{path}: {wrong[0]} is no array of images or labels.")
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
        found = ", ".join(held) or "nothing"
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
    shape = " × ".join(map(str, x.shape))
    if not (x.ndim == 3 or (x.ndim == 4 and x.shape[3] in (1, 3))) or (len(x) and not x.size):
        raise UserError(f"{title}: images are number × height × width, or × 3 for colours, not {shape}.")
    if y.ndim > 1 and y[0:1].size > 1:
        table = " × ".join(map(str, y.shape))
        raise UserError(
            f"{title}: a label is the number of a class, one for each image; these are {table} numbers "
            "(one-hot labels become numbers by argmax)."
        )
    if x.ndim == 4 and x.shape[3] == 1:
        x = x[..., 0]
    if x.dtype != np.uint8:
        raise UserError(f"{title}: images must be bytes from 0 to 255 (uint8), not {x.dtype}.")
    if not np.issubdtype(y.dtype, np.integer):
        raise UserError(f"{title}: labels must be whole numbers, not {y.dtype}.")
    if y.size and not 0 <= int(y.min()) <= int(y.max()) < _MOST_CLASSES:
        raise UserError(
            f"{title}: labels go from {int(y.min()):,} to {int(y.max()):,}; "
            f"classes are numbered from 0, and {_MOST_CLASSES:,} are the most."
        )
    labels = y.reshape(-1).astype(np.int32)
    names = classes or tuple(str(number) for number in range(int(labels.max(initial=0)) + 1))
    images = ArrayImages(x.view(np.uint8))
    notes = one_class(names) if len(labels) else ()
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
        notes=notes,
        credit=credit,
    )


def _knows(path: Path) -> bool:
    return path.suffix.lower() == ".npz" and not is_folder(path)


NPZ = DatasetFormat("an .npz file", _knows, lambda path, _task: open_npz(path), ("*.npz",))
