"""Files that carry code, point elsewhere, lie about their size or are cut short are refused."""

from __future__ import annotations

import contextlib
import io
import json
import os
import shutil
import zipfile
from collections.abc import Callable
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


@pytest.fixture
def canary(tmp_path: Path) -> Path:
    """A file that every payload here tries to write."""
    return tmp_path / "canary"


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory, runtime: object) -> Path:
    """A folder with a harmless model in both forms."""
    folder = tmp_path_factory.mktemp("good")
    model = nets.random_weights(nets.sequential())
    model.save(folder / "m.keras")
    model.save(folder / "m.h5")
    return folder


def changed(source: Path, target: Path, edit: Callable[[Any], None]) -> Path:
    """A copy of a `.keras` file with another configuration."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            if name == "config.json":
                config = json.loads(data)
                edit(config)
                data = json.dumps(config).encode()
            new.writestr(name, data)
    return target


def refused(path: Path, canary: Path, words: str) -> None:
    with pytest.raises(UserError) as told:
        open_model(path)
    assert words in told.value.message
    assert path.name in told.value.message
    assert not canary.exists()


def test_a_lambda_layer(tmp_path: Path, canary: Path) -> None:
    import keras

    name = str(canary)
    inputs = keras.Input((4,))
    layer = keras.layers.Lambda(
        lambda x, n=name: __import__("pathlib").Path(n).touch() or x, output_shape=(4,)
    )
    layer(np.zeros((1, 4), np.float32))
    assert canary.exists(), "run, it does write"
    canary.unlink()
    model = keras.Model(inputs, keras.layers.Dense(2)(inputs))
    for suffix in (".keras", ".h5"):
        model.save(tmp_path / f"plain{suffix}")
    spec = keras.saving.serialize_keras_object(layer)
    assert spec["config"]["function"]["class_name"] == "__lambda__"

    def insert(config: Any) -> None:
        config["config"]["layers"][1].update(spec, name="evil", inbound_nodes=[])

    refused(
        changed(tmp_path / "plain.keras", tmp_path / "evil.keras", insert),
        canary,
        "a Lambda layer, which is Python code",
    )
    with h5py.File(tmp_path / "plain.h5", "r+") as file:
        config = json.loads(file.attrs["model_config"])
        insert(config)
        file.attrs["model_config"] = json.dumps(config)
    refused(tmp_path / "plain.h5", canary, "a Lambda layer, which is Python code in the file")
    with h5py.File(tmp_path / "plain.h5", "r+") as file:
        file.attrs["keras_version"] = "2.9.0"
    refused(tmp_path / "plain.h5", canary, "a Lambda layer")


Edit = Callable[[Any], None]


def initializer(**spec: Any) -> Edit:
    """The configuration with something else where a kernel's initializer is expected."""

    def edit(config: Any) -> None:
        config["config"]["layers"][1]["config"]["kernel_initializer"] = spec

    return edit


def function(module: str, name: str) -> Edit:
    return initializer(module=module, class_name="function", config=name, registered_name=None)


def layer(**spec: Any) -> Edit:
    """The configuration with another layer."""
    return lambda config: config["config"]["layers"][1].update(spec)


