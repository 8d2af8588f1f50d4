"""A model's configuration in the words that Keras 2 knows, which Keras 3 reads as well."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from convscope.engine.models.layer_specs import KINDS

# Keras 2 and 3 compute hard_sigmoid differently, and only Keras 3 knows the others.
_ACTIVATIONS = (
    "linear", "relu", "elu", "selu", "sigmoid", "tanh", "softmax", "softplus", "softsign", "exponential",
    "swish", "silu", "gelu",
)  # fmt: skip
_MODELS = ("Sequential", "Functional", "Model")
_LAYERS = frozenset(kind.name for kind in KINDS.values() if kind.in_keras2)
_RENAMED = {("InputLayer", "batch_shape"): "batch_input_shape", ("LeakyReLU", "negative_slope"): "alpha"}
# Settings that came with Keras 3, with what they are when nobody has chosen them.
_NEW: Mapping[str, Mapping[str, Any]] = {
    "InputLayer": {"optional": False},
    "Dense": {"lora_rank": None, "lora_alpha": None, "quantization_config": None},
    "BatchNormalization": {"renorm": False, "renorm_clipping": None, "renorm_momentum": 0.99},
    "LayerNormalization": {"rms_scaling": False},
    "RandomFlip": {"data_format": "channels_last"},
    "RandomRotation": {"data_format": "channels_last"},
    "RandomZoom": {"data_format": "channels_last"},
    "RandomTranslation": {"data_format": "channels_last"},
    "RandomBrightness": {"data_format": "channels_last"},
}
_OF_INITIALIZERS = ("input_axes", "output_axes")


class NotInKeras2Error(Exception):
    """What Keras 2 does not know: one clause."""


def in_keras2_form(config: Mapping[str, Any]) -> dict[str, Any]:
    """The configuration of a whole model, `{"class_name": …, "config": …}`, as Keras 2 would have written it.

    Args:
        config: what Keras 3 writes into an `.h5` file.

    Raises:
        NotInKeras2Error: naming the first thing that Keras 2 lacks.
    """
    return _layer(config)


def _layer(spec: Mapping[str, Any]) -> dict[str, Any]:
    kind, config = spec["class_name"], spec["config"]
    if spec.get("registered_name") not in (None, "", kind):
        raise NotInKeras2Error(f"{kind} is code of its own")
    if kind in _MODELS:
        return {"class_name": kind, "config": _model(kind, config)}
    if kind not in _LAYERS:
        raise NotInKeras2Error(f"it has no {kind} that does the same")
    new = _NEW.get(kind, {})
    made: dict[str, Any] = {}
    for key, value in config.items():
        if key in new:
            if value != new[key]:
                raise NotInKeras2Error(f"its {kind} has no {key}")
            continue
        made[_RENAMED.get((kind, key), key)] = _value(value)
    for key in ("activation", "recurrent_activation"):
        if isinstance(made.get(key), dict):
            raise NotInKeras2Error("an activation of Keras 2 is written down under a name of this app's own")
        if made.get(key) is not None and made[key] not in _ACTIVATIONS:
            raise NotInKeras2Error(f"it has no activation {made[key]} that computes the same")
    return {"class_name": kind, "config": made}


def _model(kind: str, config: Mapping[str, Any]) -> dict[str, Any]:
    made = {key: _value(value) for key, value in config.items() if key != "layers"}
    made.pop("dtype", None)
    if kind == "Sequential":
        made["layers"] = [_layer(spec) for spec in config["layers"]]
        return made
    layers = []
    for spec in config["layers"]:
        if spec["class_name"] in _MODELS:
            # They number the calls of such a model differently: one of the two would not open it.
            raise NotInKeras2Error("it counts the calls of a model within a graph differently")
        nodes = [_node(node) for node in spec.get("inbound_nodes", ())]
        layers.append({**_layer(spec), "name": spec["name"], "inbound_nodes": nodes})
    made["layers"] = layers
    return made


def _node(node: Mapping[str, Any]) -> list[Any]:
    """A call of a layer: the tensors that it was given, as [name, call, output, {}]."""
    # `training` is False in every graph that was not asked to train, and is told anew at each call.
    chosen = {key: value for key, value in node.get("kwargs", {}).items() if value not in (None, False, {})}
    given = node["args"][0] if len(node["args"]) == 1 else node["args"]
    tensors = given if isinstance(given, list) else [given]
    if set(chosen) - {"training"} or not all(_is_tensor(tensor) for tensor in tensors):
        raise NotInKeras2Error("it cannot write down how a layer of this one is called")
    return [[*tensor["config"]["keras_history"], chosen] for tensor in tensors]


def _is_tensor(value: Any) -> bool:
    return isinstance(value, dict) and value.get("class_name") == "__keras_tensor__"


def _value(value: Any) -> Any:
    """A setting, without the words that say where Keras 3 keeps a class."""
    if isinstance(value, list):
        return [_value(item) for item in value]
    if not isinstance(value, dict):
        return value
    if "class_name" not in value:
        return {key: _value(item) for key, item in value.items()}
    if value.get("registered_name") not in (None, "", value["class_name"]):
        raise NotInKeras2Error(f"{value['class_name']} is code of its own")
    inner = value.get("config", {})
    if value["class_name"] == "function":
        return value
    if value["class_name"] in ("DTypePolicy", "FloatDTypePolicy"):
        return inner["name"]
    kept = {key: _value(item) for key, item in inner.items() if key not in _OF_INITIALIZERS}
    return {"class_name": value["class_name"], "config": kept}
