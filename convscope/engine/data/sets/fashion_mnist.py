"""The whole of Fashion-MNIST, through `keras.datasets`."""

from __future__ import annotations

from convscope.engine.data.dataset import Dataset
from convscope.engine.data.download import Download
from convscope.engine.data.keras_sets import open_keras_set
from convscope.engine.data.sets.fashion import CLASSES
from convscope.task import Task

TITLE = "Fashion-MNIST"
SUMMARY = "70,000 garments, 28 × 28 gray: 60,000 to train, 10,000 to test; 31 MB to download"

_PLACE = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"
DOWNLOADS = tuple(
    Download(_PLACE + name, f"datasets/fashion-mnist/{name}")
    for name in (
        "train-labels-idx1-ubyte.gz",
        "train-images-idx3-ubyte.gz",
        "t10k-labels-idx1-ubyte.gz",
        "t10k-images-idx3-ubyte.gz",
    )
)


def open(task: Task) -> Dataset:
    """From Keras's cache, or downloaded into it."""
    return open_keras_set("fashion_mnist", TITLE, DOWNLOADS, CLASSES, "Zalando SE, MIT", task)
