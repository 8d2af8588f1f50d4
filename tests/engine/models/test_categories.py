"""Which part a layer plays: inner dense layers are no classifier, a depthwise convolution is called one."""

from __future__ import annotations

from typing import Any

import pytest

from convscope.engine.models.builder.templates import TEMPLATES
from convscope.engine.models.graph.nodes import layer_words, model_graph
from convscope.engine.models.library.catalogue import open_model
from convscope.engine.models.opened import OpenedModel
from convscope.engine.models.summary.categories import categories

pytestmark = pytest.mark.usefixtures("runtime")


@pytest.fixture(scope="module")
def convnext() -> OpenedModel:
    return open_model("ConvNeXtTiny", input_shape=(32, 32, 3))


def test_convnext_has_one_classifier(convnext: OpenedModel) -> None:
    parts = categories(convnext.summary)
    dense = [row for row in convnext.layers if row.kind == "Dense"]
    assert len(dense) == 37
    assert [row.path for row in dense if parts[row.path] == "Classifier"] == [convnext.layers[-1].path]
    assert {parts[row.path] for row in dense[:-1]} == {"Convolution"}
    drawn = {node.path: node.category for node in model_graph(convnext).nodes}
    assert [drawn[row.path] for row in dense] == [parts[row.path] for row in dense]


def test_a_depthwise_convolution_is_called_one(convnext: OpenedModel) -> None:
    layers = {step.path: step.layer for step in convnext.program.steps}
    words = {
        row.path: layer_words(row, layers.get(row.path)) for row in convnext.layers if row.kind == "Conv2D"
    }
    depthwise = {text for path, text in words.items() if path.endswith("depthwise_conv")}
    assert depthwise == {"Conv2D 7×7 depthwise"}
    assert words["convnext_tiny_stem/convnext_tiny_stem_conv"] == "Conv2D 4×4 /4"
    rows = {row.path: row for row in convnext.layers}
    assert all(rows[path].depthwise == path.endswith("depthwise_conv") for path in words)


def test_a_gate_of_dense_layers_is_no_classifier() -> None:
    import keras

    layers = keras.layers
    inputs = keras.Input((8, 8, 4))
    pooled = layers.GlobalAveragePooling2D()(inputs)
    gate = layers.Dense(4, activation="sigmoid", name="excite")(layers.Dense(2, name="squeeze")(pooled))
    gated = layers.Multiply()([inputs, layers.Reshape((1, 1, 4), name="back")(gate)])
    scores = layers.Dense(3, name="scores")(layers.Flatten(name="flat")(gated))
    model = OpenedModel(keras.Model(inputs, scores))
    parts = categories(model.summary)
    found = {name: parts[name] for name in ("squeeze", "excite", "back", "flat", "scores")}
    assert found == {
        "squeeze": "Convolution", "excite": "Convolution", "back": "Other", "flat": "Classifier",
        "scores": "Classifier",
    }  # fmt: skip


@pytest.mark.parametrize("name", ["lenet-5", "mnist-convnet", "mlp", "cats-dogs-dropout"])
def test_the_lectures_classifiers_stay_such(name: str) -> None:
    summary = TEMPLATES[name].architecture.summary()
    parts = categories(summary)
    assert all(parts[row.path] == "Classifier" for row in summary.layers if row.kind in ("Flatten", "Dense"))


def test_groups_are_told_by_the_builder_as_well() -> None:
    architecture = TEMPLATES["mnist-convnet"].architecture
    grouped = architecture.set("conv2d_1", groups=2).summary().layers
    assert (grouped[3].groups, grouped[3].depthwise) == (2, False)
    deep = architecture.set("conv2d_1", groups=32, filters=32).summary().layers
    assert (deep[3].groups, deep[3].depthwise) == (32, True)
    assert all((row.groups, row.depthwise) == (1, False) for row in architecture.summary().layers)


def test_an_unknown_kind_is_other() -> None:
    import keras

    def doubled(x: Any) -> Any:
        return x * 2.0

    inputs = keras.Input((4, 4, 1))
    model = OpenedModel(keras.Model(inputs, keras.layers.Lambda(doubled, name="own")(inputs)))
    assert categories(model.summary)["own"] == "Other"
