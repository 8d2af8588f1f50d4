"""ONNX: by tf2onnx from the graph, run by ONNX Runtime. In the process of `worker` only."""

from __future__ import annotations

import json
import logging
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convscope.engine.models.export.refused import RefusedError

OPSET = 15
"""Of 2021: what runtimes of some years ago read, too."""

_UNKNOWN = re.compile(r"Tensorflow op \[.*?: (\w+)\]|op (\w+) is not (?:supported|implemented)")


def convert(graph: Path, file: Path, inputs: Sequence[str], told: Mapping[str, Any]) -> None:
    """Write a graph as ONNX.

    Args:
        graph: a SavedModel.
        inputs: their names.
        told: what is written into the file beside the arithmetic: classes, preprocessing.

    Raises:
        RefusedError: ONNX, or its converter, has no such operation.
    """
    import onnx
    from tf2onnx import convert as tf2onnx

    _open_inner_functions(graph)
    _know_erfc()
    heard = _Heard()
    logger = logging.getLogger("tf2onnx")
    logger.addHandler(heard)
    words = ["--saved-model", str(graph), "--signature_def", "serving_default", "--output", str(file)]
    before, sys.argv = sys.argv, ["tf2onnx", *words, "--opset", str(OPSET)]
    try:
        tf2onnx.main()
    except Exception as error:  # whatever it stumbles over
        raise _refused(heard.lines, error) from error
    finally:
        sys.argv = before
        logger.removeHandler(heard)
    unknown = _unknown(heard.lines)
    if unknown:
        raise RefusedError(unknown, "\n".join(heard.lines))
    made = onnx.load(str(file))
    for tensor in (*made.graph.input, *made.graph.output):
        sizes = tensor.type.tensor_type.shape.dim
        for number, size in enumerate(sizes):
            if size.dim_param:
                # "unk__36": nobody's name.
                size.dim_param = "batch" if number == 0 else f"{tensor.name}_{number}"
    onnx.helper.set_model_props(
        made, {key: json.dumps(value, ensure_ascii=False) for key, value in told.items()}
    )
    made.producer_name = "convscope, tf2onnx"
    onnx.checker.check_model(made)
    onnx.save(made, str(file))
    missing = set(inputs) - {tensor.name for tensor in made.graph.input}
    if missing:
        raise RefusedError((), f"the file has no input {', '.join(sorted(missing))}")


def _open_inner_functions(graph: Path) -> None:
    """Let the converter see into what Keras has compiled by itself, grouped convolutions: ONNX has those."""
    from tensorflow.core.protobuf import saved_model_pb2

    file, message = graph / "saved_model.pb", saved_model_pb2.SavedModel()
    message.ParseFromString(file.read_bytes())
    library = message.meta_graphs[0].graph_def.library
    for function in library.function:
        for each in (function, *function.node_def):
            each.attr.pop("_XlaMustCompile", None)
    file.write_bytes(message.SerializeToString())


def _know_erfc() -> None:
    """1 − erf, which TensorFlow's GELU takes, and tf2onnx does not know."""
    from tf2onnx import utils
    from tf2onnx.handler import tf_op

    @tf_op("Erfc")
    class Erfc:
        @classmethod
        def version_9(cls, ctx: Any, node: Any, **_more: Any) -> None:
            shapes, dtypes = node.output_shapes, node.output_dtypes
            one = np.array(1, utils.map_onnx_to_numpy_type(dtypes[0]))
            erf = ctx.make_node("Erf", node.input)
            first = ctx.make_const(utils.make_name("one"), one)
            given = [first.output[0], erf.output[0]]
            ctx.remove_node(node.name)
            ctx.make_node("Sub", given, outputs=node.output, name=node.name, shapes=shapes, dtypes=dtypes)


class OnnxRunner:
    """An ONNX file by ONNX Runtime, on the processor."""

    def __init__(self, file: Path, outputs: Sequence[str], threads: int) -> None:
        import onnxruntime

        settings = onnxruntime.SessionOptions()
        settings.intra_op_num_threads = threads
        settings.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(str(file), settings, providers=["CPUExecutionProvider"])
        self._outputs = list(outputs)
        self.takes = [_described(tensor) for tensor in self._session.get_inputs()]
        self.gives = [_described(tensor) for tensor in self._session.get_outputs()]
        self.notes: list[str] = []

    def __call__(self, inputs: Mapping[str, NDArray[Any]]) -> list[NDArray[Any]]:
        """The outputs for one batch."""
        return [np.asarray(value) for value in self._session.run(self._outputs, dict(inputs))]


RUNNER = OnnxRunner


def _described(tensor: Any) -> tuple[str, str, list[Any]]:
    kinds = {"tensor(float)": "float32", "tensor(double)": "float64", "tensor(float16)": "float16"}
    shape = [size if isinstance(size, int) else None for size in tensor.shape]
    return tensor.name, kinds.get(tensor.type, tensor.type), shape


class _Heard(logging.Handler):
    """What the converter complains of."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())


def _unknown(lines: Sequence[str]) -> tuple[str, ...]:
    found = {
        next(name for name in match.groups() if name) for line in lines for match in _UNKNOWN.finditer(line)
    }
    return tuple(sorted(found))


def _refused(lines: Sequence[str], error: Exception) -> RefusedError:
    said = [*lines, repr(error)]
    return RefusedError(_unknown(said), "\n".join(said))
