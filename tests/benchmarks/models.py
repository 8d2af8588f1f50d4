"""Models: from nothing to the first prediction, and what twenty of them leave behind."""

from __future__ import annotations

import gc
import sys
import tempfile
import weakref
from pathlib import Path
from typing import Any

from tests.benchmarks.apart import apart, resident
from tests.benchmarks.registry import Case, Reading, benchmark


def _coffee() -> Any:
    from convscope.imaging.samples import load_sample

    return load_sample("coffee")


@benchmark(
    "EfficientNet-Lite0: opened to the first prediction", target="≤ 1 × load_model and predict", most=1.0
)
def first_prediction(small: bool) -> Case:
    """Against Keras's own way with the same network saved as a .keras file."""
    from convscope.engine import runtime

    runtime.start()
    import keras

    from convscope.engine.models.library.catalogue import open_model

    folder, image, name = tempfile.TemporaryDirectory(), _coffee(), "digits" if small else "imagenet"
    path = Path(folder.name) / f"{name}.keras"
    shipped = open_model(name)
    shipped.keras.save(path)
    batch = shipped.prepare(image).batch
    weakref.finalize(batch, folder.cleanup)

    def ours() -> Any:
        return open_model(name).predict(image)

    def reference() -> Any:
        return keras.saving.load_model(path, compile=False).predict(batch, verbose=0)[0]

    def check(made: Any, exact: Any) -> None:
        assert made.top(1)[0].index == int(exact.argmax())

    return Case(ours, reference, check)


@benchmark(
    "EfficientNet-Lite0: from the start of the process to the first prediction", target="≤ 20 s", most=20
)
def from_the_start(small: bool) -> Reading:
    """Interpreter and TensorFlow included, as `convscope predict` does it."""
    import time

    began = time.perf_counter()
    if small:
        _first("digits")
    else:
        apart("models", "first", "imagenet")
    return Reading(time.perf_counter() - began, "s")


@benchmark(
    "memory after 20 models opened, used and closed, against that after the third",
    target="≤ 5 % more",
    most=5,
)
def growth(small: bool) -> Reading:
    """Resident memory; every second one is the ImageNet network."""
    if small:
        return Reading(_growth(4, "digits", "garments"), "%")
    return Reading(apart("models", "memory", 20, "imagenet", "digits")[0], "%")


def _first(name: str) -> float:
    from convscope.engine import runtime

    runtime.start()
    from convscope.engine.models.library.catalogue import open_model

    return open_model(name).predict(_coffee()).top(1)[0].probability


def _growth(count: int, *names: str) -> float:
    from convscope.engine import runtime

    runtime.start()
    from convscope.engine.models.library.catalogue import open_model

    image, third = _coffee(), 0.0
    for number in range(count):
        model = open_model(names[number % 2])
        model.predict(image)
        middle = model.layers[len(model.layers) // 2].path
        model.activations(model.prepare(image).batch, [middle])
        del model
        gc.collect()
        if number == 2:
            third = resident()
    return 100 * (resident() / third - 1)


if __name__ == "__main__":
    if sys.argv[1] == "first":
        print(_first(sys.argv[2]))
    else:
        print(_growth(int(sys.argv[2]), *sys.argv[3:]))
