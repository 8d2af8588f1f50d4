"""What a pretrained base makes of every image, computed once and kept on disk."""

from __future__ import annotations

import contextlib
import hashlib
import math
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convscope.core.errors import UserError
from convscope.core.files import replacing
from convscope.core.opening import GB
from convscope.core.paths import cache_dir
from convscope.core.task import Cancelled, Left, Task, TimeLeft
from convscope.engine.data.batches import Batches
from convscope.engine.data.dataset import Dataset, SplitName
from convscope.engine.data.pipeline import LabelMode, labelled
from convscope.engine.data.resize import Target
from convscope.engine.models.opened import OpenedModel
from convscope.engine.training.control import Control
from convscope.engine.training.evaluate import readable_batches
from convscope.imaging.io.numpy_files import UNREADABLE, load_array, map_array

# All features together; the longest unused go first.
_BYTES = 4 * 2**30
# What is being written; older than a day (in seconds), nobody writes it any more.
_PART, _DAY = ".part", 86_400
WORDS: dict[SplitName, str] = {"train": "training", "validation": "validation", "test": "test"}


@dataclass(frozen=True, eq=False)
class Features:
    """The outputs of a base for the images of one split.

    Attributes:
        values: float32 (n, …), read from disk as needed.
        indices: int64 (n,), the images; unreadable ones are left out.
        labels: int32 (n,).
        was_kept: they were on disk already.
        image_seconds: what an image took through the base; None where that was not measured.
    """

    values: NDArray[np.float32]
    indices: NDArray[np.int64]
    labels: NDArray[np.int32]
    was_kept: bool
    image_seconds: float | None = None


def extract_features(
    base: OpenedModel,
    dataset: Dataset,
    split: SplitName,
    target: Target,
    *,
    batch_size: int = 32,
    control: Control | None = None,
    later: Callable[[float], float] | None = None,
    task: Task | None = None,
) -> Features:
    """Run the base over a split, or read what it made of it before.

    Args:
        base: a network whose output are the features.
        target: what images are brought to.
        control: may pause it, and stop it.
        later: seconds of the work that follows, given those of an image; None: the fraction alone is told.

    Raises:
        UserError: the split is empty, unreadable, or the disk is full.
        Cancelled: the task was, or `control` has stopped it; nothing is kept then.
    """
    task, chosen = task or Task(), dataset.indices(split)
    if not len(chosen):
        raise UserError(f"{dataset.title} has no images in its {split} part.")
    folder = cache_dir() / "features"
    folder.mkdir(parents=True, exist_ok=True)
    task.progress(None, f"Looking for features of the {WORDS[split]} images that are kept already")
    key = _key(base, dataset, chosen, target)
    path, rows = folder / f"{key}.npy", folder / f"{key}.rows.npy"
    was_kept = True
    image: float | None = None
    try:
        values, indices = _kept(path, rows, chosen)
    except UNREADABLE:
        was_kept = False
        computed = _Computed(
            base, dataset, chosen, target, batch_size, control or Control(), WORDS[split], later, task
        )
        _write(computed, path, rows)
        image = computed.image_seconds
        _evict(folder, path)
        values, indices = _kept(path, rows, chosen)
    path.touch()
    return Features(values, indices, dataset.labels[indices], was_kept, image)


def _kept(path: Path, rows: Path, chosen: NDArray[np.int64]) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """The features that are on the disk, and of which images they are.

    Raises:
        One of `UNREADABLE`: they are not there, or are others.
    """
    indices, values = load_array(rows, GB), map_array(path)
    if indices.dtype != np.int64 or not np.isin(indices, chosen).all() or len(values) < len(indices):
        raise ValueError("these are features of other images")
    return values[: len(indices)], indices


def _key(base: OpenedModel, dataset: Dataset, chosen: NDArray[np.int64], target: Target) -> str:
    digest = hashlib.blake2b(digest_size=16)
    how = base.preprocessing
    values = f"{how.scale} {how.offset} {how.order}"
    digest.update(f"{base.fingerprint()} {values} {target} {dataset.reference!r}".encode())
    digest.update(np.ascontiguousarray(chosen).tobytes())
    for index in chosen.tolist():
        path = dataset.images.path(index)
        if path is None:
            digest.update(dataset.images.digest(index))
        else:
            with contextlib.suppress(OSError):
                told = path.stat()
                digest.update(os.fsencode(path) + f" {told.st_size} {told.st_mtime_ns}".encode())
    return digest.hexdigest()


