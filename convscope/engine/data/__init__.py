"""Data sets: where images and labels come from, how they are split, and how they reach a network.

Importing this package does not import TensorFlow; only `pipeline` needs it, when a stream is made.
"""

from convscope.engine.data.augmentation import Augmentation
from convscope.engine.data.dataset import SPLIT_NAMES, Dataset, SplitName, make_dataset
from convscope.engine.data.resize import InputSettings, Target
from convscope.engine.data.sets.registry import DatasetInfo, list_datasets, open_dataset
from convscope.engine.data.similar.duplicates import Duplicates, find_duplicates
from convscope.engine.data.split import Splits, SplitSettings
from convscope.engine.data.thumbnails import Thumbnails

__all__ = [
    "SPLIT_NAMES",
    "Augmentation",
    "Dataset",
    "DatasetInfo",
    "Duplicates",
    "InputSettings",
    "SplitName",
    "SplitSettings",
    "Splits",
    "Target",
    "Thumbnails",
    "find_duplicates",
    "list_datasets",
    "make_dataset",
    "open_dataset",
]
