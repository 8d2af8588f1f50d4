"""Networks of films, of vectors and of maps: what cannot be shown says so in one true sentence."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from convscope.cli import main
from convscope.core.errors import UserError
from convscope.core.paths import resource_path
from convscope.engine.data.formats.npz import array_dataset
from convscope.engine.models.files.open_file import open_file
from convscope.engine.models.opened import OpenedModel
from convscope.engine.training.checks import check
from convscope.engine.training.settings import TrainingSettings
from convscope.imaging.samples import load_sample

COFFEE = str(resource_path("images", "coffee.jpg"))


def film(layers: Any) -> list[Any]:
    return [
        layers.Input((4, 16, 16, 3)),
        layers.Conv3D(2, 3, padding="same", name="conv"),
        layers.GlobalAveragePooling3D(),
        layers.Dense(3, "softmax"),
    ]


def next_picture(layers: Any) -> list[Any]:
    return [
        layers.Input((None, 16, 16, 1)),
        layers.ConvLSTM2D(2, 3, padding="same", return_sequences=True, name="conv"),
        layers.Conv3D(1, 3, padding="same", activation="sigmoid"),
    ]


def segments(layers: Any) -> list[Any]:
    return [layers.Input((16, 16, 3)), layers.Conv2D(2, 3, padding="same", activation="softmax", name="conv")]


def anchors(layers: Any) -> list[Any]:
    return [layers.Input((16, 16, 3)), layers.Conv2D(4, 3, name="conv"), layers.Reshape((196, 4))]


TAKES_FILMS = "does not take single images: it takes 4×16×16×3, 4 pictures at a time as of a film or a volume"
SENTENCES: list[tuple[Callable[[Any], list[Any]], str]] = [
    (film, f"net {TAKES_FILMS}, and puts out 3 classes."),
    (
        next_picture,
        "net does not take single images: it takes ?×16×16×1, several pictures at a time as of a film or a "
        "volume, and puts out ?×16×16×1.",
    ),
    (
        segments,
        "net puts out 16×16×2, maps over the image, not a row of numbers: they can be looked at as those of "
        "any layer.",
    ),
    (
        anchors,
        "net puts out 196×4, neither a row of numbers nor maps over the image: its layers can be looked at.",
    ),
]


@pytest.mark.parametrize(("made", "sentence"), SENTENCES)
def test_each_command_says_the_same_true_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], made: Callable[[Any], list[Any]], sentence: str
) -> None:
    import keras

    keras.Sequential(made(_Layers(keras))).save(tmp_path / "net.keras")
    path, png, data = str(tmp_path / "net.keras"), str(tmp_path / "x.png"), tmp_path / "data"
    for name in ("a", "b"):
        (data / name).mkdir(parents=True)
        (data / name / "one.jpg").write_bytes(Path(COFFEE).read_bytes())
    assert main(["summary", path]) == 0
    commands = [
        ["predict", path, COFFEE],
        ["predict", path, str(data / "a")],
        ["explain", path, COFFEE, "--method", "saliency"],
        ["patterns", path, "--classes", "0", "--steps", "1", "-o", png],
        ["evaluate", path, "--data", str(data)],
    ]
    takes_images = made in (segments, anchors)
    if not takes_images:
        commands += [
            ["maps", path, COFFEE, "--layer", "conv", "-o", png],
            ["patterns", path, "--layer", "conv", "--steps", "1", "-o", png],
        ]
    capsys.readouterr()
    for words in commands:
        assert main(words) == 2, words
        assert capsys.readouterr().err.splitlines()[-1] == f"convscope: {sentence}", words
    if takes_images:
        assert main(["maps", path, COFFEE, "--layer", "conv", "-o", png]) == 0


class _Layers:
    """Keras's layers, and Input among them."""

    def __init__(self, keras: Any) -> None:
        self._keras = keras

    def __getattr__(self, name: str) -> Any:
        return getattr(self._keras, name) if name == "Input" else getattr(self._keras.layers, name)


def test_a_layer_over_time_within_a_network_of_images(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import keras

    layers = keras.layers
    inputs = keras.Input((16, 16, 3))
    values = layers.ConvLSTM2D(2, 3, padding="same", return_sequences=True, name="over_time")(
        layers.Reshape((1, 16, 16, 3))(inputs)
    )
    values = layers.ConvLSTM2D(2, 3, padding="same", name="last")(values)
    scores = layers.Dense(3, "softmax", name="kind")(layers.GlobalAveragePooling2D()(values))
    net = keras.Model(inputs, scores, name="net")
    net.save(tmp_path / "net.keras")
    path, png = str(tmp_path / "net.keras"), str(tmp_path / "x.png")
    model = open_file(tmp_path / "net.keras")
    image = load_sample("coffee")
    expected = net.predict(model.prepare(image).batch, verbose=0)[0]
    np.testing.assert_allclose(model.predict(image).probabilities, expected, atol=1e-6)
    assert main(["explain", path, COFFEE, "-o", png]) == 0
    assert " at last: 16×16" in capsys.readouterr().out
    assert main(["maps", path, COFFEE, "--layer", "over_time", "-o", png]) == 2
    assert "puts out 1×16×16×2: neither maps nor a row of numbers" in capsys.readouterr().err
    assert main(["patterns", path, "--layer", "over_time", "--steps", "1", "-o", png]) == 2
    told = capsys.readouterr().err.splitlines()[-1]
    assert told == (
        "convscope: over_time (ConvLSTM2D) puts out 1×16×16×2: patterns grow for maps over one image and for "
        "rows of numbers."
    )


def test_a_finished_graph_of_films_opens_and_says_so(tmp_path: Path) -> None:
    """It tried itself on images to find out what its numbers are."""
    import keras

    keras.Sequential(film(_Layers(keras))).export(tmp_path / "films", verbose=False)
    model = open_file(tmp_path / "films")
    assert model.answer.words == "3 numbers"
    with pytest.raises(UserError, match=rf"^films {TAKES_FILMS}, and puts out 3 numbers\.$"):
        model.predict(load_sample("coffee"))


def test_training_says_so_too() -> None:
    import keras

    data = array_dataset(np.zeros((12, 16, 16, 3), np.uint8), np.arange(12) % 3, reference="d", title="D")
    model = OpenedModel(keras.Sequential(film(_Layers(keras)), name="net"))
    with pytest.raises(UserError, match=f"^net {TAKES_FILMS}"):
        check(model, data, TrainingSettings())
