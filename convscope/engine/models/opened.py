"""A model opened once and wrapped once: all that the app asks of it, without building anything anew."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convscope.engine.keras_compat import cannot_run, no_kernel
from convscope.engine.models.flatten import flatten, graph_of
from convscope.engine.models.head import Head, are_probabilities, head_at
from convscope.engine.models.memory import check_fits
from convscope.engine.models.precision import copy_weights, in_float32, is_low_precision
from convscope.engine.models.prediction import Prediction, ranked, softmax
from convscope.engine.models.preprocessing import (
    RAW,
    UNIT,
    Prepared,
    Preprocessing,
    check_input,
    prepare,
)
from convscope.engine.models.program import Program
from convscope.engine.models.read import read
from convscope.engine.models.sheet import LayerInfo, Sheet
from convscope.errors import NotEnoughMemoryError, UserError
from convscope.ids import new_id
from convscope.imaging.image import Image

_KEPT = 48


@dataclass(frozen=True)
class Source:
    """Where a model came from.

    Attributes:
        kind: "shipped", "template", "application", "file" or "memory".
        spec: what `open_model` opens it by again.
        path: its file, if it has one.
        weights: in words: "ImageNet", "random", a file's name, "trained".
    """

    kind: str
    spec: str
    path: Path | None = None
    weights: str = ""


class OpenedModel:
    """A Keras model with its names, its preprocessing and its kept functions. The model is never changed.

    Safe to use from several threads. Made by `open_model`, or from a model at hand by this constructor.

    Args:
        model: any Keras model with a known input.
        name: what a person calls it; the Keras name as a rule.
        classes: names by index; may be empty.
        preprocessing: what it expects of pixels.
        source: where it came from.
        notes: what was mended on opening or has to be known, one sentence each.

    Attributes:
        is_assumed: whether `preprocessing` is but a guess, because nothing says how images are prepared.
        keras: the user's model, for training and saving.
        id: what it is told apart by: its twins under other names or preprocessing have the same one.
        program: its steps, for seeing inside; of a float32 copy when the model computes in lower precision.

    Raises:
        UserError: the model has no input shape yet.
    """

    def __init__(
        self,
        model: Any,
        *,
        name: str = "",
        classes: Sequence[str] = (),
        preprocessing: Preprocessing | None = None,
        source: Source | None = None,
        notes: Sequence[str] = (),
    ) -> None:
        self.id = new_id()
        self.keras = model
        self.name = name or str(model.name)
        self.classes = tuple(classes)
        self.source = source or Source("memory", self.name)
        self._copy = in_float32(model) if is_low_precision(model) else None
        self.program: Program = flatten(model if self._copy is None else self._copy)
        self.preprocessing = preprocessing or guessed_preprocessing(self.program)
        self.is_assumed = preprocessing is None
        self._notes = tuple(notes) + self._own_notes()
        self._lock = threading.RLock()
        self._kept: OrderedDict[Hashable, Any] = OrderedDict()

    def with_(
        self, *, classes: Sequence[str] | None = None, preprocessing: Preprocessing | None = None
    ) -> OpenedModel:
        """The same model under other names or preprocessing; weights, program, kept functions are shared.

        Raises:
            UserError: the preprocessing has one number for each of other channels than the network takes.
        """
        takes_images = any(len(self.program.shapes[slot]) == 4 for slot in self.program.inputs)
        # A classifier on features is kept beside what its base does to images.
        if preprocessing is not None and takes_images:
            preprocessing.check(self.input_shape[2], self.name)
        twin = object.__new__(OpenedModel)
        twin.__dict__.update(self.__dict__)
        if classes is not None:
            twin.classes = tuple(classes)
        if preprocessing is not None:
            twin.preprocessing = preprocessing
            twin.is_assumed = False
        return twin

    # What it is.

    @cached_property
    def sheet(self) -> Sheet:
        """Every layer's arithmetic, nested bases opened up, and the totals."""
        return read(self.program)

    @property
    def layers(self) -> tuple[LayerInfo, ...]:
        """The layers in the order of computation."""
        return self.sheet.layers

    def layer(self, path: str) -> LayerInfo:
        """One layer.

        Raises:
            UserError: no such path.
        """
        for info in self.layers:
            if info.path == path:
                return info
        raise UserError(f"{self.name} has no layer {path}.")

    @property
    def image_input(self) -> int:
        """Which of the inputs takes the image: the first with height, width and channels.

        Raises:
            UserError: none does.
        """
        for number, slot in enumerate(self.program.inputs):
            if len(self.program.shapes[slot]) == 4:
                return number
        raise UserError(f"{self.name} does not take images: its input is {self._input_words()}.")

    @property
    def input_shape(self) -> tuple[int | None, int | None, int]:
        """Height, width (None where free) and channels of the image input."""
        _, height, width, channels = self.program.shapes[self.program.inputs[self.image_input]]
        if channels is None:
            raise UserError(f"{self.name} does not say how many channels its images have.")
        return height, width, channels

    @cached_property
    def head(self) -> Head:
        """The output that tells classes: the first with one number a class.

        Raises:
            UserError: it has none (a base without classifier puts out maps).
        """
        for slot in self.program.outputs:
            shape = self.program.shapes[slot]
            if len(shape) == 2 and shape[1] is not None:
                return head_at(self.program, slot, shape[1])
        shapes = [self.program.shapes[slot][1:] for slot in self.program.outputs]
        words = " and ".join("×".join("?" if n is None else str(n) for n in shape) for shape in shapes)
        raise UserError(
            f"{self.name} tells no classes: it puts out {words} (a base without its classifier?)."
        )

    @property
    def has_classes(self) -> bool:
        """Whether `head` exists."""
        try:
            return self.head.units > 0
        except UserError:
            return False

    def fingerprint(self) -> str:
        """A short text that changes with any weight or layer: the key of caches on disk."""
        digest = hashlib.blake2b(digest_size=16)
        for row in self.layers:
            digest.update(f"{row.path} {row.kind} {row.shape} {row.activation};".encode())
        for weight in self.keras.weights:
            digest.update(np.ascontiguousarray(weight.numpy()).tobytes())
        return digest.hexdigest()

    def refresh(self) -> None:
        """Take notice that `keras` was trained, loaded into or (un)frozen.

        Weights show at once without it, save where `program` runs on a copy in float32.
        """
        if self._copy is not None:
            copy_weights(self.keras, self._copy)
        self.__dict__.pop("sheet", None)

    # What it does.

    def prepare(self, image: Image) -> Prepared:
        """The image at this network's size, in its colours and range.

        Raises:
            UserError: the network does not take such images.
        """
        return prepare(image, *self.input_shape, self.preprocessing)

    def kept(self, key: Hashable, make: Callable[[], Any]) -> Any:
        """What `make` returned for this key before, or now: compiled functions, kept for the next click.

        The least used go when there are over 48, so that memory does not grow with the layers visited.
        """
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
            value = make()
            if callable(value):
                value = self.answering(value)
            self._kept[key] = value
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
            return value

    def answering(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function; what a graph in another process says when it fails, it says as that sentence.

        TensorFlow hands on an error's words, not its type, through whatever is computed around the graph.
        """
        elsewhere = [layer for layer in self.keras.layers if hasattr(layer, "failure")]
        if not elsewhere:
            return function
        import tensorflow as tf

        def answered(*args: Any, **kwargs: Any) -> Any:
            try:
                return function(*args, **kwargs)
            except (tf.errors.OpError, UserError, RuntimeError, ValueError) as error:
                # A UserError, too: Keras writes into it what its layer was called with.
                told = next((layer.failure for layer in elsewhere if layer.failure is not None), None)
                if told is None:
                    raise
                raise told from error

        return answered

    def function(self, fetch: Sequence[int], given: Sequence[int] | None = None) -> Callable[..., Any]:
        """A kept `tf.function` from slots (the model's inputs by default) to slots.

        It takes the tensors of `given`, one argument each, and returns a list, the tensors of `fetch`.
        The batch size is free, so that another image or a larger batch traces nothing anew.
        """
        slots, wanted = tuple(self.program.inputs if given is None else given), tuple(fetch)
        return self.kept(("function", slots, wanted), lambda: self._compile(slots, wanted))

    def _compile(self, given: tuple[int, ...], fetch: tuple[int, ...]) -> Callable[..., Any]:
        import tensorflow as tf

        program = self.program
        for step in program.needed(fetch, given):
            check_fits(
                max(4 * prod(n or 1 for n in program.shapes[slot][1:]) for slot in step.outputs),
                f"For one image {step.path} of {self.name} puts out",
            )
        # A batch size that the model was built with holds for training alone.
        signature = [tf.TensorSpec((None, *program.shapes[n][1:]), program.dtypes[n]) for n in given]

        @tf.function(input_signature=signature, autograph=False)
        def compiled(*tensors: Any) -> list[Any]:
            return program.run(dict(zip(given, tensors, strict=True)), fetch)

        return compiled

    def inputs_for(self, batch: NDArray[np.float32]) -> list[Any]:
        """All inputs of the model for a batch of prepared images: every image input gets it, others zeros."""
        import tensorflow as tf

        self.image_input  # noqa: B018 - says why when there is none
        program, tensors = self.program, []
        for slot in program.inputs:
            shape, dtype = program.shapes[slot], program.dtypes[slot]
            fits = len(shape) == 4 and all(
                a is None or a == b for a, b in zip(shape[1:], batch.shape[1:], strict=True)
            )
            if fits:
                tensors.append(tf.cast(tf.convert_to_tensor(batch), dtype))
            elif slot == program.inputs[self.image_input]:
                raise UserError(f"{self.name} takes {self._input_words()}, not {batch.shape[1:]}.")
            else:
                tensors.append(tf.zeros([len(batch), *(n or 1 for n in shape[1:])], dtype))
        return tensors

    def activations(
        self, batch: NDArray[np.float32], paths: Sequence[str]
    ) -> Mapping[str, NDArray[np.float32]]:
        """The outputs of layers in one forward pass.

        Args:
            batch: prepared images, N×H×W×C.
            paths: of the layers wanted.

        Returns:
            By path, the layer's (first) output, N first.

        Raises:
            UserError: no such path.
        """
        values = self._run([self.slot(path) for path in paths], batch)
        return {path: value.numpy() for path, value in zip(paths, values, strict=True)}

    def slot(self, path: str) -> int:
        """The program's slot of a layer's (first) output.

        Raises:
            UserError: no such path.
        """
        if path not in self.program.slots:
            raise UserError(f"{self.name} has no layer {path}.")
        return self.program.slots[path][0]

    def scores(self, batch: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Logits and probabilities of prepared images, both float32, N×classes.

        Raises:
            UserError: the network tells no classes.
        """
        head = self.head
        raw, out = self._run((head.logits, head.output), batch)
        output = np.asarray(out, np.float32)
        logits = np.asarray(raw, np.float32).reshape(output.shape)
        if head.kind == "sigmoid" and head.units == 1:
            return np.hstack([-logits, logits]), np.hstack([1 - output, output])
        if head.kind == "unknown" and are_probabilities(output):
            return np.log(np.maximum(output, np.finfo(np.float32).tiny)), output
        alone = head.kind in ("linear", "log_softmax", "unknown") and head.units > 1
        if alone or (head.kind == "softmax" and not np.isfinite(output).all()):
            output = softmax(logits)
        return logits, output

    def _run(self, fetch: Sequence[int], batch: NDArray[np.float32]) -> list[Any]:
        """The slots for a batch; what TensorFlow says of a network that cannot be computed, in a sentence."""
        import tensorflow as tf

        try:
            values: list[Any] = self.function(fetch)(*self.inputs_for(batch))
        except tf.errors.ResourceExhaustedError as error:
            raise NotEnoughMemoryError(
                f"{self.name} needs more memory for this than the machine has free.", detail=str(error)
            ) from error
        except (tf.errors.OpError, ArithmeticError, AttributeError, TypeError, ValueError) as error:
            if cannot_run(error):
                raise no_kernel(self.name, error) from error
            raise UserError(
                f"{self.name} cannot be computed: its layers do not fit each other or the image.",
                detail=str(error),
            ) from error
        return values

    def logits(self, batch: NDArray[np.float32]) -> NDArray[np.float32]:
        """Scores before softmax or sigmoid of prepared images, N×classes."""
        return self.scores(batch)[0]

    def predict(self, image: Image) -> Prediction:
        """All classes of one image, most probable first.

        Raises:
            UserError: the network tells no classes, does not take images, or computes what is no number.
        """
        logits, probabilities = self.scores(self.prepare(image).batch)
        if np.isnan(probabilities).any():
            raise UserError(
                f"{self.name} does not put out numbers for this image (NaN): "
                "its weights are damaged, or its training went astray."
            )
        return ranked(logits[0], probabilities[0], self.classes, self._score_notes(logits))

    def warm(self) -> None:
        """Trace and run the prediction once, in the background, so that the first click does not wait."""
        height, width, channels = self.input_shape
        check_input(height, width, channels)
        blank = np.zeros((1, height or 224, width or 224, channels), np.float32)
        if self.has_classes:
            self.scores(blank)
        else:
            self._run(self.program.outputs, blank)

    # What is said about it.

    @property
    def notes(self) -> tuple[str, ...]:
        """What was mended or assumed on opening, one sentence each."""
        return (*self._notes, *self._assumption())

    def _assumption(self) -> tuple[str, ...]:
        # Of networks made here it is known, or they have learned nothing yet.
        takes_images = any(len(self.program.shapes[slot]) == 4 for slot in self.program.inputs)
        if not self.is_assumed or self.source.kind != "file" or not takes_images:
            return ()
        return (
            f"The file does not say how images are prepared: pixels as {self.preprocessing.name}, the whole "
            "image stretched to the network's size, as Keras's own loaders do.",
        )

    def _input_words(self) -> str:
        shapes = [self.program.shapes[slot][1:] for slot in self.program.inputs]
        return " and ".join("×".join("?" if n is None else str(n) for n in shape) for shape in shapes)

    def _own_notes(self) -> tuple[str, ...]:
        notes = []
        if self._copy is not None:
            notes.append("It computes in lower precision; what is shown comes from an exact float32 copy.")
        if len(self.program.inputs) > 1:
            notes.append("It has several inputs: images go to each that takes them, zeros to the others.")
        if graph_of(self.keras) is None:
            notes.append("It computes by code of its own: its layers cannot be looked into.")
        return tuple(notes)

    def _score_notes(self, logits: NDArray[np.float32]) -> tuple[str, ...]:
        notes = []
        # Of probabilities the logits are the logarithms, at most 0.
        alone = self.head.kind == "unknown" and not are_probabilities(np.exp(np.minimum(logits, 1)))
        if alone and self.head.units > 1:
            notes.append("What the network puts out are no probabilities; those shown are its softmax.")
        if self.head.kind == "softmax" and self.head.units == 1:
            notes.append("A softmax of one unit is 1 whatever the image: this network tells nothing apart.")
        if self.head.kind == "linear":
            notes.append(
                "The last layer has no softmax; probabilities are its softmax."
                if self.head.units > 1
                else "The network puts out one number, not classes."
            )
        if self.classes and len(self.classes) != self.head.classes:
            notes.append(f"{len(self.classes)} class names are known for {self.head.classes} classes.")
        return tuple(notes)


def guessed_preprocessing(program: Program) -> Preprocessing:
    """0–255 when the network rescales by itself, else 0–1; the whole image stretched."""
    rescales = any(step.kind in ("Rescaling", "Normalization") for step in program.steps[:4])
    return RAW if rescales else UNIT
