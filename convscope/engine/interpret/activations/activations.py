"""Every layer's output for one image: one forward pass, kept within a bound, the rest computed on demand.

A model whose layers take up to `LIMIT` bytes is computed by one kept `tf.function` and kept whole. Of a
larger one every second layer is kept, or every fourth, …, and the others are computed again from the nearest
that was kept when they are asked for; a layer over `WHOLE` bytes is handed out by groups of channels, so
that 2,048 maps or a megapixel take no more than that at a time. Of what is computed again the last one, up to
`LIMIT` bytes, is kept as well.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convscope.core.errors import UserError
from convscope.core.task import Task
from convscope.engine.data.preprocessing import PreparedImage
from convscope.engine.interpret.activations.channels import sliced
from convscope.engine.interpret.activations.outputs import heads_first, parted, slot_of
from convscope.engine.models.opened import OpenedModel
from convscope.engine.models.program import ProgramStep
from convscope.engine.models.summary.read import read
from convscope.engine.models.summary.receptive import ReceptiveField, Seen
from convscope.imaging.image import Image

LIMIT = 384 << 20
"""Bytes of activations that are kept for one image."""

WHOLE = 128 << 20
"""Bytes up to which a layer is looked at as one array."""

LARGEST = 1 << 30
"""Bytes that no single layer may take while others are computed from it."""

Values = dict[int, Any]
Shapes = dict[int, tuple[int | None, ...]]
Ends = dict[int, tuple[NDArray[np.float32], NDArray[np.float32]]]


@dataclass(eq=False)
class Activations:
    """What every layer of a model puts out for one image.

    Attributes:
        model: whose layers.
        image: the picture that was looked at.
        prepared: the same as the network's input.
        _kept: tensors by slot of the model's program, batch of one.
        _shapes: of the slots of a model with free sizes, as they are for this image.
        _ends: by slot of maps that were computed one after the other: each channel's smallest and largest.
    """

    model: OpenedModel
    image: Image
    prepared: PreparedImage
    _kept: Values
    _lock: threading.Lock = field(default_factory=threading.Lock)
    # The last large one that was computed again: its channels are asked for group by group.
    _again: Values = field(default_factory=dict)
    _shapes: Shapes = field(default_factory=dict)
    _ends: Ends = field(default_factory=dict)
    _fields: dict[str, ReceptiveField | None] = field(default_factory=dict)

    @property
    def kept(self) -> Values:
        """The tensors that are at hand, by slot."""
        return dict(self._kept)

    def slot(self, path: str) -> int:
        """Where the program keeps a layer's output; "split#2" is the second of several.

        Raises:
            UserError: no such layer or output.
        """
        return slot_of(self.model, path)

    def at_hand(self, path: str) -> bool:
        """Whether a layer's output needs no further computing; a layer that the model lacks is not."""
        try:
            return self.slot(path) in self._kept
        except UserError:
            return False

    def shape(self, path: str) -> tuple[int, ...]:
        """A layer's output without the batch; computed if the model leaves sizes free.

        Attention scores are maps of rows×columns, one a head.

        Raises:
            UserError: no such layer.
        """
        shape = self._shape(path)
        return (*shape[1:], shape[0]) if heads_first(self.model, path) else shape

    def _shape(self, path: str) -> tuple[int, ...]:
        slot = self.slot(path)
        if slot in self._kept:
            return tuple(int(n) for n in self._kept[slot].shape[1:])
        known = self._shapes.get(slot, self.model.program.shapes[slot])[1:]
        if all(n is not None for n in known):
            return tuple(n for n in known if n is not None)
        return tuple(int(n) for n in self.tensor(slot).shape[1:])

    def bytes(self, path: str) -> int:
        """Memory of a layer's output in float32."""
        return 4 * prod(self.shape(path))

    def value(self, path: str) -> NDArray[np.float32]:
        """A layer's output, float32, without the batch: H×W×C, or fewer axes.

        Raises:
            UserError: no such layer, or it would take over 1 GiB.
        """
        value = self.slot_value(self.slot(path))
        return np.moveaxis(value, 0, -1) if heads_first(self.model, path) else value

    def slot_value(self, slot: int) -> NDArray[np.float32]:
        """The same for a slot of the model's program."""
        return np.asarray(self.tensor(slot).numpy()[0], np.float32)

    def extremes(self, path: str) -> tuple[NDArray[np.float32], NDArray[np.float32]] | None:
        """The smallest and the largest value of each map, (C,); None of a layer too large to be computed.

        Raises:
            UserError: no such layer.
        """
        slot = self.slot(path)
        if slot in self._ends:
            return self._ends[slot]
        if slot not in self._kept:
            return None
        flat = self.value(path).reshape(-1, self.shape(path)[-1])
        return flat.min(axis=0), flat.max(axis=0)

    def channels(self, path: str, start: int, stop: int) -> NDArray[np.float32]:
        """Some channels of a layer's output, H×W×(stop − start), without computing the others if that can be.

        Raises:
            UserError: no such layer, or what it needs would take over 1 GiB.
        """
        if heads_first(self.model, path):
            return self.value(path)[..., start:stop]
        part = sliced(self.model.program, self.slot(path), start, stop, self._kept, self.tensor)
        return np.asarray(part.numpy()[0], np.float32)

    def tensor(self, slot: int) -> Any:
        """A slot's tensor with its batch of one, computed from what is kept if need be.

        Raises:
            UserError: something on the way would take over 1 GiB.
        """
        kept = self._kept
        if slot in kept:
            return kept[slot]
        if (again := self._again.get(slot)) is not None:
            return again
        program = self.model.program
        steps = program.needed([slot], tuple(kept))
        for step in steps:
            for made in step.outputs:
                _check_size(self.model, program.shapes[made], step.path)
        with self._lock:
            uses = Counter(used for step in steps for used in step.inputs)
            live: Values = {}
            run = self.model.answering(program.run)
            for step in steps:
                given = {used: live[used] if used in live else kept[used] for used in step.inputs}
                live.update(zip(step.outputs, run(given, step.outputs), strict=True))
                # What is not needed any more is freed at once: a chain of large layers would fill the memory.
                del given
                for used in step.inputs:
                    uses[used] -= 1
                    if not uses[used]:
                        live.pop(used, None)
            value = live[slot]
            if _bytes(value) <= LIMIT:
                self._again = {slot: value}
            return value

    def field(self, path: str) -> ReceptiveField | None:
        """What a layer's values see of the image; None when they do not come from places of the image."""
        layer, number = parted(self.model, path)
        # Of several outputs those with the size of the first look at the image as it does.
        if number > 1 and self.shape(path)[:2] != self.shape(layer)[:2]:
            return None
        return self._true_fields().get(layer) if self._shapes else self.model.layer(layer).field

    def _true_fields(self) -> dict[str, ReceptiveField | None]:
        """Of a model with free sizes: how far padding `same` reaches depends on the image's size."""
        if not self._fields:
            program = self.model.program
            shapes = tuple(self._shapes.get(slot, shape) for slot, shape in enumerate(program.shapes))
            rows = read(replace(program, shapes=shapes)).layers
            self._fields = {row.path: row.field for row in rows}
        return self._fields

    def seen(self, path: str, row: int, column: int, channel: int = 0) -> Seen | None:
        """The pixels of the network's input that one value of a layer depends on.

        Args:
            row, column: its place on the maps; 0 in a vector.
            channel: of a vector, which of its numbers.

        Returns:
            Rows and columns of `prepared.pixels`; None when the layer's values do not come from places of the
            image.
        """
        found = self.field(path)
        if found is None:
            return None
        height, width = self.prepared.pixels.shape[:2]
        return found.at(row, column, height, width, channel)

    def field_box(
        self, path: str, row: int, column: int, channel: int = 0
    ) -> tuple[int, int, int, int] | None:
        """The same as a box: top, left, bottom, right, the last two excluded; all 0 where it sees nothing."""
        seen = self.seen(path, row, column, channel)
        return None if seen is None else seen.box


