"""A model once more with other weights, the model itself left as it is."""

from __future__ import annotations

from pathlib import Path

from convscope.core.errors import UserError
from convscope.core.task import Task
from convscope.engine.keras_compat import graph_of
from convscope.engine.models.files.channels_last import NOTE
from convscope.engine.models.files.open_file import open_file
from convscope.engine.models.files.weights import load_weights
from convscope.engine.models.opened import ModelSource, OpenedModel


def with_weights(model: OpenedModel, path: Path, task: Task | None = None) -> OpenedModel:
    """A copy of an opened model with the weights of a file; names and preprocessing are those of the model.

    Args:
        model: any that Keras can copy.
        path: `.h5`, `.weights.h5` or `.keras`.
        task: checked between the steps.

    Raises:
        UserError: the file cannot be read or belongs to another network; the model is a finished graph.
    """
    import keras

    task = task or Task()
    if graph_of(model.keras) is None or (model.source.path is not None and model.source.path.is_dir()):
        raise UserError(f"{model.name} is a finished graph: no weights can be loaded into it.")
    file = model.source.path
    if NOTE in model.notes and file is not None:
        # The weights go into it as they are in the file, before it is turned.
        turned = open_file(file, task, path)
        return OpenedModel(
            turned.keras,
            name=model.name,
            classes=model.classes,
            preprocessing=model.preprocessing,
            source=ModelSource("memory", model.source.spec, file, path.name),
            notes=(NOTE,),
            answers=model,
        )
    task.progress(None, f"Copying {model.name}")
    copy = keras.models.clone_model(model.keras)
    task.check()
    load_weights(copy, path, model.name)
    return OpenedModel(
        copy,
        name=model.name,
        classes=model.classes,
        preprocessing=model.preprocessing,
        source=ModelSource("memory", model.source.spec, weights=path.name),
        answers=model,
    )
