"""The builder's model: an immutable list of layers, edited by making a new one."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from convscope.engine.models.kinds import KINDS
from convscope.engine.models.kinds.base import Shape, ShapeError
from convscope.engine.models.receptive import Field
from convscope.engine.models.sheet import LayerInfo, Sheet, activation_bytes, count, sheet
from convscope.errors import UserError

_FORMAT = "convscope architecture 1"
NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.\-]*")
"""What a layer or a model can be called."""
# Settings that any layer may have besides its kind's own.
_COMMON = ("trainable", "kernel_initializer", "bias_initializer")


@dataclass(frozen=True)
class LayerSpec:
    """One layer as typed.

    Attributes:
        name: unique within the architecture; the Keras layer's name.
        kind: one of `KINDS`.
        config: settings under their Keras names; what is missing has the kind's default. Never changed.
        inputs: names of the layers that feed it; empty for the layer above it in the list.
    """

    name: str
    kind: str
    config: Mapping[str, Any] = field(default_factory=dict)
    inputs: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        # Lists come from JSON; tuples compare equal to what a form or a template gives.
        config = {key: tuple(v) if isinstance(v, list) else v for key, v in self.config.items()}
        object.__setattr__(self, "config", config)
        object.__setattr__(self, "inputs", tuple(self.inputs))

    @property
    def settings(self) -> dict[str, Any]:
        """What has to be written out: required settings, and those that differ from Keras's default."""
        kind = KINDS[self.kind]
        filled = kind.filled(self.config)
        defaults = {option.name: option.default for option in kind.options if not option.required}
        return {key: v for key, v in filled.items() if key not in defaults or v != defaults[key]}


