"""One image before one model, with what was computed for it kept: another class costs a head's gradient."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convscope.core.errors import UserError
from convscope.engine.data.preprocessing import PreparedImage
from convscope.engine.interpret.attribution import gradients
from convscope.engine.interpret.attribution.layers import LayerChoice, chosen_layer, stages
from convscope.engine.interpret.attribution.target import ScoreTarget
from convscope.engine.models.answers.head import are_probabilities
from convscope.engine.models.answers.prediction import Prediction
from convscope.engine.models.opened import OpenedModel
from convscope.imaging.image import Image

# What is kept of maps and gradients: a grid's worth at the last layer, one map at an early one.
_KEPT_BYTES = 8 << 20


class AttributionContext:
    """An image as a model sees it; ask it for maps and gradients. Safe to use from several threads.

    It keeps what it computed, so make a new one after the model was trained or its weights were edited.

    Args:
        model: it must tell classes or numbers, and take images.
        image: the picture.
        prediction: of this image by this model, if it is at hand; saves a forward pass.

    Attributes:
        model, image: as given.
        prepared: the network's input, and the picture that it shows.

    Raises:
        UserError: the model puts out no row of numbers, or does not take such images.
    """

    def __init__(self, model: OpenedModel, image: Image, prediction: Prediction | None = None) -> None:
        self.model = model
        self.image = image
        self._head = model.head
        self.prepared: PreparedImage = model.prepare(image)
        self._lock = threading.RLock()
        self._kept: OrderedDict[Hashable, Any] = OrderedDict()
        if prediction is not None:
            self.__dict__["prediction"] = prediction

    @cached_property
    def prediction(self) -> Prediction:
        """All classes of the image, most probable first."""
        return self.model.predict(self.image)

    @property
    def predicted(self) -> bool:
        """Whether the prediction is at hand, so that a score costs nothing."""
        return "prediction" in self.__dict__

    def top(self) -> ScoreTarget:
        """The most probable class; of numbers the first."""
        return ScoreTarget(self.prediction.classes[0].index)

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of the network's input in pixels."""
        return self.prepared.batch.shape[1], self.prepared.batch.shape[2]

    @cached_property
    def notes(self) -> tuple[str, ...]:
        """What holds for every gradient of this model, one sentence each."""
        if self.logarithms:
            return (
                "The network's logits cannot be reached: logarithms of its probabilities stand for them, "
                "which leaves differences of classes as they are.",
            )
        return ()

    @cached_property
    def inputs(self) -> list[Any]:
        """The model's input tensors for this image."""
        return self.model.inputs_for(self.prepared.batch)

    @cached_property
    def logarithms(self) -> bool:
        """Whether logarithms of probabilities stand for logits that cannot be reached."""
        if self._head.kind != "unknown":
            return False
        output = self.model.function((self._head.output,))(*self.inputs)[0].numpy()
        return are_probabilities(output)

    # Maps and gradients of a layer.

    def maps(self, layer: LayerChoice) -> NDArray[np.float32]:
        """The layer's maps, float32, h×w×channels; kept.

        Raises:
            UserError: they have values that are no numbers.
        """
        maps = _array(self._trunk(layer.path)[0][0])
        if not np.isfinite(maps).all():
            raise UserError(
                f"The maps of {layer.path} have values that are no numbers: the network overflows on this "
                f"image."
            )
        return maps

    def layer_gradient(
        self, layer: LayerChoice, target: ScoreTarget
    ) -> tuple[NDArray[np.float32], NDArray[np.float32], float]:
        """Maps and ∂score/∂maps, h×w×channels each, and the score; kept.

        At the layer that the app chooses the image goes through the network once, and another class needs
        under 0.15 of that: the compiled part after the layer. At the stages, once the maps of all of them
        are there, every class is one compiled pass there and back. At other layers the part after them goes
        step by step, which takes the longer the earlier the layer is: twenty forward passes and more near
        the image.
        """

        def make() -> tuple[NDArray[np.float32], NDArray[np.float32], float]:
            model, slot = self.model, self.model.slot(layer.path)
            if layer.path != self._main and (found := self._by_stages(slot, target)) is not None:
                return found
            tensors, others = self._trunk(layer.path)
            compiled = layer.path == self._main
            function = gradients.head_gradient(model, slot, others, self.logarithms, compiled)
            gradient, scores = function(*tensors, target.weights(self._head))
            return _array(tensors[0]), _array(gradient), float(scores.numpy()[0])

        return self._keep(("gradient", layer.path, target), make)

    def stage_gradients(
        self, layers: tuple[LayerChoice, ...], target: ScoreTarget
    ) -> list[tuple[NDArray[np.float32], NDArray[np.float32]]]:
        """Maps and gradients of several layers in one pass there and back."""
        slots = [self.model.slot(layer.path) for layer in layers]
        function = gradients.stage_gradients(self.model, slots, self.logarithms)
        maps, gradient, _scores = function(*self.inputs, target.weights(self._head))
        return [(_array(a), _array(g)) for a, g in zip(maps, gradient, strict=True)]

    def _by_stages(
        self, slot: int, target: ScoreTarget
    ) -> tuple[NDArray[np.float32], NDArray[np.float32], float] | None:
        """Maps and gradient of a stage by the function of all stages, if that is there."""
        slots = [self.model.slot(layer.path) for layer in stages(self.model)]
        function = gradients.known_stage_gradients(self.model, slots, self.logarithms)
        if function is None or slot not in slots:
            return None
        maps, gradient, scores = function(*self.inputs, target.weights(self._head))
        number = slots.index(slot)
        return _array(maps[number]), _array(gradient[number]), float(scores.numpy()[0])

    # Gradients of the input, and scores.

    def input_gradients(
        self, batch: NDArray[np.float32], target: ScoreTarget, *, guided: bool = False
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """∂score/∂image of inputs like this one's, N×H×W×C, and the scores, N.

        Where several inputs of the model take the image, their gradients are summed.

        Raises:
            UserError: the model takes whole numbers, or the score does not depend on the image smoothly.
        """
        model = self.model
        inputs = model.inputs_for(batch)
        self.check_gradient()
        function = gradients.input_gradient(model, self.logarithms, guided)
        gradient, scores = function(*inputs, target.weights(self._head))
        shape = batch.shape[1:]
        fitting = [slope.numpy() for slope in gradient if tuple(slope.shape[1:]) == shape]
        return np.asarray(sum(fitting), np.float32), np.asarray(scores.numpy(), np.float32)

    def check_gradient(self) -> None:
        """Raise `UserError` where the image goes in as whole numbers only."""
        program = self.model.program
        for slot in program.inputs:
            if "float" in program.dtypes[slot] and self.takes_image(slot):
                return
        raise UserError(
            f"{self.model.name} takes whole numbers, which have no gradient: choose a method that hides "
            f"parts of the image, such as occlusion."
        )

    def takes_image(self, slot: int) -> bool:
        """Whether the image goes into this input of the model."""
        shape, image = self.model.program.shapes[slot], self.prepared.batch.shape
        return len(shape) == 4 and all(a in (None, b) for a, b in zip(shape[1:], image[1:], strict=True))

    def scores(
        self, batch: NDArray[np.float32], target: ScoreTarget
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Scores and probabilities of the target for inputs like this one's, N each."""
        logits, probabilities = self.model.scores(batch)
        values = not self.model.has_classes
        return target.score(logits), target.probability(logits, probabilities, values=values)

    def score(self, target: ScoreTarget) -> float:
        """The target's logit (or difference of logits) for this image."""
        if self.predicted:
            return float(target.score(self.prediction.logits[None])[0])
        return self._keep(("score", target), lambda: float(self.scores(self.prepared.batch, target)[0][0]))

    @cached_property
    def _main(self) -> str:
        """The layer that the app chooses, whose functions are compiled."""
        return chosen_layer(self.model).path

    def _trunk(self, path: str) -> tuple[list[Any], tuple[int, ...]]:
        """The tensors that the head needs: the layer's maps, and others by their slots."""

        def make() -> tuple[list[Any], tuple[int, ...]]:
            function, others = gradients.trunk(self.model, self.model.slot(path), path == self._main)
            return list(function(*self.inputs)), others

        return self._keep(("trunk", path), make)

    def _keep(self, key: Hashable, make: Callable[[], Any]) -> Any:
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
            value = self._kept[key] = make()
            while len(self._kept) > 1 and sum(_bytes(one) for one in self._kept.values()) > _KEPT_BYTES:
                self._kept.popitem(last=False)
            return value


def _array(tensor: Any) -> NDArray[np.float32]:
    """The first of a batch."""
    return np.asarray(tensor.numpy()[0], np.float32)


def _bytes(value: Any) -> int:
    """Memory of a kept value: arrays, tensors, numbers, or several of them."""
    if isinstance(value, (tuple, list)):
        return sum(_bytes(one) for one in value)
    if isinstance(value, np.ndarray):
        return value.nbytes
    shape = getattr(value, "shape", ())
    return 4 * int(np.prod([int(n) for n in shape])) if len(shape) else 64
