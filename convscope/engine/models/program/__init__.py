"""A Keras model as a flat list of steps: nested models opened up, every inner tensor addressable.

A step is one call of one layer, in the order of computation. The user's layers are never called: a step's
layer is a twin that shares the original's variables (so that training shows at once), because a symbolic call
would grow the user's graph, and a layer with an activity regularizer would collect losses. A convolution or
dense layer with an activation becomes two steps, the weighted sum and the activation, so that pre-activations
and logits are tensors like any other.

Tensors have numbers (slots). `Program.run` computes any slots from any others, in a `tf.function` or not: a
trunk feeds the inputs and fetches a layer; a head feeds a layer (and its `frontier`) and fetches the logits.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from convscope.core.errors import UserError

Wrap = Callable[["ProgramStep", Callable[..., Any]], Callable[..., Any]]
"""Given a step and what it computes, what to compute instead (guided backpropagation's gradient, say)."""


@dataclass(frozen=True)
class Slot:
    """One tensor of the program, inside a step's arguments."""

    index: int


@dataclass(frozen=True, eq=False)
class ProgramStep:
    """One call of one layer or operation, or the activation of a layer with one.

    Attributes:
        path: of the layer: "vgg16/block3_conv1"; the second call of a shared layer is "name@2".
        kind: the layer's class.
        layer: the user's layer, for its weights and settings; never to be called.
        call: computes the step's outputs from its arguments.
        args, kwargs: arguments with `Slot`s where tensors go.
        inputs, outputs: slots read and written.
        activation: its function's name if all that the step does is an activation, else "".
        part: "layer", or "sum" and "activation" for the two halves of a layer with an activation.
        first: path of the same layer's first call; the step's own unless the layer is shared.
    """

    path: str
    kind: str
    layer: Any
    call: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    activation: str = ""
    part: str = "layer"
    first: str = ""


@dataclass(frozen=True, eq=False)
class Program:
    """A model's steps and tensors.

    Attributes:
        steps: in the order of computation.
        shapes: by slot, with the batch first, None where a size is free.
        dtypes: by slot.
        inputs, outputs: the model's slots.
        input_names: of the input layers.
        slots: by path, what the layer puts out (after its activation); several where it has several outputs.
        sums: by path of a layer that ends in an activation, the slot before it.
        groups: by path of a nested model, its class.
    """

    steps: tuple[ProgramStep, ...]
    shapes: tuple[tuple[int | None, ...], ...]
    dtypes: tuple[str, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    input_names: tuple[str, ...]
    slots: Mapping[str, tuple[int, ...]]
    sums: Mapping[str, int]
    groups: Mapping[str, str]
    _producers: dict[int, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for number, step in enumerate(self.steps):
            for slot in step.outputs:
                self._producers[slot] = number

    def producer(self, slot: int) -> ProgramStep | None:
        """The step that computes a slot; None for the model's inputs."""
        number = self._producers.get(slot)
        return None if number is None else self.steps[number]

    def needed(self, fetch: Sequence[int], given: Sequence[int]) -> list[ProgramStep]:
        """The steps that compute `fetch` from `given`, in order.

        Raises:
            UserError: something else would have to be given.
        """
        wanted, numbers, have = list(fetch), set(), set(given)
        while wanted:
            slot = wanted.pop()
            if slot in have:
                continue
            number = self._producers.get(slot)
            if number is None:
                name = self.input_names[self.inputs.index(slot)]
                raise UserError(f"The network's input {name} is needed for this and was not given.")
            have.update(self.steps[number].outputs)
            numbers.add(number)
            wanted.extend(self.steps[number].inputs)
        return [self.steps[number] for number in sorted(numbers)]

    def frontier(self, slot: int, fetch: Sequence[int]) -> tuple[int, ...]:
        """What else a head needs, besides `slot`, to compute `fetch`: skips around it, other branches.

        Feed it together with `slot`; it does not depend on `slot`.
        """
        after = {slot}
        for step in self.steps:
            if after.intersection(step.inputs):
                after.update(step.outputs)
        side: list[int] = []
        seen, wanted = {slot}, list(fetch)
        while wanted:
            current = wanted.pop()
            if current in seen:
                continue
            seen.add(current)
            if current not in after:
                side.append(current)
                continue
            step = self.steps[self._producers[current]]
            wanted.extend(step.inputs)
        return tuple(sorted(side))

    def depends(self, slot: int, on: int) -> bool:
        """Whether `slot` is computed from `on`."""
        after = {on}
        for step in self.steps:
            if after.intersection(step.inputs):
                after.update(step.outputs)
        return slot in after

    def run(self, feeds: Mapping[int, Any], fetch: Sequence[int], wrap: Wrap | None = None) -> list[Any]:
        """Compute slots from others, as at inference (dropout off, batch statistics fixed).

        Args:
            feeds: tensors by slot.
            fetch: slots wanted.
            wrap: changes what steps compute; see `Wrap`.

        Returns:
            The tensors of `fetch`, in its order.
        """
        values = dict(feeds)
        for step in self.needed(fetch, tuple(feeds)):
            call = step.call if wrap is None else wrap(step, step.call)
            result = call(*_fill(step.args, values), **_fill(step.kwargs, values))
            for slot, value in zip(step.outputs, _flat(result), strict=True):
                values.setdefault(slot, value)
        return [values[slot] for slot in fetch]


def _fill(value: Any, values: Mapping[int, Any]) -> Any:
    if isinstance(value, Slot):
        return values[value.index]
    if isinstance(value, (list, tuple)):
        return type(value)(_fill(item, values) for item in value)
    if isinstance(value, dict):
        return {key: _fill(item, values) for key, item in value.items()}
    return value


def _flat(value: Any) -> list[Any]:
    """As `keras.tree.flatten`: nested lists, tuples and dicts (by sorted key) in a row."""
    if isinstance(value, dict):
        return [item for key in sorted(value) for item in _flat(value[key])]
    if isinstance(value, (list, tuple)):
        return [item for part in value for item in _flat(part)]
    return [value]
