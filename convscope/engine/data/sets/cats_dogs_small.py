"""The lectures' part of cats and dogs: 2,000 photographs to train, 1,000 to validate, 1,000 to test."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from convscope.core.task import Task
from convscope.engine.data.dataset import Dataset, make_dataset
from convscope.engine.data.images import FileImages
from convscope.engine.data.sets import cats_dogs
from convscope.engine.data.split import SplitSettings

TITLE = "Cats and dogs, 4,000"
SUMMARY = "4,000 photographs of cats and dogs: 2,000 to train, 1,000 to test; 825 MB to download"

EACH, SEED = 2_000, 0
SET = cats_dogs.SET


def chosen(labels: NDArray[np.int32], each: int, seed: int) -> NDArray[np.int64]:
    """So many images of each class, by a seed: indices, ascending. Of a class with fewer, all."""
    drawn = []
    for number in range(int(labels.max()) + 1):
        order = np.random.default_rng([seed, number]).permutation(np.flatnonzero(labels == number))
        drawn.append(order[:each])
    return np.sort(np.concatenate(drawn)).astype(np.int64)


def open(task: Task) -> Dataset:
    """From this machine, where the whole was downloaded to; which images, and in what part, is by `SEED`."""
    whole = cats_dogs.open(task)
    images = whole.images
    assert isinstance(images, FileImages)
    keep = chosen(whole.labels, EACH, SEED)
    part = make_dataset(
        "cats_dogs_small",
        TITLE,
        whole.classes,
        FileImages(images.root, [images.names[index] for index in keep.tolist()]),
        whole.labels[keep],
        image_size=whole.image_size,
        channels=whole.channels,
        notes=whole.notes,
        credit=whole.credit,
        left_out=whole.left_out,
    )
    return part.with_split(SplitSettings(validation=0.25, test=0.25, seed=SEED))
