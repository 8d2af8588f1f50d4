"""Numbers of a network in words: counts, work, memory, shapes, receptive fields; and all facts as text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from convscope.core import words
from convscope.core.words import size_words
from convscope.engine.models.builder.architecture import LayerSpec
from convscope.engine.models.layer_specs import KINDS
from convscope.engine.models.layer_specs.base import L2, Shape
from convscope.engine.models.summary import LayerInfo, Totals
from convscope.engine.models.summary.receptive import ReceptiveField
from convscope.engine.models.summary.receptive_words import ALL, one_value, together

LONG = 26
UNKNOWN = "not known"
DEPENDS = "depends on the image's size"


def count(number: int | None) -> str:
    """4652008 → "4,652,008"."""
    return UNKNOWN if number is None else f"{number:,}"


def short(number: int) -> str:
    """4652008 → "4.65 M"; three digits that count."""
    for limit, unit in ((10**12, "T"), (10**9, "G"), (10**6, "M"), (10**4, "k")):
        if number >= limit:
            return f"{number / (1000 if unit == 'k' else limit):.3g} {unit}"
    return f"{number:,}"


def work(number: int | None) -> str:
    """Multiply-adds: "407 M"."""
    return UNKNOWN if number is None else short(number)


def memory(size: int | None) -> str:
    """Bytes: "17.7 MB" (of 1,000,000 bytes)."""
    return UNKNOWN if size is None else words.file_size(size)


def share(part: int | None, whole: int | None) -> float:
    """A part of a whole, 0 where either is not known."""
    return part / whole if part and whole else 0.0


def percent(portion: float) -> str:
    """0.275 → "27.5 %"; nothing for no part, and only all is "100.0 %"."""
    return "" if portion <= 0 else words.percent(portion, fixed=True)


def _told(text: str, sizes: Sequence[int | None] | None) -> str:
    """The reason for a number that is not known, where it is that a size is free."""
    return DEPENDS if text == UNKNOWN and sizes is not None and None in sizes else text


def shape(sizes: Sequence[int | None] | None) -> str:
    """(56, 56, 64) → "56 × 56 × 64"."""
    return UNKNOWN if sizes is None else words.shape_words(sizes, " × ")


def learns(row: LayerInfo) -> str:
    """Which of a layer's weights training changes now."""
    if not row.parameters:
        return "nothing to train"
    fixed = row.parameters - row.trainable_parameters
    if not fixed:
        return "trainable"
    if row.trainable_parameters:
        return f"{row.trainable_parameters:,} trainable, {fixed:,} kept by counting"
    return "frozen" if not row.trainable else "kept by counting, not by training"


def field_size(field: ReceptiveField | None) -> str:
    """How much of the image one value sees."""
    return "not known" if field is None else one_value(field)


def field_together(field: ReceptiveField | None) -> str:
    """What all values see together where that is not the whole image; "" where it is, or is told already."""
    if field is None or (field.whole and field.flat is None):
        return ""
    words = together(field)
    return f"all together {words}" if words and words != ALL else ""


def field_step(field: ReceptiveField | None) -> str:
    """From one value's field to the next, and where the first begins; "" where that means nothing."""
    if field is None or (field.whole and field.flat is None):
        return ""
    down, across = field.stride
    row, column = field.offset
    step = f"{down:g}" if down == across else f"{down:g} down, {across:g} across"
    return f"every {step} px, from ({_minus(row)}, {_minus(column)})"


def _minus(number: int) -> str:
    return f"{number}".replace("-", "−")


def about(row: LayerInfo) -> str:
    """What a layer does, in a sentence; "" for a kind that the app does not know."""
    known = KINDS.get("DepthwiseConv2D" if row.depthwise else row.kind)
    return known.about if known is not None else ""


def facts(row: LayerInfo, rows: Mapping[str, LayerInfo], totals: Totals) -> list[tuple[str, str]]:
    """A layer's facts as (name, value), for the panel and for the clipboard.

    Args:
        row: the layer.
        rows: all layers of its model by path.
        totals: the model's sums.
    """
    found = [
        ("Output", shape(row.shape)),
        ("Input", _inputs(row, rows)),
        ("Weights", learns(row)),
        (
            "Multiply-adds",
            _with_share(_told(work(row.multiply_adds), row.shape), row.multiply_adds, totals.multiply_adds),
        ),
        ("Activations", _told(memory(row.activation_bytes), row.shape)),
        ("Receptive field", field_size(row.field)),
        ("", field_step(row.field)),
        ("", field_together(row.field)),
        ("Activation", row.activation or "none"),
        (
            "Groups",
            f"{row.groups}, one for each channel" if row.depthwise else f"{row.groups}" * (row.groups > 1),
        ),
        ("Type", row.dtype),
    ]
    return [(name, value) for name, value in found if value]


