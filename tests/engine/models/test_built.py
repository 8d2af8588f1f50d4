"""From the builder to a model and back: seeds, class names, every layer again."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from convscope.core.errors import UserError
from convscope.engine.models.builder.architecture import Architecture
from convscope.engine.models.builder.build import to_code, to_keras
from convscope.engine.models.builder.templates import TEMPLATES, Draft
from convscope.engine.models.layer_specs import KINDS
from convscope.engine.models.library.catalogue import open_model
from convscope.engine.models.opened import ModelSource, OpenedModel
from convscope.engine.models.reuse import to_architecture as taken_apart
from convscope.engine.models.reuse.built import build_model
from convscope.engine.models.reuse.to_architecture import architecture_of

pytestmark = pytest.mark.usefixtures("runtime")

SMALL = [name for name, told in TEMPLATES.items() if all(x.kind != "Base" for x in told.architecture.layers)]


def test_the_same_seed_gives_the_same_weights() -> None:
    architecture = TEMPLATES["lenet-5"].architecture
    one, same, other = (build_model(architecture, seed).keras.get_weights() for seed in (3, 3, 4))
    assert all(np.array_equal(a, b) for a, b in zip(one, same, strict=True))
    assert not all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


def test_a_template_keeps_its_class_names_while_it_has_its_classes() -> None:
    architecture = TEMPLATES["mnist-convnet"].architecture
    assert build_model(architecture).classes == tuple("0123456789")
    assert build_model(architecture.set("dense_1", units=3)).classes == ()


@pytest.mark.parametrize("name", SMALL)
def test_a_built_model_gives_its_architecture_back(name: str) -> None:
    architecture = TEMPLATES[name].architecture
    again = architecture_of(OpenedModel(to_keras(architecture)))
    assert again.summary().totals == architecture.summary().totals
    assert to_keras(again).get_config() == to_keras(architecture).get_config()


def test_templates_and_shipped_networks_are_what_they_were_made_from() -> None:
    assert architecture_of(open_model("lenet-5")) == TEMPLATES["lenet-5"].architecture
    digits = open_model("digits")
    assert architecture_of(digits).summary().totals.parameters == digits.summary.totals.parameters


def test_a_network_of_keras_is_taken_apart() -> None:
    model = open_model("MobileNetV2", input_shape=(96, 96, 3))
    architecture = architecture_of(model)
    assert not architecture.summary().problems
    assert architecture.summary().totals == model.summary.totals


def test_what_the_builder_does_not_know_is_said() -> None:
    import keras

    image = keras.Input((8, 8, 3), name="image")
    own = keras.layers.Conv3D(2, 1, name="deep")(keras.layers.Reshape((8, 8, 3, 1))(image))
    with pytest.raises(
        UserError, match=r"no layer such as deep of strange \(Conv3D\): start from a template"
    ):
        architecture_of(OpenedModel(keras.Model(image, own, name="strange")))
    conv = keras.layers.Conv2D(3, 1, name="shared")
    with pytest.raises(UserError, match="calls shared more than once"):
        architecture_of(OpenedModel(keras.Model(image, conv(conv(image)), name="twice")))
    added = keras.layers.Conv2D(3, 1, kernel_regularizer="l1", name="held")(image)
    with pytest.raises(UserError, match="cannot make held of decay: it has no setting kernel_regularizer"):
        architecture_of(OpenedModel(keras.Model(image, added, name="decay")))


def test_frozen_and_regularised_layers_stay_so() -> None:
    import keras

    layers = keras.layers
    held = keras.regularizers.L2(0.003)
    net = keras.Sequential(
        [
            keras.Input((8, 8, 3), name="image"),
            layers.Conv2D(4, 3, name="conv", kernel_regularizer=held, trainable=False),
            layers.BatchNormalization(name="norm", trainable=False),
            layers.Flatten(name="flat"),
            layers.Dense(2, name="scores", kernel_regularizer="l2"),
        ],
        name="held",
    )
    architecture = architecture_of(OpenedModel(net))
    summary = architecture.summary()
    assert not summary.problems and summary.totals.trainable == 6 * 6 * 4 * 2 + 2
    again = Architecture.from_json(architecture.to_json())
    assert again == architecture and again.layers[1].config["kernel_regularizer"] == 0.003
    made = to_keras(again)
    assert made.get_config() == net.get_config()
    assert [w.path for w in made.trainable_weights] == ["held/scores/kernel", "held/scores/bias"]
    space: dict[str, Any] = {}
    exec(to_code(architecture), space)
    assert "kernel_regularizer=keras.regularizers.L2(0.003), trainable=False" in to_code(architecture)
    assert space["model"].get_config() == net.get_config()
    # The sum that Keras adds to the loss, by hand.
    kernel = made.get_layer("scores").kernel.numpy()
    assert [float(loss) for loss in made.losses] == [
        pytest.approx(0.01 * float((kernel**2).sum()), rel=1e-5)
    ], "of what is frozen Keras adds none"
    for wrong, words in ((-1.0, "less than 0"), ("l2", "not a number"), (True, "not a number")):
        problem = architecture.set("conv", kernel_regularizer=wrong).summary().problems[0].problem
        assert problem.startswith("kernel_regularizer") and words in problem


def test_what_is_too_long_for_the_list_is_taken_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(taken_apart, "LONGEST", 3)
    model = open_model("mlp")
    lone = OpenedModel(model.keras, name="NASNetLarge", source=ModelSource("application", "NASNetLarge"))
    with pytest.raises(UserError) as told:
        architecture_of(lone)
    assert told.value.message == (
        "NASNetLarge has 4 layers; the builder's list takes 3 at most: "
        "take it whole, as Pretrained base in the palette."
    )


def test_inserting_removing_and_moving_leave_no_dead_ends() -> None:
    resnet = TEMPLATES["resnet-small"].architecture
    for at in range(1, len(resnet.layers)):
        after = resnet.insert(at, "Dropout", {"rate": 0.5})
        assert not after.summary().problems, f"inserting at {at}"
        assert after.remove("dropout") == resnet or not after.remove("dropout").summary().problems
    for layer in resnet.layers[1:]:
        if layer.kind == "Activation":
            assert not resnet.remove(layer.name).summary().problems, f"removing {layer.name}"
            for to in range(1, len(resnet.layers) - 2, 6):
                moved = resnet.move(layer.name, to)
                assert not moved.summary().problems, f"moving {layer.name} to {to}"
                assert moved.layers[to].name == layer.name


def test_a_further_input_does_not_cut_the_chain() -> None:
    chain = TEMPLATES["mnist-convnet"].architecture
    after = chain.insert(3, "InputLayer", {"shape": (26, 26, 32)})
    assert after.layers[4].inputs == ("max_pooling2d",)
    assert [row.name for row in after.summary().problems] == ["input_1"], "it waits to be joined"
    joined = after.insert(2, "Identity").move("input_1", 1).insert(4, "Add", inputs=("identity", "input_1"))
    assert not joined.summary().problems


def test_removing_a_merge_feeds_what_takes_one_input_from_the_last() -> None:
    draft = Draft("net", (8, 8, 1))
    first = draft.conv(4, padding="same")
    second = draft.conv(4, padding="same")
    merge = draft.add("Add", first, second)
    draft.conv(2, 3, merge, name="after")
    architecture = draft.done.remove("add")
    assert architecture.layers[-1].inputs == ("conv2d_1",)
    assert not architecture.summary().problems


def test_a_copy_follows_its_original() -> None:
    inception = TEMPLATES["inception-small"].architecture
    for layer in inception.layers[1:]:
        if layer.kind in ("Conv2D", "MaxPooling2D", "Concatenate"):
            after = inception.duplicate(layer.name)
            copy = after.layers[after.index(layer.name) + 1]
            assert after.feeds(after.index(copy.name))[0] == layer.name
            assert not [row for row in after.summary().problems if "leads nowhere" in row.problem]


def _private_net() -> Any:
    """What keras.applications write with layers of their own and with operators, in one small network."""
    import keras
    from keras.src.applications.convnext import LayerScale, StochasticDepth
    from keras.src.applications.inception_resnet_v2 import CustomScaleLayer

    image = keras.Input((8, 8, 3), name="image")
    x = keras.layers.Rescaling([0.5, 0.25, 2.0], [0.0, -1.0, 1.0], name="scale")(image)
    x = keras.layers.Normalization(mean=[0.4, 0.5, 0.6], variance=[1.0, 2.0, 3.0], name="centre")(x)
    first = keras.layers.Conv2D(4, 3, padding="same", name="first")(x)
    gate = keras.layers.ReLU(6.0, name="gate")(first + 3.0) * (1.0 / 6.0)
    x = keras.layers.Multiply(name="gated")([first, gate])
    second = LayerScale(0.3, 4, name="factors")(keras.layers.Conv2D(4, 1, name="second")(x))
    x = first + StochasticDepth(0.2, name="depth")(second)
    x = CustomScaleLayer(0.17, name="residual")([x, keras.ops.relu(second)])
    x = keras.layers.Dropout(0.2, noise_shape=(None, 1, 1, 1), name="drop")(2.0 - x)
    x = keras.layers.GlobalAveragePooling2D(name="pool")(x)
    return keras.Model(image, keras.layers.Dense(3, name="scores")(x), name="private")


def _scores(model: OpenedModel) -> NDArray[np.float32]:
    height, width, channels = model.input_shape
    batch = np.random.default_rng(7).uniform(0, 255, (2, height or 64, width or 64, channels))
    return model.logits(batch.astype(np.float32))


def test_private_layers_and_operators_are_given_by_public_layers() -> None:
    origin = OpenedModel(_private_net(), classes=("a", "b", "c"))
    architecture = architecture_of(origin)
    kinds = {layer.kind for layer in architecture.layers}
    assert kinds <= set(KINDS) and not kinds & {"LayerScale", "StochasticDepth", "CustomScaleLayer"}
    made = build_model(architecture, seed=1, origin=origin)
    np.testing.assert_allclose(_scores(made), _scores(origin), rtol=1e-5, atol=1e-4)
    assert made.notes[0] == "All its 4 layers with weights kept those of private."
    assert made.classes == ("a", "b", "c") and made.source.weights == "private's"
    assert architecture_of(made).summary().totals == architecture.summary().totals, (
        "it can be started from too"
    )
    again = Architecture.from_json(architecture.to_json())
    assert again.summary().totals == architecture.summary().totals and not again.summary().problems
    space: dict[str, Any] = {}
    exec(to_code(architecture), space)
    assert space["model"].get_config() == made.keras.get_config()


@pytest.mark.parametrize("name", ["EfficientNetB0", "MobileNetV3Small", "ConvNeXtTiny"])
def test_a_family_with_parts_of_its_own_keeps_its_weights(name: str) -> None:
    origin = open_model(name, input_shape=(64, 64, 3))
    made = build_model(architecture_of(origin), seed=1, origin=origin)
    assert made.source.weights == "random", "as those are that it kept"
    assert made.notes[0].startswith(f"Its weights are random, those of {name}: ")
    assert made.preprocessing == origin.preprocessing
    assert made.summary.totals.parameters == origin.summary.totals.parameters
    ours, theirs = made.keras.get_weights(), origin.keras.get_weights()
    assert all(np.array_equal(a.ravel(), b.ravel()) for a, b in zip(ours, theirs, strict=True))


def test_only_unedited_layers_keep_their_weights() -> None:
    origin = open_model("digits")
    before = origin.keras.get_weights()
    architecture = architecture_of(origin)
    convs = [layer.name for layer in architecture.layers if layer.kind == "Conv2D"]
    last = architecture.layers[-1].name
    edited = architecture.set(last, units=7).rename(convs[0], "renamed")
    made = build_model(edited, seed=2, origin=origin)
    assert made.notes[0].endswith(f"new and not trained yet: renamed, {last}.")
    assert made.classes == () and made.source.weights == f"partly {origin.name}'s"
    mine, theirs = made.keras.get_layer(convs[1]), origin.keras.get_layer(convs[1])
    assert all(np.array_equal(a, b) for a, b in zip(mine.get_weights(), theirs.get_weights(), strict=True))
    assert not np.array_equal(
        made.keras.get_layer("renamed").get_weights()[0], origin.keras.get_layer(convs[0]).get_weights()[0]
    )
    assert all(np.array_equal(a, b) for a, b in zip(before, origin.keras.get_weights(), strict=True))


def test_a_shipped_network_started_from_says_the_same() -> None:
    origin = open_model("digits")
    made = build_model(architecture_of(origin), seed=3, origin=origin)
    assert np.array_equal(_scores(made), _scores(origin))
    assert made.classes == origin.classes and made.preprocessing == origin.preprocessing
