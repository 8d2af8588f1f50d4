"""LeNet-5, the first convnet in daily use."""

from __future__ import annotations

from convscope.engine.models.builder.architecture import Architecture
from convscope.engine.models.builder.templates.draft import Draft, Template


def _lenet() -> Architecture:
    draft = Draft("lenet-5", (28, 28, 1))
    draft.conv(6, 5, padding="same", activation="tanh", name="c1")
    draft.add("AveragePooling2D", name="s2")
    draft.conv(16, 5, activation="tanh", name="c3")
    draft.add("AveragePooling2D", name="s4")
    draft.add("Flatten")
    draft.add("Dense", units=120, activation="tanh", name="c5")
    draft.add("Dense", units=84, activation="tanh", name="f6")
    draft.add("Dense", units=10, activation="softmax", name="output")
    return draft.done


TEMPLATES = (
    Template(
        "lenet-5",
        "LeNet-5",
        "Read the digits on cheques: convolution and averaging in turns, tanh throughout.",
        _lenet,
        year=1998,
        paper="LeCun, Bottou, Bengio, Haffner: Gradient-based learning applied to document recognition",
        recipe="SGD.",
        classes=tuple("0123456789"),
    ),
)
