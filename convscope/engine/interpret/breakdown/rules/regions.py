"""The sums of layers that look at a part of each map for itself: pooling, padding, cropping, enlarging."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from convscope.engine.interpret.breakdown.breakdown import (
    LONG,
    ActivationSum,
    Numbers,
    Place,
    RuleFunction,
    made,
)
from convscope.engine.interpret.breakdown.rules.windows import both, box_of, check_maps, under, window_of
from convscope.engine.models.layer_specs.pooling import borders
from convscope.imaging.lab.equation import DIGITS, as_shown, equation
from convscope.imaging.numerals import numeral


def pooling(place: Place) -> ActivationSum:
    """The largest value, or the mean, under the window; padding does not count."""
    layer = place.step.layer
    rows, columns = window_of(place, layer.pool_size, layer.strides, 1, layer.padding)
    patches, inside = under(place.inputs[0][:, :, place.channel : place.channel + 1], rows, columns)
    return _pooled(place, patches, inside, box_of(rows, columns))


def global_pooling(place: Place) -> ActivationSum:
    """The same of a whole map."""
    check_maps(place)
    height, width = place.inputs[0].shape[:2]
    return _of_part(place, (0, height), (0, width))


def adaptive_pooling(place: Place) -> ActivationSum:
    """The same of one of so many parts that a map is cut into; they overlap where it cannot be cut evenly."""
    check_maps(place)
    parts = both(place, place.step.layer.output_size)
    ends = []
    for axis, at in enumerate((place.row, place.column)):
        size = place.inputs[0].shape[axis]
        ends.append((at * size // parts[axis], -(-(at + 1) * size // parts[axis])))
    return _of_part(place, *ends)


def _of_part(place: Place, rows: tuple[int, int], columns: tuple[int, int]) -> ActivationSum:
    patch = place.inputs[0][slice(*rows), slice(*columns), place.channel][None].astype(np.float64)
    height, width = patch.shape[1:]
    return _pooled(place, patch, np.ones((height, width), bool), (rows[0], columns[0], height, width))


def _pooled(
    place: Place, patches: Numbers, inside: NDArray[np.bool_], window: tuple[int, int, int, int]
) -> ActivationSum:
    largest = "Max" in place.step.kind
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
        place,
        "largest" if largest else "mean",
        patches,
        total,
        (words,),
        inside=inside,
        window=window,
        totals=np.array([total]),
    )


def moved(place: Place) -> ActivationSum:
    """Padding and cropping: the value from another place, or a zero of the border."""
    padding = "Padding" in place.step.kind
    border: Any = place.step.layer.padding if padding else place.step.layer.cropping
    if place.given[0].ndim == 2:
        top, left = both(place, border)[0], 0
    else:
        (top, _), (left, _) = borders(border)
    sign = -1 if padding else 1
    return copied(place, place.row + sign * top, place.column + sign * left)


def upsampling(place: Place) -> ActivationSum:
    """Nearest neighbour: the value of the pixel that was enlarged."""
    layer = place.step.layer
    if getattr(layer, "interpolation", "nearest") != "nearest":
        raise place.cannot()
    down, across = both(place, layer.size)
    return copied(place, place.row // down, place.column // across)


def copied(place: Place, row: int, column: int) -> ActivationSum:
    """The input's value at a place, 0 outside of it."""
    check_maps(place)
    value = place.inputs[0][:, :, place.channel : place.channel + 1]
    patches, inside = under(value, np.array([row]), np.array([column]))
    number = float(patches[0, 0, 0])
    where = f"row {row}, column {column}" if place.given[0].ndim == 3 else f"row {row}"
    words = f"{where} of its input, {numeral(number)}" if inside.all() else "in the border that was added: 0"
    return made(place, "function", patches, number, (words,), inside=inside, window=(row, column, 1, 1))


_SIZES = ("1D", "2D")
RULES: dict[str, RuleFunction] = {
    **{f"{kind}Pooling{size}": pooling for kind in ("Max", "Average") for size in _SIZES},
    **{f"Global{kind}Pooling{size}": global_pooling for kind in ("Max", "Average") for size in _SIZES},
    **{f"Adaptive{kind}Pooling{size}": adaptive_pooling for kind in ("Max", "Average") for size in _SIZES},
    **{f"{kind}{size}": moved for kind in ("ZeroPadding", "Cropping") for size in _SIZES},
    **{f"UpSampling{size}": upsampling for size in _SIZES},
}
