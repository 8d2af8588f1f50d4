"""Networks on images without an axis of channels, 28×28 as in many a first lesson: they take gray images."""

from __future__ import annotations

from typing import Any

from convscope.engine.keras_compat import graph_of

NOTE = "It takes images without an axis of channels: it is given gray ones."

# Shorter or longer ones are a sequence of measurements.
_SHORTEST, _LONGEST_TO_SHORT = 8, 4


def lacks_channels(model: Any) -> bool:
    """Whether the only input of a network is height × width."""
    graph = graph_of(model)
    if graph is None or len(graph.inputs) != 1:
        return False
    shape, dtype = graph.inputs[0].shape, str(graph.inputs[0].dtype)
    if len(shape) != 3 or "float" not in dtype or None in shape[1:]:
        return False
    short, long = sorted(shape[1:])
    return short >= _SHORTEST and long <= _LONGEST_TO_SHORT * short


def with_channels(model: Any) -> Any:
    """The network after a layer that takes the one channel away; the layers and weights are the same ones."""
    import keras

    height, width = model.inputs[0].shape[1:]
    image = keras.Input((height, width, 1), name="gray_image")
    drop = keras.layers.Reshape((height, width), name="without_channels")
    if isinstance(model, keras.Sequential):
        return keras.Sequential([image, drop, *model.layers], name=model.name)
    return keras.Model(image, model(drop(image)), name=f"{model.name}_of_gray")