def _inputs(row: LayerInfo, rows: Mapping[str, LayerInfo]) -> str:
    """What a layer gets and from whom."""
    if not row.inputs:
        return "the image"
    if len(row.inputs) == 1:
        return f"{shape(rows[row.inputs[0]].shape)} from {breakable(row.inputs[0])}"
    return " and ".join(breakable(path) for path in row.inputs)


def breakable(path: str) -> str:
    """A long path that a narrow column may break after its slashes and underscores."""
    return path if len(path) <= LONG else path.replace("/", "/\u200b").replace("_", "_\u200b")


def _with_share(text: str, part: int | None, whole: int | None) -> str:
    portion = percent(share(part, whole))
    return f"{text} ({portion})" if portion else text


def parameters(row: LayerInfo) -> str:
    """The sum written out; the word for a layer without weights."""
    return row.formula if row.parameters or row.shared else "no weights"


def layer_text(row: LayerInfo, rows: Mapping[str, LayerInfo], totals: Totals) -> str:
    """All facts of a layer, one a line, for the clipboard."""
    lines = [f"{row.path} ({row.kind})", f"Parameters: {parameters(row)}"]
    lines += [f"{name or 'Receptive fields'}: {value}" for name, value in facts(row, rows, totals)]
    return "\n".join(lines).replace("\u200b", "")


def total_facts(
    totals: Totals, file_bytes: int | None, image: Sequence[int | None] | None
) -> list[tuple[str, str]]:
    """A model's sums as (name, value).

    Args:
        totals: the sums.
        file_bytes: of its file; None without one.
        image: height, width and channels of what it takes, None where that is free.
    """
    found = [
        ("Layers", count(totals.layers)),
        ("Parameters", count(totals.parameters)),
        ("trainable", count(totals.trainable)),
        ("not trainable", count(totals.fixed)),
        ("Multiply-adds", _told(work(totals.multiply_adds), image)),
        ("Activations", _told(memory(totals.activation_bytes), image)),
        ("Weights", f"{memory(totals.weight_bytes)} in float32"),
    ]
    if file_bytes is not None:
        found.append(("File on disk", memory(file_bytes)))
    return found


# Settings that say themselves ("relu"); the others are told with their name.
_BARE = ("activation", "mode", "application", "weights", "fill_mode", "interpolation")


def shape_words(shape: Shape | None) -> str:
    """26×26×32; "?" for a free size, "–" while a problem hides it."""
    return "–" if shape is None else words.times(shape)


def settings_words(spec: LayerSpec) -> str:
    """What differs from Keras's defaults, in a line: "32 filters, 3×3, relu"."""
    words = []
    for key, value in spec.settings.items():
        if key in ("filters", "units"):
            words.append(f"{value} {key}")
        elif key in ("kernel_size", "pool_size"):
            words.append(size_words(value))
        elif key in _BARE:
            words.append(str(value))
        elif key == "padding" and isinstance(value, str):
            words.append(f"{value} padding")
        elif key == "use_bias":
            words.append("no bias")
        elif key == L2.name:
            words.append(f"L2 {value_words(value)}")
        elif key == "trainable" and not value:
            words.append("frozen")
        elif key == "shape":
            words.append("height × width × channels")
        elif isinstance(value, bool):
            words.append(key.replace("_", " ") if value else f"not {key.replace('_', ' ')}")
        else:
            words.append(f"{key.replace('_', ' ')} {value_words(value)}")
    return ", ".join(words)


def value_words(value: Any) -> str:
    """A setting's value as one reads it."""
    if isinstance(value, tuple) and any(isinstance(number, float) for number in value):
        return ", ".join(value_words(number) for number in value)
    if isinstance(value, tuple):
        return size_words(value)
    return f"{value:.4g}" if isinstance(value, float) else str(value)
