"""Trainings in processes of their own, for tests: one that is killed, one on a single thread."""

from __future__ import annotations

import contextlib
import io
import json
import runpy
import sys
from pathlib import Path
from typing import Any
from unittest import mock

from convscope.engine import runtime

# What the killed run and the unbroken one share: everything that is random or has a memory.
KILLED = {
    "optimizer": {"name": "adam", "learning_rate": 0.01},
    "batch_size": 16,
    "epochs": 6,
    "steps_per_epoch": 5,
    "augmentation": {"rotation": 20.0, "zoom": 0.1},
    "early_stopping": {"patience": 50},
    "plateau": {"patience": 1, "factor": 0.7},
    "seed": 3,
}


def network() -> Any:
    """A convnet with everything that has a state: normalisation, dropout."""
    import keras

    from convscope.engine.models.opened import OpenedModel

    keras.utils.set_random_seed(0)
    layers = [
        keras.Input((8, 8, 1)),
        keras.layers.Conv2D(4, 3, activation="relu"),
        keras.layers.BatchNormalization(momentum=0.9),
        keras.layers.Flatten(),
        keras.layers.Dropout(0.3),
        keras.layers.Dense(3, activation="softmax"),
    ]
    return OpenedModel(keras.Sequential(layers, name="stateful"))


def train_until_killed(data: str, folder: str) -> None:
    """Train into the middle of the fourth epoch, tell so, and stand there."""
    import time

    from convscope.engine.data.sets.registry import open_dataset
    from convscope.engine.training.record import Recorder
    from convscope.engine.training.settings import TrainingSettings
    from convscope.engine.training.train import train

    class Standing(Recorder):
        def add_batch(self, values: Any) -> None:
            super().add_batch(values)
            if len(self.since().batches["loss"]) == 3 * KILLED["steps_per_epoch"] + 2:
                print("in the middle", flush=True)
                time.sleep(120)

    runtime.start()
    settings = TrainingSettings.from_dict(KILLED)
    train(network(), open_dataset(data), settings, folder=Path(folder), recorder=Standing())


def compare(data: str, folder: str) -> None:
    """On one thread: the engine, a bare `fit` on arrays, and the run's own script; prints the histories."""
    import tensorflow as tf

    processor = tf.config.list_physical_devices("CPU")[0]
    tf.config.set_logical_device_configuration(processor, [tf.config.LogicalDeviceConfiguration()] * 2)
    runtime.start(threads=1)
    import keras
    import numpy as np

    from convscope.engine.data.sets.registry import open_dataset
    from convscope.engine.training.copy_network import copy_model
    from convscope.engine.training.settings import TrainingSettings
    from convscope.engine.training.train import train

    layers = [
        keras.Input((8, 8, 1)),
        keras.layers.Conv2D(4, 3, activation="relu"),
        keras.layers.MaxPooling2D(),
        keras.layers.Flatten(),
        keras.layers.Dense(3, activation="softmax"),
    ]
    keras.utils.set_random_seed(1)
    model = keras.Sequential(layers, name="plain")
    dataset = open_dataset(data)
    told: dict[str, Any] = {}
    common = {"batch_size": 16, "epochs": 4}
    done = train(
        model, dataset, TrainingSettings.from_dict({**common, "shuffle": False, "restore_best": False})
    )
    told["ordered"] = [dict(record.values) for record in done.fitted.epochs]
    two = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
    with mock.patch.object(tf.distribute, "MirroredStrategy", return_value=two):
        done = train(
            model,
            dataset,
            TrainingSettings.from_dict({**common, "shuffle": False, "restore_best": False}),
            strategy="mirrored",
        )
    told["replicas"] = two.num_replicas_in_sync
    told["mirrored"] = [dict(record.values) for record in done.fitted.epochs]
    x = dataset.images.pixels[..., None].astype("float32") * np.float32(1 / 255)  # type: ignore[attr-defined]
    parts = [
        (x[dataset.indices(part)], dataset.labels[dataset.indices(part)]) for part in ("train", "validation")
    ]  # type: ignore[arg-type]
    bare = copy_model(model)
    bare.compile("rmsprop", "sparse_categorical_crossentropy", metrics=["accuracy"], jit_compile=False)
    history = bare.fit(*parts[0], validation_data=parts[1], shuffle=False, verbose=0, **common).history
    told["bare"] = [{name: values[epoch] for name, values in history.items()} for epoch in range(4)]
    richer = {
        **common,
        "loss": "categorical_crossentropy",
        "metrics": ["accuracy", "auc"],
        "schedule": {"kind": "cosine", "factor": 0.1, "warmup": 1},
        "class_weights": "balanced",
        "early_stopping": {"patience": 3},
    }
    done = train(model, dataset, TrainingSettings.from_dict(richer), folder=Path(folder))
    told["shuffled"] = [dict(record.values) for record in done.fitted.epochs]
    told["test"] = done.test.accuracy if done.test else None
    with contextlib.redirect_stdout(io.StringIO()):
        script = runpy.run_path(str(Path(folder) / "script.py"))
    history = script["history"]
    told["script"] = [
        {name: float(values[epoch]) for name, values in history.items() if name != "learning_rate"}
        for epoch in range(len(done.fitted.epochs))
    ]
    told["script test"] = script["model"].evaluate(
        script["Batches"]("test", False), verbose=0, return_dict=True
    )
    print(json.dumps(told))


if __name__ == "__main__":
    {"killed": train_until_killed, "compare": compare}[sys.argv[1]](*sys.argv[2:])
