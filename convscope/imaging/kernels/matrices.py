"""The matrices of the lectures, each with the kernel to lay over it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from convscope.imaging.image import Image
from convscope.imaging.io.matrix import image_from_array
from convscope.imaging.kernels import make
from convscope.imaging.kernels.kernel import Kernel


@dataclass(frozen=True)
class MatrixExample:
    """A matrix of the lectures, ready to open.

    Attributes:
        key: a short name that stays.
        image: the matrix; its `name` is what a person reads.
        kernel: the kernel to lay over it.
        sentence: what there is to see.
    """

    key: str
    image: Image
    kernel: Kernel
    sentence: str


def _example(key: str, title: str, rows: ArrayLike, kernel: Kernel, sentence: str) -> MatrixExample:
    return MatrixExample(key, image_from_array(rows, title), kernel, sentence)


def _points(points: dict[int, tuple[tuple[int, int], ...]]) -> NDArray[np.float64]:
    table = np.zeros((7, 7))
    for value, places in points.items():
        for place in places:
            table[place] = value
    return table


_CURVE = make("curve")

MATRICES: tuple[MatrixExample, ...] = (
    _example(
        "blur",
        "blur, 6×4",
        [[0, 0, 0, 0], [0, 219, 253, 247], [0, 0, 190, 0], [0, 0, 0, 93], [0, 0, 221, 253], [136, 212, 0, 0]],
        make("ones"),
        "Each output is the sum of a 3×3 neighbourhood; divided by 9, the kernel's sum, it is their mean.",
    ),
    _example(
        "binary",
        "binary, 5×5",
        [[1, 1, 1, 0, 0], [0, 1, 1, 1, 0], [0, 0, 1, 1, 1], [0, 0, 1, 1, 0], [0, 1, 1, 0, 0]],
        make("x-shape"),
        "Zeros and ones: each output counts how many of the kernel's five ones lie on a one.",
    ),
    _example(
        "sharpen",
        "sharpen, 5×5",
        [
            [105, 102, 100, 97, 96],
            [103, 99, 103, 101, 102],
            [101, 98, 104, 102, 100],
            [99, 101, 106, 104, 99],
            [104, 104, 104, 100, 98],
        ],
        make("sharpen"),
        "With zero padding the corners lose two of their four neighbours, so they come out brightest.",
    ),
    _example(
        "curve",
        "curve, 7×7",
        _points(
            {
                20: ((2, 3),),
                30: ((0, 6),),
                50: (
                    *((1, 4), (1, 5), (1, 6), (2, 4), (3, 3), (3, 4)),
                    *((4, 3), (4, 4), (5, 3), (5, 4), (6, 3), (6, 4)),
                ),
            }
        ),
        _CURVE,
        "The patch bends as the kernel does, so the sum of products is large: the detector fires.",
    ),
    _example(
        "no-curve",
        "no curve, 7×7",
        _points({20: ((3, 1),), 40: ((1, 1), (2, 0), (2, 2), (3, 0)), 50: ((4, 1), (5, 2), (6, 3))}),
        _CURVE,
        "Bright lines, but none where the kernel has its weights: the sum of products is 0.",
    ),
)
