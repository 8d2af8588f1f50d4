"""The errors that a person is meant to read: who acts on one tells it by its type, never by its words."""

from __future__ import annotations

from pathlib import Path

from convscope.core.printable import one_line, printable

_LONGEST = 1000  # letters of a sentence


class UserError(Exception):
    """Bad input, said in one clear sentence: which file or value, what is wrong, what to do.

    Names of files and what libraries say stand in it as they can be shown, with nothing that a terminal would
    obey.

    Args:
        message: the sentence.
        detail: what an expert may want to know; shown behind "Details", never needed to go on.
    """

    def __init__(self, message: str, *, detail: str = "") -> None:
        told = one_line(message)
        # A file may hold a name of a million letters.
        self.message = told if len(told) <= _LONGEST else f"{told[: _LONGEST // 2]}…{told[-_LONGEST // 2 :]}"
        self.detail = printable(detail, lines=True)
        super().__init__(self.message)


class MissingFileError(UserError):
    """There is nothing of this name: for some readers no fault."""


class NotEnoughMemoryError(UserError):
    """The machine has too little memory for what was asked; less of it may fit."""


class DamagedError(UserError):
    """A file that begins as its kind must, and whose bytes do not add up."""


class KindNotReadError(UserError):
    """A file that may be sound, of a format or a kind that is not read here."""


class WeightsAloneError(UserError):
    """A file of weights without the layers that they belong to."""


class UntrustedError(UserError):
    """Something that could do harm, and is opened only if the person says that they trust it.

    Args:
        path: of it.
    """

    def __init__(self, message: str, path: Path) -> None:
        super().__init__(message)
        self.path = path


class NotDownloadedError(UserError):
    """A data set that has a name, but is not on this machine, and is downloaded only when a person asks.

    Args:
        name: the set's, as `download_dataset` takes it.
    """

    def __init__(self, message: str, name: str) -> None:
        super().__init__(message)
        self.name = name


class WeightsNotDownloadedError(UserError):
    """ImageNet weights that are not on this machine, and are downloaded only when a person asks.

    Args:
        name: the application's, as `download_weights` takes it.
        include_top: those with the classifier.
    """

    def __init__(self, message: str, name: str, *, include_top: bool) -> None:
        super().__init__(message)
        self.name = name
        self.include_top = include_top
