from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from convscope.core.parameter import between
from convscope.core.task import Task
from convscope.engine.interpret.attribution.context import AttributionContext
from convscope.engine.interpret.attribution.fills import fill_lines, fill_parameter, filled
from convscope.engine.interpret.attribution.masking import batch_size, chunks, scored
from convscope.engine.interpret.attribution.method import (
    CostFactors,
    Method,
    Paper,
    Relevance,
    ScriptInputs,
    Settings,
)
from convscope.engine.interpret.attribution.methods.common import silence
from convscope.engine.interpret.attribution.target import ScoreTarget


def windows(length: int, percent: float, stride_percent: float) -> tuple[int, list[int]]:
    """The window's length and its places along one side; the last one ends at the border."""
    size = min(length, max(1, round(length * percent / 100)))
    stride = max(1, round(size * stride_percent / 100))
    starts = list(range(0, length - size + 1, stride))
    if starts[-1] != length - size:
        starts.append(length - size)
    return size, starts


def compute(
    context: AttributionContext, target: ScoreTarget, layer: str | None, settings: Settings, task: Task
) -> Relevance:
    """At each pixel the mean fall of the score over all windows that cover it."""
    image = context.prepared.batch
    cover = filled(context.prepared, context.model.preprocessing, str(settings["fill"]))
    (height, rows), (width, columns) = (
        windows(side, float(settings["window"]), float(settings["stride"])) for side in context.size
    )
    places = [(top, left) for top in rows for left in columns]

    def batches() -> Iterator[NDArray[np.float32]]:
        for part in chunks(len(places), batch_size(context)):
            batch = np.repeat(image, part.stop - part.start, axis=0)
            for one, (top, left) in zip(batch, places[part], strict=True):
                inside = (slice(top, top + height), slice(left, left + width))
                one[inside] = cover[0][inside]
            yield batch

    whole = context.score(target)
    falls, covered = np.zeros(context.size, np.float64), np.zeros(context.size, np.float64)
    for part, scores, _ in scored(context, target, batches(), len(places), task, "Occlusion"):
        for (top, left), score in zip(places[part], scores, strict=True):
            inside = (slice(top, top + height), slice(left, left + width))
            falls[inside] += whole - score
            covered[inside] += 1
        if part.stop < len(places):
            task.partial(Relevance((falls / np.maximum(covered, 1)).astype(np.float32)))
    values = (falls / covered).astype(np.float32)
    return Relevance(values, silence(values), {"windows": float(len(places))})


def _passes(settings: Settings, factors: CostFactors) -> int:
    counts = [
        len(windows(side, float(settings["window"]), float(settings["stride"]))[1])
        for side in (factors.height, factors.width)
    ]
    return counts[0] * counts[1] + 1


def _script(inputs: ScriptInputs) -> list[str]:
    context, settings = inputs.context, inputs.settings
    (height, rows), (width, columns) = (
        windows(side, float(settings["window"]), float(settings["stride"])) for side in context.size
    )
    return [
        *fill_lines(str(settings["fill"]), context),
        "whole, falls, covered = scores(x)[0], np.zeros(x.shape[1:3]), np.zeros(x.shape[1:3])",
        f"for top in {rows}:",
        f"    for left in {columns}:",
        f"        window = slice(top, top + {height}), slice(left, left + {width})",
        "        hidden = x.copy()",
        "        hidden[0][window] = empty[0][window]",
        "        falls[window] += whole - scores(hidden)[0]",
        "        covered[window] += 1",
        "heat = falls / covered",
    ]


METHOD = Method(
    name="occlusion",
    title="Occlusion",
    family="masking",
    formula="mean over windows at a pixel of f(x) − f(x with the window filled)",
    computes="Slides a window over the image, hides what is under it, and notes how far the score "
    "falls: needs no gradient, no layer and no belief, only forward passes.",
    limitations="Things that are there twice are not missed when one is hidden; window and fill are "
    "choices, and the window's edges are something new in the image. It takes one forward pass "
    "for each place.",
    paper=Paper(
        "Zeiler and Fergus",
        2013,
        "Visualizing and Understanding Convolutional Networks",
        "https://arxiv.org/abs/1311.2901",
    ),
    compute=compute,
    script=_script,
    passes=_passes,
    signed=True,
    parameters=(
        between("window", "Window", 15.0, 2.0, 60.0, 1.0, unit="%", about="of the image's side"),
        between("stride", "Stride", 50.0, 5.0, 100.0, 5.0, unit="%", about="of the window"),
        fill_parameter("fill", "Fill", "gray", "what hides"),
    ),
)
