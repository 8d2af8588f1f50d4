"""Taking a written table apart into its cells, whatever notation it is in. Nothing is ever evaluated.

Known are nested brackets (Python, NumPy, TensorFlow, PyTorch, JSON, MATLAB, C, Mathematica), LaTeX matrices,
and tables whose cells are parted by bars (Markdown, text tables). Every pattern is linear in the text, or
looks at a beginning or an end of bounded length only.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any

from convscope.core.errors import UserError

# No two parts can match the same digits, so that a hostile text costs linear time.
NUMBER = r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
_FACTOR = rf"\(?\s*({NUMBER})(?:/({NUMBER}))?\s*\)?"

# What stands before or after a table is looked for in so many letters.
_AROUND = 300
_MOST_NESTED = 8
# NumPy breaks one long row into lines; MATLAB's lines are rows, and shorter.
_TYPED_LINE = 48

_BRACKETS = re.compile(r"[\[\](){}]")
_PAIRS = {"]": "[", ")": "(", "}": "{"}
_ASSIGNED = re.compile(r"[A-Za-z_][\w.:<>,*&' ]*(?:(?:\[\s*[0-9]*\s*\])+[\w ]*)*=\s*")
_NEW = re.compile(r"new\s+\w+\s*(?:\[\s*[0-9]*\s*\]\s*)*")
_BEFORE = re.compile(rf"{_FACTOR}\s*\*\s*")
# Mathematica and LaTeX write a product without a sign.
_BEFORE_BRACE = re.compile(rf"{_FACTOR}\s*(?=\{{)")
_AFTER = re.compile(rf"\s*\.?([*/])\s*{_FACTOR}$")
_CALL = re.compile(
    r"(?:\w+(?:\.|::))*(?:array|asarray|matrix|Matrix|tensor|Tensor|FloatTensor|constant|Variable|Array|DeviceArray"
    r"|convert_to_tensor)\s*\("
)
_KEYWORDS = re.compile(r"(?:\s*,\s*[A-Za-z_]\w*\s*=[^=]*)*\s*,?\s*")
_PRINTED = re.compile(r"\b(?:numpy|value)\s*=\s*")
_C_NUMBER = re.compile(r"(?<=[0-9.])[fFlL](?![\w.])")

_LATEX_SIGNS = re.compile(r"\\begin\s*\{|\\[dt]?frac|\\\\|\\(?:[pbvBV]|small)?matrix\s*\{|\\cr\b")
_LATEX_BEGIN = re.compile(r"\\begin\s*\{(\w*)\*?\}(?:\s*\[[^\]]*\])?(?:\s*\{[clr|@ .]*\})?")
_LATEX_END = re.compile(r"\\end\s*\{\w*\*?\}")
_LATEX_MACRO = re.compile(r"\\(?:[pbvBV]|small)?matrix\s*\{")
_LATEX_FRACTION = re.compile(r"\\[dtc]?frac\s*(?:\{([^{}]*)\}|([0-9]))\s*(?:\{([^{}]*)\}|([0-9]))")
_LATEX_QUIET = re.compile(
    r"\\(?:left|right|[bB]igg?[lr]?)(?![A-Za-z])|\\displaystyle|\\hline|\\[hv]?phantom\s*\{[^{}]*\}|\\q?quad|\\nonumber"
    r"|\\[,;:! ]|\$|\\[\[\]()](?!\s*\[)|~|(?<!\\)%[^\n]*"
)
_LATEX_SIGN = re.compile(r"(?<![\w)}])([+-])\s+(?=[0-9.])")
_LATEX_ROW = re.compile(r"\\\\(?:\s*\[[^\]]*\])?|\\cr\b|\\tabularnewline")

_RULE = re.compile(r"[\s|:+=-]+")
_BARS = str.maketrans({**dict.fromkeys("│┃║", "|"), **dict.fromkeys("─━═┼┿╪├┤┬┴┌┐└┘╞╡╤╧╭╮╰╯╔╗╚╝╠╣╦╩╬", "-")})


@dataclass(frozen=True)
class Written:
    """A table as it is written: its cells as text, and what all are multiplied with and divided by."""

    rows: list[list[str]]
    factor: float = 1.0
    divisor: float = 1.0


def take_apart(text: str) -> Written | None:
    """The cells of a text in one of the notations; None where it is none of them but plain rows.

    Raises:
        UserError: brackets that are no table, or a factor that is no number.
    """
    text = text.translate(_BARS)
    if _LATEX_SIGNS.search(text):
        return _latex(text)
    if any(bracket in text for bracket in "[({"):
        return _bracketed(text)
    if "|" in text:
        return Written(_barred(text))
    return None


def comma_cells(line: str) -> list[str]:
    """The cells of a row with commas; one comma may follow the last."""
    return [cell.strip() for cell in line.removesuffix(",").split(",")]


def cells_of(row: str) -> list[str]:
    """The cells of a row that stands in brackets."""
    row = row.strip()
    return comma_cells(row) if "," in row else row.split()


# -- brackets ------------------------------------------------------------------------------------------------


def _bracketed(text: str) -> Written:
    if "{" in text:
        text = _C_NUMBER.sub("", text.replace("*^", "e"))
    body, written = _peeled(text)
    if not body or body[0] not in "[({" or body[-1] not in "])}":
        raise UserError("This is not a list of numbers: write [[0, -1], [-1, 5]], for example.")
    return replace(written, rows=_table(_nested(body)))


def _peeled(text: str) -> tuple[str, Written]:
    """The brackets of a table without what is written around them, and the factors among that."""
    written = Written([])
    for _ in range(2 * _MOST_NESTED):
        text = text.strip().rstrip(";,").rstrip()
        start = text[:_AROUND]
        if after := _AFTER.search(text[-_AROUND:]):
            text = text[: len(text) - len(after[0])]
            written = _times(written, after[2], after[3], upside_down=after[1] == "/")
        elif start.startswith("<") and text.endswith(">") and (printed := _PRINTED.search(start)):
            # <tf.Tensor: shape=(2, 2), dtype=float32, numpy=array(…)>
            text = text[printed.end() : -1]
        elif start.startswith("[array(") and text.endswith(")]"):
            # What get_weights() of a layer without a bias prints.
            text = text[1:-1]
        elif start.startswith("Parameter containing:"):
            text = text.removeprefix("Parameter containing:")
        elif before := _BEFORE.match(start) or _BEFORE_BRACE.match(start):
            text = text[before.end() :]
            written = _times(written, before[1], before[2])
        elif new := _NEW.match(start):
            text = text[new.end() :]
        elif text.endswith(")") and (call := _CALL.match(start)):
            text = _first_list(text[call.end() : -1])
        elif assigned := _ASSIGNED.match(start):
            text = text[assigned.end() :]
        else:
            break
    return text, written


def _times(written: Written, numerator: str, divisor: str | None, *, upside_down: bool = False) -> Written:
    over, under = float(numerator), float(divisor or 1)
    if upside_down:
        over, under = under, over
    if under == 0:
        raise UserError("The table is divided by 0.")
    return replace(written, factor=written.factor * over, divisor=written.divisor * under)


def _first_list(arguments: str) -> str:
    """The list among the arguments of a call, if only named ones follow it."""
    depth = 0
    for bracket in _BRACKETS.finditer(arguments):
        depth += 1 if bracket[0] in "[({" else -1
        if depth <= 0:
            rest = arguments[bracket.end() :]
            known = len(rest) <= _AROUND and _KEYWORDS.fullmatch(rest) is not None
            return arguments[: bracket.end()] if known and depth == 0 else ""
    return ""


def _nested(body: str) -> list[Any]:
    """The brackets of a text as lists; innermost ones as their text. The outermost list has no brackets."""
    stack: list[list[Any]] = [[]]
    opened: list[str] = []
    at = 0
    wrong = UserError("The brackets of this list do not match up as rows of one table.")
    for bracket in _BRACKETS.finditer(body):
        between, at = body[at : bracket.start()], bracket.end()
        if bracket[0] in "[({":
            if between.strip(" \t\n,;") or len(stack) > _MOST_NESTED:
                raise wrong
            stack.append([])
            opened.append(bracket[0])
            continue
        if not opened or opened.pop() != _PAIRS[bracket[0]]:
            raise wrong
        closed = stack.pop()
        if closed and between.strip(" \t\n,;"):
            raise wrong
        stack[-1].append(closed or between)
    if opened or body[at:].strip(" \t\n,;"):
        raise wrong
    return stack[0]


def _table(items: list[Any]) -> list[list[str]]:
    root: Any = items[0] if len(items) == 1 else items
    if isinstance(root, str):
        return [cells_of(row) for row in _rows_of_one_list(root)]
    sizes = _sizes(root)
    if sizes is None:
        raise UserError("The brackets of this list do not match up as rows of one table.")
    if len(sizes) == 1:
        return [cells_of(row) for row in root]
    # A kernel as Keras prints it has the axes for channels last, of size 1; PyTorch's come first.
    if len(sizes) == 3 and sizes[:2] == [1, 1]:
        return [cells_of(row) for row in root[0][0]]
    if len(sizes) == 2 and sizes[0] == 1 and sizes[1] > 1:
        return [cells_of(row) for row in root[0]]
    flat = root if len(sizes) == 2 else [[leaf for (leaf,) in row] for row in root if sizes[2] == 1]
    table = [[cells_of(leaf) for leaf in row] for row in flat]
    if len(sizes) <= 3 and table and all(len(cells) == 1 for row in table for cells in row):
        return [[cells[0] for cells in row] for row in table]
    raise UserError(
        "A table has rows and columns: these brackets are nested more than two deep; print one slice, "
        "such as kernel[:, :, 0, 0]."
    )


def _sizes(node: list[Any]) -> list[int] | None:
    """How many lists lie in each other, down to the innermost; None where they are of different kinds."""
    sizes, level = [len(node)], node
    while level and not isinstance(level[0], str):
        sizes.append(len(level[0]))
        if not all(isinstance(child, list) and len(child) == len(level[0]) for child in level):
            return None
        level = [grandchild for child in level for grandchild in child]
    return sizes if all(isinstance(leaf, str) for leaf in level) else None


def _rows_of_one_list(text: str) -> list[str]:
    """One pair of brackets: a flat list, or MATLAB's rows between semicolons or on lines."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if ";" in text:
        return [row for line in lines for row in line.split(";") if row.strip()]
    typed = all(len(line) <= _TYPED_LINE and not line.endswith(",") for line in lines)
    if typed and len({len(cells_of(line)) for line in lines}) == 1:
        return lines
    return [" ".join(lines)]


