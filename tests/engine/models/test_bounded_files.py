"""Files of a few kilobytes that would have gigabytes taken, or run what they hold, while they are opened."""

from __future__ import annotations

import bz2
import io
import json
import shutil
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import model_nets as nets
import numpy as np
import pytest

from convscope.core.errors import NotEnoughMemoryError, UserError
from convscope.core.task import Cancelled, Task
from convscope.engine.models.configuration import LARGEST, MOST_LAYERS
from convscope.engine.models.files import disk
from convscope.engine.models.files.weights import load_weights
from convscope.engine.models.library.catalogue import open_model
from convscope.engine.models.opened import OpenedModel

pytestmark = [
    pytest.mark.usefixtures("runtime"),
    pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept:DeprecationWarning"),
]

MB = 1 << 20
Edit = Callable[[Any], object]


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory, runtime: object) -> Path:
    """A folder with a small network in every form."""
    folder = tmp_path_factory.mktemp("small")
    model = nets.random_weights(nets.sequential())
    model.save(folder / "m.keras")
    model.save(folder / "m.h5")
    model.save_weights(folder / "m.weights.h5")
    (folder / "m.json").write_text(model.to_json(), encoding="utf-8")
    return folder


@pytest.fixture(autouse=True)
def little_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """1 GiB is free: a quarter of it is 256 MiB."""
    monkeypatch.setattr("convscope.core.opening.free_memory", lambda: 1 << 30)


def refused(path: Path, words: str, weights: Path | None = None) -> None:
    with pytest.raises(UserError) as told:
        open_model(path, weights=weights)
    assert words in told.value.message
    assert path.name in told.value.message


def edited(good: Path, tmp_path: Path, edit: Edit) -> Path:
    """A copy of the whole-model .h5, changed."""
    path = tmp_path / "m.h5"
    shutil.copy(good / "m.h5", path)
    with h5py.File(path, "r+") as file:
        edit(file)
    return path


def with_config(good: Path, tmp_path: Path, config: Any, version: str = "3.15.0") -> Path:
    """The .h5 with another configuration and the same weights."""

    def edit(file: Any) -> None:
        file.attrs["model_config"] = json.dumps(config)
        file.attrs["keras_version"] = version

    return edited(good, tmp_path, edit)


def zipped(path: Path, good: Path, config: Any = None, **members: bytes) -> Path:
    """The .keras file with another configuration, or other members ("config_json" for "config.json")."""
    new = {name.replace("_", "."): data for name, data in members.items()}
    if config is not None:
        new["config.json"] = json.dumps(config).encode()
    with zipfile.ZipFile(good / "m.keras") as old, zipfile.ZipFile(path, "w") as archive:
        for name in old.namelist():
            archive.writestr(name, new.get(name, old.read(name)))
    return path


# -- HDF5 ----------------------------------------------------------------------------------------------------


def shared_lists(file: Any) -> None:
    """Each of its lists is the same one in the file, and another one in memory."""
    numbers = file.create_dataset("evil", (1000,), h5py.vlen_dtype("f4"))
    numbers[0] = np.zeros(1000, np.float32)


def lists_in_an_attribute(file: Any) -> None:
    value = np.empty(2, object)
    value[:] = [np.zeros(3, np.float32), np.zeros(4, np.float32)]
    file["model_weights"].attrs.create("layer_names", value, dtype=h5py.vlen_dtype("f4"))


def a_reference(file: Any) -> None:
    file["model_weights"].attrs["layer_names"] = file["model_weights"].ref


def an_image_of_text(file: Any) -> None:
    file.create_dataset("evil", (10,), h5py.string_dtype())


def unwritten(file: Any) -> None:
    for number in range(20):
        file.create_dataset(f"evil{number}", (1000, 1000), "f4", chunks=(100, 100))


def vast_chunks(file: Any) -> None:
    file.create_dataset("evil", (4,), "f4", maxshape=(None,), chunks=(1 << 28,), compression="gzip")


def twice_packed(file: Any) -> None:
    plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    plist.set_chunk((1000,))
    plist.set_deflate(9)
    plist.set_deflate(9)
    space = h5py.h5s.create_simple((1000,))
    h5py.h5d.create(file.id, b"evil", h5py.h5t.NATIVE_FLOAT, space, plist)


def unpacks_on(file: Any) -> None:
    """A chunk says that it has 4,000 bytes, and would be unpacked to 50 million."""
    made = file.create_dataset("evil", (1000,), "f4", chunks=(1000,), compression="gzip")
    made.id.write_direct_chunk((0,), zlib.compress(bytes(50 * MB), 9))


