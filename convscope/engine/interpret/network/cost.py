"""What every column costs: weights, work, memory, time on this machine, and maps that say nothing."""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass

from convscope.core.task import Task
from convscope.engine.interpret.activations.activations import Activations
from convscope.engine.interpret.blank import is_blank
from convscope.engine.interpret.network.flow import feeds_of
from convscope.engine.models.graph.columns import LayerColumn

RUNS = 3


@dataclass(frozen=True)
class ColumnCost:
    """One column's.

    Attributes:
        column: its id.
        parameters: weights.
        multiply_adds: for one image; None where a size is free.
        memory: bytes of all its outputs for one image; None where a size is free.
        seconds: what its layers take here for one image, one after the other, median of three runs; None
            where nothing is computed.
        blank: share of blank maps of what it shows, 0–1; None in a vector.
    """

    column: str
    parameters: int
    multiply_adds: int | None
    memory: int | None
    seconds: float | None
    blank: float | None


def costs(
    found: Activations, columns: Sequence[LayerColumn], task: Task | None = None
) -> tuple[ColumnCost, ...]:
    """The cost of each column.

    Raises:
        Cancelled: between two columns.
    """
    task = task or Task()
    told = []
    for at, column in enumerate(columns):
        task.progress(at / len(columns), f"Timing {column.title}")
        rows = [found.model.layer(path) for path in column.layers]
        work = [row.multiply_adds for row in rows]
        memory = [row.activation_bytes for row in rows]
        told.append(
            ColumnCost(
                column.id,
                sum(row.parameters for row in rows),
                None if None in work else sum(one or 0 for one in work),
                None if None in memory else sum(one or 0 for one in memory),
                _seconds(found, column),
                _blank(found, column),
            )
        )
    return tuple(told)


def _seconds(found: Activations, column: LayerColumn) -> float | None:
    slot = found.slot(column.path)
    feeds = {given: found.tensor(given) for given in feeds_of(found.model, column, slot)}
    if not feeds:
        return None
    run = found.model.answering(found.model.program.run)
    # The first one allocates.
    run(feeds, [slot])
    taken = []
    for _ in range(RUNS):
        start = time.perf_counter()
        # Reading a number waits for all of it.
        run(feeds, [slot])[0].numpy()
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)


def _blank(found: Activations, column: LayerColumn) -> float | None:
    if len(found.shape(column.path)) != 3 or found.shape(column.path)[:2] == (1, 1):
        return None
    ends = found.extremes(column.path)
    if ends is None:
        value = found.value(column.path)
        ends = value.min(axis=(0, 1)), value.max(axis=(0, 1))
    blank = is_blank(ends[0].astype(float), ends[1].astype(float))
    return float(blank.mean())
