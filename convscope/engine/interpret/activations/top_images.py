"""The images of a data set that excite each channel of a layer most, and where in them; kept on disk."""

from __future__ import annotations

import contextlib
import hashlib
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convscope.core.errors import UserError
from convscope.core.files import replacing
from convscope.core.opening import MB
from convscope.core.paths import cache_dir
from convscope.core.task import Task
from convscope.engine.data.dataset import Dataset
from convscope.engine.interpret.activations.outputs import parted, slot_of
from convscope.engine.models.opened import OpenedModel
from convscope.imaging.image import Image
from convscope.imaging.io.numpy_files import UNREADABLE, load_archive

COUNT = 12
LIMIT = 2000
_BATCH_BYTES = 96 << 20
_FILES = 200
_LARGEST = 256 * MB
_PARTIAL = 0.5


@dataclass(frozen=True)
class TopImage:
    """One image of a channel's ranking.

    Attributes:
        index: in the data set.
        value: the channel's largest value on it.
        key: what it is ranked by: the value, or what a bounded activation made it of.
        row, column: where on the map; 0 of a vector.
        box: the pixels of the network's input that this value sees: top, left, bottom, right, the last two
            excluded; None where that is not known.
    """

    index: int
    value: float
    key: float
    row: int
    column: int
    box: tuple[int, int, int, int] | None


@dataclass(frozen=True, eq=False)
class TopImages:
    """The ranking of every channel of a layer.

    Attributes:
        path: of the layer.
        values: float32 channels×k, of the layer.
        keys: float32 channels×k, what they are ranked by, the largest first: the values, or what a bounded
            activation was given. A ReLU6 puts out 6 on hundreds of images.
        indices: int64 channels×k, images of the data set.
        places: int32 channels×k×2, row and column on the map.
        looked: images that were looked at.
        of: images in the data set.
    """

    path: str
    values: NDArray[np.float32]
    keys: NDArray[np.float32]
    indices: NDArray[np.int64]
    places: NDArray[np.int32]
    looked: int
    of: int

    def ranking(self, model: OpenedModel, channel: int) -> tuple[TopImage, ...]:
        """One channel's images, the strongest first."""
        info = model.layer(parted(model, self.path)[0])
        height, width, _ = model.input_shape
        found = []
        for value, key, index, (row, column) in zip(
            self.values[channel].tolist(),
            self.keys[channel].tolist(),
            self.indices[channel].tolist(),
            self.places[channel].tolist(),
            strict=True,
        ):
            known = info.field is not None and height is not None and width is not None
            box = info.field.box(row, column, height, width, channel) if known else None  # type: ignore[union-attr, arg-type]
            found.append(TopImage(index, value, key, row, column, box))
        return tuple(found)


def top_images(
    model: OpenedModel,
    dataset: Dataset,
    path: str,
    task: Task | None = None,
    *,
    count: int = COUNT,
    limit: int = LIMIT,
) -> TopImages:
    """For every channel of a layer, the images on which its largest value is largest.

    Partial results (the ranking so far) are handed over twice a second. The finished one is kept on disk by
    the model's weights, the data set and the layer, so that the next time it is there at once.

    Args:
        path: of a layer that puts out maps or a vector.
        count: images a channel.
        limit: at most so many images are looked at, evenly over the data set.

    Raises:
        UserError: no such layer, one that puts out neither, or no readable image.
    """
    task = task or Task()
    shape = model.program.shapes[slot_of(model, path)]
    if len(shape) not in (2, 4):
        raise UserError(f"{path} puts out neither maps nor a vector: it has no channels to look for.")
    task.progress(None, "reading the weights")
    file = cache_dir() / "top_images" / f"{_key(model, dataset, path, count, limit)}.npz"
    known = _read(file, path, len(dataset))
    if known is not None:
        return known
    largest = _compiled(model, path)
    indices = np.unique(np.linspace(0, len(dataset) - 1, min(limit, len(dataset))).round().astype(np.int64))
    size = _batch_size(model)
    best: TopImages | None = None
    looked, told = 0, time.monotonic()
    for start in range(0, len(indices), size):
        task.progress(start / len(indices), f"image {start} of {len(indices)}")
        chosen, batch = _batch(model, dataset, indices[start : start + size])
        if not len(chosen):
            continue
        looked += len(chosen)
        made = [np.asarray(part) for part in largest(*model.inputs_for(batch))]
        best = _merge(path, best, made, chosen, count, looked, len(dataset))
        if time.monotonic() - told > _PARTIAL:
            told = time.monotonic()
            task.partial(best)
    if best is None:
        raise UserError(f"No image of {dataset.title} can be read.")
    _write(file, best)
    return best


# Activations that rise with what they are given, and end in a level.
_RISING = ("relu", "relu6", "sigmoid", "tanh", "hard_sigmoid", "softsign", "hard_tanh")


def _key_slot(model: OpenedModel, path: str) -> int:
    """The slot that decides between places where the activation is at its limit."""
    rising = any(step.path == path and step.activation in _RISING for step in model.program.steps)
    return model.program.sums[path] if rising and path in model.program.sums else slot_of(model, path)


