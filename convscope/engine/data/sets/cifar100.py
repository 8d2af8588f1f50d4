"""CIFAR-100 with its fine labels, through `keras.datasets`."""

from __future__ import annotations

from convscope.core.task import Task
from convscope.engine.data.dataset import Dataset
from convscope.engine.data.sets.keras_sets import KerasSet

TITLE = "CIFAR-100"
SUMMARY = "60,000 photographs of a hundred things, 32 × 32 RGB: 50,000 to train; 169 MB to download"

_NAMES = """
apple aquarium_fish baby bear beaver bed bee beetle bicycle bottle bowl boy bridge bus butterfly camel
can castle caterpillar cattle chair chimpanzee clock cloud cockroach couch crab crocodile cup dinosaur
dolphin elephant flatfish forest fox girl hamster house kangaroo keyboard lamp lawn_mower leopard lion
lizard lobster man maple_tree motorcycle mountain mouse mushroom oak_tree orange orchid otter palm_tree
pear pickup_truck pine_tree plain plate poppy porcupine possum rabbit raccoon ray road rocket rose sea
seal shark shrew skunk skyscraper snail snake spider squirrel streetcar sunflower sweet_pepper table
tank telephone television tiger tractor train trout tulip turtle wardrobe whale willow_tree wolf woman
worm
"""
CLASSES = tuple(name.replace("_", " ") for name in _NAMES.split())
_FILES = ("datasets/cifar-100-python-target_archive",)
_SOURCE = "https://www.cs.toronto.edu/~kriz/cifar-100-python.tar.gz"
_CREDIT = "Alex Krizhevsky, 2009"
SET = KerasSet("cifar100", TITLE, CLASSES, _CREDIT, _FILES, _SOURCE, 169_001_437, f"none told; {_CREDIT}")


def open(task: Task, *, fetch: bool = False) -> Dataset:
    """From Keras's cache, or downloaded into it where a person has asked for it."""
    return SET.open(task, fetch=fetch)
