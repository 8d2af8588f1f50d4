"""An opened model as an architecture to start from: its layers, one by one, in the builder's kinds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from convscope.core.errors import UserError
from convscope.engine.models.applications.table import APPLICATIONS
from convscope.engine.models.builder.architecture import Architecture, LayerSpec, named
from convscope.engine.models.builder.build import keras_settings
from convscope.engine.models.builder.templates import TEMPLATES
from convscope.engine.models.layer_specs import KINDS
from convscope.engine.models.layer_specs.base import ACTIVATIONS, L2
from convscope.engine.models.library.shipped import facts
from convscope.engine.models.opened import OpenedModel
from convscope.engine.models.program import ProgramStep, Slot

# Settings of a layer that say how it starts or what it is called, not what it computes.
_STARTING = ("name", "trainable", "dtype", "seed")
_MERGES = ("Add", "Subtract", "Multiply", "Maximum", "Average")
LONGEST = 1100
"""Layers that the builder takes from a model: all of keras.applications have fewer."""


def architecture_of(model: OpenedModel) -> Architecture:
    """The layers of a model for the builder, without its weights; nested models opened up.

    A layer of Keras's own that has no public name, and arithmetic written as a function, is given by public
    layers that compute the same.

    Raises:
        UserError: it has something that the builder does not know; what to do instead.
    """
    try:
        return _taken_apart(model)
    except UserError as error:
        application = model.source.kind == "application" and model.source.spec in APPLICATIONS
        instead = (
            "take it whole, as Pretrained base in the palette"
            if application
            else "start from a template instead, or read it under Layers and Graph"
        )
        raise UserError(f"{error.message.rstrip('.')}: {instead}.", detail=error.detail) from error


def listed_name(path: str) -> str:
    """What a layer is called in the builder's list: "vgg16/block1_conv1" → "vgg16.block1_conv1"."""
    return path.replace("/", ".")


def _taken_apart(model: OpenedModel) -> Architecture:
    if model.source.kind == "shipped":
        return facts(model.source.spec).architecture
    if model.source.kind == "template":
        return TEMPLATES[model.source.spec].architecture.with_input(model.input_shape)
    program = model.program
    if len(program.outputs) != 1:
        count = len(program.outputs)
        raise UserError(f"{model.name} has {count} outputs; the builder makes networks with one.")
    if len(program.slots) > LONGEST:
        raise UserError(
            f"{model.name} has {len(program.slots):,} layers; the builder's list takes {LONGEST:,} at most."
        )
    names: dict[int, str] = {}
    layers: list[LayerSpec] = []
    for name, slot in zip(program.input_names, program.inputs, strict=True):
        names[slot] = listed_name(name)
        layers.append(LayerSpec(names[slot], "InputLayer", {"shape": program.shapes[slot][1:]}))
    for step in program.steps:
        if step.part == "activation":
            names[step.outputs[0]] = names[step.inputs[0]]
            continue
        if step.first != step.path:
            raise UserError(
                f"{model.name} calls {step.first} more than once; the builder's layers are called once."
            )
        feeds = tuple(names[slot] for slot in step.inputs)
        for spec in _specs(model.name, step, feeds, len(program.shapes[step.inputs[0]])):
            # What the layer above feeds need not be said.
            inputs = () if spec.inputs == (layers[-1].name,) else spec.inputs
            layers.append(LayerSpec(spec.name, spec.kind, spec.config, inputs))
        names.update((slot, layers[-1].name) for slot in step.outputs)
    if names[program.outputs[0]] != layers[-1].name:
        raise UserError(f"The output of {model.name} is not its last layer, as the builder needs it.")
    name, title = _called(model.name)
    return Architecture(name, tuple(layers), title)


def _called(name: str) -> tuple[str, str]:
    """A model's name as the builder has it: in Keras's letters, and as a person knows it."""
    try:
        return named(name)
    except ValueError:
        return "network", ""


def _specs(model: str, step: ProgramStep, feeds: tuple[str, ...], axes: int) -> list[LayerSpec]:
    """The layers of the builder that compute one step of a program.

    Raises:
        UserError: there are none.
    """
    import keras

    name = listed_name(step.path)
    if isinstance(step.layer, keras.layers.Layer):
        if step.kind in KINDS and hasattr(keras.layers, step.kind):
            return [LayerSpec(name, step.kind, _settings(model, step, axes), feeds)]
        specs = _private(name, step, feeds)
    else:
        specs = _operation(name, step, feeds, axes)
    if specs is None:
        raise UserError(f"The builder has no layer such as {step.path} of {model} ({step.kind}).")
    return specs


