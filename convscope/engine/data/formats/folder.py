"""A folder with one sub-folder a class, as a data set whose images stay on disk."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from typing import Literal

import numpy as np

from convscope.core.errors import UserError
from convscope.core.opening import is_folder, is_regular, open_regular
from convscope.core.printable import printable
from convscope.core.task import Task
from convscope.engine.data.dataset import Dataset, SplitName, make_dataset, one_class
from convscope.engine.data.decode import quick_check
from convscope.engine.data.formats.base import DatasetFormat
from convscope.engine.data.images import FileImages, decoding_pool
from convscope.engine.data.split import Splits
from convscope.engine.data.takes import takes_of
from convscope.imaging.io.decode import open_picture
from convscope.imaging.io.load import MAX_PIXELS
from convscope.imaging.io.quiet import quiet_pillow

# The names that ready-made sets give their parts.
_PARTS: dict[str, SplitName] = {
    "train": "train",
    "training": "train",
    "validation": "validation",
    "valid": "validation",
    "val": "validation",
    "test": "test",
    "testing": "test",
}
# What archives made on a Mac hold beside the pictures: no picture is in it.
_MAC = "__MACOSX"
_CHUNK = 1000
_SAMPLE = 48


def open_folder(root: Path, task: Task | None = None) -> Dataset:
    """Open a folder of classes; the file names decide nothing, the sub-folder is the class.

    A folder with `train` and `test` (or `validation`) folders of classes inside is understood too: its parts
    stay what they are. Every file is looked at (not decoded): broken ones are listed and left out, others
    that are no images are ignored. Memory: some 150 bytes a file.

    Raises:
        UserError: no such folder, or no class with an image in it.
    """
    task = task or Task()
    if not is_folder(root):
        raise UserError(f"{root} is not a folder: choose one that has a sub-folder for each class.")
    task.progress(None, f"Looking into {root.name}")
    opened, root = root, _innermost(root)
    broken: list[tuple[str, str]] = []
    listed, folders = _listed(root, broken, task)
    names: list[str] = []
    part_of: list[SplitName] = []
    class_of: list[str] = []
    for start in range(0, len(listed), _CHUNK):
        task.progress(start / len(listed), f"Checking {start:,} of {len(listed):,} files")
        chunk = listed[start : start + _CHUNK]
        checks = decoding_pool().map(lambda entry: quick_check(root / entry[2]), chunk)
        for (part, label, name), (verdict, why) in zip(chunk, checks, strict=True):
            if verdict == "image":
                names.append(name)
                part_of.append(part)
                class_of.append(label)
            elif verdict == "broken":
                broken.append((printable(name), why))
    if not names:
        raise UserError(_nothing(root, broken))
    classes = tuple(sorted(set(class_of)))
    number = {name: index for index, name in enumerate(classes)}
    labels = np.fromiter((number[name] for name in class_of), np.int32, len(names))
    parts = np.array(part_of)
    given = Splits(
        np.flatnonzero(parts == "train"),
        np.flatnonzero(parts == "validation"),
        np.flatnonzero(parts == "test"),
    )
    size, channels = _sampled_size(root, names)
    return make_dataset(
        str(opened),
        opened.name,
        classes,
        FileImages(root, names),
        labels,
        image_size=size,
        channels=channels,
        given=given,
        notes=_notes(opened, root, classes, broken, sorted(folders - set(classes))),
        credit="your own folder",
        left_out=tuple(broken),
        takes=takes_of(names),
    )


def _innermost(root: Path) -> Path:
    """Where the classes are: unpacked archives often wrap them into folders that hold nothing else."""
    while len(inside := _subfolders(root)) == 1 and inside[0].lower() not in _PARTS:
        inner = root / inside[0]
        try:
            if _images_in(root) or _images_in(inner) or not _subfolders(inner):
                break
        except (OSError, UserError):  # it cannot be read: told when its files are listed
            break
        root = inner
    return root


def _listed(
    root: Path, broken: list[tuple[str, str]], task: Task
) -> tuple[list[tuple[SplitName, str, str]], set[str]]:
    """(part, class, path within root) of every file that may be an image, in a fixed order; all classes.

    Folders that cannot be read are added to `broken`.
    """

    def unreadable(error: OSError) -> None:
        broken.append((printable(os.path.relpath(error.filename, root)), error.strerror or str(error)))

    folders = _subfolders(root)
    parts = {folder: _PARTS.get(folder.lower()) for folder in folders}
    ready_made = "train" in parts.values() and all(part is not None for part in parts.values())
    listed: list[tuple[SplitName, str, str]] = []
    labels: set[str] = set()
    for folder in folders:
        part = parts[folder] if ready_made else "train"
        assert part is not None
        inner = [f"{folder}/{name}" for name in _subfolders(root / folder)] if ready_made else [folder]
        for class_folder in inner:
            label = printable(class_folder.rsplit("/", 1)[-1])
            labels.add(label)
            for place, below, files in os.walk(root / class_folder, onerror=unreadable):
                task.check()
                below[:] = sorted(name for name in below if not name.startswith("."))
                within = os.path.relpath(place, root)
                listed += [
                    (part, label, f"{within}/{name}") for name in sorted(files) if not name.startswith(".")
                ]
    return listed, labels


def _subfolders(folder: Path) -> list[str]:
    try:
        # A link to itself is no folder to Path.is_dir, but an error to the entries of scandir.
        return sorted(
            entry.name
            for entry in folder.iterdir()
            if is_folder(entry) and not entry.name.startswith(".") and entry.name != _MAC
        )
    except OSError as error:
        raise UserError(
            f"{folder} cannot be read ({error.strerror or error}): change its permissions or choose another."
        ) from error


def _images_in(folder: Path) -> int:
    """Images that lie directly in a folder."""
    return sum(1 for entry in folder.iterdir() if is_regular(entry) and quick_check(entry)[0] == "image")


def _nothing(root: Path, broken: list[tuple[str, str]]) -> str:
    if broken:
        count = "the only image file in it" if len(broken) == 1 else f"all {len(broken):,} image files in it"
        return f"{root}: {count} cannot be used; {broken[0][0]}: {broken[0][1]}."
    # A part without class folders, or a folder without any.
    for folder in (root, *(root / name for name in _subfolders(root))):
        if _images_in(folder):
            return (
                f"{folder} has images but no classes: put those of each class into a sub-folder of its own."
            )
    return (
        f"{root} has no image in any sub-folder: a data set is a folder with one sub-folder for each class."
    )


def _notes(
    opened: Path,
    root: Path,
    classes: tuple[str, ...],
    broken: list[tuple[str, str]],
    without: list[str],
) -> tuple[str, ...]:
    notes = []
    if root != opened:
        notes.append(f"The classes are those of {printable(str(root.relative_to(opened)))}.")
    if broken:
        some = ", ".join(f"{name} ({why})" for name, why in broken[:3])
        more = f" and {len(broken) - 3:,} more" if len(broken) > 3 else ""
        files = "1 file is" if len(broken) == 1 else f"{len(broken):,} files are"
        notes.append(f"{files} left out: {some}{more}.")
    if without:
        some = ", ".join(f"“{name}”" for name in without[:3])
        more = f" and {len(without) - 3:,} more" if len(without) > 3 else ""
        folders = "folder has" if len(without) == 1 else "folders have"
        notes.append(f"{len(without):,} {folders} no image that can be used, and no class: {some}{more}.")
    notes += one_class(classes)
    if loose := _images_in(root):
        lies, is_ = ("1 image lies", "is") if loose == 1 else (f"{loose:,} images lie", "are")
        notes.append(f"{lies} beside the class folders, not in one, and {is_} left out.")
    return tuple(notes)


def _sampled_size(root: Path, names: list[str]) -> tuple[tuple[int, int] | None, Literal[1, 3]]:
    """The size that all of a sample of files share, and the colours of most of them."""
    step = max(1, len(names) // _SAMPLE)
    sizes: Counter[tuple[int, int]] = Counter()
    gray = 0
    for name in names[::step]:
        try:
            with quiet_pillow(), open_regular(root / name, "an image") as file:
                picture = open_picture(file, name, MAX_PIXELS)
                sizes[(picture.height, picture.width)] += 1
                gray += picture.mode in ("1", "L", "I;16", "I")
        # Whatever is wrong with the file is told when it is decoded; here it only tells no size.
        except Exception:
            continue
    channels: Literal[1, 3] = 1 if gray > len(names[::step]) / 2 else 3
    return (next(iter(sizes)) if len(sizes) == 1 else None), channels


CLASS_FOLDERS = DatasetFormat("a folder of classes", is_folder, open_folder)
