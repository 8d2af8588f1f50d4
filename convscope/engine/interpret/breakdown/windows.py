"""The sums of convolutions of every kind: patch × kernel per input channel, plus bias."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from convscope.engine.interpret.breakdown.base import (
    FEW,
    LONG,
    SHORT,
    Breakdown,
    Numbers,
    Unit,
    biased_words,
    made,
    product_words,
)
from convscope.engine.models.layer_specs.base import pair
from convscope.imaging.lab.equation import MOST, added, as_shown, equation
from convscope.imaging.numerals import bracketed, numeral

Indices = NDArray[np.int64]


def both(unit: Unit, value: Any) -> tuple[int, int]:
    """A layer's setting for rows and columns; along a table there are rows only."""
    if unit.given[0].ndim == 2:
        return pair(value)[0], 1
    return pair(value)


def check_maps(unit: Unit) -> None:
    """Whether the layer works on maps (or a table) with the channels last.

    Raises:
        UserError: it does not.
    """
    if getattr(unit.step.layer, "data_format", "channels_last") != "channels_last" or (
        unit.inputs[0].ndim != 3
    ):
        raise unit.cannot("only maps with their channels last are explained")


def window_of(unit: Unit, kernel: Any, stride: Any, dilation: Any, padding: str) -> tuple[Indices, Indices]:
    """The input's rows and columns under the window of a value; some may lie outside.

    Raises:
        UserError: padding of an unknown kind, or channels first.
    """
    check_maps(unit)
    if padding not in ("valid", "same", "causal"):
        raise unit.cannot(f"padding {padding!r} is not known here")
    sizes, strides, rates = both(unit, kernel), both(unit, stride), both(unit, dilation)
    found = []
    for axis, at in enumerate((unit.row, unit.column)):
        before, reach = 0, (sizes[axis] - 1) * rates[axis] + 1
        size = unit.inputs[0].shape[axis]
        if padding == "same":
            before = max((-(-size // strides[axis]) - 1) * strides[axis] + reach - size, 0) // 2
        elif padding == "causal" and axis == 0:
            before = reach - 1
        found.append(at * strides[axis] - before + rates[axis] * np.arange(sizes[axis]))
    return found[0], found[1]


def under(value: NDArray[np.float32], rows: Indices, columns: Indices) -> tuple[Numbers, NDArray[np.bool_]]:
    """What lies under a window, float64 n×kh×kw (0 outside), and where the window is inside."""
    height, width = value.shape[:2]
    inside = np.outer((rows >= 0) & (rows < height), (columns >= 0) & (columns < width))
    picked = value[np.clip(rows, 0, height - 1)[:, None], np.clip(columns, 0, width - 1)]
    patches = np.where(inside[..., None], picked, 0.0).astype(np.float64)
    return np.ascontiguousarray(patches.transpose(2, 0, 1)), inside


def box_of(rows: Indices, columns: Indices) -> tuple[int, int, int, int]:
    """Top, left, height and width of a window."""
    top, left = int(rows[0]), int(columns[0])
    return top, left, int(rows[-1]) - top + 1, int(columns[-1]) - left + 1


def weighed(
    unit: Unit,
    patches: Numbers,
    weights: Numbers,
    channels: Indices,
    inside: NDArray[np.bool_],
    window: tuple[int, int, int, int] | None,
    bias: float | None,
    noun: str = "bias",
) -> Breakdown:
    """Σ patch × kernel over input channels, plus the bias (None: there is none)."""
    totals = (patches * weights).sum(axis=(1, 2))
    total = float(totals.sum()) + (bias or 0.0)
    words = []
    order = np.argsort(-np.abs(totals), kind="stable")
    shown = np.sort(order[:LONG])
    for part in shown:
        sums = product_words(patches[part], weights[part], float(totals[part]))
        words.append(f"channel {channels[part]}: {sums}")
    left = len(order) - len(shown)
    rest = float(totals[order[LONG:]].sum())
    if left:
        words.append(f"{left} more channels, each with less: {numeral(rest)}")
    if len(totals) > 1:
        parts = totals[shown].tolist()

        def side(digits: int) -> tuple[str, float]:
            text, found = added(parts, digits)
            if left:
                text += f" + {bracketed(rest, digits)} ({left} more)"
                found += as_shown(rest, digits)
            return text, found

        most = MOST if len(parts) <= FEW else SHORT
        words.append(equation(side, float(totals.sum()), first=SHORT, most=most))
    if bias is not None:
        words.append(biased_words(float(totals.sum()), noun, bias, total))
    return made(
        unit,
        "sum",
        patches,
        total,
        tuple(words),
        channels=channels,
        weights=weights,
        totals=totals,
        inside=inside,
        bias=bias or 0.0,
        window=window,
    )
