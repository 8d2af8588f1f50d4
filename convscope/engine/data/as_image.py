"""One image of a data set as an image like any other."""

from __future__ import annotations

from convscope.engine.data.dataset import Dataset
from convscope.imaging.image import Image


def as_image(dataset: Dataset, index: int) -> Image:
    """An image of a data set, whole, named by its file or its number and by its class: "Digits 1234 (7)".

    Raises:
        UserError: the file cannot be read.
    """
    path = dataset.images.path(index)
    label = dataset.classes[dataset.labels[index]]
    stem = dataset.images.name(index) if path is not None else f"{dataset.title} {index}"
    return Image(dataset.images.read(index), f"{stem} ({label})", path)
