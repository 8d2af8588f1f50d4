from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from convscope.core.parameter import Parameter, between, plain
from convscope.core.task import Task
from convscope.engine.interpret.attribution.context import AttributionContext
from convscope.engine.interpret.attribution.masking import batch_size, chunks
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


def masks(
    count: int, size: tuple[int, int], grid: int, share: float, generator: np.random.Generator
) -> NDArray[np.float32]:
    """Random smooth masks, count×height×width, 0–1: section 3.2 of the paper.

    A small grid of zeros and ones, enlarged bilinearly to one cell more than the image, at a random shift.
    """
    cells = [-(-side // grid) for side in size]
    made = np.empty((count, *size), np.float32)
    for mask in made:
        small = (generator.random((grid, grid)) < share).astype(np.float32)
        large = cv2.resize(small, ((grid + 1) * cells[1], (grid + 1) * cells[0])).reshape(
            (grid + 1) * cells[0], (grid + 1) * cells[1]
        )
        top, left = (int(generator.integers(0, cell)) for cell in cells)
        mask[:] = large[top : top + size[0], left : left + size[1]]
    return made


def compute(
    context: AttributionContext, target: ScoreTarget, layer: str | None, settings: Settings, task: Task
) -> Relevance:
    """Σ f(x ⊙ m)·m / (N·E[m]), equation 6 of the paper."""
    image, share = context.prepared.batch, float(settings["kept"]) / 100
    count, grid = int(settings["masks"]), int(settings["grid"])
    use_probability = settings["score"] == "probability"
    generator = np.random.default_rng(int(settings["seed"]))
    total = np.zeros(context.size, np.float64)
    size = batch_size(context)

    def batches() -> Iterator[tuple[slice, NDArray[np.float32]]]:
        for part in chunks(count, size):
            yield part, masks(part.stop - part.start, context.size, grid, share, generator)

    task.progress(0.0, "RISE")
    for number, (part, made) in enumerate(batches()):
        scores, probabilities = context.scores(image * made[..., None], target)
        total += np.tensordot(probabilities if use_probability else scores, made, 1)
        if number % 4 == 3 and part.stop < count:
            task.partial(Relevance((total / (part.stop * share)).astype(np.float32)))
        task.progress(part.stop / count, "RISE")
    values = (total / (count * share)).astype(np.float32)
    return Relevance(values, silence(values))


def _passes(settings: Settings, factors: CostFactors) -> int:
    return int(settings["masks"])


def _script(inputs: ScriptInputs) -> list[str]:
    context, settings = inputs.context, inputs.settings
    grid, share = int(settings["grid"]), float(settings["kept"]) / 100
    cells = [-(-side // grid) for side in context.size]
    enlarged = (grid + 1) * cells[1], (grid + 1) * cells[0]
    return [
        f"generator = np.random.default_rng({settings['seed']})",
        f"count, (height, width), total = {settings['masks']}, x.shape[1:3], 0",
        "for start in range(0, count, 16):",
        "    masks = []",
        "    for number in range(start, min(start + 16, count)):",
        "        # A small grid of zeros and ones, enlarged and shifted.",
        f"        grid = Image.fromarray((generator.random(({grid}, {grid})) < {share}).astype(np.float32))",
        f"        large = np.asarray(grid.resize({enlarged}, Image.Resampling.BILINEAR))",
        f"        top, left = generator.integers(0, {cells[0]}), generator.integers(0, {cells[1]})",
        "        masks.append(large[top : top + height, left : left + width])",
        "    masks = np.stack(masks)",
        f"    seen = {_counted(str(settings['score']), context, inputs.target)}",
        "    total = total + np.tensordot(seen, masks, 1)",
        f"heat = total / (count * {share})",
    ]


def _counted(score: str, context: AttributionContext, target: ScoreTarget) -> str:
    """What RISE averages masks by."""
    batch, head = "x * masks[..., None]", context.model.head
    if score == "logit" or not context.model.has_classes:
        return f"scores({batch})"
    if head.kind in ("sigmoid", "logits") or target.minus is not None:
        return f"1 / (1 + np.exp(-scores({batch})))"
    softmax = f"keras.ops.softmax(logits({batch}))"
    return f"keras.ops.convert_to_numpy({softmax}) @ weights"


METHOD = Method(
    name="rise",
    title="RISE",
    family="masking",
    formula="Σ f(x ⊙ m)·m / (N·E[m])",
    computes="Shows the network thousands of randomly masked copies of the image and averages the "
    "masks by the score that was left: needs nothing but the network's answers.",
    limitations="It is slow and noisy: the map settles only with thousands of masks, changes with the seed, "
    "and has a floor that means nothing; only differences within the map count.",
    paper=Paper(
        "Petsiuk, Das and Saenko",
        2018,
        "RISE: Randomized Input Sampling for Explanation of Black-box Models",
        "https://arxiv.org/abs/1806.07421",
    ),
    compute=compute,
    script=_script,
    passes=_passes,
    offset_free=True,
    parameters=(
        between("masks", "Masks", 2000, 50, 8000, 50, about="the paper takes 4,000 to 8,000"),
        between("grid", "Grid", 7, 2, 16, 1, about="cells of a mask along a side"),
        between("kept", "Kept", 50.0, 10.0, 90.0, 5.0, unit="%", about="of the cells stay visible"),
        Parameter(
            "score",
            "Score",
            "choice",
            "logit",
            choices=plain("logit", "probability"),
            about="what masks are averaged by; the paper's networks put out probabilities",
        ),
        between("seed", "Seed", 0, 0, 9999, 1, about="which random masks"),
    ),
)