TRAINER = {"layers": [{"class_name": "Trainer", "config": {}}]}


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        # CVE-2025-1550: any function of any module.
        (function("os", "system"), "os.function, code outside Keras"),
        (initializer(module="subprocess", class_name="Popen", config={}), "subprocess.Popen, code outside"),
        # CVE-2025-8747: Keras's own downloader.
        (function("keras.utils", "get_file"), "keras.utils.function"),
        (function("builtins", "exec"), "the function exec, which is no activation"),
        (function("keras", "load_model"), "the function load_model"),
        # CVE-2025-9906: switching the safety off.
        (function("keras.config", "enable_unsafe_deserialization"), "keras.config.function"),
        (initializer(class_name="__lambda__", config={"value": ["4wE="]}), "a Python function as bytes"),
        (initializer(class_name="__typespec__", module="os", config=[]), "a type of TensorFlow"),
        (initializer(class_name="Zeros", config={}, registered_name="A>Zeros"), "the custom object A>Zeros"),
        # CVE-2025-49655 and its relatives: other frameworks' pickles.
        (layer(class_name="TorchModuleWrapper"), "a PyTorch module"),
        (layer(class_name="JaxLayer"), "a JAX function"),
        # CVE-2025-12058: a vocabulary that is any file.
        (layer(class_name="StringLookup", config={"vocabulary": "/etc/passwd"}), "a vocabulary"),
        (layer(class_name="TFSMLayer", config={"filepath": "/tmp/x"}), "a path to another model"),
        (layer(class_name="Sequential", config=TRAINER), "Trainer, which is not a part of Keras"),
        (layer(class_name="Popen", module=None), "Popen, which is not a part of Keras"),
        (layer(class_name=["Dense"]), "the name of a layer's kind"),
        (initializer(class_name="function", config=["relu"]), "the function ['relu'], which is no"),
        (layer(module=3), "code outside Keras"),
        (lambda config: config.update(class_name="Own"), "Own, which is not a part of Keras"),
    ],
)
def test_names_that_are_code(
    edit: Callable[[Any], None], words: str, good: Path, tmp_path: Path, canary: Path
) -> None:
    refused(changed(good / "m.keras", tmp_path / "evil.keras", edit), canary, words)


def test_names_that_are_none_in_an_old_file(good: Path, tmp_path: Path, canary: Path) -> None:
    path = tmp_path / "m.h5"
    shutil.copy(good / "m.h5", path)
    with h5py.File(path, "r+") as file:
        config = json.loads(file.attrs["model_config"])
        layer(class_name=["TFOpLambda"])(config)
        file.attrs["model_config"] = json.dumps(config)
        file.attrs["keras_version"] = "2.9.0"
    refused(path, canary, "the name of a layer's kind is ['TFOpLambda']")


def test_training_settings_are_never_read(good: Path, tmp_path: Path, canary: Path) -> None:
    evil = {"module": "os", "class_name": "function", "config": "system", "registered_name": "system"}
    path = changed(
        good / "m.keras", tmp_path / "m.keras", lambda config: config.update(compile_config={"loss": evil})
    )
    assert (
        open_model(path).summary.totals.parameters == open_model(good / "m.keras").summary.totals.parameters
    )
    assert not canary.exists()


@pytest.mark.parametrize(
    ("function", "words"),
    [
        ("io.write_file", "it calls tf.io.write_file"),
        ("py_function", "it calls tf.py_function"),
        ("raw_ops.X", "tf.raw_ops.X"),
    ],
)
def test_tensorflow_functions_by_name(
    function: str, words: str, good: Path, tmp_path: Path, canary: Path
) -> None:
    path = tmp_path / "m.h5"
    shutil.copy(good / "m.h5", path)
    spec = {"class_name": "TFOpLambda", "config": {"name": "op", "function": function}, "name": "op"}
    inputs = {
        "class_name": "InputLayer",
        "config": {"batch_input_shape": [None, 4], "name": "i"},
        "name": "i",
        "inbound_nodes": [],
    }
    node = [["i", 0, 0, {"y": str(canary)}]]
    model = {
        "layers": [inputs, {**spec, "inbound_nodes": [node]}],
        "input_layers": [["i", 0, 0]],
        "output_layers": [["op", 0, 0]],
    }
    with h5py.File(path, "r+") as file:
        file.attrs["model_config"] = json.dumps({"class_name": "Functional", "config": model})
        file.attrs["keras_version"] = "2.9.0"
    refused(path, canary, words)


def zipped(path: Path, good: Path, *extra: tuple[zipfile.ZipInfo | str, bytes], leave: str = "") -> Path:
    with zipfile.ZipFile(good / "m.keras") as old, zipfile.ZipFile(path, "w") as new:
        for name in old.namelist():
            if name != leave:
                new.writestr(name, old.read(name))
        for name, data in extra:
            new.writestr(name, data)
    return path


def link() -> zipfile.ZipInfo:
    info = zipfile.ZipInfo("assets")
    info.external_attr = 0o120777 << 16
    return info


