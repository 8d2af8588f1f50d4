"""A small GoogLeNet: windows of several sizes side by side."""

from __future__ import annotations

from convscope.engine.models.builder.architecture import Architecture
from convscope.engine.models.builder.templates.draft import Draft, Template


def _module(draft: Draft, source: str, sizes: tuple[int, int, int, int, int, int], name: str) -> str:
    one, three_in, three, five_in, five, pooled = sizes
    same = {"padding": "same", "activation": "relu"}
    first = draft.conv(one, 1, source, **same, name=f"{name}_1x1")
    draft.conv(three_in, 1, source, **same, name=f"{name}_3x3_reduce")
    second = draft.conv(three, 3, **same, name=f"{name}_3x3")
    draft.conv(five_in, 1, source, **same, name=f"{name}_5x5_reduce")
    third = draft.conv(five, 5, **same, name=f"{name}_5x5")
    draft.add("MaxPooling2D", source, pool_size=3, strides=1, padding="same", name=f"{name}_pool")
    fourth = draft.conv(pooled, 1, **same, name=f"{name}_pool_1x1")
    return draft.add("Concatenate", first, second, third, fourth, name=f"{name}_concat")


def _inception() -> Architecture:
    draft = Draft("inception-small", (32, 32, 3))
    draft.conv(32, 3, padding="same", activation="relu", name="stem_conv")
    last = draft.add("MaxPooling2D", name="stem_pool")
    last = _module(draft, last, (16, 16, 32, 4, 8, 8), "inception1")
    last = _module(draft, last, (32, 24, 48, 8, 16, 16), "inception2")
    last = draft.add("MaxPooling2D", name="middle_pool")
    _module(draft, last, (48, 32, 64, 8, 16, 16), "inception3")
    draft.add("GlobalAveragePooling2D")
    draft.add("Dropout", rate=0.4)
    draft.add("Dense", units=10, activation="softmax", name="predictions")
    return draft.done


TEMPLATES = (
    Template(
        "inception-small",
        "Small Inception (GoogLeNet)",
        "1×1, 3×3 and 5×5 windows and pooling side by side; 1×1 convolutions first keep it cheap.",
        _inception,
        year=2014,
        paper="Szegedy et al.: Going deeper with convolutions",
        family="GoogLeNet",
    ),
)
