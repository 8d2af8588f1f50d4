"""Names of runs: what is trained on what, and what was changed since the last run."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from convscope.engine.training.settings import TrainingSettings

_LONGEST = 2


def next_name(
    stem: str, settings: TrainingSettings, last: tuple[str, TrainingSettings] | None, used: Collection[str]
) -> str:
    """A name that is not used yet.

    Args:
        stem: "mnist-small on Digits".
        settings: of the run to be named.
        last: name and settings of the run before it; what differs is told, if it is little.
        used: names that are taken.
    """
    name = stem
    if last is not None and last[0].startswith(stem):
        changed = differences(last[1], settings)
        if 0 < len(changed) <= _LONGEST:
            name = f"{stem} · {', '.join(changed)}"
    number, free = 2, name
    while free in used:
        free, number = f"{name} · {number}", number + 1
    return free


def differences(before: TrainingSettings, after: TrainingSettings) -> list[str]:
    """What was changed, in words: ["learning rate 0.01", "batch size 32"]."""
    old, new = _flat(_used(before)), _flat(_used(after))
    found = []
    for key, value in new.items():
        # How the data is split is told with the data.
        if old.get(key) != value and not key.startswith("split"):
            word = key.split(".")[-1].replace("_", " ")
            owner = key.split(".")[0].replace("_", " ")
            found.append(_words(owner if word in ("name", "kind") else word, value))
    return found


def _used(settings: TrainingSettings) -> dict[str, Any]:
    """The settings without those that the schedule does not look at."""
    data = settings.to_dict()
    kind = settings.schedule.kind
    unused = {"step": (), "constant": ("every", "factor")}.get(kind, ("every",))
    data["schedule"] = {key: value for key, value in data["schedule"].items() if key not in unused}
    return data


def _words(word: str, value: Any) -> str:
    if isinstance(value, bool):
        return word if value else f"no {word}"
    if value is None or value == ():
        return f"no {word}"
    if isinstance(value, tuple | list):
        return f"{word} {'×'.join(map(str, value))}"
    return f"{word} {value:g}" if isinstance(value, float) else f"{word} {value}"


def _flat(data: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    rows: dict[str, Any] = {}
    for key, value in data.items():
        if isinstance(value, dict):
            rows.update(_flat(value, f"{prefix}{key}."))
        else:
            rows[prefix + key] = value
    return rows
