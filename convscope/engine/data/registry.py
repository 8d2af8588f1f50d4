"""All data sets that have a name, and the one function that opens any data set."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from pathlib import Path

from convscope.engine.data.dataset import Dataset
from convscope.errors import UserError
from convscope.task import Task

# A new data set is a module in sets/ and its name here.
SHIPPED: tuple[str, ...] = ("digits", "fashion", "textures")
NAMES: tuple[str, ...] = (*SHIPPED, "mnist", "fashion_mnist", "cifar10", "cifar100")


@dataclass(frozen=True)
class DatasetInfo:
    """A line of the list of data sets.

    Attributes:
        name: what `open_dataset` and the command line take.
        title, summary: for people.
        here: it needs no network: shipped, or in Keras's cache.
    """

    name: str
    title: str
    summary: str
    here: bool


def title_of(name: str) -> str:
    """What the menu calls a data set that has a name."""
    title: str = importlib.import_module(f"convscope.engine.data.sets.{name}").TITLE
    return title


def is_own(reference: str) -> bool:
    """Whether it is somebody's own, a folder or a file: no data set that has a name, or lies in memory."""
    return Path(reference).is_absolute()


def list_datasets() -> tuple[DatasetInfo, ...]:
    """Every data set that has a name, the shipped ones first."""
    found = []
    for name in NAMES:
        module = importlib.import_module(f"convscope.engine.data.sets.{name}")
        downloaded = getattr(module, "SET", None)
        here = downloaded is None or downloaded.here
        found.append(DatasetInfo(name, module.TITLE, module.SUMMARY, here))
    return tuple(found)


def open_dataset(reference: str | Path, task: Task | None = None) -> Dataset:
    """Open a data set.

    Args:
        reference: a name ("digits") or a title ("Garments"), a folder with one sub-folder a class, an `.npz`
            file, an IDX file of images or labels with its partner beside it, or a folder of such IDX files.

    Raises:
        UserError: there is no such set, it cannot be read, or it is not here and cannot be downloaded.
        Cancelled: the task was.
    """
    task = task or Task()
    if str(reference) in NAMES:
        dataset: Dataset = importlib.import_module(f"convscope.engine.data.sets.{reference}").open(task)
        return dataset
    # A run remembers it, and is gone on with from any folder.
    path = Path(reference).expanduser().absolute()
    # Imported here, so that a named set does not need the readers of the others.
    from convscope.engine.data.folder import open_folder
    from convscope.engine.data.idx import holds_idx, open_idx
    from convscope.engine.data.npz import open_npz

    if path.is_dir():
        return open_idx(path) if holds_idx(path) else open_folder(path, task)
    if not path.exists():
        if path.name != str(reference):
            raise UserError(f"There is no folder or file {reference}: check its name, or choose another.")
        named = next((name for name in NAMES if title_of(name).lower() == str(reference).lower()), None)
        if named is not None:
            return open_dataset(named, task)
        raise UserError(
            f"There is no data set and no folder called {reference}: named sets are {', '.join(NAMES)}."
        )
    if path.suffix.lower() == ".npz":
        return open_npz(path)
    if "idx" in path.name:
        return open_idx(path)
    raise UserError(f"{path} is no data set: choose a folder of classes, an .npz file or MNIST's IDX files.")
