"""The door to all methods: one map, a wall of maps, or Grad-CAM at every stage."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from convscope.core.errors import UserError
from convscope.core.task import Task
from convscope.engine.interpret.attribution.layers import LayerChoice, checked_layer, stages
from convscope.engine.interpret.attribution.look import Look
from convscope.engine.interpret.attribution.method import Heat, Work
from convscope.engine.interpret.attribution.methods import METHODS, find_method
from convscope.engine.interpret.attribution.methods.grad_cam import grad_cam
from convscope.engine.interpret.attribution.result import Attribution, Request
from convscope.engine.interpret.attribution.target import Target
from convscope.engine.models.opened import OpenedModel
from convscope.imaging.image import Image


@dataclass(frozen=True)
class Failure:
    """A map of a wall that could not be made, with the sentence that says why."""

    request: Request
    message: str


def explain(look: Look, request: Request, task: Task | None = None) -> Attribution:
    """One map. Hands growing `Attribution`s to the task, their `done` under 1.

    Raises:
        UserError: no such method, layer, class or setting, or the network does not allow this one.
    """
    task = task or Task()
    began = time.perf_counter()
    method = find_method(request.method)
    settings = method.settings(request.settings)
    target = request.target or look.top()
    target.check(look.model)
    layer = checked_layer(look.model, request.layer) if method.needs_layer else None

    def made(heat: Heat, score: float, done: float) -> Attribution:
        if not np.isfinite(heat.values).all():
            raise UserError(
                f"{method.title} has values that are no numbers: the network overflows on this image."
            )
        warnings = (method.warning,) if method.warning else ()
        return Attribution(
            request,
            method.name,
            method.title,
            target,
            target.words(look.model) if method.needs_class else f"any {look.model.answer.noun}",
            None if layer is None else layer.path,
            settings,
            heat.values,
            method.signed,
            score,
            look.prepared.pixels,
            look.prepared.box,
            method.floating,
            method.grainy,
            (*warnings, *heat.notes, *look.notes),
            heat.facts,
            time.perf_counter() - began,
            done,
        )

    inner = _Inner(task, lambda heat, done: task.partial(made(heat, float("nan"), done)))
    heat = method.compute(look, target, None if layer is None else layer.path, settings, inner)
    return made(heat, _score(look, layer, target), 1.0)


def wall(
    look: Look, requests: Sequence[Request], task: Task | None = None
) -> tuple[Attribution | Failure, ...]:
    """Several maps, the quick ones first; each is handed to the task when it is ready, and as it grows.

    Returns:
        In the order of the requests; a `Failure` where one could not be made.
    """
    task = task or Task()
    order = sorted(range(len(requests)), key=lambda n: cost(look, requests[n]))
    total = sum(max(cost(look, request), 1) for request in requests)
    made: dict[int, Attribution | Failure] = {}
    before = 0
    for number in order:
        request = requests[number]
        share = max(cost(look, request), 1)
        part = _Part(task, before / total, share / total)
        try:
            made[number] = explain(look, request, part)
        except UserError as error:
            made[number] = Failure(request, error.message)
        before += share
        task.partial(made[number])
        task.progress(before / total, request.method)
    return tuple(made[number] for number in range(len(requests)))


def cost(look: Look, request: Request) -> int:
    """The request's cost in forward passes; 0 where it is impossible."""
    try:
        method = find_method(request.method)
        layer = checked_layer(look.model, request.layer) if method.needs_layer else None
        work = Work(*look.size, 0 if layer is None else layer.channels)
        return method.passes(method.settings(request.settings), work)
    except UserError:
        return 0


def strip(look: Look, target: Target | None = None, task: Task | None = None) -> tuple[Attribution, ...]:
    """Grad-CAM at the last feature map of every resolution, from shallow to deep, in one pass there and back.

    Maps with values that are no numbers are left out.

    Raises:
        UserError: the network has no layer whose maps lie over the image, or no such class.
    """
    began = time.perf_counter()
    (task or Task()).check()
    layers = stages(look.model)
    target = target or look.top()
    target.check(look.model)
    if not layers:
        checked_layer(look.model, None)
    method = METHODS["grad-cam"]
    score = look.score(target)
    return tuple(
        Attribution(
            Request(method.name, target, layer.path),
            method.name,
            method.title,
            target,
            target.words(look.model),
            layer.path,
            {},
            heat,
            method.signed,
            score,
            look.prepared.pixels,
            look.prepared.box,
            notes=look.notes,
            seconds=time.perf_counter() - began,
        )
        for layer, (maps, slopes) in zip(layers, look.stage_gradients(layers, target), strict=True)
        if np.isfinite(heat := grad_cam(maps, slopes)).all()
    )


def warm(model: OpenedModel, task: Task | None = None) -> None:
    """Trace what the first clicks need, in the background: Grad-CAM, and the strip.

    Does nothing for a model that cannot be explained.
    """
    task = task or Task()
    try:
        height, width, channels = model.input_shape
        shape = (height or 224, width or 224) if channels == 1 else (height or 224, width or 224, 3)
        look = Look(model, Image(np.zeros(shape, np.uint8), "blank"))
        look.score(Target(0))
        task.check()
        explain(look, Request("grad-cam", Target(0)))
        task.check()
        strip(look, Target(0))
    except UserError:
        return


def _score(look: Look, layer: LayerChoice | None, target: Target) -> float:
    """The target's score, without another forward pass where the layer's kept maps lead to it."""
    if layer is None or look.predicted:
        return look.score(target)
    return look.layer_gradient(layer, target)[2]


class _Inner(Task):
    """The task that a method sees: its partial heats become attributions for the caller's task."""

    def __init__(self, outer: Task, hand_over: Any) -> None:
        super().__init__()
        self._outer, self._hand_over = outer, hand_over
        self._fraction = 0.0

    def progress(self, fraction: float | None, text: str = "") -> None:
        self._fraction = fraction or 0.0
        self._outer.progress(fraction, text)

    def partial(self, value: Any) -> None:
        self._hand_over(value, self._fraction)

    def check(self) -> None:
        self._outer.check()


class _Part(Task):
    """A share of a longer task's progress."""

    def __init__(self, outer: Task, start: float, share: float) -> None:
        super().__init__()
        self._outer, self._start, self._share = outer, start, share

    def progress(self, fraction: float | None, text: str = "") -> None:
        self._outer.progress(self._start + (fraction or 0.0) * self._share, text)

    def partial(self, value: Any) -> None:
        self._outer.partial(value)

    def check(self) -> None:
        self._outer.check()
