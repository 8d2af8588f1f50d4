"""Kernels in files: JSON with everything, CSV and .npy with the weights alone."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from convscope.core.errors import UserError
from convscope.core.files import save
from convscope.core.opening import named, parse_json, read_bytes
from convscope.imaging.io.matrix import format_matrix
from convscope.imaging.io.numbers import parse_divided
from convscope.imaging.io.numpy_files import UNREADABLE, PickledError, array_header, read_array
from convscope.imaging.kernels import PRESETS, make
from convscope.imaging.kernels.kernel import MAX_SIZE, Kernel

FORMAT, VERSION = "convscope-kernels", 1
SUFFIXES = (".json", ".csv", ".npy")
# 31×31 weights for three channels, at full precision and in JSON, take a tenth of this.
_MAX_BYTES = 1_000_000
_MAX_NAME = 100
_CHANNELS = ("red", "green", "blue")
_CHANNEL_LINE = re.compile(r"^#\s*(?:red|green|blue)\s*$", re.MULTILINE)


def parse_kernel(text: str, name: str = "custom") -> Kernel:
    """A kernel as it is typed or pasted, such as "0 -1 0; -1 5 -1; 0 -1 0" or "1/9 * [[1, 1, 1], …]".

    See `parse_table` for the notations.

    Raises:
        UserError: not a table of numbers, or one larger than 31×31.
    """
    return Kernel.divided(*parse_divided(text, max_characters=_MAX_BYTES), name)


def save_kernels(path: Path | str, kernels: Sequence[Kernel]) -> None:
    """Write one kernel, or the three of an RGB filter, whole or not at all; the suffix says how.

    .json keeps name, preset and parameters; .csv and .npy the weights: float64, rows × columns, or
    3 × rows × columns (in CSV, three tables under "# red", "# green" and "# blue").

    Raises:
        UserError: another suffix, not one or three kernels of one size, or the file cannot be written.
    """
    path = Path(path)
    _check_count(kernels)
    suffix = path.suffix.lower()
    if suffix == ".json":
        data = json.dumps(to_data(kernels), ensure_ascii=False, indent=1).encode()
    elif suffix == ".csv":
        data = _csv(kernels).encode()
    elif suffix == ".npy":
        weights = [kernel.weights for kernel in kernels]
        buffer = io.BytesIO()
        np.save(buffer, weights[0] if len(weights) == 1 else np.stack(weights), allow_pickle=False)
        data = buffer.getvalue()
    else:
        raise UserError(
            f"{path.name}: kernels are saved as {', '.join(SUFFIXES)}; give the name one of these."
        )
    save(path, data)


def load_kernels(path: Path | str) -> tuple[Kernel, ...]:
    """One kernel, or the three of an RGB filter, from a .json, .csv, .txt, .tsv or .npy file.

    What a file does not name is called after the file. Nothing in it is ever executed.

    Raises:
        UserError: no such file, not readable, too large, or not a kernel.
    """
    path = Path(path)
    data = _read(path)
    try:
        if data.startswith(b"\x93NUMPY"):
            kernels = _from_npy(data, path.stem)
        else:
            text = data.decode("utf-8-sig")
            if text.lstrip().startswith("{"):
                kernels = from_data(parse_json(text, "this JSON file"))
            else:
                kernels = _from_text(text, path.stem)
        _check_count(kernels)
    except UnicodeDecodeError as error:
        raise UserError(
            f"{named(path)} is not a kernel file: it is neither text nor a NumPy array.", detail=str(error)
        ) from error
    except UserError as error:
        raise UserError(f"{named(path)}: {error.message}", detail=error.detail) from error
    return kernels


def to_data(kernels: Sequence[Kernel]) -> dict[str, Any]:
    """Kernels as what JSON can hold; `from_data` makes equal ones of it."""
    return {
        "format": FORMAT,
        "version": VERSION,
        "kernels": [
            {
                "name": kernel.name,
                "preset": kernel.preset,
                "parameters": dict(kernel.parameters),
                "weights": kernel.weights.tolist(),
                "divisor": kernel.divisor,
            }
            for kernel in kernels
        ],
    }


def from_data(data: object) -> tuple[Kernel, ...]:
    """The kernels of what JSON held.

    Raises:
        UserError: not of this format, of a newer version, or not kernels.
    """
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        raise UserError(f'this is not a kernel file: it lacks "format": "{FORMAT}".')
    version, entries = data.get("version"), data.get("kernels")
    if version != VERSION:
        raise UserError(f"the kernels are of version {version!r}; this convscope reads version {VERSION}.")
    if not isinstance(entries, list) or not entries:
        raise UserError('this kernel file has no list of "kernels".')
    return tuple(_entry(entry) for entry in entries)


def clean_name(name: object) -> str:
    """A kernel's name without line ends and spaces around it.

    Raises:
        UserError: empty, or longer than 100 characters.
    """
    text = " ".join(name.split()) if isinstance(name, str) else ""
    if not text or len(text) > _MAX_NAME or not text.isprintable():
        raise UserError(f"A kernel's name has 1 to {_MAX_NAME} letters.")
    return text


def _entry(entry: object) -> Kernel:
    if not isinstance(entry, dict):
        raise UserError('every entry of "kernels" must have "name" and "weights".')
    preset, parameters = entry.get("preset"), entry.get("parameters", {})
    if not (preset is None or isinstance(preset, str)) or not isinstance(parameters, dict):
        raise UserError('"preset" must be a text and "parameters" a table of numbers.')
    if not all(_is_number(value) for value in parameters.values()):
        raise UserError("every parameter of a kernel must be a number.")
    weights = entry.get("weights")
    if not isinstance(weights, list) or not all(
        isinstance(row, list) and all(_is_number(value) for value in row) for row in weights
    ):
        raise UserError('"weights" must be a list of rows of numbers.')
    divisor = entry.get("divisor")
    if not (divisor is None or _is_number(divisor)):
        raise UserError('"divisor" must be a number.')
    kernel = Kernel(
        weights,  # type: ignore[arg-type]
        name=clean_name(entry.get("name")),
        divisor=1.0 if divisor is None else float(divisor),
    )
    if preset is None:
        return kernel
    made = _with_preset(kernel, preset, parameters)
    # Files of before kernels had a divisor.
    written = PRESETS[preset].make(**parameters).divisor if made.preset and divisor is None else made.divisor
    return replace(made, divisor=written)


def _with_preset(kernel: Kernel, preset: str, parameters: dict[str, float]) -> Kernel:
    """The kernel as a preset's, if that really makes these weights: a file may say what it likes."""
    try:
        made = make(preset, **parameters)
    except UserError:
        return kernel
    if made.shape != kernel.shape or not np.allclose(made.weights, kernel.weights, rtol=1e-9, atol=1e-12):
        return kernel
    return replace(kernel, preset=preset, parameters=made.parameters)


