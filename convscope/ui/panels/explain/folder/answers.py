"""The answers to a folder's pictures as they come, and in which order they are shown. No Qt."""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from convscope.engine.models.opened import OpenedModel
    from convscope.engine.models.predict_folder import Answered, PictureFile

Sorting = Literal["name", "class", "probability"]
SKIPPED = -1
"""The class of those that have no answer."""
_WAITING = -2
_LONGEST = 12


@dataclass(frozen=True)
class FolderOrder:
    """Which rows are shown, and how they are sorted.

    Attributes:
        by: of equal ones the name decides.
        falling: the largest first.
        only: a class, `SKIPPED`, or None for all.
    """

    by: Sorting = "probability"
    falling: bool = True
    only: int | None = None


class FolderAnswers:
    """What one network says of the pictures of one folder.

    Args:
        files: in the order of their names.
        names: of the classes, or of the numbers, by index.
        top: how many of them are kept of each picture.
        are_classes: False: plain numbers.

    Attributes:
        first: int32 (n,), the most probable class, or 0; `SKIPPED` where there is no answer.
        classes, numbers: int32 and float32 (n, top), the first classes and their probabilities, or numbers.
        problems: why there is no answer, by row.
        longest: some of the files' names, the longest among them.
        done: how many have been looked at.
    """

    def __init__(
        self,
        model: OpenedModel,
        folder: Path,
        files: Sequence[PictureFile],
        names: list[str],
        top: int,
        *,
        are_classes: bool = True,
    ) -> None:
        self.model, self.folder, self.files, self.names = model, folder, files, names
        self.top, self.are_classes = min(top, len(names)), are_classes
        count = len(files)
        self.first = np.full(count, _WAITING, np.int32)
        self.classes = np.zeros((count, self.top), np.int32)
        self.numbers = np.full((count, self.top), np.nan, np.float32)
        self.problems: dict[int, str] = {}
        self.done = 0
        self.longest = heapq.nlargest(_LONGEST, (file.name for file in files), key=len)
        self._rows = {file.name: row for row, file in enumerate(files)}
        # Of names in their order, so that sorting by class compares numbers.
        self._ranks = np.empty(len(names), np.int32)
        self._ranks[sorted(range(len(names)), key=lambda index: names[index].casefold())] = np.arange(
            len(names), dtype=np.int32
        )

    def __len__(self) -> int:
        return len(self.files)

    def add(self, answers: Sequence[Answered]) -> None:
        for answer in answers:
            row = self._rows[answer.file.name]
            self.done += int(self.first[row] == _WAITING)
            if answer.problem:
                self.first[row], self.problems[row] = SKIPPED, answer.problem
                continue
            self.first[row] = answer.indices[0]
            self.classes[row], self.numbers[row] = answer.indices, answer.numbers

    def row_of(self, name: str) -> int | None:
        """The row of a picture, by its path within the folder."""
        return self._rows.get(name)

    def waiting(self) -> list[PictureFile]:
        """Those that have not been looked at."""
        return [self.files[row] for row in np.flatnonzero(self.first == _WAITING).tolist()]

    def counts(self) -> list[tuple[int, int]]:
        """(class, pictures) of the classes that were found, the most frequent first; `SKIPPED` last."""
        looked_at = self.first[self.first >= 0] if self.are_classes else self.first[:0]
        found, counts = np.unique(looked_at, return_counts=True)
        told = sorted(
            zip(found.tolist(), counts.tolist(), strict=True), key=lambda one: (-one[1], self._ranks[one[0]])
        )
        return [*told, *([(SKIPPED, len(self.problems))] if self.problems else [])]

    def found(self) -> tuple[list[int], list[int]]:
        """All first classes, and all second ones."""
        answered = self.first >= 0
        second = self.classes[answered, 1] if self.top > 1 else self.first[:0]
        return np.unique(self.first[answered]).tolist(), np.unique(second).tolist()

    def rows(self, order: FolderOrder) -> NDArray[np.int64]:
        """The rows to show, in their order; those without an answer come last."""
        shown = np.flatnonzero(self.first >= SKIPPED if order.only is None else self.first == order.only)
        first = self.first[shown]
        if order.by == "name":
            return shown[::-1] if order.falling else shown
        if order.by == "class":
            keys = self._ranks[np.maximum(first, 0)].astype(np.float64)
        else:
            keys = self.numbers[shown, 0].astype(np.float64)
        keys = -keys if order.falling else keys
        keys[first == SKIPPED] = np.inf
        return shown[np.argsort(keys, kind="stable")]

    def answered(self, row: int) -> Answered:
        """One row as the engine gave it, to be written."""
        from convscope.engine.models.predict_folder import Answered

        if row in self.problems:
            nothing = np.empty(0, np.int32), np.empty(0, np.float32)
            return Answered(self.files[row], *nothing, self.problems[row])
        return Answered(self.files[row], self.classes[row], self.numbers[row])
