"""A part of Fashion-MNIST, shipped."""

from __future__ import annotations

from convscope.core.paths import resource_path
from convscope.core.task import Task
from convscope.engine.data.dataset import Dataset
from convscope.engine.data.formats.npz import open_npz
from convscope.engine.data.split import SplitSettings

TITLE = "Garments"
SUMMARY = "14,000 of Fashion-MNIST's garments, 28 × 28 gray: 12,000 to train, 2,000 to test"

CLASSES = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)


def open(task: Task) -> Dataset:
    """The shipped garments: the first 12,000 training and the first 2,000 test images of Fashion-MNIST."""
    whole = open_npz(
        resource_path("datasets", "fashion.npz"),
        reference="fashion",
        title=TITLE,
        classes=CLASSES,
        tested=2000,
        credit="Fashion-MNIST, Zalando SE, MIT",
    )
    # A twentieth is enough to see the curves part, and leaves more to learn from.
    return whole.with_split(SplitSettings(validation=0.05))
