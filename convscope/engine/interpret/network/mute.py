"""What if this filter were silent? A model with some maps off, beside the user's own, which stays.

A map that is off is 0 everywhere, or its mean over the data (so that what follows sees nothing unusual:
Olah et al., 2017, "mean ablation"), or loses only a patch of itself. The masks are fed to a function that is
compiled once for each set of layers, so that another map of these traces nothing anew.
"""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convscope.core.errors import UserError
from convscope.core.task import Task
from convscope.engine.interpret.activations.activations import Activations
from convscope.engine.interpret.attribution.target import ScoreTarget
from convscope.engine.models.opened import OpenedModel
from convscope.engine.models.predict_folder import list_pictures
from convscope.engine.models.program import Program, ProgramStep
from convscope.imaging.io.load import load_image

BATCH = 32
"""Networks with one map off that are asked at once."""

Box = tuple[int, int, int, int]


@dataclass(frozen=True)
class Mute:
    """What is off in one layer.

    Attributes:
        channels: the maps or numbers; None for all of them.
        means: by channel what it puts out instead of 0, at every place; () for 0.
        box: top, left, height and width of the patch that is off; None for the whole map.
    """

    channels: tuple[int, ...] | None = None
    means: tuple[tuple[int, float], ...] = ()
    box: Box | None = None


class MutedModel(OpenedModel):
    """A model that shares all with another but for what is off.

    Attributes:
        original: the model that it was made from.
        mutes: by path of a layer, what is off there.

    Raises:
        UserError: no such layer or map, or it is the network's answer itself.
    """

    def __init__(self, original: OpenedModel, mutes: Mapping[str, Mute]) -> None:
        self.__dict__.update(original.__dict__)
        self.original = original
        self.mutes = dict(sorted(mutes.items()))
        self._masks: list[tuple[Any, Any]] = [_masks(original, path, one) for path, one in self.mutes.items()]
        self.program = _muted(original.program, tuple(self.mutes), self._masks)
        self._lock = threading.RLock()
        self._kept: OrderedDict[Hashable, Any] = OrderedDict()

    def fingerprint(self) -> str:
        """Changes with what is off, too."""
        digest = hashlib.blake2b(self.original.fingerprint().encode(), digest_size=16)
        digest.update(repr(self.mutes).encode())
        return digest.hexdigest()

    def function(self, fetch: Sequence[int], given: Sequence[int] | None = None) -> Callable[..., Any]:
        """As `OpenedModel.function`, compiled once for all that can be off in the same layers."""
        original, paths = self.original, tuple(self.mutes)
        slots, wanted = tuple(original.program.inputs if given is None else given), tuple(fetch)
        # A patch is a mask of the map's size.
        sizes = tuple(tuple(keep.shape) for keep, _fill in self._masks)

        def make() -> Callable[..., Any]:
            import tensorflow as tf

            @tf.function(autograph=False, reduce_retracing=True)
            def compiled(tensors: list[Any], masks: list[tuple[Any, Any]]) -> list[Any]:
                return _muted(original.program, paths, masks).run(
                    dict(zip(slots, tensors, strict=True)), wanted
                )

            return compiled

        run = original.kept(("muted", paths, sizes, slots, wanted), make)
        return lambda *tensors: run(list(tensors), self._masks)


def _masks(model: OpenedModel, path: str, mute: Mute) -> tuple[Any, Any]:
    """What a layer's output is multiplied by, and what is added."""
    import tensorflow as tf

    shape, dtype = _maps_of(model, path)
    channels = shape[-1]
    if channels is None:
        raise UserError(f"{path} has no fixed number of channels.")
    off = range(channels) if mute.channels is None else mute.channels
    wrong = next((channel for channel in off if not 0 <= channel < channels), None)
    if wrong is not None:
        raise UserError(f"{path} has channels 0 to {channels - 1}, not {wrong}.")
    where = np.zeros(channels, np.float32)
    where[list(off)] = 1
    fill = np.zeros(channels, np.float32)
    for channel, mean in mute.means:
        fill[channel] = mean
    if mute.box is not None:
        height, width = (shape[0], shape[1]) if len(shape) == 3 else (None, None)
        if height is None or width is None:
            raise UserError(f"A patch can be off in maps of a known size: {path} has none.")
        top, left, rows, columns = mute.box
        patch = np.zeros((height, width, 1), np.float32)
        patch[max(0, top) : max(0, top + rows), max(0, left) : max(0, left + columns)] = 1
        where = patch * where
    return tf.constant(1 - where, dtype), tf.constant(where * fill, dtype)


def _maps_of(model: OpenedModel, path: str) -> tuple[tuple[int | None, ...], str]:
    slot = model.slot(path)
    if model.program.producer(slot) is None:
        raise UserError(f"{path} is the network's input: change the image instead.")
    answers = {*model.program.outputs, *((model.head.logits,) if model.has_head else ())}
    if slot in answers:
        raise UserError(f"{path} is the network's answer: what is off must come before it.")
    shape = model.program.shapes[slot][1:]
    if not shape or "float" not in model.program.dtypes[slot]:
        raise UserError(f"{path} puts out no maps that could be off.")
    return shape, model.program.dtypes[slot]


def _muted(program: Program, paths: Sequence[str], masks: Sequence[tuple[Any, Any]]) -> Program:
    """The program whose layers' outputs are masked."""
    by_slot = {program.slots[path][0]: mask for path, mask in zip(paths, masks, strict=True)}
    steps = tuple(
        _off(step, by_slot[step.outputs[0]]) if step.outputs and step.outputs[0] in by_slot else step
        for step in program.steps
    )
    return replace(program, steps=steps, _producers={})


