"""What a network says about every picture of a folder, batch by batch, however many there are."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import groupby
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from convscope.core.errors import UserError
from convscope.core.printable import printable
from convscope.core.task import Cancelled, Task
from convscope.engine.data.decode import FOREIGN, SUFFIXES
from convscope.engine.data.images import decoding_pool
from convscope.imaging.io.load import load_image

if TYPE_CHECKING:
    from convscope.engine.models.opened import OpenedModel

BATCH = 32
"""Pictures that a network gets at once where nothing speaks against it; two batches are in memory at most."""
TOP = 5

# Of a network that takes any size: pictures may be as large as cameras make them.
_FREE = 2
_LARGEST_MAPS = 2**28
"""Bytes that the largest layer's maps of one batch may take."""

_PICTURES = SUFFIXES | FOREIGN
_LOOKED_AT = 1000


@dataclass(frozen=True)
class PictureFile:
    """A file that its name says is a picture, as it was when the folder was listed.

    Attributes:
        name: its path within the folder, with "/" between.
        size: bytes.
        modified: nanoseconds since 1970.
    """

    name: str
    size: int
    modified: int


@dataclass(frozen=True, eq=False)
class Answered:
    """One picture with what the network said.

    Attributes:
        file: which.
        indices: int32 (k,), the classes from the most probable on; of numbers that are no classes all, in
            their order. Empty where there is no answer.
        numbers: float32 (k,), their probabilities, 0–1, or the numbers.
        problem: why there is no answer: one sentence; "" where there is one.
    """

    file: PictureFile
    indices: NDArray[np.int32]
    numbers: NDArray[np.float32]
    problem: str = ""


def list_pictures(folder: Path, task: Task | None = None) -> list[PictureFile]:
    """The pictures in a folder and in those below it, by their names; hidden ones are left out.

    Raises:
        UserError: no such folder, it cannot be read, or there is no picture in it.
    """
    task = task or Task()
    found: list[PictureFile] = []
    if not folder.is_dir():
        raise UserError(f"{folder} is not a folder: choose one with pictures in it.")

    def unreadable(error: OSError) -> None:
        if Path(error.filename) == folder:
            raise UserError(
                f"{folder} cannot be read ({error.strerror or error}): "
                "change its permissions or choose another."
            ) from error

    for place, below, names in os.walk(folder, onerror=unreadable):
        below[:] = sorted(name for name in below if not name.startswith(".") and name != "__MACOSX")
        within = "" if Path(place) == folder else Path(place).relative_to(folder).as_posix() + "/"
        for number, name in enumerate(sorted(names)):
            if number % _LOOKED_AT == 0:
                task.progress(None, f"Looking into {folder.name}: {len(found):,} pictures")
            if name.startswith(".") or Path(name).suffix.lower() not in _PICTURES:
                continue
            try:
                status = Path(place, name).stat()
            except OSError:  # gone meanwhile, or a link to nowhere
                continue
            found.append(PictureFile(within + name, status.st_size, status.st_mtime_ns))
    if not found:
        raise UserError(f"{folder} has no pictures in it: choose another folder.")
    return found


def answer_key(model: OpenedModel) -> str:
    """A short text that changes with whatever changes an answer: weights, preprocessing, names, output."""
    digest = hashlib.blake2b(digest_size=8)
    for part in (model.fingerprint(), repr(model.preprocessing), repr(model.classes), repr(model.answer)):
        digest.update(part.encode())
    return digest.hexdigest()


