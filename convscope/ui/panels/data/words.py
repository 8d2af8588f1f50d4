"""How data sets, their images and their classes are called on screen. No Qt."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from convscope.core.printable import printable

if TYPE_CHECKING:
    from convscope.engine.data.dataset import Dataset, SplitName

PART_WORDS: dict[SplitName, str] = {"train": "train", "validation": "validation", "test": "test"}


def part_of(dataset: Dataset, index: int) -> SplitName | None:
    """The part that an image is in; None: in none."""
    for name in PART_WORDS:
        members = dataset.indices(name)
        at = int(np.searchsorted(members, index))
        if at < len(members) and members[at] == index:
            return name
    return None


def image_words(dataset: Dataset, index: int, size: tuple[int, ...] | None) -> str:
    """An image in one line: its name, class, size if known, and part.

    Args:
        size: the shape of its pixels, H×W or H×W×3.
    """
    words = [dataset.images.name(index), dataset.classes[dataset.labels[index]]]
    if size is not None:
        words.append(f"{size[0]} × {size[1]} {'gray' if len(size) == 2 else 'RGB'}")
    part = part_of(dataset, index)
    return "   ·   ".join([*words, PART_WORDS[part] if part else "in no part"])


def set_words(dataset: Dataset) -> str:
    """A data set in one line: "10,000 images · 10 classes · 28 × 28 gray"."""
    size = "sizes differ ·" if dataset.image_size is None else "{} × {}".format(*dataset.image_size)
    colours = "gray" if dataset.channels == 1 else "RGB"
    classes = "1 class" if len(dataset.classes) == 1 else f"{len(dataset.classes):,} classes"
    images = "1 image" if len(dataset) == 1 else f"{len(dataset):,} images"
    return f"{images} · {classes} · {size} {colours}"


def unreadable(dataset: Dataset) -> dict[str, str]:
    """The files that turned out to be damaged when they were decoded, by name, with the reason."""
    # A copy: another thread may be finding the next one.
    return dict(getattr(dataset.images, "unreadable", {}))


def unreadable_words(dataset: Dataset) -> tuple[str, ...]:
    """The same in one sentence; nothing if there are none."""
    found = unreadable(dataset)
    if not found:
        return ()
    if getattr(dataset.images, "gone", False):
        return (f"{printable(dataset.reference)} is no longer there: put it back, or open another.",)
    name = min(found)
    if len(found) == 1:
        return (f"1 file cannot be decoded, and training leaves it out: {name} ({found[name]}).",)
    return (
        f"{len(found):,} files cannot be decoded, and training leaves them out: {name} ({found[name]}) "
        f"and {len(found) - 1:,} more.",
    )
