"""The sums of layers that look at a part of each map for itself: pooling, padding, cropping, enlarging."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from convscope.engine.interpret.breakdown.base import (
    LONG,
    Breakdown,
    Numbers,
    RuleFunction,
    Unit,
    made,
)
from convscope.engine.interpret.breakdown.windows import both, box_of, check_maps, under, window_of
from convscope.engine.models.layer_specs.pooling import borders
from convscope.imaging.lab.equation import DIGITS, as_shown, equation
from convscope.imaging.numerals import numeral


def pooling(unit: Unit) -> Breakdown:
    """The largest value, or the mean, under the window; padding does not count."""
    layer = unit.step.layer
    rows, columns = window_of(unit, layer.pool_size, layer.strides, 1, layer.padding)
    patches, inside = under(unit.inputs[0][:, :, unit.channel : unit.channel + 1], rows, columns)
    return _pooled(unit, patches, inside, box_of(rows, columns))


def global_pooling(unit: Unit) -> Breakdown:
    """The same of a whole map."""
    check_maps(unit)
    height, width = unit.inputs[0].shape[:2]
    return _of_part(unit, (0, height), (0, width))


def adaptive_pooling(unit: Unit) -> Breakdown:
    """The same of one of so many parts that a map is cut into; they overlap where it cannot be cut evenly."""
    check_maps(unit)
    parts = both(unit, unit.step.layer.output_size)
    ends = []
    for axis, at in enumerate((unit.row, unit.column)):
        size = unit.inputs[0].shape[axis]
        ends.append((at * size // parts[axis], -(-(at + 1) * size // parts[axis])))
    return _of_part(unit, *ends)


def _of_part(unit: Unit, rows: tuple[int, int], columns: tuple[int, int]) -> Breakdown:
    patch = unit.inputs[0][slice(*rows), slice(*columns), unit.channel][None].astype(np.float64)
    height, width = patch.shape[1:]
    return _pooled(unit, patch, np.ones((height, width), bool), (rows[0], columns[0], height, width))


def _pooled(
    unit: Unit, patches: Numbers, inside: NDArray[np.bool_], window: tuple[int, int, int, int]
) -> Breakdown:
    largest = "Max" in unit.step.kind
    values = patches[0][inside]
    long = values.size > LONG
    # The largest stands among those that are listed, with the digits of the result.
    some = np.sort(values)[::-1] if long and largest else values
    listed = ", ".join(numeral(float(v), DIGITS if largest else 4) for v in some[:LONG])
    more = f", … ({values.size:,} numbers{', these the largest' if largest else ''})" if long else ""
    if largest:
        total = float(values.max())
        words = f"the largest of {listed}{more} = {numeral(total)}"
    else:
        total, whole = float(values.mean()), float(values.sum())
        mean = equation(
            lambda digits: (
                f"{numeral(whole, digits)} / {values.size}",
                as_shown(whole, digits) / values.size,
            ),
            total,
        )
        words = f"the mean of {listed}{more}: {mean}"
    return made(
        unit,
        "largest" if largest else "mean",
        patches,
        total,
        (words,),
        inside=inside,
        window=window,
        totals=np.array([total]),
    )


def moved(unit: Unit) -> Breakdown:
    """Padding and cropping: the value from another place, or a zero of the border."""
    padding = "Padding" in unit.step.kind
    border: Any = unit.step.layer.padding if padding else unit.step.layer.cropping
    if unit.given[0].ndim == 2:
        top, left = both(unit, border)[0], 0
    else:
        (top, _), (left, _) = borders(border)
    sign = -1 if padding else 1
    return copied(unit, unit.row + sign * top, unit.column + sign * left)


def upsampling(unit: Unit) -> Breakdown:
    """Nearest neighbour: the value of the pixel that was enlarged."""
    layer = unit.step.layer
    if getattr(layer, "interpolation", "nearest") != "nearest":
        raise unit.cannot()
    down, across = both(unit, layer.size)
    return copied(unit, unit.row // down, unit.column // across)


def copied(unit: Unit, row: int, column: int) -> Breakdown:
    """The input's value at a place, 0 outside of it."""
    check_maps(unit)
    value = unit.inputs[0][:, :, unit.channel : unit.channel + 1]
    patches, inside = under(value, np.array([row]), np.array([column]))
    number = float(patches[0, 0, 0])
    where = f"row {row}, column {column}" if unit.given[0].ndim == 3 else f"row {row}"
    words = f"{where} of its input, {numeral(number)}" if inside.all() else "in the border that was added: 0"
    return made(unit, "function", patches, number, (words,), inside=inside, window=(row, column, 1, 1))


_SIZES = ("1D", "2D")
RULES: dict[str, RuleFunction] = {
    **{f"{kind}Pooling{size}": pooling for kind in ("Max", "Average") for size in _SIZES},
    **{f"Global{kind}Pooling{size}": global_pooling for kind in ("Max", "Average") for size in _SIZES},
    **{f"Adaptive{kind}Pooling{size}": adaptive_pooling for kind in ("Max", "Average") for size in _SIZES},
    **{f"{kind}{size}": moved for kind in ("ZeroPadding", "Cropping") for size in _SIZES},
    **{f"UpSampling{size}": upsampling for size in _SIZES},
}
