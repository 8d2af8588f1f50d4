"""The window's side of a shut-off process: asks it, waits no longer than it must, ends it."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
import weakref
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import convscope
from convscope.core.errors import UserError
from convscope.core.opening import budget
from convscope.engine.models.files.saved_model.messages import BrokenMessageError, read_message, write_message

START_SECONDS, ANSWER_SECONDS = 180.0, 120.0


class GraphProcess:
    """A graph in a process of its own. Safe to use from several threads, one question at a time.

    Args:
        folder: a SavedModel that was checked and written anew; not the person's own.
        endpoint: its signature.
        name: of the model, for sentences.
        isolated: shut off; False only where the person has said that they trust it.

    Attributes:
        outputs: the names of the outputs, in the order of the alphabet.
        failure: why there was no answer last; None: there was.

    Raises:
        UserError: it cannot be loaded, takes too much memory or too long.
    """

    def __init__(self, folder: Path, endpoint: str, name: str, *, isolated: bool = True) -> None:
        self._name = name
        self._lock = threading.Lock()
        self.failure: UserError | None = None
        self._limit = budget()
        package = str(Path(convscope.__file__).parent.parent)
        # Nothing of what the person's environment holds (keys, say) is the stranger's business.
        kept = ("PATH", "LANG", "LC_ALL", "SYSTEMROOT", "LD_LIBRARY_PATH", "TF_ENABLE_ONEDNN_OPTS")
        environment = {key: os.environ[key] for key in kept if key in os.environ}
        environment |= {"PYTHONPATH": package, "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"}
        # Keras looks for its settings there.
        environment |= {"HOME": str(folder), "KERAS_HOME": str(folder)}
        shut = "isolated" if isolated else "trusted"
        module = "convscope.engine.models.files.saved_model.worker"
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", module, str(folder), endpoint, str(self._limit), shut],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
            cwd=folder,
        )
        self._end = weakref.finalize(self, _ended, self._process)
        facts, _ = self._hear(START_SECONDS)
        try:
            self.outputs = tuple(str(each) for each in facts["outputs"])
        except (KeyError, TypeError) as error:
            self.close()
            raise UserError(f"The SavedModel {name} cannot be loaded.", detail=repr(error)) from error

    def predict(self, batch: NDArray[Any]) -> list[NDArray[Any]]:
        """All outputs for a batch, in the order of `outputs`.

        Raises:
            UserError: it fails, takes too much memory or too long.
        """
        return self._ask("predict", [batch])

    def gradient(self, batch: NDArray[Any], upstream: list[NDArray[Any]]) -> NDArray[Any]:
        """The gradient of Σ outputs · upstream by the batch; as `predict`."""
        return self._ask("gradient", [batch, *upstream])[0]

    def close(self) -> None:
        self._end()

    def _ask(self, call: str, arrays: list[NDArray[Any]]) -> list[NDArray[Any]]:
        with self._lock:
            try:
                answer = self._answer(call, arrays)
            except UserError as error:
                self.failure = error
                raise
            self.failure = None
            return answer

    def _answer(self, call: str, arrays: list[NDArray[Any]]) -> list[NDArray[Any]]:
        if self._process.poll() is not None:
            raise UserError(f"The graph of {self._name} has ended: open it again.")
        try:
            assert self._process.stdin is not None
            write_message(self._process.stdin, {"call": call}, arrays)
        except OSError as error:
            raise self._gone() from error
        return self._hear(ANSWER_SECONDS)[1]

    def _hear(self, seconds: float) -> tuple[dict[str, Any], list[NDArray[Any]]]:
        assert self._process.stdout is not None
        late = threading.Event()

        def end() -> None:
            late.set()
            self._process.kill()

        watch = threading.Timer(seconds, end)
        watch.daemon = True
        watch.start()
        try:
            facts, arrays = read_message(self._process.stdout, self._limit)
        except BrokenMessageError as error:
            self.close()
            if late.is_set():
                raise UserError(
                    f"{self._name} gave no answer within {seconds:.0f} seconds and was ended."
                ) from error
            raise self._gone() from error
        finally:
            watch.cancel()
            watch.join()
        if "error" in facts:
            detail = str(facts["error"])
            raise UserError(f"The SavedModel {self._name} cannot be run.", detail=detail)
        return facts, [np.array(array) for array in arrays]

    def _gone(self) -> UserError:
        self.close()
        return UserError(
            f"The graph of {self._name} was ended: it takes more than the {self._limit / 1e9:.1f} GB that "
            f"a stranger's graph may have, or does what such a graph may not."
        )


def _ended(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with contextlib.suppress(OSError):
                pipe.close()
