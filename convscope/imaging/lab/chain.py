"""Stages one after the other, with what has not changed kept from the last time."""

from __future__ import annotations

from convscope.core.task import Task
from convscope.imaging.image import Image
from convscope.imaging.lab.operation import Operation
from convscope.imaging.lab.stage import Result, run

_QUIET = Task()


class ChainRunner:
    """Runs chains of stages, and runs again only the stages from the first change on.

    Only the last chain's results are kept, from the first stage on, until they would take more than
    `max_bytes`. Use one from one thread at a time.

    Args:
        max_bytes: the most memory that kept results may take.
    """

    def __init__(self, max_bytes: int = 512 << 20) -> None:
        self._max_bytes = max_bytes
        self._kept: tuple[Result, ...] = ()

    def run(
        self, image: Image, operations: tuple[Operation, ...], *, task: Task = _QUIET
    ) -> tuple[Result, ...]:
        """The result of every stage; each works on the exact values that the one before it leaves.

        Raises:
            UserError: a stage cannot work on what it gets.
        """
        results: list[Result] = []
        for number, operation in enumerate(operations):
            kept = self._kept[number] if number < len(self._kept) else None
            if kept is None or kept.source is not image or kept.operation != operation:
                task.progress(number / len(operations), f"stage {number + 1} of {len(operations)}")
                kept = run(image, operation, task=task)
            results.append(kept)
            if number + 1 < len(operations):
                image = kept.image
        self._kept = self._bounded(results)
        return tuple(results)

    def _bounded(self, results: list[Result]) -> tuple[Result, ...]:
        taken = 0
        for number, result in enumerate(results):
            taken += result.values.nbytes
            if taken > self._max_bytes:
                return tuple(results[:number])
        return tuple(results)
