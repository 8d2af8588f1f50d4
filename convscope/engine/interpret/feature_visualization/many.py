"""Many patterns: the first filters of a layer, or of every layer, in batches and from the cache."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from convscope.core.errors import UserError
from convscope.core.task import Task
from convscope.engine.interpret.feature_visualization import goals as aims
from convscope.engine.interpret.feature_visualization.cache import PatternCache
from convscope.engine.interpret.feature_visualization.climb import climb
from convscope.engine.interpret.feature_visualization.goals import Goal
from convscope.engine.interpret.feature_visualization.results import Frame, Pattern
from convscope.engine.interpret.feature_visualization.settings import PatternSettings
from convscope.engine.models.summary import LayerInfo

if TYPE_CHECKING:
    from convscope.engine.models.opened import OpenedModel

# Pictures that grow together; what is finished is on disk before the next begin.
GROUP = 16
# Depthwise ones look at one channel of the convolution before them: nothing new to see.
_SHEET_KINDS = ("Conv2D", "SeparableConv2D", "Conv2DTranspose")


class _Part(Task):
    """A part of a longer job: progress and pictures' numbers are translated to the whole's."""

    def __init__(self, whole: Task, numbers: Sequence[int], begin: float, share: float) -> None:
        super().__init__()
        self._whole, self._numbers = whole, tuple(numbers)
        self._begin, self._share = begin, share

    def progress(self, fraction: float | None, text: str = "") -> None:
        self._whole.progress(None if fraction is None else self._begin + self._share * fraction, text)

    def partial(self, value: Any) -> None:
        if isinstance(value, Frame):
            value = replace(value, numbers=tuple(self._numbers[number] for number in value.numbers))
        self._whole.partial(value)

    def check(self) -> None:
        self._whole.check()


def climb_many(
    model: OpenedModel,
    goals: Sequence[Goal],
    settings: PatternSettings = PatternSettings(),  # noqa: B008  frozen
    task: Task | None = None,
    *,
    start: NDArray[Any] | None = None,
    resume: Frame | None = None,
    cached: bool = True,
) -> tuple[Pattern, ...]:
    """Patterns of one layer's goals, at most `GROUP` of them growing at a time.

    What was climbed to before with the same weights and settings comes from disk at once.

    Args:
        model: the network.
        goals: of one kind and one layer.
        settings: recipe and options.
        task: gets a `Frame` with the numbers of those that grow; cancel keeps the finished ones on disk.
        start: pixels 0–255 to start from, H×W or H×W×3; noise without.
        resume: the last frame of a call with the same goals and settings that was cancelled: go on from it.
        cached: False computes all and leaves the disk alone.

    Raises:
        UserError: the network has no such goal, or cannot be climbed so.
    """
    task, settings = task or Task(), settings.checked()
    goals = tuple(goals)
    for goal in goals:
        aims.check(model, goal)
    cache = PatternCache(model, settings, start) if cached else None
    found: dict[int, Pattern] = {}
    if cache is not None:
        for number, goal in enumerate(goals):
            task.check()
            pattern = cache.load(goal, goals)
            if pattern is not None:
                found[number] = pattern
    if found:
        task.partial(_finished(found))
    missing = [number for number in range(len(goals)) if number not in found]
    group = len(goals) if settings.diversity else GROUP
    for at in range(0, len(missing), group):
        numbers = missing[at : at + group]
        part = _Part(task, numbers, (len(goals) - len(missing) + at) / len(goals), len(numbers) / len(goals))
        known = resume.state if resume is not None and resume.numbers == tuple(numbers) else None
        group_goals = [goals[number] for number in numbers]
        patterns = climb(model, group_goals, settings, part, start=start, state=known).patterns
        found.update(zip(numbers, patterns, strict=True))
        if cache is not None:
            cache.store(patterns)
    return tuple(found[number] for number in range(len(goals)))


def _finished(found: dict[int, Pattern]) -> Frame:
    patterns = tuple(found.values())
    return Frame(
        tuple(found),
        0,
        0,
        tuple(pattern.pixels for pattern in patterns),
        np.array([pattern.score for pattern in patterns], np.float32),
        patterns=patterns,
    )


def first_filters(model: OpenedModel, path: str, count: int, *, negative: bool = False) -> tuple[Goal, ...]:
    """The goals of a layer's first filters, as many as there are.

    Raises:
        UserError: the layer has no filters.
    """
    aims.check(model, aims.channel(path, 0))
    shape = model.layer(path).shape
    assert shape is not None and shape[-1] is not None
    return tuple(aims.channel(path, index, negative=negative) for index in range(min(count, shape[-1])))


@dataclass(frozen=True, eq=False)
class SheetRow:
    """One layer of a contact sheet: its path and the patterns of its first filters."""

    path: str
    patterns: tuple[Pattern, ...]


def sheet_layers(model: OpenedModel) -> tuple[LayerInfo, ...]:
    """The layers that a contact sheet shows: convolutions, in the order of computation."""
    return tuple(row for row in model.layers if row.kind in _SHEET_KINDS and not row.shared)


def contact_sheet(
    model: OpenedModel,
    settings: PatternSettings = PatternSettings(),  # noqa: B008  frozen
    count: int = 8,
    task: Task | None = None,
    *,
    done: Sequence[SheetRow] = (),
) -> tuple[SheetRow, ...]:
    """The first filters of every convolution of the network, save depthwise ones.

    Args:
        model: the network.
        settings: recipe and options; a small size and few steps keep it short.
        count: filters a layer.
        task: gets each finished `SheetRow`.
        done: rows of a call that was cancelled: go on after them.

    Raises:
        UserError: the network has no convolutions.
    """
    task = task or Task()
    layers = sheet_layers(model)
    if not layers:
        raise UserError(f"{model.name} has no convolutions, so there are no filters to show.")
    rows = list(done)
    for number, info in enumerate(layers[len(rows) :], len(rows)):
        goals = first_filters(model, info.path, count)
        part = _Quiet(task, range(count), number / len(layers), 1 / len(layers), info.path)
        rows.append(SheetRow(info.path, climb_many(model, goals, settings, part)))
        task.partial(rows[-1])
    return tuple(rows)


class _Quiet(_Part):
    """A layer of a contact sheet: only its finished row is painted."""

    def __init__(self, whole: Task, numbers: Sequence[int], begin: float, share: float, path: str) -> None:
        super().__init__(whole, numbers, begin, share)
        self._path = path

    def progress(self, fraction: float | None, text: str = "") -> None:
        super().progress(fraction, self._path)

    def partial(self, value: Any) -> None:
        self.check()
