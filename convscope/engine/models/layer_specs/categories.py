"""What layers are told apart by: the parts of a network, with their colours and places in the palette."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Category:
    """One category of layers.

    Attributes:
        name: as the palette and the legend say it.
        place: in the palette: what is needed first stands first.
        series: which colour of the set for charts it has; None: one of its own.
        light, dark: that one, on light and on dark ground.
    """

    name: str
    place: int
    series: int | None = None
    light: str = ""
    dark: str = ""


# In the order of the legend: as a network runs. The colours are chosen so that each is told from each by eyes
# of every kind, on light and on dark ground.
_ALL = (
    Category("Input", 7, light="#1F2937", dark="#E8EBF0"),
    Category("Convolution", 0, 0),
    Category("Pooling", 1, 1),
    Category("Normalisation", 3, light="#7A3BE0", dark="#7A3BE0"),
    Category("Activation", 4, 5),
    Category("Merge", 6, 3),
    Category("Classifier", 2, 2),
    Category("Regularisation", 5, light="#8B1A1A", dark="#A00020"),
    Category("Augmentation", 8, 4),
    Category("Pretrained", 9, 6),
)
CATEGORIES: dict[str, Category] = {category.name: category for category in _ALL}
OTHER = Category("Other", 10, light="#C4C9D1", dark="#59616E")
"""Of kinds that the app does not know."""
