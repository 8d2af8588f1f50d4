"""What the views of the kernel lab show: one finished computation, and a place in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from convscope.imaging.display import Shown
from convscope.imaging.image import Image
from convscope.imaging.stage import Result
from convscope.session.lab import Lab

Side = Literal["source", "result"]
Box = tuple[float, float, float, float]


@dataclass(frozen=True, eq=False)
class Frame:
    """The selected stage: what went in, what came out, and how that looks.

    Attributes:
        image: the current image; the chain's input.
        lab: the settings that made this.
        result: the exact output of the selected stage.
        shown: the result as a picture, with its scale and statistics.
        source: what the stage works on, exactly: H×W or H×W×3; luma when it works on gray.
        source_pixels: the same as a picture: uint8 H×W or H×W×3.
        whole: False while only the part in view is computed.
    """

    image: Image
    lab: Lab
    result: Result
    shown: Shown
    source: NDArray[Any]
    source_pixels: NDArray[np.uint8]
    whole: bool = True


@dataclass(frozen=True)
class Place:
    """A pixel of one of the two pictures.

    Attributes:
        side: which picture.
        row, column: in that picture's own pixels.
    """

    side: Side
    row: int
    column: int
