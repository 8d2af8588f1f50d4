"""The named sets and files at hand: what is in them, and what is said when something is wrong."""

from __future__ import annotations

import gzip
import importlib
import pickle
import struct
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest

from convscope.core.errors import UserError
from convscope.core.task import Cancelled, Task
from convscope.engine.data.formats.idx import read_idx
from convscope.engine.data.sets.registry import NAMES, list_datasets, open_dataset, title_of
from convscope.engine.data.sets.textures import AREAS, CLASSES, SIDE, STEP


def idx(array: np.ndarray) -> bytes:
    return struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape) + array.tobytes()


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty Keras cache."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setattr("keras.src.backend.config._KERAS_DIR", str(tmp_path / "keras"), raising=False)
    (tmp_path / "keras" / "datasets").mkdir(parents=True)
    return tmp_path / "keras" / "datasets"


def test_the_shipped_digits() -> None:
    digits = open_dataset("digits")
    assert len(digits) == 10_000
    assert len(digits.indices("train")) + len(digits.indices("validation")) == 9_000
    assert digits.indices("test").tolist() == list(range(9_000, 10_000))
    assert digits.classes == tuple("0123456789")
    assert digits.counts().min() > 850
    assert (digits.image_size, digits.channels, digits.kind) == ((28, 28), 1, "arrays")


def test_a_set_is_opened_by_what_the_menu_calls_it() -> None:
    assert open_dataset("Garments").reference == "fashion"


def test_the_shipped_garments_are_the_original_ones() -> None:
    fashion = open_dataset("fashion")
    assert len(fashion) == 14_000
    assert len(fashion.indices("test")) == 2_000
    # The first labels of Fashion-MNIST's training and test sets: ankle boot, T-shirt, T-shirt, dress; ankle
    # boot, pullover, trouser, trouser.
    assert fashion.labels[:4].tolist() == [9, 0, 0, 3]
    assert fashion.labels[12_000:12_004].tolist() == [9, 2, 1, 1]


def test_texture_crops_come_from_disjoint_areas() -> None:
    textures = open_dataset("textures")
    assert textures.classes == CLASSES == ("brick", "grass", "gravel")
    assert [textures.counts(part).tolist() for part in ("train", "validation", "test")] == [
        [135, 135, 135],
        [30, 30, 30],
        [30, 30, 30],
    ]
    ends = [end for _, _, end in AREAS]
    assert [begin for _, begin, _ in AREAS] == [0, *ends[:-1]]
    # The first crop of each part begins at its area's first column, of the photograph itself.
    from PIL import Image

    from convscope.core.paths import resource_path

    photograph = np.asarray(Image.open(resource_path("images", "brick.png")))
    per_row = {"train": 9, "validation": 2, "test": 2}
    for part, begin, end in AREAS:
        brick = textures.of_class(0, part)
        lefts = range(begin, end - SIDE + 1, STEP)
        assert len(lefts) == per_row[part]
        for crop, left in zip(brick, lefts, strict=False):
            assert np.array_equal(textures.images.read(int(crop)), photograph[:SIDE, left : left + SIDE])


def test_the_list_says_what_is_here(cache: Path) -> None:
    here = {info.name: info.here for info in list_datasets()}
    assert tuple(here) == NAMES
    assert [name for name in NAMES if here[name]] == ["digits", "fashion", "textures"]


@pytest.mark.parametrize("name", ["mnist", "fashion_mnist", "cifar10", "cifar100"])
def test_offline_is_one_sentence(
    name: str, cache: Path, monkeypatch: pytest.MonkeyPatch, runtime: object
) -> None:
    def refuse(*_: object, **__: object) -> object:
        raise OSError("no network in this test")

    monkeypatch.setattr("urllib.request.urlopen", refuse)
    with pytest.raises(UserError) as told:
        open_dataset(name, fetch=True)
    said = told.value.message
    assert said.startswith(f"{title_of(name)} is not on this machine and cannot be downloaded now: save ")
    # As the menu calls them.
    assert said.endswith(", or open Digits, Garments or Textures, which are here.")
    assert "https://" in said and str(cache) in said
    for file in importlib.import_module(f"convscope.engine.data.sets.{name}").SET.files:
        # Where Keras looks for it; the tests below put them there.
        assert Path(file).name in said
    assert [file for file in cache.rglob("*") if file.is_file()] == []


def test_keras_sets_come_from_the_cache(cache: Path, runtime: object) -> None:
    images, labels = np.arange(6 * 784, dtype=np.uint32).astype(np.uint8).reshape(6, 28, 28), np.arange(6)
    folder = cache / "fashion-mnist"
    folder.mkdir()
    for part, begin, end in (("train", 0, 4), ("t10k", 4, 6)):
        (folder / f"{part}-images-idx3-ubyte.gz").write_bytes(gzip.compress(idx(images[begin:end])))
        (folder / f"{part}-labels-idx1-ubyte.gz").write_bytes(
            gzip.compress(idx(labels[begin:end].astype(np.uint8)))
        )
    told: list[str] = []
    opened = open_dataset("fashion_mnist", Task(lambda _, text: told.append(text)))
    assert opened.indices("test").tolist() == [4, 5]
    assert np.array_equal(opened.images.read(5), images[5])
    assert opened.classes[0] == "T-shirt/top"
    assert told == ["Reading Fashion-MNIST"]


