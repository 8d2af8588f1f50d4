"""One colour a category of layers: in the graph, in the bars, in the legend, in the sketch of a network."""

from __future__ import annotations

from PySide6.QtGui import QColor

from convscope.ui import theme
from convscope.ui.theme import SERIES

ORDER = (
    "Input",
    "Convolution",
    "Pooling",
    "Normalisation",
    "Activation",
    "Merge",
    "Classifier",
    "Regularisation",
    "Augmentation",
    "Pretrained",
    "Other",
)
_COLOURS = dict(
    zip(
        ("Convolution", "Pooling", "Classifier", "Merge", "Augmentation", "Activation", "Pretrained"),
        SERIES,
        strict=False,
    )
)
# Chosen so that each is told from each by eyes of every kind, on light and on dark ground.
_MORE = {
    "Input": ("#1F2937", "#E8EBF0"),
    "Normalisation": ("#7A3BE0", "#7A3BE0"),
    "Regularisation": ("#8B1A1A", "#A00020"),
    "Other": ("#C4C9D1", "#59616E"),
}


def colour(of: str) -> QColor:
    """Of a category, in the theme in force; safe for colour-blind eyes, and never the only sign."""
    if of in _COLOURS:
        return QColor(_COLOURS[of])
    light, dark = _MORE.get(of, _MORE["Other"])
    return QColor(dark if theme.tokens().dark else light)
