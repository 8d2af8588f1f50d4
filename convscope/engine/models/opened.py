"""A model opened once and wrapped once: all that the app asks of it, without building anything anew."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from convscope.core.errors import NotEnoughMemoryError, UserError
from convscope.core.ids import new_id
from convscope.core.printable import printable
from convscope.core.words import counted, shape_words, times
from convscope.engine.data.preprocessing import (
    RAW,
    UNIT,
    PreparedImage,
    Preprocessing,
    check_input,
    prepare,
)
from convscope.engine.keras_compat import cannot_run, graph_of, no_kernel
from convscope.engine.models.answers.answer import (
    Answer,
    Reading,
    loss_reading,
    read_as,
    value_name,
)
from convscope.engine.models.answers.head import AnswerHead, are_probabilities, head_at
from convscope.engine.models.answers.prediction import Prediction, class_name, ranked, sigmoid, softmax
from convscope.engine.models.layer_specs import KINDS
from convscope.engine.models.program import Program
from convscope.engine.models.program.first_run import check_graph, check_steps, shapes_for
from convscope.engine.models.program.flatten import flatten
from convscope.engine.models.program.precision import copy_weights, in_float32, is_low_precision
from convscope.engine.models.summary import LayerInfo, ModelSummary
from convscope.engine.models.summary.read import read
from convscope.imaging.image import Image

_KEPT = 48


@dataclass(frozen=True)
class OpenOptions:
    """What `open_model` was asked for besides the name.

    Attributes:
        weights: "imagenet", a file's absolute path, or "": its own.
        include_top: with the classifier.
        input_shape: height, width, channels; None: its own.
    """

    weights: str = ""
    include_top: bool = True
    input_shape: tuple[int | None, ...] | None = None


@dataclass(frozen=True)
class ModelSource:
    """Where a model came from.

    Attributes:
        kind: "shipped", "template", "application", "file" or "memory".
        spec: what `open_model` opens it by again.
        path: its file, if it has one.
        weights: in words: "ImageNet", "random", a file's name, "trained".
        asked: what it was opened with.
        as_is: Keras alone opens the file at `path` to the same network: nothing of it was mended, turned or
            replaced.
    """

    kind: str
    spec: str
    path: Path | None = None
    weights: str = ""
    asked: OpenOptions = OpenOptions()
    as_is: bool = False


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
        loss: what its file says that it was trained for, as Keras writes it; the model's own by default.
        answers: a model of the same layers, whose outputs are chosen and read as they are there.

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
        source: ModelSource | None = None,
        notes: Sequence[str] = (),
        loss: Any = None,
        answers: OpenedModel | None = None,
    ) -> None:
        self.id = new_id()
        self.keras = model
        self.name = printable(name or str(model.name))
        self.classes = tuple(map(printable, classes))
        self.source = source or ModelSource("memory", self.name)
        self._copy = in_float32(model) if is_low_precision(model) else None
        self.program: Program = flatten(model if self._copy is None else self._copy)
        self.preprocessing = preprocessing or guessed_preprocessing(self.program)
        self.is_assumed = preprocessing is None
        self._notes = tuple(notes) + self._own_notes()
        # What is true while an attribute has a value: its name, the value, the sentence.
        self._notes_while: tuple[tuple[str, object, str], ...] = ()
        self._loss = getattr(model, "loss", None) if loss is None else loss
        # What a person chose: an output by its name, and what it is read as.
        self._output: str | None = None
        self._readings: dict[str, Reading] = {}
        # Names of the classes of outputs that are not shown now.
        self._put_by: dict[str, tuple[str, ...]] = {}
        # By slot of an output that cannot be looked into, whether it is a distribution.
        self._shares: dict[int, bool] = {}
        if answers is not None:
            self._loss = answers._loss
            self._output, self._readings = answers._output, answers._readings
            self._put_by = answers._put_by
        self._lock = threading.RLock()
        self._kept: OrderedDict[Hashable, Any] = OrderedDict()

    def with_(
        self,
        *,
        classes: Sequence[str] | None = None,
        preprocessing: Preprocessing | None = None,
        output: str | None = None,
        reading: Reading | None = None,
    ) -> OpenedModel:
        """The same model under other names or preprocessing, or asked for another of its outputs.

        Weights, program and kept functions are shared.

        Args:
            classes: names of the classes of the output.
            preprocessing: of its images.
            output: the name of one of `answers`.
            reading: what that output (the one of now by default) is read as.

        Raises:
            UserError: the preprocessing has one number for each of other channels than the network takes, or
                there is no such output.
        """
        takes_images = any(len(self.program.shapes[slot]) == 4 for slot in self.program.inputs)
        # A classifier on features is kept beside what its base does to images.
        if preprocessing is not None and takes_images:
            preprocessing.check(self.input_shape[2], self.name)
        twin = object.__new__(OpenedModel)
        twin.__dict__.update(self.__dict__)
        for known in ("answers", "answer"):
            twin.__dict__.pop(known, None)
        if output is not None:
            now, then = self.answer.name, self.output(output).name
            if then != now:
                twin._put_by = {**self._put_by, now: self.classes}
                twin.classes = twin._put_by.pop(then, ())
            twin._output = then
        if reading is not None:
            name = twin._output or self.answer.name
            twin._output, twin._readings = name, {**self._readings, name: reading}
        if classes is not None:
            twin.classes = tuple(map(printable, classes))
        if preprocessing is not None:
            twin.preprocessing = preprocessing
            twin.is_assumed = False
        return twin

    def noting(self, note: str, of: Literal["classes", "preprocessing"] | None = None) -> OpenedModel:
        """The same model with one more thing that has to be known of it.

        Args:
            note: a sentence.
            of: it is said of the names, or of the preprocessing, that the model has now, and of no others.
        """
        twin = self.with_()
        if of is None:
            twin._notes = (*self._notes, note)
        else:
            twin._notes_while = (*self._notes_while, (of, getattr(self, of), note))
        return twin

    # What it is.

    @cached_property
    def summary(self) -> ModelSummary:
        """Every layer's arithmetic, nested bases opened up, and the totals."""
        return read(self.program)

    @property
    def layers(self) -> tuple[LayerInfo, ...]:
        """The layers in the order of computation."""
        return self.summary.layers

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
        raise UserError(self._no_image())

    @property
    def input_shape(self) -> tuple[int | None, int | None, int]:
        """Height, width (None where free) and channels of the image input."""
        _, height, width, channels = self.program.shapes[self.program.inputs[self.image_input]]
        if channels is None:
            raise UserError(f"{self.name} does not say how many channels its images have.")
        return height, width, channels

    def is_of(self, height: int, width: int, channels: int) -> bool:
        """Whether it takes images of just this size."""
        shapes = [self.program.shapes[slot] for slot in self.program.inputs]
        return any(shape[1:] == (height, width, channels) for shape in shapes)

    @cached_property
    def answers(self) -> tuple[Answer, ...]:
        """All outputs in the network's order, each as it is read."""
        program, names = self.program, _output_names(self.keras, self.program)
        bare = []
        for name, slot in zip(names, program.outputs, strict=True):
            shape = program.shapes[slot][1:]
            head = head_at(program, slot, shape[0]) if len(shape) == 1 and shape[0] is not None else None
            bare.append(Answer(name, slot, shape, "maps", plain=head))
        known = len(self.classes)
        # Names of classes are those of the softmax that there is for them.
        taken = ("softmax", known) in [(one.plain.kind, one.plain.units) for one in bare if one.plain]
        return tuple(
            read_as(
                one,
                chosen=self._readings.get(one.name),
                names=known if self._output == one.name or (self._output is None and not taken) else 0,
                loss=loss_reading(self._loss, one.name, place, len(names)),
                is_distribution=one.plain is not None
                and one.plain.kind == "unknown"
                and self._is_shares(one.slot),
            )
            for place, one in enumerate(bare)
        )

    @cached_property
    def answer(self) -> Answer:
        """The output that is shown and explained: the chosen one, else the first that tells classes.

        Of several of these it is one with a softmax, and one that as many names of classes are known for;
        without any the first that puts out numbers.
        """
        if self._output is not None:
            return next(one for one in self.answers if one.name == self._output)
        known = len(self.classes)
        return min(
            self.answers,
            key=lambda one: (one.rank >= 2, known > 1 and one.count != known, one.rank),
        )

    @property
    def others(self) -> tuple[Answer, ...]:
        """The outputs that are not shown."""
        return tuple(one for one in self.answers if one.name != self.answer.name)

    def output(self, name: str) -> Answer:
        """The output of a name, of its layer's path, or of any letter case.

        Raises:
            UserError: there is none.
        """
        wanted = name.strip().lower()
        for one in self.answers:
            step = self.program.producer(one.slot)
            if wanted in (one.name.lower(), "" if step is None else step.path.lower()):
                return one
        known = ", ".join(f"{one.name} ({one.words})" for one in self.answers)
        raise UserError(f"{self.name} has no output {name}: it has {known}.")

    @property
    def head(self) -> AnswerHead:
        """The numbers of `answer`, and the logits before them.

        Raises:
            UserError: no output is a row of numbers (a base without classifier puts out maps).
        """
        answer = self.answer
        if answer.head is None:
            self.image_input  # noqa: B018 - what takes no images has that said first
            raise UserError(self._no_row())
        return answer.head

    @property
    def plain_head(self) -> AnswerHead:
        """The same as the last layers have it, whatever it is read as: what training goes by.

        Raises:
            UserError: as of `head`.
        """
        self.head  # noqa: B018 - says why when there is none
        plain = self.answer.plain
        assert plain is not None
        return plain

    @property
    def has_head(self) -> bool:
        """Whether `head` exists: there are classes or numbers to be shown and explained."""
        return self.answer.head is not None

    @property
    def has_classes(self) -> bool:
        """Whether the answer is one of classes: its numbers are shares."""
        return self.answer.tells_classes

    def name_of(self, index: int) -> str:
        """What a class is called, or a number that is none; "class 7" or "value 7" without a name."""
        answer = self.answer
        if answer.tells_classes or (index < len(self.classes) and self.classes[index]):
            return class_name(self.classes, index)
        return value_name(answer, index)

    def _no_row(self) -> str:
        words = " and ".join(shape_words(one.shape) for one in self.answers)
        steps = [self.program.producer(one.slot) for one in self.answers]
        told = [step for step in steps if step is None or step.activation in ("softmax", "sigmoid")]
        opaque = any(step is not None and step.kind not in KINDS and not step.activation for step in steps)
        if all(len(one.shape) != 3 for one in self.answers):
            what = "neither a row of numbers nor maps over the image: its layers can be looked at"
        elif told or opaque:
            what = "maps over the image, not a row of numbers: they can be looked at as those of any layer"
        else:
            return f"{self.name} tells no classes: it puts out {words} (a base without its classifier?)."
        return f"{self.name} puts out {words}, {what}."

    def _no_image(self) -> str:
        """What the network takes instead of images, and what it gives."""
        films = [shape for slot in self.program.inputs if len(shape := self.program.shapes[slot][1:]) == 4]
        if not films:
            return f"{self.name} does not take images: its input is {self._input_words()}."
        many = "several pictures" if films[0][0] is None else counted(films[0][0], "picture")
        gives = " and ".join(
            one.words if one.head is not None else shape_words(one.shape) for one in self.answers
        )
        return (
            f"{self.name} does not take single images: it takes {self._input_words()}, {many} at a time "
            f"as of a film or a volume, and puts out {gives}."
        )

    def _is_shares(self, slot: int) -> bool:
        """Whether an output that cannot be looked into is a distribution: it is tried on two images."""
        if not any(len(self.program.shapes[one]) == 4 for one in self.program.inputs):
            return False

        def tried() -> bool:
            try:
                height, width, channels = self.input_shape
                check_input(height, width, channels)
                shape = (2, height or 64, width or 64, channels)
                batch = np.random.default_rng(0).random(shape, np.float32)
                output = np.asarray(self._run((slot,), batch)[0], np.float32)
            except UserError:
                return False
            return output.ndim == 2 and output.shape[1] > 1 and are_probabilities(output)

        # Not among the functions, of which the least used go: it must not be tried again in the window.
        if slot not in self._shares:
            self._shares[slot] = tried()
        return self._shares[slot]

    def fingerprint(self) -> str:
        """A short text that changes with any weight, layer or setting of one: the key of caches.

        Two networks that are built with one seed may differ in nothing but a slope or the size of a pool.
        """
        digest = hashlib.blake2b(digest_size=16)
        for row in self.layers:
            digest.update(f"{row.path} {row.kind} {row.shape} {row.activation};".encode())
        for step in self.program.steps:
            plain = [value for value in (*step.args, *step.kwargs.values()) if isinstance(value, _PLAIN)]
            digest.update(f"{step.inputs} {plain} {_settings_of(step.layer)};".encode())
        for weight in self.keras.weights:
            digest.update(np.ascontiguousarray(weight.numpy()).tobytes())
        return digest.hexdigest()

    def refresh(self) -> None:
        """Take notice that `keras` was trained, loaded into or (un)frozen.

        Weights show at once without it, save where `program` runs on a copy in float32.
        """
        if self._copy is not None:
            copy_weights(self.keras, self._copy)
        self.__dict__.pop("summary", None)

    # What it does.

    def prepare(self, image: Image) -> PreparedImage:
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
        check_steps(program.needed(fetch, given), program.shapes, self.name)
        # A batch size that the model was built with holds for training alone.
        signature = [tf.TensorSpec((None, *program.shapes[n][1:]), program.dtypes[n]) for n in given]

        @tf.function(input_signature=signature, autograph=False)
        def compiled(*tensors: Any) -> list[Any]:
            made = program.run(dict(zip(given, tensors, strict=True)), fetch)
            if not tf.executing_eagerly():
                check_graph(tf.compat.v1.get_default_graph(), self.name)
            return made

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
        """Logits and probabilities of prepared images, both float32, N×classes; numbers that are no classes
        twice as they are.

        Raises:
            UserError: the network puts out no row of numbers.
        """
        head = self.head
        return self.read_scores(*self._run((head.logits, head.output), batch))

    def read_scores(self, raw: Any, out: Any) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """The same from what the slots of the head's logits and output hold."""
        head = self.head
        output = np.asarray(out, np.float32)
        logits = np.asarray(raw, np.float32).reshape(output.shape)
        if not self.answer.tells_classes:
            return output, output
        if head.kind == "logits":
            if head.units > 1:
                return logits, sigmoid(logits)
            both = np.hstack([-logits, logits])
            return both, sigmoid(both)
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

        inputs = self.inputs_for(batch)
        if any(None in self.program.shapes[slot][1:] for slot in self.program.inputs):
            key = ("fits", tuple(fetch), batch.shape[1:])
            self.kept(key, lambda: self._check_size(fetch, inputs))
        try:
            values: list[Any] = self.function(fetch)(*inputs)
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

    def _check_size(self, fetch: Sequence[int], inputs: Sequence[Any]) -> bool:
        """Whether inputs of a size that is free can be computed: yes, or an error."""
        program = self.program
        steps = program.needed(fetch, program.inputs)
        given = {slot: tuple(value.shape) for slot, value in zip(program.inputs, inputs, strict=True)}
        check_steps(steps, shapes_for(program, steps, given), self.name)
        return True

    def logits(self, batch: NDArray[np.float32]) -> NDArray[np.float32]:
        """Scores before softmax or sigmoid of prepared images, N×classes."""
        return self.scores(batch)[0]

    def predict(self, image: Image) -> Prediction:
        """All classes of one image, most probable first; numbers that are no classes in their order.

        Raises:
            UserError: the network puts out no row of numbers, does not take images, or computes what is no
                number.
        """
        return self.prediction(*self.scores(self.prepare(image).batch))

    def prediction(self, logits: NDArray[np.float32], probabilities: NDArray[np.float32]) -> Prediction:
        """The same from the scores of a batch of one.

        Raises:
            UserError: what was computed is no number.
        """
        if np.isnan(probabilities).any():
            raise UserError(
                f"{self.name} does not put out numbers for this image (NaN): "
                "its weights are damaged, or its training went astray."
            )
        names = [self.name_of(index) for index in range(self.head.classes)]
        return ranked(logits[0], probabilities[0], names, self._score_notes(logits), self.answer)

    def warm(self) -> None:
        """Trace and run the prediction once, in the background, so that the first click does not wait."""
        height, width, channels = self.input_shape
        check_input(height, width, channels)
        blank = np.zeros((1, height or 224, width or 224, channels), np.float32)
        if self.has_head:
            self.scores(blank)
        else:
            self._run(self.program.outputs, blank)

    # What is said about it.

    @property
    def notes(self) -> tuple[str, ...]:
        """What was mended or assumed on opening, one sentence each."""
        true_now = [note for name, value, note in self._notes_while if getattr(self, name) == value]
        return (*self._notes, *true_now, *self.assumption)

    @property
    def assumption(self) -> tuple[str, ...]:
        """That the range of the pixels is assumed, as the file does not tell it: one sentence, or none."""
        # Of networks made here it is known, or they have learned nothing yet.
        takes_images = any(len(self.program.shapes[slot]) == 4 for slot in self.program.inputs)
        if not self.is_assumed or self.source.kind != "file" or not takes_images:
            return ()
        return (
            f"The file does not say how images are prepared: pixels as {self.preprocessing.name}, the whole "
            "image stretched to the network's size, as Keras's own loaders do.",
        )

    @property
    def short_assumption(self) -> tuple[str, ...]:
        """The same in few words, for where there is little room."""
        return (
            (f"Pixels as {self.preprocessing.name}, which the file does not say.",) if self.assumption else ()
        )

    def _input_words(self) -> str:
        shapes = [self.program.shapes[slot][1:] for slot in self.program.inputs]
        return " and ".join(times(shape) for shape in shapes)

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
        answer, head = self.answer, self.head
        notes = [*self._other_outputs()]
        if not answer.tells_classes:
            what = "one number" if answer.count == 1 else counted(answer.count, "number")
            notes.append(f"The network puts out {what}, not classes.")
            if not answer.why and answer.count > 1:
                notes.append("Nothing says whether they are scores of classes; they can be read as such.")
            return tuple(notes)
        # Of probabilities the logits are the logarithms, at most 0.
        if head.kind == "unknown" and not are_probabilities(np.exp(np.minimum(logits, 1))):
            notes.append("What the network puts out are no probabilities; those shown are its softmax.")
        if head.kind == "softmax" and head.units == 1:
            notes.append("A softmax of one unit is 1 whatever the image: this network tells nothing apart.")
        if head.kind == "linear":
            notes.append("The last layer has no softmax; probabilities are its softmax.")
        if head.kind == "logits":
            notes.append("The last layer has no sigmoid; probabilities are its sigmoid.")
        if self.classes and len(self.classes) != head.classes:
            notes.append(f"{len(self.classes)} class names are known for {head.classes} classes.")
        return tuple(notes)

    def _other_outputs(self) -> tuple[str, ...]:
        others = self.others
        if not others:
            return ()
        told = ", ".join(f"{one.name} ({one.words})" for one in others)
        rest = "the others are" if len(others) > 1 else "the other is"
        return (f"It has {len(others) + 1} outputs: shown is {self.answer.name}; {rest} {told}.",)


