"""A support vector machine on the features of a pretrained base: fitted, and asked about images."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from convscope.core.errors import UserError
from convscope.core.task import Task
from convscope.engine.data.dataset import Dataset, SplitName
from convscope.engine.data.resize import Target
from convscope.engine.models.opened import OpenedModel
from convscope.engine.training.copy_network import with_fit
from convscope.engine.training.data import split_for
from convscope.engine.training.evaluate import Evaluation
from convscope.engine.training.settings import TrainingSettings
from convscope.engine.training.transfer.features import Features, extract_features
from convscope.engine.training.transfer.transfer_model import TransferSettings, compose, target_for

SvmKernel = Literal["linear", "rbf"]
TITLE = "Support vector machine"


@dataclass(frozen=True, eq=False)
class SvmResult:
    """What the machine learned.

    Attributes:
        kernel, c: its settings; c is the price of a mistake.
        accuracy: on the features tested.
        training_accuracy: on those it learned from.
        predicted: int32 (n,), its answer for each feature tested.
        support_vectors: how many of the training images decide.
        training_images: how many it learned from.
        seconds: how long the fit took.
        machine: the fitted pipeline of scikit-learn.
    """

    kernel: SvmKernel
    c: float
    accuracy: float
    training_accuracy: float
    predicted: NDArray[np.int32]
    support_vectors: int
    training_images: int
    seconds: float
    machine: Any


def fit_svm(
    train: Features,
    test: Features,
    *,
    kernel: SvmKernel = "linear",
    c: float = 1.0,
    seed: int = 0,
    task: Task | None = None,
) -> SvmResult:
    """Fit scikit-learn's `SVC` on standardised features (maps are flattened).

    Raises:
        UserError: a single class, or scikit-learn is not installed.
    """
    task = task or Task()
    if len(np.unique(train.labels)) < 2:
        raise UserError("A support vector machine needs images of two classes at least.")
    machine = _machine(kernel, c, seed)
    task.progress(None, f"Fitting a support vector machine to {len(train.labels):,} images")
    began = time.perf_counter()
    machine.fit(_flat(train), train.labels)
    seconds = time.perf_counter() - began
    task.check()
    predicted = machine.predict(_flat(test)).astype(np.int32)
    return SvmResult(
        kernel,
        c,
        float(np.mean(predicted == test.labels)),
        float(machine.score(_flat(train), train.labels)),
        predicted,
        int(machine[-1].n_support_.sum()),
        len(train.labels),
        seconds,
        machine,
    )


def evaluate_svm(
    result: SvmResult, features: Features, classes: tuple[str, ...], split: SplitName
) -> Evaluation:
    """What the machine makes of the images of one split.

    A machine tells no probabilities but on which side of each border an image lies, and how far from it: the
    softmax of these distances stands for its confidence, and there is no cross-entropy (NaN).
    """
    known = result.machine[-1].classes_
    sides = np.asarray(result.machine.decision_function(_flat(features)), np.float64)
    distances = np.full((len(features.labels), len(classes)), -np.inf)
    distances[:, known] = np.stack([-sides, sides], axis=1) if sides.ndim == 1 else sides
    shares = np.exp(distances - distances.max(axis=1, keepdims=True))
    shares = (shares / shares.sum(axis=1, keepdims=True)).astype(np.float32)
    # Of two classes with one share, its own word decides.
    predicted = result.machine.predict(_flat(features)).astype(np.int32)
    each = np.arange(len(predicted))
    return Evaluation(
        classes,
        split,
        features.indices,
        features.labels,
        predicted,
        shares[each, predicted],
        shares[each, features.labels],
        float("nan"),
    )


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


def _machine(kernel: SvmKernel, c: float, seed: int) -> Any:
    try:
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler
        from sklearn.svm import SVC
    except ImportError as error:
        raise UserError(
            "The support vector machine needs scikit-learn: pip install scikit-learn.", detail=str(error)
        ) from error
    return make_pipeline(StandardScaler(), SVC(C=c, kernel=kernel, random_state=seed))


def _flat(features: Features) -> NDArray[np.float32]:
    return np.asarray(features.values).reshape(len(features.values), -1)
