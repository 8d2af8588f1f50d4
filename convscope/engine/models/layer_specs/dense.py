"""Dense layers and the layers that only rearrange or drop values."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from convscope.core.parameter import parameter
from convscope.core.words import times
from convscope.engine.models.layer_specs.base import (
    ACTIVATION,
    L2,
    LAID_OUT,
    POINTWISE,
    TRAINABLE,
    USE_BIAS,
    WHOLE,
    Config,
    LayerKind,
    Parameters,
    Shape,
    ShapeError,
    Window,
    formula,
    need_map,
    product,
)


def _input_shape(config: Config, shapes: Sequence[Shape]) -> Shape:
    shape = config.get("shape") or config.get("batch_shape", (None,))[1:]
    if not shape or any(n is not None and n < 1 for n in shape):
        raise ShapeError("an input needs a shape such as 28×28×1")
    return tuple(shape)


def _last(shapes: Sequence[Shape]) -> int:
    if shapes[0][-1] is None:
        raise ShapeError(
            "a dense layer needs a known number of values before it; pool or give the input a size"
        )
    return shapes[0][-1]


def _dense_shape(config: Config, shapes: Sequence[Shape]) -> Shape:
    _last(shapes)
    return (*shapes[0][:-1], int(config["units"]))


def _dense_parameters(config: Config, shapes: Sequence[Shape]) -> Parameters:
    values, units = _last(shapes), int(config["units"])
    if config["use_bias"]:
        return Parameters((values + 1) * units, 0, formula(f"({values} + 1)·{units}", (values + 1) * units))
    return Parameters(values * units, 0, formula(f"{values}·{units}", values * units))


def _dense_work(config: Config, shapes: Sequence[Shape], output: Shape) -> int | None:
    return product((*shapes[0], int(config["units"])))


def _dense_window(config: Config, shapes: Sequence[Shape]) -> Window:
    return POINTWISE if len(shapes[0]) == 3 else WHOLE


def _flat_shape(config: Config, shapes: Sequence[Shape]) -> Shape:
    return (product(shapes[0]),)


def _rearranged(config: Config, shapes: Sequence[Shape]) -> Window:
    # 1×1 maps hold one place; flattening them widens nothing.
    return POINTWISE if shapes[0][:2] == (1, 1) or len(shapes[0]) == 1 else LAID_OUT


def _reshape_shape(config: Config, shapes: Sequence[Shape]) -> Shape:
    target = tuple(config["target_shape"])
    total = product(shapes[0])
    if total is None:
        return tuple(None if n == -1 else n for n in target)
    known = prod(n for n in target if n != -1)
    if -1 in target and total % known == 0:
        return tuple(total // known if n == -1 else n for n in target)
    if known != total:
        raise ShapeError(f"{times(shapes[0])} holds {total:,} values, which do not fill {times(target)}")
    return target


def _spatial_shape(config: Config, shapes: Sequence[Shape]) -> Shape:
    need_map(shapes[0], "spatial dropout")
    return shapes[0]


def _dropped_shape(config: Config, shapes: Sequence[Shape]) -> Shape:
    noise = config["noise_shape"]
    if noise is None:
        return shapes[0]
    sizes = (None, *shapes[0])
    fits = [n in (None, 1, size) for n, size in zip(noise, sizes, strict=False)]
    if len(noise) != len(sizes) or not all(fits):
        raise ShapeError(f"the noise shape {times(noise)} does not fit the batch and {times(shapes[0])}")
    return shapes[0]


_RATE = parameter("rate", 0.5, minimum=0, maximum=0.999, step=0.05, required=True)
# A size of 1 drops all values along that axis together: (None, 1, 1, 1) drops whole branches at random.
_NOISE = parameter("noise_shape", None, "shape", nothing="none", rare=True)

KINDS = (
    LayerKind(
        "InputLayer",
        "Input",
        "The image: height × width × channels.",
        (parameter("shape", (28, 28, 1), "shape", required=True),),
        _input_shape,
        from_afar=("Input", "In"),
    ),
    LayerKind(
        "Flatten",
        "Classifier",
        "Lays all maps out as one row of values.",
        (),
        _flat_shape,
        window=_rearranged,
    ),
    LayerKind(
        "Dense",
        "Classifier",
        "Every value to every unit.",
        (
            parameter("units", 10, minimum=1, maximum=1_000_000, required=True),
            ACTIVATION,
            USE_BIAS,
            L2,
            TRAINABLE,
        ),
        _dense_shape,
        _dense_parameters,
        _dense_work,
        _dense_window,
        from_afar=("Dense", "Dense"),
    ),
    LayerKind(
        "Dropout",
        "Regularisation",
        "While training, sets a share of the values to zero.",
        (_RATE, _NOISE),
        _dropped_shape,
        drawn_in="before",
        drawn_as="dropout",
    ),
    LayerKind(
        "SpatialDropout2D",
        "Regularisation",
        "While training, drops whole maps.",
        (_RATE,),
        _spatial_shape,
        drawn_in="before",
        drawn_as="dropout",
    ),
    LayerKind(
        "Reshape",
        "Classifier",
        "The same values in another shape.",
        (parameter("target_shape", (-1,), "shape", required=True),),
        _reshape_shape,
        window=_rearranged,
        drawn_in="before",
        drawn_as="reshape",
    ),
    LayerKind("Identity", "Regularisation", "Passes its input on.", in_palette=False),
    LayerKind(
        "GaussianNoise",
        "Regularisation",
        "While training, adds noise.",
        (parameter("stddev", 0.1, minimum=0, maximum=100, required=True),),
    ),
)
