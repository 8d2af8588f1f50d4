"""CIFAR-10: 60,000 colour pictures of 32×32, through `keras.datasets`."""

from __future__ import annotations

from convscope.core.task import Task
from convscope.engine.data.dataset import Dataset
from convscope.engine.data.sets.keras_sets import KerasSet

TITLE = "CIFAR-10"
SUMMARY = "60,000 photographs of ten things, 32 × 32 RGB: 50,000 to train, 10,000 to test; 170 MB to download"

CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
_FILES = ("datasets/cifar-10-batches-py-target_archive",)
_SOURCE = "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz"
_CREDIT = "Alex Krizhevsky, 2009"
SET = KerasSet("cifar10", TITLE, CLASSES, _CREDIT, _FILES, _SOURCE, 170_498_071, f"none told; {_CREDIT}")


def open(task: Task, *, fetch: bool = False) -> Dataset:
    """From Keras's cache, or downloaded into it where a person has asked for it."""
    return SET.open(task, fetch=fetch)
