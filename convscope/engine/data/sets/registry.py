"""All data sets that have a name, and the one function that opens any data set."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from convscope.core.errors import UserError
from convscope.core.opening import is_there
from convscope.core.task import Task
from convscope.engine.data.dataset import Dataset

# A new data set is a module in sets/ and its name here.
SHIPPED: tuple[str, ...] = ("digits", "fashion", "textures")
NAMES: tuple[str, ...] = (
    *SHIPPED,
    "mnist",
    "fashion_mnist",
    "cifar10",
    "cifar100",
    "cats_dogs",
    "cats_dogs_small",
    "flowers",
    "imagenette",
    "rock_paper_scissors",
    "eurosat",
)


class Downloadable(Protocol):
    """A data set on somebody's server."""

    @property
    def asks(self) -> bool:
        """Whether it is downloaded only when that is asked for in so many words, not by opening it."""

    @property
    def size(self) -> int:
        """Bytes to download."""

    @property
    def begun(self) -> int:
        """Bytes of it that are here already."""

    @property
    def here(self) -> bool:
        """Whether all of it is."""

    @property
    def terms(self) -> str:
        """Licence and makers, one line."""

    def by_hand(self) -> str:
        """How a person puts it here."""

    def download(self, task: Task) -> None:
        """Bring it here; it can be cancelled, and gone on with.

        Raises:
            UserError: it cannot be had; in words that tell what to do.
            Cancelled: the task was.
        """


@dataclass(frozen=True)
class DatasetInfo:
    """A line of the list of data sets.

    Attributes:
        name: what `open_dataset` and the command line take.
        title, summary: for people.
        here: it needs no network: shipped, or downloaded before.
        size: bytes to download; 0 for a shipped one.
        begun: bytes of it that are here already.
        licence: and makers, one line.
        part_of: the set that it is downloaded with; "" where it is one of its own.
        asks: it is downloaded only when that is asked for in so many words, not by opening it.
    """

    name: str
    title: str
    summary: str
    here: bool
    size: int = 0
    begun: int = 0
    licence: str = ""
    part_of: str = ""
    asks: bool = False


def title_of(name: str) -> str:
    """What the menu calls a data set that has a name."""
    title: str = importlib.import_module(f"convscope.engine.data.sets.{name}").TITLE
    return title


def shipped_words() -> str:
    """The sets that come with the app, as the menu calls them."""
    *titles, last = map(title_of, SHIPPED)
    return f"{', '.join(titles)} or {last}"


def is_own(reference: str) -> bool:
    """Whether it is somebody's own, a folder or a file: no data set that has a name, or lies in memory."""
    return Path(reference).is_absolute()


def list_datasets() -> tuple[DatasetInfo, ...]:
    """Every data set that has a name, the shipped ones first."""
    found = []
    for name in NAMES:
        module = importlib.import_module(f"convscope.engine.data.sets.{name}")
        whole: Downloadable | None = getattr(module, "SET", None)
        if whole is None:
            found.append(DatasetInfo(name, module.TITLE, module.SUMMARY, True))
            continue
        of = getattr(whole, "name", name)
        found.append(
            DatasetInfo(
                name,
                module.TITLE,
                module.SUMMARY,
                whole.here,
                whole.size,
                whole.begun,
                whole.terms,
                "" if of == name else of,
                whole.asks,
            )
        )
    return tuple(found)


def name_of(reference: str) -> str | None:
    """The registered name that is meant: "cats-dogs" and "Cats and dogs" are "cats_dogs"; None: none."""
    plain = reference.lower().replace("-", "_")
    if plain in NAMES:
        return plain
    return next((name for name in NAMES if title_of(name).lower() == reference.lower()), None)


def download_dataset(name: str, task: Task | None = None) -> None:
    """Bring a data set that has a name to this machine, going on with what is here of it already.

    Raises:
        UserError: there is no such set, or it cannot be had; in words that tell what to do.
        Cancelled: the task was; what has come so far stays.
    """
    found = name_of(name)
    if found is None:
        raise UserError(f"There is no data set called {name}: named sets are {', '.join(NAMES)}.")
    whole: Downloadable | None = getattr(
        importlib.import_module(f"convscope.engine.data.sets.{found}"), "SET", None
    )
    if whole is not None:
        whole.download(task or Task())


def open_dataset(reference: str | Path, task: Task | None = None, *, fetch: bool = False) -> Dataset:
    """Open a data set.

    Args:
        reference: a name ("digits", "cats-dogs") or a title ("Garments"), a folder with one sub-folder a
            class, an `.npz` file, an IDX file of images or labels with its partner beside it, or a
            folder of such IDX files.
        fetch: a person has asked for this set: those of Keras are downloaded if they are not here. Not for
            one that a run or an earlier session names.

    Raises:
        NotDownloadedError: it has a name, but is not on this machine.
        UserError: there is no such set, or it cannot be read.
        Cancelled: the task was.
    """
    task = task or Task()
    if str(reference) in NAMES:
        module = importlib.import_module(f"convscope.engine.data.sets.{reference}")
        whole: Downloadable | None = getattr(module, "SET", None)
        by_opening = whole is not None and not whole.asks
        dataset: Dataset = module.open(task, fetch=fetch) if by_opening else module.open(task)
        return dataset
    # A run remembers it, and is gone on with from any folder.
    path = Path(reference).expanduser().absolute()
    if not is_there(path):
        if path.name != str(reference):
            raise UserError(f"There is no folder or file {reference}: check its name, or choose another.")
        known = name_of(str(reference))
        if known is not None:
            return open_dataset(known, task, fetch=fetch)
        raise UserError(
            f"There is no data set and no folder called {reference}: named sets are {', '.join(NAMES)}."
        )
    # Imported here, so that a named set does not need the readers of the others.
    from convscope.engine.data.formats.registry import open_path

    return open_path(path, task)
