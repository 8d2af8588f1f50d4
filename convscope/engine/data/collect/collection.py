"""A data set that is made by hand: it grows, frame by frame, as an ordinary folder of classes."""

from __future__ import annotations

import contextlib
import io
import os
import threading
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image as PillowImage

from convscope.core.errors import UserError
from convscope.core.files import write_whole
from convscope.core.opening import is_folder, is_there
from convscope.core.task import Task
from convscope.engine.data.collect.class_names import class_folder, same_class
from convscope.engine.data.collect.frame_quality import blurred, sharpness
from convscope.engine.data.dataset import Dataset
from convscope.engine.data.formats.folder import open_folder
from convscope.engine.data.images import FileImages
from convscope.engine.data.similar.alike import Alike, find_alike
from convscope.engine.data.takes import frame_name, take_and_frame

# Folders with a dot are no classes.
_REMOVED = ".removed"


@dataclass(frozen=True)
class Frame:
    """One picture of a class.

    Attributes:
        folder: of its class.
        take: the press of the button that it is of, from 1.
        number: within the take, from 1.
    """

    folder: str
    take: int
    number: int

    @property
    def name(self) -> str:
        """Its file, within the collection."""
        return f"{self.folder}/{frame_name(self.take, self.number)}"


@dataclass(frozen=True)
class CollectedFrames:
    """What was collected, and which frames are worth a second look.

    Attributes:
        frames: of all classes, in the order of classes, takes and numbers.
        blurred: those that are blurred beside the others of their take.
        repeated: those with pixels that an earlier frame has.
    """

    frames: tuple[Frame, ...]
    blurred: frozenset[Frame]
    repeated: frozenset[Frame]


