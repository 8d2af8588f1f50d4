"""Weights of Keras 2.12 to 2.15 under names that Keras 3 does not look for, brought under those that it does.

A layer's group is called by its kind and a number. Keras 2.13 counts otherwise (conv2d, conv2d_2), and on
Windows the path is one name with backslashes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from convscope.core.opening import check_budget
from convscope.engine.keras_compat import snake_case
from convscope.engine.models.files.disk import check_disk

_CONTAINERS = ("layers", "_layer_checkpoint_dependencies")
_NUMBERED = re.compile(r"(.+?)(?:_(\d+))?")
_MOST_PARTS = 100_000
_SLASHES = re.compile(r"[/\\]")

Tree = dict[str, Any]


def rename_weights(model: Any, source: Path, target: Path) -> bool:
    """Write the weights again, layers of each kind in their order under Keras 3's names.

    Args:
        model: built, nested as deep as may be.
        source: a checked HDF5 file without `layer_names`.
        target: a new file.

    Returns:
        False, and nothing written, when the file has other layers with weights than the model.
    """
    import h5py

    with h5py.File(source, "r") as file:
        tree = _tree(file, [_MOST_PARTS])
        made = _of_model(model, tree)
        if made is None:
            return False
        # One array may have many names, and is written for each.
        size = _bytes(made)
        check_budget(size, f"{source.name} holds")
        check_disk(target.parent, size, source.name)
        with h5py.File(target, "w") as written:
            _write(made, written)
    return True


def _tree(group: Any, left: list[int]) -> Tree:
    """Groups as dictionaries, by single names whichever way the slashes lean; arrays stay in the file.

    Where many names lead to one place, ways to it may be millions: no more are gone than are left.
    """
    import h5py

    tree: Tree = {}
    for key in group:
        left[0] -= 1
        if left[0] < 0:
            raise ValueError(f"over {_MOST_PARTS:,} parts")
        item = group[key]
        *above, last = _SLASHES.split(key)
        place = tree
        for name in above:
            place = place.setdefault(name, {})
        if isinstance(item, h5py.Group):
            _join(place.setdefault(last, {}), _tree(item, left))
        else:
            place[last] = item
    return tree


def _join(place: Tree, more: Mapping[str, Any]) -> None:
    for key, value in more.items():
        if isinstance(value, dict) and isinstance(place.get(key), dict):
            _join(place[key], value)
        else:
            place[key] = value


def _has_arrays(tree: Any) -> bool:
    return any(_has_arrays(item) for item in tree.values()) if isinstance(tree, dict) else True


def _of_model(model: Any, tree: Tree) -> Tree | None:
    import keras

    container = next((tree[name] for name in _CONTAINERS if isinstance(tree.get(name), dict)), None)
    if container is None:
        return None
    there: dict[str, list[tuple[int, Tree]]] = {}
    for name, item in container.items():
        told = _NUMBERED.fullmatch(name)
        if told is not None and isinstance(item, dict) and _has_arrays(item):
            there.setdefault(told[1], []).append((int(told[2] or 0), item))
    waiting = {kind: [item for _, item in sorted(items, key=_number)] for kind, items in there.items()}
    made: Tree = {}
    counted: dict[str, int] = {}
    for layer in model.layers:
        kind = snake_case(type(layer).__name__)
        number = counted[kind] = counted.get(kind, -1) + 1
        if not layer.weights:
            continue
        if not waiting.get(kind):
            return None
        found: Tree | None = waiting[kind].pop(0)
        if isinstance(layer, keras.Model) and found is not None:
            found = _of_model(layer, found)
        if found is None:
            return None
        made[f"{kind}_{number}" if number else kind] = found
    return None if any(waiting.values()) else {"layers": made}


def _number(entry: tuple[int, Tree]) -> int:
    return entry[0]


def _bytes(tree: Any) -> int:
    return sum(map(_bytes, tree.values())) if isinstance(tree, dict) else int(tree.nbytes)


def _write(tree: Tree, group: Any) -> None:
    for key, item in tree.items():
        if isinstance(item, dict):
            _write(item, group.create_group(key))
        else:
            group.create_dataset(key, data=item[()])
