from __future__ import annotations

import numpy as np

from convscope.core.parameter import between
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


def compute(
    context: AttributionContext, target: ScoreTarget, layer: str | None, settings: Settings, task: Task
) -> Relevance:
    """max over channels of |mean of ∂score/∂(x + noise)|."""
    image = context.prepared.batch
    count = int(settings["samples"])
    deviation = float(settings["noise"]) / 100 * float(image.max() - image.min())
    generator = np.random.default_rng(int(settings["seed"]))
    total = np.zeros(image.shape[1:], np.float64)
    task.progress(0.0, "SmoothGrad")
    values = np.zeros(context.size, np.float32)
    for part in chunks(count, min(batch_size(context), 8)):
        noise = generator.standard_normal((part.stop - part.start, *image.shape[1:]), np.float32)
        total += context.input_gradients(image + np.float32(deviation) * noise, target)[0].sum(axis=0)
        values = np.abs(total / part.stop).max(axis=-1).astype(np.float32)
        if part.stop < count:
            task.partial(Relevance(values))
        task.progress(part.stop / count, "SmoothGrad")
    return Relevance(values, silence(values), {"noise deviation": deviation})


def _passes(settings: Settings, factors: CostFactors) -> int:
    return 3 * int(settings["samples"])


def _script(inputs: ScriptInputs) -> list[str]:
    settings = inputs.settings
    return [
        f"generator = np.random.default_rng({settings['seed']})",
        f"deviation = np.float32({settings['noise']} / 100 * float(x.max() - x.min()))",
        f"count, total = {settings['samples']}, np.zeros(x.shape[1:])",
        "for start in range(0, count, 8):",
        "    shape = (min(8, count - start), *x.shape[1:])",
        "    noise = generator.standard_normal(shape, np.float32)",
        "    total += gradient(x + deviation * noise, at_image)",
        "heat = np.abs(total / count).max(axis=-1)",
    ]


METHOD = Method(
    name="smooth-grad",
    title="SmoothGrad",
    family="gradient",
    formula="max over colours | mean over n of ∂score / ∂(x + N(0, σ²)) |",
    computes="The gradient averaged over noisy copies of the image: what is left is where the slope is "
    "steep in a whole neighbourhood, and maps become much calmer than saliency.",
    limitations="It is still sensitivity and not importance; noise and number of copies are choices that "
    "change the map.",
    paper=Paper(
        "Smilkov et al.",
        2017,
        "SmoothGrad: removing noise by adding noise",
        "https://arxiv.org/abs/1706.03825",
    ),
    compute=compute,
    script=_script,
    passes=_passes,
    grainy=True,
    parameters=(
        between("samples", "Samples", 50, 2, 400, 1, about="noisy copies that are averaged"),
        between("noise", "Noise", 15.0, 0.0, 60.0, 1.0, unit="%", about="deviation, of the image's range"),
        between("seed", "Seed", 0, 0, 9999, 1, about="which random noise"),
    ),
)
