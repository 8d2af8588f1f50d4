"""Adapted Normalization layers, wherever their weights are set: the network says the same."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from convscope.engine.models.files.reweighted import with_weights
from convscope.engine.models.library.catalogue import open_model
from convscope.engine.models.opened import OpenedModel
from convscope.engine.models.reuse.inherited import inherit
from convscope.engine.training.copy_network import copy_model

pytestmark = [
    pytest.mark.usefixtures("runtime"),
    pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept:DeprecationWarning"),
]


def network(adapted: bool = True, dtype: str = "float32") -> Any:
    import keras

    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((6, 6, 3)),
            layers.Normalization(name="normalization", dtype=dtype),
            layers.Conv2D(2, 3, name="conv", dtype=dtype),
            layers.Flatten(name="flatten"),
            layers.Dense(4, name="dense", dtype="float32"),
        ]
    )
    model.set_weights([np.ones(weight.shape, weight.dtype) for weight in model.weights])
    if adapted:
        data = np.random.default_rng(0).normal((3, 5, 9), 2, (20, 6, 6, 3))
        model.layers[0].adapt(data.astype(np.float32))
    return model


def reopened(path: Path, weights: bool) -> Any:
    if not weights:
        return open_model(path)
    blank = path.with_name(f"blank{path.suffix}")
    network(adapted=False).save(blank)
    return open_model(blank, weights=path)


WAYS: dict[str, Callable[[Any, Path], OpenedModel]] = {
    "h5": lambda model, folder: reopened(saved(model, folder / "m.h5"), False),
    "keras": lambda model, folder: reopened(saved(model, folder / "m.keras"), False),
    "weights of an h5": lambda model, folder: reopened(saved(model, folder / "m.h5"), True),
    "weights of a keras": lambda model, folder: reopened(saved(model, folder / "m.keras"), True),
    "loaded into a copy": lambda model, folder: with_weights(
        OpenedModel(network(adapted=False)), saved(model, folder / "m.h5")
    ),
    "copied for training": lambda model, folder: OpenedModel(copy_model(model)),
    "inherited": lambda model, folder: inherited(model),
}


def saved(model: Any, path: Path) -> Path:
    model.save(path)
    return path


def inherited(model: Any) -> OpenedModel:
    built = network(adapted=False)
    assert inherit(built, OpenedModel(model)).new == ()
    return OpenedModel(built)


@pytest.mark.parametrize("way", WAYS)
def test_statistics_are_kept(way: str, tmp_path: Path) -> None:
    """They were set, and the network computed with 0 and 1 as before."""
    model = network()
    batch = np.random.default_rng(1).uniform(0, 9, (2, 6, 6, 3)).astype(np.float32)
    expected = model(batch, training=False).numpy()
    assert np.abs(network(adapted=False)(batch) - expected).max() > 1
    found = WAYS[way](model, tmp_path)
    np.testing.assert_allclose(found.keras(batch, training=False), expected, rtol=1e-5)
    np.testing.assert_allclose(found.logits(batch), expected, rtol=1e-5)


def test_a_copy_in_full_precision_has_them_too() -> None:
    batch = np.random.default_rng(1).uniform(0, 9, (2, 6, 6, 3)).astype(np.float32)
    expected = network()(batch, training=False).numpy()
    np.testing.assert_allclose(OpenedModel(network(dtype="mixed_float16")).logits(batch), expected, rtol=1e-5)
