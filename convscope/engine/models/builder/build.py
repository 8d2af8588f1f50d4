"""An architecture as a Keras model, and as the Keras script that builds the same model."""

from __future__ import annotations

import keyword
import re
from collections.abc import Mapping
from typing import Any

from convscope.core.opening import check_budget
from convscope.core.task import Task
from convscope.engine.models.builder.architecture import Architecture, LayerSpec
from convscope.engine.models.layer_specs.base import L2, Shape


def to_keras(architecture: Architecture, task: Task | None = None, *, fetch: bool = False) -> Any:
    """The Keras model with new random weights (a pretrained base with its own).

    Returns:
        A Sequential where every layer is fed by the one above it, else a functional model.

    Raises:
        UserError: it cannot be built, naming the layer; or a base's weights cannot be had.
    """
    import keras

    architecture.checked()
    check_budget(
        architecture.sheet().totals.weight_bytes, f"The weights of {architecture.shown_name} would be"
    )
    shapes = _input_shapes(architecture)
    if architecture.is_chain:
        layers = [keras.Input(**_input(architecture.layers[0]))]
        layers += [_layer(spec, shapes[spec.name], task, fetch) for spec in architecture.layers[1:]]
        return keras.Sequential(layers, name=architecture.name)
    tensors: dict[str, Any] = {}
    for index, spec in enumerate(architecture.layers):
        if spec.kind == "InputLayer":
            tensors[spec.name] = keras.Input(**_input(spec))
            continue
        feeds = [tensors[name] for name in architecture.feeds(index)]
        tensors[spec.name] = _layer(spec, shapes[spec.name], task, fetch)(
            feeds if len(feeds) > 1 else feeds[0]
        )
    inputs = [tensors[spec.name] for spec in architecture.layers if spec.kind == "InputLayer"]
    output = tensors[architecture.layers[-1].name]
    return keras.Model(inputs if len(inputs) > 1 else inputs[0], output, name=architecture.name)


def _input(spec: LayerSpec) -> dict[str, Any]:
    return {"shape": tuple(spec.settings["shape"]), "name": spec.name}


def _input_shapes(architecture: Architecture) -> dict[str, Shape]:
    """By layer, the shape of what feeds it first: a pretrained base is built for just that size."""
    rows = architecture.sheet().layers
    shapes = {row.name: row.shape or () for row in rows}
    return {row.name: shapes[row.inputs[0]] if row.inputs else () for row in rows}


def _layer(spec: LayerSpec, shape: Shape, task: Task | None, fetch: bool) -> Any:
    import keras

    if spec.kind == "Base":
        from convscope.engine.models.library.applications import build_application

        settings = spec.settings
        weights = "imagenet" if settings["weights"] == "imagenet" else None
        base = build_application(
            settings["application"],
            weights=weights,
            include_top=False,
            input_shape=shape,
            layer_name=spec.name,
            fetch=fetch,
            task=task,
        )
        base.trainable = settings["trainable"]
        return base
    return getattr(keras.layers, spec.kind)(name=spec.name, **keras_settings(spec.settings))


def keras_settings(settings: Mapping[str, Any]) -> dict[str, Any]:
    """A layer's settings as its Keras class takes them: a regularizer is an object there."""
    import keras

    factor = settings.get(L2.name)
    if factor is None:
        return dict(settings)
    return {**settings, L2.name: keras.regularizers.L2(factor)}


def to_code(architecture: Architecture) -> str:
    """A Python script that builds the same model with Keras alone, as `model`."""
    architecture.checked()
    lines = ["import keras", "from keras import layers", ""]
    shapes = _input_shapes(architecture)
    for spec in architecture.layers:
        if spec.kind == "Base":
            lines += _base_code(spec, shapes[spec.name])
    if architecture.is_chain:
        first, *rest = architecture.layers
        lines += ["model = keras.Sequential(", "    ["]
        lines += [f"        {_input_code(first)},"]
        lines += [f"        {_variable(x.name) if x.kind == 'Base' else _call(x)}," for x in rest]
        lines += ["    ],", f"    name={_text(architecture.name)},", ")"]
        return "\n".join(lines) + "\n"
    for index, spec in enumerate(architecture.layers):
        variable = _variable(spec.name)
        if spec.kind == "InputLayer":
            lines.append(f"{variable} = {_input_code(spec)}")
            continue
        feeds = [_tensor(architecture, name) for name in architecture.feeds(index)]
        arguments = f"[{', '.join(feeds)}]" if len(feeds) > 1 else feeds[0]
        if spec.kind == "Base":
            lines.append(f"{variable}_maps = {variable}({arguments})")
        else:
            lines.append(f"{variable} = {_call(spec)}({arguments})")
    inputs = [_variable(spec.name) for spec in architecture.layers if spec.kind == "InputLayer"]
    given = f"[{', '.join(inputs)}]" if len(inputs) > 1 else inputs[0]
    output = _tensor(architecture, architecture.layers[-1].name)
    lines += ["", f"model = keras.Model({given}, {output}, name={_text(architecture.name)})"]
    return "\n".join(lines) + "\n"


def _tensor(architecture: Architecture, name: str) -> str:
    base = architecture.layers[architecture.index(name)].kind == "Base"
    return _variable(name) + ("_maps" if base else "")


def _base_code(spec: LayerSpec, shape: Shape) -> list[str]:
    settings = spec.settings
    weights = '"imagenet"' if settings["weights"] == "imagenet" else "None"
    variable = _variable(spec.name)
    return [
        f"{variable} = keras.applications.{settings['application']}(",
        f"    weights={weights}, include_top=False, input_shape={shape!r}, name={_text(spec.name)}",
        ")",
        f"{variable}.trainable = {settings['trainable']}",
        "",
    ]


def _input_code(spec: LayerSpec) -> str:
    return f"keras.Input(shape={tuple(spec.settings['shape'])!r}, name={_text(spec.name)})"


def _call(spec: LayerSpec) -> str:
    words = [f"{key}={_value(key, value)}" for key, value in spec.settings.items()]
    return f"layers.{spec.kind}({', '.join([*words, f'name={_text(spec.name)}'])})"


def _value(key: str, value: Any) -> str:
    if key == L2.name and value is not None:
        return f"keras.regularizers.L2({value!r})"
    return _text(value) if isinstance(value, str) else repr(value)


def _text(value: str) -> str:
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _variable(name: str) -> str:
    word = re.sub(r"\W", "_", name)
    if word[0].isdigit() or keyword.iskeyword(word) or word in ("keras", "layers", "model", "input"):
        word = f"layer_{word}"
    return word
