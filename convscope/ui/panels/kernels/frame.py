"""What the views of the kernel lab show: one finished computation, and a place in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from convscope.imaging.image import Image
from convscope.imaging.lab.display import Displayed, Scale
from convscope.imaging.lab.operation import DisplayMode
from convscope.imaging.lab.peak import Peak
from convscope.imaging.lab.ring import Ring
from convscope.imaging.lab.stage import Result
from convscope.imaging.numerals import numeral
from convscope.workspace.lab import Lab

Side = Literal["source", "result"]
Box = tuple[float, float, float, float]
Taps = tuple[tuple[int, ...], tuple[int, ...]]
"""The rows and the columns of a source that a kernel with gaps reads: every row with every column."""


@dataclass(frozen=True, eq=False)
class Frame:
    """The selected stage: what went in, what came out, and how that looks.

    Attributes:
        image: the current image; the chain's input.
        lab: the settings that made this.
        result: the exact output of the selected stage.
        shown: the result as a picture, with its scale and statistics.
        display: how the result is shown: as a person chose, or as suits kernels and image.
        source: what the stage works on, exactly: H×W or H×W×3; luma when it works on gray.
        source_pixels: the same as a picture: uint8 H×W or H×W×3.
        source_scale: what the ends of that picture stand for.
        source_seen, result_seen: the numbers of both pictures: of all channels, or of the one that is shown.
        ring: what the stage pads around its source, or None.
        peak: where `result_seen` is largest; None also where finding it would take long.
        whole: False while only the part in view is computed.
    """

    image: Image
    lab: Lab
    result: Result
    shown: Displayed
    display: DisplayMode
    source: NDArray[Any]
    source_pixels: NDArray[np.uint8]
    source_scale: Scale
    source_seen: NDArray[Any]
    result_seen: NDArray[Any]
    ring: Ring | None = None
    peak: Peak | None = None
    whole: bool = True

    def same_source(self, other: Frame | None) -> bool:
        """Whether another frame's source looks the same."""
        return (
            other is not None
            and other.source is self.source
            and (other.source_scale, other.display) == (self.source_scale, self.display)
            and other.lab.channel == self.lab.channel
        )


@dataclass(frozen=True, eq=False)
class Refused:
    """Settings that give no result.

    Attributes:
        image, lab: as of a `Frame`.
        sentence: why not.
        formula: the output size with its numbers, which tell why; "" where the kernel is not the reason.
        given: what goes into the selected stage, or None where a stage before it is to blame.
        source: the same exactly, as of a `Frame`.
        source_pixels: and as a picture.
    """

    image: Image
    lab: Lab
    sentence: str
    formula: str
    given: Image | None
    source: NDArray[Any] | None
    source_pixels: NDArray[np.uint8] | None


def range_words(scale: Scale) -> str:
    """What the ends of a picture's scale stand for: "0 to 255", "±830"."""
    if scale.low == -scale.high and scale.high:
        return f"±{numeral(scale.high, 4)}"
    return f"{numeral(scale.low, 4)} to {numeral(scale.high, 4)}"


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
