"""The builder's model: an immutable list of layers, edited by making a new one."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from convscope.core import records
from convscope.core.errors import MissingFileError, NotEnoughMemoryError, UserError
from convscope.core.files import write_whole
from convscope.core.opening import read_bytes
from convscope.engine.models.builder.settings_check import settings_problem
from convscope.engine.models.configuration import LARGEST, check_layers, configuration
from convscope.engine.models.layer_specs import KINDS
from convscope.engine.models.layer_specs.base import Shape, ShapeError
from convscope.engine.models.summary import (
    LayerInfo,
    ModelSummary,
    activation_bytes,
    count,
    dealt,
    summarized,
)
from convscope.engine.models.summary.receptive import ReceptiveField

FORMAT = "convscope architecture 1"
NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.\-]*")
"""What a layer or a model can be called in Keras."""
LONGEST_TITLE = 80


def named(title: str) -> tuple[str, str]:
    """The name in Keras and the title of a network that a person calls so; the title is "" where both agree.

    Raises:
        ValueError: nothing of it can be a name.
    """
    title = " ".join(title.split())
    if NAME.fullmatch(title):
        return title, ""
    name = re.sub(r"[^A-Za-z0-9_.]+", "-", title).strip("-.")
    if not name or not title.isprintable() or len(title) > LONGEST_TITLE:
        raise ValueError(title)
    return name, title


Given = tuple[Shape, ReceptiveField | None]
"""What a layer puts out: its shape, and its receptive field."""


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
        config = {key: _tuples(value) for key, value in self.config.items()}
        object.__setattr__(self, "config", config)
        object.__setattr__(self, "inputs", tuple(self.inputs))
        object.__setattr__(self, "_row", None)

    def row(self, feeds: tuple[str, ...], given: tuple[Given | None, ...], problem: str) -> LayerInfo:
        """The layer's arithmetic; kept until something else comes in, as an edit changes few layers of many.

        Args:
            feeds: names of the layers that feed it.
            given: what each puts out, None where that is not known.
            problem: what is wrong with its place in the list, "" when nothing is.
        """
        kept: tuple[Any, LayerInfo] | None = self.__dict__["_row"]
        key = (feeds, given, problem)
        if kept is None or kept[0] != key:
            kept = (key, _counted(self, *key))
            object.__setattr__(self, "_row", kept)
        return kept[1]

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
        name: of the model, as Keras takes it: "mnist-small".
        layers: in the order of the list; a layer is fed by those above it.
        title: what a person calls it, "MNIST convnet 16-32"; "" where that is its name.
        origin: the opened model whose layers these were and whose weights those keep that stay as they are;
            "" without. Every edit leaves it; no file holds it.
    """

    name: str
    layers: tuple[LayerSpec, ...]
    title: str = ""
    origin: str = ""

    @property
    def shown_name(self) -> str:
        """What it is called on the screen, and the model that is built of it."""
        return self.title or self.name

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

    def summary(self) -> ModelSummary:
        """Every layer's shape, parameters, work and receptive field, and its problem where it has one.

        Takes a millisecond or two, without TensorFlow: it may be called for each keystroke.
        """
        given: dict[str, Given | None] = {}
        rows = []
        names = [layer.name for layer in self.layers]
        first = {name: index for index, name in reversed(list(enumerate(names)))}
        fed = [self.feeds(index) for index in range(len(self.layers))]
        used = {name for feeds in fed for name in feeds}
        for index, (layer, feeds) in enumerate(zip(self.layers, fed, strict=True)):
            problem = self._name_problem(index, first[layer.name])
            unknown = [name for name in feeds if name not in given]
            if not problem and unknown:
                where = "comes after it" if unknown[0] in first else "is not in the list"
                problem = f"its input {unknown[0]} {where}"
            row = layer.row(feeds, tuple(given.get(name) for name in feeds), problem)
            given[layer.name] = None if row.shape is None else (row.shape, row.field)
            if not row.problem and index < len(self.layers) - 1 and layer.name not in used:
                row = replace(row, problem="nothing is fed by it: it leads nowhere")
            rows.append(row)
        return summarized(rows)

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
            raise UserError(f"{self.shown_name} has no layers yet: add an input and at least one layer.")
        if not NAME.fullmatch(self.name):
            raise UserError(f"{self.name!r} is not a model name; letters, digits, _, . and - are.")
        for row in self.summary().problems:
            raise UserError(f"{self.shown_name} cannot be built: at {row.name}, {row.problem}.")
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
        raise UserError(f"{self.shown_name} has no layer {name}.")

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
        return json.dumps({"format": FORMAT, **records.to_json(replace(self, origin=""))}, indent=1)

    @staticmethod
    def from_json(text: str, source: str = "The text") -> Architecture:
        """The architecture that `to_json` wrote.

        Raises:
            UserError: it is none, or it uses a kind of layer or a setting that the app does not know.
        """
        try:
            data = configuration(text, source)
        except NotEnoughMemoryError:
            raise
        except UserError as error:
            raise UserError(
                f"{source} does not hold an architecture that convscope saved.", detail=error.message
            ) from error
        try:
            if "class_name" in data and "config" in data:
                raise UserError(
                    f"{source} is Keras's own description of a network, not an architecture of this app: "
                    "open it as a model, together with the file of its weights."
                )
            if data["format"] != FORMAT:
                raise KeyError("format")
            check_layers(len(data["layers"]), source)
            made = records.from_json(Architecture, {**data, "origin": ""})
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise UserError(
                f"{source} does not hold an architecture that convscope saved.", detail=repr(error)
            ) from error
        if not made.layers:
            raise UserError(f"{source} holds an architecture without any layer.")
        names = Counter(layer.name for layer in made.layers)
        for layer in made.layers:
            if names[layer.name] > 1:
                raise UserError(f"{source} has two layers called {layer.name}.")
            if layer.kind not in KINDS:
                raise UserError(f"{source} has a layer {layer.name} of an unknown kind, {layer.kind}.")
            problem = settings_problem(layer.kind, layer.config)
            if problem:
                raise UserError(f"{source}: at {layer.name}, {problem}.")
        if not made.title.isprintable() or len(made.title) > LONGEST_TITLE:
            raise UserError(f"{source} has a title that is none.")
        return made

    def save(self, path: Path) -> None:
        """Write it to a file, whole or not at all."""
        write_whole(path, self.to_json())

    @staticmethod
    def open(path: Path) -> Architecture:
        """Read what `save` wrote.

        Raises:
            UserError: it cannot be read or is no architecture.
        """
        try:
            text = read_bytes(path, LARGEST, "an architecture file").decode()
        except (MissingFileError, UnicodeDecodeError) as error:
            raise UserError(
                f"{path.name} cannot be read as an architecture file.", detail=str(error)
            ) from error
        return Architecture.from_json(text, path.name)