def packed_otherwise(file: Any) -> None:
    file.create_dataset("evil", data=np.zeros(1000, np.int32), chunks=(1000,), scaleoffset=4)


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (shared_lists, "does not hold numbers"),
        (an_image_of_text, "does not hold numbers"),
        (lists_in_an_attribute, "an attribute that is neither a number nor a name"),
        (a_reference, "an attribute that is neither a number nor a name"),
        (unwritten, "its arrays claim 80,"),
        (vast_chunks, "an array claims 1,073,741,824 bytes and holds 0"),
        (twice_packed, "its arrays are packed as no Keras does it"),
        (packed_otherwise, "its arrays are packed as no Keras does it"),
        (unpacks_on, "an array unpacks to more than it says"),
    ],
)
def test_hdf5_that_takes_more_than_it_has(edit: Edit, words: str, good: Path, tmp_path: Path) -> None:
    path = edited(good, tmp_path, edit)
    assert path.stat().st_size < MB
    refused(path, words)
    with pytest.raises(UserError):
        load_weights(nets.sequential(), path)
    # The same as the weights of a description, and inside of a .keras file.
    refused(good / "m.json", words.replace("m.h5", "w.h5"), path) if "m.json" in words else None
    with zipfile.ZipFile(good / "m.keras") as old:
        inner = io.BytesIO(old.read("model.weights.h5"))
    with h5py.File(inner, "r+") as file:
        file.require_group("model_weights")
        edit(file)
    with zipfile.ZipFile(good / "m.keras") as old, zipfile.ZipFile(tmp_path / "m.keras", "w") as new:
        for name in old.namelist():
            new.writestr(name, inner.getvalue() if name == "model.weights.h5" else old.read(name))
    refused(tmp_path / "m.keras", words)


def test_names_that_share_one_long_string(good: Path, tmp_path: Path) -> None:
    """Each of ten thousand names is a reference of 16 bytes; in memory each would be the whole string."""

    def edit(file: Any) -> None:
        group = file["model_weights"]
        del group.attrs["layer_names"]
        group.attrs["layer_names"] = ["x" * 60_000, *["y"] * 2_000]
        group.attrs["more"] = ["z"] * 3_000

    path = edited(good, tmp_path, edit)
    refused(path, "m.h5 is cut short or damaged")
    with h5py.File(path, "r+") as file:
        file["model_weights"].attrs["long"] = "x" * 40_000
        file["model_weights"].attrs["longer"] = ["x" * (30 * MB), *["z"] * 3_000]
    refused(path, "The names in m.h5 claim 94.4 GB, more than a quarter")


