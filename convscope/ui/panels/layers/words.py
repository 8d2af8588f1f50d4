"""Where one begins in a model and a layer, and what is said about a layer."""

from __future__ import annotations

from convscope.engine.models.opened import OpenedModel
from convscope.engine.models.sheet import LayerInfo
from convscope.ui.panels.layers.frame import Frame
from convscope.ui.widgets.layer_tree import shape_text


def first_layer(model: OpenedModel) -> str | None:
    """Where one begins: the first convolution, else the first layer that computes something."""
    rows = [info for info in model.layers if info.kind != "InputLayer"]
    convolution = next((info for info in rows if "Conv" in info.kind), None)
    return (convolution or rows[0]).path if rows else None


def strongest(frame: Frame) -> int:
    """The map that is chosen before anybody chooses: that with the largest spread."""
    if frame.maps.form == "values":
        return int(frame.maps.tiles.argmax())
    return int(frame.maps.statistics.deviation.argmax())


def facts(frame: Frame, info: LayerInfo) -> str:
    """The layer in a few words: "Conv2D · 64 maps of 11×11 · 2 blank"."""
    maps = frame.maps
    if maps.form == "maps":
        words = f"{maps.count:,} maps of {maps.height}×{maps.width}"
    elif maps.form == "values":
        words = f"{maps.count:,} numbers"
    else:
        words = f"a table of {shape_text((maps.height, maps.width))}"
    parts = [info.kind, words]
    if info.activation not in ("", "linear", info.kind.lower()):
        parts.insert(1, info.activation)
    if maps.form == "maps":
        parts.append(f"{maps.blank_count} blank")
    return "  ·  ".join(parts)
