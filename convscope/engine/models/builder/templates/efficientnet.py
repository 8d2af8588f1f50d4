"""A small EfficientNet: expand, convolve depthwise, weigh the channels, project, skip."""

from __future__ import annotations

from convscope.engine.models.builder.architecture import Architecture
from convscope.engine.models.builder.templates.draft import Draft, Template


def _block(draft: Draft, source: str, given: int, filters: int, stride: int, name: str) -> str:
    wide = 4 * given
    draft.conv(wide, 1, source, use_bias=False, name=f"{name}_expand_conv")
    draft.normed("silu", name=f"{name}_expand")
    draft.add(
        "DepthwiseConv2D",
        kernel_size=3,
        strides=stride,
        padding="same",
        use_bias=False,
        name=f"{name}_dwconv",
    )
    maps = draft.normed("silu", name=f"{name}_dw")
    draft.add("GlobalAveragePooling2D", keepdims=True, name=f"{name}_se_squeeze")
    draft.conv(max(1, given // 4), 1, activation="silu", name=f"{name}_se_reduce")
    gate = draft.conv(wide, 1, activation="sigmoid", name=f"{name}_se_expand")
    draft.add("Multiply", maps, gate, name=f"{name}_se_excite")
    draft.conv(filters, 1, use_bias=False, name=f"{name}_project_conv")
    body = draft.normed("linear", name=f"{name}_project")
    if stride > 1 or given != filters:
        return body
    return draft.add("Add", source, body, name=f"{name}_add")


def _efficientnet() -> Architecture:
    draft = Draft("efficientnet-small", (32, 32, 3))
    draft.conv(24, 3, padding="same", use_bias=False, name="stem_conv")
    last = draft.normed("silu", name="stem")
    given = 24
    for stage, (filters, stride) in enumerate(((24, 1), (40, 2), (80, 2)), start=1):
        for letter in "ab":
            step = stride if letter == "a" else 1
            last = _block(draft, last, given, filters, step, f"block{stage}{letter}")
            given = filters
    draft.conv(160, 1, use_bias=False, name="top_conv")
    draft.normed("silu", name="top")
    draft.add("GlobalAveragePooling2D")
    draft.add("Dropout", rate=0.2)
    draft.add("Dense", units=10, activation="softmax", name="predictions")
    return draft.done


TEMPLATES = (
    Template(
        "efficientnet-small",
        "Small EfficientNet",
        "Inverted bottlenecks with squeeze-and-excitation: depth, width and resolution grow together.",
        _efficientnet,
        year=2019,
        paper="Tan, Le: EfficientNet: rethinking model scaling for convolutional neural networks",
        family="EfficientNet-B7",
    ),
)
