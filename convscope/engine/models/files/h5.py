"""HDF5 files, looked through before anything is read from them, and their weights."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convscope.engine.models.memory import check_fits
from convscope.errors import UserError

# Up to here a dataset may claim more than it stores (a few unwritten zeros are common).
_FREE_BYTES = 16 << 20
_EXPANSION = 100
_LARGEST_CONFIG = 64 << 20


@dataclass(frozen=True, eq=False)
class LayerWeights:
    """A layer's arrays in a legacy file, in their order, with the names that the file gives them."""

    layer: str
    names: tuple[str, ...]
    arrays: tuple[NDArray[Any], ...]


def check_h5(path: Path, name: str = "") -> None:
    """Look through a file without reading its arrays.

    Args:
        path: the file.
        name: what to call it in a sentence; its own name by default.

    Raises:
        UserError: it is not HDF5, cut short, points to other files, or claims more than it holds.
    """
    name = name or path.name
    with _opened(path, name) as file:
        check_fits(_claimed(file, name, 0, set()), f"{name} holds")


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
        if len(text) > _LARGEST_CONFIG:
            raise UserError(f"The configuration in {path.name} is too large to be one.")
        try:
            config = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise UserError(f"The configuration in {path.name} cannot be read.", detail=str(error)) from error
    major = version.split(".", 1)[0]
    return config, int(major) if major.isdigit() else 1


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
        found = []
        for name in names:
            inner = group[name]
            weights = _names(inner, "weight_names") or ()
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


def _claimed(group: Any, name: str, depth: int, seen: set[Any]) -> int:
    """Bytes of all arrays in a group; each place is looked at once, however many names lead to it."""
    import h5py

    if depth > 100:
        raise UserError(f"{name} is nested too deeply to be a model.")
    total = 0
    for key in group:
        link = group.get(key, getlink=True)
        if not isinstance(link, h5py.HardLink):
            raise UserError(f"{name} is not opened, because it points to another file or place ({key}).")
        item = group[key]
        place = h5py.h5o.get_info(item.id).addr
        if place in seen:
            continue
        seen.add(place)
        if isinstance(item, h5py.Group):
            total += _claimed(item, name, depth + 1, seen)
        elif isinstance(item, h5py.Dataset):
            total += _array_bytes(item, name)
    return total


def _array_bytes(dataset: Any, name: str) -> int:
    if dataset.external or dataset.is_virtual:
        raise UserError(f"{name} is not opened, because its arrays lie in other files.")
    claimed = prod(dataset.shape or ()) * dataset.dtype.itemsize
    stored = dataset.id.get_storage_size()
    if claimed > _FREE_BYTES and claimed > _EXPANSION * max(stored, 1):
        raise UserError(
            f"{name} is not opened, because an array claims {claimed:,} bytes and holds {stored:,}."
        )
    return claimed


def _names(group: Any, key: str) -> list[str] | None:
    """A list of names; long ones are split over key0, key1, …"""
    if key in group.attrs:
        return [_text(name) for name in group.attrs[key]]
    if f"{key}0" not in group.attrs:
        return None
    found: list[str] = []
    number = 0
    while f"{key}{number}" in group.attrs:
        found += [_text(name) for name in group.attrs[f"{key}{number}"]]
        number += 1
    return found


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
