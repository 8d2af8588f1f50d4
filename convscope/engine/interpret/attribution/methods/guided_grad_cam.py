"""Guided Grad-CAM."""

from __future__ import annotations

from convscope.core.task import Task
from convscope.engine.interpret.attribution.look import Look
from convscope.engine.interpret.attribution.method import Heat, Method, Paper, Settings, Work
from convscope.engine.interpret.attribution.methods import grad_cam, guided_backprop
from convscope.engine.interpret.attribution.methods.common import silence
from convscope.engine.interpret.attribution.target import Target
from convscope.imaging.overlay import upsample


def compute(look: Look, target: Target, layer: str | None, settings: Settings, task: Task) -> Heat:
    """Guided backpropagation times the enlarged Grad-CAM, section 3.2 of the Grad-CAM paper."""
    coarse = grad_cam.METHOD.compute(look, target, layer, settings, task)
    fine = guided_backprop.METHOD.compute(look, target, layer, settings, task)
    values = fine.values * upsample(coarse.values, *look.size)
    return Heat(values, (*silence(values), *guided_backprop.notes(look)))


def _passes(settings: Settings, work: Work) -> int:
    return 4


METHOD = Method(
    name="guided-grad-cam",
    title="Guided Grad-CAM",
    family="layer",
    formula="guided backprop ⊙ up(Grad-CAM)",
    computes="The fine lines of guided backpropagation, shown only where Grad-CAM is warm.",
    misses="What is fine in it comes from guided backpropagation, which hardly depends on the weights; "
    "all that it says about the class is Grad-CAM's.",
    paper=Paper(
        "Selvaraju et al.",
        2016,
        "Grad-CAM: Visual Explanations from Deep Networks via Gradient-based Localization",
        "https://arxiv.org/abs/1610.02391",
    ),
    compute=compute,
    passes=_passes,
    grainy=True,
    needs_layer=True,
    warning=guided_backprop.WARNING,
)
