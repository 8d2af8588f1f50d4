"""The one place for what Keras keeps for the whole process, and for the private parts of it that are needed.

The seed, the float type and the order of axes belong to the process: they are set here, under one lock. Where
this processor lacks one of TensorFlow's kernels, Keras is given another way to the same numbers.
"""

from __future__ import annotations

import os
import random
import re
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache, wraps
from math import gcd, prod
from typing import Any

from convscope.core.errors import UserError
from convscope.core.opening import check_budget

_lock = threading.RLock()
_set_up = False


def set_up() -> None:
    """Bring Keras to what every shape, gradient and seed in the app means; once Keras is imported."""
    global _set_up
    import keras

    with _lock:
        # The user's keras.json may say otherwise.
        keras.config.set_floatx("float32")
        keras.config.set_image_data_format("channels_last")
        if not _set_up:
            _seed_each_thread()
            _run_on_every_processor()
            _take_any_name()
            _build_at_once()
            _go_through_long_chains()
            _bound_what_is_computed_while_building()
            _keep_quiet()
            _set_up = True


def graph_calls(graph: Any) -> list[Any]:
    """The calls (Keras's nodes) of a functional network in the order in which Keras computes them.

    Inputs are left out.
    """
    order = {id(operation): place for place, operation in enumerate(graph.operations)}
    found = []
    for depth in sorted(graph._nodes_by_depth, reverse=True):
        found += sorted(graph._nodes_by_depth[depth], key=lambda node: order[id(node.operation)])
    return [node for node in found if node.operation is not None and not node.is_input]


# -- seeds ---------------------------------------------------------------------------------------------------


class _Draws(threading.local):
    """Where Keras takes the seeds of new layers from: in `seeded`, from a source of the thread's own.

    Python's own source belongs to all threads: a network that is built beside a training would take numbers
    away from it, or start it anew.
    """

    own: random.Random | None = None

    def randint(self, low: int, high: int) -> int:
        """As `random.randint`."""
        return (self.own or random).randint(low, high)


_draws = _Draws()


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Make new layers and weights in here: the same seed gives the same ones, whatever other threads make.

    They are those that follow `keras.utils.set_random_seed(seed)` in a script. NumPy's and TensorFlow's own
    sources, which no layer of Keras draws from, are set to the seed too.
    """
    import keras

    set_up()
    with _lock:
        keras.utils.set_random_seed(seed)
    outer, _draws.own = _draws.own, random.Random(seed)
    try:
        yield
    finally:
        _draws.own = outer


def _seed_each_thread() -> None:
    from keras.src.random import seed_generator

    seed_generator.python_random = _draws


# -- names and warnings --------------------------------------------------------------------------------------

_NOT_IN_SCOPES = re.compile(r"[^A-Za-z0-9_.\\/>-]")


def _take_any_name() -> None:
    """Let layers have names that Keras takes and TensorFlow's scopes do not: with spaces, in any script."""
    from keras.src.backend.tensorflow import core

    begin = core.name_scope.__init__

    @wraps(begin)
    def begin_plainly(self: Any, name: Any, **kwargs: Any) -> None:
        _building.check()
        if not isinstance(name, str):
            begin(self, name, **kwargs)
            return
        plain = _NOT_IN_SCOPES.sub("_", name)
        begin(self, plain if re.match(r"[A-Za-z0-9.]", plain) else f"n{plain}", **kwargs)
        self.name = name

    core.name_scope.__init__ = begin_plainly


class _KerasWarnings:
    """Python's warnings without what Keras says of a softmax over one number: the app has a note for it."""

    def __getattr__(self, name: str) -> Any:
        return getattr(warnings, name)

    def warn(self, message: Any, category: Any = None, stacklevel: int = 1) -> None:
        """As `warnings.warn`."""
        if not str(message).startswith("You are using a softmax over axis"):
            warnings.warn(message, category, stacklevel + 1)


