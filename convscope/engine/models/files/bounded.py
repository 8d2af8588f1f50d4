"""Building what a file describes: its weights get memory only when all of them together fit."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

from convscope.engine.models.memory import check_fits
from convscope.errors import UserError


def bounded(make: Callable[[], Any], name: str, *, random: bool = False) -> Any:
    """The Keras model that `make` builds, its weights zero: they come from the file.

    A few bytes can describe layers that no memory holds, so they are counted before any of them is made.

    Args:
        make: builds a model from a configuration.
        name: the file's, for sentences.
        random: with the weights that its layers begin with, as none come.

    Raises:
        UserError: it makes no model, or one that does not fit into this machine.
    """
    import keras
    from keras.src.backend.common.global_state import set_global_attribute
    from keras.src.backend.common.variables import initialize_all_variables

    try:
        # Inside, variables know their shape and wait for their values.
        with keras.StatelessScope(initialize_variables=False):
            model = make()
        if not isinstance(model, keras.Model):
            raise UserError(f"{name} holds a single {type(model).__name__}, not a model.")
        check_fits(sum(prod(v.shape) * 4 for v in model.variables), f"{name} declares layers of")
        zeros = keras.initializers.Zeros()
        for variable in () if random else model.weights:
            variable._initializer = zeros
        # TensorFlow settles for good, when it makes a variable, whether gradients are taken: those of layers
        # that are frozen now may be wanted once they are thawed, as where Keras makes them itself.
        frozen = [
            variable
            for layer in model._flatten_layers()
            for variable in layer._trainable_variables
            if not variable.trainable
        ]
        for variable in frozen:
            variable.trainable = True
        initialize_all_variables()
        for variable in frozen:
            variable.trainable = False
    except (UserError, MemoryError):
        raise
    except Exception as error:
        # Keras and TensorFlow raise many kinds of errors for settings that cannot be.
        raise UserError(f"The configuration in {name} does not make a model.", detail=str(error)) from error
    finally:
        # What was refused must not be made when the next model is.
        set_global_attribute("uninitialized_variables", [])
    return model