@pytest.mark.parametrize(
    ("extra", "words"),
    [
        ([("../../canary", b"x")], "would write outside its own folder"),
        ([("/tmp/canary", b"x")], "would write outside its own folder"),
        ([("a\\..\\..\\canary", b"x")], "would write outside its own folder"),
        ([(link(), b"/etc/passwd")], "a link to another file"),
        ([("assets/vocabulary.txt", b"x")], "a model has no business with assets/vocabulary.txt"),
        ([("model.weights.npz", b"x")], "a NumPy archive, which can run code"),
        ([("run.py", b"x")], "a model has no business with run.py"),
    ],
)
def test_zips_with_more_than_a_model(
    extra: Any, words: str, good: Path, tmp_path: Path, canary: Path
) -> None:
    refused(zipped(tmp_path / "evil.keras", good, *extra), canary, words)


def test_zips_with_less_than_a_model(good: Path, tmp_path: Path, canary: Path) -> None:
    refused(
        zipped(tmp_path / "a.keras", good, leave="config.json"),
        canary,
        "is not a Keras model: it has no config.json",
    )
    refused(
        zipped(tmp_path / "b.keras", good, leave="model.weights.h5"), canary, "it has no model.weights.h5"
    )
    for number, config in enumerate((b"{", b"[]", b"3", b'{"a": 1}', b"\xff", b"[" * 100_000)):
        path = zipped(tmp_path / f"c{number}.keras", good, ("config.json", config), leave="config.json")
        refused(path, canary, path.name)


