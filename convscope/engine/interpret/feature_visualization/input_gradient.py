"""The network's part of the ascent: an objective's value and its gradient with respect to the input.

Only the steps up to the layer are computed. Where the layer is a convolution, only the filters that the
objectives name are: their kernels are taken out of the layer, so that the last layer costs next to nothing.
The steps before it are computed as `quick` has it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from convscope.core.errors import NotEnoughMemoryError, UserError
from convscope.engine.interpret.feature_visualization.image_parametrisation import ImageParametrisation
from convscope.engine.interpret.feature_visualization.objectives import Objective
from convscope.engine.interpret.feature_visualization.quick import is_plain_convolution, quicker
from convscope.engine.keras_compat import cannot_run, no_kernel
from convscope.engine.models.program import Program, ProgramStep

if TYPE_CHECKING:
    from convscope.engine.models.opened import OpenedModel

Function = Callable[..., Any]

# Averaged over its map, a filter that looks at the bare image would ask for one even colour: what it finds in
# one place it must miss in the next. So its values below zero count at this share only.
_BELOW = 0.1
_CHANNELWISE = frozenset(
    {
        "MaxPooling2D",
        "AveragePooling2D",
        "BatchNormalization",
        "ZeroPadding2D",
        "Dropout",
        "SpatialDropout2D",
        "UpSampling2D",
    }
)
_LINEAR = frozenset(
    {
        "Conv2D",
        "DepthwiseConv2D",
        "SeparableConv2D",
        "BatchNormalization",
        "Rescaling",
        "Normalization",
        "ZeroPadding2D",
        "Dropout",
        "SpatialDropout2D",
        "AveragePooling2D",
        "Identity",
        "Add",
        "Subtract",
        "Concatenate",
    }
)


def slot_of(model: OpenedModel, objective: Objective, on: str) -> int:
    """The tensor that an objective is measured on.

    Args:
        model: the network.
        objective: any of a batch.
        on: "sum": before the layer's activation, where no filter is dead; "activation": after it. A class is
            always measured at its logit.
    """
    if objective.kind == "class":
        return model.head.logits
    slot = model.slot(objective.path)
    return model.program.sums.get(objective.path, slot) if on == "sum" else slot


def is_linear(program: Program, slot: int) -> bool:
    """Whether maps at this slot are a weighted sum of the image's pixels: a first convolution's."""
    steps = program.needed([slot], program.inputs)
    return all(step.kind in _LINEAR and step.part != "activation" for step in steps)


def measure_of(model: OpenedModel, objective: Objective, on: str, image: ImageParametrisation) -> Function:
    """A kept function: (network input, weights, places) → scores, one an image."""
    return _kept(model, objective, on, image, "measure")


def ascent_of(
    model: OpenedModel, objective: Objective, on: str, image: ImageParametrisation, slot: int | None = None
) -> Function:
    """A kept function: (network input, weights, places) → scores, and their gradient, N×H×W×C.

    The images of a batch do not influence each other. `slot` is another place to measure the channel at.
    """
    return _kept(model, objective, on, image, "ascent", slot)


def waking_slot(program: Program, slot: int) -> int | None:
    """Where a channel can be woken that a ReLU before it keeps at zero, so that no gradient comes through.

    Back through all that works on each channel for itself, to the weighted sum before the last activation;
    None where there is no such place.
    """
    step = program.producer(slot)
    while step is not None and _keeps_channels(step):
        if step.activation:
            return step.inputs[0]
        step = program.producer(step.inputs[0])
    return None


def _keeps_channels(step: ProgramStep) -> bool:
    if step.kind == "DepthwiseConv2D" and step.part != "activation":
        return bool(step.layer.depth_multiplier == 1)
    return bool(step.activation) or step.kind in _CHANNELWISE


def repulsion_of(model: OpenedModel, objective: Objective, on: str, image: ImageParametrisation) -> Function:
    """A kept function: network input → how alike the images of the batch are, and its gradient.

    Alike is the mean cosine between the layer's Gram matrices (Olah, Mordvintsev and Schubert, "Feature
    visualization", Distill 2017: diversity).
    """
    return _kept(model, objective, on, image, "repulsion")


def _kept(
    model: OpenedModel,
    objective: Objective,
    on: str,
    image: ImageParametrisation,
    what: str,
    at: int | None = None,
) -> Function:
    slot = slot_of(model, objective, on) if at is None else at
    size = (image.height, image.width) if image.own_size else (None, None)
    key = ("patterns", what, slot, objective.kind, size, image.channels)

    def make() -> Function:
        return _compile(model, slot, objective.kind, (None, *size, image.channels), what)

    # One function serves many sizes, but the words name the one of now.
    return _in_words(model.kept(key, make), model, image)


def _in_words(function: Function, model: OpenedModel, image: ImageParametrisation) -> Function:
    """The function with TensorFlow's complaints about sizes said in a sentence."""
    import tensorflow as tf

    def called(*tensors: Any) -> Any:
        try:
            return function(*tensors)
        except tf.errors.ResourceExhaustedError as error:
            raise NotEnoughMemoryError(
                "There is too little memory for this size: choose a smaller one."
            ) from error
        except (tf.errors.OpError, ValueError) as error:
            if cannot_run(error):
                raise no_kernel(model.name, error) from error
            raise UserError(
                f"{model.name} does not work on {image.height}×{image.width} pixels: choose another size.",
                detail=str(error),
            ) from error

    return called


