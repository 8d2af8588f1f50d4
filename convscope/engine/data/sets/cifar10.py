"""CIFAR-10, through `keras.datasets`."""

from __future__ import annotations

from convscope.engine.data.dataset import Dataset
from convscope.engine.data.download import Download
from convscope.engine.data.keras_sets import open_keras_set
from convscope.task import Task

TITLE = "CIFAR-10"
SUMMARY = "60,000 photographs of ten things, 32 × 32 RGB: 50,000 to train, 10,000 to test; 170 MB to download"

CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
DOWNLOADS = (
    Download(
        "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz",
        # The name that keras.datasets.cifar10 looks for before it unpacks.
        "datasets/cifar-10-batches-py-target_archive",
        "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce",
    ),
)


def open(task: Task) -> Dataset:
    """From Keras's cache, or downloaded into it."""
    return open_keras_set("cifar10", TITLE, DOWNLOADS, CLASSES, "Alex Krizhevsky, 2009", task)
