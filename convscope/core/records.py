"""Frozen dataclasses to JSON's own types and back: one way for settings, runs, documents and lessons.

A record is a frozen dataclass of numbers, words, None, tuples, mappings, arrays, paths and other records.
What is read is checked against the types that it declares; what its `__post_init__` refuses is refused.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeVar

import msgspec
import numpy as np

Record = TypeVar("Record")


def to_json(record: Any) -> Any:
    """A record as JSON's own types: dict, list, str, int, float, bool, None.

    Raises:
        TypeError: it holds something that is none.
    """
    return msgspec.to_builtins(record, str_keys=True, enc_hook=_encode)


def from_json(kind: type[Record], data: Any) -> Record:
    """The record of `to_json`. Fields that it does not know are left out, as of a later version.

    Args:
        kind: its type, such as a dataclass or `tuple[str, ...]`.

    Raises:
        ValueError: it is something else; says what and where: "Expected `int`, got `str` - at `$.size`".
        UserError: a record refuses its values.
    """
    try:
        return msgspec.convert(data, kind, str_keys=True, dec_hook=_decode)
    except msgspec.ValidationError as error:
        raise ValueError(str(error)) from error


def _encode(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return {"dtype": value.dtype.str, "values": value.tolist(), "shape": list(value.shape)}
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, Path):
        return str(value)
    raise TypeError(f"{type(value).__name__} is no record")


def _decode(kind: type, data: Any) -> Any:
    if kind is np.ndarray or getattr(kind, "__origin__", None) is np.ndarray:
        dtype = np.dtype(str(data["dtype"]))
        if dtype.hasobject:
            raise ValueError("an array holds numbers only")
        return np.array(data["values"], dtype).reshape([int(each) for each in data["shape"]])
    if issubclass(kind, Path):
        return kind(str(data))
    raise TypeError(f"{kind.__name__} is no record")
