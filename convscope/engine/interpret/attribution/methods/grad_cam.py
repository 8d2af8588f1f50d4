from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from convscope.engine.interpret.attribution.method import Method, Paper
from convscope.engine.interpret.attribution.methods.common import SCRIPT_RELU, lines, of_layer, one_pass, relu


def grad_cam(maps: NDArray[np.float32], gradients: NDArray[np.float32]) -> NDArray[np.float32]:
    """ReLU(Σₖ meanᵢⱼ(gₖ)·Aₖ), equations 1 and 2 of the paper.

    Args:
        maps: A, …×h×w×channels.
        gradients: g = ∂score/∂A, of the same shape.

    Returns:
        …×h×w, float32.
    """
    weights = gradients.mean(axis=(-3, -2), dtype=np.float32)
    return relu(np.einsum("...hwk,...k->...hw", maps, weights))


METHOD = Method(
    name="grad-cam",
    title="Grad-CAM",
    family="layer",
    formula="ReLU( Σₖ mean(gₖ) · Aₖ )",
    computes="Weighs each feature map by how much the score would rise with it on average, adds them "
    "up and keeps what is positive: where are the things that speak for the class.",
    limitations="It is as coarse as the layer, averages away where a map matters, so that it can light up "
    "places that the network did not use, and shows nothing of what speaks against.",
    paper=Paper(
        "Selvaraju et al.",
        2016,
        "Grad-CAM: Visual Explanations from Deep Networks via Gradient-based Localization",
        "https://arxiv.org/abs/1610.02391",
    ),
    compute=of_layer(grad_cam),
    script=lines(
        "slopes = gradient(x, at_layer)",
        "heat = maps @ slopes.mean(axis=(0, 1))",
        SCRIPT_RELU,
    ),
    passes=one_pass,
    needs_layer=True,
)
