"""Copies for others: each opens again, and its parity card tells how its answers compare."""

from __future__ import annotations

import importlib.util
import json
import os
import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import model_nets as nets
import numpy as np
import pytest

from convscope.core.errors import UserError
from convscope.core.task import Cancelled, Task
from convscope.engine.data.sets.registry import open_dataset
from convscope.engine.models.export import export_model as module
from convscope.engine.models.export import worker
from convscope.engine.models.export.card import ParityCard, differences, same_classes
from convscope.engine.models.export.examples import Examples, of_dataset, of_folder, shipped, suited
from convscope.engine.models.export.export_model import Exported, export_model
from convscope.engine.models.export.formats import format_of
from convscope.engine.models.export.process import convert_in_process
from convscope.engine.models.library.catalogue import open_model
from convscope.engine.models.opened import ModelSource, OpenedModel
from convscope.imaging.image import Image

pytestmark = pytest.mark.usefixtures("runtime")


@pytest.fixture
def inline(monkeypatch: pytest.MonkeyPatch) -> None:
    """Converters in this process, which has TensorFlow already."""

    def work(folder: Path, _title: str, _name: str, task: Task, _part: Any) -> Any:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return worker.work(folder, task.progress)

    monkeypatch.setattr(module, "convert_in_process", work)
    # tf2onnx sets it anew: every process that a later test starts would talk.
    monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", os.environ["TF_CPP_MIN_LOG_LEVEL"])


def few(count: int, shape: tuple[int, ...] = (12, 12, 3)) -> Examples:
    """As many noisy pictures to compare, and three to measure."""
    generator = np.random.default_rng(5)

    def noise() -> Callable[[], Image]:
        image = Image(generator.integers(0, 256, shape).astype(np.uint8), "noise")
        return lambda: image

    return Examples(
        "pictures of noise", [noise() for _ in range(count)], "others", [noise() for _ in range(3)]
    )


def by_onnx(path: Path, *batches: np.ndarray) -> list[np.ndarray]:
    import onnxruntime

    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    names = [each.name for each in session.get_inputs()]
    return [np.asarray(each) for each in session.run(None, dict(zip(names, batches, strict=True)))]


def by_litert(path: Path, batch: np.ndarray) -> np.ndarray:
    from ai_edge_litert.interpreter import Interpreter

    runner = Interpreter(model_path=str(path)).get_signature_runner()
    (name,) = runner.get_input_details()
    return np.concatenate([runner(**{name: row[None]})["output_0"] for row in batch])


BATCH = np.random.default_rng(1).random((3, 12, 12, 3), np.float32)


@pytest.mark.parametrize("name", ["copy.keras", "copy.h5"])
def test_keras_files_answer_the_same(name: str, tmp_path: Path) -> None:
    import keras

    model = OpenedModel(nets.sequential(), name="row", classes=("a", "b", "c", "d", "e"))
    made = export_model(model, tmp_path / name, few(7))
    assert made.files == (tmp_path / name, tmp_path / "copy.classes.json")
    assert sorted(tmp_path.iterdir()) == sorted(made.files)
    assert (made.card.images, made.card.same_class) == (7, 7) and made.card.is_same
    assert made.card.bytes == (tmp_path / name).stat().st_size
    for again in (keras.models.load_model(tmp_path / name, compile=False), open_model(tmp_path / name).keras):
        np.testing.assert_allclose(again(BATCH), model.keras(BATCH), atol=1e-5)
    assert open_model(tmp_path / name).classes == model.classes


def test_a_saved_model_opens_here_and_answers_the_same(inline: None, tmp_path: Path) -> None:
    model = OpenedModel(nets.deep(), name="deep")
    made = export_model(model, tmp_path / "graph", few(5))
    assert (
        sorted(tmp_path.iterdir())
        == sorted(made.files)
        == [tmp_path / "graph", tmp_path / "graph.classes.json"]
    )
    assert made.card.is_same and made.card.takes == ("image: float32, N × 12 × 12 × 3",)
    again = open_model(tmp_path / "graph")
    np.testing.assert_allclose(again.keras(BATCH), model.keras(BATCH), atol=1e-5)
    # One that stands there is replaced, and a graph is not written once more.
    export_model(model, tmp_path / "graph", few(2))
    with pytest.raises(UserError, match="is a finished graph"):
        export_model(again, tmp_path / "other.onnx", few(2))
    (tmp_path / "graph" / "mine.txt").write_text("mine")
    with pytest.raises(UserError, match=r"holds other things, such as mine\.txt"):
        export_model(model, tmp_path / "graph", few(2))


