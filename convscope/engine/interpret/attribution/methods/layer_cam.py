from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from convscope.engine.interpret.attribution.method import Method, Paper
from convscope.engine.interpret.attribution.methods.common import SCRIPT_RELU, lines, of_layer, one_pass, relu


def layer_cam(maps: NDArray[np.float32], gradients: NDArray[np.float32]) -> NDArray[np.float32]:
    """ReLU(Σₖ ReLU(gₖ) ⊙ Aₖ), equations 6 to 8 of the paper.

    Args:
        maps: A, …×h×w×channels.
        gradients: g = ∂score/∂A, of the same shape.

    Returns:
        …×h×w, float32.
    """
    return relu(np.einsum("...hwk,...hwk->...hw", relu(gradients), maps))


METHOD = Method(
    name="layer-cam",
    title="LayerCAM",
    family="layer",
    formula="ReLU( Σₖ ReLU(gₖ) ⊙ Aₖ )",
    computes="Weighs every place of every map by its own positive gradient instead of one number a "
    "map. That stays meaningful in early layers, whose maps are fine: see Grad-CAM at every stage.",
    limitations="Negative gradients are thrown away, so that what weakens the class at a place is not seen; "
    "in early layers it drifts towards edges.",
    paper=Paper(
        "Jiang et al.",
        2021,
        "LayerCAM: Exploring Hierarchical Class Activation Maps for Localization",
        "https://doi.org/10.1109/TIP.2021.3089943",
    ),
    compute=of_layer(layer_cam),
    script=lines(
        "slopes = gradient(x, at_layer)",
        "heat = (np.maximum(slopes, 0) * maps).sum(axis=-1)",
        SCRIPT_RELU,
    ),
    passes=one_pass,
    needs_layer=True,
)
