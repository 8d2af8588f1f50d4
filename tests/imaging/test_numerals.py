"""Numbers as they stand in a sum."""

from __future__ import annotations

import pytest

from convscope.imaging.numerals import bracketed, decimal, numeral


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (320.0, "320"),
        (-1.0, "−1"),
        (-0.0, "0"),
        (0.25, "0.25"),
        (1 / 9, "0.111111"),
        (-1e-7, "−1e−07"),
        (1234567.0, "1234567"),
        (1e300, "1e+300"),
    ],
)
def test_numeral(value: float, text: str) -> None:
    assert numeral(value) == text


def test_brackets_stand_round_negatives_alone() -> None:
    assert [bracketed(value) for value in (-1.5, 0.0, 2.0)] == ["(−1.5)", "0", "2"]


def test_places_are_kept_and_nothing_has_no_sign() -> None:
    assert [decimal(value, 2) for value in (8.74, -0.693, -0.001, 0.0)] == ["8.74", "−0.69", "0.00", "0.00"]
