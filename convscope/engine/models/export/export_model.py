"""Writing a copy of a network in any format, and its parity card."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convscope.core.errors import UserError
from convscope.core.task import Task
from convscope.engine import runtime
from convscope.engine.models.export.card import (
    MeasuredOutputs,
    ParityCard,
    differences,
    largest_value,
    same_classes,
)
from convscope.engine.models.export.examples import MOST, Examples, Load, kind_of, prepared, shipped
from convscope.engine.models.export.formats import PRECISIONS, ExportFormat, format_of
from convscope.engine.models.export.graph import check_has_layers, write_graph
from convscope.engine.models.export.process import convert_in_process
from convscope.engine.models.export.refused import RefusedError
from convscope.engine.models.export.wants import gives_words, pixel_words, tensor_words
from convscope.engine.models.export.worker import ANSWERS, COMPARED, GRAPH, MEASURED, ORDER
from convscope.engine.models.files.open_file import open_file
from convscope.engine.models.files.save_file import save_model, target_of
from convscope.engine.models.files.sidecar import read_sidecar, write_sidecar
from convscope.engine.models.opened import OpenedModel

SECONDS = 30.0
"""After so long no further input is compared: a large network on a small machine takes a second for each."""

_FEWEST = 5
_ON_A_CARD = (
    "Keras computed on the graphics card, which rounds differently, and the copy on the processor: their "
    "times say little."
)
_MEMORY = 256 << 20
_IN_SAVED_MODEL = frozenset(("assets", "variables", "fingerprint.pb", "saved_model.pb", "keras_metadata.pb"))


@dataclass(frozen=True)
class Exported:
    """What was written.

    Attributes:
        files: the copy, then its class names and preprocessing.
        card: what was measured on it.
    """

    files: tuple[Path, ...]
    card: ParityCard


def export_model(
    model: OpenedModel,
    path: Path | str,
    examples: Examples | None = None,
    *,
    precision: str = "float32",
    task: Task | None = None,
) -> Exported:
    """Write a copy of a network for others, open it again and compare what it says.

    All is made in a hidden folder beside it and then takes its place: it is whole or not there.

    Args:
        model: stays as it is.
        path: its ending says the format; see `format_of`.
        examples: what the copy is compared on; None: shipped images that suit the network.
        precision: one of the format's; for "int8" the examples are measured, too.
        task: for progress and cancel; a converter is ended at once.

    Raises:
        UserError: another ending, a package is missing, the format lacks an operation, the path is the
            network's own file, or cannot be written.
    """
    task = task or Task()
    kind = format_of(path)
    kind.check_precision(precision)
    kind.check_installed()
    check_has_layers(model, kind.title)
    target = Path(path)
    if kind.key in ("keras", "h5"):
        target = target_of(target)
    _check_place(model, target, kind)
    task.progress(0.0, f"Writing {target.name}")
    try:
        with _workplace(target) as place:
            copy = place / target.name
            work = _Export(model, kind, precision, examples or shipped(model), place, copy, task)
            made = work.with_keras() if kind.key in ("keras", "h5") else work.with_converter()
            task.check()
            names = target.with_name(f"{target.stem}.classes.json")
            sidecar = place / names.name
            write_sidecar(sidecar, model.classes, model.preprocessing)
            _take_place(copy, target)
            if not _says_so(names, model):
                sidecar.replace(names)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise UserError(f"{target} cannot be written: {reason}.", detail=str(error)) from error
    return Exported((target, names), made)


class _Export:
    """One copy on its way."""

    def __init__(
        self,
        model: OpenedModel,
        kind: ExportFormat,
        precision: str,
        examples: Examples,
        place: Path,
        copy: Path,
        task: Task,
    ) -> None:
        self.model, self.kind, self.precision, self.examples = model, kind, precision, examples
        self.place, self.copy, self.task = place, copy, task
        self.threads = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()

    def with_keras(self) -> ParityCard:
        """By Keras, and opened as the app opens such a file."""
        loses = save_model(self.model, self.copy, self.task, for_others=True).loses
        self.task.progress(0.2, f"Opening {self.copy.name} again")
        again = open_file(self.copy, self.task)
        inputs = self._inputs(self.examples.compared)
        ours = self._answers(self.model, inputs, 0.3, 0.6)
        inputs = inputs[: len(ours.outputs[0])]
        theirs = self._answers(again, inputs, 0.6, 0.95, every=True)
        program = again.program
        takes, gives = (
            [
                (name, str(program.dtypes[slot]), list(program.shapes[slot]))
                for name, slot in zip(names, slots, strict=True)
            ]
            for names, slots in (
                (program.input_names, program.inputs),
                ([""] * len(program.outputs), program.outputs),
            )
        )
        return self._card(ours, theirs, takes, gives, loses)

    def with_converter(self) -> ParityCard:
        """By way of TensorFlow's graph and a process of its own."""
        self.task.progress(0.02, "Writing the graph")
        folder = self.copy if self.kind.key == "saved_model" else self.place / GRAPH
        names, outputs = write_graph(self.model, folder, fixed=self.kind.key == "litert")
        self.task.progress(0.1, "Asking the network")
        inputs = self._inputs(self.examples.compared)
        ours = self._answers(self.model, inputs, 0.1, 0.4)
        compared = self._put(COMPARED, inputs[: len(ours.outputs[0])])
        measured = 0
        if self.precision == "int8":
            others = self._inputs(self.examples.measured)
            measured = self._put(MEASURED, others or inputs)
        order = {
            "kind": self.kind.key,
            "precision": self.precision,
            "copy": self.copy.name,
            "inputs": names,
            "outputs": outputs,
            "compared": compared,
            "measured": measured,
            "threads": self.threads,
            "told": {
                "classes": list(self.model.classes),
                "preprocessing": self.model.preprocessing.to_dict(),
            },
        }
        (self.place / ORDER).write_text(json.dumps(order), encoding="utf-8")
        try:
            facts = convert_in_process(self.place, self.kind.title, self.model.name, self.task, (0.4, 0.98))
        except RefusedError as error:
            raise self._refused(error) from error
        found = tuple(np.load(self.place / f"{ANSWERS}_{number}.npy") for number in range(len(outputs)))
        notes = facts["notes"]
        if measured:
            what = kind_of(self.model, self.examples.of_measured)
            notes = [f"Its ranges were measured on {measured} {what}.", *notes]
        if runtime.start().gpus:
            notes = [*notes, _ON_A_CARD]
        return self._card(
            ours, MeasuredOutputs(found, facts["milliseconds"]), facts["takes"], facts["gives"], notes
        )

    def _inputs(self, images: Sequence[Load]) -> list[list[NDArray[Any]]]:
        """Those that can be read, as many as a bounded memory holds."""
        made: list[list[NDArray[Any]]] = []
        left = _MEMORY
        for inputs in prepared(self.model, images, MOST):
            self.task.check()
            left -= sum(each.nbytes for each in inputs)
            if left < 0 and len(made) >= _FEWEST:
                break
            made.append(inputs)
        return made

    def _answers(
        self,
        model: OpenedModel,
        inputs: Sequence[list[NDArray[Any]]],
        start: float,
        end: float,
        *,
        every: bool = False,
    ) -> MeasuredOutputs:
        """What a network here says to one input after the other, until the time is up."""
        function = model.function(model.program.outputs)
        milliseconds, rows = [], []
        if inputs:
            function(*inputs[0])  # traces it
        began = time.perf_counter()
        for number, given in enumerate(inputs):
            late = time.perf_counter() - began > SECONDS
            if late and number >= _FEWEST and not every:
                break
            self.task.progress(start + (end - start) * number / len(inputs), "Asking the network")
            before = time.perf_counter()
            found = [np.asarray(value) for value in function(*given)]
            milliseconds.append(1000 * (time.perf_counter() - before))
            rows.append(found)
        if not rows:
            raise UserError(
                f"{self.examples.what[0].upper()}{self.examples.what[1:]}: none of them can be read, and the "
                "copy is to be compared on some; choose others."
            )
        outputs = tuple(np.concatenate(each) for each in zip(*rows, strict=True))
        return MeasuredOutputs(outputs, float(np.median(milliseconds)))

    def _put(self, what: str, inputs: Sequence[list[NDArray[Any]]]) -> int:
        """Leave inputs for the worker; how many there are."""
        for number, rows in enumerate(zip(*inputs, strict=True)):
            np.save(self.place / f"{what}_{number}.npy", np.concatenate(rows))
        return len(inputs)

    def _card(
        self,
        ours: MeasuredOutputs,
        theirs: MeasuredOutputs,
        takes: Sequence[Any],
        gives: Sequence[Any],
        notes: Sequence[str],
    ) -> ParityCard:
        model, kind = self.model, self.kind
        choice = f", {PRECISIONS[self.precision]}" if len(kind.precisions) > 1 else ""
        return ParityCard(
            model.name,
            f"{kind.title}{choice}",
            self.copy.name,
            _bytes(self.copy),
            4 * sum(int(np.prod(weight.shape)) for weight in model.keras.weights),
            len(ours.outputs[0]),
            kind_of(model, self.examples.what),
            same_classes(model, ours.outputs, theirs.outputs),
            differences(ours.outputs, theirs.outputs),
            largest_value(ours.outputs),
            theirs.milliseconds,
            ours.milliseconds,
            self.threads or 1,
            tuple(tensor_words(*each) for each in takes),
            tuple(gives_words(model, number, *each) for number, each in enumerate(gives)),
            pixel_words(model),
            tuple(notes),
        )

    def _refused(self, error: RefusedError) -> UserError:
        others = "ONNX" if self.kind.key == "litert" else "LiteRT"
        lacks = f"has no {' and no '.join(error.operations)}" if error.operations else "cannot express it"
        return UserError(
            f"{self.model.name} cannot be written as {self.kind.title}, which {lacks}: a SavedModel can hold "
            f"it, and perhaps {others}.",
            detail=error.detail,
        )