def _keep_quiet() -> None:
    from absl import logging
    from keras.src.ops import nn

    nn.warnings = _KerasWarnings()
    # What Keras advises whoever writes a script: that .h5 is "legacy", say.
    logging.set_verbosity(logging.ERROR)


# -- building ------------------------------------------------------------------------------------------------


class _Building(threading.local):
    """What is asked between two layers that a thread builds or calls; it stops the work by raising."""

    check: Callable[[], None] = staticmethod(lambda: None)


_building = _Building()


@contextmanager
def between_layers(check: Callable[[], None]) -> Iterator[None]:
    """Call this whenever a layer is built or called in here: a network of a thousand takes seconds."""
    outer, _building.check = _building.check, check
    try:
        yield
    finally:
        _building.check = outer


def build_for_training(model: Any, batch: Any) -> None:
    """Make the variables of a compiled model's metrics and optimizer, before its first step.

    Else they are made while that step is traced, which TensorFlow then does twice: more than half of what a
    short training takes. Nothing is computed.

    Args:
        batch: (inputs, labels): the `tf.TensorSpec` of each, or tensors.
    """
    model._symbolic_build(data_batch=batch)


def _build_at_once() -> None:
    """Have a Sequential's layers connected once, when all are there, not anew with each that is added."""
    import keras
    from keras.src.legacy.saving import saving_utils

    def from_config(cls: Any, config: Any, custom_objects: Any = None) -> Any:
        if "name" not in config:
            raise ValueError(
                "A Sequential model configuration must be a dictionary with the keys 'name' and 'layers'."
            )
        model = cls(name=config["name"])
        for spec in config["layers"]:
            _building.check()
            model.add(
                keras.saving.deserialize_keras_object(spec, custom_objects=custom_objects)
                if "module" in spec
                else saving_utils.model_from_config(spec, custom_objects=custom_objects),
                rebuild=False,
            )
        if model._layers:
            model._maybe_rebuild()
        shape = config.get("build_input_shape")
        if not model._functional and shape and isinstance(shape, tuple | list):
            model.build(shape)
        return model

    keras.Sequential.from_config = classmethod(from_config)


def _go_through_long_chains() -> None:
    """Find a network's order without a call within a call for each layer: Python allows a thousand."""
    from keras.src.models import functional
    from keras.src.ops import function

    recursive = function._build_map

    @wraps(recursive)
    def build_map(inputs: Any, outputs: Any) -> tuple[list[Any], dict[Any, int]]:
        try:
            found: tuple[list[Any], dict[Any, int]] = recursive(inputs, outputs)
        except RecursionError:
            found = _in_order(inputs, outputs)
        return found

    function._build_map = functional._build_map = build_map


def _in_order(inputs: Any, outputs: Any) -> tuple[list[Any], dict[Any, int]]:
    """A graph's nodes, each after those that feed it, and when each operation was first met."""
    from keras import tree

    given = {id(tensor) for tensor in tree.flatten(inputs)}
    finished, begun = set(), set()
    order: list[Any] = []
    indices: dict[Any, int] = {}

    def begin(tensor: Any) -> list[tuple[Any, Iterator[Any]]]:
        operation, index, _ = tensor._keras_history
        node = operation._inbound_nodes[index] if operation else None
        if node is None or node in finished:
            return []
        if not node.is_input and id(tensor) in given:
            finished.add(node)
            return []
        if node in begun:
            raise ValueError(f"Tensor {tensor} from operation '{operation.name}' is part of a cycle.")
        indices.setdefault(operation, len(indices))
        begun.add(node)
        return [(node, iter(() if node.is_input else node.input_tensors))]

    for output in tree.flatten(outputs):
        open_nodes = begin(output)
        while open_nodes:
            node, feeds = open_nodes[-1]
            tensor = next(feeds, None)
            if tensor is not None:
                open_nodes += begin(tensor)
                continue
            open_nodes.pop()
            finished.add(node)
            begun.discard(node)
            order.append(node)
    return order, indices


