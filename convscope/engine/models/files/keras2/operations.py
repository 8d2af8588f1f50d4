"""TensorFlow functions inside Keras 2 graphs (x / 127.5 − 1, and the like) as layers of Keras 3."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from convscope.core.errors import UserError

NUMBER = "_CONSTANT_VALUE"
"""Stands in Keras 2 for a layer's name where a number comes before an operator: 1 - x."""

_ACTIVATIONS = {
    "nn.relu": "relu",
    "nn.relu6": "relu6",
    "nn.silu": "silu",
    "nn.swish": "silu",
    "nn.softmax": "softmax",
    "math.sigmoid": "sigmoid",
    "math.tanh": "tanh",
    "nn.gelu": "gelu",
}


def apply_operation(
    spec: Mapping[str, Any], tensors: Sequence[Any], arguments: Mapping[str, Any], name: str
) -> Any:
    """What a TFOpLambda or SlicingOpLambda does, by a Keras 3 layer.

    Args:
        spec: the layer in the file's configuration.
        tensors: what it is called on.
        arguments: of the call: numbers, lists and tensors.
        name: the file's, for sentences.

    Raises:
        UserError: it is a function that the app does not know.
    """
    import keras

    function = str(spec["config"].get("function", spec["class_name"]))
    title = str(spec.get("name") or spec["config"]["name"]).replace("/", "_")
    if not tensors:
        made = _after_number(function, arguments["x"], arguments["y"], title)
        if made is not None:
            return made
        raise _unknown(function, name)
    x = tensors[0]
    if function == "concat" and isinstance(arguments.get("axis"), int):
        return keras.layers.Concatenate(arguments["axis"], name=title)(tensors)
    if function == "cast" or function.endswith(".cast"):
        return x
    if function in _ACTIVATIONS:
        return keras.layers.Activation(_ACTIVATIONS[function], name=title)(x)
    if spec["class_name"] == "SlicingOpLambda" and "slice_spec" in arguments:
        return x[_slices(arguments["slice_spec"])]
    other = arguments.get("y", arguments.get("bias", arguments.get("value")))
    if other is not None:
        made = _binary(function, x, other, title)
        if made is not None:
            return made
    raise _unknown(function, name)


def _unknown(function: str, name: str) -> UserError:
    return UserError(f"{name} is not opened: it calls tf.{function}, a function outside Keras.")


def _after_number(function: str, number: Any, x: Any, title: str) -> Any:
    """number + x, number · x and number − x; None for what else there is."""
    import keras

    name = function.rsplit(".", 1)[-1]
    if name in ("subtract", "sub") and isinstance(number, (int, float)):
        return keras.layers.Rescaling(-1.0, float(number), name=title)(x)
    return _binary(function, x, number, title) if name in ("add", "multiply", "mul") else None


def _binary(function: str, x: Any, other: Any, title: str) -> Any:
    import keras

    name = function.rsplit(".", 1)[-1]
    if isinstance(other, (int, float)) or (
        isinstance(other, list) and all(isinstance(n, (int, float)) for n in other)
    ):
        numbers = [float(n) for n in other] if isinstance(other, list) else float(other)
        scale: Any = 1.0
        offset: Any = 0.0
        if name in ("truediv", "divide"):
            scale = [1 / n for n in numbers] if isinstance(numbers, list) else 1 / numbers
        elif name in ("multiply", "mul"):
            scale = numbers
        elif name in ("subtract", "sub"):
            offset = [-n for n in numbers] if isinstance(numbers, list) else -numbers
        elif name in ("add", "bias_add"):
            offset = numbers
        else:
            return None
        return keras.layers.Rescaling(scale, offset, name=title)(x)
    if not hasattr(other, "shape"):
        return None
    merges = {
        "add": keras.layers.Add,
        "multiply": keras.layers.Multiply,
        "mul": keras.layers.Multiply,
        "subtract": keras.layers.Subtract,
        "sub": keras.layers.Subtract,
    }
    return merges[name](name=title)([x, other]) if name in merges else None


def _slices(spec: Any) -> Any:
    """x[..., ::-1] as the file writes it: a list of slices, numbers and ellipses."""
    parts: list[Any] = []
    for item in spec if isinstance(spec, list) else [spec]:
        if isinstance(item, dict) and ("start" in item or "step" in item or "stop" in item):
            parts.append(slice(item.get("start"), item.get("stop"), item.get("step")))
        elif isinstance(item, dict):
            parts.append(Ellipsis)
        elif item is None or isinstance(item, int):
            parts.append(item)
        else:
            parts.append(Ellipsis)
    return tuple(parts)
