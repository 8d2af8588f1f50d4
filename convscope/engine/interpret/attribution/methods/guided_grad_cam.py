from __future__ import annotations

from convscope.core.task import Task
from convscope.engine.interpret.attribution.context import AttributionContext
from convscope.engine.interpret.attribution.method import (
    CostFactors,
    Method,
    Paper,
    Relevance,
    ScriptInputs,
    Settings,
)
from convscope.engine.interpret.attribution.methods import grad_cam, guided_backprop
from convscope.engine.interpret.attribution.methods.common import silence
from convscope.engine.interpret.attribution.target import ScoreTarget
from convscope.imaging.overlay import upsample


def compute(
    context: AttributionContext, target: ScoreTarget, layer: str | None, settings: Settings, task: Task
) -> Relevance:
    """Guided backpropagation times the enlarged Grad-CAM, section 3.2 of the Grad-CAM paper."""
    coarse = grad_cam.METHOD.compute(context, target, layer, settings, task)
    fine = guided_backprop.METHOD.compute(context, target, layer, settings, task)
    values = fine.values * upsample(coarse.values, *context.size)
    return Relevance(values, (*silence(values), *guided_backprop.notes(context)))


def _passes(settings: Settings, factors: CostFactors) -> int:
    return 4


def _script(inputs: ScriptInputs) -> list[str]:
    return [
        *grad_cam.METHOD.script(inputs),
        *inputs.guided(),
        f"large = keras.ops.image.resize(heat[..., None], {inputs.context.size})",
        "fine = np.abs(gradient(x, at_image)).max(axis=-1)",
        "heat = fine * keras.ops.convert_to_numpy(large)[..., 0]",
    ]


METHOD = Method(
    name="guided-grad-cam",
    title="Guided Grad-CAM",
    family="layer",
    formula="guided backprop ⊙ up(Grad-CAM)",
    computes="The fine lines of guided backpropagation, shown only where Grad-CAM is warm.",
    limitations="What is fine in it comes from guided backpropagation, which hardly depends on the weights; "
    "all that it says about the class is Grad-CAM's.",
    paper=Paper(
        "Selvaraju et al.",
        2016,
        "Grad-CAM: Visual Explanations from Deep Networks via Gradient-based Localization",
        "https://arxiv.org/abs/1610.02391",
    ),
    compute=compute,
    script=_script,
    passes=_passes,
    grainy=True,
    needs_layer=True,
    warning=guided_backprop.WARNING,
)