def _write(computed: _Computed, path: Path, rows: Path) -> None:
    seen: list[NDArray[np.int64]] = []
    try:
        # Not through a memory map: where the disk is full, that kills the process.
        with replacing(path) as part, part.open("wb") as file:
            for indices, features in computed:
                if not seen:
                    shape = (len(computed.chosen), *features.shape[1:])
                    header = {"descr": "<f4", "fortran_order": False, "shape": shape}
                    np.lib.format.write_array_header_1_0(file, header)
                    whole = file.tell() + 4 * math.prod(shape)
                file.write(features.astype("<f4").tobytes())
                seen.append(indices)
            if not seen:
                raise UserError(f"None of these images of {computed.dataset.title} can be read.")
            # Images that cannot be read leave room at the end.
            file.truncate(whole)
            with replacing(rows) as beside, beside.open("wb") as other:
                np.save(other, np.concatenate(seen))
    except OSError as error:
        raise UserError(
            f"The features cannot be kept in {path.parent}: {error.strerror or error}."
        ) from error


@dataclass(eq=False)
class _Computed:
    """(indices, features) of the images that can be read, batch by batch; paused and stopped by `control`.

    Attributes:
        image_seconds: what an image takes, once more than one batch was run.
    """

    base: OpenedModel
    dataset: Dataset
    chosen: NDArray[np.int64]
    target: Target
    batch_size: int
    control: Control
    words: str
    later: Callable[[float], float] | None
    task: Task
    image_seconds: float | None = None

    def __iter__(self) -> Iterator[tuple[NDArray[np.int64], NDArray[np.float32]]]:
        base, control, whole = self.base, self.control, len(self.chosen)
        run, done = base.function(base.program.outputs), 0
        # The first batch traces the network, which tells nothing of the others.
        began, first = 0.0, 0
        for indices, pixels in readable_batches(self.dataset, self.chosen, self.target, self.batch_size):
            if control.paused:
                self.task.progress_for(done / whole, self._text(done) + " · paused", None)
            waiting = time.perf_counter()
            if control.wait(self.task):
                began += time.perf_counter() - waiting
            if control.stopping:
                raise Cancelled
            if len(indices):
                batch = base.inputs_for(base.preprocessing.apply(pixels))
                yield indices, np.asarray(run(*batch)[0], np.float32)
                done += len(indices)
            text = self._text(done)
            if first:
                self.image_seconds = max(time.perf_counter() - began, 1e-9) / max(1, done - first)
                text += f" · {1 / self.image_seconds:,.0f} images/s"
            else:
                began, first = time.perf_counter(), done
            self.task.progress_for(done / whole, text, self._left(whole - done))

    def _text(self, done: int) -> str:
        return f"Extracting features of the {self.words} images: {done:,} of {len(self.chosen):,}"

    def _left(self, images: int) -> TimeLeft:
        if self.later is None:
            return Left.BY_FRACTION
        image = self.image_seconds
        return None if image is None else images * image + self.later(image)


def _evict(folder: Path, keep: Path) -> None:
    for left in folder.glob(f"*{_PART}"):
        # A process that was killed has left it.
        with contextlib.suppress(OSError):
            if time.time() - left.stat().st_mtime > _DAY:
                left.unlink()
    files = sorted(folder.glob("*.npy"), key=lambda file: file.stat().st_mtime)
    total = sum(file.stat().st_size for file in files)
    for file in files:
        if total <= _BYTES:
            break
        if not file.name.startswith(keep.stem):
            total -= file.stat().st_size
            file.unlink(missing_ok=True)


class FeatureStream(Batches):
    """Features and labels in batches, in the order that `Batches` tells.

    Args:
        features: of one split.
        classes: how many there are.
        label_mode: as the loss wants them.
    """

    def __init__(
        self,
        features: Features,
        classes: int,
        label_mode: LabelMode,
        batch_size: int,
        *,
        seed: int = 0,
        shuffle: bool = True,
        steps_per_epoch: int | None = None,
    ) -> None:
        rows = np.arange(len(features.indices), dtype=np.int64)
        super().__init__(rows, batch_size, seed=seed, shuffle=shuffle, steps_per_epoch=steps_per_epoch)
        self._features, self._classes, self._mode = features, classes, label_mode
        self.data = self._build()

    def _read(self, step: int) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
        rows = self.batch_indices(self.epoch, int(step))
        return self._features.values[rows], self._features.labels[rows]

    def _build(self) -> Any:
        import tensorflow as tf

        shape = self._features.values.shape[1:]

        def read(step: Any) -> Any:
            values, labels = tf.numpy_function(self._read, [step], (tf.float32, tf.int32), stateful=True)
            values.set_shape((None, *shape))
            labels.set_shape((None,))
            return values, labelled(labels, self._mode, self._classes)

        data = tf.data.Dataset.range(self.steps)
        return data.map(read, num_parallel_calls=2, deterministic=True).prefetch(tf.data.AUTOTUNE)
