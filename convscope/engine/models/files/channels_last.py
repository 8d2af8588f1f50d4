"""Networks with channels before height and width, turned into the same ones with channels last.

TensorFlow computes most layers on a processor with channels last only, and all views read maps that way. Each
tensor of the new graph is a known rearrangement of the old one's; layers that care for the order of axes get
it, others take what comes, and a Dense layer after Flatten has its rows rearranged. Kernels stay.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from convscope.core.errors import UserError
from convscope.engine.keras_compat import (
    all_layers,
    finalize_normalizations,
    graph_calls,
    graph_of,
    operation_behind,
    structures,
)

NOTE = "It was made with channels first; it was turned to channels last, and computes the same."

# Without regard to where the axes are.
_ELEMENTWISE = (
    "Activation", "ActivityRegularization", "Add", "AlphaDropout", "Average", "Dropout", "ELU",
    "GaussianDropout", "GaussianNoise", "Identity", "LeakyReLU", "Maximum", "Minimum", "Multiply",
    "ReLU", "Subtract",
)  # fmt: skip
_BY_AXIS = ("BatchNormalization", "Concatenate", "GroupNormalization", "Softmax", "UnitNormalization")
# Over the last axis of what they are given.
_OVER_AN_AXIS = ("softmax", "log_softmax", "sparsemax", "glu")

Order = tuple[int, ...]
"""Axis k of the new tensor is axis order[k] of the old one's."""
Fit = Callable[[list[Any]], list[Any]]
"""What is done to a layer's weights."""


@dataclass(frozen=True, eq=False)
class _Tensor:
    """A tensor of the new graph.

    Attributes:
        value: symbolic.
        order: against the old one's axes.
        rows: of a flattened one: place in the old one of each number.
    """

    value: Any
    order: Order
    rows: Any = None


def is_channels_first(model: Any) -> bool:
    """Whether any layer, nested ones and wrapped ones too, takes channels first."""
    # A Flatten that reads maps so is at home in any network.
    return any(_first(layer) and type(layer).__name__ != "Flatten" for layer in all_layers(model))


def channels_last(model: Any, name: str) -> Any:
    """A network that computes the same with channels last, its images too; weights are copied.

    Args:
        model: a Keras model at rest; stays as it is.
        name: for the sentence.

    Raises:
        UserError: it has such a layer where it cannot be turned.
    """
    try:
        made, _, _ = _Turn(name).graph(model)
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        raise UserError(
            f"{name} takes channels first in a way that convscope cannot turn to channels last: save the "
            "network with channels last.",
            detail=repr(error),
        ) from error
    finalize_normalizations(made)
    return made


def _first(layer: Any) -> bool:
    return getattr(layer, "data_format", None) == "channels_first"


def _last(rank: int) -> Order:
    return (0, *range(2, rank), 1)


