"""Data sets that are downloaded when a person asks for them: one way for all of them.

They are kept in `datasets_folder()`. While a set comes, its archive lies there as `NAME.zip.part`: the next
try goes on with it. It is unpacked into a folder with a name that nobody knows, which gets the set's own name
when all is there: a set is there as a whole or not at all. An archive that a person has put there by hand
(`NAME.zip`) is taken as it is, once its checksum is right.
"""

from __future__ import annotations

import errno
import shutil
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import ClassVar

from convscope.core.errors import NotDownloadedError, UserError
from convscope.core.folder_lock import locked
from convscope.core.paths import data_dir
from convscope.core.task import Task
from convscope.core.words import megabytes
from convscope.engine.data.dataset import Dataset
from convscope.engine.data.formats.folder import open_folder
from convscope.engine.data.formats.unpack import Bounds, unpack
from convscope.engine.data.sets.registry import shipped_words
from convscope.engine.fetch import (
    CutOffError,
    OtherFileError,
    Remote,
    UnreachableError,
    fetch,
    sha256_of,
    size_of,
)

# Pictures are packed already: an archive of them unpacks to hardly more, and to whole blocks of the disk.
_SWELL, _MEMBERS = 3, 100_000
_ROOM, _BLOCKS = 1.25, 2**26
# Seconds over which the pace of a download is measured.
_WINDOW = 3.0


def datasets_folder() -> Path:
    """Where downloaded sets are kept.

    Raises:
        UserError: it cannot be written.
    """
    folder = data_dir("Data sets") / "datasets"
    folder.mkdir(exist_ok=True)
    return folder


@dataclass(frozen=True)
class Archive:
    """A file that a set, or a part of it, comes in.

    Attributes:
        remote: where from.
        wanted: what of it is unpacked, and where to; see `unpack`.
        other: the same pictures, packed by somebody else: tried where the first server is not to be reached.
    """

    remote: Remote
    wanted: Mapping[str, str]
    other: Archive | None = None

    @property
    def ways(self) -> tuple[Archive, ...]:
        """This one and the other one."""
        return (self,) if self.other is None else (self, *self.other.ways)


