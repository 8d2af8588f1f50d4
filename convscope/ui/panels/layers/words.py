"""Where one begins in a model and a layer, and what is said about a layer."""

from __future__ import annotations

import numpy as np

from convscope.engine.models.opened import OpenedModel
from convscope.engine.models.summary import LayerInfo
from convscope.engine.models.summary.receptive_words import gate_words, part, places, times
from convscope.imaging.numerals import numeral
from convscope.ui.panels.layers.detail import Detail
from convscope.ui.panels.layers.frame import Frame, Side
from convscope.ui.tables.layer_items import shape_text


def first_layer(model: OpenedModel) -> str | None:
    """Where one begins: the first convolution, else the first layer that computes something."""
    rows = [info for info in model.layers if info.kind != "InputLayer"]
    convolution = next((info for info in rows if "Conv" in info.kind), None)
    return (convolution or rows[0]).path if rows else None


def strongest(frame: Frame) -> int:
    """The map that is chosen before anybody chooses: that with the largest spread."""
    found = frame.maps.statistics
    by = found.mean if frame.maps.form == "values" else found.deviation
    return int(np.where(found.broken, -np.inf, by).argmax())


def facts(frame: Frame, info: LayerInfo) -> str:
    """The layer in a few words: "Conv2D · 64 maps of 11×11 · 2 blank"."""
    maps = frame.maps
    if maps.form == "maps":
        words = f"{maps.count:,} {'map' if maps.count == 1 else 'maps'} of {maps.height}×{maps.width}"
    elif maps.form == "values":
        words = f"{maps.count:,} numbers"
    else:
        words = f"a table of {shape_text((maps.height, maps.width))}"
    parts = [info.kind, words]
    if info.activation not in ("", "linear", info.kind.lower()):
        parts.insert(1, info.activation)
    if maps.form == "maps":
        parts.append(blank_words(frame.first))
        broken = int(maps.statistics.broken.sum())
        if broken:
            parts.append(f"{broken} with values that are no numbers")
    return "  ·  ".join(parts)


def blank_words(side: Side) -> str:
    """How many maps are blank, and of those dead: "4 blank, 3 of them dead"."""
    blank, dead = side.maps.blank_count, int(side.dead_maps.sum())
    of = "" if not dead else ", all of them dead" if dead == blank else f", {dead} of them dead"
    return f"{blank} blank{of}"


def blank_note(detail: Detail) -> str:
    """Why there is nothing on a map, in a sentence or two; "" where there is something."""
    side = detail.frame.sides[detail.side]
    if side.dead is not None and side.dead_maps[detail.channel]:
        what = "number" if side.maps.form == "values" else "map"
        why = side.dead.why(detail.channel)
        return f"The filter of this {what} is {why}. It finds nothing in any image."
    if not side.maps.blank[detail.channel]:
        return ""
    found = side.maps.statistics
    spread = found.maximum[detail.channel] - found.minimum[detail.channel]
    if not spread:
        return "This map is blank: it has one value everywhere. Its filter found nothing in this image."
    return (
        f"This map is blank: its values differ by {numeral(float(spread), 2)} only, next to nothing beside"
        " the layer's other maps. Its filter found nothing in this image."
    )


def seen(detail: Detail, place: tuple[int, int]) -> str:
    """What of the image a value depends on: "sees 8×8 pixels: rows 4–11, columns 10–17"."""
    frame, found = detail.frame, detail.frame.sides[detail.side].found
    field = found.field(frame.path)
    pixels = found.seen(frame.path, *place, detail.channel)
    if field is None or pixels is None:
        return "its values lie on no one place of the image"
    gate = f"; {gate_words(field, '×')}" if field.gated else ""
    if pixels.whole:
        return "sees the whole image"
    if pixels.size == (0, 0):
        return "sees nothing of the image but its border"
    if pixels.skips or (field.whole and field.flat is None):
        return f"sees {part(pixels, '×')}: {places(pixels)}{gate}"
    return f"sees {times(pixels.size, '×')} pixels: {places(pixels)}{gate}"