class _Turn:
    """One conversion: old layers → new ones, each once."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._made: dict[int, tuple[Any, Any, _WithWeights]] = {}
        self._inner: dict[int, tuple[Any, list[Order], list[Order]]] = {}

    def graph(self, model: Any) -> tuple[Any, list[Order], list[Order]]:
        """The model again, with the orders in which it takes and gives tensors."""
        import keras

        known = self._inner.get(id(model))
        if known is not None:
            return known
        graph = graph_of(model)
        if graph is None:
            raise self._refusal(model.name)
        tensors: dict[int, _Tensor] = {}
        inputs = []
        for old in graph.inputs:
            order = self._wanted(graph, old)
            shape = [old.shape[axis] for axis in order]
            new = keras.Input(batch_shape=shape, dtype=old.dtype, name=operation_behind(old).name)
            inputs.append(_Tensor(new, order))
            tensors[id(old)] = inputs[-1]
        for node in graph_calls(graph):
            if all(id(x) in tensors for x in node.input_tensors):
                self._call(graph, node, tensors)
        outputs = [tensors[id(x)] for x in graph.outputs]
        made = _model_like(model, graph, [x.value for x in inputs], [x.value for x in outputs])
        if not model.trainable:
            made.trainable = False
        self._inner[id(model)] = known = (made, [x.order for x in inputs], [x.order for x in outputs])
        return known

    def _wanted(self, graph: Any, tensor: Any) -> Order:
        """The order that an input has to have for what takes it, through layers that do not care."""
        plain = tuple(range(len(tensor.shape)))
        if len(plain) < 3:
            return plain
        votes = self._votes(graph, tensor)
        return votes.pop() if len(votes) == 1 else plain

    def _votes(self, graph: Any, tensor: Any) -> set[Order]:
        votes: set[Order] = set()
        reached = {id(tensor)}
        rank = len(tensor.shape)
        for node in graph_calls(graph):
            if not any(id(x) in reached for x in node.input_tensors):
                continue
            layer, kind = node.operation, type(node.operation).__name__
            inner = graph_of(layer)
            if inner is not None:
                for given, taken in zip(node.input_tensors, inner.inputs, strict=True):
                    if id(given) in reached:
                        votes |= self._votes(inner, taken)
            elif kind == "Flatten":
                continue
            elif not _is_layer(layer):
                if _is_pointwise(node):
                    reached.update(id(x) for x in node.outputs)
            elif kind == "TimeDistributed" and hasattr(layer.layer, "data_format"):
                votes.add(_of_films(rank) if _first(layer.layer) else tuple(range(rank)))
            elif hasattr(layer, "data_format"):
                films = kind.startswith("ConvLSTM")
                first = _of_films(rank) if films else _last(rank)
                votes.add(first if _first(layer) else tuple(range(rank)))
            elif kind in (*_ELEMENTWISE, *_BY_AXIS, "Rescaling", "Normalization", "PReLU"):
                reached.update(id(x) for x in node.outputs)
        return votes

    def _call(self, graph: Any, node: Any, tensors: dict[int, _Tensor]) -> None:
        layer, kind = node.operation, type(node.operation).__name__
        given = [tensors[id(x)] for x in node.input_tensors]
        first = given[0]
        rank = len(first.order)
        common = _common(given)
        if graph_of(layer) is not None:
            made, wanted, orders = self.graph(layer)
            values = [_in(x, order) for x, order in zip(given, wanted, strict=True)]
            results = made(values if len(values) > 1 else values[0])
            for old, new, order in zip(node.outputs, _flat(results), orders, strict=True):
                tensors[id(old)] = _Tensor(new, order)
        elif kind == "Permute":
            # Only the words change: which axis of the old one each axis is.
            dims = (0, *layer.dims)
            tensors[id(node.outputs[0])] = _Tensor(first.value, tuple(dims.index(a) for a in first.order))
        elif kind == "Flatten":
            tensors[id(node.outputs[0])] = self._flattened(graph, node, first)
        elif kind == "Dense" and first.rows is not None:
            rows = first.rows
            new = self._layer(layer, lambda values: [values[0][rows], *values[1:]])
            self._apply(node, new, [_Tensor(first.value, first.order)], tensors)
        elif first.rows is not None:
            # Let through to a Dense layer alone.
            self._apply(node, self._layer(layer), given, tensors, first.order, first.rows)
        elif not _is_layer(layer) and not _is_pointwise(node):
            # A function of keras.ops may be called as a layer is (Concatenate), but keeps its axes.
            self._plain(node, given, tensors)
        elif _first(layer):
            self._turned(node, given, tensors)
        elif kind == "TimeDistributed" and _first(layer.layer) and type(layer.layer).__name__ != "Flatten":
            if not _is_of_each(getattr(layer.layer, "activation", None)):
                raise self._refusal(layer.name)
            config = layer.get_config()["layer"]
            inner = {
                "class_name": config["class_name"],
                "module": config.get("module"),
                "registered_name": config.get("registered_name"),
                # Without the shape that it was built for.
                "config": {**config["config"], "data_format": "channels_last"},
            }
            order = _of_films(rank)
            self._apply(
                node, self._layer(layer, layer=inner), [_Tensor(_in(first, order), order)], tensors, order
            )
        elif common is not None and kind in _BY_AXIS and isinstance(layer.axis, int):
            new = self._layer(layer, axis=common.index(layer.axis % rank))
            self._apply(node, new, [_Tensor(_in(x, common), common) for x in given], tensors, common)
        elif common is not None and kind == "Normalization" and _axes(layer.axis) == 1:
            axis = layer.axis[0] if isinstance(layer.axis, (list, tuple)) else layer.axis
            new = self._layer(layer, axis=common.index(axis % rank))
            self._apply(node, new, given, tensors, common)
        elif kind == "PReLU":
            order = first.order
            shared = [order.index(axis) for axis in layer.shared_axes or ()]
            axes = [axis - 1 for axis in order[1:]]
            new = self._layer(layer, lambda values: [values[0].transpose(axes)], shared_axes=shared or None)
            self._apply(node, new, given, tensors, order)
        elif common is not None and _is_pointwise(node):
            self._apply(
                node,
                self._layer(layer),
                [_Tensor(_in(x, common), common) for x in given],
                tensors,
                common,
            )
        else:
            self._plain(node, given, tensors)

    def _plain(self, node: Any, given: Sequence[_Tensor], tensors: dict[int, _Tensor]) -> None:
        """Call a layer on the old order of axes, which it cares for in ways that are not known here."""
        plain = [_Tensor(_in(x, tuple(range(len(x.order)))), tuple(range(len(x.order)))) for x in given]
        self._apply(node, self._layer(node.operation), plain, tensors)

    def _turned(self, node: Any, given: Sequence[_Tensor], tensors: dict[int, _Tensor]) -> None:
        """A layer with channels first, made one with channels last."""
        import keras

        layer, rank = node.operation, len(given[0].order)
        films = type(layer).__name__.startswith("ConvLSTM")
        order = _of_films(rank) if films else _last(rank)
        taken = [_Tensor(_in(x, order), order) for x in given]
        activation = getattr(layer, "activation", None)
        if _is_of_each(activation):
            self._apply(node, self._layer(layer, data_format="channels_last"), taken, tensors, order)
            return
        if films:
            raise self._refusal(layer.name)
        # Such as a softmax: Keras takes it over the last axis, which is the width in the old network.
        config = keras.activations.serialize(activation)
        new = self._layer(layer, data_format="channels_last", activation="linear")
        self._apply(node, new, taken, tensors, order)
        after = keras.layers.Activation(config, name=f"{layer.name}_activation")
        plain = tuple(range(rank))
        for old in node.outputs:
            tensors[id(old)] = _Tensor(after(_in(tensors[id(old)], plain)), plain)

    def _apply(
        self,
        node: Any,
        layer: Any,
        given: Sequence[_Tensor],
        tensors: dict[int, _Tensor],
        order: Order = (),
        rows: Any = None,
    ) -> None:
        """Call a new layer; `order` is that of its outputs, where they have as many axes."""
        values = {id(old): new.value for old, new in zip(node.input_tensors, given, strict=True)}
        args = _filled(node.arguments.args, values)
        kwargs = _filled(node.arguments.kwargs, values)
        for old, new in zip(node.outputs, _flat(layer(*args, **kwargs)), strict=True):
            size = len(old.shape)
            if size == len(order):
                tensors[id(old)] = _Tensor(new, order, rows)
            elif order == _of_films(5) and size == 4:
                # A ConvLSTM's last maps, without time.
                tensors[id(old)] = _Tensor(new, _last(4))
            else:
                tensors[id(old)] = _Tensor(new, tuple(range(size)))

    def _flattened(self, graph: Any, node: Any, given: _Tensor) -> _Tensor:
        import keras

        new = keras.layers.Flatten(name=node.operation.name)
        rank = len(given.order)
        # The order in which this Flatten reads the old tensor's axes.
        read = _last(rank) if _first(node.operation) and rank > 1 else tuple(range(rank))
        shape = given.value.shape[1:]
        if given.order == read or given.rows is not None:
            return _Tensor(new(given.value), (0, 1), given.rows)
        if any(size is None for size in shape) or not _ends_in_dense(graph, node.outputs[0]):
            return _Tensor(new(_moved(given.value, given.order, read)), (0, 1))
        sizes = [shape[given.order.index(axis) - 1] for axis in read[1:]]
        places = np.arange(prod(shape)).reshape(sizes)
        return _Tensor(
            new(given.value),
            (0, 1),
            places.transpose([read.index(axis) - 1 for axis in given.order[1:]]).ravel(),
        )

    def _layer(self, old: Any, fit: Fit | None = None, /, **changed: Any) -> Any:
        import keras

        if not isinstance(old, keras.Layer):
            return old
        known = self._made.get(id(old))
        if known is not None:
            if known[:2] != (fit, changed):
                # One and the same layer on maps of either kind.
                raise self._refusal(old.name)
            return known[2]
        config = old.get_config()
        if "data_format" in changed and "data_format" not in config:
            raise self._refusal(old.name)
        made = type(old).from_config({**config, **changed})
        if is_channels_first(made):
            raise self._refusal(old.name)
        self._made[id(old)] = (fit, changed, _WithWeights(made, old, fit))
        return self._made[id(old)][2]

    def _refusal(self, layer: str) -> UserError:
        return UserError(
            f"{self._name} takes channels first in {layer}, where convscope cannot turn it to channels last: "
            "save the network with channels last."
        )


class _WithWeights:
    """A new layer that takes the old one's weights when it is first called."""

    def __init__(self, made: Any, old: Any, fit: Fit | None) -> None:
        self._made, self._old, self._fit, self._filled = made, old, fit, False

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        result = self._made(*args, **kwargs)
        if not self._filled:
            values = self._old.get_weights()
            self._made.set_weights(values if self._fit is None else self._fit(values))
            for new, old in zip(all_layers(self._made), all_layers(self._old), strict=True):
                new.trainable = old.trainable
            self._filled = True
        return result


