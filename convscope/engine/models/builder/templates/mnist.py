"""The lectures' networks for MNIST digits (28×28, gray, pixels 0–1)."""

from __future__ import annotations

from convscope.engine.models.builder.architecture import Architecture
from convscope.engine.models.builder.templates.draft import Draft, Template

DIGITS = tuple("0123456789")


def _convnet(name: str, pooling: bool) -> Architecture:
    draft = Draft(name, (28, 28, 1))
    draft.conv(32, activation="relu")
    if pooling:
        draft.add("MaxPooling2D")
    draft.conv(64, activation="relu")
    if pooling:
        draft.add("MaxPooling2D")
    draft.conv(64, activation="relu")
    draft.add("Flatten")
    draft.add("Dense", units=64, activation="relu")
    draft.add("Dense", units=10, activation="softmax")
    return draft.done


def _small() -> Architecture:
    draft = Draft("mnist-small", (28, 28, 1))
    draft.conv(16, activation="relu")
    draft.add("MaxPooling2D")
    draft.conv(32, activation="relu")
    draft.add("MaxPooling2D")
    draft.add("Flatten")
    draft.add("Dense", units=32, activation="relu")
    draft.add("Dense", units=10, activation="softmax")
    return draft.done


TEMPLATES = (
    Template(
        "mnist-convnet",
        "MNIST convnet 32-64-64",
        "Three convolutions, two poolings, a classifier of 64 and 10 units; its base has 55,744 parameters.",
        lambda: _convnet("mnist-convnet", pooling=True),
        recipe="RMSprop, batch 64, 5 epochs: 0.9899 on the test digits.",
        classes=DIGITS,
    ),
    Template(
        "mnist-convnet-no-pooling",
        "MNIST convnet without pooling",
        "The maps stay 22×22×64, so nearly all parameters sit in the first dense layer.",
        lambda: _convnet("mnist-convnet-no-pooling", pooling=False),
        recipe="RMSprop, batch 64, 5 epochs; to compare with pooling.",
        classes=DIGITS,
    ),
    Template(
        "mnist-small",
        "MNIST convnet 16-32",
        "Two convolutions with pooling and a dense layer of 32: a third of the parameters of 32-64-64.",
        _small,
        recipe="Adam, batch 128, 10 epochs: 0.9892 on the test digits.",
        classes=DIGITS,
    ),
)
