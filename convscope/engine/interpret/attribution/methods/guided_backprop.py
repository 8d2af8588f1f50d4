from __future__ import annotations

from convscope.core.task import Task
from convscope.engine.interpret.attribution.context import AttributionContext
from convscope.engine.interpret.attribution.gradients import unguided_activations
from convscope.engine.interpret.attribution.method import Method, Paper, Relevance, ScriptInputs, Settings
from convscope.engine.interpret.attribution.methods.common import silence, there_and_back
from convscope.engine.interpret.attribution.target import ScoreTarget

WARNING = (
    "It hardly depends on the weights: with shuffled ones it looks the same (Adebayo et al., "
    "arXiv 1810.03292). It shows edges, not reasons."
)


def notes(context: AttributionContext) -> tuple[str, ...]:
    """What to say where a network has activations that are no ReLU."""
    others = unguided_activations(context.model)
    if not others:
        return ()
    return (f"It is defined for ReLU; {', '.join(others)} pass their ordinary gradient.",)


def compute(
    context: AttributionContext, target: ScoreTarget, layer: str | None, settings: Settings, task: Task
) -> Relevance:
    """max over channels of |gradient|, where ReLUs pass positive gradients at positive inputs only."""
    task.check()
    slope = context.input_gradients(context.prepared.batch, target, guided=True)[0][0]
    values = abs(slope).max(axis=-1)
    return Relevance(values, (*silence(values), *notes(context)))


def _script(inputs: ScriptInputs) -> list[str]:
    return [*inputs.guided(), "heat = np.abs(gradient(x, at_image)).max(axis=-1)"]


METHOD = Method(
    name="guided-backprop",
    title="Guided backprop",
    family="gradient",
    formula="max over colours | ∂score/∂x |, each ReLU passes max(gradient, 0) where its input is positive",
    computes="The gradient with all paths cut that would lower something on the way: sharp pictures of "
    "the structures that excite units.",
    limitations="It restores edges of the image almost whatever the network learned and whatever the class.",
    paper=Paper(
        "Springenberg et al.",
        2014,
        "Striving for Simplicity: The All Convolutional Net",
        "https://arxiv.org/abs/1412.6806",
    ),
    compute=compute,
    script=_script,
    passes=there_and_back,
    grainy=True,
    warning=WARNING,
)
