"""What if this weight were another? A model with some weights changed, beside the user's own, which stays."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convscope.core.errors import UserError
from convscope.engine.interpret.kernels_of import array
from convscope.engine.models.opened import OpenedModel
from convscope.engine.models.program import Program, ProgramStep

Weights = Mapping[tuple[str, str], NDArray[np.float32]]

NAMES = (
    "kernel",
    "bias",
    "depthwise_kernel",
    "pointwise_kernel",
    "gamma",
    "beta",
    "moving_mean",
    "moving_variance",
)
"""The weights that can be edited, as Keras calls them."""


class EditedModel(OpenedModel):
    """A model that shares all weights with another but those that were edited.

    It computes step by step, without compiling, so that an edit shows at once.

    Attributes:
        original: the model that it was made from.
        edits: by path of a layer and name of a weight, its numbers.
    """

    def __init__(self, original: OpenedModel, edits: Weights) -> None:
        self.__dict__.update(original.__dict__)
        self.original = original
        self.edits = dict(edits)
        self.program = _with_weights(original.program, self.edits)
        self._lock = threading.RLock()
        self._kept: OrderedDict[Hashable, Any] = OrderedDict()

    def fingerprint(self) -> str:
        """Changes with every edit, too."""
        digest = hashlib.blake2b(self.original.fingerprint().encode(), digest_size=16)
        for (path, name), values in sorted(self.edits.items()):
            digest.update(f"{path} {name}".encode())
            digest.update(np.ascontiguousarray(values).tobytes())
        return digest.hexdigest()

    def function(self, fetch: Sequence[int], given: Sequence[int] | None = None) -> Callable[..., Any]:
        """As `OpenedModel.function`, not compiled."""
        program = self.program
        slots, wanted = tuple(program.inputs if given is None else given), tuple(fetch)
        return lambda *tensors: program.run(dict(zip(slots, tensors, strict=True)), wanted)


def weight(model: OpenedModel, path: str, name: str) -> NDArray[np.float32]:
    """A layer's weight as it is now, in Keras's own order of axes.

    Raises:
        UserError: no such layer or weight.
    """
    return array(_variable(_step(model.program, path, model.name).layer, path, name)).copy()


def kernel_replaced(
    values: NDArray[np.float32], kind: str, channel: int, index: int, kernel: NDArray[np.float32]
) -> NDArray[np.float32]:
    """A convolution's weight with one filter's kernel on one of its inputs replaced.

    Args:
        values: the weight in Keras's own order of axes, as `weight` gives it.
        kind: of the layer.
        channel, index: as in `Kernels.kernel`.
        kernel: kh×kw.
    """
    new = np.array(values, np.float32)
    # A 1-D kernel is one row.
    plane = new[None] if new.ndim == 3 else new
    if kind.startswith("Depthwise"):
        one, copy = divmod(channel, plane.shape[3])
        plane[:, :, one, copy] = kernel
    elif kind.endswith("Transpose"):
        plane[:, :, channel, index] = kernel
    else:
        plane[:, :, index, channel] = kernel
    return new


def with_weight(model: OpenedModel, path: str, name: str, values: NDArray[np.float32]) -> EditedModel:
    """A copy with one weight replaced.

    Raises:
        UserError: no such layer or weight, or numbers of another shape.
    """
    first = _step(model.program, path, model.name).first
    old = weight(model, first, name)
    new = np.array(values, np.float32)
    if new.shape != old.shape or not np.isfinite(new).all():
        raise UserError(f"{name} of {path} is {'×'.join(map(str, old.shape))} finite numbers.")
    edits = dict(model.edits) if isinstance(model, EditedModel) else {}
    original = model.original if isinstance(model, EditedModel) else model
    if np.array_equal(new, weight(original, first, name)):
        edits.pop((first, name), None)
    else:
        edits[first, name] = new
    return EditedModel(original, edits)


def _step(program: Program, path: str, model: str) -> ProgramStep:
    for step in program.steps:
        if step.path == path:
            return step
    raise UserError(f"{model} has no layer {path} with weights.")


def _variable(layer: Any, path: str, name: str) -> Any:
    found = getattr(layer, name, None) if name in NAMES else None
    if found is None:
        raise UserError(f"{path} has no weight called {name}.")
    return found


def _with_weights(program: Program, edits: Weights) -> Program:
    by_layer: dict[str, dict[str, NDArray[np.float32]]] = {}
    for (path, name), values in edits.items():
        by_layer.setdefault(path, {})[name] = values
    steps = tuple(
        _changed(step, by_layer[step.first]) if step.first in by_layer else step for step in program.steps
    )
    return replace(program, steps=steps, _producers={})


def _changed(step: ProgramStep, weights: Mapping[str, NDArray[np.float32]]) -> ProgramStep:
    layer = _twin(step.layer, weights, step.path)
    if step.part == "activation":
        return replace(step, layer=layer)
    return replace(step, layer=layer, call=_twin(step.call, weights, step.path))


def _twin(layer: Any, weights: Mapping[str, NDArray[np.float32]], path: str) -> Any:
    """A shallow copy of a layer with variables of its own where weights were edited."""
    import keras

    twin = object.__new__(type(layer))
    twin.__dict__.update(layer.__dict__)
    for name, values in weights.items():
        old = _variable(layer, path, name)
        # A convolution's `kernel` is a property over `_kernel`.
        for attribute, held in layer.__dict__.items():
            if held is old:
                twin.__dict__[attribute] = keras.Variable(values, trainable=False, name=name)
    return twin