def test_a_damaged_cache_is_said(cache: Path, runtime: object) -> None:
    folder = cache / "fashion-mnist"
    folder.mkdir()
    for part in ("train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1"):
        (folder / f"{part}-ubyte.gz").write_bytes(b"\x1f\x8b cut off")
    with pytest.raises(UserError, match="is damaged: delete it there"):
        open_dataset("fashion_mnist")


def test_a_download_is_told_and_can_be_cancelled(
    cache: Path, monkeypatch: pytest.MonkeyPatch, runtime: object
) -> None:
    class Answer:
        headers = {"Content-Length": str(4 << 20)}  # noqa: RUF012

        def read(self, count: int) -> bytes:
            return bytes(count)

        def __enter__(self) -> Answer:
            return self

        def __exit__(self, *_: object) -> None: ...

    monkeypatch.setattr("urllib.request.urlopen", lambda *_, **__: Answer())
    told: list[tuple[float | None, str]] = []

    def stop_soon(fraction: float | None, text: str) -> None:
        told.append((fraction, text))
        if len(told) == 4:
            task.cancel()

    task = Task(stop_soon)
    with pytest.raises(Cancelled):
        open_dataset("mnist", task, fetch=True)
    assert told[0] == (None, "Asking for MNIST")
    assert told[-1][1].startswith("Downloading MNIST: ")
    assert 0 < (told[-1][0] or 0) < 1
    assert [file for file in cache.rglob("*") if file.is_file()] == []


