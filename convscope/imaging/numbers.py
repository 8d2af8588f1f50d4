"""Reading a table of numbers out of whatever text a person pastes or a file holds."""

from __future__ import annotations

import math
import re

import numpy as np
from numpy.typing import NDArray

from convscope.errors import UserError
from convscope.task import Task

MAX_CHARACTERS = 32_000_000

# No two parts can match the same digits, so that a hostile text costs linear time.
_NUMBER = r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
_CELL = re.compile(rf"({_NUMBER})(?:/({_NUMBER}))?")
# kernel = 1/9 * np.array([[1, 1], [1, 1]], dtype=np.float32) / 2: all but the brackets may be missing.
_FACTOR = rf"\(? ?({_NUMBER}(?:/{_NUMBER})?) ?\)?"
_BEFORE = re.compile(rf"(?:\w+ ?= ?)?(?:{_FACTOR} ?\* ?)?")
_AFTER = re.compile(rf" ?([*/]) ?{_FACTOR}$")
_CALL = re.compile(
    r"(?:\w+\.)*(?:array|asarray|matrix|tensor|constant) ?\((.*?)(?: ?, ?dtype ?= ?[\w.'\"]+)? ?,? ?\)"
)
_INNERMOST = re.compile(r"[\[(]([^\[\]()]*)[\])]")
_MINUS_SIGNS = str.maketrans({"−": "-", "–": "-", "\u00a0": " ", "\u2009": " ", "\ufeff": " "})
_NO_TASK = Task()


def parse_table(
    text: str, task: Task = _NO_TASK, *, max_characters: int = MAX_CHARACTERS
) -> NDArray[np.float64]:
    """The table that a text holds: float64, rows × columns, all finite.

    Read are rows split by line ends or semicolons with cells split by spaces, commas or tabs; what a
    spreadsheet copies (tabs, or semicolons with decimal commas); Python, NumPy and MATLAB lists, also as
    NumPy prints them, with a factor before or after them. A cell is a number or a fraction such as 1/9.
    Nothing is ever executed. Lines that start with # are comments. One row, or a flat list, gives
    1 × columns.

    Raises:
        UserError: no numbers, a cell that is none, rows of different length, more than two dimensions, or a
            text of more than `max_characters`.

    Example:
        >>> parse_table("0 -1 0; -1 5 -1; 0 -1 0").shape
        (3, 3)
    """
    if len(text) > max_characters:
        raise UserError(
            f"This text has {len(text):,} characters; a table may have up to {max_characters:,}: shorten it."
        )
    text = text.translate(_MINUS_SIGNS)
    text = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))
    text = "/".join(part.strip(" \t") for part in text.split("/")).strip()
    factor = 1.0
    if "[" in text or "(" in text:
        rows, factor = _bracketed_rows(text)
    else:
        rows = _plain_rows(text)
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
    with np.errstate(over="ignore"):
        values = np.array(table, dtype=np.float64) * factor
    if not np.isfinite(values).all():
        raise UserError("Every number of the table must be finite.")
    return values


def _count(numbers: int) -> str:
    return "1 number" if numbers == 1 else f"{numbers} numbers"


def _value(cell: str, row: int, column: int) -> float:
    match = _CELL.fullmatch(cell)
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
        return [_comma_cells(line) for line in lines]
    return [line.split() for line in lines]


def _is_one_number(piece: str) -> bool:
    return _CELL.fullmatch(piece.replace(",", ".", 1)) is not None


def _comma_cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.removesuffix(",").split(",")]


def _bracketed_rows(text: str) -> tuple[list[list[str]], float]:
    """The rows of a Python, NumPy or MATLAB list, and the factor beside it."""
    text = " ".join(text.split()).rstrip("; ")
    factor = 1.0
    if before := _BEFORE.match(text):
        factor = _value(before[1] or "1", 1, 1)
        text = text[before.end() :]
    if after := _AFTER.search(text):
        divisor = _value(after[2], 1, 1)
        if after[1] == "/" and divisor == 0:
            raise UserError("The table is divided by 0.")
        factor = factor / divisor if after[1] == "/" else factor * divisor
        text = text[: after.start()]
    call = _CALL.fullmatch(text)
    body = (call[1] if call else text).strip()
    if not body or body[0] not in "[(" or body[-1] not in "]),":
        raise UserError("This is not a list of numbers: write [[0, -1], [-1, 5]], for example.")
    groups = _INNERMOST.findall(body)
    skeleton = re.sub(r"\s", "", _INNERMOST.sub("R", body))
    if skeleton == "R":
        # One pair of brackets: a flat list, or MATLAB's rows between semicolons.
        groups = [row for row in groups[0].split(";") if row.strip()]
    elif not re.fullmatch(r"R(?:,?R)*,?|[\[(](?:R,?)*[\])],?", skeleton):
        if re.search(r"[\[(]{2}R", skeleton):
            raise UserError("A table has rows and columns: these brackets are nested more than two deep.")
        raise UserError("The brackets of this list do not match up as rows of one table.")
    return [_comma_cells(row.strip()) if "," in row else row.split() for row in groups], factor
