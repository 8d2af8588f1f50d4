"""The colours of the categories are told apart by eyes of every kind, on light and on dark ground."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtGui import QColor

from convscope.engine.models.layer_specs import KINDS
from convscope.ui import theme
from convscope.ui.panels.model.colours import colour, order

# Machado, Oliveira, Fernandes 2009, full severity: what eyes without one kind of cone see of linear RGB.
EYES = {
    "usual": np.eye(3),
    "no red cones": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "no green cones": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "no blue cones": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}
TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])


def linear(ink: QColor) -> NDArray[np.float64]:
    values = np.array([ink.redF(), ink.greenF(), ink.blueF()])
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def lab(rgb: NDArray[np.float64]) -> NDArray[np.float64]:
    """CIELAB under D65: one is about the least that is seen, ten is seen at a glance."""
    relative = TO_XYZ @ np.clip(rgb, 0, 1) / np.array([0.9505, 1.0, 1.089])
    f = np.where(relative > 0.008856, np.cbrt(relative), 7.787 * relative + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("choice", ["light", "dark"])
@pytest.mark.parametrize("eye", list(EYES))
def test_no_two_categories_look_alike(choice: theme.ThemeChoice, eye: str) -> None:
    theme.apply(choice)
    try:
        seen = {of: lab(EYES[eye] @ linear(colour(of))) for of in order()}
        ground = lab(EYES[eye] @ linear(QColor(theme.tokens().panel)))
    finally:
        theme.apply("light")
    apart = {(a, b): float(np.linalg.norm(seen[a] - seen[b])) for a, b in combinations(order(), 2)}
    assert not {pair: round(d, 1) for pair, d in apart.items() if d < 15}
    assert not [of for of in order() if np.linalg.norm(seen[of] - ground) < 15], "seen on the panel"


def test_every_kind_has_a_category_with_a_colour() -> None:
    assert {kind.category for kind in KINDS.values()} <= set(order())
