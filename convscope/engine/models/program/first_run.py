"""What one image takes while a network is computed: looked at before anything is computed.

A few bytes can describe a network of no weights that blows an image up to more than a machine has, makes a
billion images of it, or works with something much larger than what it takes and puts out (attention between
all pixels).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import prod
from typing import Any

from convscope.core.errors import UserError
from convscope.core.opening import check_budget
from convscope.engine.models.program import Program, ProgramStep, Slot

Shape = tuple[int | None, ...]
# A layer that is written out once for each point in time makes a graph as large as that.
_LONGEST_WRITTEN_OUT = 4_096
_WRITTEN_OUT = "TimeDistributed"


def check_steps(
    steps: Sequence[ProgramStep], shapes: Mapping[int, Shape] | Sequence[Shape], name: str
) -> None:
    """Refuse a network some layer of which takes and puts out more than the budget for one image.

    Args:
        steps: that are to be computed.
        shapes: by slot, the batch first; a size that is free counts as one.
        name: of the network.

    Raises:
        UserError: it does, or a layer is repeated too often.
    """
    # The budget is asked for once: the machine has to be asked.
    largest, where = 0, ""
    images: dict[int, int] = {}
    for step in steps:
        _count_images(step, shapes, images)
        size = max(_bytes(shapes[slot]) * images[slot] for slot in step.outputs)
        if size > largest:
            largest, where = size, step.path
        for slot in step.inputs:
            times = shapes[slot][1] if len(shapes[slot]) > 2 else None
            repeats = step.kind == _WRITTEN_OUT or getattr(step.layer, "unroll", False)
            if repeats and (times or 0) > _LONGEST_WRITTEN_OUT:
                raise UserError(
                    f"{name} repeats {step.path} {times:,} times for one image: convscope follows "
                    f"{_LONGEST_WRITTEN_OUT:,} at most."
                )
    check_budget(largest, f"For one image {where} of {name} puts out")


def _count_images(
    step: ProgramStep, shapes: Mapping[int, Shape] | Sequence[Shape], images: dict[int, int]
) -> None:
    """How many images a step makes of one, into `images` by slot. Layers keep it; functions may not."""
    import keras

    most = max((images.get(slot, 1) for slot in step.inputs), default=1)
    images.update((slot, most) for slot in step.outputs)
    if isinstance(step.layer, keras.layers.Layer):
        return

    def filled(value: Any) -> Any:
        return keras.KerasTensor((images.get(value.index, 1), *shapes[value.index][1:]))

    args, kwargs = _filled(step.args, filled), _filled(step.kwargs, filled)
    try:
        specs = keras.tree.flatten(step.layer.compute_output_spec(*args, **kwargs))
    except Exception:
        # As in `shapes_for`.
        return
    for slot, spec in zip(step.outputs, specs, strict=False):
        images[slot] = (spec.shape[0] if spec.shape else None) or 1


def check_graph(graph: Any, name: str) -> None:
    """The same of all that TensorFlow makes on the way, once a network was traced.

    Args:
        graph: of a `tf.function`.
        name: of the network.

    Raises:
        UserError: it takes more than the budget.
    """
    graphs, seen, largest = [graph], {id(graph)}, 0
    while graphs:
        current = graphs.pop()
        for operation in current.get_operations():
            for output in operation.outputs:
                sizes = output.shape.as_list() if output.shape.rank is not None else []
                largest = max(largest, output.dtype.size * prod(size or 1 for size in sizes))
        for function in getattr(current, "_functions", {}).values():
            inner = getattr(function, "graph", None)
            if inner is not None and id(inner) not in seen:
                seen.add(id(inner))
                graphs.append(inner)
    check_budget(largest, f"For one image {name} computes with arrays of")


def shapes_for(
    program: Program, steps: Sequence[ProgramStep], given: Mapping[int, Shape]
) -> dict[int, Shape]:
    """All shapes for inputs of a size that is free: worked out layer by layer, nothing computed.

    Returns:
        By slot; as the program has it where a layer does not tell.
    """
    import keras

    shapes = dict(enumerate(program.shapes)) | dict(given)

    def filled(value: Any) -> Any:
        return keras.KerasTensor((1, *shapes[value.index][1:]), program.dtypes[value.index])

    for step in steps:
        if step.part == "activation":
            shapes.update((made, shapes[of]) for of, made in zip(step.inputs, step.outputs, strict=True))
            continue
        try:
            told = step.layer.compute_output_spec(*_filled(step.args, filled), **_filled(step.kwargs, filled))
            specs = keras.tree.flatten(told)
        except Exception:
            # Layers raise anything for sizes that they cannot take; running them says why.
            return shapes
        shapes.update((made, tuple(spec.shape)) for spec, made in zip(specs, step.outputs, strict=True))
    return shapes


def _filled(value: Any, tensor: Callable[[Slot], Any]) -> Any:
    """Arguments with a tensor in the place of each slot."""
    if isinstance(value, Slot):
        return tensor(value)
    if isinstance(value, list | tuple):
        return type(value)(_filled(item, tensor) for item in value)
    return {key: _filled(item, tensor) for key, item in value.items()} if isinstance(value, dict) else value


def _bytes(shape: Shape) -> int:
    return 4 * prod(size or 1 for size in shape[1:])
