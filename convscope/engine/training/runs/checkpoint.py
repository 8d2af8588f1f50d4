"""The state of a training after an epoch, on disk: either the whole of the old one or the whole of the new.

The model file holds weights and optimizer; beside it, `last.json` holds what no model file does (Keras
leaves out the counters of its random generators). It is written first and holds the states of the last two
epochs; the one whose step count is the model's is right, so that replacing the model file is what switches
over, and a crash between the two does no harm.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from convscope.core.errors import MissingFileError, UserError
from convscope.core.files import replacing, write_whole
from convscope.core.opening import MB, is_regular, read_json
from convscope.core.records import from_json, to_json
from convscope.engine.keras_compat import finalize_normalizations
from convscope.engine.training.record import EpochRecord, epoch_of

_FORMAT = 1
_REMEMBERED = frozenset(("wait", "best", "best_epoch", "stopped_epoch", "cooldown_counter"))
# The history of two epochs, with a hundred thousand before them.
_LARGEST = 128 * MB


@dataclass(frozen=True)
class Position:
    """Where a training stands.

    Attributes:
        steps: steps of the optimizer so far; names the model that belongs to it.
        epochs: the epochs done.
        seeds: the counters of the model's random generators, in the order of its variables.
        rate_scale: what the user has multiplied the scheduled rate by.
        early_stopping, plateau: what those two remember.
        stopped: early stopping has ended it.
    """

    steps: int
    epochs: tuple[EpochRecord, ...]
    seeds: tuple[tuple[int, ...], ...]
    rate_scale: float
    early_stopping: Mapping[str, int | float | None]
    plateau: Mapping[str, int | float | None]
    stopped: bool

    def __post_init__(self) -> None:
        for told in (self.early_stopping, self.plateau):
            if set(told) - _REMEMBERED:
                raise ValueError("a callback remembers something else")


def _position(state: Any) -> Position:
    """What a checkpoint tells of itself, of older versions of convscope too."""
    epochs = [to_json(epoch_of(row)) for row in state["epochs"]]
    return from_json(Position, {**state, "epochs": epochs})


def save_model(model: Any, path: Path) -> None:
    """Save a Keras model (with its optimizer, if it has one), whole or not at all."""
    # Keras tells the format by the suffix.
    with replacing(path, suffix=path.suffix) as part:
        model.save(part)


def seed_states(model: Any) -> tuple[tuple[int, ...], ...]:
    """The counters of dropout and other random layers, which `.keras` files leave out."""
    return tuple(tuple(int(n) for n in variable.numpy()) for variable in seed_variables(model))


def seed_variables(model: Any) -> list[Any]:
    """The variables of its random generators."""
    return [variable for variable in model.variables if variable.path.endswith("seed_generator_state")]


def save_start(model: Any, path: Path) -> None:
    """Save a network before its first step, with what no model file holds: it can start there once more."""
    seeds = [list(seed) for seed in seed_states(model)]
    write_whole(path.with_suffix(".json"), json.dumps({"format": _FORMAT, "seeds": seeds}))
    save_model(model, path)


def load_start(path: Path) -> Any:
    """What `save_start` saved, a Keras model; without its seeds, where an older convscope has kept none.

    Raises:
        UserError: it has gone, or is damaged.
    """
    from convscope.engine.models.files.open_file import open_file

    model = open_file(path).keras
    kept_seeds = path.with_suffix(".json")
    try:
        told = read_json(kept_seeds, _LARGEST, "the state of a run")
        seeds = [tuple(int(n) for n in seed) for seed in told["seeds"]]
    except MissingFileError:
        return model
    except (UserError, ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
        raise UserError(f"{kept_seeds} is damaged: the run cannot start again.", detail=str(error)) from error
    _set_seeds(model, seeds, kept_seeds)
    return model


def _set_seeds(model: Any, seeds: Sequence[Sequence[int]], where: Path) -> None:
    variables = seed_variables(model)
    if [len(seed) for seed in seeds] != [variable.shape[0] for variable in variables]:
        raise UserError(f"The network in {where.parent} does not fit its {where.name}.")
    _assign(variables, seeds, where)


def _assign(variables: Sequence[Any], seeds: Sequence[Sequence[int]], where: Path) -> None:
    try:
        values = [np.array(seed, v.dtype) for v, seed in zip(variables, seeds, strict=True)]
    except (OverflowError, ValueError, TypeError) as error:
        raise UserError(f"{where} is damaged: its seeds are none.", detail=str(error)) from error
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)


def save_checkpoint(model: Any, folder: Path, position: Position, name: str = "last") -> None:
    """Write `NAME.json` and `NAME.keras`."""
    path = folder / f"{name}.json"
    before = [state for state in positions(path) if state.steps < position.steps][-1:]
    states = [to_json(state) for state in (*before, position)]
    write_whole(path, json.dumps({"format": _FORMAT, "states": states}))
    save_model(model, folder / f"{name}.keras")


def best_path(folder: Path, name: str = "last") -> Path:
    """Where the best of the checkpoints of this name is kept."""
    return folder / ("best.keras" if name == "last" else f"{name}-best.keras")


def save_best(folder: Path, name: str = "last") -> None:
    """Keep the checkpoint just written as the best one."""
    with replacing(best_path(folder, name)) as part:
        shutil.copyfile(folder / f"{name}.keras", part)


def drop_head(folder: Path) -> None:
    """Remove what a fine-tuning run needs only until its base is unfrozen."""
    for name in ("head.keras", "head.json", "head-best.keras", "composed.keras", "composed.json"):
        (folder / name).unlink(missing_ok=True)


def copy_state(source: Any, target: Any) -> None:
    """Give a model the weights and the random counters of another one of the same layers."""
    target.set_weights(source.get_weights())
    finalize_normalizations(target)
    for one, other in zip(seed_variables(source), seed_variables(target), strict=True):
        other.assign(one)


def positions(path: Path) -> list[Position]:
    """The states of the last epochs that stand beside a checkpoint; none without a file.

    Raises:
        UserError: it is damaged.
    """
    try:
        told = read_json(path, _LARGEST, "the state of a run")
        return [_position(state) for state in told["states"]]
    except MissingFileError:
        return []
    except (UserError, ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
        raise UserError(f"{path} is damaged: the run cannot be resumed.", detail=str(error)) from error


def has_checkpoint(folder: Path) -> bool:
    """Whether there is something to resume from."""
    return any(has_checkpoint_called(folder, name) for name in ("last", "head"))


def has_checkpoint_called(folder: Path, name: str) -> bool:
    """Whether there is a checkpoint of this name."""
    return is_regular(folder / f"{name}.keras") and is_regular(folder / f"{name}.json")


def load_checkpoint(folder: Path, name: str = "last") -> tuple[Any, list[np.ndarray[Any, Any]], Position]:
    """Read the last checkpoint.

    Returns:
        the model (its weights and random counters as they were), the optimizer's variables, the position.

    Raises:
        UserError: there is none, or it is damaged. Nothing in the file is run.
    """
    from convscope.engine.models.files.open_file import open_file

    path = folder / f"{name}.keras"
    if not has_checkpoint_called(folder, name):
        raise UserError(f"{folder} has no checkpoint to resume from: no epoch was finished.")
    model = open_file(path).keras
    optimizer = _optimizer_variables(path)
    steps = int(optimizer[0]) if optimizer else -1
    position = next(
        (state for state in reversed(positions(folder / f"{name}.json")) if state.steps == steps), None
    )
    variables = seed_variables(model)
    if position is None or [len(seed) for seed in position.seeds] != [v.shape[0] for v in variables]:
        raise UserError(
            f"The checkpoint in {folder} does not fit its {name}.json: the run cannot be resumed."
        )
    _assign(variables, position.seeds, folder / f"{name}.json")
    return model, optimizer, position


def _optimizer_variables(path: Path) -> list[np.ndarray[Any, Any]]:
    """The optimizer's variables in Keras's order, the number of steps first."""
    import h5py

    from convscope.engine.models.files.keras_zip import unpacked

    try:
        with unpacked(path) as parts, h5py.File(parts.weights, "r") as file:
            group = file.get("optimizer/vars")
            if group is None:
                return []
            found = [np.asarray(group[str(number)]) for number in range(len(group))]
            int(found[0]) if found else 0
    except (OSError, KeyError, ValueError, TypeError, AttributeError, RuntimeError) as error:
        raise UserError(f"{path} is damaged: the run cannot be resumed.", detail=str(error)) from error
    if any(array.dtype.kind not in "fiub" for array in found):
        raise UserError(f"{path} is damaged: its optimizer holds something else than numbers.")
    return found


def restore_optimizer(model: Any, values: list[np.ndarray[Any, Any]]) -> None:
    """Put saved values into a compiled model's optimizer.

    Raises:
        UserError: they belong to another optimizer.
    """
    optimizer = model.optimizer
    optimizer.build(model.trainable_variables)
    variables = optimizer.variables
    if [tuple(v.shape) for v in variables] != [value.shape for value in values]:
        raise UserError("The checkpoint was written by another optimizer: the run cannot be resumed.")
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)