def _counted(
    layer: LayerSpec, feeds: tuple[str, ...], given: tuple[Given | None, ...], problem: str
) -> LayerInfo:
    row = LayerInfo(
        layer.name,
        layer.name,
        layer.kind,
        inputs=feeds,
        activation=str(layer.config.get("activation", "")),
        trainable=bool(KINDS[layer.kind].filled(layer.config).get("trainable", True)),
        problem=problem or settings_problem(layer.kind, layer.config),
    )
    known = [each for each in given if each is not None]
    if row.problem or len(known) < len(given):
        return row
    try:
        counted = count(
            layer.kind, layer.config, [shape for shape, _ in known], [field for _, field in known]
        )
    except ShapeError as error:
        return replace(row, problem=str(error))
    channels = known[0][0][-1] if known and known[0][0] else None
    groups, depthwise = dealt(layer.config, channels) if layer.kind == "Conv2D" else (1, False)
    return replace(
        row,
        groups=groups,
        depthwise=depthwise,
        shape=counted.shape,
        shapes=(counted.shape,),
        parameters=counted.parameters.total,
        trainable_parameters=counted.parameters.trained if row.trainable else 0,
        formula=counted.parameters.formula,
        multiply_adds=counted.multiply_adds,
        activation_bytes=activation_bytes((counted.shape,), "float32"),
        field=counted.field,
    )


def _tuples(value: Any) -> Any:
    return tuple(_tuples(item) for item in value) if isinstance(value, list) else value


def snake(kind: str) -> str:
    """A class name as Keras makes a layer's name of it: MaxPooling2D → max_pooling2d."""
    name = re.sub(r"(.)([A-Z][a-z0-9]+)", r"\1_\2", kind)
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()


def _refed(layer: LayerSpec, name: str, feeds: Sequence[str]) -> LayerSpec:
    if name not in layer.inputs:
        return layer
    inputs = [new for old in layer.inputs for new in (feeds if old == name else (old,))]
    return replace(layer, inputs=tuple(inputs))
