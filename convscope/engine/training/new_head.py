"""A network with another end: its classifier cut off, a new one put on, or one of its outputs alone."""

from __future__ import annotations

from typing import Any

from convscope.core.errors import UserError
from convscope.engine.keras_compat import call_count, operation_behind, seeded
from convscope.engine.models.opened import OpenedModel
from convscope.engine.training.copy_network import copy_model

# What may stand behind a classifier's last layer with weights.
_BEHIND = (
    "Activation",
    "Softmax",
    "Dropout",
    "Flatten",
    "Reshape",
    "GlobalAveragePooling2D",
    "GlobalMaxPooling2D",
)


def replace_head(model: OpenedModel, classes: int, seed: int = 0) -> OpenedModel:
    """The same network with a new last layer for so many classes, everything trainable as before.

    The model handed in is not changed.

    Raises:
        UserError: it has nothing that could be a base.
    """
    import keras

    with seeded(seed):
        body = copy_model(without_head(model.keras))
    x = body.outputs[0]
    if len(x.shape) == 4:
        x = keras.layers.GlobalAveragePooling2D()(x)
    with seeded(seed):
        output = keras.layers.Dense(classes, activation="softmax", name=f"classes_{classes}")(x)
    return OpenedModel(
        keras.Model(body.inputs, output, name=body.name),
        name=model.name,
        preprocessing=model.preprocessing,
        source=model.source,
    )


def keep_output(model: OpenedModel) -> OpenedModel:
    """The network with the output that is shown of it, and no other; its weights are copied."""
    import keras

    at = model.program.outputs.index(model.answer.slot)
    one = keras.Model(model.keras.inputs, model.keras.outputs[at], name=model.keras.name)
    return OpenedModel(
        copy_model(one),
        name=model.name,
        classes=model.classes,
        preprocessing=model.preprocessing,
        source=model.source,
    )


def without_head(model: Any) -> Any:
    """The network up to its last Dense layer, or a 1×1 convolution in its place; all if it ends in maps.

    Behind it may stand what has no weights: softmax, pooling to one place, a change of the shape.
    """
    import keras

    if len(model.outputs[0].shape) == 4:
        return model
    last = operation_behind(model.outputs[0])
    while type(last).__name__ in _BEHIND and call_count(last) == 1:
        last = operation_behind(last.input)
    # At every place such a convolution computes as a Dense layer does.
    alike = isinstance(last, keras.layers.Conv2D) and last.kernel_size == (1, 1)
    if isinstance(last, keras.layers.Dense) or alike:
        return keras.Model(model.inputs, last.input, name=model.name)
    raise UserError(f"{model.name} ends in no Dense layer, so it is not clear what its classifier is.")
