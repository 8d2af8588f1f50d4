"""A network with Keras 2's hard sigmoid as one of Keras 3's own parts: the same answers, for others.

Keras 2's is 0.2 x + 0.5 between 0 and 1, Keras 3's x / 6 + 0.5: that of Keras 3 at 1.2 x. So where x is what
a layer has summed, the layer's weights times 1.2 do.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convscope.engine.keras_compat import all_layers, finalize_normalizations
from convscope.engine.models.files.keras2.own_parts import FUNCTIONS, has_own_parts

FACTOR = 1.2
NOTE = (
    "Keras 2's hard sigmoid is written as Keras 3's, with the weights before it times 1.2: the answers are "
    "the same, and Keras opens it."
)

_CONVOLUTIONS = tuple(
    f"{kind}{n}D{end}" for n in (1, 2, 3) for kind, end in (("Conv", ""), ("Conv", "Transpose"))
)
_TIMES = tuple(f"{kind}{n}D" for kind in ("DepthwiseConv", "SeparableConv") for n in (1, 2))
# What they put out is the activation of one sum of theirs.
_ONE_SUM = ("Dense", "EinsumDense", *_CONVOLUTIONS, *_TIMES, "SimpleRNN", "SimpleRNNCell")
# Which of the equal parts of their weights' last axis the recurrent activation is of.
_GATES = {"LSTMCell": (1, 1, 0, 1), "ConvLSTMCell": (1, 1, 0, 1), "GRUCell": (1, 1, 0)}
_WITH_GATES = ("LSTM", "GRU", "ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D", *_GATES)


def in_plain_keras(model: Any) -> Any | None:
    """The same network without parts of this app's own; None where Keras 3 has none that do.

    Args:
        model: a Keras model with such parts; stays as it is.
    """
    import keras

    config = _rewritten(keras.saving.serialize_keras_object(model))
    if any(name in json.dumps(config, default=str) for name in FUNCTIONS):
        return None
    made = keras.saving.deserialize_keras_object(config)
    if has_own_parts(made):
        return None
    factors = _factors(model)
    for ours, theirs in zip(made.weights, model.weights, strict=True):
        values = np.asarray(theirs.numpy())
        factor = factors.get(id(theirs))
        ours.assign(values if factor is None else (values * factor).astype(values.dtype))
    finalize_normalizations(made)
    return made


def _rewritten(value: Any) -> Any:
    """A configuration, with the function's name changed wherever weights can make up for it."""
    if isinstance(value, (list, tuple)):
        return [_rewritten(item) for item in value]
    if not isinstance(value, dict):
        return value
    made = {key: _rewritten(item) for key, item in value.items()}
    kind, config = value.get("class_name"), made.get("config")
    if not isinstance(config, dict):
        return made
    if kind in _ONE_SUM and _is_it(config.get("activation")):
        config["activation"] = "hard_sigmoid"
    if kind in _WITH_GATES and _is_it(config.get("recurrent_activation")):
        config["recurrent_activation"] = "hard_sigmoid"
    if kind == "Activation" and _is_it(config.get("activation")):
        made |= _activation(config)
    return made


def _is_it(value: Any) -> bool:
    return isinstance(value, dict) and value.get("config") in tuple(FUNCTIONS)


def _activation(config: dict[str, Any]) -> dict[str, Any]:
    """Two layers in the place of one that has no weights before it to change."""
    import keras

    layers = keras.layers
    name, dtype = config["name"], config.get("dtype")
    pair = [
        layers.Rescaling(FACTOR, name=f"{name}_scale", dtype="float32" if isinstance(dtype, dict) else dtype),
        layers.Activation("hard_sigmoid", name=f"{name}_sigmoid"),
    ]
    written: dict[str, Any] = keras.saving.serialize_keras_object(keras.Sequential(pair, name=name))
    return {**written, "build_config": None}


def _factors(model: Any) -> dict[int, NDArray[np.float64]]:
    """By what some weights are multiplied, by their ids."""
    found: dict[int, NDArray[np.float64]] = {}
    for layer in all_layers(model):
        kind = type(layer).__name__
        if kind in _ONE_SUM and _is_function(getattr(layer, "activation", None)):
            weights = [weight for weight in layer.weights if weight.name != "depthwise_kernel"]
            found |= {id(weight): np.array(FACTOR) for weight in weights}
        if kind in _GATES and _is_function(layer.recurrent_activation):
            parts = np.where(_GATES[kind], FACTOR, 1.0)
            for weight in layer.weights:
                found[id(weight)] = np.repeat(parts, weight.shape[-1] // len(parts))
    return found


def _is_function(function: Any) -> bool:
    from convscope.engine.models.files.keras2.own_parts import hard_sigmoid

    return function is hard_sigmoid()