@dataclass(frozen=True)
class DownloadedSet:
    """A data set in archives on somebody's server.

    Attributes:
        name: as the registry calls it.
        title: what a person calls it.
        licence: one line.
        source: who made it, one line.
        archives: all of them are needed.
        classes: other names for the folders of its classes.
    """

    name: str
    title: str
    licence: str
    source: str
    archives: tuple[Archive, ...]
    classes: Mapping[str, str] = field(default_factory=dict)
    asks: ClassVar[bool] = True

    @property
    def size(self) -> int:
        """Bytes to download."""
        return sum(archive.remote.size for archive in self.archives)

    @property
    def terms(self) -> str:
        """Licence and makers, one line."""
        return f"{self.licence}; {self.source}"

    @property
    def here(self) -> bool:
        """Whether it is on this machine."""
        folder = _quiet_folder()
        return folder is not None and (folder / self.name).is_dir()

    @property
    def begun(self) -> int:
        """Bytes that are here already of a download that was not finished."""
        folder = _quiet_folder()
        if folder is None or self.here:
            return 0
        return sum(size_of(_part(folder, way)) for archive in self.archives for way in archive.ways)

    @property
    def folder(self) -> Path:
        """Where it is, or would be."""
        return datasets_folder() / self.name

    def open(self, task: Task) -> Dataset:
        """The set, from this machine; nothing is ever downloaded here.

        Raises:
            NotDownloadedError: it is not on this machine.
            UserError: what was put here by hand is something else, or cannot be unpacked.
            Cancelled: the task was.
        """
        if not self.here:
            folder = datasets_folder()
            if not all(_by_hand(folder, archive) for archive in self.archives):
                raise NotDownloadedError(
                    f"{self.title} is not on this machine: download it ({megabytes(self.size)}) in the Data "
                    f"panel or with “convscope data download {self.name}”, or {self.by_hand()}.",
                    self.name,
                )
            self.download(task)
        opened = open_folder(self.folder, task)
        return replace(
            opened,
            reference=self.name,
            title=self.title,
            classes=tuple(self.classes.get(name, name) for name in opened.classes),
            credit=f"{self.source}; {self.licence}",
        )

    def by_hand(self) -> str:
        """How a person puts it here: "save http://… as /home/…"."""
        folder = datasets_folder()
        each = (f"save {a.remote.url} as {folder / a.remote.name}" for a in self.archives)
        return " and ".join(each)

    def download(self, task: Task) -> None:
        """Bring it here, going on with what is here of it; does nothing where it is here.

        Raises:
            UserError: it cannot be had now, is not what was published, or there is no room; in words that
                tell what to do.
            Cancelled: the task was. What has come so far stays.
        """
        folder = datasets_folder()
        said = f"{self.title} is being downloaded already."
        try:
            with locked(folder, name=f".{self.name}.lock", said=said):
                if self.here:
                    return
                for left in folder.glob(f".{self.name}.*.unpacking"):
                    shutil.rmtree(left, ignore_errors=True)
                self._need_room(folder)
                files = self._files(folder, task)
                self._unpack(folder, files, task)
                for _archive, path in files:
                    if path.suffix == ".part":
                        path.unlink(missing_ok=True)
        except OSError as error:
            full = error.errno == errno.ENOSPC
            what = "the disk is full" if full else error.strerror or str(error)
            raise UserError(
                f"{self.title} cannot be kept in {folder}: {what}."
                + (" Make room and start it again: it goes on where it stopped." if full else "")
            ) from error

    def _need_room(self, folder: Path) -> None:
        packed = sum(a.remote.size for a in self.archives if not _by_hand(folder, a)) - self.begun
        needed, free = max(packed, 0) + _ROOM * self.size + _BLOCKS, shutil.disk_usage(folder).free
        if free < needed:
            raise UserError(
                f"{self.title} needs {needed / 1e9:.1f} GB of room in {folder}, unpacked, where "
                f"{free / 1e9:.1f} GB are free: make room and start it again."
            )

    def _files(self, folder: Path, task: Task) -> list[tuple[Archive, Path]]:
        """Each archive, whole and right, with the file that it is in."""
        files, before = [], 0
        for archive in self.archives:
            at_hand = _by_hand(folder, archive)
            if at_hand is not None:
                self._check(*at_hand, task)
                files.append(at_hand)
            else:
                files.append(self._fetched(folder, archive, before, task))
            before += archive.remote.size
        return files

    def _check(self, archive: Archive, path: Path, task: Task) -> None:
        def told(done: int) -> None:
            task.progress(done / archive.remote.size, f"Checking {path.name}")

        right = path.stat().st_size == archive.remote.size
        if not right or sha256_of(path, task, told) != archive.remote.sha256:
            why = "its checksum differs" if right else megabytes(path.stat().st_size, archive.remote.size)
            raise UserError(
                f"{path} is not {self.title} as it was published ({why}): remove it and download the set, or "
                f"{self.by_hand()}."
            )

    def _fetched(self, folder: Path, archive: Archive, before: int, task: Task) -> tuple[Archive, Path]:
        whole = self.size
        progress = _Pace(task, before, whole)
        refused: list[UserError] = []
        task.progress(None, "Asking the server")
        # What was begun is gone on with.
        for way in sorted(archive.ways, key=lambda way: not size_of(_part(folder, way))):
            part = _part(folder, way)
            try:
                fetch(way.remote, part, task, progress.told)
                return way, part
            except UnreachableError as error:
                refused.append(self._not_now(error))
            except OtherFileError as error:
                # Of a server that has another file now, or of the sign-in page of some public network.
                refused.insert(0, self._another(way, error))
            except CutOffError as error:
                done = megabytes(before + size_of(part), whole)
                raise UserError(
                    f"The download of {self.title} was cut off at {done}: "
                    "start it again, and it goes on from there.",
                    detail=str(error),
                ) from error
            finally:
                if not size_of(part):
                    part.unlink(missing_ok=True)
        raise refused[0]

    def _not_now(self, error: Exception) -> UserError:
        return UserError(
            f"{self.title} is not on this machine and cannot be downloaded now: {self.by_hand()}, or open "
            f"{shipped_words()}, which are here.",
            detail=str(error),
        )

    def _another(self, way: Archive, error: Exception) -> UserError:
        return UserError(
            f"What {way.remote.host} sends is not {self.title} as it was published, and nothing of it was "
            f"kept: try again later, or {self.by_hand()}.",
            detail=str(error),
        )

    def _unpack(self, folder: Path, files: list[tuple[Archive, Path]], task: Task) -> None:
        place = Path(tempfile.mkdtemp(prefix=f".{self.name}.", suffix=".unpacking", dir=folder))
        try:
            for archive, path in files:
                bounds = Bounds(_SWELL * archive.remote.size + 2**20, _MEMBERS)
                if not unpack(path, place, archive.wanted, bounds, task):
                    raise UserError(f"{path} holds nothing of {self.title}.")
            # What a temporary folder is made for is not what this one is for.
            place.chmod(0o755)
            place.rename(folder / self.name)
        except BaseException:
            shutil.rmtree(place, ignore_errors=True)
            raise


class _Pace:
    """Tells the progress of a download, and the time left at the pace of the last seconds.

    How far it is tells no time: a part may have been here before.
    """

    def __init__(self, task: Task, before: int, whole: int) -> None:
        self._task, self._before, self._whole = task, before, whole
        self._since: tuple[float, int] | None = None
        self._left: float | None = None

    def told(self, done: int) -> None:
        """So many bytes of this archive are here."""
        now, done = time.monotonic(), done + self._before
        if self._since is None:
            self._since = (now, done)
        began, had = self._since
        if now - began >= _WINDOW and done > had:
            self._left = (self._whole - done) * (now - began) / (done - had)
            self._since = (now, done)
        self._task.progress_for(done / self._whole, megabytes(done, self._whole), self._left)


def _quiet_folder() -> Path | None:
    """The folder; None where it cannot be written, which is told by who has to write."""
    try:
        return datasets_folder()
    except (UserError, OSError):
        return None


def _part(folder: Path, archive: Archive) -> Path:
    return folder / f"{archive.remote.name}.part"


def _by_hand(folder: Path, archive: Archive) -> tuple[Archive, Path] | None:
    """The archive that a person has put there, and its file; None: there is none."""
    for way in archive.ways:
        if (folder / way.remote.name).is_file():
            return way, folder / way.remote.name
    return None
