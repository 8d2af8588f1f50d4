"""CIFAR-100 with its fine labels, through `keras.datasets`."""

from __future__ import annotations

from convscope.engine.data.dataset import Dataset
from convscope.engine.data.download import Download
from convscope.engine.data.keras_sets import open_keras_set
from convscope.task import Task

TITLE = "CIFAR-100"
SUMMARY = "60,000 photographs of a hundred things, 32 × 32 RGB: 50,000 to train; 169 MB to download"

CLASSES = tuple(
    name.replace("_", " ")
    for name in (
        "apple aquarium_fish baby bear beaver bed bee beetle bicycle bottle bowl boy bridge bus butterfly camel can "
        "castle caterpillar cattle chair chimpanzee clock cloud cockroach couch crab crocodile cup dinosaur dolphin "
        "elephant flatfish forest fox girl hamster house kangaroo keyboard lamp lawn_mower leopard lion lizard "
        "lobster man maple_tree motorcycle mountain mouse mushroom oak_tree orange orchid otter palm_tree pear "
        "pickup_truck pine_tree plain plate poppy porcupine possum rabbit raccoon ray road rocket rose sea seal "
        "shark shrew skunk skyscraper snail snake spider squirrel streetcar sunflower sweet_pepper table tank "
        "telephone television tiger tractor train trout tulip turtle wardrobe whale willow_tree wolf woman worm"
    ).split()
)
DOWNLOADS = (
    Download(
        "https://www.cs.toronto.edu/~kriz/cifar-100-python.tar.gz",
        # The name that keras.datasets.cifar100 looks for before it unpacks.
        "datasets/cifar-100-python-target_archive",
        "85cd44d02ba6437773c5bbd22e183051d648de2e7d6b014e1ef29b855ba677a7",
    ),
)


def open(task: Task) -> Dataset:
    """From Keras's cache, or downloaded into it."""
    return open_keras_set("cifar100", TITLE, DOWNLOADS, CLASSES, "Alex Krizhevsky, 2009", task)