def _compile(model: OpenedModel, slot: int, kind: str, shape: tuple[int | None, ...], what: str) -> Function:
    import tensorflow as tf

    batch = tf.TensorSpec(shape, tf.float32)
    table, pairs = tf.TensorSpec((None, None), tf.float32), tf.TensorSpec((None, 2), tf.float32)

    def scores(x: Any, weights: Any, places: Any) -> Any:
        return _scores(model, slot, kind, x, weights, places)

    if what == "measure":
        return tf.function(scores, input_signature=[batch, table, pairs], autograph=False)

    def ascent(x: Any, weights: Any, places: Any) -> tuple[Any, Any]:
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(x)
            found = scores(x, weights, places)
        return found, _flowing(tape.gradient(found, x))

    def repulsion(x: Any) -> tuple[Any, Any]:
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(x)
            alike = _likeness(_values(model, slot, x))
        return alike, _flowing(tape.gradient(alike, x))

    if what == "ascent":
        return tf.function(ascent, input_signature=[batch, table, pairs], autograph=False)
    return tf.function(repulsion, input_signature=[batch], autograph=False)


def _flowing(gradient: Any) -> Any:
    if gradient is None:
        raise UserError("No gradient flows from here back to the image: patterns of this layer cannot grow.")
    return gradient


def _scores(model: OpenedModel, slot: int, kind: str, x: Any, weights: Any, places: Any) -> Any:
    import tensorflow as tf

    if kind == "layer":
        values = _values(model, slot, x)
        return tf.reduce_mean(tf.square(values), axis=list(range(1, len(values.shape))))
    chosen = _chosen(model, slot, x, weights)
    if kind == "channel" and is_linear(model.program, slot):
        chosen = tf.maximum(chosen, _BELOW * chosen)
    if kind == "neuron":
        sizes = tf.cast(tf.shape(chosen)[1:3], tf.float32)
        at = tf.cast(tf.floor(places * sizes), tf.int32)
        return tf.gather_nd(chosen, at, batch_dims=1)
    return tf.reduce_mean(tf.reshape(chosen, [tf.shape(chosen)[0], -1]), axis=1)


def _chosen(model: OpenedModel, slot: int, x: Any, weights: Any) -> Any:
    """Of each image its own weighted channel: N×H×W, or N for a vector."""
    import tensorflow as tf

    producer = model.program.producer(slot)
    after = producer
    if producer is not None and producer.part == "activation":
        producer = model.program.producer(producer.inputs[0])
    if producer is not None and is_plain_convolution(producer):
        sums = _own_filters(producer, _values(model, producer.inputs[0], x), weights)
        # A weighted channel is a filter of its own; an activation follows it as it follows the layer's.
        return after.call(sums) if after is not None and after is not producer else sums
    values = _values(model, slot, x)
    spread = tf.reshape(weights, [tf.shape(weights)[0]] + [1] * (len(values.shape) - 2) + [-1])
    # Zero times a neighbour that is no number is no number.
    return tf.reduce_sum(tf.where(spread == 0, 0.0, values * spread), axis=-1)


def _own_filters(step: ProgramStep, inputs: Any, weights: Any) -> Any:
    """The convolution with one filter an image, N×H×W: a weighted sum of filters is a filter.

    One with weights that are no numbers is no number itself, and leaves its neighbours alone.
    """
    import tensorflow as tf

    layer = step.layer
    kernel = tf.cast(layer.kernel, tf.float32)
    whole = tf.reduce_all(tf.math.is_finite(kernel), axis=[0, 1, 2])
    kernels = tf.einsum("yxic,nc->yxin", tf.where(whole, kernel, 0.0), weights)
    maps = tf.nn.conv2d(
        inputs, kernels, layer.strides, layer.padding.upper(), dilations=list(layer.dilation_rate)
    )
    count = tf.shape(weights)[0]
    own = tf.reduce_sum(maps * tf.eye(count)[:, None, None, :], axis=-1)
    constants = tf.where(whole, tf.cast(layer.bias, tf.float32) if layer.use_bias else 0.0, float("nan"))
    constants = tf.reduce_sum(tf.where(weights == 0, 0.0, weights * constants), axis=1)
    return own + constants[:, None, None]


def _values(model: OpenedModel, slot: int, x: Any) -> Any:
    """A tensor of the program for a batch; other image inputs of the same kind get it too, others zeros."""
    import tensorflow as tf

    program = model.program
    main = program.inputs[model.image_input]
    feeds = {}
    for index in program.inputs:
        if index == main or program.shapes[index] == program.shapes[main]:
            feeds[index] = tf.cast(x, program.dtypes[index])
        else:
            rest = [size or 1 for size in program.shapes[index][1:]]
            feeds[index] = tf.zeros([tf.shape(x)[0], *rest], program.dtypes[index])
    return tf.cast(program.run(feeds, [slot], quicker)[0], tf.float32)


def _likeness(values: Any) -> Any:
    import tensorflow as tf

    flat = tf.reshape(values, [tf.shape(values)[0], -1, values.shape[-1]])
    gram = tf.reshape(tf.matmul(flat, flat, transpose_a=True), [tf.shape(values)[0], -1])
    gram = tf.math.l2_normalize(gram, axis=1)
    alike = tf.matmul(gram, gram, transpose_b=True)
    return (tf.reduce_sum(alike) - tf.linalg.trace(alike)) / 2
