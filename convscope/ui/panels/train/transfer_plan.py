"""What the view of pretrained networks has done in jobs: costs, trainings, the support vector machine."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from convscope.task import Task
from convscope.ui.panels.train.plan import Plan, prepare

if TYPE_CHECKING:
    from convscope.engine.data.dataset import Dataset
    from convscope.engine.models.opened import OpenedModel
    from convscope.engine.training.control import Control
    from convscope.engine.training.record import Recorder
    from convscope.engine.training.settings import TrainingSettings
    from convscope.engine.training.svm import SvmKernel, SvmResult
    from convscope.engine.training.train import Trained
    from convscope.engine.training.transfer_model import TransferSettings, Way

WAYS: tuple[tuple[Way, str, str], ...] = (
    (
        "features",
        "Extract features",
        "Each image goes through the base once; a small classifier learns from what comes out. Quickest.",
    ),
    (
        "frozen",
        "Frozen base",
        "The images, augmented anew each epoch, go through the unchanged base; only the classifier learns.",
    ),
    (
        "finetune",
        "Fine-tune",
        "First the classifier learns, then the base's last layers go on learning with it, at a low rate.",
    ),
)  # fmt: skip
WAY_WORDS: dict[Way, str] = {"features": "features", "frozen": "frozen base", "finetune": "fine-tuned"}


def plan_transfer(
    base: OpenedModel,
    dataset: Dataset,
    settings: TrainingSettings,
    how: TransferSettings,
    *,
    name: str = "",
    bare: bool = False,
) -> Plan:
    """A training of a new classifier on a pretrained base, in one of the three ways.

    Args:
        name: of the run; "" makes one up.
        bare: the base has no classifier to cut off.
    """
    before = how.head_epochs if how.way == "finetune" else 0
    name = name or f"{base.name}, {WAY_WORDS[how.way]}, on {dataset.title}"

    def work(control: Control, recorder: Recorder, task: Task) -> Trained:
        from convscope.engine.training.loop import prepared
        from convscope.engine.training.run import new_folder
        from convscope.engine.training.train import split_for
        from convscope.engine.training.transfer import compose, transfer
        from convscope.engine.training.transfer_model import unfreeze

        split, own = split_for(dataset, settings)
        task.progress(None, "Composing the network")
        size = own.size or split.image_size
        composed = compose(prepared(base, own), split.classes, how, size=size, seed=own.seed, bare=bare)
        if how.way == "finetune":
            unfreeze(composed, how.from_layer)
        task.partial(prepare(composed.model, dataset, own))
        return transfer(
            base,
            dataset,
            settings,
            how,
            bare=bare,
            name=name,
            folder=new_folder(name),
            control=control,
            recorder=recorder,
            show=task.partial,
            task=task,
        )

    return Plan(name, settings, work, before, apart=True)


def run_svm(
    base: OpenedModel,
    dataset: Dataset,
    settings: TrainingSettings,
    how: TransferSettings,
    kernel: SvmKernel,
    c: float,
    task: Task,
) -> SvmResult:
    """A support vector machine on the base's features; tested on images that it has not seen. For a job.

    Raises:
        UserError: the base or the data do not serve.
    """
    from convscope.engine.training.features import extract_features
    from convscope.engine.training.loop import prepared
    from convscope.engine.training.svm import fit_svm
    from convscope.engine.training.train import split_for
    from convscope.engine.training.transfer import compose, target_for

    split, own = split_for(dataset, settings)
    composed = compose(
        prepared(base, own),
        split.classes,
        replace(how, way="features"),
        size=own.size or split.image_size,
        seed=own.seed,
    )
    target = target_for(composed, own)
    train = extract_features(composed.base, split, "train", target, task=task)
    tested = extract_features(
        composed.base, split, "test" if len(split.indices("test")) else "validation", target, task=task
    )
    return fit_svm(train, tested, kernel=kernel, c=c, seed=own.seed, task=task)
