"""Models that Keras 1.2 to 2 wrote, built again layer by layer from their configuration.

Keras 3 fails on many of them: nested models are numbered otherwise in the graph, and layers have settings
    that it no longer knows. Here every layer is made from the settings that today's class takes, and
    connected anew.
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np

from convscope.core.errors import UserError
from convscope.engine.models.files import allowed
from convscope.engine.models.files.check_config import NUMBER
from convscope.engine.models.files.keras2_parts import hard_sigmoid_config, resizing_layer
from convscope.engine.models.files.legacy_ops import apply_operation

# Switches of Keras 2 that Keras 3's layers lack: leaving them out would compute something else.
_GONE: Mapping[str, str] = {
    "renorm": "batch renormalisation",
    "time_major": "sequences with time before the batch",
    "causal": "attention that was made causal when its layer was made",
}
# What Keras 2 means where a file is silent, and today's layers do not.
_SILENT: Mapping[str, Mapping[str, Any]] = {
    "GRU": {"reset_after": False},
    "GRUCell": {"reset_after": False},
    "ConvLSTM1D": {"recurrent_activation": "hard_sigmoid"},
    "ConvLSTM2D": {"recurrent_activation": "hard_sigmoid"},
    "ConvLSTM3D": {"recurrent_activation": "hard_sigmoid"},
}


def check_legacy(config: Any, name: str) -> None:
    """Refuse layers that this module does not build; `check_config` refuses all else that is harmful.

    Raises:
        UserError: naming the layer's kind.
    """
    if isinstance(config, list):
        for item in config:
            check_legacy(item, name)
    elif isinstance(config, dict):
        for setting, what in _GONE.items():
            if config.get(setting) is True:
                raise UserError(f"{name} uses {what}, which Keras 3 does not have.")
        for item in config.values():
            check_legacy(item, name)


def _activation(value: Any) -> Any:
    """An activation as today's Keras computes what Keras 2 computed under this name."""
    told = (
        value.get("config") if isinstance(value, Mapping) and value.get("class_name") == "function" else value
    )
    return hard_sigmoid_config() if told == "hard_sigmoid" else value


def rebuild(config: Mapping[str, Any], name: str) -> Any:
    """The Keras model of a configuration that Keras 1.2 to 2 wrote, with random weights.

    Args:
        config: `{"class_name": …, "config": …}`, already checked.
        name: the file's, for sentences.

    Raises:
        UserError: a part of it that cannot be mended.
    """
    try:
        return _model(config, name)
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        raise UserError(
            f"{name} was written by an old Keras in a way that cannot be mended.", detail=repr(error)
        ) from error


def _model(config: Mapping[str, Any], name: str) -> Any:
    if config["class_name"] == "Sequential":
        return _sequential(config["config"], name)
    return _functional(config["config"], name)


def _sequential(config: Any, name: str) -> Any:
    import keras

    # Before Keras 2.2.3 the configuration was the list of layers itself.
    specs = config if isinstance(config, list) else config["layers"]
    title = None if isinstance(config, list) else _name(config)
    layers = [_layer(spec, name) for spec in specs]
    if not isinstance(layers[0], keras.layers.InputLayer) and not hasattr(layers[0], "input_shape"):
        shape = _batch_shape(specs[0]["config"]) or (
            None if isinstance(config, list) else config.get("build_input_shape")
        )
        if shape is None:
            raise UserError(f"{name} does not say which images it takes: it was saved before its first use.")
        layers.insert(0, keras.layers.InputLayer(batch_shape=_free_batch(shape), dtype=_dtype(specs[0])))
    return keras.Sequential(layers, name=title)