def _off(step: ProgramStep, mask: tuple[Any, Any]) -> ProgramStep:
    keep, fill = mask

    def call(*args: Any, **kwargs: Any) -> Any:
        made = step.call(*args, **kwargs)
        if isinstance(made, (list, tuple)):
            return type(made)([made[0] * keep + fill, *made[1:]])
        # Not a number times 0 is none either: what is off is off.
        return _where(keep, made, fill)

    return replace(step, call=call)


def _where(keep: Any, made: Any, fill: Any) -> Any:
    import tensorflow as tf

    return tf.where(keep > 0, made, fill)


@dataclass(frozen=True)
class Ablated:
    """What one map was worth to a class.

    Attributes:
        channel: of the map.
        logit, probability: of the class with the map off.
        drop: how much lower the logit is than with all maps; negative where the map spoke against the class.
    """

    channel: int
    logit: float
    probability: float
    drop: float


@dataclass(frozen=True)
class Ablation:
    """All maps of a layer by what they are worth to a class.

    Attributes:
        path: of the layer.
        target: the class.
        logit, probability: with all maps.
        maps: the one needed most first.
    """

    path: str
    target: ScoreTarget
    logit: float
    probability: float
    maps: tuple[Ablated, ...]


def ablation(
    found: Activations,
    path: str,
    target: ScoreTarget,
    task: Task | None = None,
    means: Sequence[float] | None = None,
) -> Ablation:
    """What a class loses when each map of a layer is off, one at a time.

    Args:
        found: what the layers make of an image.
        path: of the layer.
        target: the class.
        task: for progress and cancel.
        means: what each map puts out instead, (channels,); None for 0.

    Raises:
        UserError: no such layer or class.
        Cancelled: between two batches.
    """
    import tensorflow as tf

    task = task or Task()
    model = found.model
    target.check(model)
    _maps_of(model, path)
    slot, head = model.slot(path), model.head
    given = (slot, *model.program.frontier(slot, (head.logits, head.output)))
    run = model.function((head.logits, head.output), given)
    whole = [found.tensor(one) for one in given]
    channels = int(whole[0].shape[-1])
    fill = np.zeros(channels, np.float32) if means is None else np.asarray(means, np.float32)

    def scores(off: Sequence[int]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        maps = np.repeat(whole[0].numpy(), max(1, len(off)), axis=0)
        for row, channel in enumerate(off):
            maps[row, ..., channel] = fill[channel]
        others = [tf.repeat(one, len(maps), axis=0) for one in whole[1:]]
        raw, out = run(tf.constant(maps), *others)
        logits, probabilities = model.read_scores(raw, out)
        return target.score(logits), target.probability(logits, probabilities, values=not model.has_classes)

    size = max(1, min(BATCH, (64 << 20) // max(1, 4 * int(tf.size(whole[0])))))
    logit, probability = (float(one[0]) for one in scores(()))
    maps: list[Ablated] = []
    for start in range(0, channels, size):
        task.progress(start / channels, f"Map {start} of {channels} off")
        off = range(start, min(channels, start + size))
        for channel, one, share in zip(off, *scores(off), strict=True):
            maps.append(Ablated(channel, float(one), float(share), logit - float(one)))
    maps.sort(key=lambda one: -one.drop)
    return Ablation(path, target, logit, probability, tuple(maps))


@dataclass(frozen=True)
class ChannelMeans:
    """What a layer's maps put out on average.

    Attributes:
        means: of each map over all places of all pictures, (channels,).
        pictures: over so many.
        skipped: pictures that could not be opened, and why.
    """

    means: tuple[float, ...]
    pictures: int
    skipped: tuple[tuple[str, str], ...] = ()


def folder_means(model: OpenedModel, path: str, folder: Path, task: Task | None = None) -> ChannelMeans:
    """What stands for maps that are off where what follows is to see nothing unusual.

    Args:
        path: of the layer.
        folder: with pictures, those in the folders below it too.
        task: for progress and cancel.

    Raises:
        UserError: no such layer, no such folder, or no picture in it that can be opened.
        Cancelled: between two pictures.
    """
    task = task or Task()
    shape, _dtype = _maps_of(model, path)
    files = list_pictures(folder, task)
    total, count = np.zeros(shape[-1] or 1, np.float64), 0
    skipped: list[tuple[str, str]] = []
    for number, file in enumerate(files):
        task.progress(number / len(files), f"Means over {folder.name}: {number:,} of {len(files):,}")
        try:
            batch = model.prepare(load_image(folder / file.name, task=task)).batch
        except UserError as error:
            skipped.append((file.name, error.message))
            continue
        maps = np.asarray(model.activations(batch, [path])[path], np.float64)
        total += maps.reshape(-1, maps.shape[-1]).mean(axis=0)
        count += 1
    if not count:
        raise UserError(f"None of the pictures in {folder.name} can be opened: {skipped[0][1]}")
    return ChannelMeans(tuple((total / count).tolist()), count, tuple(skipped))


def look_muted(found: Activations, muted: MutedModel) -> Activations:
    """What the layers make of the same image with those maps off: only what comes after them is computed.

    Args:
        found: of the model that `muted` was made from.
    """
    program = muted.program
    after = {program.slots[path][0] for path in muted.mutes}
    for step in program.steps:
        if after.intersection(step.inputs):
            after.update(step.outputs)
    kept = {slot: value for slot, value in found.kept.items() if slot not in after}
    heads = (muted.head.logits, muted.head.output) if muted.has_head else ()
    slots = (*(slot for several in program.slots.values() for slot in several), *heads)
    wanted = tuple(dict.fromkeys(slot for slot in slots if slot in after))
    # The masks are part of the steps.
    values = muted.answering(program.run)(kept, wanted)
    return Activations(muted, found.image, found.prepared, {**kept, **dict(zip(wanted, values, strict=True))})
