"""Building what a file describes: its weights get memory only when all of them together fit."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

from convscope.core.errors import UserError
from convscope.core.opening import check_budget
from convscope.core.task import Cancelled, Task
from convscope.engine.keras_compat import between_layers, forget_unmade_variables, make_variables

# Layers may have variables that no file keeps: states of random numbers, low-rank additions.
_UNSAVED = 1_000_000
_LONGEST_DETAIL = 4_000


def bounded(
    make: Callable[[], Any],
    name: str,
    task: Task | None = None,
    *,
    held: int | None = None,
    random: bool = False,
) -> Any:
    """The Keras model that `make` builds, its weights zero: they come from the file.

    A few bytes can describe layers that no memory holds, so they are counted before any of them is made.

    Args:
        make: builds a model from a configuration.
        name: the file's, for sentences.
        task: checked between the layers.
        held: how many numbers the file of its weights holds; None: nobody knows.
        random: with the weights that its layers begin with, as none come.

    Raises:
        UserError: it makes no model, one whose weights are not in the file, or one beyond the budget.
    """
    task = task or Task()
    import keras

    try:
        # Inside, variables know their shape and wait for their values.
        with keras.StatelessScope(initialize_variables=False), between_layers(task.check):
            model = make()
        if not isinstance(model, keras.Model):
            raise UserError(f"{name} holds a single {type(model).__name__}, not a model.")
        numbers = sum(prod(v.shape) for v in model.variables)
        check_held(numbers, held, name)
        check_budget(4 * numbers, f"{name} declares layers of")
        task.check()
        make_variables(model, zeros=not random)
    except (UserError, MemoryError, Cancelled):
        raise
    except Exception as error:
        # Keras and TensorFlow raise many kinds of errors for settings that cannot be.
        raise UserError(
            f"The configuration in {name} does not make a model.", detail=_short(error)
        ) from error
    finally:
        forget_unmade_variables()
    return model


def check_held(numbers: int, held: int | None, name: str) -> None:
    """Refuse a network of far more weights than the file of its weights holds.

    Args:
        numbers: of weights that it declares.
        held: how many there are; None where nobody knows.
        name: the file's.

    Raises:
        UserError: it does.
    """
    if held is not None and numbers > 2 * held + _UNSAVED:
        raise UserError(
            f"{name} declares layers of {numbers:,} weights, and the file of its weights holds {held:,}: "
            "it is damaged, or made to fill the memory."
        )


def _short(error: BaseException) -> str:
    # Keras writes whole configurations into what it says.
    return str(error)[:_LONGEST_DETAIL]
