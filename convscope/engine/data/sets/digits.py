"""Ten thousand of MNIST's handwritten digits, shipped."""

from __future__ import annotations

from convscope.core.paths import resource_path
from convscope.core.task import Task
from convscope.engine.data.dataset import Dataset
from convscope.engine.data.formats.npz import open_npz
from convscope.engine.data.split import SplitSettings

TITLE = "Digits"
SUMMARY = "10,000 of MNIST's handwritten digits, 28 × 28 gray: 9,000 to train, 1,000 to test"


def open(task: Task) -> Dataset:
    """The shipped digits; the last 1,000 are the test set."""
    whole = open_npz(
        resource_path("datasets", "digits.npz"),
        reference="digits",
        title=TITLE,
        tested=1000,
        credit="MNIST, Yann LeCun and Corinna Cortes, CC BY-SA 3.0",
    )
    # A twentieth is enough to see the curves part, and leaves more to learn from.
    return whole.with_split(SplitSettings(validation=0.05))