def _bound_what_is_computed_while_building() -> None:
    """Refuse a Normalization that would spread one number over a vast image when it is built."""
    from keras.src.layers.preprocessing.normalization import Normalization

    build = Normalization.build

    @wraps(build)
    def build_within_budget(self: Any, input_shape: Any) -> None:
        axes = self.axis or ()
        if self.input_mean is not None and input_shape is not None:
            sides = [input_shape[axis] or 1 for axis in axes if -len(input_shape) <= axis < len(input_shape)]
            _within_budget(8 * prod(sides), f"The layer {self.name} computes with arrays of")
        build(self, input_shape)

    Normalization.build = build_within_budget


def _within_budget(size: int, what: str) -> None:
    try:
        check_budget(size, what)
    except UserError as error:
        # Else Keras writes into the sentence what its layers were called with.
        error._keras_call_info_injected = True  # type: ignore[attr-defined]
        raise


# -- processors ----------------------------------------------------------------------------------------------

# What TensorFlow says where it has no kernel for the processor at hand.
_NO_KERNEL = re.compile(
    r"Current CPU implementations? do(es)? not yet support|only supports (the )?NHWC"
    r"|only supports equal length strides|No OpKernel was registered|on the CPU"
)


def has_onednn() -> bool:
    """Whether TensorFlow computes by oneDNN's kernels on this processor: read once it is imported."""
    from tensorflow.python.util import _pywrap_util_port

    return bool(_pywrap_util_port.IsMklEnabled())


def cannot_run(error: BaseException) -> bool:
    """Whether TensorFlow says that it cannot compute this on the processor at hand."""
    return _NO_KERNEL.search(str(error)) is not None


def no_kernel(name: str, error: BaseException) -> UserError:
    """That, in a sentence, with the way out."""
    off = os.environ.get("TF_ENABLE_ONEDNN_OPTS", "1").strip().lower() in ("0", "false")
    way = "start without TF_ENABLE_ONEDNN_OPTS=0" if off else "open it on a machine with a graphics card"
    return UserError(
        f"{name} has a layer that TensorFlow cannot compute on this processor: {way}, or change that layer.",
        detail=str(error),
    )


