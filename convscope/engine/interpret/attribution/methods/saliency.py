"""Saliency: the plain gradient."""

from __future__ import annotations

from convscope.core.task import Task
from convscope.engine.interpret.attribution.look import Look
from convscope.engine.interpret.attribution.method import Heat, Method, Paper, Settings
from convscope.engine.interpret.attribution.methods.common import silence, there_and_back
from convscope.engine.interpret.attribution.target import Target


def compute(look: Look, target: Target, layer: str | None, settings: Settings, task: Task) -> Heat:
    """max over channels of |∂score/∂x|, section 3 of the paper."""
    task.check()
    slope = look.input_gradients(look.prepared.batch, target)[0][0]
    values = abs(slope).max(axis=-1)
    return Heat(values, silence(values))


METHOD = Method(
    name="saliency",
    title="Saliency",
    family="gradient",
    formula="max over colours | ∂score / ∂x |",
    computes="The size of the gradient at each pixel: where a tiny change of the pixel would change "
    "the score most.",
    misses="Sensitivity is not importance: a pixel that settles the matter may have no slope left. The "
    "maps are noisy, because gradients jump from one image to the next.",
    paper=Paper(
        "Simonyan, Vedaldi and Zisserman",
        2013,
        "Deep Inside Convolutional Networks: Visualising Image Classification Models and Saliency Maps",
        "https://arxiv.org/abs/1312.6034",
    ),
    compute=compute,
    passes=there_and_back,
    grainy=True,
)
