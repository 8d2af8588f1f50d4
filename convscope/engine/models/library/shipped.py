"""The trained networks that come with the app: their layers as JSON, their weights in half precision."""

from __future__ import annotations

import json
import zipfile
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from convscope.core.errors import UserError
from convscope.core.files import replacing, write_whole
from convscope.core.paths import resource_path
from convscope.engine.data.preprocessing import Preprocessing
from convscope.engine.models.builder.architecture import Architecture
from convscope.engine.models.builder.build import to_keras
from convscope.engine.models.opened import ModelSource, OpenedModel

SHIPPED = ("imagenet", "digits", "garments")


@dataclass(frozen=True)
class ShippedFacts:
    """What is told about a shipped network.

    Attributes:
        name: "imagenet".
        title: what a person calls it: "EfficientNet-Lite0".
        about: one sentence.
        accuracy: measured, and on what data, in words; "" where it was not measured here.
        parameters: its weights.
        input_shape: height, width, channels.
        classes: names by index.
        preprocessing: from pixels to its input.
        architecture: its layers.
    """

    name: str
    title: str
    about: str
    accuracy: str
    parameters: int
    input_shape: tuple[int, int, int]
    classes: tuple[str, ...]
    preprocessing: Preprocessing
    architecture: Architecture


def facts(name: str) -> ShippedFacts:
    """What is told about a shipped network, without TensorFlow.

    Raises:
        UserError: this installation lacks it.
    """
    try:
        data = json.loads(resource_path("models", f"{name}.json").read_text(encoding="utf-8"))
        classes = resource_path("models", f"{name}.classes.txt").read_text(encoding="utf-8").splitlines()
    except FileNotFoundError as error:
        raise UserError(
            f"The network {name} is missing from this installation.", detail=str(error)
        ) from error
    architecture = Architecture.from_json(json.dumps(data["architecture"]), f"{name}.json")
    architecture = replace(architecture, title=data["title"])
    height, width, channels = architecture.layers[0].settings["shape"]
    return ShippedFacts(
        name,
        data["title"],
        data["about"],
        data["accuracy"],
        int(data["parameters"]),
        (height, width, channels),
        tuple(classes),
        Preprocessing.from_dict(data["preprocessing"]),
        architecture,
    )


def available() -> tuple[str, ...]:
    """The shipped networks that this installation has."""
    found = []
    for name in SHIPPED:
        try:
            resource_path("models", f"{name}.npz")
        except FileNotFoundError:
            continue
        found.append(name)
    return tuple(found)


def open_shipped(name: str) -> OpenedModel:
    """A shipped network with its trained weights, in float32.

    Raises:
        UserError: this installation lacks it.
    """
    told = facts(name)
    model = to_keras(told.architecture)
    try:
        # Opened here, because np.load leaves the file open when it is damaged.
        with (
            resource_path("models", f"{name}.npz").open("rb") as file,
            np.load(file, allow_pickle=False) as arrays,
        ):
            for layer in model.layers:
                for weight in layer.weights:
                    weight.assign(arrays[f"{layer.name}/{weight.name}"].astype(np.float32))
    except (FileNotFoundError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise UserError(
            f"The weights of the network {name} are damaged: install convscope again.", detail=repr(error)
        ) from error
    return OpenedModel(
        model,
        name=told.title,
        classes=told.classes,
        preprocessing=told.preprocessing,
        source=ModelSource("shipped", name, weights="trained"),
    )


def write_shipped(
    folder: Path,
    name: str,
    model: Any,
    architecture: Architecture,
    *,
    title: str,
    about: str,
    accuracy: str,
    classes: tuple[str, ...],
    preprocessing: Preprocessing,
    whole: tuple[str, ...] = (),
) -> tuple[Path, ...]:
    """Write a trained network as `open_shipped` reads it: NAME.json, NAME.npz and NAME.classes.txt.

    Args:
        folder: `resources/models`.
        name: short.
        model: what `to_keras(architecture)` made, trained.
        architecture: its layers.
        title, about, accuracy: see `ShippedFacts`.
        classes: names by index.
        preprocessing: from pixels to its input.
        whole: layers whose kernels stay in float32; vectors (biases, normalisation) always do.

    Returns:
        The files written.
    """
    arrays: dict[str, Any] = {}
    for layer in model.layers:
        for weight in layer.weights:
            values = np.asarray(weight.numpy(), np.float32)
            half = values.ndim > 1 and layer.name not in whole
            arrays[f"{layer.name}/{weight.name}"] = values.astype(np.float16) if half else values
    told = {
        "title": title,
        "about": about,
        "accuracy": accuracy,
        "parameters": model.count_params(),
        "preprocessing": preprocessing.to_dict(),
        "architecture": json.loads(architecture.to_json()),
    }
    files = tuple(folder / f"{name}{suffix}" for suffix in (".json", ".classes.txt", ".npz"))
    write_whole(files[0], json.dumps(told, ensure_ascii=False, indent=1) + "\n")
    write_whole(files[1], "\n".join(classes) + "\n")
    with replacing(files[2]) as part, part.open("wb") as file:
        np.savez_compressed(file, **arrays)
    return files


@cache
def imagenet_classes() -> tuple[str, ...]:
    """The 1,000 classes of ImageNet, in the order of every ImageNet network."""
    text = resource_path("models", "imagenet.classes.txt").read_text(encoding="utf-8")
    return tuple(text.splitlines())