# -- LaTeX ---------------------------------------------------------------------------------------------------


def _latex(text: str) -> Written:
    text = _LATEX_QUIET.sub(" ", _LATEX_ROW.sub("\r", text))
    text = _LATEX_FRACTION.sub(
        lambda found: f" {_bare(found[1] or found[2])}/{_bare(found[3] or found[4])} ", text
    )
    text = re.sub(r"\\(?:times|cdot|ast)(?![A-Za-z])", "*", text)
    text = _LATEX_SIGN.sub(r"\1", text)
    end = _LATEX_END.search(text)
    # The innermost: an equation may stand around the matrix.
    begin = next(reversed([*_LATEX_BEGIN.finditer(text, 0, end.start() if end else len(text))]), None)
    written, body = Written([]), text
    if begin is not None and end is not None:
        if not re.fullmatch(r"\w*matrix|array|aligned|tabular|cases", begin[1]):
            raise UserError(
                f"LaTeX's {begin[1][:40]} is no matrix: write \\begin{{bmatrix}} … \\end{{bmatrix}}."
            )
        body = text[begin.end() : end.start()]
        written = _latex_around(written, text[: begin.start()], text[end.end() :])
    elif begin is not None or end is not None:
        raise UserError("This LaTeX matrix has no \\begin or no \\end: paste all of it.")
    elif macro := _LATEX_MACRO.search(text):
        body = text[macro.end() :].rstrip().removesuffix("}")
        written = _latex_around(written, text[: macro.start()], "")
    rows = [[_bare(cell) for cell in row.split("&")] for row in body.split("\r")]
    return replace(written, rows=[row for row in rows if any(row)])


