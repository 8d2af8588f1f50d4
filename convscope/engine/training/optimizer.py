"""The learning rate of each epoch, and Keras's optimizers from settings."""

from __future__ import annotations

import math
from typing import Any

from convscope.engine.training.settings import OPTIMIZERS, OptimizerSettings, TrainingSettings


def scheduled_rate(settings: TrainingSettings, epoch: int) -> float:
    """The learning rate that the schedule gives for an epoch, counted from 0."""
    schedule, rate = settings.schedule, settings.optimizer.learning_rate
    if schedule.kind == "step":
        rate *= schedule.factor ** (epoch // schedule.every)
    elif schedule.kind == "exponential":
        rate *= schedule.factor**epoch
    elif schedule.kind == "cosine":
        progress = epoch / max(1, settings.epochs - 1)
        share = 0.5 + 0.5 * math.cos(math.pi * min(1.0, progress))
        rate *= schedule.factor + (1 - schedule.factor) * share
    if epoch < schedule.warmup:
        rate *= (epoch + 1) / (schedule.warmup + 1)
    return rate


def changes(settings: TrainingSettings) -> bool:
    """Whether the schedule ever changes the rate."""
    return settings.schedule.kind != "constant" or settings.schedule.warmup > 0


def gentler(rate: float) -> float:
    """A learning rate to try where this one was too high: a tenth, and none that is known to be too high."""
    return min(rate / 10, 0.01)


def make_optimizer(settings: OptimizerSettings) -> Any:
    import keras

    optimizer_class = getattr(keras.optimizers, OPTIMIZERS[settings.name][0])
    # Keras takes no whole numbers for a learning rate.
    return optimizer_class(**{**settings.used, "learning_rate": float(settings.learning_rate)})
