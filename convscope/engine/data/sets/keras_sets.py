"""What the four sets from `keras.datasets` share: Keras's own reader and cache, with progress and cancel."""

from __future__ import annotations

import importlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np

from convscope.core.errors import NotDownloadedError, UserError
from convscope.core.task import Cancelled, Task
from convscope.core.words import megabytes
from convscope.engine.data.dataset import Dataset
from convscope.engine.data.formats.npz import array_dataset
from convscope.engine.data.sets.registry import shipped_words


@dataclass(frozen=True)
class KerasSet:
    """One of `keras.datasets`.

    Attributes:
        name: the module's.
        title: what a person calls it.
        classes: names by index.
        credit: source and licence.
        files: what Keras downloads, within its cache folder.
        source: where each comes from; "{}" stands for the file's name.
        size: bytes to download.
        terms: licence and makers, one line.
    """

    name: str
    title: str
    classes: tuple[str, ...]
    credit: str
    files: tuple[str, ...]
    source: str
    size: int
    terms: str
    begun: ClassVar[int] = 0  # Keras begins anew
    asks: ClassVar[bool] = False

    def download(self, task: Task) -> None:
        """Bring it into Keras's cache; see `open`."""
        self.open(task, fetch=True)

    @property
    def here(self) -> bool:
        """Whether it is in Keras's cache."""
        return all((_cache() / file).exists() for file in self.files)

    def open(self, task: Task, *, fetch: bool = False) -> Dataset:
        """From Keras's cache; what is left of a broken download is not used.

        Args:
            fetch: a person has asked for it: it is downloaded if it is not there.

        Raises:
            NotDownloadedError: it is not there, and nobody has asked for the download.
            UserError: offline and not in the cache, or the cached files are broken.
            Cancelled: the task was.
        """
        from convscope.engine.keras_downloads import NotAskedError, reported

        was_here = self.here
        if not was_here and not fetch:
            raise NotDownloadedError(
                f"{self.title} is not on this machine: download it ({megabytes(self.size)}) in the Data "
                f"panel or with “convscope data download {self.name}”, or {self.by_hand()}.",
                self.name,
            )
        task.progress(None, f"Reading {self.title}" if was_here else f"Asking for {self.title}")
        try:
            with reported(task, self.title, fetch):
                (x_train, y_train), (x_test, y_test) = importlib.import_module(
                    f"keras.datasets.{self.name}"
                ).load_data()
        except Cancelled:
            raise
        except NotAskedError as error:
            raise self._trouble(was_here, error) from error
        # Keras raises a bare Exception when the network fails, and lets through whatever a broken file makes
        # zlib, tarfile, pickle or NumPy raise.
        except Exception as error:
            raise self._trouble(was_here, error) from error
        return array_dataset(
            np.concatenate([x_train, x_test]),
            np.concatenate([y_train.reshape(-1), y_test.reshape(-1)]),
            reference=self.name,
            title=self.title,
            classes=self.classes,
            tested=len(x_test),
            credit=self.credit,
        )

    def _trouble(self, was_here: bool, error: BaseException) -> UserError:
        detail = f"{type(error).__name__}: {error}"
        if was_here:
            text = (
                f"The copy of {self.title} in {_cache()} is damaged: delete it there and open the set again."
            )
            return UserError(text, detail=detail)
        return UserError(
            f"{self.title} is not on this machine and cannot be downloaded now: {self.by_hand()}, or open "
            f"{shipped_words()}, which are here.",
            detail=detail,
        )

    def by_hand(self) -> str:
        """How a person puts it there: "save https://… as /home/…"."""
        if len(self.files) == 1:
            return f"save {self.source} as {_cache() / self.files[0]}"
        names = [Path(file).name for file in self.files]
        folder = self.source.removesuffix("{}")
        return f"save {', '.join(names)} from {folder} in {(_cache() / self.files[0]).parent}"


def _cache() -> Path:
    """The folder in which Keras keeps what it downloads."""
    return Path(os.environ.get("KERAS_HOME") or "~/.keras").expanduser()
