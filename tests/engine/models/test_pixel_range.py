"""The range of pixels where a file does not say it: told, recognised, chosen, and doubted."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from convscope.cli import main
from convscope.core.paths import resource_path
from convscope.engine.data.preprocessing import MODES
from convscope.engine.models.files.beside import beside
from convscope.engine.models.files.open_file import open_file
from convscope.engine.models.files.teachable_machine import NOTE, is_teachable
from convscope.engine.models.opened import ModelSource, OpenedModel
from convscope.engine.models.pixel_doubt import pixel_doubt
from convscope.imaging.samples import load_sample

pytestmark = pytest.mark.usefixtures("runtime")
COFFEE = str(resource_path("images", "coffee.jpg"))


@pytest.fixture(scope="module")
def teachable(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What Teachable Machine exports, by its layers and names, with random weights."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import tf_keras as old
    layers, made = old.layers, old.applications.MobileNetV2((224, 224, 3), 0.35, False, None)
    made._name = "model1"
    pool = layers.GlobalAveragePooling2D(name="global_average_pooling2d_GlobalAveragePooling2D1")
    features = old.Sequential([made, pool], name="sequential_1")
    hidden = layers.Dense(100, "relu", name="dense_Dense1")
    last = layers.Dense(3, "softmax", use_bias=False, name="dense_Dense2")
    head = old.Sequential([old.Input((1280,)), hidden, last], name="sequential_3")
    net = old.Sequential([old.Input((224, 224, 3)), features, head], name="sequential_4")
    folder = tmp_path_factory.mktemp("teachable")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        net.save(folder / "keras_model.h5")
    (folder / "labels.txt").write_text("0 ROCK\n1 PAPER\n2 SCISSORS\n", encoding="utf-8")
    pixels = _middle_square()
    np.save(folder / "expected.npy", net.predict(pixels / 127.5 - 1, verbose=0)[0])
    return folder


def _middle_square() -> np.ndarray:
    """The largest middle square of the cup at 224 × 224, as the app brings it there."""
    from convscope.engine.data.resize import Target, fitted

    return fitted(load_sample("coffee").pixels, Target(224, 224, 3, "crop"))[0][None].astype(np.float32)


def test_a_network_of_teachable_machine_is_known_by_its_layers(teachable: Path) -> None:
    """At 0–1 three of twelve first classes were others."""
    model = open_file(teachable / "keras_model.h5")
    assert is_teachable(model.keras)
    assert (model.preprocessing.name, model.preprocessing.resize) == ("−1–1", "crop")
    assert model.classes == ("ROCK", "PAPER", "SCISSORS")
    assert NOTE in model.notes and model.assumption == ()
    assert "The names of its classes are those of labels.txt beside it." in model.notes
    told = model.predict(load_sample("coffee"))
    np.testing.assert_allclose(told.probabilities, np.load(teachable / "expected.npy"), atol=1e-5)
    assert pixel_doubt(model) is None


def test_what_was_told_of_the_file_is_not_told_of_what_a_person_chose(teachable: Path) -> None:
    model, named = open_file(teachable / "keras_model.h5"), "are those of labels.txt"
    other = model.with_(preprocessing=MODES["unit"])
    assert NOTE not in other.notes and named in "".join(other.notes)
    assert NOTE in other.with_(preprocessing=model.preprocessing).notes
    renamed = model.with_(classes=("stone", "summary", "shears"))
    assert named not in "".join(renamed.notes) and NOTE in renamed.notes


def test_what_only_looks_like_it_is_not() -> None:
    import keras

    layers = keras.layers

    def built(units: int = 100, bias: bool = False) -> Any:
        base = keras.Sequential([keras.Input((224, 224, 3)), layers.Conv2D(16, 3), layers.Conv2D(1280, 1)])
        features = keras.Sequential([base, layers.GlobalAveragePooling2D()])
        head = [layers.Dense(units, "relu"), layers.Dense(3, "softmax", use_bias=bias)]
        return keras.Sequential([features, keras.Sequential([keras.Input((1280,)), *head])])

    assert is_teachable(built())
    assert not is_teachable(built(units=64))
    assert not is_teachable(built(bias=True))
    assert not is_teachable(keras.Sequential([keras.Input((4, 4, 1)), layers.Flatten()]))


@pytest.mark.parametrize(
    ("name", "text", "classes", "ours"),
    [
        ("labels.txt", "0 ROCK\n1 PAPER\n2 red SCISSORS\n\n", ("ROCK", "PAPER", "red SCISSORS"), True),
        ("labels.txt", "cat\r\ndog", ("cat", "dog"), False),
        ("labels.txt", "0 zero\n2 two", ("0 zero", "2 two"), False),
        ("labels.txt", "0 a\x1b[31m\u202eb", ("a�[31m�b",), True),
        ("labels.txt", "", (), False),
        ("labels.txt", b"\xff\xfe\x00", (), False),
        ("metadata.json", '{"labels": ["a"], "packageName": "@teachablemachine/image"}', ("a",), True),
        ("metadata.json", '{"labels": ["a", "b"], "tmVersion": "2.4.10"}', ("a", "b"), True),
        ("metadata.json", '{"labels": ["a", "b"]}', ("a", "b"), False),
        ("metadata.json", '{"labels": [1]}', (), False),
        ("metadata.json", "[" * 500, (), False),
    ],
)
def test_files_of_other_programs_beside_a_model(
    tmp_path: Path, name: str, text: str | bytes, classes: tuple[str, ...], ours: bool
) -> None:
    (tmp_path / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    found = beside(tmp_path / "model.h5")
    assert (found.classes, found.teachable) == (classes, ours)


def test_labels_of_another_network_and_what_is_no_file_keep_none_from_opening(tmp_path: Path) -> None:
    import os

    import keras

    layers = [keras.Input((8, 8, 3)), keras.layers.Flatten(), keras.layers.Dense(4, "softmax")]
    keras.Sequential(layers).save(tmp_path / "net.keras")
    (tmp_path / "labels.txt").write_text("a\nb\nc\n")
    model = open_file(tmp_path / "net.keras")
    assert model.classes == () and len(model.notes) == 1
    (tmp_path / "labels.txt").unlink()
    os.mkfifo(tmp_path / "labels.txt")
    assert open_file(tmp_path / "net.keras").classes == ()
    (tmp_path / "metadata.json").write_text('{"labels": ["a", "b", "c", "d"]}')
    assert open_file(tmp_path / "net.keras").classes == ("a", "b", "c", "d")


@pytest.mark.parametrize(
    ("word", "mode"),
    [
        ("0..1", "unit"),
        ("-1..1", "tf"),
        ("0..255", "raw"),
        ("imagenet", "torch"),
        ("imagenet-caffe", "caffe"),
    ],
)
def test_the_range_is_said_or_chosen(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], word: str, mode: str
) -> None:
    import keras

    last = keras.layers.Dense(4, "softmax", name="last")
    net = keras.Sequential([keras.Input((8, 8, 3)), keras.layers.Flatten(), last])
    net.save(tmp_path / "net.keras")
    path = str(tmp_path / "net.keras")
    assumed = "The file does not say how images are prepared: pixels as 0–1"
    assert main(["predict", path, COFFEE]) == 0
    assert assumed in capsys.readouterr().err
    assert main(["predict", path, COFFEE, "--pixels", word, "--json"]) == 0
    told = capsys.readouterr()
    assert assumed not in told.err
    model = OpenedModel(net, preprocessing=MODES[mode])
    expected = net.predict(model.prepare(load_sample("coffee")).batch, verbose=0)[0]
    found = {row["index"]: row["probability"] for row in json.loads(told.out)["classes"]}
    np.testing.assert_allclose([found[index] for index in range(4)], expected, atol=1e-6)
    grid = str(tmp_path / "grid.png")
    others = (
        ["explain", path, COFFEE, "--method", "saliency"],
        ["maps", path, COFFEE, "--layer", "last", "-o", grid],
        ["patterns", path, "--classes", "0", "--steps", "1", "-o", grid],
    )
    for words in others if mode == "tf" else ():
        assert main(words) == 0
        assert assumed in capsys.readouterr().err
        assert main([*words, "--pixels", word]) == 0
        assert assumed not in capsys.readouterr().err


def _trained(mode: str, seed: int = 0) -> Any:
    """A network that tells the shipped photographs' own patches apart, trained in one range."""
    import keras

    layers = keras.layers
    keras.utils.set_random_seed(seed)
    names = ("cat", "coffee", "astronaut", "rocket", "camera", "brick", "grass", "gravel")
    generator = np.random.default_rng(seed)
    x, y = [], []
    for label, name in enumerate(names):
        pixels = load_sample(name).pixels
        pixels = pixels if pixels.ndim == 3 else np.repeat(pixels[..., None], 3, axis=2)
        for _ in range(40):
            top, left = (int(generator.integers(0, size - 96)) for size in pixels.shape[:2])
            side = int(generator.integers(48, 96))
            patch = pixels[top : top + side, left : left + side]
            at = np.linspace(0, side - 1, 16).astype(int)
            x.append(patch[at][:, at])
            y.append(label)
    net = keras.Sequential(
        [
            keras.Input((16, 16, 3)),
            layers.Conv2D(16, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(16, 3, activation="relu"),
            layers.Flatten(),
            layers.Dense(len(names), "softmax"),
        ]
    )
    net.compile("adam", "sparse_categorical_crossentropy")
    net.fit(MODES[mode].apply(np.stack(x)), np.array(y), epochs=12, batch_size=32, verbose=0)
    return net


@pytest.mark.parametrize("mode", ["unit", "raw", "tf"])
def test_a_range_is_doubted_where_another_one_lets_the_network_see(mode: str) -> None:
    net = _trained(mode)
    model = OpenedModel(net, name="net", source=ModelSource("file", "net.keras"))
    assert model.is_assumed and model.preprocessing.name == "0–1"
    doubt = pixel_doubt(model)
    if mode == "unit":
        # The right one is not doubted, though 0–255 makes the network surer: any network is.
        assert doubt is None
        return
    assert doubt is not None and doubt.other == MODES[mode].name and doubt.sure_other > doubt.sure - 0.05
    assert doubt.words.startswith(f"The range 0–1 is doubtful: with {doubt.other} the network tells the pict")
    assert pixel_doubt(model) is doubt
    # What is known is not doubted.
    assert pixel_doubt(model.with_(preprocessing=MODES["unit"])) is None
