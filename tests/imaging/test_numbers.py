"""Tables of numbers out of pasted text."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from convscope.core.errors import UserError
from convscope.core.task import Cancelled, Task
from convscope.imaging.io.numbers import parse_table

SHARPEN = [[0, -1, 0], [-1, 5, -1], [0, -1, 0]]


@pytest.mark.parametrize(
    "text",
    [
        "0 -1 0; -1 5 -1; 0 -1 0",
        "0 -1 0\n-1 5 -1\n0 -1 0\n",
        "0,-1,0;-1,5,-1;0,-1,0",
        "0, -1, 0\r\n-1, 5, -1\r\n0, -1, 0\r\n",
        "0\t-1\t0\n-1\t5\t-1\n0\t-1\t0",
        "0;-1;0\n-1;5;-1\n0;-1;0",
        "[[0, -1, 0], [-1, 5, -1], [0, -1, 0]]",
        "((0, -1, 0), (-1, 5, -1), (0, -1, 0),)",
        "[0, -1, 0], [-1, 5, -1], [0, -1, 0]",
        "[[ 0 -1  0]\n [-1  5 -1]\n [ 0 -1  0]]",
        "array([[ 0., -1.,  0.],\n       [-1.,  5., -1.],\n       [ 0., -1.,  0.]])",
        "kernel = np.array([[0, -1, 0], [-1, 5, -1], [0, -1, 0]], dtype=np.float32)",
        "1/2 * np.array([[0, -2, 0], [-2, 10, -2], [0, -2, 0]])",
        "np.array([[0, -2, 0], [-2, 10, -2], [0, -2, 0]]) / 2",
        "[0 -1 0; -1 5 -1; 0 -1 0];",
        "0 −1 0; −1 5 −1; 0 −1 0",
        "# saved by hand\n0 -1 0\n-1 5 -1\n0 -1 0",
        "0 -1 0;\n-1 5 -1;\n0 -1 0;",
    ],
)
def test_every_way_of_writing_the_sharpen_kernel(text: str) -> None:
    table = parse_table(text)
    assert table.dtype == np.float64
    assert np.array_equal(table, SHARPEN)


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("7", [[7]]),
        ("1 2 3", [[1, 2, 3]]),
        ("[1, 2, 3]", [[1, 2, 3]]),
        ("1;2;3", [[1], [2], [3]]),
        ("1/9 1 / 4", [[1 / 9, 0.25]]),
        ("[[1/9, .5, 1.], [-1e-3, +2, 3E2]]", [[1 / 9, 0.5, 1], [-0.001, 2, 300]]),
        ("0,5\t1,25", [[0.5, 1.25]]),
        ("0,5;1\n2;3,5", [[0.5, 1], [2, 3.5]]),
        ("(1/9) * [[1, 1], [1, 1]]", [[1 / 9, 1 / 9], [1 / 9, 1 / 9]]),
        ("[[1, 2], [3, 4]] * 3", [[3, 6], [9, 12]]),
    ],
)
def test_values(text: str, values: list[list[float]]) -> None:
    assert parse_table(text) == pytest.approx(np.array(values, dtype=float))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "no numbers"),
        (" \n\t", "no numbers"),
        ("[]", "no numbers"),
        ("[[], []]", "no numbers"),
        (";", "no numbers"),
        (";;\n;", "no numbers"),
        (";1", "Row 2 has 1 number, but row 1 has 0"),
        ("1 2 3\n4 5", "Row 2 has 2 numbers, but row 1 has 3"),
        ("[[1, 2], [3]]", "Row 2 has 1 number, but row 1 has 2"),
        ("1 two 3", 'Row 1, column 2: "two" is not a number'),
        ("1,,3", "Row 1, column 2: the cell is empty"),
        ("1 nan", '"nan" is not a number'),
        ("1 inf", '"inf" is not a number'),
        ("1_000", "is not a number"),
        ("1/0 2", "divides by 0"),
        ("[[1, 2]] / 0", "divided by 0"),
        ("1e999", "too large"),
        ("1e300 * [[1e300]]", "finite"),
        ("[[[1, 2]]]", "more than two deep"),
        ("[[1, 2], 3]", "do not match up"),
        ("[[1, 2]", "do not match up"),
        ("[1, 2", "not a list of numbers"),
        ("np.ones((3, 3))", "not a list of numbers"),
        ("__import__('os').getcwd()", "not a list of numbers"),
        ("[__import__('os').getcwd()]", "do not match up"),
        ("[[1, 2, ...], [3, 4, 5]]", '"..." is not a number'),
    ],
)
def test_one_sentence_says_what_is_wrong(text: str, sentence: str) -> None:
    with pytest.raises(UserError, match=sentence.replace("[", r"\[").replace(".", r"\.")):
        parse_table(text)


def test_too_long_is_refused_before_it_is_read() -> None:
    with pytest.raises(UserError, match="101 characters"):
        parse_table("1" * 101, max_characters=100)


def test_a_long_table_can_be_cancelled() -> None:
    task = Task()
    task.cancel()
    with pytest.raises(Cancelled):
        parse_table("1 2\n" * 100, task)


@given(arrays(np.float64, st.tuples(st.integers(1, 6), st.integers(1, 6)), elements=st.floats(-1e9, 1e9)))
def test_what_python_and_numpy_print_comes_back_exactly(values: np.ndarray) -> None:
    assert np.array_equal(parse_table(repr(values.tolist())), values)
    with np.printoptions(floatmode="unique"):
        assert np.array_equal(parse_table(repr(values)), values)
        assert np.array_equal(parse_table(str(values)), values)
    assert np.array_equal(
        parse_table("\n".join("\t".join(map(repr, row)) for row in values.tolist())), values
    )


@given(st.text(alphabet="0123456789 .,;/*[]()-+e\t\n#ax=", max_size=60))
def test_any_text_is_a_finite_table_or_a_sentence(text: str) -> None:
    try:
        table = parse_table(text)
    except UserError as error:
        assert error.message.endswith(".")
    else:
        assert table.ndim == 2 and table.size > 0 and np.isfinite(table).all()