def _functional(config: Mapping[str, Any], name: str) -> Any:
    import keras

    specs = config["layers"]
    layers: dict[str, Any] = {}
    outputs: dict[str, list[Any]] = {}
    waiting: list[tuple[str, Any]] = []
    for spec in specs:
        key = spec.get("name") or spec["config"]["name"]
        if spec["class_name"] in allowed.LEGACY_OPERATIONS:
            layers[key] = None
            outputs[key] = []
        else:
            layers[key] = layer = _layer(spec, name)
            # In Keras 2 a nested model's first call of its own counts as one.
            outputs[key] = [None] if isinstance(layer, keras.Model) else []
            if isinstance(layer, keras.layers.InputLayer):
                outputs[key].append(layer.output)
        waiting += [(key, node) for node in spec.get("inbound_nodes", ())]
    by_key = {spec.get("name") or spec["config"]["name"]: spec for spec in specs}
    while waiting:
        left = []
        blocked: set[str] = set()
        for key, node in waiting:
            # A layer's calls are numbered, so a later one waits for the earlier.
            if key in blocked or not _ready(node, outputs):
                blocked.add(key)
                left.append((key, node))
                continue
            outputs[key].append(_call(by_key[key], layers[key], node, outputs, name))
        if len(left) == len(waiting):
            raise UserError(f"{name} is damaged: its layers are not connected.")
        waiting = left
    inputs = [_tensor(ref, outputs) for ref in _refs(config["input_layers"])]
    results = [_tensor(ref, outputs) for ref in _refs(config["output_layers"])]
    return keras.Model(
        inputs if len(inputs) > 1 else inputs[0],
        results if len(results) > 1 else results[0],
        name=_name(config),
    )


def _refs(value: Any) -> list[Any]:
    """[["name", 0, 0], …], ["name", 0, 0] or a dictionary of such, by its keys: a list of references."""
    if isinstance(value, dict):
        return [ref for key in sorted(value) for ref in _refs(value[key])]
    return [value] if value and isinstance(value[0], str) else list(value)


def _is_ref(value: Any, outputs: Mapping[str, Any]) -> bool:
    return (
        isinstance(value, list)
        and len(value) in (3, 4)
        and isinstance(value[0], str)
        and value[0] in outputs
        and isinstance(value[1], int)
        and isinstance(value[2], int)
    )


def _node_refs(node: Any, outputs: Mapping[str, Any]) -> list[Any]:
    if _is_ref(node, outputs):
        return [node, *(_node_refs(node[3], outputs) if len(node) == 4 else ())]
    if isinstance(node, dict):
        node = list(node.values())
    if isinstance(node, list):
        return [ref for item in node for ref in _node_refs(item, outputs)]
    return []


def _ready(node: Any, outputs: Mapping[str, list[Any]]) -> bool:
    return all(len(outputs[ref[0]]) > ref[1] for ref in _node_refs(node, outputs))


def _tensor(ref: Sequence[Any], outputs: Mapping[str, list[Any]]) -> Any:
    value = outputs[ref[0]][ref[1]]
    return value[ref[2]] if isinstance(value, (list, tuple)) else value


def _filled(value: Any, outputs: Mapping[str, list[Any]]) -> Any:
    if _is_ref(value, outputs):
        return _tensor(value, outputs)
    return [_filled(item, outputs) for item in value] if isinstance(value, list) else value


def _call(spec: Mapping[str, Any], layer: Any, node: Any, outputs: Mapping[str, list[Any]], name: str) -> Any:
    if layer is None and node[0] == NUMBER:
        # A number before the operator: 1 - x.
        tensor = _filled(node[3]["y"], outputs)
        if not hasattr(tensor, "_keras_history"):
            raise UserError(f"{name} is damaged: it calls {_name(spec['config'])} on numbers alone.")
        return apply_operation(spec, [], {"x": node[2], "y": tensor}, name)
    refs = [node] if _is_ref(node, outputs) else [ref for ref in node if _is_ref(ref, outputs)]
    tensors = [_tensor(ref, outputs) for ref in refs]
    words = refs[0][3] if refs and len(refs[0]) == 4 else {}
    arguments = {key: _filled(value, outputs) for key, value in words.items() if key != "name"}
    if layer is None:
        return apply_operation(spec, tensors, arguments, name)
    taken = {key: value for key, value in arguments.items() if key in _call_arguments(layer)}
    return layer(tensors if len(tensors) > 1 else tensors[0], **taken)


def _call_arguments(layer: Any) -> set[str]:
    return set(inspect.signature(layer.call).parameters)


