"""Many patterns of one layer, such as its first filters: in groups that grow together, and from the cache."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from convscope.core.task import PartOfTask, Task
from convscope.engine.interpret.feature_visualization.cache import PatternCache
from convscope.engine.interpret.feature_visualization.gradient_ascent import ascend
from convscope.engine.interpret.feature_visualization.objectives import Objective
from convscope.engine.interpret.feature_visualization.results import AscentFrame, Pattern
from convscope.engine.interpret.feature_visualization.settings import PatternSettings

if TYPE_CHECKING:
    from convscope.engine.models.opened import OpenedModel

# Pictures that grow together; what is finished is on disk before the next begin.
GROUP = 16


def ascend_many(
    model: OpenedModel,
    objectives: Sequence[Objective],
    settings: PatternSettings = PatternSettings(),  # noqa: B008  frozen
    task: Task | None = None,
    *,
    start: NDArray[Any] | None = None,
    resume: AscentFrame | None = None,
    cached: bool = True,
) -> tuple[Pattern, ...]:
    """Patterns of one layer's objectives, at most `GROUP` of them growing at a time.

    What has grown before with the same weights and settings comes from disk at once.

    Args:
        model: the network.
        objectives: of one kind and one layer.
        settings: recipe and options.
        task: gets an `AscentFrame` with the numbers of those that grow; cancel keeps the finished ones.
        start: pixels 0–255 to start from, H×W or H×W×3; noise without.
        resume: the last frame of a call with the same objectives and settings that was
            cancelled: go on from it.
        cached: False computes all and leaves the disk alone.

    Raises:
        UserError: the network has no such objective, or no gradient ascent is possible.
    """
    task = task or Task()
    objectives = tuple(objectives)
    for objective in objectives:
        objective.check(model)
    cache = PatternCache(model, settings, start) if cached else None
    found: dict[int, Pattern] = {}
    if cache is not None:
        for number, objective in enumerate(objectives):
            task.check()
            pattern = cache.load(objective, objectives)
            if pattern is not None:
                found[number] = pattern
    if found:
        task.partial(_finished(found))
    missing = [number for number in range(len(objectives)) if number not in found]
    group = len(objectives) if settings.diversity else GROUP
    for at in range(0, len(missing), group):
        numbers = missing[at : at + group]
        part = PartOfTask(
            task,
            (len(objectives) - len(missing) + at) / len(objectives),
            len(numbers) / len(objectives),
            on_partial=partial(_hand_over, task, numbers),
        )
        known = resume.state if resume is not None and resume.numbers == tuple(numbers) else None
        group_objectives = [objectives[number] for number in numbers]
        patterns = ascend(model, group_objectives, settings, part, start=start, state=known).patterns
        found.update(zip(numbers, patterns, strict=True))
        if cache is not None:
            cache.store(patterns)
    return tuple(found[number] for number in range(len(objectives)))


def _hand_over(whole: Task, numbers: Sequence[int], value: Any) -> None:
    """A group's pictures under the numbers that they have in the whole grid."""
    if isinstance(value, AscentFrame):
        value = replace(value, numbers=tuple(numbers[number] for number in value.numbers))
    whole.partial(value)


def _finished(found: dict[int, Pattern]) -> AscentFrame:
    patterns = tuple(found.values())
    return AscentFrame(
        tuple(found),
        0,
        0,
        tuple(pattern.pixels for pattern in patterns),
        np.array([pattern.score for pattern in patterns], np.float32),
        patterns=patterns,
    )


def first_filters(
    model: OpenedModel, path: str, count: int, *, negative: bool = False
) -> tuple[Objective, ...]:
    """The objectives of a layer's first filters, as many as there are.

    Raises:
        UserError: the layer has no filters.
    """
    Objective.channel(path, 0).check(model)
    shape = model.layer(path).shape
    assert shape is not None and shape[-1] is not None
    return tuple(Objective.channel(path, index, negative=negative) for index in range(min(count, shape[-1])))