def test_zips_that_claim_more_than_memory(
    good: Path, tmp_path: Path, canary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("convscope.core.opening.free_memory", lambda: 4000)
    for name in ("m.keras", "m.h5"):
        refused(good / name, canary, "kB, more than a quarter of the 4 kB of memory that are free")


VAST = [
    ("Embedding", {"input_dim": 3_000_000, "output_dim": 300_000}, [10]),
    ("LSTM", {"units": 300_000}, [10, 4]),
    ("Conv1D", {"filters": 2_000_000, "kernel_size": 2_000_000}, [2_000_000, 4]),
    ("Dense", {"units": 1_000_000}, [1_000_000]),
]


@pytest.mark.parametrize(("kind", "settings", "shape"), VAST, ids=[kind for kind, *_ in VAST])
def test_layers_of_any_kind_that_no_memory_holds(
    kind: str, settings: dict[str, Any], shape: list[int], good: Path, tmp_path: Path, canary: Path
) -> None:
    """Counted before they are made, whatever the kind: a few bytes would ask for terabytes."""
    import keras

    def edit(config: Any) -> None:
        first, *_ = config["config"]["layers"]
        first["config"]["batch_shape"] = [None, *shape]
        spec = {"module": "keras.layers", "class_name": kind, "config": {"name": "vast", **settings}}
        config["config"]["layers"] = [first, {**spec, "registered_name": None}]
        config["config"].pop("build_input_shape", None)
        config.pop("build_config", None)

    refused(changed(good / "m.keras", tmp_path / "evil.keras", edit), canary, "declares layers of")
    assert keras.layers.Dense(2)(np.ones((1, 3), np.float32)).shape == (1, 2), (
        "the next model is built as ever"
    )


@pytest.mark.parametrize("units", [float("inf"), float("nan"), 1e300, -3, 0, True, "x", None, [3]])
def test_sizes_that_are_none(units: object, good: Path, tmp_path: Path, canary: Path) -> None:
    def edit(config: Any) -> None:
        config["config"]["layers"][-1]["config"]["units"] = units

    refused(changed(good / "m.keras", tmp_path / "evil.keras", edit), canary, "evil.keras")


@pytest.mark.parametrize("version", ["2.9.0", "3.15.0"])
def test_layers_that_no_memory_holds(version: str, good: Path, tmp_path: Path, canary: Path) -> None:
    path = tmp_path / "m.h5"
    shutil.copy(good / "m.h5", path)

    def vast(units: int) -> dict[str, Any]:
        return {"class_name": "Dense", "config": {"name": f"d{units}", "units": units, "use_bias": True}}

    first = {
        "class_name": "InputLayer",
        "config": {"batch_input_shape": [None, 1000], "batch_shape": [None, 1000], "name": "i"},
    }
    for units, words in ((2_000_000, "declares layers of"), (10**15, "asks for a layer of size")):
        with h5py.File(path, "r+") as file:
            layers = [first, vast(units), vast(units - 1)]
            file.attrs["model_config"] = json.dumps(
                {"class_name": "Sequential", "config": {"name": "m", "layers": layers}}
            )
            file.attrs["keras_version"] = version
        refused(path, canary, words)


def external(file: h5py.File, secret: Path) -> None:
    file["model_weights"]["evil"] = h5py.ExternalLink(str(secret), "/")


def soft(file: h5py.File, secret: Path) -> None:
    file["model_weights"]["evil"] = h5py.SoftLink("/model_weights/conv")


def raw(file: h5py.File, secret: Path) -> None:
    file.create_dataset("evil", (4,), "u1", external=[(str(secret), 0, 4)])


def virtual(file: h5py.File, secret: Path) -> None:
    layout = h5py.VirtualLayout((4,), "u1")
    layout[:] = h5py.VirtualSource(str(secret), "x", shape=(4,))
    file.create_virtual_dataset("evil", layout)


def bomb(file: h5py.File, secret: Path) -> None:
    file.create_dataset("evil", (1 << 40,), "f4", chunks=(1 << 20,), compression="gzip")


def many(file: h5py.File, secret: Path) -> None:
    for number in range(60):
        file.create_dataset(f"evil{number}", (4_000_000,), "f4", chunks=(4_000_000,), compression="gzip")


def test_many_small_arrays_that_are_vast_together(good: Path, tmp_path: Path, canary: Path) -> None:
    """None of them alone claims more than is common; none of them was ever written."""
    path = tmp_path / "m.h5"
    shutil.copy(good / "m.h5", path)
    with h5py.File(path, "r+") as file:
        many(file, path)
    refused(path, canary, "its arrays claim 960,")


def test_one_place_with_many_names_is_looked_at_once(good: Path, tmp_path: Path) -> None:
    """Two names at each of forty levels are a million million ways to the last."""
    path = tmp_path / "m.h5"
    shutil.copy(good / "m.h5", path)
    with h5py.File(path, "r+") as file:
        group = file.create_group("maze")
        for _ in range(40):
            below = group.create_group("left")
            group["right"] = below
            group = below
    assert open_model(path).summary.totals.parameters > 0


@pytest.mark.parametrize("dtype", ["S3", "c8", h5py.vlen_dtype("f4"), h5py.ref_dtype, [("a", "f4")]])
def test_arrays_of_no_numbers(dtype: Any, good: Path, tmp_path: Path, canary: Path) -> None:
    path = tmp_path / "m.h5"
    shutil.copy(good / "m.h5", path)
    with h5py.File(path, "r+") as file:
        group = file["model_weights/scores"]
        name = group.attrs["weight_names"][0]
        shape = group[name].shape
        del group[name]
        group.create_dataset(name, shape, dtype)
    refused(path, canary, "does not hold numbers: the file is damaged")


def test_a_layer_named_twice(good: Path, tmp_path: Path, canary: Path) -> None:
    path = tmp_path / "m.h5"
    shutil.copy(good / "m.h5", path)
    with h5py.File(path, "r+") as file:
        names = [str(name) for name in file["model_weights"].attrs["layer_names"]]
        file["model_weights"].attrs["layer_names"] = np.array(names[-1:] * 500, "S20")
    refused(path, canary, "it names a layer twice")


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (external, "it points to another file or place (evil)"),
        (soft, "it points to another file or place (evil)"),
        (raw, "its arrays lie in other files"),
        (virtual, "its arrays lie in other files"),
        (bomb, "an array claims 4,398,046,511,104 bytes and holds 0"),
    ],
)
def test_hdf5_that_reaches_out(
    edit: Callable[[h5py.File, Path], None], words: str, good: Path, tmp_path: Path, canary: Path
) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(b"secret")
    path = tmp_path / "m.h5"
    shutil.copy(good / "m.h5", path)
    with h5py.File(path, "r+") as file:
        edit(file, secret)
    refused(path, canary, words)
    with pytest.raises(UserError):
        load_weights(nets.sequential(), path)
    # The same inside a .keras file.
    with zipfile.ZipFile(good / "m.keras") as old:
        inner = io.BytesIO(old.read("model.weights.h5"))
    with h5py.File(inner, "r+") as file:
        file.require_group("model_weights")
        edit(file, secret)
    packed = zipped(
        tmp_path / "m.keras", good, ("model.weights.h5", inner.getvalue()), leave="model.weights.h5"
    )
    refused(packed, canary, words)


