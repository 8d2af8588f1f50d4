"""The networks of `keras.applications`: search, build, with weights from the network or the cache."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from convscope.core.errors import UserError, WeightsNotDownloadedError
from convscope.core.process_state import python_warnings
from convscope.core.task import Cancelled, Task
from convscope.core.words import times
from convscope.engine.keras_downloads import NotAskedError, reported, why_unreachable
from convscope.engine.models.applications.table import APPLICATIONS, Application

_SERVER = "https://storage.googleapis.com/"
"""Where Keras has all ImageNet weights."""


def find_application(name: str) -> Application | None:
    """The application of this name, letter case, dashes and underscores ignored; None when there is none."""
    wanted = _plain(name)
    return next((row for row in APPLICATIONS.values() if _plain(row.name) == wanted), None)


def search(text: str) -> tuple[Application, ...]:
    """The applications whose name has every word of `text`; all of them for none."""
    words = [_plain(word) for word in text.split()]
    return tuple(row for row in APPLICATIONS.values() if all(word in _plain(row.name) for word in words))


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def cached() -> tuple[str, ...]:
    """Names of the applications whose ImageNet weights lie in Keras's cache (with or without classifier)."""
    found = {name for name, _top in _cached_files()}
    return tuple(name for name in APPLICATIONS if name in found)


def _folder() -> Path:
    # As keras.utils.get_file chooses it; Keras tells it under no public name.
    return Path(os.environ.get("KERAS_HOME", Path.home() / ".keras")) / "models"


def _cached_files() -> set[tuple[str, bool]]:
    """(name, with its classifier) of each weights file in Keras's cache."""
    folder = _folder()
    by_length = sorted(APPLICATIONS, key=len, reverse=True)
    found = set()
    for path in folder.glob("*.h5"):
        file = _plain(path.name.removeprefix("weights_"))
        name = next((name for name in by_length if file.startswith(_plain(name))), "")
        found.add((name, "notop" not in file))
    return found


def build_application(
    name: str,
    *,
    weights: Literal["imagenet"] | None = None,
    include_top: bool = True,
    input_shape: Sequence[int | None] | None = None,
    classes: int = 1000,
    layer_name: str = "",
    fetch: bool = False,
    task: Task | None = None,
) -> Any:
    """The Keras model of an application.

    Args:
        name: its name, in any letter case.
        weights: None for random ones, or "imagenet" (from Keras's cache).
        include_top: with its classifier.
        input_shape: height, width, channels; None for its default size.
        classes: of the classifier; other than 1,000 only without ImageNet weights.
        layer_name: of the Keras model; its own as a rule.
        fetch: a person has asked for ImageNet's weights: they are downloaded into Keras's cache if they are
            not there.
        task: for progress and cancel of the download.

    Raises:
        WeightsNotDownloadedError: they are not here, and nobody has asked for the download.
        UserError: no such application, a size that it cannot take, or weights that cannot be had.
    """
    import keras

    application = find_application(name)
    if application is None:
        raise UserError(f"{name} is not one of keras.applications.")
    task = task or Task()
    shape = tuple(input_shape or (application.input_size, application.input_size, 3))
    _check(application, weights, include_top, shape, classes)
    arguments: dict[str, Any] = {"include_top": include_top, "input_shape": shape}
    if layer_name:
        arguments["name"] = layer_name
    if include_top:
        arguments["classes"] = classes
    imagenet = weights == "imagenet"
    if imagenet and (application.name, include_top) not in _cached_files():
        if not fetch:
            raise _not_asked(application, include_top)
        # Keras would build the whole network before it finds that out.
        task.progress(None, f"Asking for the weights of {application.name}")
        reason = why_unreachable(_SERVER, task)
        if reason:
            raise _no_weights(application, reason)
    try:
        # MobileNet remarks that weights for 224×224 serve other sizes as well.
        with python_warnings.ignored(), reported(task, f"the weights of {application.name}", fetch):
            make = getattr(keras.applications, application.name)
            model = make(weights=weights, **arguments)
    except Cancelled:
        raise
    except NotAskedError as error:
        raise _not_asked(application, include_top) from error
    except ValueError as error:
        if imagenet and "corrupted" in str(error):
            raise _no_weights(application, str(error)) from error
        raise UserError(
            f"{application.name} cannot be built for {times(shape)} images.",
            detail=str(error),
        ) from error
    except Exception as error:
        if not imagenet:
            raise
        # Keras raises a bare Exception when the network fails.
        raise _no_weights(application, str(error)) from error
    return model


def download_weights(name: str, *, include_top: bool = True, task: Task | None = None) -> None:
    """Bring an application's ImageNet weights into Keras's cache, because a person has asked for them.

    Raises:
        UserError: no such application, or they cannot be had.
        Cancelled: the task was.
    """
    build_application(name, weights="imagenet", include_top=include_top, fetch=True, task=task)


def _not_asked(application: Application, include_top: bool) -> WeightsNotDownloadedError:
    # Other libraries' files may lie in the cache under the same name: Keras tells them by their checksum.
    bare = "" if include_top else " --no-top"
    return WeightsNotDownloadedError(
        f"The ImageNet weights of {application.name} are not on this machine: download them with “convscope "
        f"models --download {application.name}{bare}”, put Keras's file of them into {_folder()} by hand, or "
        "choose random weights.",
        application.name,
        include_top=include_top,
    )


def _check(
    application: Application,
    weights: str | None,
    include_top: bool,
    shape: tuple[int | None, ...],
    classes: int,
) -> None:
    least, usual = application.smallest, application.input_size
    if len(shape) != 3 or shape[2] is None:
        raise UserError(f"{application.name} takes images of height × width × channels.")
    if any(n is not None and n < least for n in shape[:2]):
        raise UserError(
            f"{application.name} needs images of at least {least}×{least}, not {times(shape[:2])}."
        )
    if weights != "imagenet":
        return
    if shape[2] != 3:
        raise UserError(
            f"{application.name} with ImageNet weights takes colour images, not {shape[2]} channels."
        )
    if include_top and classes != 1000:
        raise UserError(f"The classifier of {application.name} with ImageNet weights has 1,000 classes.")
    if include_top and shape[:2] != (usual, usual):
        raise UserError(
            f"With its classifier and ImageNet weights {application.name} takes {usual}×{usual} images; "
            "leave the classifier out for other sizes."
        )


def _no_weights(application: Application, detail: str) -> UserError:
    here = ", ".join(("imagenet (EfficientNet-Lite0, shipped)", *cached()))
    return UserError(
        f"The ImageNet weights of {application.name} are not on this machine and cannot be downloaded now: "
        f"put Keras's file of them into {_folder()} by hand, or open one that is on this machine: {here}.",
        detail=detail,
    )
