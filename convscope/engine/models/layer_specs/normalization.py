"""Layers that scale values: batch normalisation and its relatives, rescaling, activations."""

from __future__ import annotations

from collections.abc import Sequence

from convscope.core.parameter import parameter, plain
from convscope.engine.models.layer_specs.base import (
    ACTIVATIONS,
    TRAINABLE,
    Config,
    LayerKind,
    Parameters,
    Shape,
    ShapeError,
    ShapeRule,
    Window,
    formula,
)


def _channels(config: Config, shapes: Sequence[Shape]) -> int:
    axis = config.get("axis", -1)
    axis = axis[0] if isinstance(axis, (list, tuple)) else axis
    # Keras counts axes with the batch in front.
    channels = shapes[0][axis if axis < 0 else axis - 1]
    if channels is None:
        raise ShapeError("normalisation needs to know the number of channels before it")
    return channels


def _batch_parameters(config: Config, shapes: Sequence[Shape]) -> Parameters:
    channels = _channels(config, shapes)
    learned = bool(config["scale"]) + bool(config["center"])
    words = f"{learned + 2}·{channels}"
    return Parameters(learned * channels, 2 * channels, formula(words, (learned + 2) * channels))


def _layer_parameters(config: Config, shapes: Sequence[Shape]) -> Parameters:
    channels = _channels(config, shapes)
    learned = bool(config["scale"]) + bool(config["center"])
    return Parameters(learned * channels, 0, formula(f"{learned}·{channels}", learned * channels))


def _standard_parameters(config: Config, shapes: Sequence[Shape]) -> Parameters:
    if config.get("mean") is not None:
        return Parameters()
    channels = _channels(config, shapes)
    return Parameters(0, 2 * channels + 1, formula(f"2·{channels} + 1", 2 * channels + 1))


def _by_channel(*names: str) -> ShapeRule:
    """The input's shape, for a layer whose settings of these names have one number for each channel."""

    def shape(config: Config, shapes: Sequence[Shape]) -> Shape:
        for name in names:
            numbers, channels = config.get(name), shapes[0][-1]
            if isinstance(numbers, tuple) and len(numbers) > 1 and channels not in (None, len(numbers)):
                raise ShapeError(f"{name} has {len(numbers)} numbers for {channels} channels")
        return shapes[0]

    return shape


def _slope_parameters(config: Config, shapes: Sequence[Shape]) -> Parameters:
    shared = config.get("shared_axes") or ()
    count, words = 1, []
    for axis, size in enumerate(shapes[0], start=1):
        if axis not in shared:
            if size is None:
                raise ShapeError("PReLU needs to know the size of its maps")
            count *= size
            words.append(str(size))
    return Parameters(count, 0, formula("·".join(words) or "1", count))


def _whole_maps(config: Config, shapes: Sequence[Shape]) -> Window:
    # Mean and deviation are those of whole maps.
    return Window(gate=len(shapes[0]) == 3)


def _along_axes(config: Config, shapes: Sequence[Shape]) -> Window:
    axis, rank = config.get("axis", -1), len(shapes[0])
    axes = axis if isinstance(axis, (list, tuple)) else (axis,)
    # Over the channels alone each place is scaled for itself.
    return Window(gate=rank == 3 and any(each not in (-1, rank) for each in axes))


_CENTER, _SCALE = parameter("center", True), parameter("scale", True)
_EPSILON = parameter("epsilon", 1e-3, minimum=0, maximum=1)

KINDS = (
    LayerKind(
        "BatchNormalization",
        "Normalisation",
        "Centres and scales each channel by its batch's statistics.",
        (parameter("momentum", 0.99, minimum=0, maximum=1, step=0.05), _EPSILON, _CENTER, _SCALE, TRAINABLE),
        parameters=_batch_parameters,
        from_afar=("BatchNorm", "BN"),
        drawn_in="before",
        drawn_as="BN",
    ),
    LayerKind(
        "LayerNormalization",
        "Normalisation",
        "Centres and scales each place over its channels.",
        (_EPSILON, _CENTER, _SCALE, TRAINABLE),
        parameters=_layer_parameters,
        window=_along_axes,
        from_afar=("LayerNorm", "LN"),
        drawn_in="before",
        drawn_as="LN",
    ),
    LayerKind(
        "GroupNormalization",
        "Normalisation",
        "Centres and scales groups of channels.",
        (
            parameter("groups", 8, minimum=1, maximum=4096, required=True),
            _EPSILON,
            _CENTER,
            _SCALE,
            TRAINABLE,
        ),
        parameters=_layer_parameters,
        window=_whole_maps,
        from_afar=("GroupNorm", "GN"),
        drawn_in="before",
        drawn_as="GN",
    ),
    LayerKind(
        "LayerScale",
        "Normalisation",
        "Scales each channel by a learned factor.",
        parameters=lambda config, shapes: Parameters(
            _channels({}, shapes), 0, formula(f"{_channels({}, shapes)}", _channels({}, shapes))
        ),
        in_palette=False,
        from_afar=("LayerScale", "Scale"),
        in_keras2=False,
    ),
    LayerKind(
        "Normalization",
        "Normalisation",
        "Subtracts a mean and divides by a deviation.",
        (
            parameter("axis", -1),
            parameter("mean", None, "floats", nothing="none", rare=True),
            parameter("variance", None, "floats", nothing="none", rare=True),
        ),
        _by_channel("mean", "variance"),
        _standard_parameters,
        in_palette=False,
        from_afar=("Normalise", "Norm"),
    ),
    LayerKind(
        "Rescaling",
        "Input",
        "Multiplies and shifts the pixels: 1/255 makes 0–255 into 0–1.",
        (parameter("scale", 1 / 255, "floats", required=True), parameter("offset", 0.0, "floats")),
        _by_channel("scale", "offset"),
    ),
    LayerKind(
        "Activation",
        "Activation",
        "The activation as a layer of its own.",
        (parameter("activation", "relu", choices=plain(*ACTIVATIONS), required=True),),
        drawn_in="before",
    ),
    LayerKind(
        "ReLU",
        "Activation",
        "max(0, x), with an optional ceiling (6 makes ReLU6).",
        (
            parameter("max_value", None, "real", minimum=0, nothing="none"),
            parameter("negative_slope", 0.0, minimum=0, maximum=1, step=0.05),
        ),
        drawn_in="before",
    ),
    LayerKind(
        "LeakyReLU",
        "Activation",
        "A small slope below zero.",
        (parameter("negative_slope", 0.3, minimum=0, maximum=1, step=0.05),),
        drawn_in="before",
    ),
    LayerKind(
        "PReLU",
        "Activation",
        "A learned slope below zero.",
        parameters=_slope_parameters,
        in_palette=False,
        drawn_in="before",
        drawn_as="PReLU",
    ),
    LayerKind(
        "ELU",
        "Activation",
        "Exponential below zero.",
        (parameter("alpha", 1.0, minimum=0),),
        drawn_in="before",
    ),
    LayerKind(
        "Softmax",
        "Activation",
        "Scores to probabilities that sum to one.",
        (parameter("axis", -1),),
        drawn_in="before",
    ),
)
