"""Models that compute in half precision, and their exact float32 copies."""

from __future__ import annotations

from typing import Any

import numpy as np

from convscope.engine.keras_compat import all_layers, finalize_normalizations


def is_low_precision(model: Any) -> bool:
    """Whether any layer computes in 16 bits."""
    layers = all_layers(model)
    return any(layer.compute_dtype in ("float16", "bfloat16") for layer in layers)


def in_float32(model: Any) -> Any:
    """A copy of a mixed-precision model that computes in float32 with the same weights."""
    import keras

    def clone(layer: Any) -> Any:
        config = layer.get_config()
        # Arithmetic outside of layers has no type of its own.
        if isinstance(layer, keras.layers.Layer):
            config["dtype"] = "float32"
        return type(layer).from_config(config)

    copy = keras.models.clone_model(model, clone_function=clone, recursive=True)
    copy_weights(model, copy)
    return copy


def copy_weights(model: Any, copy: Any) -> None:
    """Give the copy the model's weights of now."""
    for ours, theirs in zip(copy.weights, model.weights, strict=True):
        ours.assign(np.asarray(theirs.numpy(), np.float32))
    finalize_normalizations(copy)