def _is_number(value: object) -> bool:
    # JSON knows integers that no float can hold.
    return isinstance(value, float) or (
        isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**300
    )


def _check_count(kernels: Sequence[Kernel]) -> None:
    if len(kernels) not in (1, 3):
        raise UserError(
            f"a kernel file holds one kernel, or three for red, green and blue, not {len(kernels)}."
        )
    if len({kernel.shape for kernel in kernels}) != 1:
        raise UserError("the three kernels of an RGB filter must have the same size.")


def _read(path: Path) -> bytes:
    data = read_bytes(path, _MAX_BYTES, "a kernel file")
    if not data.strip():
        raise UserError(f"{named(path)} is empty.")
    return data


def _from_npy(data: bytes, name: str) -> tuple[Kernel, ...]:
    stream = io.BytesIO(data)
    try:
        # The header first: its shape may claim more memory than there is.
        shape, _, dtype = array_header(stream)
        if dtype.kind not in "biuf":
            raise UserError(f"the array holds {dtype} values; a kernel needs real numbers.")
        if len(shape) not in (2, 3) or any(not 1 <= side <= MAX_SIZE for side in shape):
            raise UserError(
                f"the array has the shape {'×'.join(map(str, shape)) or '()'}; a kernel is rows × columns "
                f"up to {MAX_SIZE}×{MAX_SIZE}, an RGB filter 3 × rows × columns."
            )
        stream.seek(0)
        array = read_array(stream, len(data))
    except UserError:
        raise
    except PickledError as error:
        raise UserError("the array holds Python objects; a kernel needs real numbers.") from error
    except UNREADABLE as error:
        raise UserError("this NumPy file is damaged.", detail=str(error)) from error
    return _named([array] if array.ndim == 2 else list(array), name)


def _from_text(text: str, name: str) -> tuple[Kernel, ...]:
    tables = _CHANNEL_LINE.split(text)
    # Whatever stands before "# red" belongs to no channel.
    name = _clean(name)
    return tuple(Kernel.divided(*parse_divided(table), name) for table in (tables[1:] or tables))


def _named(tables: Sequence[Any], name: str) -> tuple[Kernel, ...]:
    return tuple(Kernel(table, name=_clean(name)) for table in tables)


def _clean(name: str) -> str:
    """A file's stem as a name: it may be stranger than a name may be."""
    return " ".join("".join(c if c.isprintable() else " " for c in name).split())[:_MAX_NAME] or "custom"


def _csv(kernels: Sequence[Kernel]) -> str:
    tables = [format_matrix(kernel.weights, "csv") + "\n" for kernel in kernels]
    if len(tables) == 1:
        return tables[0]
    return "".join(f"# {channel}\n{table}" for channel, table in zip(_CHANNELS, tables, strict=True))
