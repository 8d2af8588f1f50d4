"""Gabor kernels: stripes under a soft spot, as the first layer of most trained networks learns them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from convscope.core.parameter import between
from convscope.imaging.kernels.preset import Preset, grid, half_width

GROUP = "Gabor"


def gabor(theta: float, wavelength: float, sigma: float, gamma: float, psi: float) -> NDArray[np.float64]:
    """exp(−(x′² + γ²y′²) / 2σ²)·cos(2πx′/λ + ψ), with x′ = x·cos θ + y·sin θ, y′ = −x·sin θ + y·cos θ.

    x runs to the right and y downwards, so θ turns upright stripes clockwise; θ and ψ in degrees. The size
    does not depend on θ: it reaches 3σ along the wider axis of the spot, at most 15 pixels. Not normalised.
    Source: Daugman, Uncertainty relation for resolution in space (1985); Petkov & Kruizinga (1997), eq. 1.
    """
    x, y = grid(half_width(3 * sigma / min(gamma, 1.0)))
    cosine, sine = np.cos(np.radians(theta)), np.sin(np.radians(theta))
    along, across = x * cosine + y * sine, -x * sine + y * cosine
    spot = np.exp(-(along**2 + (gamma * across) ** 2) / (2 * sigma**2))
    return np.asarray(spot * np.cos(2 * np.pi * along / wavelength + np.radians(psi)))


PRESETS = (
    Preset(
        "gabor",
        "Gabor",
        GROUP,
        "Fires on stripes of one direction and one width, as the first layer of a trained network does.",
        (
            between("theta", "Direction", 0.0, 0, 180, 1, unit="°", symbol="θ"),
            between("wavelength", "Wavelength", 4.0, 2, 20, 0.5, unit="px", symbol="λ"),
            between("sigma", "Width of the spot", 2.0, 0.5, 5.0, 0.1, unit="px", symbol="σ"),
            between("gamma", "Roundness", 0.75, 0.2, 2.0, 0.05, symbol="γ"),
            between("psi", "Phase", 0.0, -180, 180, 5, unit="°", symbol="ψ"),
        ),
        gabor,
    ),
)