def test_onnx_is_run_by_onnx_runtime(inline: None, tmp_path: Path) -> None:
    import onnx

    model = OpenedModel(nets.sequential(), name="row", classes=("a", "b", "c", "d", "e"))
    made = export_model(model, tmp_path / "net.onnx", few(5))
    assert made.card.is_same and made.card.largest_difference < 1e-5
    (found,) = by_onnx(tmp_path / "net.onnx", BATCH)
    np.testing.assert_allclose(found, model.keras(BATCH), atol=1e-5)
    file = onnx.load(tmp_path / "net.onnx")
    told = {each.key: json.loads(each.value) for each in file.metadata_props}
    assert told == {"classes": ["a", "b", "c", "d", "e"], "preprocessing": model.preprocessing.to_dict()}
    assert [size.dim_param or size.dim_value for size in file.graph.input[0].type.tensor_type.shape.dim] == [
        "batch", 12, 12, 3,
    ]  # fmt: skip


def test_several_inputs_and_outputs_keep_their_order(inline: None, tmp_path: Path) -> None:
    model = OpenedModel(nets.twins(), name="twins")
    made = export_model(model, tmp_path / "net.onnx", few(4, (8, 8)))
    assert made.card.is_same and len(made.card.takes) == len(made.card.gives) == 2
    left, right = (np.random.default_rng(n).random((2, 8, 8, 1), np.float32) for n in (1, 2))
    for found, expected in zip(
        by_onnx(tmp_path / "net.onnx", left, right), model.keras([left, right]), strict=True
    ):
        np.testing.assert_allclose(found, expected, atol=1e-5)


@pytest.mark.parametrize(("precision", "tolerance"), [("float32", 1e-5), ("float16", 2e-3), ("int8", 0.1)])
def test_litert_is_run_by_its_interpreter(
    inline: None, precision: str, tolerance: float, tmp_path: Path
) -> None:
    model = OpenedModel(nets.sequential(), name="row")
    made = export_model(model, tmp_path / "net.tflite", few(5), precision=precision)
    found = by_litert(tmp_path / "net.tflite", BATCH)
    np.testing.assert_allclose(found, model.keras(BATCH), atol=tolerance)
    assert made.card.largest_difference <= tolerance
    assert made.card.is_same == (precision == "float32") or made.card.largest_difference < 1e-4
    assert ("Its ranges were measured on 3 others." in made.card.notes) == (precision == "int8")
    assert made.card.takes == ("input_layer: float32, 1 × 12 × 12 × 3",) or made.card.takes[0].endswith(
        "float32, 1 × 12 × 12 × 3"
    )


def test_networks_of_another_shape(inline: None, tmp_path: Path) -> None:
    """A free size, an input that is no picture, a recurrence: what LiteRT needs a fixed shape for."""
    import keras

    layers = keras.layers
    free = [keras.Input((None, None, 3)), layers.Conv2D(2, 3), layers.GlobalAveragePooling2D()]
    loop = [keras.Input((6, 6, 1)), layers.Reshape((6, 6)), layers.LSTM(3), layers.Dense(2, "softmax")]
    for name, parts, what in (
        ("free", free, "pictures of noise"),
        ("loop", loop, "pictures of noise"),
        ("plain", [keras.Input((7,)), layers.Dense(2)], "random inputs"),
    ):
        model = OpenedModel(keras.Sequential(parts), name=name)
        card = export_model(model, tmp_path / f"{name}.tflite", few(2)).card
        assert card.is_same and card.what == what, card.text()
    assert "1 × 224 × 224 × 3" in str(export_model(
        OpenedModel(keras.Sequential(free), name="free"), tmp_path / "free.tflite", few(1)
    ).card.takes)  # fmt: skip


