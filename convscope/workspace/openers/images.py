"""Images, matrices, and folders of them: one bad file does not keep the others out."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

from convscope.core.errors import UserError
from convscope.core.opening import is_folder, named
from convscope.core.task import Cancelled, Task
from convscope.imaging.image import Image
from convscope.imaging.io.load import MATRIX_SUFFIXES, PICTURE_SUFFIXES, list_images, load_image
from convscope.workspace.openers.opener import Opener, OpenerContext

log = logging.getLogger(__name__)

FOLDER_LIMIT = 500  # images of one folder; a strip of more helps nobody
Loaded = tuple[tuple[Image, ...], tuple[UserError, ...]]


def load_images(paths: Sequence[Path], task: Task) -> Loaded:
    """The images of files and of folders in order, and one error for each that failed."""
    images: list[Image] = []
    errors: list[UserError] = []
    files: list[Path] = []
    for path in paths:
        try:
            files += _inside(path) if is_folder(path) else [path]
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
    return tuple(images), tuple(errors)


def _inside(folder: Path) -> list[Path]:
    """The images directly in a folder, by name, the first `FOLDER_LIMIT` of them.

    Raises:
        UserError: there are none, or the folder may not be read.
    """
    found = list_images(folder)
    if not found:
        raise UserError(f"The folder {named(folder)} has no images in it: choose another one.")
    return found[:FOLDER_LIMIT]


def _open(context: OpenerContext, paths: Sequence[Path]) -> None:
    def done(loaded: Loaded) -> None:
        images, errors = loaded
        for image in reversed(images):
            if image.path is not None:
                context.remember(image.path)
        context.workspace.add_images(images)
        context.refuse(errors)

    title = f"Opening {paths[0].name}" if len(paths) == 1 else f"Opening {len(paths)} files"
    context.read(title, lambda task: load_images(paths, task), done)


IMAGES = Opener(
    "image",
    lambda _path: True,
    _open,
    "Images and matrices",
    tuple(sorted(PICTURE_SUFFIXES | MATRIX_SUFFIXES)),
    slow=True,
)
