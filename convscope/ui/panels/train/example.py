"""The lectures' first network and data for it, opened with one button."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convscope.core.task import Task

if TYPE_CHECKING:
    from convscope.engine.data.dataset import Dataset
    from convscope.engine.models.opened import OpenedModel

EXAMPLE_MODEL, EXAMPLE_DATA = "mnist-convnet", "digits"


def open_example(data: str, task: Task) -> tuple[OpenedModel, Dataset]:
    """The network with new weights, and a data set that fits it; for a job."""
    from convscope.engine.data.sets.registry import open_dataset
    from convscope.engine.models.library.catalogue import open_model

    model = open_model(EXAMPLE_MODEL, task=task)
    # Its arithmetic takes longer than a frame, and every panel asks for it.
    _ = model.sheet
    return model, open_dataset(data, task)
