"""Makes the small trained networks in resources/models/: `train_small.py [digits] [garments]`.

They learn from the shipped data and are measured on its test images, which they never see before. Another
processor may round differently and end with other weights; the accuracy that is measured is what is written.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass

from model_provenance import add_models
from provenance import RESOURCES, Row

from convscope.core.task import Task
from convscope.engine import runtime
from convscope.engine.data.augmentation import Augmentation
from convscope.engine.data.sets.registry import open_dataset
from convscope.engine.keras_compat import seeded
from convscope.engine.models.builder.templates import TEMPLATES
from convscope.engine.models.library.catalogue import open_model
from convscope.engine.models.library.shipped import facts, open_shipped, write_shipped
from convscope.engine.training.evaluate import evaluate
from convscope.engine.training.settings import OptimizerSettings, Schedule, TrainingSettings
from convscope.engine.training.train import train

MODELS = RESOURCES / "models"
SEED = 1


@dataclass(frozen=True)
class Recipe:
    """One network: which template learns from which data, and how it is told of."""

    template: str
    data: str
    title: str
    about: str
    epochs: int
    augmentation: Augmentation
    licence: str


RECIPES = {
    "digits": Recipe(
        "mnist-convnet",
        "digits",
        "Digits convnet",
        "The lectures' convnet 32-64-64 with a classifier of 64 and 10 units, trained on 9,000 digits.",
        20,
        Augmentation(rotation=10, width_shift=0.08, height_shift=0.08, zoom=0.1, fill="constant"),
        "weights as convscope (MIT); data CC BY-SA 3.0",
    ),
    "garments": Recipe(
        "mnist-small",
        "fashion",
        "Garments convnet",
        "The lectures' convnet 16-32 with a classifier of 32 and 10 units, trained on 12,000 garments.",
        30,
        Augmentation(width_shift=0.04, height_shift=0.04, flip_horizontal=True, fill="constant"),
        "weights as convscope (MIT); data MIT",
    ),
}


def make(name: str) -> list[Row]:
    """Train, write, open again, measure, and write what was measured."""
    recipe = RECIPES[name]
    dataset = open_dataset(recipe.data)
    settings = TrainingSettings(
        optimizer=OptimizerSettings("adam", learning_rate=0.002),
        schedule=Schedule("cosine", factor=0.01),
        batch_size=64,
        epochs=recipe.epochs,
        seed=SEED,
        augmentation=recipe.augmentation,
    )
    with seeded(SEED):
        model = open_model(recipe.template)
    trained = train(model, dataset, settings, task=Task(lambda _, text: print(text, end="\r")))
    accuracy = ""
    # Twice: the accuracy told is that of the file, whose kernels are in half precision.
    for _ in range(2):
        files = write_shipped(
            MODELS,
            name,
            trained.model.keras,
            TEMPLATES[recipe.template].architecture,
            title=recipe.title,
            about=recipe.about,
            accuracy=accuracy,
            classes=dataset.classes,
            preprocessing=trained.model.preprocessing,
        )
        result = evaluate(open_shipped(name), dataset, "test")
        accuracy = f"{result.accuracy:.4f} on the {result.images:,} test images of the shipped data"
    print(f"\n{name}: {facts(name).accuracy}")
    source = f"template {recipe.template}, trained on the shipped {recipe.data} for {recipe.epochs} epochs"
    return [Row(file.name, source, recipe.licence) for file in files]


def main() -> None:
    """Make the networks that are named, or both."""
    runtime.start()
    rows = [row for name in sys.argv[1:] or RECIPES for row in make(name)]
    add_models(rows)


if __name__ == "__main__":
    main()
