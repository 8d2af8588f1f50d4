from __future__ import annotations

import numpy as np

from convscope.core.task import Task
from convscope.engine.interpret.attribution.context import AttributionContext
from convscope.engine.interpret.attribution.method import Method, Paper, Relevance, Settings
from convscope.engine.interpret.attribution.methods.common import lines, silence, there_and_back
from convscope.engine.interpret.attribution.target import ScoreTarget


def compute(
    context: AttributionContext, target: ScoreTarget, layer: str | None, settings: Settings, task: Task
) -> Relevance:
    """Σ over channels of x · ∂score/∂x, in the network's own units."""
    task.check()
    image = context.prepared.batch
    slope = context.input_gradients(image, target)[0]
    values = np.asarray((image * slope)[0].sum(axis=-1), np.float32)
    return Relevance(values, silence(values))


METHOD = Method(
    name="gradient-x-input",
    title="Gradient × input",
    family="gradient",
    formula="Σ over colours x ⊙ ∂score/∂x",
    computes="The gradient times the network's input: what each pixel contributes if the network is "
    "taken as linear here. In a network of ReLUs without biases the values add up to the "
    "logit.",
    limitations="Pixels whose prepared value is 0 (black, or middle gray, by the preprocessing) can never "
    "show, and a network is not linear; it is as noisy as the gradient.",
    paper=Paper(
        "Shrikumar et al.",
        2016,
        "Not Just a Black Box: Learning Important Features Through Propagating Activation Differences",
        "https://arxiv.org/abs/1605.01713",
    ),
    compute=compute,
    script=lines(
        "heat = (x[0] * gradient(x, at_image)).sum(axis=-1)",
    ),
    passes=there_and_back,
    grainy=True,
    signed=True,
)
