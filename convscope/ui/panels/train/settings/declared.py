"""Which settings of a run are asked for, in which sections, when, and what follows from them. No Qt.

A setting is called by its path: "epochs", "optimizer.momentum".
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from convscope.core.parameter import Parameter, parameters_of
from convscope.core.words import counted

if TYPE_CHECKING:
    from convscope.engine.training.settings import TrainingSettings
    from convscope.ui.panels.train.plan import SettingsCheck

MAIN = ("optimizer.name", "optimizer.learning_rate", "loss", "batch_size", "epochs")
# Those under "More": (name, title, settings).
SECTIONS = (
    (
        "optimizer",
        "Optimizer settings",
        (
            "optimizer.momentum",
            "optimizer.rho",
            "optimizer.beta_1",
            "optimizer.beta_2",
            "optimizer.weight_decay",
            "optimizer.initial_accumulator_value",
            "optimizer.epsilon",
            "optimizer.nesterov",
            "optimizer.centered",
            "optimizer.amsgrad",
        ),
    ),
    ("metrics", "Metrics", ("metrics",)),
    (
        "schedule",
        "Learning-rate schedule",
        ("schedule.kind", "schedule.factor", "schedule.every", "schedule.warmup"),
    ),
    (
        "stopping",
        "Stopping and plateaus",
        (
            "early_stopping",
            "early_stopping.monitor",
            "early_stopping.patience",
            "early_stopping.min_delta",
            "plateau",
            "plateau.monitor",
            "plateau.patience",
            "plateau.factor",
            "plateau.min_learning_rate",
            "restore_best",
        ),
    ),
    ("images", "Weights, order, seed", ("steps_per_epoch", "class_weights", "seed", "shuffle")),
)
# Object names that do not follow from the path.
NAMES = {
    "optimizer.name": "train.optimizer",
    "optimizer.learning_rate": "train.learning_rate",
    "metrics": "train.metric",
    "schedule.kind": "train.schedule",
    "steps_per_epoch": "train.steps",
}
# Parts that are None while they are off.
_SWITCHES = {"early_stopping": "Stop early", "plateau": "Lower the rate on a plateau"}


def declared(path: str) -> Parameter:
    """How a setting is called and what it may be."""
    from convscope.engine.training import settings

    if path in _SWITCHES:
        return Parameter(path, _SWITCHES[path], "flag", default=False)
    owners: dict[str, type] = {
        "": settings.TrainingSettings,
        "optimizer": settings.OptimizerSettings,
        "schedule": settings.Schedule,
        "early_stopping": settings.EarlyStopping,
        "plateau": settings.Plateau,
    }
    owner, _, name = path.rpartition(".")
    return replace(parameters_of(owners[owner])[name], name=path)


def applies(path: str, settings: TrainingSettings) -> bool:
    """Whether a setting does something, as the others are."""
    owner, _, name = path.rpartition(".")
    if owner == "optimizer":
        return name == "name" or name in settings.optimizer.used
    if name in ("factor", "every") and owner == "schedule":
        return settings.schedule.kind == "step" or (name == "factor" and settings.schedule.kind != "constant")
    return owner not in _SWITCHES or getattr(settings, owner) is not None


def read(path: str, settings: TrainingSettings) -> Any:
    """One that applies."""
    value: Any = settings
    for name in path.split("."):
        value = getattr(value, name)
    return value is not None if path in _SWITCHES else value


def write(path: str, settings: TrainingSettings, value: Any) -> TrainingSettings:
    """The settings with another value of one.

    Raises:
        UserError: it cannot be.
    """
    if path in _SWITCHES:
        from convscope.engine.training.settings import EarlyStopping, Plateau

        kind = EarlyStopping if path == "early_stopping" else Plateau
        value = kind() if value else None
    owner, _, name = path.rpartition(".")
    if owner:
        name, value = owner, replace(getattr(settings, owner), **{name: value})
    return replace(settings, **{name: value})


def change_words(path: str, before: Any, after: Any) -> str:
    """What undo calls a change: "patience (stop early)", "recall (metrics)"."""
    own = declared(path)
    title = own.title
    if own.kind == "several":
        title = next(words for value, words in own.choices if (value in before) != (value in after))
    owner = "metrics" if path == "metrics" else path.rpartition(".")[0]
    said = "" if owner == "optimizer" else lowered(_SWITCHES.get(owner, owner))
    return f"{lowered(title)} ({said})" if said else lowered(title)


def lowered(title: str) -> str:
    """As it stands amid a sentence: "Batch size" → "batch size", but "AMSGrad"."""
    return f"{title[:1].lower()}{title[1:]}" if title[1:2].islower() else title


def schedule_words(settings: TrainingSettings) -> str:
    """How the learning rate goes."""
    schedule, rate = settings.schedule, settings.optimizer.learning_rate
    words = {
        "constant": f"{rate:g} all along.",
        "step": f"{rate:g}, times {schedule.factor:g} every {schedule.every} epochs.",
        "exponential": f"{rate:g}, times {schedule.factor:g} after each epoch.",
        "cosine": f"From {rate:g} down to {rate * schedule.factor:.3g} along half a cosine.",
    }[schedule.kind]
    if schedule.warmup:
        words += f" It rises to that over the first {schedule.warmup} epochs."
    return words


def follows_words(settings: TrainingSettings, checked: SettingsCheck | None) -> str:
    """What follows from network and data: the loss, and how many steps are made."""
    if checked is None:
        return ""
    words = []
    if checked.goal is not None and settings.loss == "auto":
        words.append(checked.goal.loss.replace("_", " ").replace("crossentropy", "cross-entropy"))
    if images := checked.images[0]:
        steps = settings.steps_per_epoch or -(-images // settings.batch_size)
        words.append(f"{counted(steps, 'step')} an epoch, {steps * settings.epochs:,} in all")
    text = " · ".join(words)
    return f"{text[:1].upper()}{text[1:]}"
