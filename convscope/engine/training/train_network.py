"""Train one opened network inside its run: batches, fit, test, and what is kept of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from convscope.engine.data.dataset import Dataset
from convscope.engine.data.pipeline import Stream
from convscope.engine.models.opened import OpenedModel
from convscope.engine.training.data import class_weights, data_fingerprint, pipeline_settings
from convscope.engine.training.evaluate import Evaluation, evaluate
from convscope.engine.training.fit import Fitted, fit
from convscope.engine.training.fit_request import FitRequest
from convscope.engine.training.loss import loss_for
from convscope.engine.training.machines.workers import Workers
from convscope.engine.training.run_lifecycle import finish, running
from convscope.engine.training.runs.run import DataOfRun, ModelOfRun, Run, RunDetails, now
from convscope.engine.training.session import Session
from convscope.engine.training.settings import TrainingSettings


@dataclass(frozen=True, eq=False)
class TrainingResult:
    """What came out of a training.

    Attributes:
        model: the trained network; the one that was handed in is as it was.
        fitted: its epochs and how it ended.
        test: on the test images; None if there are none, or nothing was trained.
        run: where it was kept, or None.
        seconds: all that was waited for it, without pauses, and with what earlier parts of the run took.
    """

    model: OpenedModel
    fitted: Fitted
    test: Evaluation | None
    run: Run | None
    seconds: float = 0.0


def train_network(
    network: OpenedModel,
    dataset: Dataset,
    settings: TrainingSettings,
    run: Run | None,
    session: Session,
    start: tuple[Any, list[Any]] | None = None,
    **more: Any,
) -> TrainingResult:
    """Train this very network; whole trainings and those on a frozen base end here.

    Args:
        network: it changes.
        run: prepared by the caller, or None.
        start, more: see `FitRequest`.
    """
    with running(run, settings, session.control):
        return train_held(network, dataset, settings, run, session, start, **more)


def train_held(
    network: OpenedModel,
    dataset: Dataset,
    settings: TrainingSettings,
    run: Run | None,
    session: Session,
    start: tuple[Any, list[Any]] | None = None,
    **more: Any,
) -> TrainingResult:
    """`train_network` for a caller who holds the run already, as inside `running`."""
    loss = loss_for(network, settings)
    piped = pipeline_settings(network, settings, loss)
    validation = len(dataset.indices("validation")) > 0
    workers: Workers | None = more.get("workers")
    share = (0, 1) if workers is None else workers.share
    request = FitRequest(
        network.keras,
        loss,
        settings,
        Stream(dataset, "train", piped, steps_per_epoch=settings.steps_per_epoch, share=share),
        Stream(dataset, "validation", piped, share=share) if validation else None,
        class_weights(dataset, settings),
        run,
        session,
        network,
        start=start,
        tests=len(dataset.indices("test")),
        **more,
    )
    fitted = fit(request)
    if workers is not None:
        workers.leave()
        if not workers.cluster.is_chief:
            return TrainingResult(network, fitted, None, None, session.control.elapsed)
    return tested(network, dataset, fitted, run, session)


def tested(
    network: OpenedModel, dataset: Dataset, fitted: Fitted, run: Run | None, session: Session
) -> TrainingResult:
    """Test what came out, and keep it."""
    network.refresh()
    session.recorder.stage = "testing"
    test = None
    # Weights that are no numbers have no accuracy.
    if len(dataset.indices("test")) and fitted.outcome != "diverged":
        test = evaluate(network, dataset, "test", task=session.task)
    control = session.control
    seconds = control.elapsed if run is None else finish(run, network, fitted, test, control)
    return TrainingResult(network, fitted, test, run, seconds)


def details_of(
    model: OpenedModel,
    dataset: Dataset,
    settings: TrainingSettings,
    name: str,
    transfer: Any = None,
    weights: str = "",
) -> RunDetails:
    """What a new run's settings.json says; `weights` where they are not the model's own."""
    return RunDetails(
        name or f"{model.name} on {dataset.title}",
        now(),
        settings,
        ModelOfRun(
            model.name, model.source.spec, int(model.keras.count_params()), weights or model.source.weights
        ),
        DataOfRun(dataset.reference, dataset.title, dataset.classes, data_fingerprint(dataset)),
        model.preprocessing,
        transfer,
    )
