"""Why convolve: the same 256 features by dense units and by filters."""

from __future__ import annotations

from convscope.engine.models.builder.architecture import Architecture
from convscope.engine.models.builder.templates.draft import Draft, Template


def _dense() -> Architecture:
    draft = Draft("mlp", (32, 32, 1))
    draft.add("Flatten")
    draft.add("Dense", units=256, activation="relu")
    draft.add("Dense", units=10, activation="softmax")
    return draft.done


def _filters() -> Architecture:
    draft = Draft("mlp-as-convnet", (32, 32, 1))
    draft.conv(256, activation="relu")
    draft.add("GlobalAveragePooling2D")
    draft.add("Dense", units=10, activation="softmax")
    return draft.done


TEMPLATES = (
    Template(
        "mlp",
        "Multilayer perceptron",
        "No convolution: from 32×32 pixels to 256 units takes (1024 + 1)·256 = 262,400 parameters.",
        _dense,
        year=1986,
        paper="Rumelhart, Hinton, Williams: Learning representations by back-propagating errors",
    ),
    Template(
        "mlp-as-convnet",
        "256 filters instead of 256 units",
        "The perceptron's rival: 256 filters of 3×3 take (3·3·1 + 1)·256 = 2,560 parameters.",
        _filters,
    ),
)
