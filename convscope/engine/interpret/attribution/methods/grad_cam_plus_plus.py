from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from convscope.engine.interpret.attribution.method import Method, Paper
from convscope.engine.interpret.attribution.methods.common import SCRIPT_RELU, lines, of_layer, one_pass, relu


def grad_cam_plus_plus(maps: NDArray[np.float32], gradients: NDArray[np.float32]) -> NDArray[np.float32]:
    """ReLU(Σₖ wₖ·Aₖ) with wₖ = Σᵢⱼ α·ReLU(g) and α = g² / (2g² + g³·ΣA), equations 6, 7 and 19.

    The paper's exponential of the score stands before every gradient and would only scale the whole map; left
    out, no score is too large. g² is cancelled, since squares and cubes of small gradients round to 0, and α
    is 0 where g is.

    Args:
        maps: A, …×h×w×channels.
        gradients: g = ∂score/∂A, of the same shape.

    Returns:
        …×h×w, float32.
    """
    totals = maps.sum(axis=(-3, -2), keepdims=True, dtype=np.float32)
    below = 2 + gradients * totals
    alpha = np.divide(1, below, out=np.zeros_like(gradients), where=(gradients != 0) & (below != 0))
    weights = (alpha * relu(gradients)).sum(axis=(-3, -2), dtype=np.float32)
    return relu(np.einsum("...hwk,...k->...hw", maps, weights))


METHOD = Method(
    name="grad-cam++",
    title="Grad-CAM++",
    family="layer",
    formula="ReLU( Σₖ Σ α·ReLU(gₖ) · Aₖ ),  α = g² / (2g² + g³·ΣA)",
    computes="Grad-CAM with other weights: only positive gradients count, each the more the rarer it "
    "is in its map, so that several objects of a class, or small ones, are all lit.",
    limitations="Its weights rest on an exponential score that no network has; what speaks against the "
    "class is lost in them, and maps of different classes become alike.",
    paper=Paper(
        "Chattopadhyay et al.",
        2017,
        "Grad-CAM++: Generalized Gradient-based Visual Explanations for Deep Convolutional Networks",
        "https://arxiv.org/abs/1710.11063",
    ),
    compute=of_layer(grad_cam_plus_plus),
    script=lines(
        "slopes = gradient(x, at_layer)",
        "below = 2 + slopes * maps.sum(axis=(0, 1))",
        "alpha = np.divide(1, below, out=np.zeros_like(slopes), where=(slopes != 0) & (below != 0))",
        "heat = maps @ (alpha * np.maximum(slopes, 0)).sum(axis=(0, 1))",
        SCRIPT_RELU,
    ),
    passes=one_pass,
    needs_layer=True,
)
