"""Answers to the pictures of a folder as a table in a file, which is gone on with where it was left.

The columns: path within the folder; class and probability, then class_2, probability_2 and so on, or, of a
network that puts out numbers which are no classes, one for each of these; `skipped`, why there is no answer;
and bytes, modified (nanoseconds since 1970) and model, by which an answer is known to hold still. The table
is CSV in UTF-8 as RFC 4180 has it: line breaks within a name stand in quotes; and no cell begins like a
formula, save negative numbers.
"""

from __future__ import annotations

import contextlib
import csv
import io
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from types import TracebackType

from convscope.core.errors import UserError
from convscope.core.files import open_to_append, replacing
from convscope.core.opening import GB, is_there, open_regular
from convscope.engine.models.predict_folder import Answered, PictureFile

_LARGEST = 4 * GB
_LAST = ("skipped", "bytes", "modified", "model")
# What spreadsheets take for the beginning of a formula, whatever quotes are around it.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def columns(top: int, values: Sequence[str] = ()) -> list[str]:
    """The names of the columns for so many classes, or for the first so many of these numbers."""
    if values:
        return ["path", *map(text_cell, values[:top]), *_LAST]
    pairs = [f"{name}_{place}" for place in range(2, top + 1) for name in ("class", "probability")]
    return ["path", "class", "probability", *pairs, *_LAST]


def path_cell(name: str) -> str:
    """A file's path as it stands in the table: still its path, and no formula."""
    safe = name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return f"./{safe}" if safe.startswith(_FORMULA) else safe


def text_cell(text: str) -> str:
    """Any other text; one that begins like a formula gets an apostrophe, which spreadsheets do not show."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def row(answer: Answered, names: Sequence[str], top: int, key: str, *, are_classes: bool = True) -> list[str]:
    """One line of the table.

    Args:
        names: of the classes, by index.
        top: how many classes or numbers the table has columns for.
        key: of the model.
        are_classes: each has a name and a probability; else they are numbers, each with a column of its own.
    """
    told: list[str] = []
    for index, number in zip(answer.indices[:top], answer.numbers[:top], strict=True):
        told += [text_cell(names[index])] if are_classes else []
        told.append(f"{number:.6g}")
    told += [""] * ((2 * top if are_classes else top) - len(told))
    file = answer.file
    last = [text_cell(answer.problem), str(file.size), str(file.modified), key]
    return [path_cell(file.name), *told, *last]


def as_text(rows: Iterable[Sequence[str]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    return text.getvalue()


class PredictionTable:
    """A table that is written to line by line, and holds what an earlier run left.

    Args:
        path: the file; one that is there already is gone on with.
        files: the pictures of the folder as they are now.
        key: of the model.
        top: how many classes.
        values: the names of numbers that are no classes.
        check: called now and then while the old table is read; raises where nobody wants it any more.

    Attributes:
        missing: the pictures that have no answer of this model yet, or have changed since.
        replaced: how many rows of the old table did not hold any more.

    Raises:
        UserError: another kind of file stands there, or it cannot be read or written.
    """

    def __init__(
        self,
        path: Path,
        files: Sequence[PictureFile],
        *,
        key: str,
        top: int,
        values: Sequence[str] = (),
        check: Callable[[], None] = lambda: None,
    ) -> None:
        self.path, self._key, self._top, self._values = path, key, top, values
        self.replaced = 0
        self._cells = {path_cell(file.name): file for file in files}
        try:
            known = self._go_on(check)
            self._file = open_to_append(path)
        except OSError as error:
            raise UserError(
                f"{path} cannot be written: {error.strerror or error}.", detail=str(error)
            ) from error
        self.missing = [file for file in files if path_cell(file.name) not in known]

    def __enter__(self) -> PredictionTable:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def add(self, answers: Iterable[Answered], names: Sequence[str]) -> None:
        """Write answers, a whole line at a time, and through to the disk.

        Raises:
            UserError: the disk is full, or the file cannot be written any more.
        """
        try:
            plain = bool(self._values)
            for answer in answers:
                # Unbuffered: a process that is killed leaves whole lines.
                cells = row(answer, names, self._top, self._key, are_classes=not plain)
                os.write(self._file.fileno(), as_text([cells]).encode())
            os.fsync(self._file.fileno())
        except OSError as error:
            raise UserError(
                f"{self.path} cannot be written: {error.strerror or error}. What it holds is kept; "
                "the same command goes on with it.",
                detail=str(error),
            ) from error

    def _go_on(self, check: Callable[[], None]) -> set[str]:
        """Leave in the file what holds still, and tell of which pictures that is."""
        known: set[str] = set()
        header = columns(self._top, self._values)
        with replacing(self.path) as part, part.open("w", encoding="utf-8", newline="") as new:
            writer = csv.writer(new, lineterminator="\r\n")
            writer.writerow(header)
            for number, cells in enumerate(self._old_rows()):
                if number % 1000 == 0:
                    check()
                if len(cells) == len(header) and self._holds(cells) and cells[0] not in known:
                    known.add(cells[0])
                    writer.writerow(cells)
                elif cells[-4:-3] == [""]:
                    self.replaced += 1
            new.flush()
            os.fsync(new.fileno())
        return known

    def _old_rows(self) -> Iterator[list[str]]:
        """The rows of a table that is there already, of whatever columns.

        Raises:
            UserError: it is no such table.
        """
        if not is_there(self.path):
            return
        raw = open_regular(self.path, "a table of predictions", _LARGEST)
        with io.TextIOWrapper(raw, encoding="utf-8", newline="", errors="replace") as old:
            if not os.fstat(raw.fileno()).st_size:
                return
            reader = csv.reader(old)
            header: list[str] = []
            with contextlib.suppress(csv.Error):
                header = next(reader, [])
            if header[:1] != ["path"] or tuple(header[-len(_LAST) :]) != _LAST:
                raise UserError(
                    f"{self.path} is there already and is no table of predictions: choose another name."
                )
            # A line that was cut off within its quotes is the last one.
            with contextlib.suppress(csv.Error):
                yield from reader

    def _holds(self, cells: list[str]) -> bool:
        file = self._cells.get(cells[0])
        # One that was skipped is tried again: its reader may have come meanwhile.
        told = [str(file.size), str(file.modified), self._key] if file is not None else None
        return cells[-3:] == told and not cells[-4] and bool(cells[1])
