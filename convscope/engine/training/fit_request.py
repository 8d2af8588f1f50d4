"""One call of `fit`, put together by `train_network` and by `transfer`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from convscope.engine.data.batches import Batches
from convscope.engine.models.opened import OpenedModel
from convscope.engine.training.loss import LossChoice
from convscope.engine.training.machines.workers import Workers
from convscope.engine.training.record import CLASSIFIER, EpochRecord
from convscope.engine.training.runs.checkpoint import Position
from convscope.engine.training.runs.run import Run
from convscope.engine.training.session import Session
from convscope.engine.training.settings import TrainingSettings


@dataclass(frozen=True, eq=False)
class FitRequest:
    """Everything that `fit` needs.

    Attributes:
        model: the Keras model to train; it changes.
        loss: with its labels.
        settings: of the training.
        train, validation: the batches; validation may be None.
        class_weight: by class number, or None.
        run: where to keep it, or None.
        session: who steers and watches.
        watched: the model opened, for live snapshots; None: no snapshots.
        strategy: a tf.distribute.Strategy that the model was made under, or None.
        workers: the machines that train together, under their strategy; None: this one alone.
        start: where a resumed training stands, with the optimizer's variables; None: at the beginning.
        before: the epochs of an earlier part of the run, in which other weights were trained.
        after: how many epochs are planned after this part.
        phase: of this part's epochs; see `EpochRecord`.
        checkpoint: the name of its checkpoints.
        tests: images that are tested when all is done.
        test_image: seconds for one of them, where they are tested by more than this model; None: not known.
        own_tests: whether it is this model that is tested.
        after_seconds: what the parts after this one will take; None: not known.
    """

    model: Any
    loss: LossChoice
    settings: TrainingSettings
    train: Batches
    validation: Batches | None
    class_weight: dict[int, float] | None = None
    run: Run | None = None
    session: Session = field(default_factory=Session)
    watched: OpenedModel | None = None
    strategy: Any = None
    workers: Workers | None = None
    start: tuple[Position, list[Any]] | None = None
    before: tuple[EpochRecord, ...] = ()
    after: int = 0
    phase: str = ""
    checkpoint: str = "last"
    tests: int = 0
    test_image: float | None = None
    own_tests: bool = True
    after_seconds: float | None = 0.0

    @property
    def done(self) -> tuple[EpochRecord, ...]:
        """The epochs that have been trained already."""
        return self.start[0].epochs if self.start else self.before

    @property
    def first(self) -> int:
        """The number of this part's first epoch."""
        return 0 if self.phase == CLASSIFIER else sum(record.phase == CLASSIFIER for record in self.done)

    @property
    def last(self) -> int:
        """The number of epochs when this part is through."""
        return self.first + self.settings.epochs
