"""What each output of a network tells: classes, labels or numbers; and which output is shown."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from convscope.core.errors import UserError
from convscope.engine.data.dataset import Dataset
from convscope.engine.data.formats.npz import array_dataset
from convscope.engine.interpret.attribution.context import AttributionContext
from convscope.engine.interpret.attribution.explain import explain
from convscope.engine.interpret.attribution.result import MapRequest
from convscope.engine.interpret.attribution.target import ScoreTarget, find_class
from convscope.engine.interpret.feature_visualization.objectives import Objective
from convscope.engine.models.answers.answer import loss_reading
from convscope.engine.models.files.open_file import open_file
from convscope.engine.models.opened import OpenedModel
from convscope.engine.training.evaluate import evaluate, whole
from convscope.imaging.image import Image

pytestmark = pytest.mark.usefixtures("runtime")


def trunk() -> tuple[Any, Any]:
    import keras

    inputs = keras.Input((8, 8, 3))
    maps = keras.layers.Conv2D(4, 3, activation="relu", name="conv")(inputs)
    return inputs, keras.layers.GlobalAveragePooling2D()(maps)


def dense(units: int, name: str | None = None, activation: str | None = None) -> Any:
    import keras

    return keras.layers.Dense(units, activation, bias_initializer="random_normal", name=name)


def ended(units: int, name: str | None = None, activation: str | None = None, **how: Any) -> OpenedModel:
    """A network with one output."""
    import keras

    inputs, values = trunk()
    return OpenedModel(keras.Model(inputs, dense(units, name, activation)(values), name="net"), **how)


def picture(seed: int = 0) -> Image:
    return Image(np.random.default_rng(seed).integers(0, 256, (8, 8, 3), np.uint8), "noise")


def own(model: OpenedModel, image: Image) -> list[np.ndarray]:
    """What Keras itself says, output by output."""
    import keras

    out = model.keras.predict(model.prepare(image).batch, verbose=0)
    return [np.asarray(one)[0] for one in keras.tree.flatten(out)]


@pytest.fixture
def boxes() -> OpenedModel:
    """Keras sorts the keys: the box comes first."""
    import keras

    inputs, values = trunk()
    outputs = {"kind": dense(3, "soft", "softmax")(values), "box": dense(4, "corners")(values)}
    return OpenedModel(keras.Model(inputs, outputs, name="boxes"), classes=("cat", "dog", "cow"))


def test_an_output_with_a_softmax_is_preferred_and_the_others_are_told(boxes: OpenedModel) -> None:
    """Box coordinates were shown as four classes."""
    image = picture()
    assert [(one.name, one.kind) for one in boxes.answers] == [("box", "values"), ("kind", "classes")]
    told = boxes.predict(image)
    np.testing.assert_allclose(told.probabilities, own(boxes, image)[1], atol=1e-6)
    assert {score.name for score in told.classes} == {"cat", "dog", "cow"}
    assert told.notes == ("It has 2 outputs: shown is kind; the other is box (4 numbers).",)


def test_another_output_can_be_chosen_and_the_names_stay_with_theirs(boxes: OpenedModel) -> None:
    image = picture()
    for name in ("box", "BOX", "corners"):
        other = boxes.with_(output=name)
        told = other.predict(image)
        assert told.is_values and other.id == boxes.id
        assert [score.name for score in told.classes] == ["value 0", "value 1", "value 2", "value 3"]
        np.testing.assert_allclose(told.logits, own(boxes, image)[0], atol=1e-6)
        assert np.isnan([score.probability for score in told.classes]).all()
    again = other.with_(output="kind")
    assert again.classes == ("cat", "dog", "cow")
    np.testing.assert_array_equal(again.predict(image).logits, boxes.predict(image).logits)
    with pytest.raises(UserError, match=r"^boxes has no output size: it has box \(4 numbers\), kind \(3 cl"):
        boxes.with_(output="size")


def test_a_number_before_the_classes_is_no_class() -> None:
    """[age, kind] said "one number, not classes"."""
    import keras

    inputs, values = trunk()
    net = keras.Model(inputs, [dense(1, "age")(values), dense(3, "kind", "softmax")(values)])
    model = OpenedModel(net)
    assert model.answer.name == "kind"
    aged = model.with_(output="age")
    (score,) = aged.predict(picture()).classes
    assert score.name == "age"
    assert score.logit == pytest.approx(float(own(model, picture())[0][0]), abs=1e-6)


@pytest.mark.parametrize(
    ("units", "name", "activation", "kind"),
    [
        (1, None, None, "values"),
        (1, None, "tanh", "values"),
        (30, None, None, "values"),
        (30, "keypoints", None, "values"),
        (4, "bbox", "sigmoid", "values"),
        (5, None, "sigmoid", "labels"),
        (1, None, "sigmoid", "classes"),
        (5, None, "softmax", "classes"),
        (5, "logits", None, "classes"),
        (2, "left_eye_coords", "relu", "values"),
    ],
)
def test_what_the_last_layer_and_its_name_say(
    units: int, name: str | None, activation: str | None, kind: str
) -> None:
    model, image = ended(units, name, activation), picture()
    told = model.predict(image)
    assert (model.answer.kind, model.has_classes) == (kind, kind != "values")
    out = own(model, image)[0]
    if kind == "values":
        assert [score.index for score in told.classes] == list(range(units))
        np.testing.assert_allclose([score.logit for score in told.classes], out, atol=1e-6)
        what = "one number" if units == 1 else f"{units} numbers"
        assert told.notes[0] == f"The network puts out {what}, not classes."
        assert len(told.notes) == (2 if (units, name) == (30, None) else 1)
    else:
        share = np.exp(out) / np.exp(out).sum() if activation is None else out
        np.testing.assert_allclose(told.probabilities[-units:], share, atol=1e-6)


@pytest.mark.parametrize(
    ("loss", "units", "kind"),
    [
        ("mse", 30, "values"),
        ("mean_absolute_error", 2, "values"),
        ("huber", 1, "values"),
        ("sparse_categorical_crossentropy", 10, "classes"),
        ("SparseCategoricalCrossentropy", 10, "classes"),
        ("BinaryCrossentropy", 1, "classes"),
        ("MeanSquaredError", 4, "values"),
    ],
)
@pytest.mark.parametrize("ending", [".keras", ".h5"])
def test_a_file_tells_what_its_network_was_trained_for(
    tmp_path: Path, loss: str, units: int, kind: str, ending: str
) -> None:
    import keras

    net = ended(units).keras
    if loss[0].isupper():
        options = {} if loss.startswith("Mean") else {"from_logits": True}
        net.compile("sgd", getattr(keras.losses, loss)(**options))
    else:
        net.compile("sgd", loss)
    net.save(tmp_path / f"net{ending}")
    model = open_file(tmp_path / f"net{ending}")
    assert (model.answer.kind, model.answer.why) == (kind, "loss")
    told, out = model.predict(picture()), own(model, picture())[0]
    if (units, kind) == (1, "classes"):
        assert told.probabilities[1] == pytest.approx(1 / (1 + np.exp(-out[0])), abs=1e-6)
        assert told.notes == ("The last layer has no sigmoid; probabilities are its sigmoid.",)


def test_losses_of_several_outputs() -> None:
    by_name = {"kind": "categorical_crossentropy", "box": {"class_name": "MeanSquaredError", "config": {}}}
    assert loss_reading(by_name, "kind", 1, 2) == "classes"
    assert loss_reading(by_name, "tower/box", 0, 2) == "values"
    assert loss_reading(["mse", None], "a", 0, 2) == "values"
    assert loss_reading(["mse", None], "b", 1, 2) is None
    assert loss_reading(["mse"], "b", 1, 2) is None
    assert loss_reading({"class_name": "function", "config": "mse"}, "a", 0, 1) == "values"
    assert loss_reading({"class_name": "Mine", "config": None}, "a", 0, 1) is None


def test_numbers_can_be_read_as_classes_and_back() -> None:
    model, image = ended(3), picture()
    assert model.answer.kind == "values"
    told = model.with_(reading="classes").predict(image)
    out = own(model, image)[0]
    np.testing.assert_allclose(told.probabilities, np.exp(out) / np.exp(out).sum(), atol=1e-6)
    assert told.notes == ("The last layer has no softmax; probabilities are its softmax.",)
    assert ended(3, classes=("a", "b", "c")).answer.why == "names"
    assert model.with_(reading="classes").with_(reading="values").answer.kind == "values"
    labels = ended(4, None, "sigmoid").with_(reading="values")
    np.testing.assert_allclose(labels.predict(image).logits, own(labels, image)[0], atol=1e-6)


def test_what_pushes_a_number_up_and_what_pulls_it_down() -> None:
    model, image = ended(2, "place"), picture()
    context = AttributionContext(model, image)
    up = explain(context, MapRequest("hires-cam", ScoreTarget(1)))
    down = explain(context, MapRequest("hires-cam", ScoreTarget(1, down=True)))
    assert (up.target_words, down.target_words) == ("what pushes value 1 up", "what pulls value 1 down")
    np.testing.assert_allclose(up.relevance, -down.relevance, atol=1e-7)
    assert up.score == pytest.approx(float(own(model, image)[0][1]), abs=1e-6) == -down.score
    # By hand: average and dense are linear.
    weights = model.keras.layers[-1].get_weights()[0]
    maps = model.activations(context.prepared.batch, ["conv"])["conv"][0]
    np.testing.assert_allclose(up.relevance, maps @ weights[:, 1] / 36, atol=1e-6)
    with pytest.raises(UserError, match="only a number that is none is asked what pulls it down"):
        ScoreTarget(0, down=True).check(ended(3, None, "softmax"))
    assert find_class(model, "value 1") == 1
    with pytest.raises(UserError, match=r"^net has values 0 to 1: there is no value 2\.$"):
        find_class(model, "2")


def test_explanations_and_patterns_are_of_the_chosen_output(boxes: OpenedModel) -> None:
    """Functions that were kept for one output must not answer for another."""
    image = picture()
    heats = {}
    for name in ("kind", "box", "kind"):
        asked = boxes.with_(output=name)
        made = explain(AttributionContext(asked, image), MapRequest("grad-cam", ScoreTarget(0)))
        fresh = OpenedModel(boxes.keras).with_(output=name)
        expected = explain(AttributionContext(fresh, image), MapRequest("grad-cam", ScoreTarget(0)))
        np.testing.assert_array_equal(made.relevance, expected.relevance)
        heats[name] = made.relevance
    objective = Objective.class_(3, negative=True)
    box = boxes.with_(output="box")
    objective.check(box)
    assert objective.words(box) == "value 3, as small as possible"
    with pytest.raises(UserError, match=r"^boxes has 3 classes, 0 to 2: there is no 3\.$"):
        objective.check(boxes)


def test_a_regression_is_not_evaluated_as_accuracy(boxes: OpenedModel) -> None:
    data = four_classes()
    with pytest.raises(UserError, match=r"^net puts out 4 numbers, not classes, so it has no accuracy on"):
        evaluate(ended(4, "bbox"), data)
    with pytest.raises(UserError, match="net has one output, which tells no classes apart, but"):
        evaluate(ended(1), data)
    # Nothing says what they are: whoever measures them says it.
    result = evaluate(ended(4), data)
    assert result.images == 8
    with pytest.raises(UserError, match=r"boxes puts out 4 numbers, not classes.*4 classes of four\.$"):
        evaluate(boxes.with_(output="box", reading="values"), data)


def four_classes() -> Dataset:
    pixels = np.random.default_rng(0).integers(0, 256, (8, 8, 8, 3), np.uint8)
    data = array_dataset(pixels, np.arange(8) % 4, reference="four", title="four")
    return whole(data)
