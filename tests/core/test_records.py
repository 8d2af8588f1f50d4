"""Frozen dataclasses to JSON and back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
from numpy.typing import NDArray

from convscope.core.errors import UserError
from convscope.core.records import from_json, to_json


@dataclass(frozen=True)
class Inner:
    size: int = 3
    mode: Literal["same", "valid"] = "same"

    def __post_init__(self) -> None:
        if self.size < 1:
            raise UserError("A size is at least 1.")


@dataclass(frozen=True)
class Outer:
    inner: Inner = Inner()
    many: tuple[Inner, ...] = ()
    named: Mapping[str, int | float | str] = field(default_factory=dict)
    path: Path | None = None


@dataclass(frozen=True, eq=False)
class Filled:
    values: NDArray[np.float32]


def test_there_and_back_through_a_file() -> None:
    outer = Outer(Inner(5), (Inner(1, "valid"),), {"a": 1, "b": 0.5, "c": "x"}, Path("/a/b"))
    assert from_json(Outer, json.loads(json.dumps(to_json(outer)))) == outer


def test_an_array_keeps_shape_and_type() -> None:
    made = Filled(np.arange(6, dtype=np.float32).reshape(2, 3) / 3)
    back = from_json(Filled, json.loads(json.dumps(to_json(made)))).values
    assert back.dtype == np.float32
    np.testing.assert_array_equal(back, made.values)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"inner": {"size": "3"}}, "Expected `int`, got `str` - at `$.inner.size`"),
        ({"inner": {"mode": "full"}}, "Invalid enum value 'full' - at `$.inner.mode`"),
        ({"many": {"a": 1}}, "Expected `array`, got `object` - at `$.many`"),
        ([], "Expected `object`, got `array`"),
    ],
)
def test_what_is_something_else_is_told_with_its_place(data: object, said: str) -> None:
    with pytest.raises(ValueError) as refused:
        from_json(Outer, data)
    assert str(refused.value) == said


def test_what_a_record_refuses_is_its_own_sentence() -> None:
    with pytest.raises(UserError, match="at least 1"):
        from_json(Outer, {"inner": {"size": 0}})


def test_what_is_not_known_is_left_out() -> None:
    assert from_json(Inner, {"size": 7, "of a later version": 1}) == Inner(7)


def test_what_is_no_record_is_refused() -> None:
    with pytest.raises(TypeError):
        to_json(object())


def test_an_array_of_objects_is_refused() -> None:
    with pytest.raises(ValueError):
        from_json(Filled, {"values": {"dtype": "O", "values": ["x"], "shape": [1]}})
