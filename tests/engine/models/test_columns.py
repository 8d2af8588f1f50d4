"""A network as columns: every layer in one, blocks by names or by size, folded until they can be read."""

from __future__ import annotations

from typing import Any

import pytest

from convscope.engine.models.graph.columns import COLUMNS, LayerColumn, columns
from convscope.engine.models.library.catalogue import open_model
from convscope.engine.models.opened import OpenedModel
from convscope.engine.runtime import start


@pytest.fixture(scope="module")
def imagenet() -> OpenedModel:
    """EfficientNet-Lite0: 143 layers in blocks."""
    start()
    return open_model("imagenet")


def titles(found: tuple[LayerColumn, ...]) -> list[str]:
    return [column.title for column in found]


def check(model: OpenedModel, found: tuple[LayerColumn, ...]) -> None:
    """Each layer stands in one column, after all that feeds it; and each column has a name of its own."""
    layers = [path for column in found for path in column.layers]
    number = {row.path: at for at, row in enumerate(model.layers)}
    assert sorted(layers, key=number.__getitem__) == [row.path for row in model.layers]
    assert all(list(c.layers) == sorted(c.layers, key=number.__getitem__) for c in found)
    assert len({column.id for column in found}) == len(found)
    before: set[str] = set()
    for column in found:
        assert set(column.inputs) <= before
        assert {owner for owner, _path in column.sources} == set(column.inputs)
        before.add(column.id)


def test_a_lecture_s_network_shows_every_layer() -> None:
    start()
    model = open_model("digits")
    found = columns(model)
    check(model, found)
    assert titles(found) == [
        "InputLayer",
        "Conv2D 3×3",
        "MaxPooling2D 2×2",
        "Conv2D 3×3",
        "MaxPooling2D 2×2",
        "Conv2D 3×3",
        "Flatten",
        "Dense 64",
        "Dense 10",
    ]
    assert [column.channels for column in found] == [1, 32, 32, 64, 64, 64, 576, 64, 10]
    assert [column.form for column in found][5:7] == ["maps", "vector"]


def test_a_deep_network_is_folded_into_blocks(imagenet: OpenedModel) -> None:
    found = columns(imagenet)
    check(imagenet, found)
    assert len(found) == 12 <= COLUMNS
    assert titles(found)[2:9] == ["block1a", "block2", "block3", "block4", "block5", "block6", "block7a"]
    # A convolution with its normalisation and activation is one column, and shows what the last puts out.
    assert found[1].layers == ("stem_conv", "stem_bn", "stem_relu6") and found[1].path == "stem_relu6"
    assert found[1].title == "Conv2D 3×3 /2"


def test_a_block_unfolds_and_folds_again(imagenet: OpenedModel) -> None:
    folded = columns(imagenet)
    block = next(column for column in folded if column.title == "block2")
    one = columns(imagenet, {block.id})
    check(imagenet, one)
    inner = [column for column in one if block.id in column.within]
    assert titles(tuple(inner)) == ["block2a", "block2b"]
    assert [path for column in inner for path in column.layers] == list(block.layers)
    # And within it, down to the single layers; the skip is fed by two columns.
    two = columns(imagenet, {block.id, inner[1].id})
    check(imagenet, two)
    add = next(column for column in two if column.path == "block2b_add")
    assert len(add.inputs) == 2
    three = columns(
        imagenet, {block.id, inner[1].id, next(c.id for c in two if c.path == "block2b_dw_relu6")}
    )
    check(imagenet, three)
    assert {"block2b_dwconv", "block2b_dw_bn", "block2b_dw_relu6"} <= {column.id for column in three}
    assert columns(imagenet, ()) == folded


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("VGG16", ["block1", "block2", "block3", "block4", "block5"]),
        ("ResNet50", ["conv2", "conv3", "conv4", "conv5"]),
    ],
)
def test_papers_blocks_are_found_by_name(name: str, expected: list[str]) -> None:
    start()
    model = open_model(name)
    found = columns(model)
    check(model, found)
    assert [title for title in titles(found) if title in expected] == expected and len(found) <= COLUMNS


def branches(count: int) -> Any:
    """Modules of two branches whose layers have Keras's own names, at two sizes."""
    import keras

    layers = keras.layers
    inputs = keras.Input((16, 16, 3))
    x: Any = inputs
    for at in range(count):
        if at == count // 2:
            x = layers.MaxPooling2D()(x)
        a = layers.Conv2D(4, 1, activation="relu")(x)
        b = layers.Conv2D(4, 3, padding="same", activation="relu")(layers.Conv2D(4, 1)(x))
        x = layers.Concatenate()([a, b])
    return keras.Model(inputs, layers.Dense(3, activation="softmax")(layers.GlobalAveragePooling2D()(x)))


def test_without_names_stages_of_one_size_keep_branches_together() -> None:
    start()
    model = OpenedModel(branches(8))
    found = columns(model, limit=9)
    check(model, found)
    # Stages of a size, each with branches of its own and a concatenation at its end.
    stages = [column for column in found if column.title.startswith("maps of ")]
    assert [column.title for column in stages] == ["maps of 16×16", "maps of 8×8"]
    assert all(model.layer(column.path).kind == "Concatenate" for column in stages)
    # One more click: the modules, each with both its branches.
    modules = [c for c in columns(model, {stages[0].id}, 9) if stages[0].id in c.within]
    assert len(modules) == 4 and all(model.layer(c.path).kind == "Concatenate" for c in modules)


def test_a_nested_base_is_a_block() -> None:
    start()
    import keras
    from model_nets import base, nested

    model = OpenedModel(nested())
    check(model, columns(model))
    # Where there is no room for its layers.
    small = columns(model, limit=4)
    check(model, small)
    assert "base" in titles(small)
    assert isinstance(base(), keras.Model)
