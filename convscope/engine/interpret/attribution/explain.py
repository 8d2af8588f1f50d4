"""The door to all methods: one map, several, or Grad-CAM at every stage."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from convscope.core.errors import UserError
from convscope.core.task import PartOfTask, Task
from convscope.engine.interpret.attribution.context import AttributionContext
from convscope.engine.interpret.attribution.layers import LayerChoice, checked_layer, stages
from convscope.engine.interpret.attribution.method import CostFactors, Relevance
from convscope.engine.interpret.attribution.methods import METHODS, find_method
from convscope.engine.interpret.attribution.methods.grad_cam import grad_cam
from convscope.engine.interpret.attribution.result import Attribution, MapRequest
from convscope.engine.interpret.attribution.target import ScoreTarget
from convscope.engine.models.opened import OpenedModel
from convscope.imaging.image import Image


@dataclass(frozen=True)
class Failure:
    """One of several maps that could not be made, with the sentence that says why."""

    request: MapRequest
    message: str


def explain(context: AttributionContext, request: MapRequest, task: Task | None = None) -> Attribution:
    """One map. Hands growing `Attribution`s to the task, their `done` under 1.

    Raises:
        UserError: no such method, layer, class or setting, or the network does not allow this one.
    """
    task = task or Task()
    began = time.perf_counter()
    method = find_method(request.method)
    settings = method.settings(request.settings)
    target = request.target or context.top()
    target.check(context.model)
    layer = checked_layer(context.model, request.layer) if method.needs_layer else None

    def made(relevance: Relevance, score: float, done: float) -> Attribution:
        if not np.isfinite(relevance.values).all():
            raise UserError(
                f"{method.title} has values that are no numbers: the network overflows on this image."
            )
        warnings = (method.warning,) if method.warning else ()
        return Attribution(
            request,
            method.name,
            method.title,
            target,
            target.words(context.model) if method.needs_class else f"any {context.model.answer.noun}",
            None if layer is None else layer.path,
            settings,
            relevance.values,
            method.signed,
            score,
            context.prepared.pixels,
            context.prepared.box,
            method.offset_free,
            method.grainy,
            (*warnings, *relevance.notes, *context.notes),
            relevance.facts,
            time.perf_counter() - began,
            done,
        )

    # What a method hands over half done becomes an attribution for the caller.
    inner = PartOfTask(
        task, on_partial=lambda relevance: task.partial(made(relevance, float("nan"), inner.fraction))
    )
    relevance = method.compute(context, target, None if layer is None else layer.path, settings, inner)
    return made(relevance, _score(context, layer, target), 1.0)


def explain_all(
    context: AttributionContext, requests: Sequence[MapRequest], task: Task | None = None
) -> tuple[Attribution | Failure, ...]:
    """Several maps, the quick ones first; each is handed to the task when it is ready, and as it grows.

    Returns:
        In the order of the requests; a `Failure` where one could not be made.
    """
    task = task or Task()
    order = sorted(range(len(requests)), key=lambda n: cost(context, requests[n]))
    total = sum(max(cost(context, request), 1) for request in requests)
    made: dict[int, Attribution | Failure] = {}
    before = 0
    for number in order:
        request = requests[number]
        share = max(cost(context, request), 1)
        part = PartOfTask(task, before / total, share / total, on_partial=task.partial)
        try:
            made[number] = explain(context, request, part)
        except UserError as error:
            made[number] = Failure(request, error.message)
        before += share
        task.partial(made[number])
        task.progress(before / total, request.method)
    return tuple(made[number] for number in range(len(requests)))


def cost(context: AttributionContext, request: MapRequest) -> int:
    """The request's cost in forward passes; 0 where it is impossible."""
    try:
        method = find_method(request.method)
        layer = checked_layer(context.model, request.layer) if method.needs_layer else None
        factors = CostFactors(*context.size, 0 if layer is None else layer.channels)
        return method.passes(method.settings(request.settings), factors)
    except UserError:
        return 0


def stage_maps(
    context: AttributionContext, target: ScoreTarget | None = None, task: Task | None = None
) -> tuple[Attribution, ...]:
    """Grad-CAM at the last feature map of every resolution, from shallow to deep, in one pass there and back.

    Maps with values that are no numbers are left out.

    Raises:
        UserError: the network has no layer whose maps lie over the image, or no such class.
    """
    began = time.perf_counter()
    (task or Task()).check()
    layers = stages(context.model)
    target = target or context.top()
    target.check(context.model)
    if not layers:
        checked_layer(context.model, None)
    method = METHODS["grad-cam"]
    score = context.score(target)
    return tuple(
        Attribution(
            MapRequest(method.name, target, layer.path),
            method.name,
            method.title,
            target,
            target.words(context.model),
            layer.path,
            {},
            relevance,
            method.signed,
            score,
            context.prepared.pixels,
            context.prepared.box,
            notes=context.notes,
            seconds=time.perf_counter() - began,
        )
        for layer, (maps, gradients) in zip(layers, context.stage_gradients(layers, target), strict=True)
        if np.isfinite(relevance := grad_cam(maps, gradients)).all()
    )


def warm(model: OpenedModel, task: Task | None = None) -> None:
    """Trace what the first clicks need, in the background: Grad-CAM, and the maps of all stages.

    Does nothing for a model that cannot be explained.
    """
    task = task or Task()
    try:
        height, width, channels = model.input_shape
        shape = (height or 224, width or 224) if channels == 1 else (height or 224, width or 224, 3)
        context = AttributionContext(model, Image(np.zeros(shape, np.uint8), "blank"))
        context.score(ScoreTarget(0))
        task.check()
        explain(context, MapRequest("grad-cam", ScoreTarget(0)))
        task.check()
        stage_maps(context, ScoreTarget(0))
    except UserError:
        return


def _score(context: AttributionContext, layer: LayerChoice | None, target: ScoreTarget) -> float:
    """The target's score, without another forward pass where the layer's kept maps lead to it."""
    if layer is None or context.predicted:
        return context.score(target)
    return context.layer_gradient(layer, target)[2]