def _layer(spec: Mapping[str, Any], name: str) -> Any:
    import keras

    kind, config = spec["class_name"], spec["config"]
    if kind in allowed.MODELS:
        return _model(spec, name)
    if kind == "InputLayer":
        shape = _batch_shape(config)
        if shape is None:
            raise UserError(f"{name} is damaged: an input has no shape.")
        return keras.layers.InputLayer(batch_shape=_free_batch(shape), dtype=_dtype(spec), name=_name(config))
    if kind == "RandomCrop":
        # At inference Keras 2 takes the largest middle part of this form; Keras 3 leaves the image as it is.
        size = (config["height"], config["width"])
        return keras.layers.Resizing(*size, crop_to_aspect_ratio=True, name=_name(config))
    if kind == "ThresholdedReLU":
        # Nothing at theta itself, where ReLU with a threshold lets pass: hence the next number after it.
        theta = float(np.nextafter(np.float32(config["theta"]), np.float32(np.inf)))
        return keras.layers.ReLU(threshold=theta, name=_name(config))
    if kind in ("RandomHeight", "RandomWidth"):
        # At inference they leave the image as it is.
        return keras.layers.Identity(name=_name(config))
    if kind in allowed.APPLICATION_LAYERS:
        cls = getattr(importlib.import_module(allowed.APPLICATION_LAYERS[kind][0]), kind)
    elif kind in ("Resizing", "UpSampling2D"):
        cls = resizing_layer(kind, config)
    elif kind in allowed.LAYERS and hasattr(keras.layers, kind):
        cls = getattr(keras.layers, kind)
    else:
        raise UserError(f"{name} has a layer of the kind {kind}, which Keras 3 does not have.")
    return cls.from_config(_mended(kind, cls, config, name))


def _mended(kind: str, cls: Any, config: Mapping[str, Any], name: str) -> dict[str, Any]:
    """A layer's settings as today's class takes them."""
    config = {**_SILENT.get(kind, {}), **config}
    mended = {key: _number(value) for key, value in config.items() if key in _settings(cls)}
    mended["name"] = _name(config)
    if kind == "LeakyReLU" and "alpha" in config:
        mended["negative_slope"] = _number(config["alpha"])
    if kind in ("BatchNormalization", "LayerNormalization") and isinstance(mended.get("axis"), list):
        axis = mended["axis"]
        mended["axis"] = axis[0] if len(axis) == 1 else axis
    for key in ("activation", "recurrent_activation"):
        if key in mended:
            mended[key] = _activation(mended[key])
    if "dtype" in mended:
        mended["dtype"] = _dtype({"config": config})
    for key, value in list(mended.items()):
        if key.endswith(("_initializer", "_regularizer", "_constraint")) and isinstance(value, Mapping):
            mended[key] = _small(value)
            if mended[key] is None:
                del mended[key]
    for key in ("layer", "backward_layer", "cell"):
        if isinstance(config.get(key), Mapping):
            mended[key] = _inner(config[key], name)
    if isinstance(config.get("cells"), list):
        mended["cells"] = [_inner(spec, name) for spec in config["cells"]]
    return mended


def _inner(spec: Mapping[str, Any], name: str) -> dict[str, Any]:
    """A layer within a layer: from_config of a wrapper wants it as a configuration, in today's words."""
    import keras

    config: dict[str, Any] = keras.saving.serialize_keras_object(_layer(spec, name))
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


def _batch_shape(config: Mapping[str, Any]) -> Any:
    return config.get("batch_input_shape") or config.get("batch_shape")


def _free_batch(shape: Sequence[Any]) -> tuple[Any, ...]:
    # A fixed batch size would forbid to look at one image.
    return (None, *shape[1:])


def _name(config: Mapping[str, Any]) -> str | None:
    """Keras 3 allows no slash in a layer's name (Keras 2's MobileNetV3 has "Conv/BatchNorm")."""
    name = config.get("name")
    return None if name is None else str(name).replace("/", "_")


def _dtype(spec: Mapping[str, Any]) -> str:
    """The type's or mixed-precision policy's name."""
    dtype = spec["config"].get("dtype") or "float32"
    if isinstance(dtype, Mapping):
        dtype = dtype["config"]["name"]
    return str(dtype)
