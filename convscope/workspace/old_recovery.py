"""What version 1 left of unsaved work: it named every field itself, and places in lists in place of ids."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Protocol, TypeVar

from convscope.core.ids import new_id
from convscope.core.opening import parse_json
from convscope.core.records import from_json, to_json
from convscope.engine.data.augmentation import Augmentation
from convscope.engine.data.resize import InputSettings
from convscope.workspace.data import SETTINGS_OF, DataSettings
from convscope.workspace.images import OpenImages
from convscope.workspace.lab import Lab
from convscope.workspace.models import OpenModels

Read = TypeVar("Read")


class Reads(Protocol):
    """Reads something that may be damaged, and tells of it by its name."""

    def __call__(self, read: Callable[[], Read], what: str, otherwise: Read, /) -> Read: ...


def from_version_1(old: Mapping[str, Any], read: Reads) -> dict[str, Any]:
    """The same as version 2 writes it.

    Raises:
        KeyError, TypeError: it is nothing of the kind.
    """
    parts: dict[str, Any] = {}
    lab = read(lambda: to_json(_lab(old["lab"])), "The kernels", None)
    if lab is not None:
        parts["lab"] = lab
    images: list[Any] = read(lambda: list(old["images"]), "The images", [])
    images = [{**each, "id": new_id()} if isinstance(each, dict) else each for each in images]
    current = read(lambda: int(old["current"]), "The choice of an image", 0)
    ids = [each["id"] if isinstance(each, dict) else "" for each in images]
    if ids:
        parts["images"] = to_json(OpenImages(tuple(ids), ids[min(max(current, 0), len(ids) - 1)]))
    models: list[Any] = read(lambda: list(old.get("models", [])), "The models", [])
    models = [read(lambda each=each: _model(each), "A model", None) for each in models]  # type: ignore[misc]
    models = [each for each in models if each is not None]
    if models:
        parts["models"] = to_json(OpenModels(current=models[-1]["id"]))
    dataset = old.get("dataset", "")
    settings: dict[Any, Any] = read(
        lambda: dict(old.get("data_settings", {})), "The settings of data sets", {}
    )
    # Without a data set, and by versions that kept those of one only.
    alone = DataSettings(
        read(lambda: from_json(Augmentation | None, old.get("augmentation")), "The augmentation", None),  # type: ignore[arg-type]
        read(lambda: from_json(InputSettings | None, old.get("input")), "What images are brought to", None),  # type: ignore[arg-type]
    )
    if dataset not in settings and alone != DataSettings():
        settings[dataset] = to_json(alone)
    parts |= {f"{SETTINGS_OF}{reference}": each for reference, each in settings.items()}
    if old.get("architecture"):
        text = str(old["architecture"])
        draft = read(lambda: parse_json(text, "The last run's draft"), "The layers", None)
        if draft is not None:
            parts["architecture"] = draft
    return {"images": images, "models": models, "dataset": dataset, "parts": parts}


def _lab(data: Any) -> Lab:
    stages = []
    for stage in data["stages"]:
        kernels = []
        for kernel in stage["kernels"]:
            weights = kernel["weights"]
            shape = [len(weights), len(weights[0])]
            kernels.append(
                {
                    **kernel,
                    "weights": {"dtype": "<f8", "values": weights, "shape": shape},
                    "parameters": list(kernel["parameters"].items()),
                }
            )
        stages.append({**stage, "kernels": kernels})
    found = from_json(Lab, {**data, "stages": stages})
    if "chosen" in data:
        return found
    # Without a word on it, a display that is not that of the kernels was chosen.
    return replace(found, display=data["display"], chosen=found.display != data["display"])


def _model(entry: Any) -> dict[str, Any]:
    if isinstance(entry, dict):
        return {**entry, "id": new_id()}
    more = dict(entry[2]) if len(entry) > 2 else {}
    return {**more, "spec": entry[0], "weights": entry[1], "id": new_id()}