def _run_on_every_processor() -> None:
    """Give Keras a way round two kernels that TensorFlow lacks without oneDNN, or in some float types.

    Both are the same sums in another order of the work: transposed convolution with dilation, and convolution
    of each channel with strides that differ.
    """
    from keras.src.backend.tensorflow import nn

    transpose, depthwise, separable = nn.conv_transpose, nn.depthwise_conv, nn.separable_conv

    @wraps(transpose)
    def conv_transpose(
        inputs: Any,
        kernel: Any,
        strides: Any = 1,
        padding: str = "valid",
        output_padding: Any = None,
        data_format: Any = None,
        dilation_rate: Any = 1,
    ) -> Any:
        rates = _each(dilation_rate, len(kernel.shape) - 2)
        if max(rates) > 1 and not _dilates_transposed(len(rates), _dtype(inputs)):
            kernel, dilation_rate = _spread(kernel, rates), 1
        return transpose(inputs, kernel, strides, padding, output_padding, data_format, dilation_rate)

    @wraps(depthwise)
    def depthwise_conv(
        inputs: Any,
        kernel: Any,
        strides: Any = 1,
        padding: str = "valid",
        data_format: Any = None,
        dilation_rate: Any = 1,
    ) -> Any:
        steps = _each(strides, len(kernel.shape) - 2)
        last = data_format in (None, "channels_last")
        if len(set(steps)) == 1 or not last or _strides_apart(_dtype(inputs)):
            return depthwise(inputs, kernel, strides, padding, data_format, dilation_rate)
        if padding == "same":
            inputs = _padded(inputs, kernel.shape[:2], steps)
        step = gcd(*steps)
        dense = depthwise(inputs, kernel, step, "valid", data_format, dilation_rate)
        return dense[:, :: steps[0] // step, :: steps[1] // step]

    @wraps(separable)
    def separable_conv(
        inputs: Any,
        depthwise_kernel: Any,
        pointwise_kernel: Any,
        strides: Any = 1,
        padding: str = "valid",
        data_format: Any = None,
        dilation_rate: Any = 1,
    ) -> Any:
        steps = _each(strides, len(depthwise_kernel.shape) - 2)
        more = (strides, padding, data_format, dilation_rate)
        if len(set(steps)) == 1:
            return separable(inputs, depthwise_kernel, pointwise_kernel, *more)
        each = depthwise_conv(inputs, depthwise_kernel, *more)
        return nn.conv(each, pointwise_kernel, 1, "valid", data_format, 1)

    nn.conv_transpose, nn.depthwise_conv = conv_transpose, depthwise_conv
    nn.separable_conv = separable_conv


def _each(value: Any, axes: int) -> tuple[int, ...]:
    return (value,) * axes if isinstance(value, int) else tuple(value)


def _dtype(tensor: Any) -> str:
    from keras import backend

    return str(backend.standardize_dtype(tensor.dtype))


@cache
def _dilates_transposed(axes: int, dtype: str) -> bool:
    """Whether TensorFlow has a kernel here for a transposed convolution with dilation."""
    import tensorflow as tf

    ones = tf.ones
    return _runs(
        lambda: tf.nn.conv_transpose(
            ones((1, *(2,) * axes, 1), dtype),
            ones((*(2,) * axes, 1, 1), dtype),
            (1, *(4,) * axes, 1),
            1,
            padding="VALID",
            dilations=2,
        )
    )


@cache
def _strides_apart(dtype: str) -> bool:
    """Whether TensorFlow has a kernel here for depthwise convolution with strides that differ."""
    import tensorflow as tf

    maps, kernel = (1, 4, 4, 1), (2, 2, 1, 1)
    return _runs(
        lambda: tf.nn.depthwise_conv2d(tf.ones(maps, dtype), tf.ones(kernel, dtype), (1, 1, 2, 1), "VALID")
    )


def _runs(work: Callable[[], Any]) -> bool:
    import tensorflow as tf

    # Outside of whatever is being traced.
    with tf.init_scope():
        try:
            work()
        except (tf.errors.InvalidArgumentError, tf.errors.UnimplementedError, tf.errors.NotFoundError):
            return False
    return True


def _spread(kernel: Any, rates: tuple[int, ...]) -> Any:
    """The kernel with rate − 1 zeros between its weights: what dilation means."""
    import tensorflow as tf

    spread = tf.convert_to_tensor(kernel)
    for axis, rate in enumerate(rates):
        size, shape = kernel.shape[axis], list(spread.shape)
        gaps = [(0, 0)] * (len(shape) + 1)
        gaps[axis + 1] = (0, rate - 1)
        shape[axis] = size * rate
        spread = tf.reshape(tf.pad(tf.expand_dims(spread, axis + 1), gaps), shape)
        spread = tf.gather(spread, tf.range((size - 1) * rate + 1), axis=axis)
    return spread


def _padded(inputs: Any, kernel: Any, steps: tuple[int, ...]) -> Any:
    """The zeros around an image that "same" stands for with these strides."""
    import tensorflow as tf

    sides = tf.shape(inputs)[1:3]
    amounts = [
        tf.maximum((-(-sides[axis] // steps[axis]) - 1) * steps[axis] + kernel[axis] - sides[axis], 0)
        for axis in (0, 1)
    ]
    around = [(amount // 2, amount - amount // 2) for amount in amounts]
    return tf.pad(inputs, [(0, 0), *around, (0, 0)])