class Collection:
    """A folder of classes that frames are put into; from any thread. Nothing in it is ever overwritten.

    Args:
        root: the folder; made if it is not there. One that is a data set already is added to.

    Raises:
        UserError: it cannot be made, or is no folder.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._lock = threading.Lock()
        self._sharpness: dict[Frame, float] = {}
        if is_there(root) and not is_folder(root):
            raise UserError(f"{root} is not a folder: choose one to collect in.")
        _make(root)
        self._last_take = max((frame.take for frame in self._frames()), default=0)

    @property
    def classes(self) -> tuple[str, ...]:
        """The folders of the classes, sorted; those without a frame, too."""
        return tuple(
            sorted(
                entry.name
                for entry in _entries(self.root)
                if not entry.name.startswith(".") and is_folder(entry)
            )
        )

    def add_class(self, name: str) -> str:
        """Make a class.

        Returns:
            its folder: a safe name, or that of a class that is there and would be the same folder.

        Raises:
            UserError: the name is empty, or the folder cannot be made.
        """
        folder = class_folder(name)
        with self._lock:
            for known in self.classes:
                if same_class(known, folder):
                    return known
            _make(self.root / folder)
        return folder

    def new_take(self) -> int:
        """The number of a take that has begun: a button was pressed."""
        with self._lock:
            self._last_take += 1
            return self._last_take

    def add(self, folder: str, take: int, pixels: NDArray[np.uint8]) -> Frame:
        """Write a frame of a take, whole or not at all.

        Args:
            pixels: uint8, H×W or H×W×3.

        Raises:
            UserError: another shape, no such class, or the disk refuses.
        """
        if pixels.dtype != np.uint8 or pixels.ndim not in (2, 3) or pixels.shape[2:] not in ((), (3,)):
            raise UserError(f"A frame is bytes, height × width (× 3), not {pixels.dtype} {pixels.shape}.")
        if not pixels.size:
            raise UserError("The frame is empty.")
        buffer = io.BytesIO()
        PillowImage.fromarray(np.ascontiguousarray(pixels)).save(buffer, "PNG", compress_level=1)
        with self._lock:
            frame = self._reserved(folder, take)
            path = self.root / frame.name
            try:
                write_whole(path, buffer.getvalue())
            except OSError as error:
                with contextlib.suppress(OSError):
                    path.unlink()
                raise _refused(path, error) from error
            self._sharpness[frame] = sharpness(pixels)
        return frame

    def _reserved(self, folder: str, take: int) -> Frame:
        """The next free frame of a take, its name taken: what another process writes there stays."""
        number = max((f.number for f in self._frames(folder) if f.take == take), default=0)
        while True:
            number += 1
            frame = Frame(folder, take, number)
            if (self.root / _REMOVED / frame.name).exists():
                continue
            path = self.root / frame.name
            try:
                os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
            except FileExistsError:
                continue
            except OSError as error:
                raise _refused(path, error) from error
            return frame

    def remove(self, frames: tuple[Frame, ...]) -> tuple[Frame, ...]:
        """Take frames out of the data set; `restore` brings them back.

        Returns:
            those that were there.

        Raises:
            UserError: the disk refuses.
        """
        return self._moved(frames, self.root, self.root / _REMOVED)

    def restore(self, frames: tuple[Frame, ...]) -> tuple[Frame, ...]:
        """Bring removed frames back.

        Returns:
            those that could be: where another file stands by now, that one stays.
        """
        return self._moved(frames, self.root / _REMOVED, self.root)

    def _moved(self, frames: tuple[Frame, ...], source: Path, target: Path) -> tuple[Frame, ...]:
        moved = []
        with self._lock:
            for frame in frames:
                old, new = source / frame.name, target / frame.name
                if is_there(new) or not is_there(old):
                    continue
                _make(new.parent)
                try:
                    old.rename(new)
                except OSError as error:
                    raise _refused(new, error) from error
                moved.append(frame)
        return tuple(moved)

    def frames(self, folder: str | None = None) -> tuple[Frame, ...]:
        """The frames of one class, or of all, by class, take and number; other pictures are none."""
        return self._frames(folder)

    def _frames(self, folder: str | None = None) -> tuple[Frame, ...]:
        found = []
        for name in self.classes if folder is None else (folder,):
            numbers = (take_and_frame(entry.name) for entry in _entries(self.root / name))
            found += [Frame(name, *both) for both in sorted(filter(None, numbers))]
        return tuple(found)

    def read(self, frame: Frame) -> NDArray[np.uint8]:
        """Its pixels.

        Raises:
            UserError: it cannot be read.
        """
        return FileImages(self.root, [frame.name]).read(0)

    def looked_at(self, task: Task | None = None) -> CollectedFrames:
        """All frames, with those that are blurred and those that are there already.

        Raises:
            Cancelled: the task was.
        """
        task = task or Task()
        frames = self._frames()
        takes: defaultdict[tuple[str, int], list[Frame]] = defaultdict(list)
        for frame in frames:
            takes[frame.folder, frame.take].append(frame)
        poor: set[Frame] = set()
        for take in takes.values():
            task.check()
            told = blurred([self._sharp(frame) for frame in take])
            poor |= {frame for frame, is_blurred in zip(take, told, strict=True) if is_blurred}
        alike = self._alike(frames, task)
        repeated = {frames[index] for group in alike.equal for index in group[1:]}
        return CollectedFrames(frames, frozenset(poor), frozenset(repeated))

    def _sharp(self, frame: Frame) -> float:
        known = self._sharpness.get(frame)
        if known is None:
            try:
                known = sharpness(self.read(frame))
            except UserError:
                # It is told where the data set is opened.
                known = 0.0
            self._sharpness[frame] = known
        return known

    def _alike(self, frames: tuple[Frame, ...], task: Task) -> Alike:
        if len(frames) < 2:
            return Alike()
        names = [frame.name for frame in frames]
        return find_alike(_Compared(str(self.root), FileImages(self.root, names)), task)

    def dataset(self, task: Task | None = None) -> Dataset:
        """What was collected, as any folder of classes is opened; frames of one take are in one part.

        Raises:
            UserError: there is no frame yet.
            Cancelled: the task was.
        """
        return open_folder(self.root, task)


@dataclass(frozen=True, eq=False)
class _Compared:
    reference: str
    images: FileImages
    kind: Literal["arrays", "files"] = "files"

    def __len__(self) -> int:
        return len(self.images)


def _entries(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except OSError:
        # A class whose folder is gone has no frames.
        return []


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _refused(folder, error) from error


def _refused(path: Path, error: OSError) -> UserError:
    return UserError(
        f"{path.name} cannot be written in {path.parent}: {(error.strerror or str(error)).lower()}; "
        "choose another folder.",
        detail=str(error),
    )
