"""A small ResNet: each block adds to what it was given."""

from __future__ import annotations

from convscope.engine.models.builder.architecture import Architecture
from convscope.engine.models.builder.templates.draft import Draft, Template


def _block(draft: Draft, source: str, filters: int, stride: int, name: str) -> str:
    skip = source
    if stride > 1:
        # The skip needs the block's shape to be added to it.
        draft.conv(filters, 1, source, strides=stride, use_bias=False, name=f"{name}_skip_conv")
        skip = draft.normed("linear", name=f"{name}_skip")
    draft.conv(filters, 3, source, strides=stride, padding="same", use_bias=False, name=f"{name}_conv1")
    draft.normed(name=f"{name}_1")
    draft.conv(filters, 3, padding="same", use_bias=False, name=f"{name}_conv2")
    body = draft.normed("linear", name=f"{name}_2")
    draft.add("Add", skip, body, name=f"{name}_add")
    return draft.add("Activation", activation="relu", name=f"{name}_relu")


def _resnet() -> Architecture:
    draft = Draft("resnet-small", (32, 32, 3))
    draft.conv(16, 3, padding="same", use_bias=False, name="stem_conv")
    last = draft.normed(name="stem")
    for stage, filters in enumerate((16, 32, 64), start=1):
        for number in (1, 2):
            stride = 2 if stage > 1 and number == 1 else 1
            last = _block(draft, last, filters, stride, f"stage{stage}_block{number}")
    draft.add("GlobalAveragePooling2D")
    draft.add("Dense", units=10, activation="softmax", name="predictions")
    return draft.done


TEMPLATES = (
    Template(
        "resnet-small",
        "Small ResNet",
        "The skip connection lets the gradient pass unhindered, so that depth no longer hurts.",
        _resnet,
        year=2015,
        paper="He, Zhang, Ren, Sun: Deep residual learning for image recognition",
        family="ResNet-152",
    ),
)
