"""Sound files with something changed in them, by chance but the same each time: opened, or one sentence.

Each reader of models has its own. What is changed: bytes anywhere, values and names in JSON, attributes and
arrays in HDF5, fields of a graph.
"""

from __future__ import annotations

import json
import random
import shutil
import tempfile
import warnings
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from convscope.core.errors import UserError
from convscope.engine.models.files.saved_model.check import check
from convscope.engine.models.library.catalogue import open_model

pytestmark = [
    pytest.mark.usefixtures("runtime"),
    pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept:DeprecationWarning"),
]

TIMES = 30
MB = 1 << 20
# What a number, a name or a list may be replaced by.
OTHERS: tuple[Any, ...] = (
    None, True, False, 0, 1, -1, 3, 2**31, 2**40, -(2**70), 1e300, -0.5, float("inf"), float("nan"), "", "²",
    "x", "relu", "None", "../x", "a/b", "\x1b[31m", "\u202e", "9" * 400, [], [[]], [None], [0], [-1, 2], {},
    [1, 2, 3], ["i", 0, 0], {"class_name": "Dense"}, {"class_name": "Dense", "config": {}}, {"config": 3},
    {"class_name": "__numpy__", "config": {"value": [1.0], "dtype": "float32"}},
    {"class_name": "__keras_tensor__", "config": {"shape": [1], "dtype": "x", "keras_history": ["i", 9, 9]}},
    {"class_name": "function", "config": "relu", "module": "builtins", "registered_name": "relu"},
)  # fmt: skip

ATTRIBUTES = (0, -1, 1e300, "", "²", "x" * 500, [1, 2], ["a", "b"], [b"conv"], np.eye(2), h5py.Empty("f4"))
TEXTS = ("", "x", "serving_default", "signatures", "²", "ReadFile")


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory, runtime: object) -> Path:
    """A folder with the smallest network in every form that is read."""
    import keras
    import tensorflow as tf

    folder = tmp_path_factory.mktemp("sound")

    def network(double: Callable[[Any], Any]) -> Any:
        x = keras.Input((4, 4, 1), name="i")
        y = keras.layers.Conv2D(2, 3, activation="relu", name="conv")(x)
        y = keras.layers.BatchNormalization(name="norm")(y)
        y = keras.layers.Add(name="sum")([y, double(y)])
        y = keras.layers.Flatten(name="flat")(y)
        return keras.Model(x, keras.layers.Dense(2, activation="softmax", name="top")(y), name="net")

    # With an operation as a node of the graph; Keras's older form has none.
    model = network(lambda y: y * 2.0)
    model.save(folder / "m.keras")
    model.save_weights(folder / "w.weights.h5")
    (folder / "m.json").write_text(model.to_json(), encoding="utf-8")
    model = network(keras.layers.Rescaling(2.0, name="double"))
    model.save(folder / "m.h5")
    few = [model.get_layer(name) for name in ("conv", "flat")]
    chain = keras.Sequential([keras.Input((4, 4, 1), name="i"), *few])
    chain.save(folder / "old.h5")
    with h5py.File(folder / "old.h5", "r+") as file:
        config = json.loads(file.attrs["model_config"])
        first = config["config"]["layers"][0]
        first["config"]["batch_input_shape"] = first["config"].pop("batch_shape")
        for layer in config["config"]["layers"]:
            layer["config"].pop("dtype", None)
        file.attrs["model_config"] = json.dumps(config)
        file.attrs["keras_version"] = "2.9.0"
    weights = tf.Variable(np.ones((16, 2), np.float32))

    class Served(tf.Module):
        def __init__(self) -> None:
            super().__init__()
            self.kept = weights

        @tf.function(input_signature=[tf.TensorSpec((None, 4, 4, 1), tf.float32, name="x")])
        def serve(self, x: Any) -> Any:
            return {"scores": tf.nn.softmax(tf.reshape(x, (-1, 16)) @ weights)}

    served = Served()
    tf.saved_model.save(served, str(folder / "saved"), signatures={"serving_default": served.serve})
    return folder