def _private(name: str, step: ProgramStep, feeds: tuple[str, ...]) -> list[LayerSpec] | None:
    """Layers that keras.applications keep to themselves, by others that compute the same."""
    if not type(step.layer).__module__.startswith("keras."):
        return None
    if step.kind == "CustomScaleLayer":
        scaled = LayerSpec(f"{name}.scaled", "Rescaling", {"scale": float(step.layer.scale)}, (feeds[1],))
        return [scaled, LayerSpec(name, "Add", {}, (feeds[0], scaled.name))]
    if step.kind == "LayerScale":
        return [LayerSpec(name, "DepthwiseConv2D", {"kernel_size": 1, "use_bias": False}, feeds)]
    if step.kind == "StochasticDepth":
        settings = {"rate": float(step.layer.drop_path_rate), "noise_shape": (None, 1, 1, 1)}
        return [LayerSpec(name, "Dropout", settings, feeds)]
    return None


def _operation(name: str, step: ProgramStep, feeds: tuple[str, ...], axes: int) -> list[LayerSpec] | None:
    """Arithmetic written as a function or an operator (x + y, x·2, ops.relu) as a layer."""
    if len(feeds) == 1:
        activation = step.activation
        if activation in ACTIVATIONS and step.kind.lower() == activation.replace("_", ""):
            return [LayerSpec(name, "Activation", {"activation": activation}, feeds)]
        settings = _rescaling(step)
        return None if settings is None else [LayerSpec(name, "Rescaling", settings, feeds)]
    if step.kind in _MERGES and len(feeds) == 2:
        return [LayerSpec(name, step.kind, {}, feeds)]
    if step.kind == "Concatenate":
        axis = step.layer.axis
        return [LayerSpec(name, step.kind, {"axis": -1 if axis == axes - 1 else axis}, feeds)]
    return None


def _rescaling(step: ProgramStep) -> dict[str, float] | None:
    """One tensor and one number: a scale and an offset."""
    given = list(step.args) + [value for value in step.kwargs.values() if not isinstance(value, (bool, str))]
    if len(given) != 2 or sum(isinstance(value, Slot) for value in given) != 1:
        return None
    first = isinstance(given[0], Slot)
    other = given[1] if first else given[0]
    if isinstance(other, bool) or not isinstance(other, (int, float)):
        return None
    number = float(other)
    found = {
        "Add": (1.0, number),
        "Multiply": (number, 0.0),
        "Subtract": (1.0, -number) if first else (-1.0, number),
    }
    if first and number:
        found |= {"Divide": (1 / number, 0.0), "TrueDivide": (1 / number, 0.0)}
    if step.kind not in found:
        return None
    scale, offset = found[step.kind]
    return {"scale": scale, "offset": offset}


def _settings(model: str, step: ProgramStep, axes: int) -> dict[str, Any]:
    """The builder's settings of a layer whose input has so many axes.

    Raises:
        UserError: a setting that is not Keras's default is unknown to the builder.
    """
    import keras

    kind = KINDS[step.kind]
    given = _plain_config(step.layer.get_config(), axes)
    settings = {option.name: given[option.name] for option in kind.options if option.name in given}
    if L2.name in settings:
        settings[L2.name] = _l2(settings[L2.name])
    if settings.get("activation", "") is None:
        settings["activation"] = "linear"
    try:
        again = _plain_config(getattr(keras.layers, step.kind)(**keras_settings(settings)).get_config(), axes)
    except (TypeError, ValueError) as error:
        raise UserError(f"The builder cannot make {step.path} of {model}.", detail=str(error)) from error
    for key, value in again.items():
        if key in _STARTING or key.endswith("_initializer"):
            continue
        if value != given.get(key):
            raise UserError(f"The builder cannot make {step.path} of {model}: it has no setting {key}.")
    return settings


def _l2(regularizer: Any) -> float | None:
    """The factor of an L2 regularizer's configuration; None for none and for another, which is told later."""
    if isinstance(regularizer, Mapping) and regularizer.get("class_name") == "L2":
        return float(regularizer["config"]["l2"])
    return None


def _plain_config(config: Mapping[str, Any], axes: int) -> dict[str, Any]:
    """A layer's settings with lists as tuples, sizes of equal numbers as one, and the last axis as −1."""
    plain = {key: _plain(value) for key, value in config.items()}
    for key in ("axis", "noise_shape", "mean", "variance", "scale", "offset"):
        # One number a channel stays a row, also where there are two equal ones.
        if isinstance(config.get(key), (list, tuple)):
            plain[key] = tuple(config[key])
    if plain.get("axis") in (axes - 1, (axes - 1,), (-1,)):
        plain["axis"] = -1
    return plain


def _plain(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        items = tuple(_plain(item) for item in value)
        return items[0] if len(items) == 2 and items[0] == items[1] and isinstance(items[0], int) else items
    return value
