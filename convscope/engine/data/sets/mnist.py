"""The whole of MNIST, through `keras.datasets`."""

from __future__ import annotations

from convscope.engine.data.dataset import Dataset
from convscope.engine.data.download import Download
from convscope.engine.data.keras_sets import open_keras_set
from convscope.task import Task

TITLE = "MNIST"
SUMMARY = "70,000 handwritten digits, 28 × 28 gray: 60,000 to train, 10,000 to test; 11 MB to download"

DOWNLOADS = (
    Download(
        "https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz",
        "datasets/mnist.npz",
        "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1",
    ),
)


def open(task: Task) -> Dataset:
    """From Keras's cache, or downloaded into it."""
    classes = tuple("0123456789")
    return open_keras_set(
        "mnist", TITLE, DOWNLOADS, classes, "Yann LeCun and Corinna Cortes, CC BY-SA 3.0", task
    )
