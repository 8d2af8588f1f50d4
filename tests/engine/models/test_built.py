"""From the builder to a model and back: seeds, class names, every layer again."""

from __future__ import annotations

import numpy as np
import pytest

from convscope.engine.models import built
from convscope.engine.models.build import to_keras
from convscope.engine.models.built import architecture_of, build_model
from convscope.engine.models.catalogue import open_model
from convscope.engine.models.opened import OpenedModel, Source
from convscope.engine.models.templates import TEMPLATES, Draft
from convscope.errors import UserError

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
    assert again.sheet().totals == architecture.sheet().totals
    assert to_keras(again).get_config() == to_keras(architecture).get_config()


def test_templates_and_shipped_networks_are_what_they_were_made_from() -> None:
    assert architecture_of(open_model("lenet-5")) == TEMPLATES["lenet-5"].architecture
    digits = open_model("digits")
    assert architecture_of(digits).sheet().totals.parameters == digits.sheet.totals.parameters


def test_a_network_of_keras_is_taken_apart() -> None:
    model = open_model("MobileNetV2", input_shape=(96, 96, 3))
    architecture = architecture_of(model)
    assert not architecture.sheet().problems
    assert architecture.sheet().totals == model.sheet.totals


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
    added = keras.layers.Conv2D(3, 1, kernel_regularizer="l2", name="held")(image)
    with pytest.raises(UserError, match="cannot make held of decay: it has no setting kernel_regularizer"):
        architecture_of(OpenedModel(keras.Model(image, added, name="decay")))


def test_what_is_too_long_for_the_list_is_taken_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(built, "LONGEST", 3)
    model = open_model("mlp")
    lone = OpenedModel(model.keras, name="NASNetLarge", source=Source("application", "NASNetLarge"))
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
        assert not after.sheet().problems, f"inserting at {at}"
        assert after.remove("dropout") == resnet or not after.remove("dropout").sheet().problems
    for layer in resnet.layers[1:]:
        if layer.kind == "Activation":
            assert not resnet.remove(layer.name).sheet().problems, f"removing {layer.name}"
            for to in range(1, len(resnet.layers) - 2, 6):
                moved = resnet.move(layer.name, to)
                assert not moved.sheet().problems, f"moving {layer.name} to {to}"
                assert moved.layers[to].name == layer.name


def test_a_further_input_does_not_cut_the_chain() -> None:
    chain = TEMPLATES["mnist-convnet"].architecture
    after = chain.insert(3, "InputLayer", {"shape": (26, 26, 32)})
    assert after.layers[4].inputs == ("max_pooling2d",)
    assert [row.name for row in after.sheet().problems] == ["input_1"], "it waits to be joined"
    joined = after.insert(2, "Identity").move("input_1", 1).insert(4, "Add", inputs=("identity", "input_1"))
    assert not joined.sheet().problems


def test_removing_a_merge_feeds_what_takes_one_input_from_the_last() -> None:
    draft = Draft("net", (8, 8, 1))
    first = draft.conv(4, padding="same")
    second = draft.conv(4, padding="same")
    merge = draft.add("Add", first, second)
    draft.conv(2, 3, merge, name="after")
    architecture = draft.done.remove("add")
    assert architecture.layers[-1].inputs == ("conv2d_1",)
    assert not architecture.sheet().problems


def test_a_copy_follows_its_original() -> None:
    inception = TEMPLATES["inception-small"].architecture
    for layer in inception.layers[1:]:
        if layer.kind in ("Conv2D", "MaxPooling2D", "Concatenate"):
            after = inception.duplicate(layer.name)
            copy = after.layers[after.index(layer.name) + 1]
            assert after.feeds(after.index(copy.name))[0] == layer.name
            assert not [row for row in after.sheet().problems if "leads nowhere" in row.problem]
