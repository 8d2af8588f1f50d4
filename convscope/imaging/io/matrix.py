"""Matrices as images: typed, pasted, from .npy or .csv files."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, BinaryIO, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from convscope.core.errors import UserError
from convscope.core.task import Task
from convscope.imaging.image import OVER_WHITE, Image
from convscope.imaging.io.decode import damaged, too_large
from convscope.imaging.io.numbers import MAX_CHARACTERS, parse_table

MAX_TYPED = 1_000_000
Style = Literal["python", "tsv", "csv"]

_NPY_MAGIC = b"\x93NUMPY"
_NPY_DTYPE = re.compile(r"""['"]descr['"]\s*:\s*['"]([<>|=]?[biuf][0-9]{1,2})['"]""")
_NPY_ORDER = re.compile(r"""['"]fortran_order['"]\s*:\s*(True|False)""")
_NPY_SHAPE = re.compile(r"""['"]shape['"]\s*:\s*\(([0-9, ]*)\)""")


def parse_matrix(text: str) -> NDArray[np.float64]:
    """The matrix that a typed or pasted text holds: float64, rows × columns.

    Read are spreadsheet cells, CSV, Python, NumPy and MATLAB lists, and rows of numbers; see `parse_table`.

    Raises:
        UserError: no numbers, rows of different length (which one, and how many), or too long a text.
    """
    return parse_table(text, max_characters=MAX_TYPED)


def format_matrix(array: ArrayLike, style: Style = "python") -> str:
    """A 2-D array as text that `parse_matrix` and a spreadsheet read back exactly.

    Args:
        array: rows × columns; one dimension is one row.
        style: "python" is a nested list on one line; "tsv" and "csv" have a line a row.

    Raises:
        UserError: more than two dimensions.
    """
    table = np.atleast_2d(np.asarray(array))
    if table.ndim != 2:
        raise UserError(
            f"Only a table of rows and columns can be copied as text, not one of {table.ndim} axes."
        )
    rows = [[_number(value) for value in row] for row in table]
    if style == "python":
        return "[" + ", ".join("[" + ", ".join(row) + "]" for row in rows) + "]"
    separator = "\t" if style == "tsv" else ","
    return "\n".join(separator.join(row) for row in rows)


def _number(value: Any) -> str:
    whole = float(value).is_integer() and abs(value) < 1e15
    # NumPy's str has just the digits that the value's own type needs.
    return str(int(value)) if whole else str(value)


def image_from_array(
    array: ArrayLike, name: str = "array", path: Path | None = None, notes: tuple[str, ...] = ()
) -> Image:
    """An image with exactly these values: uint8 if each is a whole number 0–255, else float32.

    Args:
        array: real numbers or booleans; H×W, H×W×1, H×W×3, or H×W×4 with an opacity of 0–255 last, which is
            laid over white. One dimension is one row.
        name, path, notes: as of `Image`.

    Raises:
        UserError: another shape or type, or values too large for float32.
    """
    values = np.asarray(array)
    if values.dtype.kind not in "biuf":
        raise UserError(f"{name} holds {values.dtype} values: an image needs real numbers.")
    if values.ndim == 1:
        values = values[None]
    if values.ndim == 3 and values.shape[2] == 1:
        values = values[..., 0]
    if values.ndim not in (2, 3) or (values.ndim == 3 and values.shape[2] not in (3, 4)) or 0 in values.shape:
        raise UserError(
            f"{name} has the shape {'×'.join(map(str, values.shape)) or 'of a single number'}: "
            "an image is height × width, or height × width × 3."
        )
    if values.dtype.kind == "f" and not (finite := np.isfinite(values)).all():
        notes = (*notes, f"{values.size - int(finite.sum()):,} values that are not finite became 0")
        values = np.where(finite, values, values.dtype.type(0))
    if values.dtype.kind == "f" and np.abs(values).max() > np.finfo(np.float32).max:
        raise UserError(f"{name} has values beyond ±3.4e38, the largest that a 32-bit number holds.")
    if values.ndim == 3 and values.shape[2] == 4:
        if not (values[..., 3] == 255).all():
            notes = (*notes, OVER_WHITE)
        values = _over_white(values)
    if values.dtype != np.uint8:
        bytes_ = values.dtype.kind == "b" or (
            values.min() >= 0
            and values.max() <= 255
            and (values.dtype.kind != "f" or bool((values == np.rint(values)).all()))
        )
        values = values.astype(np.uint8 if bytes_ else np.float32)
    return Image(values, name, path, notes)


def _over_white(rgba: NDArray[Any]) -> NDArray[Any]:
    opacity = np.clip(rgba[..., 3:].astype(np.float64), 0, 255) / 255
    blended = rgba[..., :3] * opacity + 255 * (1 - opacity)
    return np.rint(blended) if rgba.dtype.kind != "f" else blended


def is_npy(stream: BinaryIO) -> bool:
    """Whether a stream starts like a .npy file; leaves it at its start."""
    start = stream.read(len(_NPY_MAGIC))
    stream.seek(0)
    return start == _NPY_MAGIC


def read_npy(stream: BinaryIO, name: str, path: Path | None, *, max_pixels: int) -> Image:
    """An image from a .npy file. The header is matched, not evaluated: nothing in the file can run.

    Raises:
        UserError: damaged, cut short, not real numbers, not shaped like an image, or too large.
    """
    start = stream.read(12)
    if len(start) < 12 or start[:6] != _NPY_MAGIC or start[6] not in (1, 2):
        raise damaged(name, "no NumPy header of version 1 or 2")
    # Version 1 counts the header in two bytes, version 2 in four.
    width = 2 if start[6] == 1 else 4
    length = int.from_bytes(start[8 : 8 + width], "little")
    stream.seek(8 + width)
    header = stream.read(min(length, 10_000)).decode("latin-1")
    dtype, order, shape = (pattern.search(header) for pattern in (_NPY_DTYPE, _NPY_ORDER, _NPY_SHAPE))
    if order is None or shape is None:
        raise damaged(name, f"no shape in the header {header[:80]!a}")
    if dtype is None:
        raise UserError(
            f"{name} holds something else than real numbers: save a numeric array with numpy.save."
        )
    parts = [part.strip() for part in shape[1].split(",") if part.strip()]
    if len(parts) > 3:
        raise UserError(f"{name} has {len(parts)} axes: an image is height × width, or height × width × 3.")
    if not all(re.fullmatch("[0-9]{1,18}", part) for part in parts):
        raise damaged(name, f"no sizes in the header {header[:80]!a}")
    sizes = [int(part) for part in parts]
    count = 1
    for size in sizes:
        count *= size
    pixels = count // sizes[2] if len(sizes) == 3 and sizes[2] else count
    if pixels > max_pixels:
        raise too_large(name, pixels, max_pixels)
    try:
        kind = np.dtype(dtype[1])
    except TypeError as error:
        raise damaged(name, error) from error
    data = stream.read(count * kind.itemsize)
    if len(data) < count * kind.itemsize:
        raise damaged(name, f"{len(data)} bytes of {count * kind.itemsize}")
    array = np.frombuffer(data, kind).reshape(sizes, order="F" if order[1] == "True" else "C")
    return image_from_array(array, name, path)


def read_text(stream: BinaryIO, name: str, path: Path | None, *, max_pixels: int, task: Task) -> Image:
    """An image from a text file of numbers, such as .csv.

    Raises:
        UserError: no text, not a table of numbers, or too large.
    """
    data = stream.read(MAX_CHARACTERS + 1)
    # Excel's "Unicode text" is UTF-16.
    encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        raise _no_text(name) from error
    if "\0" in text:
        raise _no_text(name)
    try:
        values = parse_table(text, task)
    except UserError as error:
        raise UserError(f"{name}: {error.message}", detail=error.detail) from error
    if values.size > max_pixels:
        raise too_large(name, values.size, max_pixels)
    return image_from_array(values, name, path)


def _no_text(name: str) -> UserError:
    return UserError(f"{name} is not a text of numbers: save it as CSV.")
