from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from convscope.engine.interpret.attribution.method import Method, Paper
from convscope.engine.interpret.attribution.methods.common import SCRIPT_RELU, lines, of_layer, one_pass, relu


def xgrad_cam(maps: NDArray[np.float32], gradients: NDArray[np.float32]) -> NDArray[np.float32]:
    """ReLU(Σₖ wₖ·Aₖ) with wₖ = Σᵢⱼ gₖ·Aₖ / Σᵢⱼ Aₖ, equation 8 of the paper; 0 for a map that sums to 0.

    Args:
        maps: A, …×h×w×channels.
        gradients: g = ∂score/∂A, of the same shape.

    Returns:
        …×h×w, float32.
    """
    totals = maps.sum(axis=(-3, -2), dtype=np.float32)
    shares = np.einsum("...hwk,...hwk->...k", gradients, maps)
    weights = np.divide(shares, totals, out=np.zeros_like(totals), where=totals != 0)
    return relu(np.einsum("...hwk,...k->...hw", maps, weights))


METHOD = Method(
    name="xgrad-cam",
    title="XGrad-CAM",
    family="layer",
    formula="ReLU( Σₖ wₖ · Aₖ ),  wₖ = Σ gₖ·Aₖ / ΣAₖ",
    computes="Grad-CAM whose gradients are averaged with the map itself as weights: a map counts by "
    "its gradient where it is active. That follows from two axioms, sensitivity and "
    "conservation.",
    limitations="Where a map has both signs its sum may be near 0 and its weight runs away; it is as coarse "
    "as the layer. With global average pooling it equals Grad-CAM.",
    paper=Paper(
        "Fu et al.",
        2020,
        "Axiom-based Grad-CAM: Towards Accurate Visualization and Explanation of CNNs",
        "https://arxiv.org/abs/2008.02312",
    ),
    compute=of_layer(xgrad_cam),
    script=lines(
        "slopes = gradient(x, at_layer)",
        "totals = maps.sum(axis=(0, 1))",
        "shares = (slopes * maps).sum(axis=(0, 1))",
        "heat = maps @ np.divide(shares, totals, out=np.zeros_like(totals), where=totals != 0)",
        SCRIPT_RELU,
    ),
    passes=one_pass,
    needs_layer=True,
)
