"""What each way of using a pretrained network costs: what is trained is counted, time is measured once."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from convscope.core.task import Task
from convscope.engine.data.dataset import Dataset
from convscope.engine.models.opened import OpenedModel
from convscope.engine.training.copy_network import with_fit
from convscope.engine.training.data import split_for
from convscope.engine.training.loss import loss_for, make_loss
from convscope.engine.training.optimizer import make_optimizer
from convscope.engine.training.settings import TrainingSettings
from convscope.engine.training.transfer.transfer_model import (
    Composed,
    TransferSettings,
    TransferStrategy,
    compose,
    first_of,
    leaves,
    target_for,
)


class BaseLayer(NamedTuple):
    """A layer of a base.

    Attributes:
        name: its own, without a path.
        weights: whether it has any.
        tensors, numbers: what of it is trained when it is free; 0 where it keeps its statistics.
        multiply_adds: of one image; 0 where that is not known.
        keeps_statistics: it is never freed.
    """

    name: str
    weights: bool
    tensors: int
    numbers: int
    multiply_adds: int
    keeps_statistics: bool


@dataclass(frozen=True)
class Counted:
    """A base with a new classifier, counted: nothing of it has to run for that.

    Attributes:
        base: the base's name.
        layers: of the base, in order.
        head_tensors, head_numbers: of the classifier.
        tensors: all that could be trained, with the base as it was handed in.
    """

    base: str
    layers: tuple[BaseLayer, ...]
    head_tensors: int
    head_numbers: int
    tensors: int

    def tuned(self, how: TransferSettings) -> tuple[BaseLayer, ...]:
        """The layers of the base that learn.

        Raises:
            UserError: there is no layer of that name.
        """
        if how.way != "finetune":
            return ()
        names = [layer.name for layer in self.layers]
        weighted = [layer.name for layer in self.layers if layer.weights and not layer.keeps_statistics]
        first = names.index(first_of(names, weighted, how.from_layer, self.base))
        return self.layers[first:]

    def tuned_share(self, how: TransferSettings) -> float:
        """Share of the base's multiply-adds that is in layers that learn."""
        own = sum(layer.multiply_adds for layer in self.tuned(how) if layer.tensors)
        return own / max(1, sum(layer.multiply_adds for layer in self.layers))


@dataclass(frozen=True)
class Timing:
    """What a batch takes on this machine, in seconds an image.

    Attributes:
        forward: through the base.
        step: a training step of the classifier.
    """

    forward: float
    step: float


@dataclass(frozen=True)
class Cost:
    """What one way will take on this machine.

    Attributes:
        way: which.
        seconds: altogether, estimated from timed batches; None while nothing was timed.
        tensors: weight tensors that are trainable while the base is free.
        trainable_tensors, trainable_parameters: what is trained (at the end, when fine-tuning).
        sentence: the same in words.
    """

    way: TransferStrategy
    seconds: float | None
    tensors: int
    trainable_tensors: int
    trainable_parameters: int
    sentence: str


def composed_for(
    pretrained: OpenedModel, dataset: Dataset, settings: TrainingSettings, how: TransferSettings
) -> Composed:
    """A base with a new classifier for this data; what it is made of is its own.

    Raises:
        UserError: as `transfer_model.compose`.
    """
    split, settings = split_for(dataset, settings)
    size = settings.size or split.image_size
    return compose(with_fit(pretrained, settings), split.classes, how, size=size, seed=settings.seed)


def count(composed: Composed) -> Counted:
    body = composed.model.keras.layers[0]
    work: dict[str, int] = {}
    for row in composed.base.layers:
        name = row.path.rsplit("/", 1)[-1]
        work[name] = work.get(name, 0) + (row.multiply_adds or 0)
    rows = []
    for layer, keeps in leaves(body):
        frozen, layer.trainable = not layer.trainable, True
        free = [] if keeps else layer.trainable_weights
        rows.append(
            BaseLayer(
                layer.name,
                bool(layer.weights),
                len(free),
                sum(int(np.prod(weight.shape)) for weight in free),
                work.get(layer.name, 0),
                keeps,
            )
        )
        layer.trainable = not frozen
    return Counted(
        composed.base.name,
        tuple(rows),
        composed.tensors_after,
        composed.parameters_after,
        composed.tensors_before,
    )


