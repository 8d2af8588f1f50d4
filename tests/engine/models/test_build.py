"""What the app counts without TensorFlow is what Keras builds; the script builds the same model."""

from __future__ import annotations

import inspect
import json
import re
from typing import Any

import pytest

from convscope.core.errors import UserError
from convscope.engine.models.builder.architecture import snake
from convscope.engine.models.builder.build import to_code, to_keras
from convscope.engine.models.builder.templates import TEMPLATES, Draft
from convscope.engine.models.layer_specs import KINDS, palette
from convscope.engine.models.layer_specs.base import LayerKind
from convscope.engine.models.opened import OpenedModel

pytestmark = pytest.mark.usefixtures("runtime")

SMALL = [name for name, told in TEMPLATES.items() if all(x.kind != "Base" for x in told.architecture.layers)]


@pytest.mark.parametrize("name", SMALL)
def test_the_sheet_is_that_of_the_built_model_and_so_is_the_script(name: str) -> None:
    architecture = TEMPLATES[name].architecture
    model = to_keras(architecture)
    counted, read = architecture.summary(), OpenedModel(model).summary
    assert counted.totals == read.totals
    assert counted.totals.parameters == model.count_params()
    built = {row.path: row for row in read.layers}
    for row in counted.layers:
        other = built[row.path]
        for name in ("shape", "formula", "parameters", "trainable_parameters", "multiply_adds", "field"):
            assert getattr(row, name) == getattr(other, name), f"{row.path} {name}"
    space: dict[str, Any] = {}
    exec(to_code(architecture), space)
    assert space["model"].get_config() == model.get_config()


@pytest.mark.parametrize(("name", "trainable"), [("vgg16-cats-dogs", 2_097_665), ("resnet50-12", 24_588)])
def test_pretrained_bases(name: str, trainable: int) -> None:
    architecture = TEMPLATES[name].architecture
    for spec in architecture.layers:
        if spec.kind == "Base":
            architecture = architecture.set(spec.name, weights="random")
    model = to_keras(architecture)
    counted, read = architecture.summary().totals, OpenedModel(model).summary
    assert counted.parameters == model.count_params() == read.totals.parameters
    assert counted.trainable == trainable == read.totals.trainable
    assert architecture.summary().layers[1].shape == tuple(model.layers[0].output.shape[1:])
    if name == "vgg16-cats-dogs":
        model.layers[0].trainable = True
        assert len(model.trainable_weights) == 30
        model.layers[0].trainable = False
        assert len(model.trainable_weights) == 4
        assert any(row.path == "vgg16/block3_conv1" for row in read.layers)
        space: dict[str, Any] = {}
        exec(to_code(architecture), space)
        assert _anonymous(space["model"]) == _anonymous(model)


def _anonymous(model: Any) -> str:
    """The configuration, without the running number that Keras gives to the inputs of its applications."""
    return re.sub(r"input_layer(_\d+)?", "input_layer", json.dumps(model.get_config(), default=str))


def _example(kind: LayerKind, filled: dict[str, Any]) -> Any:
    """One layer of a kind after an input that it can follow."""
    draft = Draft("one", (12, 12, 8))
    if kind.name == "Reshape":
        filled["target_shape"] = (6, -1)
    if kind.merges:
        first = draft.conv(8, 1)
        second = draft.conv(8, 1, "input")
        draft.add(kind.name, first, second, name="it", **filled)
    else:
        draft.add(kind.name, name="it", **filled)
    return draft.done


LAYERS = [kind for kind in palette() if kind.name not in ("InputLayer", "Base")]


@pytest.mark.parametrize("kind", LAYERS, ids=[kind.name for kind in LAYERS])
def test_every_kind_of_the_palette_counts_as_keras_does(kind: LayerKind) -> None:
    variants: list[dict[str, Any]] = [kind.filled({})]
    for option in kind.options:
        if option.kind == "choice":
            variants += [kind.filled({option.name: choice}) for choice in option.values[1:3]]
        if option.kind == "flag":
            variants.append(kind.filled({option.name: not option.default}))
        if option.name in ("strides", "dilation_rate", "depth_multiplier", "pool_size", "size"):
            variants.append(kind.filled({option.name: 2}))
    if any(option.name == "groups" for option in kind.options):
        variants = [{**variant, "groups": 4} for variant in variants]
    for filled in variants:
        architecture = _example(kind, filled)
        model = to_keras(architecture)
        row = architecture.summary().layers[-1]
        layer = model.get_layer("it")
        assert row.shape == tuple(layer.output.shape[1:])
        assert row.parameters == layer.count_params()
        assert row.trainable_parameters == sum(int(w.numpy().size) for w in layer.trainable_weights)
        space: dict[str, Any] = {}
        exec(to_code(architecture), space)
        assert space["model"].get_config() == model.get_config()


def test_defaults_that_are_not_written_out_are_those_of_keras() -> None:
    import keras

    for kind in palette():
        if kind.name in ("Base", "InputLayer"):
            continue
        parameters = inspect.signature(getattr(keras.layers, kind.name).__init__).parameters
        for option in kind.options:
            if option.required or option.name not in parameters:
                continue
            theirs = parameters[option.name].default
            same = theirs == option.default or theirs == (option.default, option.default)
            assert same or (option.name == "activation" and theirs is None), f"{kind.name}.{option.name}"


def test_names_are_those_that_keras_makes() -> None:
    for kind in KINDS:
        from keras.src.utils.naming import to_snake_case

        assert snake(kind) == to_snake_case(kind)


def test_strange_names_become_variables() -> None:
    draft = Draft("net", (8, 8, 1))
    draft.conv(2, name="1x1-conv.a")
    draft.conv(2, 1, "1x1-conv.a", name="keras")
    draft.add("Concatenate", "keras", "1x1-conv.a", name="lambda")
    architecture = draft.done
    space: dict[str, Any] = {}
    exec(to_code(architecture), space)
    assert space["model"].get_config() == to_keras(architecture).get_config()


def test_what_memory_cannot_hold_is_not_built() -> None:
    draft = Draft("vast", (4, 4, 1))
    draft.add("Flatten")
    draft.add("Dense", units=1_000_000)
    draft.add("Dense", units=1_000_000)
    with pytest.raises(UserError, match=r"^The weights of vast would be 4,000 GB, more than a quarter"):
        to_keras(draft.done)
