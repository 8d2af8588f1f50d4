"""A finished drawing, whatever it will be written as: polygons, lines, text and small pictures, in points."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Point = tuple[float, float]


@dataclass(frozen=True)
class DrawnPolygon:
    """A filled area; colours are #RRGGBB, as everywhere here."""

    points: tuple[Point, ...]
    fill: str
    line: str = ""
    width: float = 0.6


@dataclass(frozen=True)
class DrawnLine:
    """A line through points; where it is curved, cubic: first, two controls, next, two controls, next …"""

    points: tuple[Point, ...]
    line: str
    width: float = 0.8
    curved: bool = False


@dataclass(frozen=True)
class DrawnText:
    """One line of text; `y` is that of its baseline."""

    x: float
    y: float
    text: str
    size: float
    fill: str
    bold: bool = False
    anchor: Literal["start", "middle"] = "middle"


@dataclass(frozen=True, eq=False)
class DrawnPicture:
    """Pixels, uint8 h×w×3, in a rectangle."""

    left: float
    top: float
    width: float
    height: float
    pixels: NDArray[np.uint8]


Shape = DrawnPolygon | DrawnLine | DrawnText | DrawnPicture


@dataclass(frozen=True, eq=False)
class FigureDrawing:
    """What is drawn, the backmost first; y grows downwards."""

    width: float
    height: float
    ground: str
    shapes: tuple[Shape, ...]


def decimals(value: float) -> str:
    """A length as the formats write it, to a hundredth of a point: "12.5", "0"."""
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def channels(colour: str) -> tuple[int, int, int]:
    """#RRGGBB as three numbers, 0–255."""
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)