def look(model: OpenedModel, image: Image, task: Task | None = None, *, limit: int = LIMIT) -> Activations:
    """Every layer's output for one image.

    Args:
        limit: bytes to keep; what does not fit is computed again when it is asked for.

    Raises:
        UserError: the model does not take images.
    """
    return look_at(model, image, model.prepare(image), task, limit=limit)


def look_at(
    model: OpenedModel, image: Image, prepared: PreparedImage, task: Task | None = None, *, limit: int = LIMIT
) -> Activations:
    """The same for an image that was prepared already."""
    task = task or Task()
    task.check()
    inputs = dict(zip(model.program.inputs, model.inputs_for(prepared.batch), strict=True))
    slots = _layer_slots(model)
    total = _total(model, slots)
    if total is not None and total <= limit and is_traced(model):
        values = _all_layers(model, slots)(*inputs.values())
        return Activations(model, image, prepared, {**inputs, **dict(zip(slots, values, strict=True))})
    kept, shapes, ends = _step_by_step(model, inputs, limit, task)
    return Activations(model, image, prepared, kept, _shapes=shapes if total is None else {}, _ends=ends)


def is_traced(model: OpenedModel) -> bool:
    """Whether the one function for all layers is compiled, so that a look takes one call."""
    return model.kept("activations", dict).get("traced", False)


def trace(model: OpenedModel, task: Task | None = None, *, limit: int = LIMIT) -> None:
    """Compile the one function for all layers: some seconds for a deep network, off the first click's way.

    A model with free sizes, or too large for `limit`, goes on computing step by step.

    Raises:
        Cancelled: the task was cancelled, between two steps of the network.
    """
    slots = _layer_slots(model)
    total = _total(model, slots)
    if total is None or total > limit or is_traced(model):
        return
    height, width, channels = model.input_shape
    blank = np.zeros((1, height or 1, width or 1, channels), np.float32)
    kept = model.kept("activations", dict)
    kept["task"] = task or Task()
    _all_layers(model, slots)(*model.inputs_for(blank))
    kept["traced"] = True