def test_what_a_format_lacks_is_named(inline: None, tmp_path: Path) -> None:
    import keras

    from convscope.engine.models.files.keras2.own_parts import resizing_layer

    kind = resizing_layer("Resizing", {"interpolation": "gaussian"})
    model = OpenedModel(
        keras.Sequential([keras.Input((12, 12, 3)), kind(6, 6, interpolation="gaussian")]), name="old"
    )
    for name, title, other in (("n.onnx", "ONNX", "LiteRT"), ("n.tflite", "LiteRT", "ONNX")):
        with pytest.raises(UserError) as caught:
            export_model(model, tmp_path / name, few(2))
        assert caught.value.message == (
            f"old cannot be written as {title}, which has no ScaleAndTranslate: a SavedModel can hold it, "
            f"and perhaps {other}."
        )
    assert not list(tmp_path.iterdir())
    assert export_model(model, tmp_path / "graph", few(2)).card.is_same


def test_a_graphics_card_is_told(inline: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with_card = replace(module.runtime.start(), gpus=("a card",))
    monkeypatch.setattr(module.runtime, "start", lambda: with_card)
    made = export_model(OpenedModel(nets.sequential(), name="row"), tmp_path / "net.onnx", few(1))
    assert "the graphics card, which rounds differently" in made.card.notes[0]


def test_half_precision_networks_are_written_in_full(inline: None, tmp_path: Path) -> None:
    import keras

    keras.config.set_dtype_policy("mixed_float16")
    try:
        model = OpenedModel(nets.sequential(), name="half")
    finally:
        keras.config.set_dtype_policy("float32")
    before = [weight.numpy().copy() for weight in model.keras.weights]
    card = export_model(model, tmp_path / "half.onnx", few(3)).card
    assert card.is_same and "float32" in card.takes[0]
    assert all(np.array_equal(a, b.numpy()) for a, b in zip(before, model.keras.weights, strict=True))


@pytest.mark.parametrize("name", ["net.onnx", "net.tflite"])
def test_depthwise_convolutions_and_skips(inline: None, name: str, tmp_path: Path) -> None:
    """What the shipped network of photographs is made of."""
    import keras

    layers = keras.layers
    inputs = keras.Input((12, 12, 3))
    wide = layers.ReLU(6.0)(layers.BatchNormalization()(layers.Conv2D(6, 1, use_bias=False)(inputs)))
    deep = layers.ReLU(6.0)(layers.DepthwiseConv2D(3, padding="same")(wide))
    joined = layers.Add()([layers.Conv2D(3, 1)(deep), inputs])
    small = layers.SeparableConv2D(4, 3, strides=2, padding="same", activation="swish")(joined)
    outputs = layers.Dense(3, "softmax")(layers.GlobalAveragePooling2D()(small))
    card = export_model(OpenedModel(keras.Model(inputs, outputs), name="b"), tmp_path / name, few(2)).card
    assert card.is_same and card.same_class == 2


@pytest.mark.parametrize("name", ["net.onnx", "net.tflite", "net"])
def test_grouped_convolutions_and_gelu(inline: None, name: str, tmp_path: Path) -> None:
    """What ConvNeXt is made of: Keras compiles the one by itself, and TensorFlow takes erfc for the other."""
    import keras

    layers = keras.layers
    net = keras.Sequential(
        [
            keras.Input((12, 12, 3)),
            layers.Conv2D(4, 1),
            layers.Conv2D(4, 5, groups=4, padding="same"),
            layers.LayerNormalization(),
            layers.Dense(8, activation="gelu"),
            layers.Conv2D(6, 3, groups=2, activation=keras.activations.gelu),
        ]
    )
    card = export_model(OpenedModel(net, name="next"), tmp_path / name, few(2)).card
    assert card.is_same, card.text()


# What it is compared on


def test_the_images_that_suit() -> None:
    digits, garments, photographs = (open_model(name) for name in ("digits", "garments", "imagenet"))
    assert shipped(digits).what == "images of Digits (test part)"
    assert shipped(garments).what.startswith("images of Garments (")
    assert shipped(photographs).what == "parts of the shipped photographs"
    some = shipped(photographs)
    assert len(some.compared) == len(some.measured) == 100
    first, second = (np.asarray(some.compared[99]().values) for _ in range(2))
    assert np.array_equal(first, second)
    dataset = open_dataset("digits")
    assert suited(digits, dataset).what == "images of Digits (test part)"
    # A thousand classes have nothing to do with ten.
    assert suited(photographs, dataset).what == "parts of the shipped photographs"


def test_int8_measures_other_images_than_it_is_compared_on() -> None:
    dataset = open_dataset("digits")
    some = of_dataset(dataset)
    assert (some.what, some.of_measured) == ("images of Digits (test part)", "images of Digits (train part)")
    compared, measured = ({load().name for load in loads} for loads in (some.compared, some.measured))
    assert len(compared) == len(measured) == 100 and not compared & measured


def test_the_pictures_of_a_folder(tmp_path: Path) -> None:
    import cv2

    for number in range(3):
        cv2.imwrite(str(tmp_path / f"{number}.png"), np.full((9, 9), number, np.uint8))
    (tmp_path / "damaged.png").write_bytes(b"no picture")
    folder = tmp_path / "copies"
    folder.mkdir()
    some = of_folder(tmp_path)
    assert some.what == f"images of the folder {tmp_path.name}"
    model = OpenedModel(nets.sequential(), name="row")
    # The damaged one is left out.
    assert export_model(model, folder / "row.keras", some).card.images == 3
    with pytest.raises(UserError, match="There is no picture in"):
        of_folder(folder)


def test_large_inputs_are_fewer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is compared fits into a bounded memory, and is never nothing."""
    model = OpenedModel(nets.sequential(), name="row")
    one = 4 * 12 * 12 * 3
    for memory, images in ((7 * one, 7), (one, 5)):
        monkeypatch.setattr(module, "_MEMORY", memory)
        assert export_model(model, tmp_path / "row.keras", few(9)).card.images == images


def test_int8_measures_what_is_compared_where_nothing_else_can_be_read(inline: None, tmp_path: Path) -> None:
    def damaged() -> Image:
        raise UserError("damaged")

    some = replace(few(2), measured=[damaged])
    made = export_model(
        OpenedModel(nets.sequential(), name="row"), tmp_path / "a.tflite", some, precision="int8"
    )
    assert "Its ranges were measured on 2 others." in made.card.notes
    with pytest.raises(UserError, match="Pictures of noise: none of them can be read"):
        export_model(open_model("digits"), tmp_path / "a.keras", replace(some, compared=[damaged]))


# What can go wrong


def test_the_ending_says_the_format() -> None:
    for path, key in (
        ("a.keras", "keras"), ("a.H5", "h5"), ("a.hdf5", "h5"), ("a", "saved_model"), ("a.b/", "saved_model"),
        ("a.onnx", "onnx"), ("x/a.tflite", "litert"),
    ):  # fmt: skip
        assert format_of(path).key == key
    with pytest.raises(UserError) as caught:
        format_of("net.pt")
    assert caught.value.message == (
        "net.pt has an ending that says no format: it is .keras, .h5, .hdf5, .onnx, .tflite, or none for the "
        "folder of a SavedModel."
    )


def test_a_missing_package_is_told_with_the_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *more: None if name == "tf2onnx" else found(name, *more)
    )
    with pytest.raises(UserError) as caught:
        export_model(open_model("digits"), tmp_path / "net.onnx")
    assert caught.value.message == (
        "ONNX needs tf2onnx, which is not installed: pip install 'convscope[export]'"
    )


def test_the_networks_own_file_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "net.keras"
    nets.sequential().save(path)
    before = path.read_bytes()
    with pytest.raises(UserError, match="is the network's own file: choose another name"):
        export_model(open_model(path), path, few(2))
    # By another way, too.
    (tmp_path / "link.keras").symlink_to(path)
    with pytest.raises(UserError, match="is the network's own file"):
        export_model(open_model(path), tmp_path / "link.keras", few(2))
    assert path.read_bytes() == before


def test_names_that_a_person_has_written_stay_as_they_are(tmp_path: Path) -> None:
    nets.sequential().save(tmp_path / "net.keras")
    text = '{"classes": {"0": "a", "1": "b", "2": "c", "3": "d", "4": "e"},  "preprocessing": "tf"}'
    (tmp_path / "net.classes.json").write_text(text)
    model = open_model(tmp_path / "net.keras")
    export_model(model, tmp_path / "net.h5", few(1))
    assert (tmp_path / "net.classes.json").read_text() == text
    # Others than the file tells are written.
    export_model(model.with_(classes=("v", "w", "x", "y", "z")), tmp_path / "net.h5", few(1))
    assert open_model(tmp_path / "net.h5").classes == ("v", "w", "x", "y", "z")


def test_a_precision_that_a_format_has_not(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="ONNX is written in float32, not in int8"):
        export_model(open_model("digits"), tmp_path / "net.onnx", precision="int8")


def test_a_place_that_cannot_be(tmp_path: Path) -> None:
    model = OpenedModel(nets.sequential(), name="row")
    with pytest.raises(UserError, match=r"missing/net\.keras cannot be written: No such file or directory"):
        export_model(model, tmp_path / "missing" / "net.keras", few(2))
    (tmp_path / "graph").write_text("a file")
    with pytest.raises(UserError, match="is a file, and a SavedModel is a folder"):
        export_model(model, tmp_path / "graph", few(2))
    (tmp_path / "net.h5").mkdir()
    with pytest.raises(UserError, match="is a folder: give the name of a file"):
        export_model(model, tmp_path / "net.h5", few(2))


@pytest.mark.parametrize("name", ["net.keras", "net.tflite"])
def test_cancelling_leaves_what_was_there(name: str, tmp_path: Path) -> None:
    """The process of a converter is ended, wherever it is."""
    (tmp_path / name).write_text("before")
    stop_at = "Converting to LiteRT" if name == "net.tflite" else "Asking the network"

    def heard(_fraction: float | None, text: str) -> None:
        if text == stop_at:
            task.cancel()

    task = Task(on_progress=heard)
    with pytest.raises(Cancelled):
        export_model(OpenedModel(nets.sequential(), name="row"), tmp_path / name, few(2), task=task)
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert (tmp_path / name).read_text() == "before"


def test_a_converter_that_fails_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(UserError) as caught:
        convert_in_process(tmp_path, "ONNX", "net", Task(), (0, 1))
    assert caught.value.message == "net could not be written as ONNX: its converter failed."
    assert "order.json" in caught.value.detail


def test_a_converter_that_crashes_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from convscope.engine.models.export import process

    monkeypatch.setattr(process.sys, "executable", "/bin/false")
    with pytest.raises(UserError, match="net could not be written as ONNX: its converter crashed"):
        convert_in_process(tmp_path, "ONNX", "net", Task(), (0, 1))


# The card


def card(**more: Any) -> ParityCard:
    made = ParityCard(
        "net", "ONNX", "net.onnx", 379_000, 373_000, 100, "images of Digits", 100, 1e-6, 1.0, 0.075, 2.4, 2,
        ("input: float32, N × 28 × 28 × 1",), ("output_0: float32, N × 10",), "gray", ("A note.",),
    )  # fmt: skip
    return replace(made, **more)


def test_the_card_is_text() -> None:
    assert card().text() == (
        "net.onnx: net as ONNX\n"
        "It answers as the network does.\n"
        "  Compared on         100 images of Digits\n"
        "  Same first class    100 of 100, 100 %\n"
        "  Largest difference  1e-06, in outputs up to 1\n"
        "  Size on disk        379 kB; the weights in 32 bits: 373 kB\n"
        "  One input takes     0.075 ms; in Keras 2.4 ms (median, 2 processors)\n"
        "  Takes               input: float32, N × 28 × 28 × 1\n"
        "  Pixels              gray\n"
        "  Gives               output_0: float32, N × 10\n"
        "A note."
    )


@pytest.mark.parametrize(
    ("facts", "verdict"),
    [
        ({"largest_difference": 2e-3, "largest_value": 50.0}, "It answers as the network does."),
        ({"same_class": None}, "It answers as the network does."),
        (
            {"largest_difference": 2e-3},
            "It names the same class each time. Its numbers differ a little from the network's.",
        ),
        (
            {"largest_difference": 2e-3, "same_class": None},
            "Its numbers differ a little from the network's.",
        ),
        ({"same_class": 97}, "It names another class for 3 of 100 images of Digits."),
        (
            {"largest_difference": float("inf")},
            "Where the network puts out numbers it does not: do not use this copy.",
        ),
    ],
)
def test_what_the_card_says_in_one_sentence(facts: dict[str, Any], verdict: str) -> None:
    assert card(**facts).verdict == verdict
    assert json.loads(json.dumps(card(**facts).to_dict(), allow_nan=False))["verdict"] == verdict


def test_differences_by_hand() -> None:
    nan, inf = np.nan, np.inf
    assert differences([np.array([[1.0, 2.0]])], [np.array([[1.5, 1.75]])]) == 0.5
    assert differences([np.array([nan, inf])], [np.array([nan, inf])]) == 0
    assert differences([np.array([nan, 1.0])], [np.array([1.0, 1.0])]) == inf
    assert differences([np.zeros((2, 3))], [np.zeros((2, 4))]) == inf


def test_what_the_outputs_mean(tmp_path: Path) -> None:
    import keras

    layers = keras.layers
    inputs = keras.Input((4, 4, 1))
    flat = layers.Flatten()(inputs)
    outputs = [
        layers.Dense(3, "softmax")(flat), layers.Dense(1, "sigmoid")(flat), layers.Dense(4, "sigmoid")(flat),
        layers.Dense(1)(flat), layers.Reshape((4, 4, 1))(inputs),
    ]  # fmt: skip
    model = OpenedModel(keras.Model(inputs, outputs), name="many")
    card = export_model(model, tmp_path / "net.keras", few(2)).card
    assert [line.partition(": ")[2] for line in card.gives] == [
        "the probability of each class", "the probability of class 1", "a probability for each label",
        "a number, no classes", "",
    ]  # fmt: skip
    assert card.same_class == 2


def test_two_classes_from_one_number() -> None:
    import keras

    for activation, numbers in (("sigmoid", (0.4, 0.6, 0.4)), ("linear", (-0.1, 0.1, 0.3))):
        net = keras.Sequential([keras.Input((4, 4, 1)), keras.layers.Flatten()])
        net.add(keras.layers.Dense(1, activation))
        model = OpenedModel(net, classes=("cat", "dog"))
        expected, found = np.array(numbers[:2])[:, None], np.array(numbers[1:])[:, None]
        assert same_classes(model, [expected], [found]) == (0 if activation == "sigmoid" else 1)


def test_how_pixels_are_wanted(tmp_path: Path, inline: None) -> None:
    def said(model: OpenedModel) -> str:
        made: Exported = export_model(model, tmp_path / "net.keras", few(1))
        return made.card.pixels

    from convscope.engine.data.preprocessing import MODES

    model = OpenedModel(nets.sequential(), name="row")
    stretched = "the whole image, stretched to the network's size"
    assert said(model) == f"RGB; pixel (0–255) · 0.00392157 (“0–1”); {stretched}"
    assert said(model.with_(preprocessing=MODES["raw"])) == f"RGB; as they are, 0–255; {stretched}"
    assert said(model.with_(preprocessing=replace(MODES["caffe"], resize="crop"))) == (
        "BGR; pixel (0–255) · 1 + (-103.939, -116.779, -123.68) (“ImageNet, Caffe (BGR, mean taken off)”); "
        "the middle of the image, at the network's size"
    )
    guessed = OpenedModel(model.keras, name="row", source=ModelSource("file", "x.h5"))
    assert said(guessed).endswith("; a guess, the network's file does not say it")