def predict_folder(
    model: OpenedModel,
    folder: Path,
    files: Sequence[PictureFile],
    *,
    top: int = TOP,
    task: Task | None = None,
) -> Iterator[list[Answered]]:
    """The answers to pictures of a folder, in their order, some at a time.

    Each picture is opened and prepared as if it were the only one. The next ones are decoded while the
    network works on these. One that cannot be opened does not keep the others: it has a `problem`.

    Args:
        files: from `list_pictures`.
        top: how many classes are told, or numbers that are none.

    Raises:
        UserError: the network takes no images, or tells nothing of them.
        Cancelled: the task was.
    """
    task = task or Task()
    # Said before anything is decoded.
    channels, count = model.input_shape[2], model.head.classes
    if channels not in (1, 3):
        raise UserError(f"{model.name} takes {channels} channels; an image has 1 (gray) or 3 (colour).")
    top, each = min(top, count), batch_size(model)
    nothing = np.empty(0, np.int32), np.empty(0, np.float32)

    def prepared(file: PictureFile) -> NDArray[np.float32] | str:
        try:
            return model.prepare(load_image(folder / file.name, task=task)).batch
        except UserError as error:
            return error.message
        except Cancelled:
            return ""

    with ThreadPoolExecutor(1, thread_name_prefix="read-ahead") as ahead:

        def read(start: int) -> Future[list[NDArray[np.float32] | str]]:
            part = files[start : start + each]
            return ahead.submit(lambda: list(decoding_pool().map(prepared, part)))

        following = read(0)
        for start in range(0, len(files), each):
            batches, part = following.result(), files[start : start + each]
            task.progress(start / len(files), f"Predicting {start:,} of {len(files):,} pictures")
            if start + each < len(files):
                following = read(start + each)
            answers: dict[int, Answered] = {}
            sound = [row for row, one in enumerate(batches) if not isinstance(one, str)]
            # A network that takes any size gets pictures of the same one together.
            for _shape, rows in groupby(sound, key=lambda row: np.shape(batches[row])):
                same = list(rows)
                scores = model.scores(np.concatenate([batches[row] for row in same]))
                for row, indices, numbers, problem in _told(model, same, *scores, top):
                    answers[row] = Answered(part[row], indices, numbers, problem)
            yield [
                answers[row]
                if row in answers
                else Answered(file, *nothing, problem=_within(folder, file, str(batches[row])))
                for row, file in enumerate(part)
            ]
    task.progress(1.0, f"Predicted {len(files):,} pictures")


def batch_size(model: OpenedModel) -> int:
    """How many pictures a network gets at once.

    Raises:
        UserError: it takes no images.
    """
    if None in model.input_shape[:2]:
        return min(BATCH, _FREE)
    largest = max(prod(size or 1 for size in shape[1:]) for shape in model.program.shapes)
    return max(1, min(BATCH, _LARGEST_MAPS // (4 * largest)))


def names_of(model: OpenedModel) -> list[str]:
    """The names of all classes by index, as they are told of one picture."""
    return [model.name_of(index) for index in range(model.head.classes)]


def _within(folder: Path, file: PictureFile, sentence: str) -> str:
    """The sentence without the name of the file, which whoever reads it has before their eyes."""
    name = re.escape(Path(file.name).name)
    return printable(re.sub(rf"^(?:{re.escape(str(folder))}/)?{name} (?:is|has) ", "", sentence))


def _told(
    model: OpenedModel, rows: list[int], logits: NDArray[np.float32], shares: NDArray[np.float32], top: int
) -> Iterator[tuple[int, NDArray[np.int32], NDArray[np.float32], str]]:
    """Of each row: the first classes as `ranked` has them, their probabilities, and what is wrong."""
    for row, raw, share in zip(rows, logits, shares, strict=True):
        if np.isnan(share).any():
            problem = f"{model.name} does not put out numbers for it (NaN)."
            yield row, np.empty(0, np.int32), np.empty(0, np.float32), problem
            continue
        if not model.has_classes:
            yield row, np.arange(top, dtype=np.int32), share[:top].astype(np.float32), ""
            continue
        # Logits tell classes apart where probabilities have rounded to zero.
        by_logits = np.argsort(-raw, kind="stable")
        falling = bool(np.all(np.diff(share[by_logits]) <= 0))
        order = (by_logits if falling else np.argsort(-share, kind="stable"))[:top]
        yield row, order.astype(np.int32), share[order].astype(np.float32), ""
