"""A run's folder while a training goes on: its status is true, and what stands in the way is a sentence."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from convscope.core.errors import UserError
from convscope.core.task import Cancelled
from convscope.engine.models.files.sidecar import write_sidecar
from convscope.engine.models.opened import OpenedModel
from convscope.engine.training.control import Control
from convscope.engine.training.evaluate import Evaluation
from convscope.engine.training.fit import Fitted, enough_memory
from convscope.engine.training.runs.checkpoint import has_checkpoint, save_model
from convscope.engine.training.runs.run import Run, State
from convscope.engine.training.settings import TrainingSettings


@contextmanager
def running(run: Run | None, settings: TrainingSettings, control: Control | None = None) -> Iterator[None]:
    """Hold a run and keep its status true, whatever happens inside; too little memory becomes a sentence.

    A run that was left (`Control.leave`) is interrupted, as if its process had been killed.
    """
    if run is None:
        with enough_memory(settings.batch_size):
            yield
        return
    with writing(run), run.locked():
        if control is not None:
            control.earlier = run.seconds
        run.set_status("running", "It is being trained.")
        try:
            with enough_memory(settings.batch_size):
                yield
        except Cancelled:
            if control is None or not control.left:
                said = f"Stopped after {len(run.history)} of {run.planned} epochs."
                _note(run, "stopped", said, control)
            raise
        except UserError as error:
            _note(run, "failed", error.message, control)
            raise
        except OSError as error:
            raise _unkept(run, error) from error
        except BaseException as error:
            _note(run, "failed", f"It failed: {type(error).__name__}: {error}", control)
            raise


@contextmanager
def writing(run: Run) -> Iterator[None]:
    """Turn a full disk, or a folder that has gone, into a sentence.

    Raises:
        UserError: that one.
    """
    try:
        yield
    except OSError as error:
        raise _unkept(run, error) from error


def _unkept(run: Run, error: OSError) -> UserError:
    """What stood in the way of keeping a run; it is noted there too, if that can be."""
    # A path and its copy under another name are one file to a person.
    where = error.filename if error.filename and ".part" not in str(error.filename) else run.folder
    kept = (
        " Its last whole epoch is kept: mend that, and resume the run." if has_checkpoint(run.folder) else ""
    )
    told = UserError(f"{where} cannot be written: {error.strerror or error}.{kept}", detail=str(error))
    _note(run, "failed", told.message)
    return told


def _note(run: Run, state: State, sentence: str, control: Control | None = None) -> None:
    """Say how a run stands, if its folder can still be written: what went wrong matters more."""
    with suppress(OSError):
        run.set_status(state, sentence, seconds=None if control is None else control.elapsed)


def finish(run: Run, model: OpenedModel, fitted: Fitted, test: Evaluation | None, control: Control) -> float:
    """Keep what came out, and what it has taken: the seconds that are told of it everywhere."""
    save_model(model.keras, run.folder / "model.keras")
    measured = None if test is None else {"accuracy": test.accuracy, "loss": test.loss, "images": test.images}
    state = "finished" if fitted.outcome == "early" else fitted.outcome
    seconds = control.elapsed
    run.set_status(state, fitted.sentence, measured, seconds)
    return seconds


def write_sidecars(run: Run, model: OpenedModel) -> None:
    """Class names and preprocessing beside every model file of a run."""
    for name in ("initial", "last", "best", "model"):
        write_sidecar(run.folder / f"{name}.classes.json", model.classes, model.preprocessing)
