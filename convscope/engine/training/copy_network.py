"""Copies of networks: a training changes its own, never the one that it was given."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from convscope.core.errors import UserError
from convscope.engine.keras_compat import finalize_normalizations, leaf_layers
from convscope.engine.models.opened import OpenedModel
from convscope.engine.training.settings import TrainingSettings


def copy_model(model: Any, *, weights: bool = True) -> Any:
    """A copy with layers of its own; the weights are the same, or new ones.

    Raises:
        UserError: the model is code of its own, which cannot be copied.
    """
    import keras

    try:
        copy = keras.models.clone_model(model)
        if weights:
            copy.set_weights(model.get_weights())
            finalize_normalizations(copy)
    except (ValueError, NotImplementedError) as error:
        raise UserError(
            f"{model.name} computes by code of its own and cannot be trained here.", detail=str(error)
        ) from error
    # A nested model that is trainable as a whole makes all its layers so when it is cloned.
    for old, new in zip(leaf_layers(model), leaf_layers(copy), strict=True):
        new.trainable = old.trainable
    return copy


def with_fit(opened: OpenedModel, settings: TrainingSettings) -> OpenedModel:
    """The model with its way of resizing set to that of the settings: what a run keeps beside it."""
    return opened.with_(preprocessing=replace(opened.preprocessing, resize=settings.fit, sampling="bilinear"))