def test_names_of_changing_length_are_fine(good: Path, tmp_path: Path) -> None:
    """As where a tool wrote them as a list of texts."""

    def edit(file: Any) -> None:
        group = file["model_weights"]
        group.attrs["layer_names"] = [str(name) for name in group.attrs["layer_names"]]

    path = edited(good, tmp_path, edit)
    expected = open_model(good / "m.h5").keras.get_weights()
    for ours, theirs in zip(open_model(path).keras.get_weights(), expected, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_weights_that_were_packed_are_fine(good: Path, tmp_path: Path) -> None:
    """As h5repack does it, with a checksum."""

    def edit(file: Any) -> None:
        found: list[str] = []
        file.visititems(lambda name, item: found.append(name) if isinstance(item, h5py.Dataset) else None)
        for name in found:
            data = file[name][()]
            del file[name]
            packing = {"compression": "gzip", "shuffle": True, "fletcher32": True} if data.ndim else {}
            file.create_dataset(name, data=data, **packing)

    path = edited(good, tmp_path, edit)
    expected = open_model(good / "m.h5").keras.get_weights()
    for ours, theirs in zip(open_model(path).keras.get_weights(), expected, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_one_array_under_many_names_is_counted_by_each(good: Path, tmp_path: Path) -> None:
    def edit(file: Any) -> None:
        group = file["model_weights"]
        group.create_dataset("array", data=np.zeros(4 * MB, np.float32))
        names = []
        for number in range(20):
            layer = group.create_group(f"l{number}")
            layer["w"] = group["array"]
            layer.attrs["weight_names"] = np.array(["w"], "S1")
            names.append(f"l{number}")
        group.attrs["layer_names"] = np.array(names, "S4")

    refused(edited(good, tmp_path, edit), "m.h5 holds 285 MB, more than a quarter of the 1.07 GB of memory")


def test_ways_to_one_place_are_not_all_gone(good: Path, tmp_path: Path) -> None:
    """Where weights have other names than Keras 3's, the file is walked through by its names."""
    with zipfile.ZipFile(good / "m.keras") as old:
        inner = io.BytesIO(old.read("model.weights.h5"))
    with h5py.File(inner, "r+") as file:
        container = file["layers"]
        first = next(iter(container))
        container["renamed_7"] = container[first]
        del container[first]
        group = file.create_group("maze")
        for _ in range(40):
            below = group.create_group("left")
            group["right"] = below
            group = below
    with zipfile.ZipFile(good / "m.keras") as old, zipfile.ZipFile(tmp_path / "m.keras", "w") as new:
        for name in old.namelist():
            new.writestr(name, inner.getvalue() if name == "model.weights.h5" else old.read(name))
    refused(tmp_path / "m.keras", "The weights in m.keras do not belong to")


# -- zip -----------------------------------------------------------------------------------------------------


def lying(path: Path, good: Path, member: str, **says: int) -> Path:
    """A .keras file whose table of contents says something else of a member."""
    shutil.copy(good / "m.keras", path)
    data = bytearray(path.read_bytes())
    entry = data.rindex(member.encode()) - 46
    assert data[entry : entry + 4] == b"PK\x01\x02"
    for name, value in says.items():
        at = entry + {"packed": 20, "whole": 24}[name]
        data[at : at + 4] = value.to_bytes(4, "little")
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("member", ["config.json", "metadata.json", "model.weights.h5"])
def test_members_that_lie_about_their_size(member: str, good: Path, tmp_path: Path) -> None:
    refused(lying(tmp_path / "a.keras", good, member, whole=4_000_000_000), "a.keras")
    refused(lying(tmp_path / "b.keras", good, member, packed=4_000_000_000), "b.keras")
    for number in range(3):
        refused(lying(tmp_path / f"c{number}.keras", good, member, whole=number), f"c{number}.keras")


def test_a_member_that_says_too_little_is_not_unpacked_to_its_end(
    good: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Python unpacks bz2 and LZMA whole: few packed bytes at a time are all that it may be given."""
    packed = bz2.compress(bytes(40 * MB))
    assert len(packed) < 200
    path = tmp_path / "m.keras"
    with zipfile.ZipFile(good / "m.keras") as old, zipfile.ZipFile(path, "w") as new:
        for name in old.namelist():
            new.writestr(name, old.read(name))
        new.writestr(
            zipfile.ZipInfo("more"), b"".join([b"{}", b" " * 200_000]), compress_type=zipfile.ZIP_BZIP2
        )
    asked: list[int] = []
    read = zipfile.ZipExtFile.read

    def counting(self: zipfile.ZipExtFile, n: int | None = -1) -> bytes:
        if self._compress_type == zipfile.ZIP_BZIP2:  # type: ignore[attr-defined]
            asked.append(-1 if n is None else n)
        return read(self, n)

    monkeypatch.setattr(zipfile.ZipExtFile, "read", counting)
    from convscope.engine.models.files.keras_zip import _pieces

    with zipfile.ZipFile(path) as archive:
        assert sum(map(len, _pieces(archive, "more"))) == 200_002
    assert asked and set(asked) == {4096}


def test_descriptions_without_limit(good: Path, tmp_path: Path) -> None:
    refused(zipped(tmp_path / "a.keras", good, metadata_json=b" " * (2 * MB)), "is too large to be one")
    refused(zipped(tmp_path / "b.keras", good, config_json=b" " * (LARGEST + 1)), "is too large to be one")
    many = b"[" + b"[]," * 1_000_000 + b"[]]"
    refused(
        zipped(tmp_path / "c.keras", good, config_json=many),
        "The configuration in c.keras takes 536 MB, more",
    )


def test_more_lists_than_anybody_waits_for(
    good: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Eight million empty ones pack into some kilobytes, and took a quarter of a minute to look through."""
    monkeypatch.setattr("convscope.core.opening.free_memory", lambda: 64 << 30)
    many = b"[" + b"[]," * 8_000_000 + b"[]]"
    refused(zipped(tmp_path / "m.keras", good, config_json=many), "it has 8,000,002 lists and tables")


def test_weights_are_not_unpacked_where_the_disk_has_no_room(
    good: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = shutil._ntuple_diskusage(10_000, 5_000, 5_000)  # type: ignore[attr-defined]
    monkeypatch.setattr(disk.shutil, "disk_usage", lambda folder: left)
    copied: list[str] = []

    def pieces(archive: zipfile.ZipFile, name: str) -> list[bytes]:
        copied.append(name)
        return [archive.read(name)]

    monkeypatch.setattr("convscope.engine.models.files.keras_zip._pieces", pieces)
    refused(good / "m.keras", "make room there, or set TMPDIR to a folder with more")
    assert copied == ["config.json", "metadata.json"]


# -- what is declared ----------------------------------------------------------------------------------------


def dense(units: int) -> dict[str, Any]:
    return {
        "class_name": "Sequential",
        "module": "keras",
        "registered_name": None,
        "config": {
            "name": "m",
            "layers": [
                spec("InputLayer", batch_shape=[None, 1000], name="i"),
                spec("Dense", units=units, name="d"),
            ],
        },
    }


def spec(kind: str, **config: Any) -> dict[str, Any]:
    return {"class_name": kind, "module": "keras.layers", "registered_name": None, "config": config}


@pytest.mark.parametrize("kind", ["m.keras", "m.h5", "m.json"])
def test_layers_that_are_not_in_the_file_of_the_weights(
    kind: str, good: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two million units of a thousand weights are 8 GB; the files have 18 kB."""
    monkeypatch.setattr("convscope.core.opening.free_memory", lambda: 1 << 40)
    words = "declares layers of 2,002,000,000 weights, and the file of its weights holds"
    config = dense(2_000_000)
    if kind == "m.keras":
        refused(zipped(tmp_path / kind, good, config), words)
    elif kind == "m.h5":
        refused(with_config(good, tmp_path, config), words)
    else:
        (tmp_path / kind).write_text(json.dumps(config), encoding="utf-8")
        refused(tmp_path / kind, words, good / "m.weights.h5")


def test_an_architecture_of_more_than_its_weights_hold(good: Path, tmp_path: Path) -> None:
    from convscope.engine.models.builder.architecture import Architecture, LayerSpec

    layers = (
        LayerSpec("i", "InputLayer", {"shape": [1000]}),
        LayerSpec("d", "Dense", {"units": 20_000}),
    )
    Architecture("vast", layers).save(tmp_path / "a.json")
    refused(tmp_path / "a.json", "declares layers of 20,020,000 weights, and the file", good / "m.weights.h5")


def test_an_architecture_with_a_pretrained_base_has_its_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import keras

    from convscope.engine.models.builder.templates import Draft

    def build(_name: str, *, input_shape: Any, layer_name: str, weights: Any, **_more: Any) -> Any:
        inputs = keras.Input(input_shape)
        base = keras.Model(inputs, keras.layers.Conv2D(512, 1)(inputs), name=layer_name)
        base.set_weights([np.full(weight.shape, 7.0) for weight in base.get_weights()])
        return base

    monkeypatch.setattr("convscope.engine.models.applications.build.build_application", build)
    draft = Draft("net", (32, 32, 3))
    draft.add("Base", name="base", application="VGG16", weights="imagenet", trainable=False)
    draft.add("GlobalAveragePooling2D")
    draft.done.save(tmp_path / "a.json")
    for array in open_model(tmp_path / "a.json").keras.get_layer("base").get_weights():
        np.testing.assert_array_equal(array, np.full(array.shape, 7.0))


def test_what_is_declared_without_weights_keeps_to_the_budget(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps(dense(200_000)), encoding="utf-8")
    with pytest.raises(
        NotEnoughMemoryError, match=r"^a\.json declares layers of 801 MB, more than a quarter"
    ):
        open_model(tmp_path / "a.json")


# -- what would be run ---------------------------------------------------------------------------------------


def operation(kind: str, name: str, args: list[Any], **config: Any) -> dict[str, Any]:
    """An operation of keras.ops as a layer in a graph, called with these arguments."""
    return {
        "module": "keras.src.ops.numpy",
        "class_name": kind,
        "config": {"name": name, **config},
        "registered_name": kind,
        "name": name,
        "inbound_nodes": [{"args": args, "kwargs": {}}],
    }


def tensor(layer: str) -> dict[str, Any]:
    return {
        "class_name": "__keras_tensor__",
        "config": {"shape": [None, 4], "dtype": "float32", "keras_history": [layer, 0, 0]},
    }


def graph(*layers: dict[str, Any]) -> dict[str, Any]:
    """A functional network of 4 numbers that goes through the last of these."""
    first = {**spec("InputLayer", batch_shape=[None, 4], name="i"), "name": "i", "inbound_nodes": []}
    add = operation("Add", "add", [tensor("i"), tensor(str(layers[-1]["name"]))])
    config = {
        "name": "m",
        "trainable": True,
        "layers": [first, *layers, add],
        "input_layers": [["i", 0, 0]],
        "output_layers": [["add", 0, 0]],
    }
    return {
        "class_name": "Functional",
        "module": "keras.src.models.functional",
        "registered_name": None,
        "config": config,
    }


def number(value: Any) -> dict[str, Any]:
    return {"class_name": "__numpy__", "config": {"value": value, "dtype": "float32"}}


def layer_on(kind: str, value: Any, **config: Any) -> dict[str, Any]:
    made = spec(kind, name="evil", **config)
    return {**made, "name": "evil", "inbound_nodes": [{"args": [value], "kwargs": {}}]}


hidden = {
    "class_name": "__numpy__",
    "config": {"value": [1.0], "dtype": "float32", "beside": tensor("i")},
}
CONSTANT = [
    operation("BroadcastTo", "evil", [number([1.0])], shape=[50_000, 50_000]),
    operation("Tile", "evil", [number([1.0])], repeats=[50_000 * 50_000]),
    operation("Pad", "evil", [number([1.0])], pad_width=[[0, 1_000_000_000]]),
    operation("Repeat", "evil", [1.0], repeats=1_000_000_000),
    layer_on("Resizing", number([[[1.0]]]), height=50_000, width=50_000),
    layer_on("UpSampling2D", number([[[[1.0]]]]), size=[50_000, 50_000]),
    layer_on("ZeroPadding2D", number([[[[1.0]]]]), padding=[50_000, 50_000]),
    layer_on("Dense", [[1.0]], units=1_000_000),
    # A mark that Keras does not look at, and one that looks like that of Keras 2.
    operation("Tile", "evil", [hidden], repeats=[50_000]),
    operation("Tile", "evil", [["i", 0, 0]], repeats=[50_000]),
    {**operation("Tile", "evil", [], repeats=[50_000]), "inbound_nodes": [[]]},
    {**operation("Tile", "evil", [], repeats=[50_000]), "inbound_nodes": [{}]},
]


@pytest.mark.parametrize("evil", CONSTANT, ids=[str(i) for i in range(len(CONSTANT))])
def test_what_has_only_numbers_to_work_on_is_not_run(evil: Any, good: Path, tmp_path: Path) -> None:
    words = "it calls evil on numbers alone"
    refused(zipped(tmp_path / "a.keras", good, graph(evil)), words)
    refused(with_config(good, tmp_path, graph(evil)), words)
    (tmp_path / "a.json").write_text(json.dumps(graph(evil)), encoding="utf-8")
    refused(tmp_path / "a.json", words)
    # Inside of a network within the network.
    inner = {**graph(evil), "name": "inner", "inbound_nodes": [{"args": [tensor("i")], "kwargs": {}}]}
    inner["config"] = {**inner["config"], "name": "inner"}
    refused(zipped(tmp_path / "b.keras", good, graph(inner)), words)


def test_what_has_a_layer_to_work_on_is_built(tmp_path: Path) -> None:
    import keras

    x = keras.Input((4,))
    y = keras.ops.concatenate([x, keras.ops.tile(x, [1, 2]), x * 0 + 2], axis=-1)
    keras.Model(x, y[:, ::2]).save(tmp_path / "m.keras")
    batch = np.array([[1.0, 2, 3, 4]], np.float32)
    expected = [[1, 3, 1, 3, 1, 3, 2, 2]]
    np.testing.assert_array_equal(open_model(tmp_path / "m.keras").keras(batch), expected)


@pytest.mark.parametrize("dtype", ["S1000000000", "U1000000000", "(9999,9999)f4", "object", ["f4"], 3])
def test_values_of_a_type_without_bound(dtype: Any, good: Path, tmp_path: Path) -> None:
    for kind in ("__numpy__", "__tensor__"):
        evil = {"class_name": kind, "config": {"value": [1.0], "dtype": dtype}}
        config = graph(operation("Maximum", "evil", [tensor("i"), evil]))
        refused(zipped(tmp_path / "a.keras", good, config), "it has a value of the type")
        refused(with_config(good, tmp_path, config), "it has a value of the type")
        # Where an initializer has its number.
        config = dense(2)
        initializer = {"class_name": "Constant", "module": "keras.initializers", "registered_name": None}
        config["config"]["layers"][1]["config"]["kernel_initializer"] = {
            **initializer,
            "config": {"value": evil},
        }
        refused(zipped(tmp_path / "b.keras", good, config), "it has a value of the type")


def in_keras_2(*layers: dict[str, Any]) -> dict[str, Any]:
    first = {"class_name": "InputLayer", "config": {"batch_input_shape": [None, 4], "name": "i"}, "name": "i"}
    config = {
        "name": "m",
        "layers": [{**first, "inbound_nodes": []}, *layers],
        "input_layers": [["i", 0, 0]],
        "output_layers": [[str(layers[-1]["name"]), 0, 0]],
    }
    return {"class_name": "Functional", "config": config}


def lambda_op(function: str, *nodes: Any, kind: str = "TFOpLambda") -> dict[str, Any]:
    config = {"name": "evil", "function": function}
    return {"class_name": kind, "config": config, "name": "evil", "inbound_nodes": list(nodes)}


@pytest.mark.parametrize(
    "evil",
    [
        # 1 - [[…]], then whatever follows would be run on it.
        lambda_op("math.subtract", ["_CONSTANT_VALUE", -1, 1.0, {"y": [[1.0]]}]),
        lambda_op("math.subtract", ["_CONSTANT_VALUE", -1, 1, {"y": 3}]),
        lambda_op("tile", [["_CONSTANT_VALUE", -1, 1, {"multiples": [50_000]}]]),
        lambda_op("broadcast_to", [{"input": [1.0], "shape": [50_000, 50_000]}]),
        lambda_op("slice", [[1.0, 2.0]], kind="SlicingOpLambda"),
        {**spec("UpSampling2D", size=[9, 9], name="evil"), "name": "evil", "inbound_nodes": [[[1.0]]]},
        {**spec("Dense", units=3, name="evil"), "name": "evil", "inbound_nodes": [[]]},
    ],
)
def test_what_has_only_numbers_to_work_on_is_not_run_in_keras_2(
    evil: Any, good: Path, tmp_path: Path
) -> None:
    refused(with_config(good, tmp_path, in_keras_2(evil), "2.9.0"), "it calls evil on numbers alone")


def test_a_number_is_not_hidden_as_a_reference(good: Path, tmp_path: Path) -> None:
    evil = lambda_op("math.subtract", ["_CONSTANT_VALUE", -1, 1.0, {"y": [1.0], "x": ["i", 0, 0]}])
    refused(
        with_config(good, tmp_path, in_keras_2(evil), "2.9.0"), "is damaged: it calls evil on numbers alone"
    )


def test_a_normalization_is_not_spread_over_a_vast_image(good: Path, tmp_path: Path) -> None:
    config = {
        "name": "m",
        "layers": [
            spec("InputLayer", batch_shape=[None, 50_000, 50_000, 1], name="i"),
            spec("Normalization", axis=[1, 2, 3], mean=0.0, variance=1.0, name="n"),
        ],
    }
    made = {"class_name": "Sequential", "module": "keras", "registered_name": None, "config": config}
    words = "The layer n computes with arrays of 20 GB, more than a quarter"
    with pytest.raises(UserError, match=words):
        open_model(zipped(tmp_path / "a.keras", good, made))


def test_a_recurrent_layer_keeps_no_states_between_images(good: Path, tmp_path: Path) -> None:
    """They would be made, at any size, while the layer is built; whoever looks at images begins anew."""
    import keras

    layers = [keras.Input((5, 3), batch_size=2), keras.layers.LSTM(4, name="lstm")]
    keras.Sequential(layers).save(tmp_path / "m.keras")
    with zipfile.ZipFile(tmp_path / "m.keras") as archive:
        config = json.loads(archive.read("config.json"))
    lstm = config["config"]["layers"][1]["config"]
    lstm["stateful"] = True
    (tmp_path / "a.json").write_text(json.dumps(config), encoding="utf-8")
    assert open_model(tmp_path / "a.json").keras.layers[-1].stateful is False


# -- the first prediction ------------------------------------------------------------------------------------


def made_of(path: Path, shape: tuple[int | None, ...], *layers: dict[str, Any]) -> Path:
    """The description of a chain."""
    chain = [spec("InputLayer", batch_shape=[None, *shape], name="i"), *layers]
    config = {"name": "m", "layers": chain}
    told = {"class_name": "Sequential", "module": "keras", "registered_name": None, "config": config}
    path.write_text(json.dumps(told), encoding="utf-8")
    return path


TAIL = (spec("GlobalMaxPooling2D", name="top"), spec("Dense", units=2, name="d"))


@pytest.mark.parametrize(
    ("shape", "layers", "words"),
    [
        ((20_000, 20_000, 3), TAIL, "This network takes images of 4.8 GB, more than"),
        (
            (8, 8, 3),
            (spec("UpSampling2D", size=[2000, 2000], name="up"), *TAIL),
            "For one image up of m puts out 3.07 GB, more than",
        ),
        # The size is free: that of the images decides.
        (
            (None, None, 3),
            (spec("UpSampling2D", size=[100, 100], name="up"), *TAIL),
            "For one image up of m puts out 6.02 GB, more than",
        ),
        (
            (None, None, 3),
            (spec("ZeroPadding2D", padding=[9000, 9000], name="pad"), *TAIL),
            "For one image pad of m puts out 3.99 GB, more than",
        ),
        (
            (5000, 1, 3),
            (
                spec("TimeDistributed", layer=spec("Dense", units=2, name="in"), name="each"),
                *TAIL,
            ),
            "m repeats each 5,000 times for one image",
        ),
        (
            (5000, 3, 1),
            (
                spec("Reshape", target_shape=[5000, 3], name="r"),
                spec("LSTM", units=2, unroll=True, name="lstm"),
            ),
            "m repeats lstm 5,000 times for one image",
        ),
    ],
)
def test_what_one_image_takes_is_bounded(shape: Any, layers: Any, words: str, tmp_path: Path) -> None:
    opened = open_model(made_of(tmp_path / "m.json", shape, *layers))
    with pytest.raises(UserError) as told:
        opened.warm()
    assert words in told.value.message


def test_what_is_made_on_the_way_is_bounded_too() -> None:
    """What goes in and comes out is small; attention between all pixels is not."""
    import keras

    x = keras.Input((150, 150, 4))
    places = keras.layers.Reshape((22_500, 4))(x)
    y = keras.layers.GlobalMaxPooling1D()(keras.layers.Attention()([places, places]))
    opened = OpenedModel(keras.Model(x, keras.layers.Dense(2)(y)), name="m")
    with pytest.raises(UserError, match=r"^For one image m computes with arrays of 2\.02 GB, more than"):
        opened.warm()


@pytest.mark.parametrize(
    ("kind", "settings"),
    [
        ("tile", {"repeats": [100_000_000, 1]}),
        ("repeat", {"repeats": 100_000_000, "axis": 0}),
        ("pad", {"pad_width": [[0, 99_999_999], [0, 0]]}),
        ("broadcast_to", {"shape": [100_000_000, 4]}),
    ],
)
def test_one_image_is_not_made_into_many(kind: str, settings: dict[str, Any]) -> None:
    """The first size is the number of images: where it grows, each is as small as before, and all are not."""
    import keras

    x = keras.Input((4,))
    y = getattr(keras.ops, kind)(x, **settings)
    opened = OpenedModel(keras.Model(x, keras.layers.Dense(8, name="after")(y)), name="m")
    with pytest.raises(UserError, match=r"^For one image after of m puts out 3\.2 GB, more than"):
        opened.function(opened.program.outputs)


def test_networks_of_free_size_are_told_apart_by_the_image(tmp_path: Path) -> None:
    layers = (spec("UpSampling2D", size=[10, 10], name="up"), *TAIL)
    opened = open_model(made_of(tmp_path / "m.json", (None, None, 3), *layers))
    assert opened.scores(np.zeros((1, 20, 20, 3), np.float32))[0].shape == (1, 2)
    with pytest.raises(UserError, match=r"^For one image up of m puts out 450 MB, more than"):
        opened.scores(np.zeros((1, 600, 625, 3), np.float32))


# -- how many layers -----------------------------------------------------------------------------------------


def chain(length: int) -> dict[str, Any]:
    layers = [spec("InputLayer", batch_shape=[None, 4], name="i")]
    layers += [spec("Activation", activation="relu", name=f"a{number}") for number in range(length)]
    config = {"name": "m", "layers": layers}
    return {"class_name": "Sequential", "module": "keras", "registered_name": None, "config": config}


def test_a_chain_is_connected_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With every layer that is added anew, a thousand of them took minutes."""
    import keras

    (tmp_path / "a.json").write_text(json.dumps(chain(1000)), encoding="utf-8")
    built: list[object] = []
    build = keras.Sequential.build
    monkeypatch.setattr(
        keras.Sequential, "build", lambda self, *args: built.append(self) or build(self, *args)
    )
    opened = open_model(tmp_path / "a.json")
    assert len(opened.keras.layers) == 1000
    assert len(built) == 1
    assert all(len(layer._inbound_nodes) == 1 for layer in opened.keras.layers)


def test_building_stops_at_the_next_layer(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps(chain(300)), encoding="utf-8")
    task, seen = Task(), 0

    def check() -> None:
        nonlocal seen
        seen += 1
        if seen == 400:
            task.cancel()
        Task.check(task)

    task.check = check  # type: ignore[method-assign]
    with pytest.raises(Cancelled):
        open_model(tmp_path / "a.json", task=task)
    assert seen == 400


def test_more_layers_than_anybody_waits_for(good: Path, tmp_path: Path) -> None:
    words = f"has over {MOST_LAYERS:,} layers, more than convscope opens"
    refused(zipped(tmp_path / "a.keras", good, chain(MOST_LAYERS)), words)
    # As one layer in another, and as calls of the same one.
    cells = [spec("GRUCell", units=1, name=f"c{number}") for number in range(MOST_LAYERS)]
    stacked = chain(1)
    stacked["config"]["layers"].append(spec("RNN", cell=spec("StackedRNNCells", cells=cells), name="r"))
    refused(zipped(tmp_path / "b.keras", good, stacked), words)
    shared = layer_on("Activation", tensor("i"), activation="relu")
    shared["inbound_nodes"] *= 2 * MOST_LAYERS + 1
    refused(zipped(tmp_path / "c.keras", good, graph(shared)), words)
    layers = [{"name": f"l{number}", "kind": "ReLU", "config": {}} for number in range(MOST_LAYERS + 1)]
    told = {"format": "convscope architecture 1", "name": "m", "layers": layers}
    (tmp_path / "a.json").write_text(json.dumps(told), encoding="utf-8")
    refused(tmp_path / "a.json", words)


# -- versions ------------------------------------------------------------------------------------------------


def test_a_network_that_is_called_twice_in_one_that_is_called_twice(good: Path, tmp_path: Path) -> None:
    """Some kilobytes tell a million layers: each network calls the one in it on what that has put out."""
    nested = graph(operation("Negative", "more", [tensor("i")]))
    for level in range(20):
        again = {**tensor("inner"), "config": {**tensor("inner")["config"], "keras_history": ["inner", 0, 0]}}
        nodes = [{"args": [tensor("i")], "kwargs": {}}, {"args": [again], "kwargs": {}}]
        inner = {**nested, "name": "inner", "inbound_nodes": nodes}
        inner["config"] = {**nested["config"], "name": "inner"}
        first = nested["config"]["layers"][0]
        config = {**nested["config"], "name": f"m{level}", "layers": [first, inner]}
        nested = {**nested, "config": {**config, "output_layers": [["inner", 1, 0]]}}
    refused(zipped(tmp_path / "a.keras", good, nested), "a.keras has over 5,000 layers")
    refused(with_config(good, tmp_path, nested), "has over 5,000 layers")


@pytest.mark.parametrize("version", ["²", "9" * 5000, "", "x.y", "٣.1", "2²", None, 3])
def test_versions_that_are_none(version: Any, good: Path, tmp_path: Path) -> None:
    """ "²" is a digit to Python, and no number."""
    told = json.dumps({"keras_version": version}).encode()
    assert open_model(zipped(tmp_path / "a.keras", good, metadata_json=told)).layers
    config = json.loads((good / "m.json").read_text(encoding="utf-8"))
    (tmp_path / "a.json").write_text(json.dumps({**config, "keras_version": version}), encoding="utf-8")
    path = edited(good, tmp_path, lambda file: file.attrs.__setitem__("keras_version", str(version)))
    for each in (tmp_path / "a.json", path):
        try:
            assert open_model(each).layers
        except UserError as error:
            assert each.name in error.message


def test_a_link_that_leads_back_to_itself(tmp_path: Path) -> None:
    for name in ("m.keras", "m.h5", "m.json", "folder"):
        (tmp_path / name).symlink_to(tmp_path / f"other-{name}")
        (tmp_path / f"other-{name}").symlink_to(tmp_path / name)
        refused(tmp_path / name, "There is no model")
        with pytest.raises(UserError, match="There is no file"):
            load_weights(nets.sequential(), tmp_path / name)
