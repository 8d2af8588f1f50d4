"""All models that can be opened by a name, and the one door through which every model is opened."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from convscope.core.errors import UserError
from convscope.core.opening import is_folder, is_there
from convscope.core.paths import resource_path
from convscope.core.task import Task
from convscope.core.words import times
from convscope.engine.data.preprocessing import MODES
from convscope.engine.models.applications.build import build_application, find_application
from convscope.engine.models.applications.table import APPLICATIONS, counted
from convscope.engine.models.builder.build import to_keras
from convscope.engine.models.builder.templates import TEMPLATES, Template
from convscope.engine.models.files.open_file import open_file
from convscope.engine.models.files.weights import load_weights
from convscope.engine.models.layer_specs.base import Shape
from convscope.engine.models.library import shipped
from convscope.engine.models.library.published import measured_words
from convscope.engine.models.library.shipped import imagenet_classes
from convscope.engine.models.opened import ModelSource, OpenedModel, OpenOptions
from convscope.engine.models.summary import depth_of

# Of what was asked for, in a sentence.
_LONGEST_NAME = 80
_LONGEST_PATH = 240


@dataclass(frozen=True)
class CatalogueEntry:
    """One model of the catalogue.

    Attributes:
        name: what `open_model` takes.
        kind: "shipped", "template" or "application".
        title: what a person calls it.
        parameters: all its weights.
        input: height, width, channels.
        about: one sentence; "" for applications.
        year: of its paper; None without.
        depth: layers with weights on the longest way; None for a template on a base of keras.applications.
        top1, top5: published accuracy on ImageNet in percent; None where there is none.
        measured: how that was measured, and by whom; "" without.
        megabytes: of the weights on disk; None where there are none.
    """

    name: str
    kind: str
    title: str
    parameters: int
    input: Shape
    about: str = ""
    year: int | None = None
    depth: int | None = None
    top1: float | None = None
    top5: float | None = None
    measured: str = ""
    megabytes: float | None = None


def catalogue() -> tuple[CatalogueEntry, ...]:
    """Shipped models, templates, and all of keras.applications; without TensorFlow, in a few milliseconds."""
    return (
        *(_shipped(name) for name in shipped.available()),
        *(_template(template) for template in TEMPLATES.values()),
        *(
            CatalogueEntry(
                row.name,
                "application",
                row.name,
                row.parameters,
                (row.input_size, row.input_size, 3),
                year=row.year,
                depth=row.depth,
                top1=row.top1,
                top5=row.top5,
                measured=measured_words(row.name),
                megabytes=row.megabytes,
            )
            for row in APPLICATIONS.values()
        ),
    )


def _shipped(name: str) -> CatalogueEntry:
    told = shipped.facts(name)
    about = f"{told.about} {told.accuracy}".strip()
    size = resource_path("models", f"{name}.npz").stat().st_size / 1e6
    return CatalogueEntry(
        name,
        "shipped",
        told.title,
        told.parameters,
        told.input_shape,
        about,
        depth=depth_of(told.architecture.summary()),
        megabytes=round(size, 2),
    )


def _template(template: Template) -> CatalogueEntry:
    architecture = template.architecture
    summary = architecture.summary()
    based = any(layer.kind == "Base" for layer in architecture.layers)
    return CatalogueEntry(
        template.name,
        "template",
        template.title,
        summary.totals.parameters,
        architecture.layers[0].settings["shape"],
        template.about,
        template.year,
        depth=None if based else depth_of(summary),
    )


def parameters_of(entry: CatalogueEntry, include_top: bool, size: Sequence[int | None]) -> int | None:
    """All weights that a model of the catalogue has, opened so; None where that depends on a free size.

    A template that cannot take images of this size has those of its own.
    """
    if entry.kind == "application":
        return counted(APPLICATIONS[entry.name], include_top, tuple(size))
    if entry.kind != "template" or tuple(size) == tuple(entry.input):
        return entry.parameters
    summary = TEMPLATES[entry.name].architecture.with_input(size).summary()
    return None if summary.problems else summary.totals.parameters


def open_model(
    spec: str | Path,
    *,
    weights: str | Path | None = None,
    input_shape: Sequence[int | None] | None = None,
    include_top: bool = True,
    fetch: bool = True,
    trusted: bool = False,
    task: Task | None = None,
) -> OpenedModel:
    """Open a model by its name or its file.

    Args:
        spec: a shipped model, a template, an application of Keras (in any letter case), or a path.
        weights: None (a file's or shipped model's own; else random), "imagenet" for applications, or a
            weights file.
        input_shape: height, width, channels; for templates and applications, of others only their own.
        include_top: with the classifier; for applications.
        fetch: whoever says "imagenet" asks for the download, too; not where an earlier session has said it.
        trusted: the person has said that they trust it: a SavedModel where no process can be shut off.
        task: for progress and cancel.

    Raises:
        UntrustedError: such a one, and nobody has said so.
        WeightsNotDownloadedError: ImageNet's weights are not here, and nobody asks for the download.
        UserError: nothing of this name, or it cannot be opened so.
    """
    opened = _open_named(str(spec), weights, input_shape, include_top, fetch, trusted, task)
    own = weights is None or weights == "imagenet"
    asked = OpenOptions(
        str(weights or "") if own else str(Path(str(weights)).absolute()),
        include_top,
        None if input_shape is None else tuple(input_shape),
    )
    if asked != OpenOptions():
        opened.source = replace(opened.source, asked=asked)
    return opened


def _open_named(
    name: str,
    weights: str | Path | None,
    input_shape: Sequence[int | None] | None,
    include_top: bool,
    fetch: bool,
    trusted: bool,
    task: Task | None,
) -> OpenedModel:
    if name in shipped.SHIPPED:
        return _other_weights(_of_size(shipped.open_shipped(name), input_shape), weights)
    if name in TEMPLATES:
        return _open_template(TEMPLATES[name], weights, input_shape, fetch, task)
    if find_application(name) is not None and not is_there(Path(name)):
        return open_application(
            name,
            weights=weights,
            include_top=include_top,
            input_shape=input_shape,
            fetch=fetch,
            task=task,
        )
    path = _path(name)
    if not name.strip() or path is None or not is_there(path):
        raise UserError(_missing(name))
    if weights is None or weights == "imagenet" or is_folder(path):
        return _other_weights(_of_size(open_file(path, task, trusted=trusted), input_shape), weights)
    return _of_size(open_file(path, task, Path(weights)), input_shape)


def _path(name: str) -> Path | None:
    try:
        return Path(name).expanduser()
    except RuntimeError:
        # "~somebody" whom this machine does not know.
        return None


def _missing(name: str) -> str:
    """That there is no such model, and which there are of nearly this name."""
    if not name.strip():
        return "There is no model without a name: convscope models lists them."
    if Path(name).suffix or "/" in name or "\\" in name:
        # Of a path the end says most.
        return (
            f"There is no model file {name if len(name) <= _LONGEST_PATH else f'…{name[-_LONGEST_PATH:]}'}."
        )
    shown = name if len(name) <= _LONGEST_NAME else f"{name[:_LONGEST_NAME]}…"
    known = {key.lower(): key for key in (*APPLICATIONS, *TEMPLATES, *shipped.SHIPPED)}
    near = difflib.get_close_matches(name.lower(), known, 3)
    if near:
        return f"There is no model {shown}: is it {' or '.join(known[key] for key in near)}?"
    return f"There is no model {shown}: convscope models lists them."


def _open_template(
    template: Template,
    weights: str | Path | None,
    input_shape: Sequence[int | None] | None,
    fetch: bool,
    task: Task | None,
) -> OpenedModel:
    architecture = template.architecture
    if input_shape is not None:
        architecture = architecture.with_input(input_shape)
    if weights != "imagenet":
        # A pretrained base with random weights needs no download.
        for layer in architecture.layers:
            if layer.kind == "Base":
                architecture = architecture.set(layer.name, weights="random")
    elif not any(layer.kind == "Base" for layer in architecture.layers):
        raise UserError(f"{template.title} has no ImageNet weights: train it, or open it with random ones.")
    notes = ["Its weights are random: what it says about an image means nothing until it is trained."]
    model = OpenedModel(
        to_keras(architecture, task, fetch=fetch),
        name=template.title,
        classes=template.classes,
        source=ModelSource("template", template.name, weights="random"),
        notes=notes if weights is None else (),
    )
    return model if weights == "imagenet" else _other_weights(model, weights)


def _of_size(model: OpenedModel, wanted: Sequence[int | None] | None) -> OpenedModel:
    """The model, unless another size is wanted than the one that it was made for."""
    if wanted is not None and tuple(wanted) != model.input_shape:
        raise UserError(
            f"{model.name} takes {times(model.input_shape)} images: a size can be chosen for templates and "
            "keras.applications only."
        )
    return model


def _other_weights(model: OpenedModel, weights: str | Path | None) -> OpenedModel:
    if weights is None:
        return model
    if weights == "imagenet":
        if model.source.spec == "imagenet":
            return model
        raise UserError(f"{model.name} has no ImageNet weights of its own.")
    load_weights(model.keras, Path(weights), model.name)
    model.refresh()
    model.source = replace(model.source, weights=Path(weights).name)
    return model


def open_application(
    name: str,
    *,
    weights: str | Path | None = None,
    include_top: bool = True,
    input_shape: Sequence[int | None] | None = None,
    fetch: bool = False,
    task: Task | None = None,
) -> OpenedModel:
    """An application opened, with ImageNet's class names and its preprocessing; see `build_application`."""
    application = find_application(name)
    model = build_application(
        name,
        weights="imagenet" if weights == "imagenet" else None,
        include_top=include_top,
        input_shape=input_shape,
        fetch=fetch,
        task=task,
    )
    assert application is not None
    if weights is not None and weights != "imagenet":
        load_weights(model, Path(weights), application.name)
    words = "random" if weights is None else "ImageNet" if weights == "imagenet" else Path(weights).name
    notes = ["Its weights are random: what it says about an image means nothing."] if weights is None else []
    return OpenedModel(
        model,
        name=application.name if include_top else f"{application.name} base",
        classes=imagenet_classes() if include_top else (),
        # As its accuracy was measured: the middle of the image.
        preprocessing=replace(MODES[application.mode], resize="crop"),
        source=ModelSource("application", application.name, weights=words),
        notes=notes,
    )
