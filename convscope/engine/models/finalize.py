"""Normalization layers after their weights were set."""

from __future__ import annotations

from typing import Any


def settle(model: Any) -> None:
    """Make a model's Normalization layers compute with the mean and variance that their weights hold.

    Keras computes with copies of these, which assigning weights (`set_weights` as well) leaves as they were.

    Args:
        model: a Keras model or layer, nested as deep as may be.
    """
    for layer in model._flatten_layers():
        if type(layer).__name__ == "Normalization":
            layer.finalize_state()