def _of_films(rank: int) -> Order:
    """Of batch, time, channels, …: channels last."""
    return (0, 1, *range(3, rank), 2)


def _axes(axis: Any) -> int:
    return len(axis) if isinstance(axis, (list, tuple)) else int(axis is not None)


def _is_layer(operation: Any) -> bool:
    import keras

    return isinstance(operation, keras.Layer)


def _is_of_each(activation: Any) -> bool:
    """Whether an activation takes each number by itself; None is none."""
    return activation is None or getattr(activation, "__name__", "softmax") not in _OVER_AN_AXIS


def _is_pointwise(node: Any) -> bool:
    """Whether what is called does the same to each number, wherever it is."""
    layer = node.operation
    kind = type(layer).__name__
    if not _is_layer(layer):
        import keras

        given = keras.tree.flatten((node.arguments.args, node.arguments.kwargs))
        known = {id(x) for x in node.input_tensors}
        return kind in _ELEMENTWISE and all(
            id(x) in known or x is None or isinstance(x, (int, float, str)) for x in given
        )
    if kind == "Activation":
        return _is_of_each(layer.activation)
    if kind == "Rescaling":
        return np.ndim(layer.scale) == np.ndim(layer.offset) == 0
    return kind in _ELEMENTWISE


def _common(given: Sequence[_Tensor]) -> Order | None:
    """The order that all of them can have: their own, or channels last where they differ."""
    ranks = {len(x.order) for x in given}
    orders = {x.order for x in given}
    if len(ranks) > 1:
        return None
    return orders.pop() if len(orders) == 1 else _last(ranks.pop())


