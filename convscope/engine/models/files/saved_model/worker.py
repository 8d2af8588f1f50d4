"""The shut-off process: loads a checked graph and answers with its outputs and its gradients.

Started by `process`, with the folder and the bytes of memory that it may take. Every answer goes to standard
output; it ends when standard input does.
"""

from __future__ import annotations

import os
import sys
import tempfile
from typing import Any, BinaryIO

from convscope.engine.models.files.saved_model import isolation

LARGEST = 4 << 30  # of what it is asked about


def main() -> None:
    """Shut off, load, answer."""
    folder, endpoint, memory, shut = sys.argv[1:5]
    answers = os.fdopen(os.dup(1), "wb")
    # What libraries print is no answer.
    os.dup2(2, 1)
    if shut == "isolated":
        isolation.isolate(_readable(folder))
    from convscope.engine.models.files.saved_model.messages import write_message

    # Keras would draw with it, and it insists on a folder to write into.
    sys.modules["matplotlib"] = None  # type: ignore[assignment]
    try:
        import tensorflow as tf

        # What is made once and opens files: threads, kernels, the names of devices.
        tf.linalg.matmul(tf.ones((8, 8)), tf.ones((8, 8)))
        if shut == "isolated":
            isolation.limit_memory(int(memory))
        loaded = tf.saved_model.load(folder)
        function = loaded.signatures[endpoint]
    except BaseException as error:
        write_message(answers, {"error": f"{type(error).__name__}: {error}"[:4000]})
        return
    names = sorted(function.structured_outputs)
    write_message(answers, {"outputs": names})
    _answer(sys.stdin.buffer, answers, _Calls(function, names))


class _Calls:
    """The two things that can be asked of a graph."""

    def __init__(self, function: Any, names: list[str]) -> None:
        self._function = function
        self._names = names
        self._input = next(iter(function.structured_input_signature[1]))

    def predict(self, batch: Any) -> list[Any]:
        """All outputs, by name in the order of the alphabet."""
        return [output.numpy() for output in self._run(batch)]

    def gradient(self, batch: Any, *upstream: Any) -> list[Any]:
        """The gradient of Σ outputs · upstream by the batch."""
        import tensorflow as tf

        given = tf.constant(batch)
        with tf.GradientTape() as tape:
            tape.watch(given)
            outputs = self._run(given)
        found = tape.gradient(outputs, given, output_gradients=[tf.constant(each) for each in upstream])
        return [(tf.zeros_like(given) if found is None else tf.convert_to_tensor(found)).numpy()]

    def _run(self, batch: Any) -> list[Any]:
        import tensorflow as tf

        outputs = self._function(**{self._input: tf.convert_to_tensor(batch)})
        return [outputs[name] for name in self._names]


def _answer(questions: BinaryIO, answers: BinaryIO, calls: _Calls) -> None:
    from convscope.engine.models.files.saved_model.messages import (
        BrokenMessageError,
        read_message,
        write_message,
    )

    while True:
        try:
            facts, arrays = read_message(questions, LARGEST)
        except BrokenMessageError:
            return
        try:
            made = calls.gradient(*arrays) if facts["call"] == "gradient" else calls.predict(*arrays)
        except Exception as error:
            write_message(answers, {"error": f"{type(error).__name__}: {error}"[:4000]})
            continue
        write_message(answers, {}, made)


def _readable(folder: str) -> list[str]:
    """Python and its packages, what the system's libraries look at, and the graph."""
    own = {sys.prefix, sys.base_prefix, sys.exec_prefix, *(entry for entry in sys.path if entry)}
    # A person's own folders are not among them, even where Python is started from one.
    own -= {os.path.expanduser("~"), tempfile.gettempdir(), "/"}  # noqa: PTH111
    variables = os.path.realpath(os.path.join(folder, "variables"))  # noqa: PTH118
    return [*sorted(own), "/usr", "/lib", "/lib64", "/etc", "/proc", "/sys", "/dev", folder, variables]


if __name__ == "__main__":
    main()