def _output_names(model: Any, program: Program) -> tuple[str, ...]:
    """What a network's outputs are called: by their keys, else by their layers; each once."""
    graph = graph_of(model)
    made = None if graph is None else graph.output
    keys = sorted(made) if isinstance(made, dict) else []
    names: list[str] = []
    for place, slot in enumerate(program.outputs):
        step = program.producer(slot)
        if len(keys) == len(program.outputs):
            name = str(keys[place])
        elif step is None:
            name = program.input_names[program.inputs.index(slot)] if slot in program.inputs else "output"
        else:
            own = getattr(step.layer, "output_names", ())
            named = len(own) == len(step.outputs)
            name = str(own[step.outputs.index(slot)]) if named else step.path
        while name in names:
            stem, _, number = name.rpartition("#")
            name = f"{stem}#{int(number) + 1}" if number.isdecimal() and stem else f"{name}#2"
        names.append(name)
    return tuple(names)


def guessed_preprocessing(program: Program) -> Preprocessing:
    """0–255 when the network rescales by itself, else 0–1; the whole image stretched."""
    rescales = any(step.kind in ("Rescaling", "Normalization") for step in program.steps[:4])
    return RAW if rescales else UNIT


_PLAIN = (bool, int, float, str)
# What a layer is called, and whether it learns, changes nothing that it computes.
_NOT_COMPUTED = {"name", "trainable", "seed", "build_config", "module", "registered_name", "shared_object_id"}


def _settings_of(layer: Any) -> str:
    """What of a layer's own configuration decides what it computes, as text; "" where it tells none."""
    try:
        return repr(_plain(layer.get_config()))
    except (AttributeError, NotImplementedError, TypeError, ValueError):
        return ""


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(value[key]) for key in sorted(value, key=str) if key not in _NOT_COMPUTED}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return value if value is None or isinstance(value, _PLAIN) else type(value).__name__
