"""How one layer of Keras 2 is mended: from the settings in its file to those that Keras 3's class takes."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np

from convscope.core.errors import UserError
from convscope.engine.models.files import allowed
from convscope.engine.models.files.keras2.own_parts import hard_sigmoid_config, resizing_layer

Network = Callable[[Mapping[str, Any], str], Any]
"""Builds a network that is a layer of another: its configuration, and the file's name for sentences."""

# What Keras 2 means where a file is silent, and today's layers do not.
_SILENT: Mapping[str, Mapping[str, Any]] = {
    "GRU": {"reset_after": False},
    "GRUCell": {"reset_after": False},
    "ConvLSTM1D": {"recurrent_activation": "hard_sigmoid"},
    "ConvLSTM2D": {"recurrent_activation": "hard_sigmoid"},
    "ConvLSTM3D": {"recurrent_activation": "hard_sigmoid"},
}


def _activation(value: Any) -> Any:
    """An activation as today's Keras computes what Keras 2 computed under this name."""
    told = (
        value.get("config") if isinstance(value, Mapping) and value.get("class_name") == "function" else value
    )
    return hard_sigmoid_config() if told == "hard_sigmoid" else value


def mended_layer(spec: Mapping[str, Any], name: str, network: Network) -> Any:
    """A layer of Keras 3 that computes what the file's layer computed.

    Args:
        spec: the layer in the file's configuration, already checked.
        name: the file's, for sentences.
        network: builds what is itself a network.

    Raises:
        UserError: Keras 3 has no such layer.
    """
    import keras

    kind, config = spec["class_name"], spec["config"]
    if kind in allowed.MODELS:
        return network(spec, name)
    if kind == "InputLayer":
        shape = batch_shape_of(config)
        if shape is None:
            raise UserError(f"{name} is damaged: an input has no shape.")
        return keras.layers.InputLayer(
            batch_shape=free_batch(shape), dtype=dtype_of(spec), name=name_of(config)
        )
    if kind == "RandomCrop":
        # At inference Keras 2 takes the largest middle part of this form; Keras 3 leaves the image as it is.
        size = (config["height"], config["width"])
        return keras.layers.Resizing(*size, crop_to_aspect_ratio=True, name=name_of(config))
    if kind == "ThresholdedReLU":
        # Nothing at theta itself, where ReLU with a threshold lets pass: hence the next number after it.
        theta = float(np.nextafter(np.float32(config["theta"]), np.float32(np.inf)))
        return keras.layers.ReLU(threshold=theta, name=name_of(config))
    if kind in ("RandomHeight", "RandomWidth"):
        # At inference they leave the image as it is.
        return keras.layers.Identity(name=name_of(config))
    if kind in allowed.APPLICATION_LAYERS:
        cls = getattr(importlib.import_module(allowed.APPLICATION_LAYERS[kind][0]), kind)
    elif kind in ("Resizing", "UpSampling2D"):
        cls = resizing_layer(kind, config)
    elif kind in allowed.LAYERS and hasattr(keras.layers, kind):
        cls = getattr(keras.layers, kind)
    else:
        raise UserError(f"{name} has a layer of the kind {kind}, which Keras 3 does not have.")
    return cls.from_config(_mended(kind, cls, config, name, network))


def _mended(kind: str, cls: Any, config: Mapping[str, Any], name: str, network: Network) -> dict[str, Any]:
    """A layer's settings as today's class takes them."""
    config = {**_SILENT.get(kind, {}), **config}
    mended = {key: _number(value) for key, value in config.items() if key in _settings(cls)}
    mended["name"] = name_of(config)
    if kind == "LeakyReLU" and "alpha" in config:
        mended["negative_slope"] = _number(config["alpha"])
    if kind in ("BatchNormalization", "LayerNormalization") and isinstance(mended.get("axis"), list):
        axis = mended["axis"]
        mended["axis"] = axis[0] if len(axis) == 1 else axis
    for key in ("activation", "recurrent_activation"):
        if key in mended:
            mended[key] = _activation(mended[key])
    if "dtype" in mended:
        mended["dtype"] = dtype_of({"config": config})
    for key, value in list(mended.items()):
        if key.endswith(("_initializer", "_regularizer", "_constraint")) and isinstance(value, Mapping):
            mended[key] = _small(value)
            if mended[key] is None:
                del mended[key]
    for key in ("layer", "backward_layer", "cell"):
        if isinstance(config.get(key), Mapping):
            mended[key] = _inner(config[key], name, network)
    if isinstance(config.get("cells"), list):
        mended["cells"] = [_inner(spec, name, network) for spec in config["cells"]]
    return mended


def _inner(spec: Mapping[str, Any], name: str, network: Network) -> dict[str, Any]:
    """A layer within a layer: from_config of a wrapper wants it as a configuration, in today's words."""
    import keras

    config: dict[str, Any] = keras.saving.serialize_keras_object(mended_layer(spec, name, network))
    return config


def _number(value: Any) -> Any:
    """Before Keras 2.2.5 some numbers stood in a file as arrays of NumPy."""
    if isinstance(value, Mapping) and set(value) == {"type", "value"}:
        return value["value"]
    return value


@cache
def _settings(cls: Any) -> frozenset[str]:
    """What a layer's constructor takes, its base classes' included while it passes on the rest."""
    names: set[str] = set()
    for base in cls.__mro__:
        if "__init__" not in vars(base):
            continue
        parameters = inspect.signature(base.__init__).parameters.values()
        names |= {p.name for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)}
        if not any(p.kind is p.VAR_KEYWORD for p in parameters) or base.__name__ == "Layer":
            break
    return frozenset(names - {"self"})


def _small(value: Mapping[str, Any]) -> dict[str, Any] | None:
    """An initializer, regularizer or constraint; None for one that today's Keras does not have."""
    import keras

    kind = value.get("class_name")
    for group, module in (
        (allowed.INITIALIZERS, keras.initializers),
        (allowed.REGULARIZERS, keras.regularizers),
        (allowed.CONSTRAINTS, keras.constraints),
    ):
        cls = getattr(module, str(kind), None) if kind in group else None
        if cls is not None:
            known = inspect.signature(cls.__init__).parameters
            config = {key: item for key, item in (value.get("config") or {}).items() if key in known}
            return {
                "module": module.__name__.replace("keras.api.", "keras.").replace("keras._tf_keras.", ""),
                "class_name": kind,
                "config": config,
                "registered_name": None,
            }
    return None


def batch_shape_of(config: Mapping[str, Any]) -> Any:
    return config.get("batch_input_shape") or config.get("batch_shape")


def free_batch(shape: Sequence[Any]) -> tuple[Any, ...]:
    # A fixed batch size would forbid to look at one image.
    return (None, *shape[1:])


def name_of(config: Mapping[str, Any]) -> str | None:
    """Keras 3 allows no slash in a layer's name (Keras 2's MobileNetV3 has "Conv/BatchNorm")."""
    name = config.get("name")
    return None if name is None else str(name).replace("/", "_")


def dtype_of(spec: Mapping[str, Any]) -> str:
    """The type's or mixed-precision policy's name."""
    dtype = spec["config"].get("dtype") or "float32"
    if isinstance(dtype, Mapping):
        dtype = dtype["config"]["name"]
    return str(dtype)
