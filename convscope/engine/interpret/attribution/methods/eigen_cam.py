from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from convscope.core.task import Task
from convscope.engine.interpret.attribution.context import AttributionContext
from convscope.engine.interpret.attribution.layers import checked_layer
from convscope.engine.interpret.attribution.method import Method, Paper, Relevance, Settings
from convscope.engine.interpret.attribution.methods.common import lines, one_pass, silence
from convscope.engine.interpret.attribution.target import ScoreTarget


def eigen_cam(maps: NDArray[np.float32]) -> NDArray[np.float32]:
    """A·v₁: the maps projected on their first principal direction, h×w×channels → h×w.

    A = UΣVᵀ is the matrix of places × channels, not centred, as in the paper. v₁ comes from the smaller of
    AᵀA and AAᵀ, which is a thousand times quicker than decomposing A. Of its two directions the one in which
    the map adds up to more than 0 is taken; the decomposition leaves that open.
    """
    height, width, channels = maps.shape
    # By a power of two, which rounds nothing: products of very large or very small numbers are none.
    largest_value = float(np.abs(maps).max())
    scale = np.float32(2.0 ** np.floor(np.log2(largest_value))) if largest_value > 0 else np.float32(1)
    flat = maps.reshape(-1, channels) / scale
    if channels <= len(flat):
        direction = np.linalg.eigh(flat.T @ flat)[1][:, -1]
        values = flat @ direction
    else:
        largest, vectors = np.linalg.eigh(flat @ flat.T)
        values = vectors[:, -1] * np.sqrt(max(float(largest[-1]), 0.0))
    if values.sum() < 0:
        values = -values
    return np.asarray(values.reshape(height, width) * scale, np.float32)


def compute(
    context: AttributionContext, target: ScoreTarget, layer: str | None, settings: Settings, task: Task
) -> Relevance:
    task.check()
    values = eigen_cam(context.maps(checked_layer(context.model, layer)))
    return Relevance(values, silence(values))


METHOD = Method(
    name="eigen-cam",
    title="Eigen-CAM",
    family="layer",
    formula="A · v₁,  A = U Σ Vᵀ",
    computes="Shows the strongest common pattern of all feature maps, their first principal component, "
    "without a gradient and without a class: what the layer sees most of.",
    limitations="It is the same for every class, so that it tells what is salient and not why the network "
    "decided; the sign of a principal component is arbitrary.",
    paper=Paper(
        "Muhammad and Yeasin",
        2020,
        "Eigen-CAM: Class Activation Map using Principal Components",
        "https://arxiv.org/abs/2008.00299",
    ),
    compute=compute,
    script=lines(
        "flat = maps.reshape(-1, maps.shape[-1])",
        "u, s, v = np.linalg.svd(flat, full_matrices=False)",
        "heat = (u[:, 0] * s[0]).reshape(maps.shape[:2])",
        "heat = -heat if heat.sum() < 0 else heat",
    ),
    passes=one_pass,
    needs_layer=True,
    needs_class=False,
    warning="It does not depend on the class.",
)