def _latex_around(written: Written, before: str, after: str) -> Written:
    """The factors that stand beside a matrix."""
    before = _LATEX_BEGIN.sub(" ", before[-_AROUND:])
    found = re.search(rf"(?:^|[\s=]){_FACTOR}\s*\*?\s*[\[({{|.\\]*\s*$", before)
    if found:
        written = _times(written, found[1], found[2])
    after = _LATEX_END.sub(" ", after[:_AROUND])
    if found := re.match(rf"\s*[\])}}|.\\]*\s*([*/])\s*{_FACTOR}", after):
        written = _times(written, found[2], found[3], upside_down=found[1] == "/")
    return written


def _bare(cell: str) -> str:
    """A cell without the braces that LaTeX groups with."""
    return " ".join(cell.replace("{", "").replace("}", "").split())


# -- bars ----------------------------------------------------------------------------------------------------


def _barred(text: str) -> list[list[str]]:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    rows: list[list[str]] = []
    for number, line in enumerate(lines):
        if _RULE.fullmatch(line) and re.search(r"[-=]", line):
            continue
        cells = [cell.strip(" \t`*") for cell in line.removeprefix("|").removesuffix("|").split("|")]
        ruled = number + 1 < len(lines) and _RULE.fullmatch(lines[number + 1]) is not None
        # A heading of names; one of numbers is the first row, since Markdown must have a heading.
        if ruled and not rows and not any(re.fullmatch(rf"{NUMBER}(?:/{NUMBER})?", cell) for cell in cells):
            continue
        rows.append(cells)
    return rows
