"""The three ways of using a pretrained network, and a training in one of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convscope.core.task import Task
from convscope.ui.panels.train.settings.plan import Plan, prepare

if TYPE_CHECKING:
    from convscope.engine.data.dataset import Dataset
    from convscope.engine.models.opened import OpenedModel
    from convscope.engine.training.control import Control
    from convscope.engine.training.runs.record import Recorder
    from convscope.engine.training.settings import TrainingSettings
    from convscope.engine.training.train_network import TrainingResult
    from convscope.engine.training.transfer.transfer_model import TransferSettings, TransferStrategy

WAYS: tuple[tuple[TransferStrategy, str, str], ...] = (
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
WAY_WORDS: dict[TransferStrategy, str] = {
    "features": "features",
    "frozen": "frozen base",
    "finetune": "fine-tuned",
}


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

    def work(control: Control, recorder: Recorder, task: Task) -> TrainingResult:
        from convscope.engine.training.copy_network import with_fit
        from convscope.engine.training.data import split_for
        from convscope.engine.training.runs.run import new_folder
        from convscope.engine.training.transfer.transfer import settled, transfer
        from convscope.engine.training.transfer.transfer_model import compose, unfreeze

        split, own = split_for(dataset, settings)
        task.progress(None, "Composing the network")
        size = own.size or split.image_size
        composed = compose(with_fit(base, own), split.classes, how, size=size, seed=own.seed, bare=bare)
        if how.way == "finetune":
            unfreeze(composed, how.from_layer)
        task.partial(prepare(composed.model, split, settled(own, how, composed)))
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

    return Plan(name, settings, work, before, apart=True, base=base)
