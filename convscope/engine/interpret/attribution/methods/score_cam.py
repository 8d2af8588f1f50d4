from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from convscope.core.parameter import between
from convscope.core.task import Task
from convscope.engine.interpret.attribution.context import AttributionContext
from convscope.engine.interpret.attribution.layers import checked_layer
from convscope.engine.interpret.attribution.masking import batch_size, chunks
from convscope.engine.interpret.attribution.method import (
    CostFactors,
    Method,
    Paper,
    Relevance,
    ScriptInputs,
    Settings,
)
from convscope.engine.interpret.attribution.methods.common import SCRIPT_RELU, relu, silence
from convscope.engine.interpret.attribution.target import ScoreTarget


def score_cam_sum(maps: NDArray[np.float32], rises: NDArray[np.float32]) -> NDArray[np.float32]:
    """ReLU(Σₖ softmax(rises)ₖ·Aₖ), equations 4 and 5 of the paper.

    Args:
        maps: h×w×channels.
        rises: how much each channel's mask raised the score over the baseline's.
    """
    shares = np.exp(rises - rises.max())
    return relu(maps @ np.asarray(shares / shares.sum(), np.float32))


def compute(
    context: AttributionContext, target: ScoreTarget, layer: str | None, settings: Settings, task: Task
) -> Relevance:
    """Score the image seen through every map, then sum the maps."""
    maps = context.maps(checked_layer(context.model, layer))
    low, high = maps.min(axis=(0, 1)), maps.max(axis=(0, 1))
    # A map that is the same everywhere masks nothing.
    usable = np.flatnonzero(high > low)
    limit = int(settings["channels"])
    if 0 < limit < len(usable):
        # As in Faster Score-CAM: those that vary most.
        strongest = np.argsort(-maps[..., usable].std(axis=(0, 1)), kind="stable")[:limit]
        usable = np.sort(usable[strongest])
    if not len(usable):
        values = np.zeros(maps.shape[:2], np.float32)
        return Relevance(values, silence(values))
    height, width = context.size
    image = context.prepared.batch
    task.progress(0.0, "Score-CAM")
    baseline = float(context.scores(np.zeros_like(image), target)[0][0])
    rises = np.zeros(len(usable), np.float32)
    for number, part in enumerate(chunks(len(usable), batch_size(context))):
        chosen = usable[part]
        masks = (maps[..., chosen] - low[chosen]) / (high[chosen] - low[chosen])
        large = np.stack(
            [
                cv2.resize(np.ascontiguousarray(masks[..., n]), (width, height)).reshape(height, width)
                for n in range(len(chosen))
            ]
        )
        rises[part] = context.scores(image * large[..., None], target)[0] - baseline
        done = part.stop / len(usable)
        if number % 4 == 3 and done < 1:
            seen = usable[: part.stop]
            task.partial(Relevance(score_cam_sum(maps[..., seen], rises[: part.stop])))
        task.progress(done, "Score-CAM")
    values = score_cam_sum(maps[..., usable], rises)
    return Relevance(values, silence(values), {"channels used": float(len(usable))})


def _passes(settings: Settings, factors: CostFactors) -> int:
    limit = int(settings["channels"])
    return (min(limit, factors.channels) if limit else factors.channels) + 2


def _script(inputs: ScriptInputs) -> list[str]:
    context, limit = inputs.context, int(inputs.settings["channels"])
    strongest = (
        "strongest = np.argsort(-maps[..., channels].std(axis=(0, 1)), kind='stable')",
        f"channels = np.sort(channels[strongest[:{limit}]])",
    )
    return [
        "low, high = maps.min(axis=(0, 1)), maps.max(axis=(0, 1))",
        "channels = np.flatnonzero(high > low)",
        *(strongest if limit else ()),
        "masks = (maps[..., channels] - low[channels]) / (high[channels] - low[channels])",
        "empty, rises = scores(np.zeros_like(x)), []",
        "for start in range(0, len(channels), 16):",
        f"    large = keras.ops.image.resize(masks[..., start : start + 16], {context.size})",
        "    large = np.moveaxis(keras.ops.convert_to_numpy(large), -1, 0)[..., None]",
        "    rises.extend(scores(x * large) - empty)",
        "shares = np.exp(np.array(rises) - max(rises, default=0))",
        "heat = maps[..., channels] @ (shares / shares.sum())",
        SCRIPT_RELU,
    ]


METHOD = Method(
    name="score-cam",
    title="Score-CAM",
    family="layer",
    formula="ReLU( Σₖ softmax(f(x ⊙ norm(up(Aₖ))) − f(0))ₖ · Aₖ )",
    computes="Uses no gradient: lays every feature map over the image as a mask, looks how much the "
    "score rises over that of an empty input, and weighs the maps by that.",
    limitations="One forward pass for every channel makes it slow; the softmax over large logits often "
    "leaves only one or two channels to speak; masked images are unlike any that the network "
    "learned from.",
    paper=Paper(
        "Wang et al.",
        2019,
        "Score-CAM: Score-Weighted Visual Explanations for Convolutional Neural Networks",
        "https://arxiv.org/abs/1910.01279",
    ),
    compute=compute,
    script=_script,
    passes=_passes,
    needs_layer=True,
    parameters=(
        between(
            "channels",
            "Channels",
            0,
            0,
            2048,
            16,
            about="only the maps that vary most; 0 takes all, as the paper does",
        ),
    ),
)