def _all_layers(model: OpenedModel, slots: tuple[int, ...]) -> Callable[..., Any]:
    """The one function for all layers; compiling it can be cancelled between two steps of the network."""
    return model.kept(("all layers", slots), lambda: _compiled(model, slots))


def _compiled(model: OpenedModel, slots: tuple[int, ...]) -> Callable[..., Any]:
    import tensorflow as tf

    program, kept = model.program, model.kept("activations", dict)
    signature = [tf.TensorSpec((None, *program.shapes[n][1:]), program.dtypes[n]) for n in program.inputs]

    def checked(_step: ProgramStep, call: Callable[..., Any]) -> Callable[..., Any]:
        # While it is compiled only: what is compiled runs without.
        kept["task"].check()
        return call

    @tf.function(input_signature=signature, autograph=False)
    def compiled(*tensors: Any) -> list[Any]:
        return program.run(dict(zip(program.inputs, tensors, strict=True)), slots, checked)

    return compiled


def _layer_slots(model: OpenedModel) -> tuple[int, ...]:
    """What the layers put out, in the order of the program; the model's inputs left out."""
    inputs = set(model.program.inputs)
    return tuple(dict.fromkeys(s for many in model.program.slots.values() for s in many if s not in inputs))


def _total(model: OpenedModel, slots: Sequence[int]) -> int | None:
    """Bytes of all layers for one image; None where a size is free."""
    total = 0
    for slot in slots:
        shape = model.program.shapes[slot][1:]
        if any(n is None for n in shape):
            return None
        total += 4 * prod(n for n in shape if n is not None)
    return total


def _step_by_step(model: OpenedModel, inputs: Values, limit: int, task: Task) -> tuple[Values, Shapes, Ends]:
    """Run the program one step after the other; keep what fits, free the rest as soon as it is used up.

    When the room is full, every second of the layers that are kept goes, and from there on half as many are
    kept as before: what is kept is spread evenly over the depth.

    Returns:
        What is kept; the shapes of all that was computed; and, where not all of it is kept, the extremes of
        its maps; each by slot.
    """
    from keras import ops

    program = model.program
    layers, uses = set(_layer_slots(model)), Counter(s for step in program.steps for s in step.inputs)
    live, every, seen = dict(inputs), 1, 0
    kept: dict[int, tuple[int, Any]] = {}
    ends: Ends = {}
    total = _total(model, tuple(layers))
    counts = total is None or total > limit
    shapes: Shapes = {slot: tuple(value.shape) for slot, value in inputs.items()}
    run = model.answering(program.run)
    for number, step in enumerate(program.steps):
        task.progress(number / len(program.steps), f"layer {step.path}")
        if not all(slot in live for slot in step.inputs) or _too_large(program.shapes[step.outputs[0]]):
            # Behind a layer too large to be computed; asked for by name, it says so.
            continue
        made = run({slot: live[slot] for slot in step.inputs}, step.outputs)
        for slot, value in zip(step.outputs, made, strict=True):
            shapes[slot] = tuple(int(n) for n in value.shape)
            if uses[slot]:
                live[slot] = value
            size = _bytes(value)
            if size > LARGEST and uses[slot]:
                raise _too_much(model, size, step.path)
            if slot in layers and counts and len(value.shape) == 4:
                low, high = ops.min(value, axis=(0, 1, 2)), ops.max(value, axis=(0, 1, 2))
                ends[slot] = np.asarray(low, np.float32), np.asarray(high, np.float32)
            if slot in layers and size <= min(limit, WHOLE):
                if seen % every == 0:
                    kept[slot] = seen, value
                seen += 1
                while sum(_bytes(one) for _number, one in kept.values()) > limit:
                    every *= 2
                    kept = {each: one for each, one in kept.items() if one[0] % every == 0}
        for slot in step.inputs:
            uses[slot] -= 1
            if not uses[slot]:
                live.pop(slot, None)
    return {**inputs, **{slot: value for slot, (_number, value) in kept.items()}}, shapes, ends


def _bytes(value: Any) -> int:
    """What it would take in memory in float32."""
    return 4 * prod(int(n) for n in value.shape)


def _too_large(shape: Sequence[int | None]) -> bool:
    return 4 * prod(n or 1 for n in shape[1:]) > LARGEST


def _check_size(model: OpenedModel, shape: Sequence[int | None], path: str) -> None:
    if _too_large(shape):
        raise _too_much(model, 4 * prod(n or 1 for n in shape[1:]), path)


def _too_much(model: OpenedModel, size: int, path: str) -> UserError:
    return UserError(
        f"{path} of {model.name} puts out {size / 1e9:.1f} GB for one image, too much to compute whole: "
        "give the network a smaller input."
    )


def kept_bytes(found: Activations) -> int:
    """Bytes that a look keeps."""
    tensors = [*found._kept.values(), *found._again.values()]
    return sum(_bytes(value) for value in tensors)
