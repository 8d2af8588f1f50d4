"""The data of a training: how it is split, how it reaches the network, how it is recognised again."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from dataclasses import replace

import numpy as np

from convscope.core.opening import GB
from convscope.core.task import Task
from convscope.engine.data.dataset import SPLIT_NAMES, Dataset, SplitName
from convscope.engine.data.pipeline import PipelineSettings
from convscope.engine.data.split import Splits
from convscope.engine.models.opened import OpenedModel
from convscope.engine.training.loss import LossChoice
from convscope.engine.training.runs.run import Run
from convscope.engine.training.settings import TrainingSettings
from convscope.imaging.io.numpy_files import UNREADABLE, load_archive

# Eight bytes an image.
_LARGEST_SPLIT = GB


def split_for(
    dataset: Dataset, settings: TrainingSettings, task: Task | None = None
) -> tuple[Dataset, TrainingSettings]:
    """The data set split as the settings say, and the settings saying how it is split."""
    as_it_is = settings.split in (None, dataset.split_settings)
    split = dataset if as_it_is or settings.split is None else dataset.with_split(settings.split, task)
    return split, replace(settings, split=split.split_settings)


def split_of(
    run: Run, dataset: Dataset, settings: TrainingSettings, task: Task | None = None
) -> tuple[Dataset, TrainingSettings]:
    """`split_for` as a run was split: where pictures were kept together, by the parts that it has kept.

    What resembles what may be judged otherwise by another version of a decoder; what was trained on may not.
    """
    if settings.split is not None and settings.split.together:
        parts: Splits | None = None
        with suppress(*UNREADABLE):
            kept, _ = load_archive(run.folder / "split.npz", _LARGEST_SPLIT, SPLIT_NAMES)
            parts = Splits(*(kept[part].astype(np.int64) for part in SPLIT_NAMES))
        if parts is not None:
            return dataset.with_parts(parts, settings.split), settings
    return split_for(dataset, settings, task)


def pipeline_settings(model: OpenedModel, settings: TrainingSettings, loss: LossChoice) -> PipelineSettings:
    """How images reach this network."""
    height, width, channels = model.input_shape
    size = settings.size or ((height, width) if height and width else None)
    return PipelineSettings(
        size=size,
        channels=settings.channels or (channels if channels in (1, 3) else None),  # type: ignore[arg-type]
        fit=settings.fit,
        batch_size=settings.batch_size,
        label_mode=loss.label_mode,
        preprocessing=model.preprocessing,
        shuffle=settings.shuffle,
        seed=settings.seed,
        augmentation=settings.augmentation,
        cache_mb=settings.cache_mb,
    )


def class_weights(dataset: Dataset, settings: TrainingSettings) -> dict[int, float] | None:
    """Keras's `class_weight`: images / (classes · images of the class) for "balanced", else None."""
    if settings.class_weights == "none":
        return None
    counts = dataset.counts("train")
    present = np.flatnonzero(counts)
    whole = counts.sum() / len(present)
    return {int(index): float(whole / counts[index]) for index in present}


def data_fingerprint(dataset: Dataset) -> str:
    """A short text that changes with any image's name or size, any label and any split."""
    digest = hashlib.blake2b(digest_size=16)
    digest.update("\n".join(dataset.classes).encode())
    digest.update(np.ascontiguousarray(dataset.labels).tobytes())
    parts: tuple[SplitName, ...] = ("train", "validation", "test")
    for part in parts:
        digest.update(np.ascontiguousarray(dataset.indices(part)).tobytes() + b"|")
    for index in range(len(dataset)) if dataset.kind == "files" else range(0, len(dataset), 97):
        digest.update(dataset.images.name(index).encode())
        path = dataset.images.path(index)
        if path is not None:
            # A file that has gone has no size.
            with suppress(OSError):
                digest.update(f"|{path.stat().st_size}".encode())
        if dataset.kind == "arrays":
            digest.update(dataset.images.digest(index))
    return digest.hexdigest()
