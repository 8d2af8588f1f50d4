"""The builder's architecture as an opened model, and an opened model as an architecture to start from."""

from __future__ import annotations

from typing import Any

from convscope.engine.models.applications_table import APPLICATIONS
from convscope.engine.models.architecture import Architecture, LayerSpec
from convscope.engine.models.build import to_keras
from convscope.engine.models.kinds import KINDS
from convscope.engine.models.opened import OpenedModel, Source
from convscope.engine.models.program import Step
from convscope.engine.models.shipped import facts
from convscope.engine.models.templates import TEMPLATES
from convscope.errors import UserError
from convscope.task import Task

# Settings of a layer that say how it starts or what it is called, not what it computes.
_STARTING = ("name", "trainable", "dtype", "seed")
LONGEST = 320
"""Layers that the builder takes from a model; its arithmetic of more takes longer than a frame."""


def build_model(architecture: Architecture, seed: int = 0, task: Task | None = None) -> OpenedModel:
    """The architecture as a model with random weights; the same seed gives the same ones.

    Raises:
        UserError: it cannot be built, naming the layer; or a base's weights cannot be had.
    """
    import keras

    keras.utils.set_random_seed(seed)
    model = to_keras(architecture, task)
    template = TEMPLATES.get(architecture.name)
    classes = template.classes if template is not None else ()
    made = OpenedModel(
        model,
        classes=classes if architecture.sheet().layers[-1].shape == (len(classes),) else (),
        source=Source("memory", architecture.name, weights="random"),
        notes=["Its weights are random: what it says about an image means nothing until it is trained."],
    )
    # Every panel asks for its arithmetic, which takes longer than a frame.
    _ = made.sheet
    return made


def architecture_of(model: OpenedModel) -> Architecture:
    """The layers of a model for the builder, without its weights; nested models opened up.

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
            f"{model.name} has {len(program.slots):,} layers; the builder's list takes {LONGEST} at most."
        )
    names: dict[int, str] = {}
    layers: list[LayerSpec] = []
    for name, slot in zip(program.input_names, program.inputs, strict=True):
        names[slot] = _name(name)
        layers.append(LayerSpec(names[slot], "InputLayer", {"shape": program.shapes[slot][1:]}))
    for step in program.steps:
        if step.part == "activation":
            names[step.outputs[0]] = names[step.inputs[0]]
            continue
        settings = _settings(model.name, step, len(program.shapes[step.inputs[0]]))
        feeds = tuple(names[slot] for slot in step.inputs)
        # What the layer above feeds need not be said.
        inputs = () if feeds == (layers[-1].name,) else feeds
        layers.append(LayerSpec(_name(step.path), step.kind, settings, inputs))
        names.update((slot, layers[-1].name) for slot in step.outputs)
    if names[program.outputs[0]] != layers[-1].name:
        raise UserError(f"The output of {model.name} is not its last layer, as the builder needs it.")
    return Architecture(_name(model.name), tuple(layers))


def _name(path: str) -> str:
    return path.replace("/", ".")


def _settings(model: str, step: Step, axes: int) -> dict[str, Any]:
    """The builder's settings of a layer whose input has so many axes.

    Raises:
        UserError: the layer, or a setting that is not Keras's default, is unknown to the builder.
    """
    import keras

    kind = KINDS.get(step.kind)
    if kind is None or not isinstance(step.layer, keras.layers.Layer):
        raise UserError(f"The builder has no layer such as {step.path} of {model} ({step.kind}).")
    if step.first != step.path:
        raise UserError(f"{model} calls {step.first} more than once; the builder's layers are called once.")
    given = {key: _plain(value) for key, value in step.layer.get_config().items()}
    if given.get("axis") in (axes - 1, (axes - 1,)):
        given["axis"] = -1
    settings = {option.name: given[option.name] for option in kind.options if option.name in given}
    if settings.get("activation", "") is None:
        settings["activation"] = "linear"
    try:
        again = getattr(keras.layers, step.kind)(**settings).get_config()
    except (TypeError, ValueError) as error:
        raise UserError(f"The builder cannot make {step.path} of {model}.", detail=str(error)) from error
    for key, value in again.items():
        if key in _STARTING or key.endswith("_initializer"):
            continue
        if _plain(value) != given.get(key):
            raise UserError(f"The builder cannot make {step.path} of {model}: it has no setting {key}.")
    return settings


def _plain(value: Any) -> Any:
    """Lists as tuples, and sizes of equal numbers as one."""
    if isinstance(value, (list, tuple)):
        items = tuple(_plain(item) for item in value)
        return items[0] if len(items) == 2 and items[0] == items[1] and isinstance(items[0], int) else items
    return value
