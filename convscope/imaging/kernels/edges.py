"""First derivatives: kernels that answer a change of brightness in one direction.

They are meant as they slide (correlation): "x" is positive where it gets brighter to the right, "y" where it
gets brighter downwards. The other sign convention, right for convolution, has its own entries for Sobel.
"""

from __future__ import annotations

from convscope.imaging.kernels.preset import Preset, fixed

GROUP = "Edges"


def _derivatives(key: str, title: str, side: float, centre: float, sentence: str) -> tuple[Preset, Preset]:
    """The x and y kernels of one family: a difference in one direction, (side, centre, side) in the other."""
    x = [[-side, 0.0, side], [-centre, 0.0, centre], [-side, 0.0, side]]
    y = [[-side, -centre, -side], [0.0, 0.0, 0.0], [side, centre, side]]
    return (
        fixed(f"{key}-x", f"{title} x", GROUP, f"Finds vertical edges: {sentence} to the right.", x),
        fixed(f"{key}-y", f"{title} y", GROUP, f"Finds horizontal edges: {sentence} downwards.", y),
    )


PRESETS = (
    *_derivatives("sobel", "Sobel", 1, 2, "positive where the picture gets brighter"),
    fixed(
        "sobel-x-flipped",
        "Sobel x, other sign",
        GROUP,
        "Finds vertical edges: positive where the picture gets darker to the right.",
        [[1, 0, -1], [2, 0, -2], [1, 0, -1]],
    ),
    fixed(
        "sobel-y-flipped",
        "Sobel y, other sign",
        GROUP,
        "Finds horizontal edges: positive where the picture gets darker downwards.",
        [[1, 2, 1], [0, 0, 0], [-1, -2, -1]],
    ),
    *_derivatives(
        "prewitt", "Prewitt", 1, 1, "like Sobel with equal weights, positive where it gets brighter"
    ),
    *_derivatives(
        "scharr", "Scharr", 3, 10, "like Sobel but truer for slanted ones, positive where it gets brighter"
    ),
    fixed(
        "roberts-1",
        "Roberts ╲",
        GROUP,
        "The smallest edge detector: the difference between a pixel and its neighbour to the lower right.",
        [[1, 0], [0, -1]],
    ),
    fixed(
        "roberts-2",
        "Roberts ╱",
        GROUP,
        "The smallest edge detector: the difference between a pixel and its neighbour to the lower left.",
        [[0, 1], [-1, 0]],
    ),
    fixed(
        "emboss",
        "Emboss",
        GROUP,
        "Makes a relief lit from one side: bright on one flank of an edge, dark on the other.",
        [[-2, -1, 0], [-1, 1, 1], [0, 1, 2]],
    ),
)
