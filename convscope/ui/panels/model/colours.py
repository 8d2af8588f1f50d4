"""One colour a category of layers: in the graph, in the bars, in the legend."""

from __future__ import annotations

from PySide6.QtGui import QColor

from convscope.engine.models.kinds import KINDS
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
_GRAY = {"Input": "#7C8696", "Normalisation": "#999999", "Regularisation": "#B39B84", "Other": "#999999"}


def category(kind: str) -> str:
    """Of a Keras class; "Other" for one that the app does not know."""
    known = KINDS.get(kind)
    return known.category if known is not None else "Other"


def colour(of: str) -> QColor:
    """Of a category; safe for colour-blind eyes, and never the only sign."""
    return QColor(_COLOURS.get(of) or _GRAY.get(of, "#999999"))
