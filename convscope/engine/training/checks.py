"""What does not fit together, told before training starts, with the fix."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from convscope.core.errors import UserError
from convscope.engine.data.dataset import Dataset
from convscope.engine.models.answers.head import AnswerHead
from convscope.engine.models.opened import OpenedModel
from convscope.engine.training.loss import BY_CLASS, choose_loss
from convscope.engine.training.new_head import keep_output, replace_head
from convscope.engine.training.optimizer import changes
from convscope.engine.training.settings import Schedule, TrainingSettings

Severity = Literal["error", "warning"]
_NAMED = ("softmax", "log_softmax", "sigmoid")


@dataclass(frozen=True, eq=False)
class Fix:
    """What would make it fit.

    Attributes:
        text: for the button: "Resize the images to 224×224".
        settings: the settings changed accordingly, or None.
        model: makes the changed model from the model, or None. It costs time: call it in a job.
        harmless: it takes nothing away, so that a command line may do it unasked.
    """

    text: str
    settings: TrainingSettings | None = None
    model: Callable[[OpenedModel], OpenedModel] | None = None
    harmless: bool = False


@dataclass(frozen=True, eq=False)
class Finding:
    """One thing that does not fit ("error": training would fail or be meaningless) or is doubtful.

    Attributes:
        severity: errors keep a training from starting.
        about: "model", "data" or "settings".
        text: one sentence.
        fix: what to do about it, if the app can.
        detail: more of it than fits into a sentence, many lines; "" as a rule.
    """

    severity: Severity
    about: Literal["model", "data", "settings"]
    text: str
    fix: Fix | None = None
    detail: str = ""


def check(model: OpenedModel, dataset: Dataset, settings: TrainingSettings) -> tuple[Finding, ...]:
    """Everything that does not fit together, errors first.

    Args:
        dataset: split as the settings say.
    """
    if model.others:
        told = ", ".join(f"{one.name} ({one.words})" for one in model.answers)
        text = f"{model.name} has {len(model.answers)} outputs: {told}. A training needs a network with one."
        fix = Fix(f"Keep its output {model.answer.name} alone", model=keep_output)
        return (Finding("error", "model", text, fix),)
    if not model.has_head:
        text = f"{model.name} has no classifier: its output is no list of classes."
        classes = len(dataset.classes)
        fix = Fix(f"Add a classifier for {classes} classes", model=lambda m: replace_head(m, classes))
        return (Finding("error", "model", text, fix),)
    found = [
        *_outputs(model, dataset, settings),
        *_inputs(model, dataset, settings),
        *_data(dataset, settings),
        *_rates(settings, dataset),
    ]
    return tuple(sorted(found, key=lambda finding: finding.severity != "error"))


def _outputs(model: OpenedModel, dataset: Dataset, settings: TrainingSettings) -> list[Finding]:
    head, classes = model.plain_head, len(dataset.classes)
    found: list[Finding] = []
    if classes < 2:
        # No last layer would fit that; `_data` says so.
        return found
    if head.classes != classes:
        what = f"a {head.kind} of {head.units}" if head.kind in _NAMED else _outputs_of(head)
        found.append(
            Finding(
                "error",
                "model",
                f"{model.name} ends in {what}, but {dataset.title} has {classes} classes.",
                Fix(f"Replace the last layer by one of {classes}", model=lambda m: replace_head(m, classes)),
            )
        )
        return found
    if settings.loss == "auto":
        return found
    if settings.loss == "sparse_categorical_crossentropy" and head.units > 1:
        by_class = [name for name in settings.metrics if name in BY_CLASS]
        if by_class:
            text = f"{by_class[0].capitalize()} needs one label a class, and this loss takes class numbers."
            fix = Fix(
                "Use categorical crossentropy", settings=replace(settings, loss="categorical_crossentropy")
            )
            return [Finding("error", "settings", text.replace("Auc", "AUC"), fix)]
    asked, automatic = (
        choose_loss(settings, head.kind, head.units),
        choose_loss(replace(settings, loss="auto"), head.kind, head.units),
    )
    back = Fix(f"Use {automatic.loss.replace('_', ' ')}", settings=replace(settings, loss="auto"))
    if head.units == 1 and asked.loss not in (
        "binary_crossentropy",
        "mean_squared_error",
        "mean_absolute_error",
    ):
        text = f"One output unit and {asked.loss.replace('_', ' ')}: that loss needs a unit for each class."
        found.append(Finding("error", "settings", text, back))
    elif head.kind == "sigmoid" and "categorical" in asked.loss and head.units > 1:
        text = (
            f"A sigmoid answers for each class by itself, but {asked.loss.replace('_', ' ')} wants "
            "probabilities that add up to 1."
        )
        found.append(Finding("error", "settings", text, back))
    elif "softmax" in head.kind and asked.loss == "binary_crossentropy" and head.units > 1:
        text = "Binary cross-entropy on a softmax treats each class as a question of its own."
        found.append(Finding("warning", "settings", text, back))
    elif head.kind in ("linear", "log_softmax") and not asked.from_logits:
        text = f"The last layer has no softmax, which {asked.loss.replace('_', ' ')} counts on."
        found.append(Finding("warning", "settings", text, back))
    return found


def _outputs_of(head: AnswerHead) -> str:
    return "one output without a sigmoid" if head.units == 1 else f"{head.units:,} outputs"


def _inputs(model: OpenedModel, dataset: Dataset, settings: TrainingSettings) -> list[Finding]:
    height, width, channels = model.input_shape
    found = []
    size = settings.size or dataset.image_size
    fixed = (height, width) if height and width else None
    if channels not in (1, 3):
        text = f"{model.name} takes {channels} channels; images have 1 (gray) or 3 (colour)."
        return [Finding("error", "model", text)]
    if fixed is None and size is None:
        fix = Fix("Bring all images to 150×150", settings=replace(settings, size=(150, 150)), harmless=True)
        text = f"The images of {dataset.title} differ in size, and {model.name} takes any size."
        found.append(Finding("error", "settings", text, fix))
    elif fixed is not None and size is not None and size != fixed and settings.size != fixed:
        fix = Fix(
            f"Bring the images to {fixed[0]}×{fixed[1]}",
            settings=replace(settings, size=fixed),
            harmless=True,
        )
        text = f"The images are {size[0]}×{size[1]}, but {model.name} takes {fixed[0]}×{fixed[1]}."
        found.append(Finding("error", "settings", text, fix))
    colours = settings.channels or dataset.channels
    if colours != channels:
        names = {1: "gray", 3: "RGB"}
        fix = Fix(
            f"Make the images {names[channels]}",
            settings=replace(settings, channels=1 if channels == 1 else 3),
            harmless=True,
        )
        text = f"The images are {names[colours]}, but {model.name} takes {names[channels]}."
        found.append(Finding("error", "settings", text, fix))
    return found


def _data(dataset: Dataset, settings: TrainingSettings) -> list[Finding]:
    found = []
    counts = dataset.counts("train")
    if len(dataset.classes) < 2:
        text = f"{dataset.title} has one class only: there is nothing to tell apart."
        found.append(Finding("error", "data", text))
    if not counts.sum():
        return [*found, Finding("error", "data", f"{dataset.title} has no images to train on.")]
    if not len(dataset.indices("validation")):
        text = "No images are left to validate on: overfitting will not be seen."
        share = replace(settings.split or dataset.split_settings, validation=0.1)
        fix = Fix("Keep 10 % for validation", settings=replace(settings, split=share))
        found.append(Finding("warning", "data", text, fix))
    found += _unreadable(dataset)
    present = counts[counts > 0]
    if present.max() > 5 * present.min() and settings.class_weights == "none":
        text = (
            f"The largest class has {present.max() / present.min():.0f} times the images of the smallest: "
            "the network may ignore the small one."
        )
        fix = Fix("Weight the classes", settings=replace(settings, class_weights="balanced"))
        found.append(Finding("warning", "data", text, fix))
    if settings.batch_size > counts.sum():
        text = (
            f"A batch of {settings.batch_size} is more than the {counts.sum():,} images: one step an epoch."
        )
        fix = Fix("Use batches of 16", settings=replace(settings, batch_size=16))
        found.append(Finding("warning", "settings", text, fix if counts.sum() > 16 else None))
    return found


def unreadable(dataset: Dataset) -> dict[str, str]:
    """The files that a training leaves out, by name, with the reason: all that is known by now."""
    # A copy: another thread may be finding the next one.
    return {**dict(dataset.left_out), **dict(getattr(dataset.images, "unreadable", {}))}


def _unreadable(dataset: Dataset) -> list[Finding]:
    missing = unreadable(dataset)
    if not missing:
        return []
    name = min(missing)
    if len(missing) == 1:
        text = f"1 file cannot be read and is left out: {name} ({missing[name]})."
    else:
        text = (
            f"{len(missing):,} files cannot be read and are left out: {name} and {len(missing) - 1:,} more."
        )
    detail = "\n".join(f"{name}: {missing[name]}" for name in sorted(missing))
    return [Finding("warning", "data", text, detail=detail)]


def _rates(settings: TrainingSettings, dataset: Dataset) -> list[Finding]:
    found = []
    validated = len(dataset.indices("validation")) > 0
    known = {"loss", *settings.metrics}
    known |= {f"val_{name}" for name in known} if validated else set()
    for part, name in (("early_stopping", "Early stopping"), ("plateau", "The plateau rule")):
        chosen = getattr(settings, part)
        if chosen is not None and chosen.monitor not in known:
            fix = Fix("Watch loss", settings=replace(settings, **{part: replace(chosen, monitor="loss")}))
            text = f"{name} watches {chosen.monitor}, which is not measured in this run."
            found.append(Finding("error", "settings", text, fix))
    if settings.plateau is not None and changes(settings):
        text = "A schedule and the plateau rule both set the learning rate, and undo each other's work."
        fix = Fix("Keep the plateau rule only", settings=replace(settings, schedule=Schedule()))
        found.append(Finding("error", "settings", text, fix))
    if settings.optimizer.learning_rate > 1 and settings.optimizer.name != "adagrad":
        rate = settings.optimizer.learning_rate
        text = f"A learning rate of {rate:g} is so high that the loss will very likely diverge."
        fix = Fix(
            "Use 0.001",
            settings=replace(settings, optimizer=replace(settings.optimizer, learning_rate=0.001)),
        )
        found.append(Finding("warning", "settings", text, fix))
    return found


def refuse_misfits(model: OpenedModel, dataset: Dataset, settings: TrainingSettings) -> None:
    """Raise the first error that `check` finds.

    Raises:
        UserError: with the fix in words.
    """
    for finding in check(model, dataset, settings):
        if finding.severity == "error":
            fix = f" {finding.fix.text}." if finding.fix else ""
            raise UserError(finding.text + fix)
