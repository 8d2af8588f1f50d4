from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from convscope.engine.interpret.attribution.method import Method, Paper
from convscope.engine.interpret.attribution.methods.common import lines, of_layer, one_pass


def hires_cam(maps: NDArray[np.float32], gradients: NDArray[np.float32]) -> NDArray[np.float32]:
    """Σₖ gₖ ⊙ Aₖ, equation 5 of the paper; without a ReLU, so that it adds up to what the layer contributes.

    Args:
        maps: A, …×h×w×channels.
        gradients: g = ∂score/∂A, of the same shape.

    Returns:
        …×h×w, float32; negative where a place speaks against.
    """
    return np.asarray(np.einsum("...hwk,...hwk->...hw", gradients, maps), np.float32)


METHOD = Method(
    name="hires-cam",
    title="HiResCAM",
    family="layer",
    formula="Σₖ gₖ ⊙ Aₖ",
    computes="Gradient times map, place by place. Where one dense layer follows, the values plus its "
    "bias add up to the logit exactly: every place shows what it contributed, for (orange) or "
    "against (blue).",
    limitations="Through a deeper head it is only the first-order share; it is as coarse as the layer.",
    paper=Paper(
        "Draelos and Carin",
        2020,
        "Use HiResCAM instead of Grad-CAM for faithful explanations of convolutional neural networks",
        "https://arxiv.org/abs/2011.08891",
    ),
    compute=of_layer(hires_cam),
    script=lines(
        "slopes = gradient(x, at_layer)",
        "heat = (slopes * maps).sum(axis=-1)",
    ),
    passes=one_pass,
    needs_layer=True,
    signed=True,
)
