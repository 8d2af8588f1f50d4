"""The whole of Fashion-MNIST, through `keras.datasets`."""

from __future__ import annotations

from convscope.core.task import Task
from convscope.engine.data.dataset import Dataset
from convscope.engine.data.sets.fashion import CLASSES
from convscope.engine.data.sets.keras_sets import KerasSet

TITLE = "Fashion-MNIST"
SUMMARY = "70,000 garments, 28 × 28 gray: 60,000 to train, 10,000 to test; 31 MB to download"

_FILES = tuple(
    f"datasets/fashion-mnist/{part}-{what}-ubyte.gz"
    for part in ("train", "t10k")
    for what in ("images-idx3", "labels-idx1")
)
_SOURCE = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/{}"
SET = KerasSet(
    "fashion_mnist", TITLE, CLASSES, "Zalando SE, MIT", _FILES, _SOURCE, 30_878_645, "MIT; Zalando SE"
)


def open(task: Task, *, fetch: bool = False) -> Dataset:
    """From Keras's cache, or downloaded into it where a person has asked for it."""
    return SET.open(task, fetch=fetch)
