"""Second derivatives and blob detectors: zero on flat regions and on even ramps."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from convscope.core.parameter import between
from convscope.imaging.kernels.blurs import gaussian
from convscope.imaging.kernels.preset import Preset, fixed, grid, half_width

GROUP = "Laplacians and blobs"


def laplacian_of_gaussian(sigma: float) -> NDArray[np.float64]:
    """−∇²G = (1 − r²/2σ²)·exp(−r²/2σ²) / πσ⁴, its mean taken off so that it sums to 0.

    Positive in the middle, as in the 5×5 integer form. It reaches 4σ, at most 15 pixels.
    Source: Marr & Hildreth, Theory of edge detection (1980), eq. 5.
    """
    x, y = grid(half_width(4 * sigma))
    q = (x * x + y * y) / (2 * sigma * sigma)
    weights = (1 - q) * np.exp(-q) / (np.pi * sigma**4)
    return np.asarray(weights - weights.mean())


def difference_of_gaussians(sigma1: float, sigma2: float) -> NDArray[np.float64]:
    """Gaussian(σ₁) − Gaussian(σ₂), each of sum 1 on the same grid, so that it sums to 0.

    It reaches three times the larger σ. Source: Marr & Hildreth (1980), section 4.
    """
    size = 2 * half_width(3 * max(sigma1, sigma2)) + 1
    return gaussian(sigma1, size) - gaussian(sigma2, size)


PRESETS = (
    fixed(
        "laplacian-4",
        "Laplacian, 4 neighbours",
        GROUP,
        "Sums the differences to the four neighbours: 0 where brightness is even, strong at edges and dots.",
        [[0, 1, 0], [1, -4, 1], [0, 1, 0]],
    ),
    fixed(
        "laplacian-8",
        "Laplacian, 8 neighbours",
        GROUP,
        "Sums the differences to all eight neighbours, so that slanted edges answer as straight ones do.",
        [[1, 1, 1], [1, -8, 1], [1, 1, 1]],
    ),
    fixed(
        "outline",
        "Outline",
        GROUP,
        "The 8-neighbour Laplacian with its signs turned: bright dots and bright sides of edges stay bright.",
        [[-1, -1, -1], [-1, 8, -1], [-1, -1, -1]],
    ),
    fixed(
        "log-5x5",
        "LoG 5×5",
        GROUP,
        "Blurs and takes the Laplacian at once, in whole numbers: finds edges and small bright spots.",
        [[0, 0, -1, 0, 0], [0, -1, -2, -1, 0], [-1, -2, 16, -2, -1], [0, -1, -2, -1, 0], [0, 0, -1, 0, 0]],
    ),
    Preset(
        "log",
        "Laplacian of Gaussian",
        GROUP,
        "Finds bright spots of the size that σ chooses, and edges where its sign changes.",
        (between("sigma", "Width", 1.4, 0.5, 5.0, 0.1, unit="px", symbol="σ"),),
        laplacian_of_gaussian,
    ),
    Preset(
        "dog",
        "Difference of Gaussians",
        GROUP,
        "Keeps the detail between two blurs: what the narrow one still shows and the wide one does not.",
        (
            between("sigma1", "Narrow width", 1.0, 0.3, 5.0, 0.1, unit="px", symbol="σ₁"),
            between("sigma2", "Wide width", 1.6, 0.3, 5.0, 0.1, unit="px", symbol="σ₂"),
        ),
        difference_of_gaussians,
    ),
)
