"""From paths and from the clipboard to images, with every failure as a sentence."""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QMimeData
from PySide6.QtGui import QImage

from convscope.core.errors import UserError
from convscope.core.opening import is_folder, is_regular, named
from convscope.core.task import Cancelled, Task
from convscope.engine.models.files.description import is_description
from convscope.imaging.image import Image
from convscope.imaging.io.load import list_images, load_image
from convscope.imaging.samples import samples

log = logging.getLogger(__name__)

AsksAbout = Literal["", "folders", "unsorted folders"]
MODEL_SUFFIXES = frozenset((".keras", ".h5", ".hdf5", ".tflite", ".onnx", ".pb", ".pt", ".pth"))
WEIGHTS_SUFFIXES = (".h5", ".hdf5")
_SEARCHED = 500  # folders
FOLDER_LIMIT = 500  # images of one folder; a strip of more helps nobody


@dataclass(frozen=True)
class Opened:
    """What came of opening some files.

    Attributes:
        images: in order.
        errors: one for each that failed.
        datasets: the folders that have no images of their own but sub-folders with some: classes.
        asked_about: the folders whose pictures the network is to be asked about.
    """

    images: tuple[Image, ...]
    errors: tuple[UserError, ...]
    datasets: tuple[Path, ...] = ()
    asked_about: tuple[Path, ...] = ()


def is_model(path: Path) -> bool:
    """Whether a path looks like a saved network, or the run that trained one, rather than a picture."""
    if is_description(path):
        return True
    run = is_regular(path / "settings.json") and is_regular(path / "status.json")
    return run or path.suffix.lower() in MODEL_SUFFIXES or is_regular(path / "saved_model.pb")


def with_weights(paths: Sequence[Path]) -> tuple[Path, Path] | None:
    """A network's description by Keras and the file of its weights, where there is one of each."""
    described = [path for path in paths if is_description(path)]
    weights = [path for path in paths if path.suffix.lower() in WEIGHTS_SUFFIXES]
    return (described[0], weights[0]) if len(described) == len(weights) == 1 else None


def is_architecture(path: Path) -> bool:
    """Whether a path looks like the layers of a network as the builder saves them."""
    return path.suffix.lower() == ".json" and is_regular(path)


def open_files(paths: Sequence[Path], task: Task, asks_about: AsksAbout = "") -> Opened:
    """Open images and folders of images; one bad file does not keep the others out.

    Args:
        asks_about: folders of which kind are not opened, but asked about.
    """
    images: list[Image] = []
    errors: list[UserError] = []
    files: list[Path] = []
    datasets: list[Path] = []
    asked_about: list[Path] = []
    for path in paths:
        if asks_about == "folders" and is_folder(path):
            asked_about.append(path)
            continue
        if has_classes(path):
            datasets.append(path)
            continue
        if asks_about == "unsorted folders" and is_folder(path):
            asked_about.append(path)
            continue
        try:
            files += images_of(path) if is_folder(path) else [path]
        except UserError as error:
            errors.append(error)
    for number, path in enumerate(files):
        task.progress(number / len(files), path.name)
        try:
            images.append(load_image(path, task=task))
        except UserError as error:
            errors.append(error)
        except Cancelled:
            raise
        except Exception as error:
            log.exception("opening %s", path)
            errors.append(UserError(f"{named(path)} could not be opened.", detail=repr(error)))
    return Opened(tuple(images), tuple(errors), tuple(datasets), tuple(asked_about))


def has_classes(path: Path) -> bool:
    """Whether a path is a data set: a file of one, or a folder whose images lie in sub-folders only."""
    if is_regular(path):
        from convscope.engine.data.formats.registry import is_dataset_file

        return is_dataset_file(path)
    try:
        if not is_folder(path) or list_images(path):
            return False
        inside = [child for child in path.iterdir() if not child.name.startswith(".")]
        return any("-ubyte" in child.name for child in inside if is_regular(child)) or any(
            _holds_images(child) for child in inside if is_folder(child)
        )
    except (OSError, UserError):
        return False


def _holds_images(folder: Path) -> bool:
    """Whether there is an image anywhere in a folder; very many others are not searched to the end."""
    for number, (place, _, _) in enumerate(os.walk(folder)):
        if number == _SEARCHED:
            return False
        with contextlib.suppress(UserError):  # a folder that may not be read
            if list_images(Path(place)):
                return True
    return False


def images_of(folder: Path) -> list[Path]:
    """The images directly in a folder, by name, the first `FOLDER_LIMIT` of them.

    Raises:
        UserError: there are none, or the folder may not be read.
    """
    found = list_images(folder)
    if not found:
        raise UserError(f"The folder {named(folder)} has no images in it: choose another one.")
    return found[:FOLDER_LIMIT]


def sample_images() -> tuple[Image, ...]:
    """The shipped images; the app opens on the first."""
    return tuple(load_image(sample.path) for sample in samples())


def offered(mime: QMimeData) -> bool:
    """Whether a drop or the clipboard holds files or a picture."""
    return mime.hasImage() or any(url.isLocalFile() for url in mime.urls())


def local_paths(mime: QMimeData) -> list[Path]:
    """The files of a drop or the clipboard."""
    return [Path(url.toLocalFile()) for url in mime.urls() if url.isLocalFile()]


def from_qimage(picture: QImage, name: str) -> Image:
    """A picture from the clipboard; transparency is laid over white, and said so."""
    notes: tuple[str, ...] = ()
    straight = picture.convertToFormat(QImage.Format.Format_RGBA8888)
    height, width = straight.height(), straight.width()
    rgba = np.frombuffer(straight.constBits(), np.uint8)
    pixels = rgba.reshape(height, -1)[:, : 4 * width].reshape(height, width, 4)
    values: NDArray[Any] = pixels[..., :3]
    alpha = pixels[..., 3:]
    if picture.hasAlphaChannel() and (alpha < 255).any():
        weight = alpha.astype(np.float32) / 255
        values = np.rint(values * weight + 255 * (1 - weight)).astype(np.uint8)
        notes = ("transparency laid over white",)
    if picture.isGrayscale():
        values = values[..., 0]
    return Image(np.array(values, order="C"), name, None, notes)


def unique_name(stem: str, taken: Iterable[Image]) -> str:
    """ "drawing", or "drawing 2" when there is one already."""
    names = {image.name for image in taken}
    number, name = 1, stem
    while name in names:
        number += 1
        name = f"{stem} {number}"
    return name