def _check_place(model: OpenedModel, target: Path, kind: ExportFormat) -> None:
    """Refuse what stands there and is not to go.

    Raises:
        UserError: the network's own file, a folder of other things, or a file where a folder is to be.
    """
    own = model.source.path
    if own is not None and target.exists() and own.exists() and target.samefile(own):
        raise UserError(f"{target} is the network's own file: choose another name for the copy.")
    if kind.key != "saved_model":
        if target.is_dir():
            raise UserError(f"{target} is a folder: give the name of a file.")
        return
    if not target.exists():
        return
    if not target.is_dir():
        raise UserError(f"{target} is a file, and a SavedModel is a folder: choose another name.")
    others = {one.name for one in target.iterdir()} - _IN_SAVED_MODEL
    if others:
        raise UserError(
            f"The folder {target} holds other things, such as {sorted(others)[0]}: choose a new folder."
        )


@contextmanager
def _workplace(target: Path) -> Iterator[Path]:
    """A hidden folder beside the target, which goes in the end."""
    place = Path(tempfile.mkdtemp(prefix=f".{target.name[:80]}.", suffix=".part", dir=target.parent))
    try:
        yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _take_place(copy: Path, target: Path) -> None:
    """Put a file or folder where it belongs; an old folder goes only once the new one stands there."""
    if not target.is_dir():
        copy.replace(target)
        return
    old = copy.with_name("old")
    target.replace(old)
    try:
        copy.replace(target)
    except OSError:
        old.replace(target)
        raise


def _says_so(names: Path, model: OpenedModel) -> bool:
    """Whether a person's own file there says the same already."""
    try:
        told = read_sidecar(names)
    except UserError:
        return False
    return (told.classes, told.preprocessing) == (model.classes, model.preprocessing)


def _bytes(copy: Path) -> int:
    files = [copy] if copy.is_file() else [one for one in copy.rglob("*") if one.is_file()]
    return sum(one.stat().st_size for one in files)
