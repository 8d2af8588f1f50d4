"""Making Keras models: stopped between two layers, at any depth, within what memory there is."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from math import prod
from typing import Any

from convscope.core.errors import UserError
from convscope.core.opening import check_budget


class _Building(threading.local):
    """What is asked between two layers that a thread builds or calls; it stops the work by raising."""

    check: Callable[[], None] = staticmethod(lambda: None)


building = _Building()


@contextmanager
def between_layers(check: Callable[[], None]) -> Iterator[None]:
    """Call this whenever a layer is built or called in here: a network of a thousand takes seconds."""
    outer, building.check = building.check, check
    try:
        yield
    finally:
        building.check = outer


def build_for_training(model: Any, batch: Any) -> None:
    """Make the variables of a compiled model's metrics and optimizer, before its first step.

    Else they are made while that step is traced, which TensorFlow then does twice: more than half of what a
    short training takes. Nothing is computed.

    Args:
        batch: (inputs, labels): the `tf.TensorSpec` of each, or tensors.
    """
    model._symbolic_build(data_batch=batch)


def build_at_once() -> None:
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
            building.check()
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


def go_through_long_chains() -> None:
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


def bound_what_is_computed_while_building() -> None:
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


def make_variables(model: Any, zeros: bool) -> None:
    """Make the variables of a model that was described inside a `keras.StatelessScope` without values.

    Args:
        zeros: all of them, as their values come from a file.
    """
    import keras
    from keras.src.backend.common.variables import initialize_all_variables

    if zeros:
        initializer = keras.initializers.Zeros()
        for variable in model.weights:
            variable._initializer = initializer
    # TensorFlow settles for good, when it makes a variable, whether gradients are taken: those of layers
    # that are frozen now may be wanted once they are unfrozen, as where Keras makes them itself.
    frozen = [
        variable
        for layer in model._flatten_layers()
        for variable in layer._trainable_variables
        if not variable.trainable
    ]
    for variable in frozen:
        variable.trainable = True
    initialize_all_variables()
    for variable in frozen:
        variable.trainable = False


def forget_unmade_variables() -> None:
    """What was described and refused must not be made when the next model is."""
    from keras.src.backend.common.global_state import set_global_attribute

    set_global_attribute("uninitialized_variables", [])


def from_legacy_config(config: dict[str, Any]) -> Any:
    """What Keras 3 itself writes into .h5 files: today's settings in the old form, without modules."""
    from keras.src.legacy.saving import saving_options, saving_utils

    with saving_options.keras_option_scope(use_legacy_config=True), warnings.catch_warnings():
        # Keras 2's names of settings (LeakyReLU's alpha), which it reads and frowns on.
        warnings.simplefilter("ignore", UserWarning)
        return saving_utils.model_from_config(config)
