"""Teach a network a few classes in seconds: settings that suit some dozen frames, for what else is there."""

from __future__ import annotations

from typing import Literal

from convscope.core.errors import UserError
from convscope.core.task import Task
from convscope.engine.data.augmentation import Augmentation
from convscope.engine.data.dataset import Dataset
from convscope.engine.data.split import SplitSettings
from convscope.engine.models.library.catalogue import open_model
from convscope.engine.training.control import Control
from convscope.engine.training.new_head import replace_head
from convscope.engine.training.record import Recorder
from convscope.engine.training.settings import OptimizerSettings, TrainingSettings
from convscope.engine.training.train import train
from convscope.engine.training.train_network import TrainingResult
from convscope.engine.training.transfer.transfer import transfer
from convscope.engine.training.transfer.transfer_model import TransferSettings

TeachWay = Literal["features", "drawings"]
TEACH_WAYS: dict[TeachWay, str] = {
    "features": "a classifier on what the ImageNet network sees",
    "drawings": "a small network from scratch, for drawings",
}
BASE, SMALL = "imagenet", "mnist-small"

# A fifth of the takes of each class validates; of a single take nothing does.
_SPLIT = SplitSettings(0.2, 0.0)
_ON_FEATURES = TrainingSettings(
    optimizer=OptimizerSettings("adam", learning_rate=0.003),
    batch_size=16,
    epochs=30,
    class_weights="balanced",
    split=_SPLIT,
)
# No flips: what is drawn may differ by nothing else.
_ON_DRAWINGS = TrainingSettings(
    optimizer=OptimizerSettings("adam", learning_rate=0.002),
    batch_size=16,
    epochs=40,
    class_weights="balanced",
    size=(28, 28),
    channels=1,
    augmentation=Augmentation(rotation=10, width_shift=0.1, height_shift=0.1, zoom=0.1),
    split=_SPLIT,
)


def teach(
    dataset: Dataset,
    way: TeachWay = "features",
    *,
    control: Control | None = None,
    recorder: Recorder | None = None,
    task: Task | None = None,
) -> TrainingResult:
    """A network that tells the classes of a data set apart; nothing of it is kept on disk.

    Raises:
        UserError: there are fewer than two classes with images.
        Cancelled: the task was.
    """
    there = int((dataset.counts() > 0).sum())
    if there < 2:
        raise UserError(f"{dataset.title} has {there} class to tell apart: collect frames of at least two.")
    if way == "features":
        base = open_model(BASE, task=task)
        how = TransferSettings("features")
        return transfer(base, dataset, _ON_FEATURES, how, control=control, recorder=recorder, task=task)
    fresh = replace_head(open_model(SMALL, task=task), len(dataset.classes))
    named = fresh.with_(classes=dataset.classes)
    return train(named, dataset, _ON_DRAWINGS, control=control, recorder=recorder, task=task)
