"""Three photographed textures, cut into crops: training, validation and test from disjoint areas."""

from __future__ import annotations

import numpy as np
from PIL import Image

from convscope.core.paths import resource_path
from convscope.core.task import Task
from convscope.engine.data.dataset import Dataset, SplitName, make_dataset
from convscope.engine.data.images import ArrayImages
from convscope.engine.data.split import Splits

TITLE = "Textures"
SUMMARY = "585 crops, 64 × 64 gray, from photographs of brick, grass and gravel"

CLASSES = ("brick", "grass", "gravel")
SIDE = 64
STEP = 32
# Columns of the 512-pixel photographs. A crop lies wholly within one of them, so no pixel is in two parts.
AREAS: tuple[tuple[SplitName, int, int], ...] = (
    ("train", 0, 320),
    ("validation", 320, 416),
    ("test", 416, 512),
)


def open(task: Task) -> Dataset:
    """The shipped photographs, cut on a grid with a step of half a crop."""
    crops, labels, parts = [], [], []
    for label, name in enumerate(CLASSES):
        with Image.open(resource_path("images", f"{name}.png")) as picture:
            photograph = np.asarray(picture.convert("L"))
        for part, first, end in AREAS:
            for top in range(0, photograph.shape[0] - SIDE + 1, STEP):
                for left in range(first, end - SIDE + 1, STEP):
                    crops.append(photograph[top : top + SIDE, left : left + SIDE])
                    labels.append(label)
                    parts.append(part)
    where = np.array(parts)
    return make_dataset(
        "textures",
        TITLE,
        CLASSES,
        ArrayImages(np.stack(crops)),
        np.array(labels, np.int32),
        image_size=(SIDE, SIDE),
        channels=1,
        given=Splits(
            np.flatnonzero(where == "train"),
            np.flatnonzero(where == "validation"),
            np.flatnonzero(where == "test"),
        ),
        credit="brick and gravel by CC0Textures, grass by linolafett, through scikit-image; CC0",
    )
