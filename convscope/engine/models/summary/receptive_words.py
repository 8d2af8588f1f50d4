"""What a layer sees of the image, in words: one way of saying it for window and command line."""

from __future__ import annotations

from convscope.engine.models.summary.receptive import ReceptiveField, Seen

ALL = "the whole image"
# Of an image of a free size, rows and columns at the border may be left over.
ALL_THAT = "all that the layers before it see"


def times(size: tuple[int, int], sign: str = " × ") -> str:
    """(8, 9) → "8 × 9"."""
    return sign.join(str(n) for n in size)


def part(seen: Seen, sign: str = " × ") -> str:
    """How much of the image it is: "the whole image", "26 × 26 of 28 × 28 pixels", "nothing of the image"."""
    if seen.whole:
        return ALL
    if not seen.rows or not seen.columns:
        return "nothing of the image"
    words = f"{times(seen.counts, sign)} of {times((seen.height, seen.width), sign)} pixels"
    return f"{words}, those between are skipped" if seen.skips else words


def places(seen: Seen) -> str:
    """Which pixels: "rows 4–11, columns 10–17"."""
    top, left, bottom, right = seen.box
    return f"{_span('row', top, bottom)}, {_span('column', left, right)}"


def _span(noun: str, first: int, end: int) -> str:
    return f"{noun} {first}" if end - first == 1 else f"{noun}s {first}–{end - 1}"


def together(field: ReceptiveField, sign: str = " × ") -> str:
    """What all values of a layer see together; "" where that is not known."""
    return part(field.together(*field.image), sign) if field.image is not None else ""


def one_value(field: ReceptiveField, sign: str = " × ") -> str:
    """How much of the image one value of a layer sees, far from any border."""
    if field.whole and field.flat is None:
        return together(field, sign) or ALL_THAT
    words = f"{times(field.size, sign)} pixels"
    middle = _middle(field)
    if middle is not None and middle.skips and middle.size == field.size:
        words += f", of them {times(middle.counts, sign)}: those between are skipped"
    if field.gated:
        words += f", and {_gate(field, sign)} through a gate"
    return words


def _middle(field: ReceptiveField) -> Seen | None:
    """What the value in the middle of the map sees; None where the image's size is free."""
    rows, columns = field.rows.seen, field.columns.seen
    if field.image is None or not rows or not columns:
        return None
    height, width = field.image
    return Seen(rows[len(rows) // 2], columns[len(columns) // 2], height, width)


def gate_words(field: ReceptiveField, sign: str = " × ") -> str:
    """How much of the image acts through a gate; "" without."""
    return f"through a gate, {_gate(field, sign)}" if field.gated else ""


def _gate(field: ReceptiveField, sign: str) -> str:
    if field.gate is None or field.image is None:
        return "all of it"
    words = part(Seen(*field.gate, *field.image), sign)
    return "all of it" if words == ALL else words


def short(field: ReceptiveField) -> str:
    """For a column of a table: "8×8"; of what is seen all at once "all" or "26×26 of 28×28"."""
    if not field.whole:
        return times(field.size, "×")
    if field.image is None:
        return "all"
    seen = field.together(*field.image)
    if seen.whole:
        return "all"
    return f"{times(seen.counts, '×')} of {times(field.image, '×')}"
