"""How many parameters a configuration declares, counted before any layer of it is built."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from convscope.engine.models.kinds.base import Shape, ShapeError
from convscope.engine.models.sheet import count


def declared_parameters(config: Mapping[str, Any]) -> int:
    """The weights that a model's configuration (of any Keras) asks for, as far as the app knows its layers.

    A few bytes can declare layers that no memory holds; Keras would allocate them before it reads weights.
    """
    return _model(config, None)[0]


def _model(spec: Mapping[str, Any], given: Shape | None) -> tuple[int, Shape | None]:
    config = spec.get("config")
    if spec.get("class_name") == "Sequential":
        return _sequential(config if isinstance(config, list) else _layers(config), given)
    return _functional(_layers(config), given)


def _layers(config: Any) -> list[Any]:
    layers = config.get("layers") if isinstance(config, Mapping) else None
    return [layer for layer in layers if isinstance(layer, Mapping)] if isinstance(layers, list) else []


def _sequential(layers: list[Any], shape: Shape | None) -> tuple[int, Shape | None]:
    total = 0
    for spec in layers:
        parameters, shape = _layer(spec, [shape])
        total += parameters
    return total, shape


def _functional(layers: list[Any], given: Shape | None) -> tuple[int, Shape | None]:
    total = 0
    shapes: dict[str, Shape | None] = {}
    shape = given
    for spec in layers:
        config = spec.get("config")
        name = str(spec.get("name") or (config.get("name") if isinstance(config, Mapping) else ""))
        feeds = [shapes.get(feed) for feed in _feeds(spec.get("inbound_nodes"), shapes)]
        parameters, shape = _layer(spec, feeds or [given])
        shapes[name] = shape
        total += parameters
    return total, shape


def _layer(spec: Mapping[str, Any], feeds: list[Shape | None]) -> tuple[int, Shape | None]:
    kind, config = spec.get("class_name"), spec.get("config")
    if kind in ("Sequential", "Functional", "Model"):
        return _model(spec, feeds[0])
    if not isinstance(config, Mapping):
        return 0, None
    own = config.get("batch_shape") or config.get("batch_input_shape")
    if isinstance(own, list) and kind == "InputLayer":
        return 0, tuple(own[1:])
    if isinstance(own, list) and feeds == [None]:
        feeds = [tuple(own[1:])]
    known = [shape for shape in feeds if shape is not None]
    if len(known) != len(feeds):
        return 0, None
    try:
        counted = count(str(kind), config, known, [None] * len(known))
    except (ShapeError, KeyError, TypeError, ValueError, IndexError, AttributeError, ZeroDivisionError):
        # Not a kind that the app counts, or damaged: building will tell.
        return 0, known[0] if len(known) == 1 and kind not in ("Reshape", "Resizing") else None
    return counted.parameters.total, counted.shape


def _feeds(nodes: Any, known: Mapping[str, Any]) -> list[str]:
    """Names of the layers in a first call, in the old form ["conv", 0, 0] and the new "keras_history"."""
    first = nodes[:1] if isinstance(nodes, list) else []
    found: list[str] = []
    waiting: list[Any] = list(first)
    while waiting:
        item = waiting.pop(0)
        if isinstance(item, Mapping):
            waiting = [*item.values(), *waiting]
        elif isinstance(item, list):
            if len(item) >= 3 and isinstance(item[0], str) and item[0] in known and isinstance(item[1], int):
                found.append(item[0])
            else:
                waiting = [*item, *waiting]
    return found