def _compiled(model: OpenedModel, path: str) -> Callable[..., Any]:
    """A kept function: of every channel of a batch the largest value, its key, and its row and column."""
    import tensorflow as tf

    program, slot, key = model.program, slot_of(model, path), _key_slot(model, path)

    def make() -> Any:
        signature = [tf.TensorSpec(program.shapes[n], program.dtypes[n]) for n in program.inputs]

        @tf.function(input_signature=signature, autograph=False)
        def largest(*tensors: Any) -> tuple[Any, Any, Any]:
            given = dict(zip(program.inputs, tensors, strict=True))
            made = program.run(given, [slot, key])
            value, rank = (tf.cast(each, tf.float32) for each in made)
            if len(program.shapes[slot]) == 2:
                return value, rank, tf.zeros([*tf.unstack(tf.shape(value)), 2], tf.int32)
            shape = tf.shape(value)
            flat, ranks = (
                tf.reshape(each, [shape[0], shape[1] * shape[2], shape[3]]) for each in (value, rank)
            )
            at = tf.argmax(ranks, axis=1, output_type=tf.int32)
            # An activation that rises is largest where what it is given is.
            where = tf.stack([at // shape[2], at % shape[2]], axis=-1)
            return tf.reduce_max(flat, axis=1), tf.reduce_max(ranks, axis=1), where

        return largest

    return model.kept(("top images", slot), make)


def _batch_size(model: OpenedModel) -> int:
    largest = max((4 * prod(n or 1 for n in shape[1:]) for shape in model.program.shapes), default=4)
    return int(min(64, max(1, _BATCH_BYTES // largest)))


def _batch(
    model: OpenedModel, dataset: Dataset, indices: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """The images that can be read, as the network's input. Of free sizes, those like the first."""
    kept: list[int] = []
    rows: list[NDArray[np.float32]] = []
    for index in indices.tolist():
        try:
            prepared = model.prepare(Image(dataset.images.read(index), dataset.images.name(index))).batch
        except UserError:
            # A broken file is listed by the data panel; here it is left out.
            continue
        if not rows or prepared.shape == rows[0].shape:
            kept.append(index)
            rows.append(prepared)
    return np.array(kept, np.int64), np.concatenate(rows) if rows else np.zeros((0, 0, 0, 0), np.float32)


def _merge(
    path: str,
    best: TopImages | None,
    made: list[NDArray[Any]],
    indices: NDArray[np.int64],
    count: int,
    looked: int,
    of: int,
) -> TopImages:
    """The best of what there was and of N×channels new ones; of equal ones the earlier image."""
    values, keys, places = made[0].T, made[1].T, made[2].transpose(1, 0, 2)
    numbers = np.broadcast_to(indices, keys.shape)
    if best is not None:
        values = np.concatenate([best.values, values], axis=1)
        keys = np.concatenate([best.keys, keys], axis=1)
        numbers = np.concatenate([best.indices, numbers], axis=1)
        places = np.concatenate([best.places, places], axis=1)
    order = np.argsort(-keys, axis=1, kind="stable")[:, :count]
    return TopImages(
        path,
        np.take_along_axis(values, order, 1),
        np.take_along_axis(keys, order, 1),
        np.take_along_axis(numbers, order, 1),
        np.take_along_axis(places, order[..., None], 1),
        looked,
        of,
    )


def _key(model: OpenedModel, dataset: Dataset, path: str, count: int, limit: int) -> str:
    digest = hashlib.blake2b(digest_size=16)
    told = (model.fingerprint(), model.preprocessing, dataset.reference, dataset.title, len(dataset))
    digest.update(repr((told, path, count, limit)).encode())
    digest.update(dataset.labels.tobytes())
    for index in np.unique(np.linspace(0, len(dataset) - 1, 64).astype(int)).tolist():
        file = dataset.images.path(index)
        if file is None:
            digest.update(dataset.images.digest(index))
        elif file.exists():
            facts = file.stat()
            digest.update(f"{file} {facts.st_size} {facts.st_mtime_ns}".encode())
    return digest.hexdigest()


def _read(file: Path, path: str, of: int) -> TopImages | None:
    """What was kept; a damaged file is as good as none."""
    try:
        arrays, _ = load_archive(file, _LARGEST)
        found = TopImages(
            path,
            arrays["values"],
            arrays["keys"],
            arrays["indices"],
            arrays["places"],
            int(arrays["looked"]),
            of,
        )
    except UNREADABLE:
        return None
    os.utime(file)
    return found


def _write(file: Path, found: TopImages) -> None:
    """Keep a result; a full disk only means that it will be computed again."""
    with contextlib.suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True)
        with replacing(file) as part, part.open("wb") as opened:
            np.savez(
                opened,
                values=found.values,
                keys=found.keys,
                indices=found.indices,
                places=found.places,
                looked=np.array(found.looked),
            )
        oldest = sorted(file.parent.glob("*.npz"), key=lambda each: each.stat().st_mtime)
        for each in oldest[:-_FILES]:
            each.unlink(missing_ok=True)