def test_idx_files_at_hand(tmp_path: Path) -> None:
    images = np.random.default_rng(0).integers(0, 256, (40, 5, 6)).astype(np.uint8)
    labels = (np.arange(40) % 3).astype(np.uint8)
    (tmp_path / "train-images-idx3-ubyte.gz").write_bytes(gzip.compress(idx(images[:30])))
    (tmp_path / "train-labels-idx1-ubyte").write_bytes(idx(labels[:30]))
    (tmp_path / "t10k-images-idx3-ubyte").write_bytes(idx(images[30:]))
    (tmp_path / "t10k-labels-idx1-ubyte.gz").write_bytes(gzip.compress(idx(labels[30:])))
    assert np.array_equal(read_idx(tmp_path / "train-images-idx3-ubyte.gz"), images[:30])
    for reference in (tmp_path, tmp_path / "train-labels-idx1-ubyte"):
        opened = open_dataset(reference)
        assert opened.indices("test").tolist() == list(range(30, 40))
        assert np.array_equal(opened.images.read(35), images[35])
        assert opened.classes == ("0", "1", "2")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "first bytes are wrong"),
        (b"\0\0\x0d\x01" + bytes(8), "first bytes are wrong"),  # floats
        (struct.pack(">BBBB3I", 0, 0, 8, 3, 2**31, 2**31, 2**31), "more than the 1 GiB"),
        (struct.pack(">BBBB3I", 0, 0, 8, 3, 10, 5, 5) + bytes(100), "is cut off: it holds 100 of 250 bytes"),
        (b"\x1f\x8b\x08" + bytes(20), "cannot be read"),
        (struct.pack(">BBBB", 0, 0, 8, 3), "is cut off: it ends before"),
        (struct.pack(">BBBB", 0, 0, 8, 3) + bytes(7), "is cut off: it ends before"),
        (
            gzip.compress(struct.pack(">BBBB3I", 0, 0, 8, 3, 2, 16, 16) + bytes(range(256)) * 2, mtime=0)[
                :99
            ],
            "cannot be read",
        ),
    ],
)
def test_idx_files_that_are_none(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "x-idx3-ubyte"
    path.write_bytes(content)
    with pytest.raises(UserError, match=said):
        read_idx(path)


def test_idx_pairs_that_do_not_belong_together(tmp_path: Path) -> None:
    (tmp_path / "train-images-idx3-ubyte").write_bytes(idx(np.zeros((4, 5, 5), np.uint8)))
    (tmp_path / "train-labels-idx1-ubyte").write_bytes(idx(np.zeros(5, np.uint8)))
    with pytest.raises(UserError, match="has 4 images, but train-labels-idx1-ubyte has 5 labels"):
        open_dataset(tmp_path)
    (tmp_path / "train-labels-idx1-ubyte").unlink()
    with pytest.raises(UserError, match="lacks a pair of IDX files"):
        open_dataset(tmp_path / "train-images-idx3-ubyte")


def test_npz_files_at_hand(tmp_path: Path) -> None:
    x = np.random.default_rng(0).integers(0, 256, (12, 4, 4, 3)).astype(np.uint8)
    y = np.arange(12)[:, None] % 2
    np.savez(tmp_path / "plain.npz", x=x, y=y)
    np.savez(tmp_path / "keras.npz", x_train=x[:9], y_train=y[:9], x_test=x[9:], y_test=y[9:])
    plain, keras = open_dataset(tmp_path / "plain.npz"), open_dataset(tmp_path / "keras.npz")
    assert plain.labels.tolist() == keras.labels.tolist() == [0, 1] * 6
    assert keras.indices("test").tolist() == [9, 10, 11]
    assert (plain.channels, plain.image_size) == (3, (4, 4))
    assert plain.notes == keras.notes
    # What else lies in it is not looked at; one class is worth a word.
    np.savez(tmp_path / "more.npz", x=x, y=y * 0, meta=np.array([print], object))
    assert open_dataset(tmp_path / "more.npz").notes[0].startswith("There is one class only, “0”")


def test_npz_files_that_are_none(tmp_path: Path) -> None:
    cases = {
        "floats": ({"x": np.zeros((2, 4, 4)), "y": np.zeros(2, int)}, "must be bytes"),
        "names": ({"pictures": np.zeros((2, 4, 4), np.uint8)}, "holds pictures, not x and y"),
        "labels": ({"x": np.zeros((2, 4, 4), np.uint8), "y": np.zeros(2)}, "must be whole numbers"),
        "lengths": ({"x": np.zeros((2, 4, 4), np.uint8), "y": np.zeros(3, int)}, "2 images but 3 labels"),
        "empty": ({"x": np.zeros((0, 4, 4), np.uint8), "y": np.zeros(0, int)}, "there is no image in it"),
        "negative": ({"x": np.zeros((2, 4, 4), np.uint8), "y": np.array([0, -1])}, "labels go from -1 to 0"),
        "code": ({"x": np.array([print], object), "y": np.zeros(1, int)}, "pickled .* never loaded"),
        # 4 GiB of names for classes, where there are two images.
        "many": (
            {"x": np.zeros((2, 4, 4), np.uint8), "y": np.array([0, 10**9])},
            "to 1,000,000,000; classes",
        ),
        "wraps": ({"x": np.zeros((2, 4, 4), np.uint8), "y": np.array([0, 2**32 + 1])}, "labels go from 0"),
        "one-hot": (
            {"x": np.zeros((2, 4, 4), np.uint8), "y": np.eye(2, dtype=int)},
            "2 × 2 numbers",
        ),
        "flat": ({"x": np.zeros((2, 16), np.uint8), "y": np.zeros(2, int)}, "flat: images are .* not 2 × 16"),
        "no rows": ({"x": np.zeros((2, 0, 4), np.uint8), "y": np.zeros(2, int)}, "not 2 × 0 × 4"),
        "a number": ({"x": np.zeros((2, 4, 4), np.uint8), "y": np.array(1)}, "y is no array"),
    }
    for name, (arrays, said) in cases.items():
        np.savez(tmp_path / f"{name}.npz", **arrays)  # type: ignore[arg-type]
        with pytest.raises(UserError, match=said):
            open_dataset(tmp_path / f"{name}.npz")
    (tmp_path / "cut.npz").write_bytes((tmp_path / "names.npz").read_bytes()[:60])
    with pytest.raises(UserError, match="cannot be read as a NumPy archive"):
        open_dataset(tmp_path / "cut.npz")
    # Members that are no arrays come from NumPy as they are.
    with zipfile.ZipFile(tmp_path / "pickles.npz", "w") as archive:
        for name in ("x", "y"):
            archive.writestr(f"{name}.npy", pickle.dumps([1, 2]))
    with pytest.raises(UserError, match=r"pickles\.npz: x is no array of images or labels"):
        open_dataset(tmp_path / "pickles.npz")
    # A sound archive of an array whose header is no Python literal.
    header = b"{'descr': '|u1', 'fortran_order': False, 'shape': (1,\x03 }".ljust(117) + b"\n"
    with zipfile.ZipFile(tmp_path / "header.npz", "w") as archive:
        archive.writestr("x.npy", b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header)
    with pytest.raises(UserError, match=r"header\.npz cannot be read"):
        open_dataset(tmp_path / "header.npz")
    (tmp_path / "other.csv").write_text("a,b")
    with pytest.raises(UserError, match="is no data set"):
        open_dataset(tmp_path / "other.csv")


def test_cifar_is_read_by_keras_itself(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, runtime: object
) -> None:
    """A small archive in CIFAR-100's layout goes through Keras's own reader."""
    pixels = np.random.default_rng(0).integers(0, 256, (5, 3072)).astype(np.uint8)
    inner = tmp_path / "cifar-100-python"
    inner.mkdir()
    for name in ("train", "test"):
        content = {b"data": pixels, b"fine_labels": [0, 99, 1, 2, 3], b"coarse_labels": [0] * 5}
        (inner / name).write_bytes(pickle.dumps(content))
    archive = cache / "cifar-100-python-target_archive"
    with tarfile.open(archive, "w:gz") as file:
        file.add(inner, "cifar-100-python")
    monkeypatch.setattr("keras.src.utils.file_utils.validate_file", lambda *_, **__: True)
    opened = open_dataset("cifar100")
    assert len(opened) == 10
    assert opened.classes[99] == "worm"
    assert np.array_equal(opened.images.read(1), pixels[1].reshape(3, 32, 32).transpose(1, 2, 0))
