"""An architecture as a Keras model, and as the Keras script that builds the same model."""

from __future__ import annotations

import keyword
import re
from collections.abc import Mapping
from typing import Any

from convscope.core.opening import check_budget
from convscope.core.task import Task
from convscope.engine.models.builder.architecture import Architecture, LayerSpec
from convscope.engine.models.layer_specs import KINDS
from convscope.engine.models.layer_specs.base import L2, LayerPlace, Shape


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
        architecture.summary().totals.weight_bytes, f"The weights of {architecture.shown_name} would be"
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
    rows = architecture.summary().layers
    shapes = {row.name: row.shape or () for row in rows}
    return {row.name: shapes[row.inputs[0]] if row.inputs else () for row in rows}


def _layer(spec: LayerSpec, shape: Shape, task: Task | None, fetch: bool) -> Any:
    import keras

    build = KINDS[spec.kind].build
    if build is not None:
        return build(spec.name, spec.settings, LayerPlace(shape, fetch, task))
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
        code = KINDS[spec.kind].code
        if code is not None:
            lines += [*code(_variable(spec.name), _text(spec.name), spec.settings, shapes[spec.name]), ""]
    if architecture.is_chain:
        first, *rest = architecture.layers
        lines += ["model = keras.Sequential(", "    ["]
        lines += [f"        {_input_code(first)},"]
        lines += [f"        {_call(x)}," for x in rest]
        lines += ["    ],", f"    name={_text(architecture.name)},", ")"]
        return "\n".join(lines) + "\n"
    for index, spec in enumerate(architecture.layers):
        variable = _variable(spec.name)
        if spec.kind == "InputLayer":
            lines.append(f"{variable} = {_input_code(spec)}")
            continue
        feeds = [_tensor(architecture, name) for name in architecture.feeds(index)]
        arguments = f"[{', '.join(feeds)}]" if len(feeds) > 1 else feeds[0]
        lines.append(f"{_tensor(architecture, spec.name)} = {_call(spec)}({arguments})")
    inputs = [_variable(spec.name) for spec in architecture.layers if spec.kind == "InputLayer"]
    given = f"[{', '.join(inputs)}]" if len(inputs) > 1 else inputs[0]
    output = _tensor(architecture, architecture.layers[-1].name)
    lines += ["", f"model = keras.Model({given}, {output}, name={_text(architecture.name)})"]
    return "\n".join(lines) + "\n"


def _tensor(architecture: Architecture, name: str) -> str:
    made_before = KINDS[architecture.layers[architecture.index(name)].kind].code is not None
    return _variable(name) + ("_maps" if made_before else "")


def _input_code(spec: LayerSpec) -> str:
    return f"keras.Input(shape={tuple(spec.settings['shape'])!r}, name={_text(spec.name)})"


def _call(spec: LayerSpec) -> str:
    if KINDS[spec.kind].code is not None:
        return _variable(spec.name)
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