@dataclass(frozen=True)
class Architecture:
    """A network as a list of layers, the first an InputLayer, the last the output.

    Attributes:
        name: of the model.
        layers: in the order of the list; a layer is fed by those above it.
    """

    name: str
    layers: tuple[LayerSpec, ...]

    @property
    def is_chain(self) -> bool:
        """Whether every layer is fed by the one above it: a Keras Sequential."""
        return (
            not any(layer.inputs for layer in self.layers)
            and [x.kind for x in self.layers].count("InputLayer") == 1
        )

    def feeds(self, index: int) -> tuple[str, ...]:
        """Names of the layers that feed the one at `index`."""
        layer = self.layers[index]
        if layer.kind == "InputLayer":
            return ()
        return layer.inputs or ((self.layers[index - 1].name,) if index else ())

    def sheet(self) -> Sheet:
        """Every layer's shape, parameters, work and receptive field, and its problem where it has one.

        Takes a millisecond or two, without TensorFlow: it may be called for each keystroke.
        """
        shapes: dict[str, Shape | None] = {}
        fields: dict[str, Field | None] = {}
        rows = []
        names = [layer.name for layer in self.layers]
        first = {name: index for index, name in reversed(list(enumerate(names)))}
        used = {name for index in range(len(self.layers)) for name in self.feeds(index)}
        for index, layer in enumerate(self.layers):
            feeds = self.feeds(index)
            row = LayerInfo(
                layer.name,
                layer.name,
                layer.kind,
                inputs=feeds,
                activation=str(layer.config.get("activation", "")),
                trainable=bool(KINDS[layer.kind].filled(layer.config).get("trainable", True)),
            )
            problem = self._name_problem(index, first[layer.name]) or _settings_problem(layer)
            unknown = [name for name in feeds if name not in shapes]
            if not problem and unknown:
                where = "comes after it" if unknown[0] in first else "is not in the list"
                problem = f"its input {unknown[0]} {where}"
            waiting = any(shapes.get(name) is None for name in feeds)
            shapes[layer.name], fields[layer.name] = None, None
            if not problem and not waiting:
                try:
                    counted = count(
                        layer.kind,
                        layer.config,
                        [shape for name in feeds if (shape := shapes[name]) is not None],
                        [fields[name] for name in feeds],
                    )
                except ShapeError as error:
                    problem = str(error)
                else:
                    shapes[layer.name], fields[layer.name] = counted.shape, counted.field
                    row = replace(
                        row,
                        shape=counted.shape,
                        shapes=(counted.shape,),
                        parameters=counted.parameters.total,
                        trainable_parameters=counted.parameters.trained if row.trainable else 0,
                        formula=counted.parameters.formula,
                        multiply_adds=counted.multiply_adds,
                        activation_bytes=activation_bytes((counted.shape,), "float32"),
                        field=counted.field,
                    )
            if not problem and index < len(self.layers) - 1 and layer.name not in used:
                problem = "nothing is fed by it: it leads nowhere"
            rows.append(replace(row, problem=problem))
        return sheet(rows)

    def _name_problem(self, index: int, first: int) -> str:
        name = self.layers[index].name
        if not NAME.fullmatch(name):
            return f"{name!r} is not a layer name; letters, digits, _, . and - are"
        if first != index:
            return f"the name {name} is taken by a layer above"
        if index == 0 and self.layers[0].kind != "InputLayer":
            return "the first layer must be an input"
        return ""

    def checked(self) -> Architecture:
        """Itself when it can be built.

        Raises:
            UserError: naming the first layer that cannot be built, and why.
        """
        if len(self.layers) < 2:
            raise UserError(f"{self.name} has no layers yet: add an input and at least one layer.")
        if not NAME.fullmatch(self.name):
            raise UserError(f"{self.name!r} is not a model name; letters, digits, _, . and - are.")
        for row in self.sheet().problems:
            raise UserError(f"{self.name} cannot be built: at {row.name}, {row.problem}.")
        return self

    # Edits: each returns a new architecture.

    def insert(
        self,
        at: int,
        kind: str,
        config: Mapping[str, Any] | None = None,
        name: str = "",
        inputs: Sequence[str] = (),
    ) -> Architecture:
        """With a new layer at place `at`, named after its kind.

        It passes on what the layer above it gives: to the layer below, or, where that is fed by others, to
        those that the layer above feeds by name.
        """
        name = name or self.free_name(kind)
        return self._put(at, LayerSpec(name, kind, config or KINDS[kind].filled({}), tuple(inputs)))

    def _put(self, at: int, spec: LayerSpec) -> Architecture:
        above, below = self.layers[:at], self.layers[at:]
        follows = bool(below) and not below[0].inputs and below[0].kind != "InputLayer"
        if above and spec.kind == "InputLayer":
            # A further input passes nothing on: what followed stays fed by the layer above it.
            below = (replace(below[0], inputs=(above[-1].name,)), *below[1:]) if follows else below
        elif above and not follows:
            below = tuple(_refed(layer, above[-1].name, (spec.name,)) for layer in below)
        return replace(self, layers=(*above, spec, *below))

    def remove(self, name: str) -> Architecture:
        """Without the layer; those that it fed are fed by what fed it (by the last, where they take one)."""
        index = self.index(name)
        feeds = self.feeds(index)
        below = self.layers[index + 1] if index + 1 < len(self.layers) else None
        layers = []
        for layer in self.layers:
            if layer.name == name:
                continue
            if layer is below and not layer.inputs and len(feeds) == 1 and self.layers[index].inputs:
                layer = replace(layer, inputs=feeds)
            merges = layer.kind in KINDS and KINDS[layer.kind].merges
            layers.append(_refed(layer, name, feeds if merges else feeds[-1:]))
        return replace(self, layers=tuple(layers))

    def move(self, name: str, to: int) -> Architecture:
        """With the layer at place `to` of the list without it, taken out of its place as `remove` does.

        One that is fed by name stays fed so.
        """
        index = self.index(name)
        spec = self.layers[index]
        if to == index:
            return self
        rest = [layer for layer in self.layers if layer.name != name]
        if spec.kind == "InputLayer":
            below = rest[index] if index < len(rest) else None
            if below is not None and not below.inputs and below.kind != "InputLayer":
                rest[index] = replace(below, inputs=(name,))
            return replace(self, layers=tuple(rest))._put(to, spec)
        if spec.inputs:
            return replace(self, layers=(*rest[:to], spec, *rest[to:]))
        return self.remove(name)._put(to, spec)

    def duplicate(self, name: str) -> Architecture:
        """With a copy of the layer just below it, fed by it."""
        index = self.index(name)
        spec = self.layers[index]
        inputs = (name, *spec.inputs[1:]) if KINDS[spec.kind].merges and spec.inputs else ()
        return self._put(index + 1, replace(spec, name=self.free_name(spec.kind), inputs=inputs))

    def set(self, name: str, **settings: Any) -> Architecture:
        """With these settings of a layer changed."""
        return self._with(name, lambda spec: replace(spec, config={**spec.config, **settings}))

    def connect(self, name: str, *inputs: str) -> Architecture:
        """With a layer fed by these layers; without any, by the layer above it."""
        return self._with(name, lambda spec: replace(spec, inputs=inputs))

    def rename(self, name: str, new: str) -> Architecture:
        """With a layer renamed, also where it feeds others."""
        layers = [_refed(replace(x, name=new) if x.name == name else x, name, (new,)) for x in self.layers]
        return replace(self, layers=tuple(layers))

    def with_input(self, shape: Sequence[int | None]) -> Architecture:
        """With its first input of another shape."""
        return self.set(self.layers[0].name, shape=tuple(shape))

    def _with(self, name: str, change: Any) -> Architecture:
        self.index(name)
        return replace(self, layers=tuple(change(x) if x.name == name else x for x in self.layers))

    def index(self, name: str) -> int:
        """The layer's place in the list.

        Raises:
            UserError: no such layer.
        """
        for index, layer in enumerate(self.layers):
            if layer.name == name:
                return index
        raise UserError(f"{self.name} has no layer {name}.")

    def free_name(self, kind: str) -> str:
        """A name for a new layer of a kind: conv2d, conv2d_1, …"""
        base = "input" if kind == "InputLayer" else snake(kind)
        taken = {layer.name for layer in self.layers}
        name, number = base, 0
        while name in taken:
            number += 1
            name = f"{base}_{number}"
        return name

    # Files.

    def to_json(self) -> str:
        """The architecture as text, for a file that a person can read."""
        layers = [
            {"name": x.name, "kind": x.kind, "config": dict(x.config)}
            | ({"inputs": list(x.inputs)} if x.inputs else {})
            for x in self.layers
        ]
        return json.dumps({"format": _FORMAT, "name": self.name, "layers": layers}, indent=1)

    @staticmethod
    def from_json(text: str, source: str = "The text") -> Architecture:
        """The architecture that `to_json` wrote.

        Raises:
            UserError: it is none, or it uses a kind of layer or a setting that the app does not know.
        """
        try:
            data = json.loads(text)
            if data["format"] != _FORMAT:
                raise KeyError("format")
            layers = tuple(
                LayerSpec(str(x["name"]), str(x["kind"]), dict(x["config"]), tuple(x.get("inputs", ())))
                for x in data["layers"]
            )
            name = str(data["name"])
        except (ValueError, KeyError, TypeError) as error:
            raise UserError(
                f"{source} does not hold an architecture that convscope saved.", detail=repr(error)
            ) from error
        if not layers:
            raise UserError(f"{source} holds an architecture without any layer.")
        names = [layer.name for layer in layers]
        for layer in layers:
            if names.count(layer.name) > 1:
                raise UserError(f"{source} has two layers called {layer.name}.")
            if layer.kind not in KINDS:
                raise UserError(f"{source} has a layer {layer.name} of an unknown kind, {layer.kind}.")
            problem = _settings_problem(layer)
            if problem:
                raise UserError(f"{source}: at {layer.name}, {problem}.")
        return Architecture(name, layers)

    def save(self, path: Path) -> None:
        """Write it to a file, whole or not at all."""
        temporary = path.with_name(path.name + ".part")
        temporary.write_text(self.to_json(), encoding="utf-8")
        temporary.replace(path)

    @staticmethod
    def open(path: Path) -> Architecture:
        """Read what `save` wrote.

        Raises:
            UserError: it cannot be read or is no architecture.
        """
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise UserError(
                f"{path.name} cannot be read as an architecture file.", detail=str(error)
            ) from error
        return Architecture.from_json(text, path.name)


