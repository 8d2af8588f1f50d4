"""What a copy of a network is compared on, and what int8 measures its ranges with."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convscope.core.errors import UserError
from convscope.engine.data.dataset import SPLIT_NAMES, Dataset, SplitName
from convscope.engine.data.preprocessing import prepare
from convscope.engine.data.sets.registry import open_dataset
from convscope.engine.models.opened import OpenedModel
from convscope.imaging.image import Image
from convscope.imaging.io.load import list_images, load_image
from convscope.imaging.samples import samples

MOST = 100
"""Inputs that are compared at the most; and as many others that int8 measures."""

SIDE = 224
"""Of images, for a network that leaves their size free."""

_PHOTOGRAPHS = ("cat", "coffee", "astronaut", "rocket", "camera", "brick", "grass", "gravel")
_FREE = 8

Load = Callable[[], Image]


@dataclass(frozen=True, eq=False)
class Examples:
    """Pictures, opened as they are asked for.

    Attributes:
        what: of what kind they are, as in "100 images of Digits".
        compared: those that a copy is compared on, at most `MOST`.
        of_measured: of what kind the others are.
        measured: those that int8 measures its ranges with; other ones, if there are enough.
    """

    what: str
    compared: Sequence[Load]
    of_measured: str
    measured: Sequence[Load]


def of_dataset(dataset: Dataset) -> Examples:
    """Of a data set's test part, and of its training part to measure; the same ones each time."""
    part = next(name for name in reversed(SPLIT_NAMES) if len(dataset.indices(name)))
    compared = _some(dataset.indices(part), 0)
    measured_part: SplitName = "train" if len(dataset.indices("train")) else part
    others = np.setdiff1d(dataset.indices(measured_part), compared)
    measured = _some(others, 1) if len(others) else compared

    def load(index: int) -> Load:
        return lambda: Image(dataset.images.read(index), dataset.images.name(index))

    def what(part: str) -> str:
        return f"images of {dataset.title} ({part} part)"

    return Examples(what(part), [load(i) for i in compared], what(measured_part), [load(i) for i in measured])


def of_folder(folder: Path) -> Examples:
    """Of the pictures in a folder.

    Raises:
        UserError: there is no such folder, or no picture in it.
    """
    files = list_images(folder)
    if not files:
        raise UserError(f"There is no picture in {folder}: choose a folder with pictures in it.")
    order = np.random.default_rng(0).permutation(len(files)).tolist()

    def load(index: int) -> Load:
        return lambda: load_image(files[index])

    compared, others = order[:MOST], order[MOST : 2 * MOST]
    what = f"images of the folder {folder.absolute().name}"
    return Examples(what, [load(i) for i in compared], what, [load(i) for i in others or compared])


def shipped(model: OpenedModel) -> Examples:
    """What comes with the app and suits a network: digits, garments, or parts of photographs."""
    for name in ("digits", "fashion"):
        dataset = open_dataset(name)
        if model.classes and model.classes == dataset.classes:
            return of_dataset(dataset)
    if _takes_pictures(model) and model.input_shape[2] == 1 and (model.input_shape[0] or SIDE) <= 64:
        return of_dataset(open_dataset("digits"))
    what = "parts of the shipped photographs"
    return Examples(what, list(_parts(MOST, seed=0)), what, list(_parts(MOST, seed=1)))


def suited(model: OpenedModel, dataset: Dataset | None) -> Examples:
    """Those of the data set at hand, if it has as many classes as the network; else shipped ones."""
    told = model.has_classes and model.head.classes
    if dataset is not None and told == len(dataset.classes):
        return of_dataset(dataset)
    return shipped(model)


def prepared(model: OpenedModel, images: Sequence[Load], most: int) -> Iterator[list[NDArray[Any]]]:
    """The network's inputs, one array an input with a batch of 1, image by image.

    A picture that cannot be read is left out. A network that takes no pictures gets random numbers.
    """
    count = 0
    if not _takes_pictures(model):
        generator = np.random.default_rng(0)
        for _ in range(min(most, len(images))):
            yield _random(model, generator)
        return
    height, width, channels = model.input_shape
    for load in images:
        if count == most:
            return
        try:
            image = load()
        except UserError:
            continue
        batch = prepare(image, height or SIDE, width or SIDE, channels, model.preprocessing).batch
        count += 1
        yield [np.asarray(tensor) for tensor in model.inputs_for(batch)]


def kind_of(model: OpenedModel, what: str) -> str:
    """What pictures of this kind are, once they are the network's inputs."""
    return what if _takes_pictures(model) else "random inputs"


def _takes_pictures(model: OpenedModel) -> bool:
    try:
        return model.input_shape[2] in (1, 3)
    except UserError:
        return False


def _random(model: OpenedModel, generator: np.random.Generator) -> list[NDArray[Any]]:
    made = []
    for slot in model.program.inputs:
        shape = [1, *(n or _FREE for n in model.program.shapes[slot][1:])]
        dtype = np.dtype(str(model.program.dtypes[slot]))
        if dtype.kind == "f":
            made.append(generator.random(prod(shape), np.float32).reshape(shape).astype(dtype))
        else:
            made.append(np.zeros(shape, dtype))
    return made


def _some(indices: NDArray[np.int64], seed: int) -> list[int]:
    chosen = np.random.default_rng(seed).permutation(indices)[:MOST]
    return [int(index) for index in chosen]


def _parts(count: int, seed: int) -> Iterator[Load]:
    """Parts of the shipped photographs, from a third of the shorter side up, the same ones each time."""
    paths = {sample.name: sample.path for sample in samples()}
    generator = np.random.default_rng(seed)
    for number in range(count):
        path, numbers = paths[_PHOTOGRAPHS[number % len(_PHOTOGRAPHS)]], generator.random(4)
        # Each is seen whole once.
        yield partial(_part, path, numbers, whole=number < len(_PHOTOGRAPHS))


def _part(path: Path, numbers: NDArray[np.float64], *, whole: bool) -> Image:
    image = load_image(path)
    if whole:
        return image
    side = int(min(image.height, image.width) * (1 / 3 + 2 / 3 * numbers[0]))
    top, left = (
        int(n * (full - side + 1)) for n, full in zip(numbers[1:3], image.values.shape, strict=False)
    )
    part = image.values[top : top + side, left : left + side]
    return Image(part[:, ::-1] if numbers[3] < 0.5 else part, image.name)
