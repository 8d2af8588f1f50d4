"""The builder's architecture as an opened model."""

from __future__ import annotations

from convscope.core.task import Task
from convscope.engine.keras_compat import seeded
from convscope.engine.models.builder.architecture import Architecture
from convscope.engine.models.builder.build import to_keras
from convscope.engine.models.builder.templates import TEMPLATES
from convscope.engine.models.opened import ModelSource, OpenedModel, guessed_preprocessing
from convscope.engine.models.reuse.inherited import Inherited, inherit


def build_model(
    architecture: Architecture, seed: int = 0, task: Task | None = None, origin: OpenedModel | None = None
) -> OpenedModel:
    """The architecture as a model with random weights; the same seed gives the same ones.

    Args:
        architecture: what to build.
        seed: of the random weights.
        task: for progress and cancel.
        origin: the model that the architecture was started from: layers with the same name and weights of
            the same shapes keep them, as they are in it now.

    Returns:
        The model; what it kept is its first note.

    Raises:
        UserError: it cannot be built, naming the layer; or a base's weights cannot be had.
    """
    with seeded(seed):
        model = to_keras(architecture, task)
    inherited = inherit(model, origin) if origin is not None else Inherited()
    template = TEMPLATES.get(architecture.name)
    classes = template.classes if template is not None else ()
    last = architecture.layers[-1].name
    preprocessing = None
    if origin is not None and inherited.kept:
        if last not in inherited.new and origin.has_head:
            classes = origin.classes
        # What was found out from the layers is found out anew: they may be others now.
        if origin.preprocessing != guessed_preprocessing(origin.program):
            preprocessing = origin.preprocessing
    made = OpenedModel(
        model,
        name=architecture.shown_name,
        classes=classes if architecture.summary().layers[-1].shape == (len(classes),) else (),
        preprocessing=preprocessing,
        source=ModelSource("memory", architecture.shown_name, weights=inherited.words(origin)),
        notes=[inherited.sentence(origin)],
    )
    # Every panel asks for its arithmetic, which takes longer than a frame.
    _ = made.summary
    return made
