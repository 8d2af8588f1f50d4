"""The inside of Keras models that has no public name: their graph, its calls, all their layers."""

from __future__ import annotations

from typing import Any


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


def graph_calls(graph: Any) -> list[Any]:
    """The calls (Keras's nodes) of a functional network in the order in which Keras computes them.

    Inputs are left out.
    """
    order = {id(operation): place for place, operation in enumerate(graph.operations)}
    found = []
    for depth in sorted(graph._nodes_by_depth, reverse=True):
        found += sorted(graph._nodes_by_depth[depth], key=lambda node: order[id(node.operation)])
    return [node for node in found if node.operation is not None and not node.is_input]


def operation_behind(tensor: Any) -> Any:
    """The layer or operation that a symbolic tensor comes from."""
    return tensor._keras_history.operation


def is_symbolic(value: Any) -> bool:
    """Whether it is a tensor of a graph that is being built."""
    return hasattr(value, "_keras_history")


def call_count(operation: Any) -> int:
    """How often an operation was called."""
    return len(operation._inbound_nodes)


def structures(graph: Any) -> tuple[Any, Any]:
    """What a functional network takes and gives, in the form that it was made with."""
    return graph._inputs_struct, graph._outputs_struct


def all_layers(model: Any) -> list[Any]:
    """The model or layer itself and all layers in it, nested as deep as may be."""
    return list(model._flatten_layers() if hasattr(model, "_flatten_layers") else model.layers)


def leaf_layers(model: Any) -> list[Any]:
    """All layers without layers inside, in order."""
    layers = model._flatten_layers(include_self=False)
    return [layer for layer in layers if not list(layer._flatten_layers(include_self=False))]


def operation_home(kind: str) -> str | None:
    """The module of the class of a function of `keras.ops`; None: there is none of this name."""
    import keras
    from keras.src.ops import core, image, linalg, math, nn, numpy

    for module in (numpy, nn, math, core, linalg, image):
        made = getattr(module, kind, None)
        if isinstance(made, type) and issubclass(made, keras.Operation):
            return str(made.__module__)
    return None


def snake_case(name: str) -> str:
    """How Keras calls a layer of a class by default: "conv2d"."""
    from keras.src.utils.naming import to_snake_case

    return str(to_snake_case(name))


def finalize_normalizations(model: Any) -> None:
    """Make a model's Normalization layers compute with the mean and variance that their weights hold.

    Keras computes with copies of these, which assigning weights (`set_weights` as well) leaves as they were.

    Args:
        model: a Keras model or layer, nested as deep as may be.
    """
    for layer in all_layers(model):
        if type(layer).__name__ == "Normalization":
            layer.finalize_state()
