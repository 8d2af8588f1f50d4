"""One parameter by hand: what it reads, refuses and rounds; and records whose fields are parameters."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import Any

import pytest

from convscope.core.errors import UserError
from convscope.core.parameter import (
    Parameter,
    between,
    check_record,
    parameter,
    parameters_of,
    plain,
    setting,
    short,
    written,
)
from convscope.core.records import from_json, to_json

SIGMA = between("sigma", "Width", 1.0, 0.3, 5.0, 0.1, unit="px", symbol="σ")
STEPS = between("steps", "Steps", 100, 5, 400, 5)
SIZE = between("size", "Size", 3, 0, 31, 2, kind="odd", zero="fitted to σ")
RATE = parameter("rate", 0.001, minimum=0, maximum=1000, positive=True)
PADDING = parameter("padding", "valid", choices=plain("valid", "same"))


@pytest.mark.parametrize(
    ("own", "given", "value"),
    [
        (SIGMA, 1.5, 1.5),
        (SIGMA, "1.5", 1.5),
        (SIGMA, 2, 2.0),
        (SIGMA, 0.3, 0.3),
        (SIGMA, 5, 5.0),
        (STEPS, 5.0, 5),
        (STEPS, "400", 400),
        (SIZE, 7, 7),
        (SIZE, 0, 0),
        (RATE, 1e-9, 1e-9),
        (PADDING, "same", "same"),
        (parameter("use_bias", True), False, False),
        (parameter("kernel_size", 3, "size", minimum=1, maximum=9), 5, 5),
        (parameter("kernel_size", 3, "size", minimum=1, maximum=9), (3, 5), (3, 5)),
        (parameter("padding", 1, "size", minimum=0, maximum=9), ((1, 1), (0, 2)), ((1, 1), (0, 2))),
        (parameter("shape", (28, 28, 1), "shape"), (None, None, 3), (None, None, 3)),
        (parameter("scale", 1.0, "floats"), (0.2, 0.3, 0.2), (0.2, 0.3, 0.2)),
        (parameter("value_range", (0.0, 1.0), "range"), (0, 255), (0, 255)),
        (parameter("strides", None, "size", minimum=1, maximum=9, nothing="as window"), None, None),
        (parameter("name", "a", choices=plain("a"), others=True), "b", "b"),
    ],
)
def test_what_is_let_through(own: Parameter, given: Any, value: Any) -> None:
    checked = own.checked(given)
    assert checked == value and type(checked) is type(value)


@pytest.mark.parametrize(
    ("own", "given", "sentence"),
    [
        (SIGMA, 5.5, "The width (sigma) goes from 0.3 to 5, not 5.5."),
        (SIGMA, 0.2, "The width (sigma) goes from 0.3 to 5, not 0.2."),
        (SIGMA, "wide", "The width (sigma) goes from 0.3 to 5, not wide."),
        (SIGMA, True, "The width (sigma) goes from 0.3 to 5, not True."),
        (SIGMA, math.nan, "The width (sigma) goes from 0.3 to 5, not nan."),
        (SIGMA, (1.0, 2.0), "The width (sigma) goes from 0.3 to 5, not (1.0, 2.0)."),
        (STEPS, 7.5, "The steps goes from 5 to 400, not 7.5."),
        (STEPS, None, "The steps goes from 5 to 400, not None."),
        (SIZE, 4, "The size goes from 0 to 31, not 4."),
        (RATE, 0, "The rate goes from 0 to 1000, not 0."),
        (PADDING, "full", "The padding is one of valid, same, not full."),
        (parameter("use_bias", True), 1, "The use bias is 1, not true or false."),
        (parameter("k", 3, "size", minimum=1), (1, 2, 3), "The k is (1, 2, 3), not one number or two."),
        (parameter("k", 3, "size", minimum=1), (3, 2.5), "The k is 2.5, not a whole number."),
        (parameter("k", 3, "size", minimum=1), (3, 0), "The k is 0, less than 1."),
        (parameter("k", 3, "size", maximum=9), 10, "The k is 10, more than 9."),
        (parameter("shape", (1,), "shape"), (), "The shape is (), not sizes such as 28×28×1."),
        (parameter("scale", 1.0, "floats"), (), "The scale has no number."),
    ],
)
def test_what_is_refused_is_told_in_a_sentence(own: Parameter, given: Any, sentence: str) -> None:
    with pytest.raises(UserError) as told:
        own.checked(given)
    assert str(told.value) == sentence


def test_a_sentence_may_say_whose_parameter_it_is() -> None:
    with pytest.raises(UserError, match=r"^RISE: steps is a whole number from 5 to 400, not 4\.$"):
        STEPS.checked(4, "RISE")


@pytest.mark.parametrize(
    ("own", "value", "nearest"),
    [
        (SIGMA, 1.23, 1.23),
        (STEPS, 1.6, 2),
        (STEPS, 2.5, 3),
        (SIZE, 4, 5),
        (SIZE, 4.4, 5),
        (SIZE, 0, 0),
        (STEPS, math.inf, math.inf),
    ],
)
def test_a_slider_comes_to_the_nearest_of_its_kind(own: Parameter, value: float, nearest: float) -> None:
    assert own.rounded(value) == nearest


def test_a_number_is_kept_within_its_range() -> None:
    assert [SIGMA.clamped(value) for value in (0.1, 2.0, 9.0)] == [0.3, 2.0, 5.0]


def test_choices_and_what_is_called_how() -> None:
    assert PADDING.values == ("valid", "same")
    assert (PADDING.title, PADDING.said, SIGMA.said) == ("padding", "padding", "width (sigma)")
    assert parameter("kernel_size", 3).title == "kernel size"
    assert (SIGMA.spans, STEPS.spans) == ("0.3 to 5", "5 to 400")
    several = parameter("metrics", ("a",), "several", choices=plain("a", "b"))
    assert several.problem(("a", "b")) == "" and several.problem(("a", "c")) == "is c, not one of a, b"


def test_what_one_gesture_goes_through_is_one_step_of_undo() -> None:
    assert SIGMA.turned and PADDING.turned and not parameter("use_bias", True).turned


def test_numbers_as_people_write_them() -> None:
    numbers = (2**31 - 1, 10_000, 100_000, 0.99, 1e-7)
    assert [written(n) for n in numbers] == ["2,147,483,647", "10000", "100,000", "0.99", "1e-07"]
    assert short("x" * 100) == f"'{'x' * 58}…"


@dataclass(frozen=True)
class Made:
    """Settings of a made-up optimizer."""

    kind: str = setting("plain", "Kind", choices=plain("plain", "fancy"))
    rate: float = setting(0.1, "Rate", minimum=0, maximum=1, positive=True)
    steps: int | None = setting(None, "Steps", "whole", minimum=1, maximum=9, nothing="all", said="number")
    marks: tuple[str, ...] = setting(("a",), "Marks", "several", choices=plain("a", "b"))
    note: str = "no parameter"

    def __post_init__(self) -> None:
        check_record(self, "the test")


def test_the_fields_of_a_record_are_its_parameters() -> None:
    declared = parameters_of(Made)
    assert list(declared) == ["kind", "rate", "steps", "marks"]
    assert [own.kind for own in declared.values()] == ["choice", "real", "whole", "several"]
    assert (declared["rate"].name, declared["rate"].default, declared["steps"].said) == (
        "rate",
        0.1,
        "number",
    )
    assert Made() == Made("plain", 0.1, None, ("a",))


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"kind": "odd"}, "There is no kind called 'odd': choose one of plain, fancy."),
        ({"marks": ("a", "c")}, "There is no marks called 'c': choose one of a, b."),
        ({"rate": 2.0}, "The rate of the test is 2: it goes from more than 0 to 1."),
        ({"rate": 0.0}, "The rate of the test is 0: it goes from more than 0 to 1."),
        ({"steps": 10}, "The number of the test is 10: it goes from 1 to 9."),
    ],
)
def test_a_record_refuses_what_it_does_not_declare(wrong: dict[str, Any], sentence: str) -> None:
    with pytest.raises(UserError) as told:
        Made(**wrong)
    assert str(told.value) == sentence


def test_a_record_comes_back_from_json_and_is_checked_again() -> None:
    made = Made("fancy", 0.25, 4, ("a", "b"), "kept")
    text = json.dumps(to_json(made))
    assert json.loads(text) == {
        "kind": "fancy", "rate": 0.25, "steps": 4, "marks": ["a", "b"], "note": "kept"
    }  # fmt: skip
    assert from_json(Made, json.loads(text)) == made
    with pytest.raises(UserError, match="it goes from more than 0 to 1"):
        from_json(Made, {**json.loads(text), "rate": 7.0})