def test_saved_models_that_do_more_than_compute(tmp_path: Path, canary: Path) -> None:
    import tensorflow as tf

    class Evil(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec((None, 4), tf.float32)])
        def serve(self, x: Any) -> Any:
            with tf.control_dependencies([tf.io.write_file(str(canary), "run")]):
                return tf.identity(x)

    evil = Evil()
    tf.saved_model.save(evil, str(tmp_path / "evil"), signatures={"serving_default": evil.serve})
    canary.unlink(missing_ok=True)
    refused(tmp_path / "evil", canary, "its graph does more than compute (WriteFile)")

    class Table(tf.Module):
        def __init__(self) -> None:
            super().__init__()
            words = tf.lookup.KeyValueTensorInitializer(
                tf.constant([1], tf.int64), tf.constant([2], tf.int64)
            )
            self.table = tf.lookup.StaticHashTable(words, 0)

        @tf.function(input_signature=[tf.TensorSpec((None,), tf.int64)])
        def serve(self, x: Any) -> Any:
            return self.table.lookup(x)

    table = Table()
    tf.saved_model.save(table, str(tmp_path / "table"), signatures={"serving_default": table.serve})
    refused(tmp_path / "table", canary, "it brings tables or files that are read on loading")


@pytest.fixture(scope="module")
def plain_folder(tmp_path_factory: pytest.TempPathFactory, runtime: object) -> tuple[Path, Path]:
    """A SavedModel that is what it says, and where those made from it would write."""
    import tensorflow as tf

    folder = tmp_path_factory.mktemp("plain")

    class Plain(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec((None, 4, 4, 3), tf.float32)])
        def serve(self, x: Any) -> Any:
            return tf.reduce_mean(x, [1, 2])

        @tf.function(input_signature=[tf.TensorSpec((None, 4, 4, 3), tf.float32)])
        def write(self, x: Any) -> Any:
            with tf.control_dependencies([tf.io.write_file(str(folder / "canary"), "run")]):
                return tf.reduce_mean(x, [1, 2])

    made = Plain()
    tf.saved_model.save(made, str(folder / "m"), signatures={"serving_default": made.serve})
    return folder / "m", folder / "canary"


def _at_endpoint(message: Any) -> None:
    """The root's attribute of the endpoint's name goes before its signature."""
    objects = message.meta_graphs[0].object_graph_def
    child = next(child for child in objects.nodes[0].children if child.local_name == "write")
    objects.nodes[0].children.add(node_id=child.node_id, local_name="serving_default")


def _at_signature(message: Any) -> None:
    """The graph's own signature stays harmless; what is called is another function."""
    objects = message.meta_graphs[0].object_graph_def
    child = {child.local_name: child.node_id for child in objects.nodes[0].children}
    signatures = objects.nodes[child["signatures"]]
    evil = objects.nodes[child["write"]].function.concrete_functions[0]
    objects.nodes[signatures.children[0].node_id].bare_concrete_function.concrete_function_name = evil


def _at_restoring(message: Any) -> None:
    """An object that says how it is restored from a checkpoint has that called on loading."""
    objects = message.meta_graphs[0].object_graph_def
    child = {child.local_name: child.node_id for child in objects.nodes[0].children}
    objects.nodes[0].saveable_objects[".TENSORS"].restore_function = child["write"]


def _in_tensorflow_1(message: Any) -> None:
    message.meta_graphs[0].ClearField("object_graph_def")


def _under_a_name_that_steers_a_terminal(message: Any) -> None:
    outputs = message.meta_graphs[0].signature_def["serving_default"].outputs
    (key,) = outputs
    outputs["cat\x1b[2J\n\u202e"].CopyFrom(outputs.pop(key))
    for function in message.meta_graphs[0].graph_def.library.function:
        for node in function.node_def:
            node.op = node.op.replace("WriteFile", "NoOp")


