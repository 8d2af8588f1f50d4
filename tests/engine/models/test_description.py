"""`model.to_json()` and weights in a file of their own: opened as one network, whichever is named first."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import model_nets as nets
import numpy as np
import pytest

from convscope.cli import main
from convscope.core.errors import UserError, WeightsAloneError
from convscope.engine.models.files.channels_last import NOTE
from convscope.engine.models.files.reweighted import with_weights
from convscope.engine.models.library.catalogue import open_model

pytestmark = [
    pytest.mark.usefixtures("runtime"),
    pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept:DeprecationWarning"),
]


def _old_net(k: Any) -> Any:
    layers = k.layers
    model = k.Sequential(
        [
            k.Input((8, 8, 1)),
            layers.Conv2D(3, 3, activation="hard_sigmoid"),
            layers.BatchNormalization(),
            layers.Flatten(),
            layers.Dense(4, activation="relu"),
            layers.Dense(3, activation="softmax"),
        ]
    )
    draw = np.random.default_rng(0)
    for variable in model.weights:
        variable.assign(0.5 + np.abs(draw.normal(0, 0.4, variable.shape)))
    return model


def test_a_description_and_weights_of_keras_3(tmp_path: Path) -> None:
    theirs = nets.random_weights(nets.nested())
    (tmp_path / "net.json").write_text(theirs.to_json(), encoding="utf-8")
    theirs.save_weights(tmp_path / "elsewhere.weights.h5")
    batch = nets.images(theirs)[0]
    expected = theirs(batch, training=False)
    opened = open_model(tmp_path / "net.json", weights=tmp_path / "elsewhere.weights.h5")
    np.testing.assert_array_equal(opened.keras(batch, training=False), expected)
    assert opened.notes[0] == (
        "Its layers are described in net.json; its weights are those of elsewhere.weights.h5."
    )
    assert (opened.name, opened.source.weights) == ("net", "elsewhere.weights.h5")
    # By the weights' name, too, as the only description lies beside them.
    again = open_model(tmp_path / "elsewhere.weights.h5")
    np.testing.assert_array_equal(again.keras(batch, training=False), expected)
    assert again.id == open_model(tmp_path / "elsewhere.weights.h5").id


@pytest.mark.parametrize("ending", ["w.h5", "net.weights.h5"])
def test_a_description_and_weights_of_keras_2(ending: str, old: Any, tmp_path: Path) -> None:
    theirs = _old_net(old)
    (tmp_path / "net.json").write_text(theirs.to_json(), encoding="utf-8")
    theirs.save_weights(tmp_path / ending)
    batch = np.random.default_rng(1).random((2, 8, 8, 1), np.float32)
    opened = open_model(tmp_path / "net.json", weights=tmp_path / ending)
    np.testing.assert_allclose(opened.scores(batch)[1], theirs(batch), atol=1e-6)
    np.testing.assert_allclose(open_model(tmp_path / ending).scores(batch)[1], theirs(batch), atol=1e-6)


def test_the_wrong_weights_are_one_sentence_and_nothing_of_keras(old: Any, tmp_path: Path) -> None:
    """Keras warns of each part that it does not find, on the terminal, before it gives up."""
    layers = old.layers
    image = old.Input((8, 8, 3))
    maps = layers.Conv2D(4, 3)(image)
    net = old.Model(image, layers.Dense(3)(layers.GlobalAveragePooling2D()(maps)))
    (tmp_path / "net.json").write_text(net.to_json(), encoding="utf-8")
    _old_net(old).save_weights(tmp_path / "others.weights.h5")
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always", UserWarning)
        with pytest.raises(UserError, match=r"^The weights in others\.weights\.h5 do not belong to net\.$"):
            open_model(tmp_path / "net.json", weights=tmp_path / "others.weights.h5")
    assert [str(one.message) for one in told if issubclass(one.category, UserWarning)] == []


def test_a_description_alone_has_random_weights_and_says_what_is_missing(tmp_path: Path) -> None:
    (tmp_path / "net.json").write_text(nets.sequential().to_json(), encoding="utf-8")
    opened = open_model(tmp_path / "net.json")
    assert opened.notes[0] == (
        "An architecture without weights: they are random. Open the file of its weights together with it, or "
        "next."
    )
    assert np.ptp(opened.keras.get_weights()[0]) > 0


def test_weights_alone_say_what_else_to_open(tmp_path: Path) -> None:
    theirs = nets.random_weights(nets.sequential())
    theirs.save_weights(tmp_path / "w.weights.h5")
    for name in ("one.json", "other.json"):
        (tmp_path / name).write_text(nets.nested().to_json(), encoding="utf-8")
    with pytest.raises(WeightsAloneError, match=r"^w\.weights\.h5 holds weights alone: .*model\.to_json\(\)"):
        open_model(tmp_path / "w.weights.h5")
    with pytest.raises(UserError, match=r"^The weights in w\.weights\.h5 do not belong to one\.$"):
        open_model(tmp_path / "one.json", weights=tmp_path / "w.weights.h5")


def test_a_description_brings_no_code(tmp_path: Path) -> None:
    told = json.loads(nets.sequential().to_json())
    told["config"]["layers"][1]["class_name"] = "Lambda"
    (tmp_path / "net.json").write_text(json.dumps(told), encoding="utf-8")
    with pytest.raises(UserError, match=r"^net\.json is not opened, because it contains a Lambda layer"):
        open_model(tmp_path / "net.json")
    for text in (
        '{"class_name": "Sequential"',
        '["class_name", "class_name"]',
        '{"class_name": 3, "config": 1}',
    ):
        (tmp_path / "net.json").write_text(text, encoding="utf-8")
        with pytest.raises(UserError, match=r"^net\.json"):
            open_model(tmp_path / "net.json")


def test_weights_with_channels_first_go_in_before_the_network_is_turned(tmp_path: Path) -> None:
    import keras

    first = {"data_format": "channels_first"}
    layers = [
        keras.Input((2, 6, 5)),
        keras.layers.Conv2D(3, 3, **first),
        keras.layers.Flatten(),
        keras.layers.Dense(3, activation="softmax"),
    ]
    theirs = nets.random_weights(keras.Sequential(layers))
    theirs.save(tmp_path / "whole.keras")
    (tmp_path / "net.json").write_text(theirs.to_json(), encoding="utf-8")
    theirs.save_weights(tmp_path / "w.weights.h5")
    expected = open_model(tmp_path / "whole.keras").keras.get_weights()
    blank = open_model(tmp_path / "net.json")
    loaded = with_weights(blank, tmp_path / "w.weights.h5")
    for opened in (
        open_model(tmp_path / "net.json", weights=tmp_path / "w.weights.h5"),
        loaded,
        with_weights(loaded, tmp_path / "whole.keras"),
        open_model(tmp_path / "whole.keras", weights=tmp_path / "w.weights.h5"),
    ):
        assert NOTE in opened.notes
        for ours, wanted in zip(opened.keras.get_weights(), expected, strict=True):
            np.testing.assert_array_equal(ours, wanted)


def test_on_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    theirs = nets.random_weights(nets.sequential())
    (tmp_path / "net.json").write_text(theirs.to_json(), encoding="utf-8")
    (tmp_path / "weights").mkdir()
    theirs.save_weights(tmp_path / "weights" / "w.weights.h5")
    given = ["summary", str(tmp_path / "net.json"), "--weights", str(tmp_path / "weights" / "w.weights.h5")]
    turned = [given[0], given[3], "--weights", given[1]]
    for words in (given, turned):
        assert main(words) == 0
        assert "its weights are those of w.weights.h5" in capsys.readouterr().out
