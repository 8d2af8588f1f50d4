from __future__ import annotations

from convscope.core.task import Task
from convscope.engine.interpret.attribution.context import AttributionContext
from convscope.engine.interpret.attribution.method import Method, Paper, Relevance, Settings
from convscope.engine.interpret.attribution.methods.common import lines, silence, there_and_back
from convscope.engine.interpret.attribution.target import ScoreTarget


def compute(
    context: AttributionContext, target: ScoreTarget, layer: str | None, settings: Settings, task: Task
) -> Relevance:
    """max over channels of |∂score/∂x|, section 3 of the paper."""
    task.check()
    slope = context.input_gradients(context.prepared.batch, target)[0][0]
    values = abs(slope).max(axis=-1)
    return Relevance(values, silence(values))


METHOD = Method(
    name="saliency",
    title="Saliency",
    family="gradient",
    formula="max over colours | ∂score / ∂x |",
    computes="The size of the gradient at each pixel: where a tiny change of the pixel would change "
    "the score most.",
    limitations="Sensitivity is not importance: a pixel that settles the matter may have no slope left. The "
    "maps are noisy, because gradients jump from one image to the next.",
    paper=Paper(
        "Simonyan, Vedaldi and Zisserman",
        2013,
        "Deep Inside Convolutional Networks: Visualising Image Classification Models and Saliency Maps",
        "https://arxiv.org/abs/1312.6034",
    ),
    compute=compute,
    script=lines(
        "heat = np.abs(gradient(x, at_image)).max(axis=-1)",
    ),
    passes=there_and_back,
    grainy=True,
)