def _in(tensor: _Tensor, order: Order) -> Any:
    """The tensor in another order of axes."""
    return _moved(tensor.value, tensor.order, order)


def _ends_in_dense(graph: Any, tensor: Any) -> bool:
    """Whether a flattened tensor goes into Dense layers alone, at once or through pointwise layers."""
    if any(tensor is x for x in graph.outputs):
        return False
    calls = graph_calls(graph)
    users = [node for node in calls if any(tensor is x for x in node.input_tensors)]
    return bool(users) and all(
        len(node.input_tensors) == 1
        and sum(other.operation is node.operation for other in calls) == 1
        and (
            type(node.operation).__name__ == "Dense"
            or (_is_pointwise(node) and _ends_in_dense(graph, node.outputs[0]))
        )
        for node in users
    )


def _moved(value: Any, order: Order, wanted: Order) -> Any:
    import keras

    if order == wanted:
        return value
    return keras.layers.Permute([order.index(axis) for axis in wanted[1:]])(value)


def _model_like(model: Any, graph: Any, inputs: list[Any], outputs: list[Any]) -> Any:
    import keras

    takes, gives = structures(graph)
    made = keras.Model(
        keras.tree.pack_sequence_as(takes, inputs),
        keras.tree.pack_sequence_as(gives, outputs),
        name=model.name,
    )
    if isinstance(model, keras.Sequential):
        row = [layer for layer in made.layers if not isinstance(layer, keras.layers.InputLayer)]
        if len(row) == len(model.layers):
            return keras.Sequential([operation_behind(inputs[0]), *row], name=model.name)
    return made


def _filled(value: Any, values: dict[int, Any]) -> Any:
    if id(value) in values:
        return values[id(value)]
    if isinstance(value, (list, tuple)):
        return type(value)(_filled(item, values) for item in value)
    if isinstance(value, dict):
        return {key: _filled(item, values) for key, item in value.items()}
    return value


def _flat(value: Any) -> list[Any]:
    import keras

    return list(keras.tree.flatten(value))
