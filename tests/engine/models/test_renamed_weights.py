"""`.keras` files whose weights lie under other names: Keras 2.13's numbers, and Windows's slashes."""

from __future__ import annotations

import io
import re
import warnings
import zipfile
from pathlib import Path
from typing import Any

import h5py
import model_nets as nets
import numpy as np
import pytest

from convscope.core.errors import UserError
from convscope.engine.models.files.weights import load_weights
from convscope.engine.models.library.catalogue import open_model

pytestmark = [
    pytest.mark.usefixtures("runtime"),
    pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept:DeprecationWarning"),
]

WEIGHTS = "model.weights.h5"


def _row(k: Any) -> Any:
    layers = k.layers
    return k.Sequential(
        [
            k.Input((8, 8, 1)),
            layers.Conv2D(2, 3, activation="relu"),
            layers.Conv2D(2, 3, padding="same"),
            layers.BatchNormalization(),
            layers.Dropout(0.5),
            layers.Conv2D(2, 3, padding="same"),
            layers.Flatten(),
            layers.Dense(4),
            layers.Dense(3, activation="softmax"),
        ]
    )


def _nested(k: Any) -> Any:
    layers = k.layers
    inputs = k.Input((8, 8, 3))
    x = layers.Conv2D(3, 3, padding="same")(inputs)
    base = k.Model(inputs, layers.Conv2D(3, 3, padding="same")(layers.add([x, inputs])))
    top = k.Sequential([k.Input((8, 8, 3)), layers.Conv2D(2, 1), layers.Conv2D(2, 1), layers.Flatten()])
    inputs = k.Input((8, 8, 3))
    sums = layers.Bidirectional(layers.LSTM(2))(layers.Reshape((8, 16))(top(base(inputs))))
    return k.Model(inputs, layers.Dense(2, activation="softmax")(sums))


def _written(k: Any, make: Any, path: Path, *, version: str, apart: int, slash: str) -> tuple[Any, Any]:
    """A file of Keras 2: its groups are numbered `apart`, and their names joined by `slash`."""
    model = make(k)
    draw = np.random.default_rng(0)
    for variable in model.weights:
        values = draw.normal(0, 0.4, variable.shape)
        variable.assign(0.5 + np.abs(values) if "variance" in variable.name else values)
    batch = draw.random((2, *model.inputs[0].shape[1:]), np.float32)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.save(path)
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    found: dict[str, Any] = {}
    with h5py.File(io.BytesIO(parts[WEIGHTS])) as file:
        file.visititems(
            lambda name, item: found.update({name: item[()]}) if isinstance(item, h5py.Dataset) else None
        )

    def name_of(part: str) -> str:
        told = re.fullmatch(r"(conv2d|dense|batch_normalization)(?:_(\d+))?", part)
        if told is None:
            return "_layer_checkpoint_dependencies" if part == "layers" else part
        number = int(told[2] or 0) * apart
        return f"{told[1]}_{number}" if number else told[1]

    data = io.BytesIO()
    with h5py.File(data, "w") as file:
        for name, value in found.items():
            *groups, last = [name_of(part) for part in name.split("/")]
            # The innermost groups, vars, are made one by one on any system.
            place = file.require_group(slash.join(groups[:-1])) if len(groups) > 1 else file
            place.require_group(groups[-1])[last] = value
    parts[WEIGHTS] = data.getvalue()
    parts["metadata.json"] = f'{{"keras_version": "{version}"}}'.encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    return batch, np.asarray(model(batch, training=False))


@pytest.mark.parametrize("make", [_row, _nested])
@pytest.mark.parametrize(
    ("version", "apart", "slash"),
    [("2.14.0", 1, "/"), ("2.13.1", 2, "/"), ("2.13.1", 2, "\\"), ("2.14.0", 1, "\\")],
)
def test_layers_are_found_by_kind_and_order(
    make: Any, version: str, apart: int, slash: str, old: Any, tmp_path: Path
) -> None:
    path = tmp_path / "m.keras"
    batch, expected = _written(old, make, path, version=version, apart=apart, slash=slash)
    model = open_model(path)
    np.testing.assert_allclose(model.keras(batch, training=False), expected, atol=1e-6)
    np.testing.assert_allclose(model.scores(batch)[1], expected, atol=1e-6)
    # The weights of such a file can be loaded into a network that is open, too.
    other = open_model(path)
    for variable in other.keras.weights:
        variable.assign(variable * 0)
    load_weights(other.keras, path)
    np.testing.assert_allclose(other.keras(batch, training=False), expected, atol=1e-6)


def test_weights_of_other_layers_are_still_refused(old: Any, tmp_path: Path) -> None:
    path = tmp_path / "m.keras"
    _written(old, _row, path, version="2.13.1", apart=2, slash="\\")
    other = nets.random_weights(nets.sequential())
    before = other.get_weights()
    with pytest.raises(UserError, match=r"^The weights in m\.keras do not belong to row\.$"):
        load_weights(other, path)
    for a, b in zip(other.get_weights(), before, strict=True):
        np.testing.assert_array_equal(a, b)
