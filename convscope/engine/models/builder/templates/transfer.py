"""ResNet50's base with global pooling: the short way to a classifier of one's own."""

from __future__ import annotations

from convscope.engine.models.builder.architecture import Architecture
from convscope.engine.models.builder.templates.draft import Draft, Template


def _resnet50() -> Architecture:
    draft = Draft("resnet50-12", (224, 224, 3))
    draft.add("Base", name="resnet50", application="ResNet50", weights="imagenet", trainable=False)
    draft.add("GlobalAveragePooling2D")
    draft.add("Dense", units=12, activation="softmax")
    return draft.done


TEMPLATES = (
    Template(
        "resnet50-12",
        "ResNet50 base, 12 classes",
        "Pooling instead of flattening: the classifier has only (2048 + 1)·12 = 24,588 parameters.",
        _resnet50,
        year=2015,
        paper="He, Zhang, Ren, Sun: Deep residual learning for image recognition",
        application="ResNet50",
    ),
)
