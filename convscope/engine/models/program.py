"""A Keras model as a flat list of steps: nested models opened up, every inner tensor addressable.

A step is one call of one layer, in the order of computation. The user's layers are never called: a step's
layer is a twin that shares the original's variables (so that training shows at once), because a symbolic call
would grow the user's graph, and a layer with an activity regularizer would collect losses. A convolution or
dense layer with an activation becomes two steps, the weighted sum and the activation, so that pre-activations
and logits are tensors like any other.

Tensors have numbers (slots). `Program.run` computes any slots from any others, in a `tf.function` or not: a
trunk feeds the inputs and fetches a layer; a head feeds a layer (and its `frontier`) and fetches the logits.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from convscope.errors import UserError

# Layers whose activation is the last thing that they do.
_FUSED = (
    "Dense",
    "EinsumDense",
    "Conv1D",
    "Conv2D",
    "Conv3D",
    "DepthwiseConv1D",
    "DepthwiseConv2D",
    "SeparableConv1D",
    "SeparableConv2D",
    "Conv1DTranspose",
    "Conv2DTranspose",
    "Conv3DTranspose",
)
_ACTIVATION_LAYERS = {
    "ReLU": "relu",
    "Softmax": "softmax",
    "LeakyReLU": "leaky_relu",
    "ELU": "elu",
    "PReLU": "prelu",
    "Relu": "relu",
    "Relu6": "relu6",
    "Sigmoid": "sigmoid",
    "Tanh": "tanh",
    "Silu": "silu",
    "Gelu": "gelu",
    "HardSigmoid": "hard_sigmoid",
    "HardSilu": "hard_silu",
    "LeakyRelu": "leaky_relu",
    "Elu": "elu",
}

Wrap = Callable[["Step", Callable[..., Any]], Callable[..., Any]]
"""Given a step and what it computes, what to compute instead (guided backpropagation's gradient, say)."""


@dataclass(frozen=True)
class Slot:
    """One tensor of the program, inside a step's arguments."""

    index: int


@dataclass(frozen=True, eq=False)
class Step:
    """One call of one layer or operation, or the activation of a layer with one.

    Attributes:
        path: of the layer: "vgg16/block3_conv1"; the second call of a shared layer is "name@2".
        kind: the layer's class.
        layer: the user's layer, for its weights and settings; never to be called.
        call: computes the step's outputs from its arguments.
        args, kwargs: arguments with `Slot`s where tensors go.
        inputs, outputs: slots read and written.
        activation: its function's name if all that the step does is an activation, else "".
        part: "layer", or "sum" and "activation" for the two halves of a layer with an activation.
        first: path of the same layer's first call; the step's own unless the layer is shared.
    """

    path: str
    kind: str
    layer: Any
    call: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    activation: str = ""
    part: str = "layer"
    first: str = ""


@dataclass(frozen=True, eq=False)
class Program:
    """A model's steps and tensors.

    Attributes:
        steps: in the order of computation.
        shapes: by slot, with the batch first, None where a size is free.
        dtypes: by slot.
        inputs, outputs: the model's slots.
        input_names: of the input layers.
        slots: by path, what the layer puts out (after its activation); several where it has several outputs.
        sums: by path of a layer that ends in an activation, the slot before it.
        groups: by path of a nested model, its class.
    """

    steps: tuple[Step, ...]
    shapes: tuple[tuple[int | None, ...], ...]
    dtypes: tuple[str, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    input_names: tuple[str, ...]
    slots: Mapping[str, tuple[int, ...]]
    sums: Mapping[str, int]
    groups: Mapping[str, str]
    _producers: dict[int, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for number, step in enumerate(self.steps):
            for slot in step.outputs:
                self._producers[slot] = number

    def producer(self, slot: int) -> Step | None:
        """The step that computes a slot; None for the model's inputs."""
        number = self._producers.get(slot)
        return None if number is None else self.steps[number]

    def needed(self, fetch: Sequence[int], given: Sequence[int]) -> list[Step]:
        """The steps that compute `fetch` from `given`, in order.

        Raises:
            UserError: something else would have to be given.
        """
        wanted, numbers, have = list(fetch), set(), set(given)
        while wanted:
            slot = wanted.pop()
            if slot in have:
                continue
            number = self._producers.get(slot)
            if number is None:
                name = self.input_names[self.inputs.index(slot)]
                raise UserError(f"The network's input {name} is needed for this and was not given.")
            have.update(self.steps[number].outputs)
            numbers.add(number)
            wanted.extend(self.steps[number].inputs)
        return [self.steps[number] for number in sorted(numbers)]

    def frontier(self, slot: int, fetch: Sequence[int]) -> tuple[int, ...]:
        """What else a head needs, besides `slot`, to compute `fetch`: skips around it, other branches.

        Feed it together with `slot`; it does not depend on `slot`.
        """
        after = {slot}
        for step in self.steps:
            if after.intersection(step.inputs):
                after.update(step.outputs)
        side: list[int] = []
        seen, wanted = {slot}, list(fetch)
        while wanted:
            current = wanted.pop()
            if current in seen:
                continue
            seen.add(current)
            if current not in after:
                side.append(current)
                continue
            step = self.steps[self._producers[current]]
            wanted.extend(step.inputs)
        return tuple(sorted(side))

    def depends(self, slot: int, on: int) -> bool:
        """Whether `slot` is computed from `on`."""
        after = {on}
        for step in self.steps:
            if after.intersection(step.inputs):
                after.update(step.outputs)
        return slot in after

    def run(self, feeds: Mapping[int, Any], fetch: Sequence[int], wrap: Wrap | None = None) -> list[Any]:
        """Compute slots from others, as at inference (dropout off, batch statistics fixed).

        Args:
            feeds: tensors by slot.
            fetch: slots wanted.
            wrap: changes what steps compute; see `Wrap`.

        Returns:
            The tensors of `fetch`, in its order.
        """
        values = dict(feeds)
        for step in self.needed(fetch, tuple(feeds)):
            call = step.call if wrap is None else wrap(step, step.call)
            result = call(*_fill(step.args, values), **_fill(step.kwargs, values))
            for slot, value in zip(step.outputs, _flat(result), strict=True):
                values.setdefault(slot, value)
        return [values[slot] for slot in fetch]


def _fill(value: Any, values: Mapping[int, Any]) -> Any:
    if isinstance(value, Slot):
        return values[value.index]
    if isinstance(value, (list, tuple)):
        return type(value)(_fill(item, values) for item in value)
    if isinstance(value, dict):
        return {key: _fill(item, values) for key, item in value.items()}
    return value


def _flat(value: Any) -> list[Any]:
    """As `keras.tree.flatten`: nested lists, tuples and dicts (by sorted key) in a row."""
    if isinstance(value, dict):
        return [item for key in sorted(value) for item in _flat(value[key])]
    if isinstance(value, (list, tuple)):
        return [item for part in value for item in _flat(part)]
    return [value]


def flatten(model: Any) -> Program:
    """The program of a Keras model (Sequential or functional, nested as deep as may be).

    A model of another class, and a nested one, is one step that cannot be looked into.

    Raises:
        UserError: the model has no input shape yet.
    """
    return _Builder().build(model)


class _Builder:
    """Collects steps while walking through a model's graph."""

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self.shapes: list[tuple[int | None, ...]] = []
        self.dtypes: list[str] = []
        self.slots: dict[str, tuple[int, ...]] = {}
        self.sums: dict[str, int] = {}
        self.groups: dict[str, str] = {}
        self.twins: dict[int, Any] = {}
        self.firsts: dict[int, str] = {}

    def build(self, model: Any) -> Program:
        graph = graph_of(model)
        if graph is None:
            return self._opaque(model)
        tensors = {id(x): self._slot(x) for x in graph.inputs}
        inputs = tuple(tensors[id(x)] for x in graph.inputs)
        names = tuple(str(x._keras_history.operation.name) for x in graph.inputs)
        for name, slot in zip(names, inputs, strict=True):
            self.slots[name] = (slot,)
        self._walk(graph, tensors, "")
        outputs = tuple(tensors[id(x)] for x in graph.outputs)
        return self._program(inputs, outputs, names)

    def _program(self, inputs: tuple[int, ...], outputs: tuple[int, ...], names: tuple[str, ...]) -> Program:
        return Program(
            tuple(self.steps),
            tuple(self.shapes),
            tuple(self.dtypes),
            inputs,
            outputs,
            names,
            self.slots,
            self.sums,
            self.groups,
        )

    def _slot(self, tensor: Any) -> int:
        self.shapes.append(tuple(tensor.shape))
        self.dtypes.append(str(tensor.dtype))
        return len(self.shapes) - 1

    def _opaque(self, model: Any) -> Program:
        if not getattr(model, "inputs", None) or not getattr(model, "outputs", None):
            raise UserError(
                f"{model.name} has no input shape yet: call it once, or give it an Input, before opening it."
            )
        inputs = tuple(self._slot(x) for x in model.inputs)
        outputs = tuple(self._slot(x) for x in model.outputs)
        argument: Any = Slot(inputs[0]) if len(inputs) == 1 else [Slot(n) for n in inputs]
        step = Step(
            model.name,
            type(model).__name__,
            model,
            model,
            (argument,),
            {"training": False},
            inputs,
            outputs,
            first=model.name,
        )
        self.steps.append(step)
        self.slots[model.name] = outputs
        names = tuple(str(x.name) for x in model.inputs)
        self.slots.update({name: (slot,) for name, slot in zip(names, inputs, strict=True)})
        return self._program(inputs, outputs, names)

    def _walk(self, graph: Any, tensors: dict[int, int], prefix: str) -> None:
        """Add the steps of one graph; `tensors` knows its inputs' slots and learns all others."""
        calls: dict[int, int] = {}
        for node in _nodes(graph):
            operation = node.operation
            if any(id(x) not in tensors for x in node.input_tensors):
                continue
            number = calls[id(operation)] = calls.get(id(operation), 0) + 1
            path = f"{prefix}{operation.name}" + (f"@{number}" if number > 1 else "")
            inner = graph_of(operation)
            if inner is not None and _fits(inner, node):
                self._nest(inner, operation, node, tensors, path)
            else:
                self._step(operation, node, tensors, path)

    def _nest(self, inner: Any, operation: Any, node: Any, tensors: dict[int, int], path: str) -> None:
        # A nested model called twice has the same inner tensors both times, hence a table of its own.
        table = {id(a): tensors[id(b)] for a, b in zip(inner.inputs, node.input_tensors, strict=True)}
        self.groups[path] = type(operation).__name__
        self._walk(inner, table, f"{path}/")
        for outside, inside in zip(node.outputs, inner.outputs, strict=True):
            tensors[id(outside)] = table[id(inside)]

    def _step(self, operation: Any, node: Any, tensors: dict[int, int], path: str) -> None:
        kind = type(operation).__name__
        args = _slotted(node.arguments.args, tensors)
        kwargs = _slotted(node.arguments.kwargs, tensors)
        if "training" in getattr(operation, "call_signature_parameters", ()):
            kwargs["training"] = False
        inputs = tuple(tensors[id(x)] for x in node.input_tensors)
        outputs = tuple(self._slot(x) for x in node.outputs)
        tensors.update({id(x): slot for x, slot in zip(node.outputs, outputs, strict=True)})
        first = self.firsts.setdefault(id(operation), path)
        self.slots[path] = outputs
        call = self._twin(operation)
        activation = _activation_name(operation)
        if kind not in _FUSED or activation in ("", "linear"):
            alone = "" if kind in _FUSED else activation
            if alone:
                self.sums[path] = inputs[0]
            self.steps.append(
                Step(path, kind, operation, call, args, kwargs, inputs, outputs, alone, first=first)
            )
            return
        before = self._slot(node.outputs[0])
        self.sums[path] = before
        self.steps.append(
            Step(path, kind, operation, call, args, kwargs, inputs, (before,), part="sum", first=first)
        )
        function = operation.activation
        self.steps.append(
            Step(
                path,
                kind,
                operation,
                function,
                (Slot(before),),
                {},
                (before,),
                outputs,
                activation,
                part="activation",
                first=first,
            )
        )

    def _twin(self, operation: Any) -> Any:
        """A shallow copy of a layer with the same variables, without activation and activity regularizer."""
        known = self.twins.get(id(operation))
        if known is not None:
            return known
        twin = operation
        if hasattr(operation, "activity_regularizer"):
            twin = object.__new__(type(operation))
            twin.__dict__.update(operation.__dict__)
            twin.__dict__["activity_regularizer"] = None
            if type(operation).__name__ in _FUSED:
                import keras

                twin.__dict__["activation"] = keras.activations.linear
        self.twins[id(operation)] = twin
        return twin


def graph_of(model: Any) -> Any:
    """The functional graph behind a model, None for a layer or a model that computes by code of its own."""
    import keras

    # The class that keras.Model(inputs, outputs) makes has no public name.
    from keras.src.models.functional import Functional

    if isinstance(model, keras.Sequential) and type(model).call is keras.Sequential.call:
        return model._functional
    if isinstance(model, Functional) and type(model).call is Functional.call:
        return model
    return None


def _nodes(graph: Any) -> list[Any]:
    """The graph's calls in the order in which Keras computes them, inputs left out."""
    order = {id(operation): place for place, operation in enumerate(graph.operations)}
    nodes = []
    for depth in sorted(graph._nodes_by_depth, reverse=True):
        nodes += sorted(graph._nodes_by_depth[depth], key=lambda node: order[id(node.operation)])
    return [node for node in nodes if node.operation is not None and not node.is_input]


def _fits(inner: Any, node: Any) -> bool:
    """Whether a nested model is called with its own ranks and types, so that it can be opened up."""
    given = node.input_tensors
    return len(given) == len(inner.inputs) and all(
        len(a.shape) == len(b.shape) and a.dtype == b.dtype for a, b in zip(given, inner.inputs, strict=True)
    )


def _slotted(value: Any, tensors: Mapping[int, int]) -> Any:
    """A call's arguments with `Slot`s in place of symbolic tensors."""
    if hasattr(value, "_keras_history") and id(value) in tensors:
        return Slot(tensors[id(value)])
    if isinstance(value, (list, tuple)) and not hasattr(value, "_fields"):
        return type(value)(_slotted(item, tensors) for item in value)
    if isinstance(value, dict):
        return {key: _slotted(item, tensors) for key, item in value.items()}
    return value


def _activation_name(operation: Any) -> str:
    kind = type(operation).__name__
    if kind in _ACTIVATION_LAYERS:
        return _ACTIVATION_LAYERS[kind]
    function = getattr(operation, "activation", None)
    if function is None or not (kind in _FUSED or kind == "Activation"):
        return ""
    return str(getattr(function, "__name__", type(function).__name__)).lower()