@pytest.fixture
def where(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder to open files in; nothing may be left beside them, and little memory taken."""
    beside = tmp_path / "beside"
    beside.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(beside))
    place = tmp_path / "place"
    place.mkdir()
    # The most memory that this process has had is counted anew.
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    before = memory("VmRSS")
    yield place
    assert memory("VmHWM") - before < 400 * MB
    assert not list(beside.iterdir())


def memory(name: str) -> int:
    """Bytes, from what Linux tells of this process."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) << 10 for line in lines if line.startswith(f"{name}:"))


def opened(path: Path, weights: Path | None = None) -> object:
    """All that the window does with a file before it shows the network."""
    model = open_model(path, weights=weights)
    return model.summary, model.notes, model.layers


def opened_or_said(path: Path, read: Callable[[Path], object] = opened) -> bool:
    """Open it: whether that went well; whatever else than one sentence is an error."""
    there = sorted(path.parent.rglob("*"))
    try:
        with warnings.catch_warnings():
            # What Keras frowns on in a configuration is no fault of the reader.
            warnings.simplefilter("ignore")
            read(path)
    except UserError as error:
        assert error.message.endswith(".") and error.message.isprintable()
        return False
    finally:
        assert sorted(path.parent.rglob("*")) == there
    return True


def changed_bytes(data: bytes, chance: random.Random) -> bytes:
    """Some bytes overwritten, left out or put in."""
    wrong = bytearray(data)
    for _ in range(chance.choice((1, 1, 3, 20))):
        at, length = chance.randrange(len(wrong)), chance.choice((1, 1, 2, 4, 8, 64))
        piece = chance.choice((bytes(length), b"\xff" * length, chance.randbytes(length)))
        way = chance.random()
        if way < 0.7:
            wrong[at : at + length] = piece[: len(wrong) - at]
        elif way < 0.85:
            del wrong[at : at + length]
        else:
            wrong[at:at] = piece
    return bytes(wrong or b"\0")


def places(value: Any) -> list[tuple[Any, Any]]:
    """Each table or list within JSON, with each of its keys or numbers."""
    found: list[tuple[Any, Any]] = []
    if isinstance(value, dict | list):
        for key in list(value) if isinstance(value, dict) else range(len(value)):
            found += [(value, key), *places(value[key])]
    return found


def change_json(value: Any, chance: random.Random) -> None:
    """Some values replaced, left out, doubled, or brought from another place."""
    for _ in range(chance.choice((1, 1, 2, 4))):
        found = places(value)
        if not found:
            return
        table, key = chance.choice(found)
        way = chance.random()
        if way < 0.6:
            table[key] = json.loads(json.dumps(chance.choice(OTHERS)))
        elif way < 0.75:
            del table[key]
        elif way < 0.9:
            other, at = chance.choice(found)
            table[key] = json.loads(json.dumps(other[at]))
        elif isinstance(table, list):
            table.append(json.loads(json.dumps(table[key])))


def change_hdf5(file: Any, chance: random.Random) -> None:
    """An attribute, an array or a group replaced or left out."""
    items: list[Any] = [file]
    file.visititems(lambda _name, item: items.append(item))
    for _ in range(chance.choice((1, 2))):
        item = chance.choice(items)
        attributes = list(item.attrs)
        if attributes and chance.random() < 0.6:
            name = chance.choice(attributes)
            other = chance.choice(ATTRIBUTES)
            item.attrs[name] = other
        elif item.name != "/":
            parent, name = item.parent, item.name.rsplit("/", 1)[-1]
            if parent is None or name not in parent:
                continue
            del parent[name]
            way = chance.randrange(5)
            if way == 0:
                shape = chance.choice(((), (0,), (3,), (2, 2)))
                parent.create_dataset(name, data=np.zeros(shape, np.float16))
            elif way == 1:
                parent.create_group(name)
            elif way == 2:
                parent.create_dataset(name, (chance.choice((1, 1000, 10**9)),), "f4")
            elif way == 3:
                parent[name] = chance.choice((h5py.SoftLink("/"), h5py.ExternalLink("x.h5", "/"), file))
            return


@pytest.mark.parametrize("name", ["m.keras", "m.h5", "old.h5", "w.weights.h5", "m.json", "saved"])
def test_bytes_of_a_file(name: str, sound: Path, where: Path) -> None:
    chance = random.Random(f"bytes of {name}")
    inner = {"w.weights.h5": "w.weights.h5", "saved": "saved/saved_model.pb"}.get(name, name)
    data, path = (sound / inner).read_bytes(), where / inner
    path.parent.mkdir(exist_ok=True)
    went = 0
    for _ in range(TIMES):
        path.write_bytes(changed_bytes(data, chance))
        if name == "saved":
            went += opened_or_said(where / name, check)
        elif name == "w.weights.h5":
            went += opened_or_said(sound / "m.json", lambda layers: opened(layers, path))
        else:
            went += opened_or_said(path)
    assert went < TIMES


@pytest.mark.parametrize("name", ["m.keras", "m.h5", "old.h5", "m.json", "typed.json"])
def test_values_of_a_configuration(name: str, sound: Path, where: Path) -> None:
    chance = random.Random(f"values of {name}")
    path, went = where / name, 0
    for _ in range(TIMES):
        if name == "m.keras":
            with zipfile.ZipFile(sound / name) as old, zipfile.ZipFile(path, "w") as new:
                for member in old.namelist():
                    told = old.read(member)
                    if member == "config.json" or (member == "metadata.json" and chance.random() < 0.2):
                        config = json.loads(told)
                        change_json(config, chance)
                        told = json.dumps(config).encode()
                    new.writestr(member, told)
        elif name.endswith(".h5"):
            shutil.copy(sound / name, path)
            with h5py.File(path, "r+") as file:
                config = json.loads(file.attrs["model_config"])
                change_json(config, chance)
                file.attrs["model_config"] = json.dumps(config)
        else:
            config = typed() if name == "typed.json" else json.loads((sound / name).read_text("utf-8"))
            change_json(config, chance)
            path.write_text(json.dumps(config), encoding="utf-8")
        went += opened_or_said(path)
    assert 0 < went < TIMES


def typed() -> Any:
    """An architecture of this app."""
    layers = [
        {"name": "i", "kind": "InputLayer", "config": {"shape": [4, 4, 1]}},
        {"name": "conv", "kind": "Conv2D", "config": {"filters": 2, "kernel_size": 3}},
        {"name": "flat", "kind": "Flatten", "config": {}, "inputs": ["conv"]},
        {"name": "top", "kind": "Dense", "config": {"units": 2, "activation": "softmax"}},
    ]
    return {"format": "convscope architecture 1", "name": "net", "title": "A net", "layers": layers}


@pytest.mark.parametrize("name", ["m.h5", "old.h5", "w.weights.h5"])
def test_parts_of_an_hdf5_file(name: str, sound: Path, where: Path) -> None:
    chance = random.Random(f"parts of {name}")
    path, went = where / name, 0
    for _ in range(TIMES):
        shutil.copy(sound / name, path)
        with h5py.File(path, "r+") as file:
            change_hdf5(file, chance)
        if name == "w.weights.h5":
            went += opened_or_said(sound / "m.json", lambda layers: opened(layers, path))
        else:
            went += opened_or_said(path)
    assert went < TIMES


def messages(message: Any) -> list[Any]:
    """All messages within a message of protobuf."""
    found = [message]
    for field, value in message.ListFields():
        if hasattr(value, "ListFields"):
            found += messages(value)
        elif field.type == field.TYPE_MESSAGE:
            held = value.values() if field.message_type.GetOptions().map_entry else value
            found += [inner for each in held if hasattr(each, "ListFields") for inner in messages(each)]
    return found


def change_graph(graph: Any, chance: random.Random) -> None:
    """A field of some part set to something else, left out, or doubled."""
    for _ in range(chance.choice((1, 2, 5, 30, 100))):
        part = chance.choice(messages(graph))
        fields = part.ListFields()
        if not fields:
            continue
        field, value = chance.choice(fields)
        if chance.random() < 0.35:
            part.ClearField(field.name)
        elif field.type == field.TYPE_MESSAGE:
            if hasattr(value, "append") and len(value):
                value.append(value[0])
        elif hasattr(value, "append"):
            value.append(chance.choice(value))
        elif isinstance(value, str):
            setattr(part, field.name, chance.choice(TEXTS))
        elif isinstance(value, bool):
            setattr(part, field.name, not value)
        elif isinstance(value, int):
            setattr(part, field.name, chance.choice((0, 1, 99, 2**30, 2**31 - 1)))


def test_fields_of_a_saved_model(sound: Path, where: Path) -> None:
    from tensorflow.core.protobuf import saved_model_pb2

    chance, went = random.Random("fields"), 0
    shutil.copytree(sound / "saved", where / "saved")
    data = (sound / "saved" / "saved_model.pb").read_bytes()
    for _ in range(2 * TIMES):
        message = saved_model_pb2.SavedModel.FromString(data)
        change_graph(message, chance)
        (where / "saved" / "saved_model.pb").write_bytes(message.SerializeToString())
        went += opened_or_said(where / "saved", check)
    assert 0 < went < 2 * TIMES


@pytest.mark.parametrize("number", [0, 99, 101, 7, 20])
def test_types_that_a_saved_model_cannot_have(number: int, sound: Path, where: Path) -> None:
    """None of TensorFlow's, one that is written to, text, and a handle to something."""
    from tensorflow.core.protobuf import saved_model_pb2

    shutil.copytree(sound / "saved", where / "saved")
    path = where / "saved" / "saved_model.pb"
    message = saved_model_pb2.SavedModel.FromString(path.read_bytes())
    signature = message.meta_graphs[0].signature_def["serving_default"]
    signature.outputs["scores"].dtype = number
    path.write_bytes(message.SerializeToString())
    with pytest.raises(
        UserError, match=r"^saved (has an input or output of an unknown type|takes or puts out)"
    ):
        check(where / "saved")
    signature.ClearField("outputs")
    path.write_bytes(message.SerializeToString())
    with pytest.raises(UserError, match=r"^saved puts nothing out"):
        check(where / "saved")
