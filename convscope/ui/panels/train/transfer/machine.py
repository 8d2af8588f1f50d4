"""A support vector machine on a network's features: fitted, and asked about images; for jobs."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from convscope.core.task import Task

if TYPE_CHECKING:
    from convscope.engine.data.dataset import Dataset, SplitName
    from convscope.engine.data.resize import Target
    from convscope.engine.models.opened import OpenedModel
    from convscope.engine.training.evaluate import Evaluation
    from convscope.engine.training.settings import TrainingSettings
    from convscope.engine.training.transfer.svm import SvmKernel, SvmResult
    from convscope.engine.training.transfer.transfer_model import TransferSettings

TITLE = "Support vector machine"


@dataclass(frozen=True, eq=False)
class SupportVectorMachine:
    """A fitted machine with what it needs to look at images.

    Attributes:
        name: for people.
        base: from images to features.
        dataset: as it was split.
        target: what images are brought to.
        result: the fit.
        validation_accuracy: None if nothing validates.
        seconds: all that was waited for it: features, fit and tests.
    """

    name: str
    base: OpenedModel
    dataset: Dataset
    target: Target
    result: SvmResult
    validation_accuracy: float | None
    seconds: float = 0.0

    def evaluate(self, split: SplitName, task: Task) -> Evaluation:
        """What it makes of one part of its data; for a job.

        Raises:
            UserError: there are no images in that part.
        """
        from convscope.engine.training.transfer.features import extract_features
        from convscope.engine.training.transfer.svm import evaluate_svm

        features = extract_features(self.base, self.dataset, split, self.target, task=task)
        return evaluate_svm(self.result, features, self.dataset.classes, split)


def fit_machine(
    base: OpenedModel,
    dataset: Dataset,
    settings: TrainingSettings,
    how: TransferSettings,
    kernel: SvmKernel,
    c: float,
    task: Task,
) -> SupportVectorMachine:
    """A machine on the base's features; tested on images that it has not seen. For a job.

    Raises:
        UserError: the base or the data do not serve.
    """
    from convscope.engine.training.copy_network import with_fit
    from convscope.engine.training.data import split_for
    from convscope.engine.training.transfer.features import extract_features
    from convscope.engine.training.transfer.svm import fit_svm
    from convscope.engine.training.transfer.transfer_model import compose, target_for

    began = time.perf_counter()
    split, own = split_for(dataset, settings)
    size, features = own.size or split.image_size, replace(how, way="features")
    composed = compose(with_fit(base, own), split.classes, features, size=size, seed=own.seed)
    target = target_for(composed, own)
    unseen: SplitName = "test" if len(split.indices("test")) else "validation"
    checks, tests = len(split.indices("validation")), len(split.indices(unseen))
    # What is still to be put through the base; the fit itself takes little beside it.
    after_train, after_test = checks + tests, checks if unseen == "test" else 0
    train = extract_features(
        composed.base, split, "train", target, later=lambda image: after_train * image, task=task
    )
    tested = extract_features(
        composed.base, split, unseen, target, later=lambda image: after_test * image, task=task
    )
    result = fit_svm(train, tested, kernel=kernel, c=c, seed=own.seed, task=task)
    made = SupportVectorMachine(
        f"{TITLE} on {base.name}, {split.title}", composed.base, split, target, result, None
    )
    if checks:
        made = replace(made, validation_accuracy=made.evaluate("validation", task).accuracy)
    return replace(made, seconds=time.perf_counter() - began)
