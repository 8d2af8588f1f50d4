"""The whole of MNIST, through `keras.datasets`."""

from __future__ import annotations

from convscope.core.task import Task
from convscope.engine.data.dataset import Dataset
from convscope.engine.data.sets.keras_sets import KerasSet

TITLE = "MNIST"
SUMMARY = "70,000 handwritten digits, 28 × 28 gray: 60,000 to train, 10,000 to test; 11 MB to download"

SET = KerasSet(
    "mnist",
    TITLE,
    tuple("0123456789"),
    "Yann LeCun and Corinna Cortes, CC BY-SA 3.0",
    ("datasets/mnist.npz",),
    "https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz",
    11_490_434,
    "CC BY-SA 3.0; Yann LeCun and Corinna Cortes",
)


def open(task: Task, *, fetch: bool = False) -> Dataset:
    """From Keras's cache, or downloaded into it where a person has asked for it."""
    return SET.open(task, fetch=fetch)
