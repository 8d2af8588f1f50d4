"""A small Xception: separable convolutions with skips."""

from __future__ import annotations

from convscope.engine.models.builder.architecture import Architecture
from convscope.engine.models.builder.templates.draft import Draft, Template


def _block(draft: Draft, source: str, filters: int, name: str) -> str:
    draft.conv(filters, 1, source, strides=2, padding="same", use_bias=False, name=f"{name}_skip_conv")
    skip = draft.normed("linear", name=f"{name}_skip")
    draft.add("Activation", source, activation="relu", name=f"{name}_relu")
    for number in (1, 2):
        draft.add(
            "SeparableConv2D",
            filters=filters,
            kernel_size=3,
            padding="same",
            use_bias=False,
            name=f"{name}_sepconv{number}",
        )
        draft.normed("relu" if number == 1 else "linear", name=f"{name}_{number}")
    body = draft.add("MaxPooling2D", pool_size=3, strides=2, padding="same", name=f"{name}_pool")
    return draft.add("Add", skip, body, name=f"{name}_add")


def _xception() -> Architecture:
    draft = Draft("xception-small", (32, 32, 3))
    draft.conv(32, 3, padding="same", use_bias=False, name="stem_conv")
    last = draft.normed(name="stem")
    for number, filters in enumerate((64, 128), start=1):
        last = _block(draft, last, filters, f"block{number}")
    draft.add(
        "SeparableConv2D",
        filters=192,
        kernel_size=3,
        padding="same",
        use_bias=False,
        name="exit_sepconv",
    )
    draft.normed(name="exit")
    draft.add("GlobalAveragePooling2D")
    draft.add("Dense", units=10, activation="softmax", name="predictions")
    return draft.done


TEMPLATES = (
    Template(
        "xception-small",
        "Small Xception",
        "Space and channels apart: a kernel for each map, then 1×1 across them, with skips around.",
        _xception,
        year=2016,
        paper="Chollet: Xception: deep learning with depthwise separable convolutions",
        family="Xception",
    ),
)
