"""Reading a table of numbers out of whatever text a person pastes or a file holds."""

from __future__ import annotations

import math
import re
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from convscope.core.errors import UserError
from convscope.core.task import Task

if TYPE_CHECKING:
    from convscope.imaging.io.notations import Written

MAX_CHARACTERS = 32_000_000

_SIGNS = str.maketrans(
    {"−": "-", "–": "-", "×": "*", "·": "*", "⋅": "*", "\u00a0": " ", "\u2009": " ", "\ufeff": " "}
    # The tall brackets that SymPy prints around rows.
    | dict.fromkeys("⎡⎤⎢⎥⎣⎦⎛⎞⎜⎟⎝⎠", " ")
)
# Each line is looked at by itself, so that a text of many signs costs linear time.
_COMMENT = re.compile(r"(?:#|//).*$")
_INLINE_COMMENT = re.compile(r"/\*[^*]{0,200}\*/")
_PLAIN_NAME = re.compile(r"\w{1,40}\s*=\s*")
_NO_TASK = Task()


def parse_table(
    text: str, task: Task = _NO_TASK, *, max_characters: int = MAX_CHARACTERS
) -> NDArray[np.float64]:
    """The table that a text holds: float64, rows × columns, all finite.

    Read are rows split by line ends or semicolons with cells split by spaces, commas or tabs; what a
    spreadsheet copies (tabs, or semicolons with decimal commas); lists of Python, NumPy, MATLAB, C and
    Mathematica; tensors as TensorFlow, Keras and PyTorch print them, with axes of size 1 left out; matrices
    in LaTeX; tables in Markdown: all with a factor before or after them. A cell is a number or a fraction
    such as 1/9. Nothing is ever executed. What follows # or // on a line is a comment. One row, or a flat
    list, gives 1 × columns.

    Raises:
        UserError: no numbers, a cell that is none (rows and columns are counted from 1), rows of different
            length, more than two dimensions, or a text of more than `max_characters`.

    Example:
        >>> parse_table("0 -1 0; -1 5 -1; 0 -1 0").shape
        (3, 3)
    """
    table, divisor = parse_divided(text, task, max_characters=max_characters)
    values = table if divisor == 1 else table / divisor
    if not np.isfinite(values).all():
        raise UserError("Every number of the table must be finite.")
    return values


def parse_divided(
    text: str, task: Task = _NO_TASK, *, max_characters: int = MAX_CHARACTERS
) -> tuple[NDArray[np.float64], float]:
    """As `parse_table`, but what the whole table is divided by is kept apart: "1/9 · [[1, 1], …]" has 9.

    Returns:
        The table, rows × columns, not yet divided; and the divisor, never 0.
    """
    if len(text) > max_characters:
        raise UserError(
            f"This text has {len(text):,} characters; a table may have up to {max_characters:,}: shorten it."
        )
    written = _written(text)
    rows = written.rows
    if not any(rows):
        raise UserError("There are no numbers here: type a table such as 0 -1 0; -1 5 -1; 0 -1 0.")
    table: list[list[float]] = []
    for number, cells in enumerate(rows, start=1):
        if number % 64 == 0:
            task.progress(number / len(rows), "reading numbers")
        table.append([_value(cell, number, column) for column, cell in enumerate(cells, start=1)])
        if len(cells) != len(rows[0]):
            raise UserError(
                f"Row {number} has {_count(len(cells))}, but row 1 has {len(rows[0])}: "
                "every row needs as many."
            )
    with np.errstate(over="ignore", invalid="ignore"):
        values = np.array(table, dtype=np.float64) * written.factor
    if not np.isfinite(values).all() or not math.isfinite(written.divisor):
        raise UserError("Every number of the table must be finite.")
    return values, written.divisor


@cache
def _cell() -> re.Pattern[str]:
    """A number or a fraction. The notations are imported late: the first paint has no text to read."""
    from convscope.imaging.io.notations import NUMBER

    return re.compile(rf"({NUMBER})(?:/({NUMBER}))?")


def _written(text: str) -> Written:
    """The cells of a text in any notation."""
    from convscope.imaging.io.notations import Written, take_apart

    text = _INLINE_COMMENT.sub(" ", text.translate(_SIGNS))
    text = "\n".join(_COMMENT.sub("", line) for line in text.splitlines())
    text = "/".join(part.strip(" \t") for part in text.split("/")).strip()
    known = take_apart(text)
    if known is not None:
        return known
    if name := _PLAIN_NAME.match(text):
        text = text[name.end() :]
    return Written(_plain_rows(text))


def _count(numbers: int) -> str:
    return "1 number" if numbers == 1 else f"{numbers} numbers"


def _value(cell: str, row: int, column: int) -> float:
    match = _cell().fullmatch(cell)
    if match is None:
        what = f'"{cell[:40]}" is not a number' if cell else "the cell is empty"
        raise UserError(f"Row {row}, column {column}: {what}.")
    value = float(match[1])
    if match[2] is not None:
        divisor = float(match[2])
        if divisor == 0:
            raise UserError(f"Row {row}, column {column}: {cell[:40]} divides by 0.")
        value /= divisor
    if not math.isfinite(value):
        raise UserError(f"Row {row}, column {column}: {cell[:40]} is too large a number.")
    return value


def _plain_rows(text: str) -> list[list[str]]:
    from convscope.imaging.io.notations import comma_cells

    lines = [line.strip() for line in text.splitlines()]
    lines = [line.rstrip(";").rstrip() for line in lines if line]
    if any(";" in line for line in lines):
        pieces = [[piece.strip() for piece in line.split(";")] for line in lines]
        # Several lines whose semicolons part single numbers: a spreadsheet with decimal commas.
        if len(lines) > 1 and all(_is_one_number(piece) for row in pieces for piece in row):
            return [[piece.replace(",", ".") for piece in row] for row in pieces]
        lines = [piece for row in pieces for piece in row]
    if any("\t" in line for line in lines):
        # A comma beside tabs is a decimal sign, as spreadsheets in much of Europe copy it.
        return [[cell.strip(" ,").replace(",", ".") for cell in line.split("\t")] for line in lines]
    if any("," in line for line in lines):
        return [comma_cells(line) for line in lines]
    return [line.split() for line in lines]


def _is_one_number(piece: str) -> bool:
    return _cell().fullmatch(piece.replace(",", ".", 1)) is not None
