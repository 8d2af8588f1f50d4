"""Output sizes: the formula as text, and impossible settings in words."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from convscope.core.errors import UserError
from convscope.imaging.image import Image
from convscope.imaging.kernels.kernel import Kernel
from convscope.imaging.lab.operation import ACTIVATIONS, BORDERS, CHANNELS, POOLS, Operation
from convscope.imaging.lab.size import chain_sizes, output_size, problem
from convscope.imaging.lab.stage import run


def operation(rows: int = 3, columns: int = 3, **values: Any) -> Operation:
    return Operation(kernels=(Kernel(np.ones((rows, columns))),), **values)


@pytest.mark.parametrize(
    ("setting", "shape", "lines"),
    [
        (
            operation(),
            (200, 300),
            [
                "W' = (W − K + 2P)/S + 1 = (300 − 3 + 2)/1 + 1 = 300",
                "H' = (H − K + 2P)/S + 1 = (200 − 3 + 2)/1 + 1 = 200",
            ],
        ),
        (
            operation(border="valid", stride=2),
            (7, 8),
            [
                "W' = ⌊(W − K + 2P)/S⌋ + 1 = ⌊(8 − 3 + 0)/2⌋ + 1 = 3",
                "H' = (H − K + 2P)/S + 1 = (7 − 3 + 0)/2 + 1 = 3",
            ],
        ),
        (
            operation(2, 4),
            (5, 6),
            [
                "W' = (W − K + P₁ + P₂)/S + 1 = (6 − 4 + 1 + 2)/1 + 1 = 6",
                "H' = (H − K + P₁ + P₂)/S + 1 = (5 − 2 + 0 + 1)/1 + 1 = 5",
            ],
        ),
        (
            operation(dilation=3, pool="max", pool_size=3, pool_stride=2),
            (9, 9),
            [
                "K_eff = D·(K − 1) + 1 = 3·(3 − 1) + 1 = 7",
                "W' = (W − K_eff + 2P)/S + 1 = (9 − 7 + 6)/1 + 1 = 9",
                "W'' = (W' − T)/S_T + 1 = (9 − 3)/2 + 1 = 4",
                "K_eff = D·(K − 1) + 1 = 3·(3 − 1) + 1 = 7",
                "H' = (H − K_eff + 2P)/S + 1 = (9 − 7 + 6)/1 + 1 = 9",
                "H'' = (H' − T)/S_T + 1 = (9 − 3)/2 + 1 = 4",
            ],
        ),
        (
            operation(border="same", stride=2),
            (6, 4),
            [
                "“same”: P₁ + P₂ = (⌈W/S⌉ − 1)·S + K − W = (2 − 1)·2 + 3 − 4 = 1",
                "W' = (W − K + P₁ + P₂)/S + 1 = (4 − 3 + 0 + 1)/2 + 1 = 2",
                "“same”: P₁ + P₂ = (⌈H/S⌉ − 1)·S + K − H = (3 − 1)·2 + 3 − 6 = 1",
                "H' = (H − K + P₁ + P₂)/S + 1 = (6 − 3 + 0 + 1)/2 + 1 = 3",
            ],
        ),
        (
            operation(stride=2),
            (6, 5),
            [
                "W' = (W − K + 2P)/S + 1 = (5 − 3 + 2)/2 + 1 = 3",
                "H' = ⌊(H − K + 2P)/S⌋ + 1 = ⌊(6 − 3 + 2)/2⌋ + 1 = 3",
                "1 + 1 zeros; Keras's “same” has 0 + 1 along H",
            ],
        ),
        (
            operation(border="same"),
            (6, 4),
            [
                "W' = (W − K + 2P)/S + 1 = (4 − 3 + 2)/1 + 1 = 4",
                "H' = (H − K + 2P)/S + 1 = (6 − 3 + 2)/1 + 1 = 6",
            ],
        ),
        (
            operation(border="same", stride=4),
            (8, 9),
            [
                "“same”: P₁ + P₂ = (⌈W/S⌉ − 1)·S + K − W = (3 − 1)·4 + 3 − 9 = 2",
                "W' = (W − K + 2P)/S + 1 = (9 − 3 + 2)/4 + 1 = 3",
                "“same”: P₁ + P₂ = max((⌈H/S⌉ − 1)·S + K − H, 0) = max((2 − 1)·4 + 3 − 8, 0) = 0",
                "H' = ⌊(H − K + 2P)/S⌋ + 1 = ⌊(8 − 3 + 0)/4⌋ + 1 = 2",
            ],
        ),
        (
            operation(2, 3, border="full"),
            (6, 4),
            [
                "W' = (W − K + 2P)/S + 1 = (4 − 3 + 4)/1 + 1 = 6",
                "H' = (H − K + 2P)/S + 1 = (6 − 2 + 2)/1 + 1 = 7",
            ],
        ),
    ],
)
def test_the_formula_with_its_numbers(setting: Operation, shape: tuple[int, int], lines: list[str]) -> None:
    assert output_size(setting, shape).text.splitlines() == lines


@settings(max_examples=150, deadline=None)
@given(
    st.tuples(st.integers(1, 20), st.integers(1, 20)),
    st.booleans(),
    st.tuples(st.integers(1, 6), st.integers(1, 6)),
    st.sampled_from(BORDERS),
    st.tuples(st.integers(1, 4), st.integers(1, 3)),
    st.sampled_from(CHANNELS),
    st.sampled_from(POOLS),
    st.tuples(st.integers(1, 4), st.integers(1, 4)),
    st.booleans(),
)
def test_what_it_says_is_what_comes_out(
    size: tuple[int, int],
    colour: bool,
    kernel: tuple[int, int],
    border: Any,
    steps: tuple[int, int],
    channels: Any,
    pool: Any,
    pooling: tuple[int, int],
    enabled: bool,
) -> None:
    stage = operation(
        *kernel,
        border=border,
        stride=steps[0],
        dilation=steps[1],
        channels=channels,
        pool=pool,
        pool_size=pooling[0],
        pool_stride=pooling[1],
        enabled=enabled,
    )
    image = Image(np.ones((*size, 3) if colour else size, np.uint8), "ones")
    why = problem(stage, image.values.shape)
    if why is None:
        result = run(image, stage)
        assert result.values.shape == result.shape == output_size(stage, image.values.shape).shape
    else:
        assert why.endswith(".")
        with pytest.raises(UserError):
            run(image, stage)


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        (operation(7, 7, border="valid"), "A 7×7 kernel does not fit into 6×20 pixels"),
        (operation(border="valid", dilation=4), "with dilation 4 covers 9×9 pixels"),
        (operation(pool="max", pool_size=8), "A 8×8 pooling tile does not fit into the 6×20 values"),
    ],
)
def test_impossible_combinations_say_why(setting: Operation, words: str) -> None:
    why = problem(setting, (6, 20, 3))
    assert why is not None
    assert words in why
    with pytest.raises(UserError) as caught:
        output_size(setting, (6, 20, 3))
    assert caught.value.message == why


def test_a_stage_switched_off_is_never_a_problem() -> None:
    off = operation(31, 31, border="valid", enabled=False)
    assert problem(off, (4, 4)) is None
    assert output_size(off, (4, 4, 3)).shape == (4, 4, 3)


def test_a_chain_names_the_stage_that_cannot_be() -> None:
    fits, shrinks = operation(), operation(border="valid", stride=8)
    assert [size.shape for size in chain_sizes((fits, shrinks), (20, 30, 3))] == [(20, 30, 3), (3, 4, 3)]
    with pytest.raises(UserError, match="Stage 3: A 4×4 kernel"):
        chain_sizes((fits, shrinks, operation(4, 4, border="valid")), (20, 30, 3))


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_activations_leave_the_size(activation: Any) -> None:
    assert output_size(operation(activation=activation), (5, 6)).shape == (5, 6)
