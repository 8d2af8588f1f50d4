"""LiteRT: by TensorFlow's converter from the graph, run by its interpreter. In the process of `worker`."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convscope.engine.models.export.refused import RefusedError

_UNKNOWN = re.compile(r"(?:TF Select|Custom) ops: ([\w, ]+)")
_PARTLY = "Some layers stay in 32-bit numbers: LiteRT has no 8-bit operation for them."


def convert(
    graph: Path, file: Path, precision: str, measured: Callable[[], Iterator[Mapping[str, NDArray[Any]]]]
) -> list[str]:
    """Write a graph for LiteRT.

    Args:
        graph: a SavedModel.
        precision: "float32"; "float16": weights of 16 bits; "int8": weights and arithmetic of 8.
        measured: inputs by name, one at a time, that int8's ranges are measured with.

    Returns:
        What has to be known of the file, one sentence each.

    Raises:
        RefusedError: LiteRT has no such operation.
    """
    notes: list[str] = []
    if precision == "int8":
        try:
            made = _converted(graph, precision, measured, strict=True)
        except RefusedError:
            made = _converted(graph, precision, measured)
            notes.append(_PARTLY)
    else:
        made = _converted(graph, precision, measured)
    file.write_bytes(made)
    return notes


def _converted(
    graph: Path,
    precision: str,
    measured: Callable[[], Iterator[Mapping[str, NDArray[Any]]]],
    *,
    strict: bool = False,
) -> bytes:
    import tensorflow as tf

    converter = tf.lite.TFLiteConverter.from_saved_model(str(graph), signature_keys=["serving_default"])
    if precision != "float32":
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if precision == "float16":
        converter.target_spec.supported_types = [tf.float16]
    if precision == "int8":
        # By the signature's names: the converter sorts inputs in an order of its own.
        converter.representative_dataset = lambda: (
            ("serving_default", dict(inputs)) for inputs in measured()
        )
        sets = tf.lite.OpsSet
        converter.target_spec.supported_ops = (
            [sets.TFLITE_BUILTINS_INT8] if strict else [sets.TFLITE_BUILTINS_INT8, sets.TFLITE_BUILTINS]
        )
    try:
        return bytes(converter.convert())
    except Exception as error:  # ConverterError and whatever the calibrator raises
        found = {name.strip() for names in _UNKNOWN.findall(str(error)) for name in names.split(",")}
        raise RefusedError(tuple(sorted(found - {""})), str(error)) from error


class LiteRTRunner:
    """A LiteRT file by its interpreter, on the processor."""

    def __init__(self, file: Path, outputs: Sequence[str], threads: int) -> None:
        self._runner = _interpreter(file, threads).get_signature_runner("serving_default")
        self._outputs = list(outputs)
        self.takes = [_described(*each) for each in self._runner.get_input_details().items()]
        details = self._runner.get_output_details()
        self.gives = [_described(name, details[name]) for name in outputs]
        self.notes: list[str] = []

    def __call__(self, inputs: Mapping[str, NDArray[Any]]) -> list[NDArray[Any]]:
        """The outputs for one batch."""
        found = self._runner(**inputs)
        return [np.array(found[name]) for name in self._outputs]


RUNNER = LiteRTRunner


def _interpreter(file: Path, threads: int) -> Any:
    try:
        from ai_edge_litert.interpreter import Interpreter
    except ImportError:
        # Where it has no wheel: TensorFlow's own, as long as that is there.
        from tensorflow.lite.python.interpreter import Interpreter
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return Interpreter(model_path=str(file), num_threads=threads)


def _described(name: str, details: Mapping[str, Any]) -> tuple[str, str, list[Any]]:
    shape = [None if size < 0 else int(size) for size in details["shape_signature"]]
    return name, np.dtype(details["dtype"]).name, shape
