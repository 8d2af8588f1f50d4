"""What the network's picture says in words. No Qt."""

from __future__ import annotations

from collections.abc import Mapping

from convscope.core.words import file_size, percent
from convscope.engine.interpret.network.cost import ColumnCost
from convscope.engine.interpret.network.flow import MadeOf
from convscope.engine.interpret.network.relevance import ClassPath
from convscope.engine.interpret.network.unfolded import HeldPixel
from convscope.imaging.numerals import numeral
from convscope.ui.panels.layers.network.parts import Tint
from convscope.ui.panels.layers.network.unfolding import UnfoldedFrame
from convscope.ui.panels.layers.network.view_model import NetworkFrame

TINTS: tuple[tuple[Tint, str], ...] = (
    ("category", "No cost"),
    ("parameters", "Parameters"),
    ("multiply_adds", "Multiply-adds"),
    ("memory", "Memory"),
    ("seconds", "Time on this machine"),
    ("blank", "Blank maps"),
)


def lit_words(view: NetworkFrame, lit: MadeOf | ClassPath | None, channel: int) -> str:
    """What the lit map is made of: the largest shares, and what biases add."""
    if lit is None:
        return ""
    if isinstance(lit, ClassPath):
        name = view.found.model.name_of(lit.target.index)
        way = " ← ".join(
            f"{_title(view, step.column)} {'' if step.channels is None else step.channels[0]}".strip()
            for step in lit.steps
        )
        last = lit.steps[-1].carried if lit.steps else lit.score
        return (
            f"{name}: score {numeral(lit.score, 5)}. The path that carries most of it: {way}; "
            f"all along it {numeral(last, 3)}"
        )
    title = _title(view, lit.column)
    if not lit.sources:
        return f"{title}, channel {channel}: the picture itself"
    parts = sorted(
        (
            (float(share), f"{_title(view, one.column)} {number}")
            for one in lit.sources
            for number, share in enumerate(one.shares)
        ),
        key=lambda part: -abs(part[0]),
    )
    shown = ", ".join(f"{words}: {numeral(share, 4)}" for share, words in parts[:3])
    rest = f", biases {numeral(lit.rest, 4)}" if abs(lit.rest) > 1e-6 * max(1.0, abs(lit.value)) else ""
    more = f", {len(parts) - 3} more {numeral(sum(s for s, _ in parts[3:]), 4)}" if len(parts) > 3 else ""
    return f"{title}, map {channel}, sum {numeral(lit.value, 5)} = {shown}{more}{rest}"


def _title(view: NetworkFrame, column: str) -> str:
    found = view.column(column)
    return found.title if found is not None else column


def share_of(costs: Mapping[str, ColumnCost], column: str, tint: Tint) -> float | None:
    """How much of the most expensive column's cost a column has, 0–1; of blank maps their share."""
    own = _number(costs.get(column), tint)
    if own is None:
        return None
    if tint == "blank":
        return own
    most = max((_number(one, tint) or 0.0 for one in costs.values()), default=0.0)
    return own / most if most else 0.0


def _number(cost: ColumnCost | None, tint: Tint) -> float | None:
    if cost is None or tint == "category":
        return None
    found = getattr(cost, tint)
    return None if found is None else float(found)


def cost_words(cost: ColumnCost) -> list[str]:
    """A line for each that is known."""
    words = [f"{cost.parameters:,} parameters"]
    if cost.multiply_adds is not None:
        words.append(f"{cost.multiply_adds:,} multiply-adds")
    if cost.memory is not None:
        words.append(f"{file_size(cost.memory)} of maps")
    if cost.seconds is not None:
        words.append(f"{1000 * cost.seconds:.2f} ms on this machine")
    if cost.blank is not None:
        words.append(f"{percent(cost.blank)} of its maps blank")
    return words


def unfolded_title(frame: UnfoldedFrame) -> str:
    """Between which columns, and which map of the later one."""
    noun = "number" if frame.column.form == "vector" else "map"
    which = f"{noun} {frame.unfolded.channel}"
    if frame.names:
        which = f"class {frame.names[frame.unfolded.channel]}"
    return f"{' + '.join(frame.titles)} → {frame.column.title}, {which}"


def held_words(frame: UnfoldedFrame, held: HeldPixel) -> str:
    """The held pixel's way through all maps, in one line; of a block also what is not shown."""
    unfolded = frame.unfolded
    told: list[str] = []
    if unfolded.strip is not None:
        row, column, channel = unfolded.strip.origin(unfolded.channel)
        told.append(
            f"Number {unfolded.channel} is row {row}, column {column} of map {channel} of "
            f"{unfolded.strip.source}: {numeral(held.values[-1], 5)}. Nothing is computed, only laid out."
        )
    else:
        way = " → ".join(
            f"{one.title} {numeral(value, 4)}"
            for one, value in zip(unfolded.stages, held.values, strict=True)
            if one.kind != "input"
        )
        where = "" if unfolded.grid == (1, 1) else f"Row {held.at[0]}, column {held.at[1]}: "
        told.append(f"{where}{way}.")
    if unfolded.reason:
        told.append(f"{unfolded.reason}: its exact sum tells how a value is made.")
    if unfolded.before:
        count = len(unfolded.before)
        told.append(f"{'1 layer' if count == 1 else f'{count} layers'} of this block come before.")
    return " ".join(told)
