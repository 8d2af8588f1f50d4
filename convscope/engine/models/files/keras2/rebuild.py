"""Models that Keras 1.2 to 2 wrote, built again layer by layer from their configuration.

Keras 3 fails on many of them: nested models are numbered otherwise in the graph, and layers have settings
that it no longer knows. Here every layer is mended by itself (`mend_layer`), and connected anew.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from typing import Any

from convscope.core.errors import UserError
from convscope.engine.keras_compat import is_symbolic
from convscope.engine.models.files import allowed
from convscope.engine.models.files.keras2.mend_layer import (
    batch_shape_of,
    dtype_of,
    free_batch,
    mended_layer,
    name_of,
)
from convscope.engine.models.files.keras2.operations import NUMBER, apply_operation

# Switches of Keras 2 that Keras 3's layers lack: leaving them out would compute something else.
_GONE: Mapping[str, str] = {
    "renorm": "batch renormalisation",
    "time_major": "sequences with time before the batch",
    "causal": "attention that was made causal when its layer was made",
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
    title = None if isinstance(config, list) else name_of(config)
    layers = [mended_layer(spec, name, _model) for spec in specs]
    if not isinstance(layers[0], keras.layers.InputLayer) and not hasattr(layers[0], "input_shape"):
        shape = batch_shape_of(specs[0]["config"]) or (
            None if isinstance(config, list) else config.get("build_input_shape")
        )
        if shape is None:
            raise UserError(f"{name} does not say which images it takes: it was saved before its first use.")
        layers.insert(0, keras.layers.InputLayer(batch_shape=free_batch(shape), dtype=dtype_of(specs[0])))
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
            layers[key] = layer = mended_layer(spec, name, _model)
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
        name=name_of(config),
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
        if not is_symbolic(tensor):
            raise UserError(f"{name} is damaged: it calls {name_of(spec['config'])} on numbers alone.")
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
