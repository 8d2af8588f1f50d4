"""A script as a file, with the network and the picture beside it where they have no file of their own."""

from __future__ import annotations

from itertools import chain, count
from pathlib import Path

from convscope.core.errors import UserError
from convscope.core.files import save
from convscope.core.task import Task
from convscope.engine.interpret.attribution.context import AttributionContext
from convscope.engine.interpret.attribution.picture import Style
from convscope.engine.interpret.attribution.result import MapRequest
from convscope.engine.interpret.attribution.script.map_script import to_python
from convscope.engine.interpret.attribution.script.opening import (
    UnsavedError,
    open_image_code,
    open_model_code,
)
from convscope.engine.models.opened import OpenedModel
from convscope.imaging.io.save import save_png
from convscope.imaging.lab.display import Scale


def save_script(
    path: Path,
    context: AttributionContext,
    request: MapRequest,
    style: Style | None = None,
    task: Task | None = None,
    *,
    scale: Scale | None = None,
) -> tuple[Path, ...]:
    """Write `to_python`'s script, and beside it what it could not open otherwise.

    A network without a file becomes NAME.keras, a picture without one NAME.png; what has such a name already
    is left alone, and the new one is numbered.

    Args:
        path: of the script.
        context, request, style, scale: see `to_python`.
        task: for progress and cancel.

    Returns:
        The files written, the script first.

    Raises:
        UserError: no script can be written for this map, or the files cannot be saved there.
    """
    task = task or Task()
    model, image = context.model, context.image
    network = photograph = None
    try:
        open_model_code(model)
    except UnsavedError:
        # Its class names go beside it.
        network = _free(path, ".keras", ".classes.json")
    try:
        open_image_code(image, context.prepared, model.input_shape[2])
    except UnsavedError:
        photograph = _free(path, ".png")
    text = to_python(
        context,
        request,
        style,
        scale=scale,
        network=None if network is None else network.name,
        photograph=None if photograph is None else photograph.name,
    )
    beside: list[Path] = []
    if network is not None:
        beside += _save_network(model, network, task)
    if photograph is not None:
        save_png(photograph, image.pixels)
        beside.append(photograph)
    save(path, text.encode("utf-8"))
    return path, *beside


def _save_network(model: OpenedModel, path: Path, task: Task) -> tuple[Path, ...]:
    """Save it, and see whether Keras opens the file."""
    import keras

    from convscope.engine.models.files.save_file import save_model

    written = save_model(model, path, task).files
    task.progress(None, f"Opening {path.name} again")
    try:
        keras.saving.load_model(path, compile=False)
    except Exception as error:  # layers of a person's own may fail in any way
        for one in written:
            one.unlink(missing_ok=True)
        raise UserError(
            f"{model.name} has layers that Keras does not open again from a file: no script can be written.",
            detail=repr(error),
        ) from error
    return written


def _free(path: Path, *suffixes: str) -> Path:
    """A name beside the script, with the first suffix, that no file has with any of them."""
    stems = chain([path.stem], (f"{path.stem}-{number}" for number in count(2)))
    names = ([path.with_name(stem + suffix) for suffix in suffixes] for stem in stems)
    return next(these[0] for these in names if not any(one.exists() for one in these))
