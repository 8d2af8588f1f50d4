"""How a Keras model becomes a `Program`: its graph walked through, nested models opened, layers copied."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from convscope.core.errors import UserError
from convscope.engine import keras_compat
from convscope.engine.models.program import Program, ProgramStep, Slot

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
    "LogSoftmax": "log_softmax",
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
# Layers that are nothing but an activation, as exact sums and patterns on maps of any size take them.
ACTIVATION_KINDS = ("Activation", *(kind for kind in _ACTIVATION_LAYERS if kind != "LogSoftmax"))


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
        self.steps: list[ProgramStep] = []
        self.shapes: list[tuple[int | None, ...]] = []
        self.dtypes: list[str] = []
        self.slots: dict[str, tuple[int, ...]] = {}
        self.sums: dict[str, int] = {}
        self.groups: dict[str, str] = {}
        self.twins: dict[int, Any] = {}
        self.firsts: dict[int, str] = {}

    def build(self, model: Any) -> Program:
        graph = keras_compat.graph_of(model)
        if graph is None:
            return self._opaque(model)
        tensors = {id(x): self._slot(x) for x in graph.inputs}
        inputs = tuple(tensors[id(x)] for x in graph.inputs)
        names = tuple(str(keras_compat.operation_behind(x).name) for x in graph.inputs)
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
            import keras

            instead = (
                "call it once, or give it an Input, before opening it"
                if isinstance(model, keras.Sequential)
                # Called, too, it has no graph.
                else f"open keras.Model(x, {model.name}(x)) with a keras.Input as x"
            )
            raise UserError(f"{model.name} has no input shape yet: {instead}.")
        inputs = tuple(self._slot(x) for x in model.inputs)
        outputs = tuple(self._slot(x) for x in model.outputs)
        argument: Any = Slot(inputs[0]) if len(inputs) == 1 else [Slot(n) for n in inputs]
        step = ProgramStep(
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
        for node in keras_compat.graph_calls(graph):
            operation = node.operation
            if any(id(x) not in tensors for x in node.input_tensors):
                continue
            number = calls[id(operation)] = calls.get(id(operation), 0) + 1
            path = f"{prefix}{operation.name}" + (f"@{number}" if number > 1 else "")
            inner = keras_compat.graph_of(operation)
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
                ProgramStep(path, kind, operation, call, args, kwargs, inputs, outputs, alone, first=first)
            )
            return
        before = self._slot(node.outputs[0])
        self.sums[path] = before
        self.steps.append(
            ProgramStep(path, kind, operation, call, args, kwargs, inputs, (before,), part="sum", first=first)
        )
        function = operation.activation
        self.steps.append(
            ProgramStep(
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
        # Normalization computes with copies of its weights, which a twin would not see renewed.
        if hasattr(operation, "activity_regularizer") and type(operation).__name__ != "Normalization":
            twin = object.__new__(type(operation))
            twin.__dict__.update(operation.__dict__)
            twin.__dict__["activity_regularizer"] = None
            if type(operation).__name__ in _FUSED:
                import keras

                twin.__dict__["activation"] = keras.activations.linear
        self.twins[id(operation)] = twin
        return twin


def _fits(inner: Any, node: Any) -> bool:
    """Whether a nested model is called with its own ranks and types, so that it can be opened up."""
    given = node.input_tensors
    return len(given) == len(inner.inputs) and all(
        len(a.shape) == len(b.shape) and (a.dtype == b.dtype or (_real(a.dtype) and _real(b.dtype)))
        for a, b in zip(given, inner.inputs, strict=True)
    )


def _real(dtype: str) -> bool:
    # Among these every layer casts for itself; a Sequential without Input has its policy's type in a copy.
    return "float" in dtype


def _slotted(value: Any, tensors: Mapping[int, int]) -> Any:
    """A call's arguments with `Slot`s in place of symbolic tensors."""
    if keras_compat.is_symbolic(value) and id(value) in tensors:
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