def snake(kind: str) -> str:
    """A class name as Keras makes a layer's name of it: MaxPooling2D → max_pooling2d."""
    name = re.sub(r"(.)([A-Z][a-z0-9]+)", r"\1_\2", kind)
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()


def _refed(layer: LayerSpec, name: str, feeds: Sequence[str]) -> LayerSpec:
    if name not in layer.inputs:
        return layer
    inputs = [new for old in layer.inputs for new in (feeds if old == name else (old,))]
    return replace(layer, inputs=tuple(inputs))


def _settings_problem(layer: LayerSpec) -> str:
    """What is wrong with a typed setting by itself, "" when nothing is."""
    options = {option.name: option for option in KINDS[layer.kind].options}
    for key, value in layer.config.items():
        if key in _COMMON:
            continue
        if key not in options:
            return f"{layer.kind} has no setting {key}"
        option = options[key]
        if value is None:
            if not option.optional and option.default is not None:
                return f"{key} is missing"
            continue
        problem = _value_problem(option.kind, value, option.low, option.high, option.choices)
        if problem:
            return f"{key} {problem}"
    return ""


def _value_problem(
    kind: str, value: Any, low: float | None, high: float | None, choices: Sequence[str]
) -> str:
    if kind == "choice":
        return "" if value in choices else f"is {value}, not one of {', '.join(choices)}"
    if kind == "bool":
        return "" if isinstance(value, bool) else f"is {value!r}, not true or false"
    numbers = list(value) if isinstance(value, (tuple, list)) else [value]
    if kind == "shape":
        fine = all(n is None or (isinstance(n, int) and not isinstance(n, bool)) for n in numbers)
        return "" if fine and numbers else f"is {value!r}, not sizes such as 28×28×1"
    if kind == "size" and numbers and all(isinstance(n, (tuple, list)) for n in numbers):
        numbers = [n for side in numbers for n in side]
    whole = kind in ("int", "size")
    for number in numbers:
        if isinstance(number, bool) or not isinstance(number, int if whole else (int, float)):
            return f"is {number!r}, not a {'whole ' if whole else ''}number"
        if low is not None and number < low:
            return f"is {number}, less than {low:g}"
        if high is not None and number > high:
            return f"is {number}, more than {high:g}"
    if (kind in ("int", "float") and isinstance(value, (tuple, list))) or (
        kind in ("size", "range") and isinstance(value, (tuple, list)) and len(value) != 2
    ):
        return f"is {value!r}, not {'one number' if kind in ('int', 'float') else 'one number or two'}"
    return ""
