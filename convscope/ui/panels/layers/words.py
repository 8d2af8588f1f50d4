"""Where one begins in a model and a layer, and what is said about a layer and its edited copy. No Qt."""

from __future__ import annotations

import numpy as np

from convscope.core.words import percent
from convscope.engine.interpret.edited import EditedModel
from convscope.engine.models.opened import OpenedModel
from convscope.engine.models.summary import LayerInfo
from convscope.engine.models.summary.receptive_words import gate_words, part, places, times
from convscope.imaging.image import Image
from convscope.imaging.numerals import numeral
from convscope.ui.panels.layers.detail import Detail
from convscope.ui.panels.layers.feature_maps import FeatureMaps, Side

PAGES = (
    ("network", "Network", "The whole network at once, from the image to the answer"),
    ("maps", "Maps", "What the layer puts out for the image"),
    ("kernels", "Kernels", "The weights of its filters"),
    ("map", "Large", "The chosen map and the image, as large as there is room"),
)
"""What the panel shows: value, words, tooltip."""


def first_layer(model: OpenedModel) -> str | None:
    """Where one begins: the first convolution, else the first layer that computes something."""
    rows = [info for info in model.layers if info.kind != "InputLayer"]
    convolution = next((info for info in rows if "Conv" in info.kind), None)
    return (convolution or rows[0]).path if rows else None


def strongest(maps: FeatureMaps) -> int:
    """The map that is selected before anybody selects one: that with the largest spread."""
    found = maps.maps.statistics
    by = found.mean if maps.maps.form == "values" else found.deviation
    return int(np.where(found.broken, -np.inf, by).argmax())


def facts(found: FeatureMaps, info: LayerInfo) -> str:
    """The layer in a few words: "Conv2D · 64 maps of 11×11 · 2 blank"."""
    maps = found.maps
    if maps.form == "maps":
        words = f"{maps.count:,} {'map' if maps.count == 1 else 'maps'} of {maps.height}×{maps.width}"
    elif maps.form == "values":
        words = f"{maps.count:,} numbers"
    else:
        words = f"a table of {maps.height}×{maps.width}"
    parts = [info.kind, words]
    if info.activation not in ("", "linear", info.kind.lower()):
        parts.insert(1, info.activation)
    if maps.form == "maps":
        parts.append(blank_words(found.first))
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
    side = detail.maps.sides[detail.side]
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
    maps, found = detail.maps, detail.maps.sides[detail.side].found
    field = found.field(maps.path)
    pixels = found.seen(maps.path, *place, detail.channel)
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


def edit_words(model: OpenedModel, edited: EditedModel, image: Image) -> str:
    """What an edited copy says about an image, and what the model itself does."""
    names = ", ".join(dict.fromkeys(path for path, _name in edited.edits))
    head = f"You see a copy with other weights in {names}."
    if not model.has_head:
        return head
    before, after = model.predict(image).classes[0], edited.predict(image)
    same = next(score for score in after.classes if score.index == before.index)
    if after.is_values:
        return f"{head} {before.name} {numeral(before.logit, 5)} → {numeral(same.logit, 5)}"
    words = f"{before.name} {percent(before.probability)} → {percent(same.probability)}"
    if after.classes[0].index != before.index:
        words += f", now {after.classes[0].name} {percent(after.classes[0].probability)}"
    return f"{head} {words}"