def _as_the_second_graph(message: Any) -> None:
    message.meta_graphs.add()


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (_at_endpoint, "it calls something else serving_default, too"),
        (_at_signature, "its graph does more than compute (WriteFile)"),
        (_at_restoring, "its graph does more than compute (WriteFile)"),
        (_under_a_name_that_steers_a_terminal, "because it calls an input or output cat�[2J��:"),
        (_in_tensorflow_1, "because TensorFlow 1 wrote it"),
        (_as_the_second_graph, "because TensorFlow 1 wrote it"),
    ],
)
def test_saved_models_whose_code_lies_elsewhere(
    edit: Edit, words: str, plain_folder: tuple[Path, Path], tmp_path: Path
) -> None:
    from tensorflow.core.protobuf import saved_model_pb2

    source, canary = plain_folder
    folder = shutil.copytree(source, tmp_path / "evil")
    message = saved_model_pb2.SavedModel()
    message.ParseFromString((folder / "saved_model.pb").read_bytes())
    edit(message)
    (folder / "saved_model.pb").write_bytes(message.SerializeToString())
    refused(folder, canary, words)


def test_saved_models_that_are_none(tmp_path: Path, canary: Path) -> None:
    (tmp_path / "empty").mkdir()
    refused(tmp_path / "empty", canary, "The folder empty holds no model")
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "saved_model.pb").write_bytes(b"\xff" * 100)
    refused(tmp_path / "broken", canary, "broken/saved_model.pb is damaged")
    (tmp_path / "blank").mkdir()
    (tmp_path / "blank" / "saved_model.pb").write_bytes(b"")
    refused(tmp_path / "blank", canary, "blank holds no graph")


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("a.keras", b"", "is empty"),
        ("a.h5", b"not a model at all", "is not a model file, or damaged from its beginning on"),
        ("a.keras", b"<html>", "is not a model file, or damaged from its beginning on"),
        ("a.pt", b"PK\x03\x04....", "is not a model that convscope opens"),
        ("a.png", b"\x89PNG\r\n\x1a\n....", "is not a model that convscope opens"),
        ("a.h5", b"\x89HDF\r\n\x1a\n\x00\x00", "a.h5 is cut short or damaged: get it again"),
        ("a.keras", b"PK\x03\x04\x00", "is not a .keras file, or cut short"),
        ("a.json", b"{}", "does not hold an architecture"),
        ("a.json", b"[" * 200_000, "does not hold an architecture"),
    ],
)
def test_what_is_no_model(name: str, data: bytes, words: str, tmp_path: Path, canary: Path) -> None:
    (tmp_path / name).write_bytes(data)
    refused(tmp_path / name, canary, words)


def test_a_pipe_is_not_waited_for(tmp_path: Path, canary: Path) -> None:
    os.mkfifo(tmp_path / "pipe.keras")
    refused(tmp_path / "pipe.keras", canary, "is not an ordinary file: choose a model file")


def test_zips_packed_in_another_way_and_damaged(good: Path, tmp_path: Path) -> None:
    path = tmp_path / "m.keras"
    with zipfile.ZipFile(good / "m.keras") as old, zipfile.ZipFile(path, "w", zipfile.ZIP_LZMA) as new:
        for name in old.namelist():
            new.writestr(name, old.read(name))
    data = path.read_bytes()
    assert open_model(path).summary.totals.parameters
    for place in range(60, len(data), len(data) // 25):
        path.write_bytes(data[:place] + bytes(b ^ 255 for b in data[place : place + 9]) + data[place + 9 :])
        with contextlib.suppress(UserError):
            open_model(path)


@pytest.mark.parametrize("name", ["m.keras", "m.h5"])
def test_cut_short_or_changed_anywhere_it_opens_or_says_why(name: str, good: Path, tmp_path: Path) -> None:
    data = (good / name).read_bytes()
    generator = np.random.default_rng(7)
    path = tmp_path / name
    sentences = 0
    for share in (0.01, 0.1, 0.3, 0.5, 0.7, 0.9, 0.99, 0.9999):
        path.write_bytes(data[: int(len(data) * share)])
        with pytest.raises(UserError):
            open_model(path)
    for _ in range(60):
        wrong = bytearray(data)
        for place in generator.integers(0, len(data), generator.integers(1, 30)):
            wrong[place] = generator.integers(0, 256)
        path.write_bytes(wrong)
        try:
            open_model(path)
        except UserError as error:
            sentences += 1
            assert error.message.endswith(".")
    assert sentences > 5
