"""What the four sets from `keras.datasets` share: download with progress, then let Keras read its own files."""

from __future__ import annotations

import importlib
from collections.abc import Sequence

import numpy as np

from convscope.engine.data.dataset import Dataset
from convscope.engine.data.download import Download, fetch
from convscope.engine.data.npz import array_dataset
from convscope.errors import UserError
from convscope.task import Task


def open_keras_set(
    name: str,
    title: str,
    downloads: Sequence[Download],
    classes: tuple[str, ...],
    credit: str,
    task: Task,
) -> Dataset:
    """`keras.datasets.<name>`, from Keras's cache or downloaded into it.

    Raises:
        UserError: offline and not in the cache, or the cached files are broken.
    """
    for download in downloads:
        fetch(download, title, task)
    task.progress(None, f"Reading {title}")
    module = importlib.import_module(f"keras.datasets.{name}")
    try:
        (x_train, y_train), (x_test, y_test) = module.load_data()
    except UserError:
        raise
    # Keras lets through whatever a broken archive makes zlib, tarfile, pickle or NumPy raise.
    except Exception as error:
        raise UserError(
            f"The copy of {title} in Keras's cache cannot be read: delete it there and open the set again.",
            detail=f"{type(error).__name__}: {error}",
        ) from error
    return array_dataset(
        np.concatenate([x_train, x_test]),
        np.concatenate([y_train.reshape(-1), y_test.reshape(-1)]),
        reference=name,
        title=title,
        classes=classes,
        tested=len(x_test),
        credit=credit,
    )
