"""The flat program of a model computes what the model computes, and leaves the model alone."""

from __future__ import annotations

import json
from typing import Any

import model_nets as nets
import numpy as np
import pytest

from convscope.core.errors import UserError
from convscope.engine.models.program import Program
from convscope.engine.models.program.flatten import flatten
from convscope.engine.runtime import Runtime

pytestmark = pytest.mark.usefixtures("runtime")


@pytest.fixture(params=list(nets.ALL))
def model(request: pytest.FixtureRequest, runtime: Runtime) -> Any:
    return nets.random_weights(nets.ALL[request.param]())


def fed(program: Program, model: Any, **how: Any) -> dict[int, Any]:
    import tensorflow as tf

    return dict(zip(program.inputs, map(tf.constant, nets.images(model, **how)), strict=True))


def answers(model: Any, **how: Any) -> list[np.ndarray]:
    given = nets.images(model, **how)
    out = model(given if len(given) > 1 else given[0], training=False)
    return [np.asarray(x) for x in (out if isinstance(out, (list, tuple)) else [out])]


def fingerprints(model: Any) -> list[Any]:
    """All that a symbolic call would leave behind in a model."""
    seen = [json.dumps(model.get_config(), default=str), len(model.losses)]
    layers = list(model._flatten_layers())
    seen += [(x.name, len(x._inbound_nodes), len(x._outbound_nodes), len(x._losses)) for x in layers]
    seen += [str(getattr(x, "activation", "")) for x in layers]
    return seen


def test_outputs_are_equal_and_the_model_is_untouched(model: Any) -> None:
    before = fingerprints(model)
    program = flatten(model)
    found = program.run(fed(program, model), program.outputs)
    for ours, theirs in zip(found, answers(model), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert fingerprints(model) == before


def test_any_layer_splits_it_into_trunk_and_head(model: Any) -> None:
    program = flatten(model)
    feeds = fed(program, model)
    expected = program.run(feeds, program.outputs)
    for slot in range(len(program.shapes)):
        side = program.frontier(slot, program.outputs)
        if slot in program.outputs:
            continue
        cut = (slot, *side)
        assert not any(program.depends(other, slot) for other in side)
        values = program.run(feeds, cut)
        again = program.run(dict(zip(cut, values, strict=True)), program.outputs)
        for a, b in zip(again, expected, strict=True):
            np.testing.assert_array_equal(a, b)


def test_gradients_flow_through_the_head(runtime: Runtime) -> None:
    import tensorflow as tf

    model = nets.random_weights(nets.nested())
    program = flatten(model)
    feeds = fed(program, model)
    slot = program.slots["base/block1_conv"][0]
    side = program.frontier(slot, program.outputs)
    # The skip goes around block2_conv, but also starts here: nothing else is needed.
    assert side == ()
    maps, logit = program.run(feeds, (slot, program.sums["top"]))
    with tf.GradientTape() as tape:
        tape.watch(maps)
        (score,) = program.run({slot: maps}, (program.sums["top"],))
    gradient = tape.gradient(score, maps)
    np.testing.assert_array_equal(score, logit)
    step = 1e-2 * np.sign(gradient)
    (moved,) = program.run({slot: maps + step}, (program.sums["top"],))
    assert np.all(moved.numpy() > score.numpy())


def test_paths_open_nested_models_and_number_shared_calls(runtime: Runtime) -> None:
    assert "base/block1_conv" in flatten(nets.nested()).slots
    deep = flatten(nets.deep())
    assert {"middle/inner/c", "middle/inner/r", "scores", "softmax"} <= set(deep.slots)
    assert deep.groups == {"middle": "Functional", "middle/inner": "Sequential"}
    twins = flatten(nets.twins())
    assert {"tower/conv", "tower@2/conv", "shared", "shared@2"} <= set(twins.slots)
    first = {step.path: step.first for step in twins.steps}
    assert first["tower@2/conv"] == "tower/conv"
    assert first["shared@2"] == "shared"


def test_pre_activations_are_addressable(runtime: Runtime) -> None:
    model = nets.random_weights(nets.sequential())
    program = flatten(model)
    before, after = program.run(fed(program, model), (program.sums["conv"], program.slots["conv"][0]))
    assert float(np.min(before)) < 0
    np.testing.assert_array_equal(np.maximum(before, 0), after)


def test_training_shows_at_once(runtime: Runtime) -> None:
    model = nets.random_weights(nets.sequential())
    program = flatten(model)
    nets.random_weights(model, seed=5)
    (found,) = program.run(fed(program, model), program.outputs)
    np.testing.assert_array_equal(found, answers(model)[0])


def test_steps_can_be_wrapped(runtime: Runtime) -> None:
    """The hook that guided backpropagation needs: what each activation computes can be replaced."""
    model = nets.random_weights(nets.sequential())
    program = flatten(model)
    seen = []

    def wrap(step: Any, call: Any) -> Any:
        if step.activation != "relu":
            return call
        seen.append(step.path)
        return lambda x: 2 * call(x)

    plain = program.run(fed(program, model), program.slots["conv"])[0]
    doubled = program.run(fed(program, model), program.slots["conv"], wrap)[0]
    np.testing.assert_array_equal(2 * plain, doubled)
    assert seen == ["conv"]


def test_an_activity_regularizer_collects_nothing(runtime: Runtime) -> None:
    import keras

    model = keras.Sequential(
        [keras.Input((4,)), keras.layers.Dense(3, activity_regularizer="l2", name="d")], name="m"
    )
    before = fingerprints(model)
    program = flatten(model)
    program.run(fed(program, model), program.outputs)
    assert fingerprints(model) == before


def test_a_model_of_its_own_code_is_one_step(runtime: Runtime) -> None:
    import keras

    class Own(keras.Model):
        def __init__(self) -> None:
            super().__init__(name="own")
            self.dense = keras.layers.Dense(2)

        def call(self, x: Any) -> Any:
            return self.dense(x)

    model = Own()
    with pytest.raises(UserError, match="own has no input shape yet"):
        flatten(model)
    inner = keras.Input((3,))
    wrapped = keras.Model(inner, model(inner), name="wrapped")
    program = flatten(wrapped)
    assert [step.kind for step in program.steps] == ["Own"]
    found = program.run(fed(program, wrapped), program.outputs)
    np.testing.assert_array_equal(found[0], answers(wrapped)[0])


def test_dropout_and_random_layers_are_off(runtime: Runtime) -> None:
    import keras

    layers = keras.layers
    model = keras.Sequential(
        [keras.Input((8, 8, 1)), layers.RandomFlip(), layers.RandomRotation(0.4), layers.Dropout(0.9)],
        name="m",
    )
    program = flatten(model)
    feeds = fed(program, model)
    np.testing.assert_array_equal(program.run(feeds, program.outputs)[0], feeds[program.inputs[0]])
