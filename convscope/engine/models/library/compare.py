"""Networks side by side: what each costs, sees and reached, and what it brought; measured here if wanted."""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass
from functools import cache

from convscope.core.opening import check_budget
from convscope.core.task import Task
from convscope.engine.models.applications.build import build_application
from convscope.engine.models.applications.table import APPLICATIONS
from convscope.engine.models.builder.build import to_keras
from convscope.engine.models.builder.templates import TEMPLATES
from convscope.engine.models.layer_specs.base import Shape
from convscope.engine.models.library.catalogue import CatalogueEntry, open_model
from convscope.engine.models.library.families import FAMILIES, Family
from convscope.engine.models.library.published import Figure, of_application
from convscope.engine.models.library.shipped import facts
from convscope.engine.models.opened import OpenedModel
from convscope.engine.models.program.flatten import flatten
from convscope.engine.models.summary import ModelSummary, depth_of
from convscope.engine.models.summary.read import read

# What networks brought that are no family of the lectures; the first prefix that fits counts.
_IDEAS = (
    ("InceptionResNet", "Inception modules with skips around them."),
    ("MobileNetV3", "Found by search for phones: squeeze-and-excitation, hard swish."),
    ("MobileNetV2", "Inverted residuals: narrow between blocks, wide inside, skips between the narrow."),
    ("MobileNet", "Depthwise separable convolutions throughout: a network for phones."),
    ("DenseNet", "Each layer is fed by the maps of all layers before it in its block."),
    ("NASNet", "Its cells were found by search, on small images, and then stacked."),
    ("EfficientNetV2", "Fused first blocks, found by search for speed of training."),
    ("ConvNeXt", "A ResNet brought up to date: 7×7 depthwise kernels, layer normalisation, GELU."),
)


@dataclass(frozen=True)
class NetworkFacts:
    """One network of the comparison; None where it is unknown.

    Attributes:
        name: what a person calls it.
        year: of its paper.
        input: height, width, channels.
        parameters: all its weights.
        multiply_adds: for one image.
        depth: layers with weights (convolutions and dense) on the longest way from input to output.
        activation_bytes: memory of all outputs for one image.
        field: the receptive field of the last maps, height and width in pixels.
        top1: accuracy on ImageNet in percent, as keras.io publishes it: one network, one crop.
        alone: the published error of one network, with how it was measured.
        contest: that of several networks together, which its authors are known for.
        idea: what it brought, one sentence.
        rounded: the parameters are those of the paper, rounded as there.
    """

    name: str
    year: int | None = None
    input: Shape = ()
    parameters: float | None = None
    multiply_adds: int | None = None
    depth: int | None = None
    activation_bytes: int | None = None
    field: tuple[int, int] | None = None
    top1: float | None = None
    alone: Figure | None = None
    contest: Figure | None = None
    idea: str = ""
    rounded: bool = False


def facts_of_family(family: Family) -> NetworkFacts:
    """What a network's paper says, of those that the lectures set side by side."""
    return NetworkFacts(
        family.name,
        family.year,
        parameters=family.parameters,
        depth=family.depth,
        alone=family.alone,
        contest=family.contest,
        idea=family.idea,
        rounded=True,
    )


@cache
def facts_of_entry(entry: CatalogueEntry) -> NetworkFacts:
    """What can be said about a model of the catalogue without its weights; up to a second for a deep one."""
    if entry.kind == "shipped":
        summary = facts(entry.name).architecture.summary()
    elif entry.kind == "template":
        summary = _template_summary(entry.name)
    else:
        summary = _application_summary(entry.name)
    return _facts(
        entry.title,
        summary,
        year=entry.year,
        input=entry.input,
        top1=entry.top1,
        alone=of_application(entry.name) if entry.kind == "application" else None,
        idea=entry.about if entry.kind != "application" else idea_of(entry.name),
    )


def facts_of_model(model: OpenedModel) -> NetworkFacts:
    """What can be said about an open model."""
    application = APPLICATIONS.get(model.source.spec)
    shapes = [row.shape for row in model.summary.layers if row.kind == "InputLayer"]
    return _facts(
        f"{model.name} (open)",
        model.summary,
        year=None if application is None else application.year,
        input=(shapes[0] if shapes else None) or (),
        idea="" if application is None else idea_of(application.name),
    )


def idea_of(application: str) -> str:
    """What a network of keras.applications brought, one sentence; "" where nobody says."""
    for prefix, idea in _IDEAS:
        if application.startswith(prefix):
            return idea
    if application.startswith("ResNet") and application.endswith("V2"):
        return "Normalisation and activation before the convolutions: the skip passes unchanged."
    series = application.rstrip("0123456789")
    for family in FAMILIES:
        if family.application == application:
            return family.idea
    for family in FAMILIES:
        if family.application.startswith(series.removesuffix("B")):
            return family.idea
    return ""


def seconds_per_image(
    source: CatalogueEntry | OpenedModel, task: Task | None = None, seconds: float = 1.0
) -> float:
    """The median time of one forward pass of one image on this machine, after a warm-up.

    Args:
        source: an open model, or one of the catalogue, which is opened with random weights and closed again.
        task: checked between the passes.
        seconds: how long to go on measuring; at least three passes.

    Raises:
        UserError: it cannot be opened, or does not fit into memory.
    """
    import numpy as np

    task = task or Task()
    model = source
    if isinstance(model, CatalogueEntry):
        check_budget(4 * model.parameters, f"The weights of {model.title} would be")
        model = open_model(model.name, task=task)
    task.check()
    height, width, channels = model.input_shape
    batch = np.zeros((1, height or 224, width or 224, channels), np.float32)
    inputs = model.inputs_for(batch)
    run = model.function(model.program.outputs)
    run(*inputs)
    taken: list[float] = []
    start = time.perf_counter()
    while len(taken) < 3 or time.perf_counter() - start < seconds:
        task.check()
        before = time.perf_counter()
        run(*inputs)[0].numpy()
        taken.append(time.perf_counter() - before)
    return statistics.median(taken)


def _facts(
    name: str,
    summary: ModelSummary,
    *,
    year: int | None,
    input: Shape,
    idea: str,
    top1: float | None = None,
    alone: Figure | None = None,
) -> NetworkFacts:
    fields = [row.field for row in summary.layers if row.field is not None and not row.field.whole]
    totals = summary.totals
    return NetworkFacts(
        name,
        year,
        input,
        totals.parameters,
        totals.multiply_adds,
        depth_of(summary),
        totals.activation_bytes,
        fields[-1].size if fields else None,
        top1,
        alone,
        idea=idea,
    )


def _template_summary(name: str) -> ModelSummary:
    architecture = TEMPLATES[name].architecture
    bases = [layer.name for layer in architecture.layers if layer.kind == "Base"]
    if not bases:
        return architecture.summary()
    import keras

    for base in bases:
        architecture = architecture.set(base, weights="random")
    with keras.StatelessScope(initialize_variables=False):
        return read(flatten(to_keras(architecture)))


def _application_summary(name: str) -> ModelSummary:
    import keras

    # Layers without values: the largest would take gigabytes and half a minute.
    with keras.StatelessScope(initialize_variables=False):
        return read(flatten(build_application(name)))
