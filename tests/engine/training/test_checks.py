"""What does not fit together is told before, and its mend mends it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from convscope.core.errors import UserError
from convscope.engine.data.dataset import Dataset
from convscope.engine.data.formats.npz import array_dataset
from convscope.engine.data.split import SplitSettings
from convscope.engine.models.opened import OpenedModel
from convscope.engine.training.checks import Finding, check
from convscope.engine.training.data import split_for
from convscope.engine.training.evaluate import evaluate
from convscope.engine.training.settings import (
    EarlyStopping,
    OptimizerSettings,
    Plateau,
    Schedule,
    TrainingSettings,
)
from convscope.engine.training.train import train

Make = Callable[..., OpenedModel]


def only(findings: tuple[Finding, ...], severity: str = "error") -> Finding:
    found = [finding for finding in findings if finding.severity == severity]
    assert len(found) == 1, [finding.text for finding in findings]
    return found[0]


def mended(
    finding: Finding, model: OpenedModel, dataset: Dataset, settings: TrainingSettings
) -> tuple[Finding, ...]:
    assert finding.fix is not None
    if finding.fix.model is not None:
        return check(finding.fix.model(model), dataset, settings)
    assert finding.fix.settings is not None
    return check(model, split_for(dataset, finding.fix.settings)[0], finding.fix.settings)


def test_what_fits_has_no_findings(make_model: Make, bands: Dataset) -> None:
    assert check(make_model(), bands, TrainingSettings(batch_size=16)) == ()


def test_a_softmax_of_ten_on_three_classes(make_model: Make, bands: Dataset) -> None:
    model, settings = make_model(10), TrainingSettings(batch_size=16)
    before = [weight.copy() for weight in model.keras.get_weights()]
    finding = only(check(model, bands, settings))
    assert finding.text == "tiny ends in a softmax of 10, but Bands has 3 classes."
    assert finding.fix is not None
    assert finding.fix.text == "Replace the last layer by one of 3"
    assert mended(finding, model, bands, settings) == ()
    # The new network keeps the other layers' weights; the old one is as it was.
    new = finding.fix.model(model)  # type: ignore[misc]
    assert new.head.units == 3
    for old, kept in zip(before[:-2], new.keras.get_weights()[:-2], strict=True):
        assert np.array_equal(old, kept)
    assert all(np.array_equal(a, b) for a, b in zip(before, model.keras.get_weights(), strict=True))
    with pytest.raises(UserError, match=r"softmax of 10, but Bands has 3 classes\. Replace the last layer"):
        train(model, bands, settings)


def test_a_base_without_classifier_gets_one(runtime: object, bands: Dataset) -> None:
    import keras

    layers = [keras.Input((8, 8, 1)), keras.layers.Conv2D(2, 3, name="last")]
    base = OpenedModel(keras.Sequential(layers, name="base"))
    settings = TrainingSettings(batch_size=16)
    finding = only(check(base, bands, settings))
    assert finding.text == "base has no classifier: its output is no list of classes."
    assert mended(finding, base, bands, settings) == ()


def test_a_small_gray_image_into_a_large_colour_network(make_model: Make, bands: Dataset) -> None:
    model, settings = make_model(shape=(24, 24, 3)), TrainingSettings(batch_size=16)
    size, colours = check(model, bands, settings)
    assert size.text == "The images are 8×8, but tiny takes 24×24."
    assert colours.text == "The images are gray, but tiny takes RGB."
    assert size.fix is not None
    assert size.fix.harmless
    (left,) = mended(size, model, bands, settings)
    assert left.text == colours.text
    assert mended(left, model, bands, size.fix.settings or settings) == ()


@pytest.mark.parametrize(
    ("units", "activation", "loss", "severity", "said"),
    [
        (3, "sigmoid", "categorical_crossentropy", "error", "A sigmoid answers for each class by itself"),
        (3, "softmax", "binary_crossentropy", "warning", "treats each class as a question of its own"),
        (3, None, "categorical_hinge", "warning", "The last layer has no softmax"),
        (1, "sigmoid", "categorical_crossentropy", "error", "One output unit"),
    ],
)
def test_losses_that_do_not_go_with_the_output(
    make_model: Make, bands: Dataset, units: int, activation: str, loss: str, severity: str, said: str
) -> None:
    model = make_model(units, activation=activation)
    data = bands if units == 3 else two_classes()
    settings = TrainingSettings(loss=loss, batch_size=16)  # type: ignore[arg-type]
    finding = only(check(model, data, settings), severity)
    assert said in finding.text
    assert mended(finding, model, data, settings) == ()


def two_classes(rare: int = 60) -> Dataset:
    x = np.zeros((60 + rare, 8, 8), np.uint8)
    return array_dataset(x, np.repeat([0, 1], [60, rare]), reference="two", title="Two")


def test_doubtful_data(make_model: Make) -> None:
    model = make_model(1, activation="sigmoid")
    lopsided = two_classes(rare=6)
    finding = only(check(model, lopsided, TrainingSettings(batch_size=16)), "warning")
    assert finding.text.startswith("The largest class has 12 times the images of the smallest")
    assert mended(finding, model, lopsided, TrainingSettings(batch_size=16)) == ()
    nothing_left = two_classes().with_split(SplitSettings(0, 0.1))
    finding = only(check(model, nothing_left, TrainingSettings(batch_size=16)), "warning")
    assert "No images are left to validate on" in finding.text
    assert mended(finding, model, nothing_left, TrainingSettings(batch_size=16)) == ()
    finding = only(check(model, two_classes(), TrainingSettings(batch_size=500)), "warning")
    assert finding.text == "A batch of 500 is more than the 96 images: one step an epoch."
    one = replace(two_classes(), classes=("only",), labels=np.zeros(120, np.int32))
    assert any("one class only" in finding.text for finding in check(make_model(2), one, TrainingSettings()))


def test_files_that_are_left_out(make_model: Make, bands: Dataset) -> None:
    """The broken ones that were found on opening, and those that decoding has come upon since."""

    class Images:
        def __init__(self) -> None:
            self.unreadable: dict[str, str] = {}

        def __getattr__(self, name: str) -> object:
            return getattr(bands.images, name)

    images, settings = Images(), TrainingSettings(batch_size=16)
    data = replace(bands, left_out=(("left/empty.png", "it is empty"),), images=images)  # type: ignore[arg-type]
    finding = only(check(make_model(), data, settings), "warning")
    assert finding.text == "1 file cannot be read and is left out: left/empty.png (it is empty)."
    images.unreadable = {"left/cut.jpg": "it ends too soon"}
    finding = only(check(make_model(), data, settings), "warning")
    assert finding.text == "2 files cannot be read and are left out: left/cut.jpg and 1 more."
    assert finding.detail == "left/cut.jpg: it ends too soon\nleft/empty.png: it is empty"


def test_settings_that_fight_each_other(make_model: Make, bands: Dataset) -> None:
    model = make_model()
    settings = TrainingSettings(batch_size=16, plateau=Plateau(), schedule=Schedule("cosine", 0.1))
    finding = only(check(model, bands, settings))
    assert "both set the learning rate" in finding.text
    assert mended(finding, model, bands, settings) == ()
    settings = TrainingSettings(batch_size=16, early_stopping=EarlyStopping("val_auc"))
    finding = only(check(model, bands, settings))
    assert finding.text == "Early stopping watches val_auc, which is not measured in this run."
    assert mended(finding, model, bands, settings) == ()
    settings = TrainingSettings(batch_size=16, optimizer=OptimizerSettings("sgd", learning_rate=50))
    finding = only(check(model, bands, settings), "warning")
    assert "will very likely diverge" in finding.text
    assert mended(finding, model, bands, settings) == ()


def test_a_network_of_any_size_and_images_of_many(make_model: Make, runtime: object, bands: Dataset) -> None:
    import keras

    layers = [
        keras.Input((None, None, 1)),
        keras.layers.Conv2D(2, 3),
        keras.layers.GlobalAveragePooling2D(),
        keras.layers.Dense(3, activation="softmax"),
    ]
    free = OpenedModel(keras.Sequential(layers, name="free"))
    mixed = replace(bands, image_size=None)
    settings = TrainingSettings(batch_size=16)
    assert check(free, bands, settings) == ()
    finding = only(check(free, mixed, settings))
    assert "differ in size, and free takes any size" in finding.text
    assert mended(finding, free, mixed, settings) == ()
    assert check(make_model(), mixed, settings) == ()


def test_one_output_without_a_sigmoid(make_model: Make) -> None:
    two, settings = two_classes(), TrainingSettings(batch_size=16)
    model = make_model(1, activation=None)
    finding = only(check(model, two, settings))
    assert finding.text == f"tiny ends in one output without a sigmoid, but {two.title} has 2 classes."
    assert not [one for one in mended(finding, model, two, settings) if one.severity == "error"]
    with pytest.raises(UserError, match="tiny has one output, which tells no classes apart, but"):
        evaluate(model, two)


def test_logarithms_of_a_softmax_are_a_softmax_to_cross_entropy(runtime: object, bands: Dataset) -> None:
    import keras

    layers = keras.layers

    def network(classes: int) -> OpenedModel:
        last = layers.Dense(classes, activation="log_softmax")
        return OpenedModel(keras.Sequential([keras.Input((8, 8, 1)), layers.Flatten(), last], name="logs"))

    settings = TrainingSettings(batch_size=16)
    assert check(network(3), bands, settings) == ()
    finding = only(check(network(10), bands, settings))
    assert finding.text == "logs ends in a log_softmax of 10, but Bands has 3 classes."
    finding = only(check(network(3), bands, replace(settings, loss="mean_squared_error")), "warning")
    assert finding.text == "The last layer has no softmax, which mean squared error counts on."


def test_a_network_of_several_outputs_is_trained_by_one_of_them(bands: Dataset, runtime: object) -> None:
    """Keras would end in an error about structures that nobody could read."""
    import keras

    keras.utils.set_random_seed(0)
    image = keras.Input((8, 8, 1))
    values = keras.layers.Flatten()(image)
    box = keras.layers.Dense(4, name="box")(values)
    kind = keras.layers.Dense(3, activation="softmax", name="kind")(values)
    model = OpenedModel(keras.Model(image, [box, kind], name="boxes"))
    settings = TrainingSettings(batch_size=16, epochs=1)
    finding = only(check(model, bands, settings))
    assert finding.text == (
        "boxes has 2 outputs: box (4 numbers), kind (3 classes). A training needs a network with one."
    )
    assert finding.fix is not None and finding.fix.text == "Keep its output kind alone"
    with pytest.raises(UserError, match="has 2 outputs"):
        train(model, bands, settings)
    assert mended(finding, model, bands, settings) == ()
    one = finding.fix.model(model)  # type: ignore[misc]
    assert np.array_equal(one.keras.get_layer("kind").get_weights()[0], kind_weights(model))
    done = train(one, bands, settings)
    assert len(done.fitted.epochs) == 1 and done.test is not None
    assert np.array_equal(one.keras.get_layer("kind").get_weights()[0], kind_weights(model))


def kind_weights(model: OpenedModel) -> np.ndarray:
    return model.keras.get_layer("kind").get_weights()[0]
