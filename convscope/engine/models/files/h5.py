"""HDF5 files, looked through before anything is read from them, and their weights."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convscope.core.errors import UserError
from convscope.core.opening import budget, check_budget, check_regular, named
from convscope.engine.models.configuration import configuration, major_version
from convscope.engine.models.files.h5_check import look_through

_LONGEST_NAME = 1_000


@dataclass(frozen=True, eq=False)
class LayerWeights:
    """A layer's arrays in a legacy file, in their order, with the names that the file gives them."""

    layer: str
    names: tuple[str, ...]
    arrays: tuple[NDArray[Any], ...]


def check_h5(path: Path, name: str = "") -> int:
    """Look through a file without reading its arrays.

    Args:
        path: the file.
        name: what to call it in a sentence; its own name by default.

    Returns:
        How many numbers its arrays hold.

    Raises:
        UserError: it is not HDF5, cut short, points to other files, holds anything but numbers and names,
            claims more than it holds, or takes more than the budget.
    """
    name = name or named(path)
    with _opened(path, name) as file:
        return look_through(file, path, name)


def model_config(path: Path) -> tuple[dict[str, Any], int] | None:
    """The configuration of a whole-model file and the major version of the Keras that wrote it.

    Returns:
        None for a file of weights alone.

    Raises:
        UserError: the configuration cannot be read.
    """
    with _opened(path, path.name) as file:
        text = file.attrs.get("model_config")
        version = _text(file.attrs.get("keras_version", "1"))
        if text is None:
            return None
        text = _text(text)
    return configuration(text, f"The configuration in {path.name}"), major_version(version, 1)


def legacy_weights(path: Path) -> tuple[LayerWeights, ...] | None:
    """The weights of a legacy file, layer by layer, layers without weights left out.

    Returns:
        None when the file is of another kind (`.weights.h5` of Keras 3).
    """
    with _opened(path, path.name) as file:
        group = file.get("model_weights", file)
        names = _names(group, "layer_names")
        if names is None:
            return None
        if len(set(names)) < len(names):
            raise UserError(f"{path.name} is damaged: it names a layer twice.")
        found, read, most = [], 0, budget()
        for name in names:
            inner = group[name]
            weights = _names(inner, "weight_names") or ()
            # One array may have many names, and is read by each.
            read += sum(int(inner[weight].nbytes) for weight in weights)
            if read > most:
                check_budget(read, f"{path.name} holds")
            arrays = tuple(_numbers(inner[weight], f"{name}/{weight} in {path.name}") for weight in weights)
            if arrays:
                found.append(LayerWeights(name, tuple(weights), arrays))
        return tuple(found)


def _numbers(dataset: Any, what: str) -> NDArray[Any]:
    array = np.asarray(dataset)
    if array.dtype == "V2":
        import ml_dtypes

        # What bfloat16 becomes in a file that knows no such type.
        array = array.view(ml_dtypes.bfloat16)
        return array.astype(np.float32)
    if array.dtype.kind not in "fiub":
        raise UserError(f"The array {what} does not hold numbers: the file is damaged.")
    return array


@contextlib.contextmanager
def _opened(path: Path, name: str) -> Iterator[Any]:
    """The file; whatever goes wrong inside it while it is read is said in one sentence."""
    import h5py

    check_regular(path, "a model file")
    try:
        with h5py.File(path, "r") as file:
            yield file
    # h5py raises one or the other of these for damage, wherever it lies.
    except (OSError, KeyError, RuntimeError, ValueError, TypeError, AttributeError, MemoryError) as error:
        try:
            with path.open("rb") as raw:
                signature = raw.read(8)
        except OSError as unread:
            raise UserError(f"{name} cannot be read.", detail=str(unread)) from unread
        if signature == b"\x89HDF\r\n\x1a\n":
            raise UserError(f"{name} is cut short or damaged: get it again.", detail=str(error)) from error
        raise UserError(f"{name} is not an HDF5 file, so it holds no model.", detail=str(error)) from error


def _names(group: Any, key: str) -> list[str] | None:
    """A list of names; long ones are split over key0, key1, …"""
    if key in group.attrs:
        return [_name(name) for name in group.attrs[key]]
    if f"{key}0" not in group.attrs:
        return None
    found: list[str] = []
    number = 0
    while f"{key}{number}" in group.attrs:
        found += [_name(name) for name in group.attrs[f"{key}{number}"]]
        number += 1
    return found


def _name(value: Any) -> str:
    text = _text(value)
    if len(text) > _LONGEST_NAME:
        raise ValueError(f"a name of {len(text):,} letters")
    return text


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
