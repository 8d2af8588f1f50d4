"""A small VGG: nothing but 3×3 convolutions in blocks, each followed by pooling."""

from __future__ import annotations

from convscope.engine.models.builder.architecture import Architecture
from convscope.engine.models.builder.templates.draft import Draft, Template


def _vgg() -> Architecture:
    draft = Draft("vgg-small", (32, 32, 3))
    for block, filters in enumerate((32, 64, 128), start=1):
        for number in (1, 2):
            draft.conv(filters, padding="same", activation="relu", name=f"block{block}_conv{number}")
        draft.add("MaxPooling2D", name=f"block{block}_pool")
    draft.add("Flatten")
    draft.add("Dense", units=128, activation="relu", name="fc1")
    draft.add("Dropout", rate=0.5)
    draft.add("Dense", units=10, activation="softmax", name="predictions")
    return draft.done


TEMPLATES = (
    Template(
        "vgg-small",
        "Small VGG",
        "Two 3×3 convolutions see as far as one of 5×5, with fewer weights and one more non-linearity.",
        _vgg,
        year=2014,
        paper="Simonyan, Zisserman: Very deep convolutional networks for large-scale image recognition",
        family="VGG16 (D)",
    ),
)