def time_batch(composed: Composed, dataset: Dataset, settings: TrainingSettings) -> Timing:
    """Run one batch through the base, and some training steps of the classifier; its weights change."""
    split, settings = split_for(dataset, settings)
    chosen = split.indices("train")[: min(settings.batch_size, 32)]
    pixels, _ = split.images.load(chosen, target_for(composed, settings))
    batch = composed.base.inputs_for(composed.base.preprocessing.apply(pixels))
    run = composed.base.function(composed.base.program.outputs)
    features = run(*batch)[0]
    began = time.perf_counter()
    features = run(*batch)[0]
    forward = (time.perf_counter() - began) / len(chosen)
    loss = loss_for(composed.model, settings)
    head = composed.head
    head.compile(make_optimizer(settings.optimizer), make_loss(loss), jit_compile=False)
    labels: Any = split.labels[chosen]
    if loss.label_mode == "categorical":
        labels = np.eye(len(split.classes), dtype=np.float32)[labels]
    elif loss.label_mode == "binary":
        labels = labels[:, None].astype(np.float32)
    head.train_on_batch(features, labels)
    began = time.perf_counter()
    for _ in range(3):
        head.train_on_batch(features, labels)
    return Timing(forward, (time.perf_counter() - began) / 3 / len(chosen))


def cost(
    how: TransferSettings,
    counted: Counted,
    timing: Timing | None,
    dataset: Dataset,
    settings: TrainingSettings,
) -> Cost:
    """What one way would cost: plain arithmetic, whatever the number of epochs.

    A step of fine-tuning is taken to cost the forward pass, and twice the share of it that is trained (the
    gradients of maps and of weights are each as much work as the forward pass of their layer).

    Raises:
        UserError: the base has no such layer.
    """
    tuned = counted.tuned(how)
    tensors = counted.head_tensors + sum(layer.tensors for layer in tuned)
    numbers = counted.head_numbers + sum(layer.numbers for layer in tuned)
    seconds = None if timing is None else _seconds(how, counted, timing, dataset, settings)
    words = "" if seconds is None else f"about {_words(seconds)}; "
    sentence = f"{words}{tensors} of {counted.tensors} weight tensors ({numbers:,} numbers) are trained"
    return Cost(how.way, seconds, counted.tensors, tensors, numbers, sentence)


def _seconds(
    how: TransferSettings, counted: Counted, timing: Timing, dataset: Dataset, settings: TrainingSettings
) -> float:
    split, settings = split_for(dataset, settings)
    train, validation, test = (len(split.indices(part)) for part in ("train", "validation", "test"))
    train_epoch = settings.steps_per_epoch * settings.batch_size if settings.steps_per_epoch else train
    extraction = (train + validation) * timing.forward
    head_epoch = train_epoch * timing.step
    tested = test * timing.forward
    if how.way == "features":
        return extraction + settings.epochs * head_epoch + tested
    if how.way == "frozen":
        epoch = (train_epoch + validation) * timing.forward + head_epoch
        return settings.epochs * epoch + tested
    first = extraction + how.head_epochs * head_epoch if how.head_epochs else 0.0
    return (
        first + tuning_seconds(counted.tuned_share(how), timing, train_epoch, validation, settings) + tested
    )


def tuning_seconds(
    share: float, timing: Timing, images: int, validation: int, settings: TrainingSettings
) -> float:
    """What the epochs of fine-tuning take, without testing.

    Args:
        share: of the base's work that is in layers that learn.
        images, validation: an epoch's.
    """
    an_image = timing.forward * (1 + 2 * share) + timing.step
    return settings.epochs * (images * an_image + validation * timing.forward)


def estimate(
    pretrained: OpenedModel,
    dataset: Dataset,
    settings: TrainingSettings,
    ways: tuple[TransferSettings, ...],
    *,
    task: Task | None = None,
) -> tuple[Cost, ...]:
    """What each way would cost, from one timed batch through the base and some through the head.

    Raises:
        UserError: as `transfer`.
    """
    task = task or Task()
    task.progress(None, "Counting what would learn")
    composed = composed_for(pretrained, dataset, settings, ways[0])
    counted = count(composed)
    task.progress(None, "Timing a batch")
    timing = time_batch(composed, dataset, settings)
    return tuple(cost(how, counted, timing, dataset, settings) for how in ways)


def _words(seconds: float) -> str:
    if seconds < 1.5:
        return "a second"
    if seconds < 90:
        return f"{seconds:.0f} seconds"
    return f"{seconds / 60:.0f} minutes" if seconds < 5400 else f"{seconds / 3600:.1f} hours"
