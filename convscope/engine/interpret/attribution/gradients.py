"""Kept functions that differentiate a score: by a layer's maps, by the maps of all stages, by the image.

Each takes a batch and treats its images one by one: scores are summed over the batch, so that every image's
gradient is its own. The class comes in as a vector of weights, so that another class traces nothing anew.

One layer, the app's choice, has compiled functions: the trunk up to it and the head behind it. Compiling such
a pair takes about a second and ten megabytes, too much for every layer that is clicked on. The last layers of
the stages share one compiled function; at all others the same steps run one by one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from convscope.engine.models.opened import OpenedModel
from convscope.engine.models.program import ProgramStep

_RELUS = ("relu", "relu6")
# The smallest normal float32: a probability that rounded to 0 still has a logarithm.
_SMALLEST = 1.1754944e-38


def trunk(model: OpenedModel, slot: int, compiled: bool) -> tuple[Callable[..., list[Any]], tuple[int, ...]]:
    """From the inputs to a layer and to what else the head needs (skips around the layer).

    Returns:
        The function (*inputs → [maps, *others]) and the other slots.
    """
    program = model.program
    others = program.frontier(slot, [model.head.logits])
    wanted = (slot, *others)
    if compiled:
        return model.function(wanted), others

    def run(*inputs: Any) -> list[Any]:
        return program.run(dict(zip(program.inputs, inputs, strict=True)), wanted)

    return model.answering(run), others


def head_gradient(
    model: OpenedModel, slot: int, others: Sequence[int], log: bool, compiled: bool
) -> Callable[..., Any]:
    """(maps, *others, weights) → (∂score/∂maps, scores): the part after the layer only.

    Args:
        slot: the layer's maps.
        others: what `trunk` told.
        log: the head puts out probabilities, whose logarithms stand for the logits.
        compiled: whether to keep it as a `tf.function`.
    """
    import tensorflow as tf

    program, head = model.program, model.head
    slots = (slot, *others)

    def gradient(*tensors: Any) -> tuple[Any, Any]:
        *values, weights = tensors
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(values[0])
            raw = program.run(dict(zip(slots, values, strict=True)), [head.logits])[0]
            scores = _scores(raw, weights, log)
        return tape.gradient(scores, values[0], unconnected_gradients=tf.UnconnectedGradients.ZERO), scores

    if not compiled:
        return model.answering(gradient)
    signature = [tf.TensorSpec(program.shapes[n], program.dtypes[n]) for n in slots]
    signature.append(tf.TensorSpec([head.units], tf.float32))
    return model.kept(
        ("attribution head", slot, head.logits, log),
        lambda: tf.function(gradient, input_signature=signature, autograph=False),
    )


def stage_gradients(model: OpenedModel, slots: Sequence[int], log: bool) -> Callable[..., Any]:
    """(*inputs, weights) → ([maps of each slot], [∂score/∂maps of each], scores): one pass there and back."""
    wanted = tuple(slots)

    def make() -> Callable[..., Any]:
        import tensorflow as tf

        program, head = model.program, model.head

        @tf.function(input_signature=_signature(model), autograph=False)
        def gradients(*tensors: Any) -> tuple[list[Any], list[Any], Any]:
            *inputs, weights = tensors
            with tf.GradientTape(watch_accessed_variables=False) as tape:

                def watched(step: ProgramStep, call: Callable[..., Any]) -> Callable[..., Any]:
                    if not set(step.outputs) & set(wanted):
                        return call

                    def watching(*args: Any, **kwargs: Any) -> Any:
                        result = call(*args, **kwargs)
                        tape.watch(result)
                        return result

                    return watching

                feeds = dict(zip(program.inputs, inputs, strict=True))
                *maps, raw = program.run(feeds, [*wanted, head.logits], watched)
                scores = _scores(raw, weights, log)
            grads = tape.gradient(scores, maps, unconnected_gradients=tf.UnconnectedGradients.ZERO)
            return maps, grads, scores

        return gradients

    return model.kept(_stages_key(model, wanted, log), make)


def known_stage_gradients(model: OpenedModel, slots: Sequence[int], log: bool) -> Callable[..., Any] | None:
    """`stage_gradients` where they are at hand; to trace them for a single layer would take too long."""

    def missing() -> Any:
        raise LookupError

    try:
        return model.kept(_stages_key(model, tuple(slots), log), missing)
    except LookupError:
        return None


def _stages_key(model: OpenedModel, slots: tuple[int, ...], log: bool) -> tuple[Any, ...]:
    return ("attribution stages", slots, model.head.logits, log)


def input_gradient(model: OpenedModel, log: bool, guided: bool = False) -> Callable[..., Any]:
    """(*inputs, weights) → ([∂score/∂input of each float input], scores).

    Args:
        log: see `head_gradient`.
        guided: ReLUs pass back only positive gradients, and those only at positive inputs.
    """

    def make() -> Callable[..., Any]:
        import tensorflow as tf

        program, head = model.program, model.head

        @tf.function(input_signature=_signature(model), autograph=False)
        def gradient(*tensors: Any) -> tuple[list[Any], Any]:
            *inputs, weights = tensors
            sources = [x for x in inputs if x.dtype.is_floating]
            with tf.GradientTape(watch_accessed_variables=False) as tape:
                tape.watch(sources)
                feeds = dict(zip(program.inputs, inputs, strict=True))
                raw = program.run(feeds, [head.logits], _guided if guided else None)[0]
                scores = _scores(raw, weights, log)
            return tape.gradient(scores, sources, unconnected_gradients=tf.UnconnectedGradients.ZERO), scores

        return gradient

    return model.kept(("attribution input", model.head.logits, log, guided), make)


def relu_steps(model: OpenedModel) -> tuple[ProgramStep, ...]:
    """The steps that guided backpropagation changes."""
    return tuple(step for step in model.program.steps if step.activation in _RELUS)


def unguided_activations(model: OpenedModel) -> tuple[str, ...]:
    """Kinds of activation that guided backpropagation leaves as they are, because they are no ReLU."""
    plain = ("", "linear", "softmax", "log_softmax", "sigmoid", *_RELUS)
    found = {step.activation for step in model.program.steps if step.activation not in plain}
    return tuple(sorted(found))


def _signature(model: OpenedModel) -> list[Any]:
    """Of a function of all inputs and the class's weights."""
    import tensorflow as tf

    program = model.program
    inputs = [tf.TensorSpec(program.shapes[n], program.dtypes[n]) for n in program.inputs]
    return [*inputs, tf.TensorSpec([model.head.units], tf.float32)]


def _scores(raw: Any, weights: Any, log: bool) -> Any:
    import tensorflow as tf

    # Where a Flatten follows the softmax, logits are maps of one pixel.
    raw = tf.reshape(tf.cast(raw, tf.float32), [-1, tf.shape(weights)[0]])
    if log:
        raw = tf.math.log(tf.maximum(raw, _SMALLEST))
    return tf.linalg.matvec(raw, weights)


def _guided(step: ProgramStep, call: Callable[..., Any]) -> Callable[..., Any]:
    """ReLU with the backward pass of guided backpropagation: ReLU'(x) · max(upstream, 0)."""
    if step.activation not in _RELUS:
        return call
    import tensorflow as tf

    @tf.custom_gradient
    def guided(x: Any) -> tuple[Any, Callable[[Any], Any]]:
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(x)
            y = call(x)

        def back(upstream: Any) -> Any:
            return tape.gradient(y, x, tf.nn.relu(upstream))

        return y, back

    return guided
