"""TensorFlow and Keras: imported once, quietly, on a worker; and what this machine gives them."""

from __future__ import annotations

import contextlib
import gc
import os
import sys
import tempfile
import threading
import time
import warnings
from collections.abc import Iterator
from dataclasses import dataclass

from convscope.errors import UserError

_lock = threading.Lock()
_runtime: Runtime | None = None


@dataclass(frozen=True)
class Runtime:
    """What the engine runs on.

    Attributes:
        tensorflow, keras: versions.
        gpus: names of the graphics cards that TensorFlow can use; empty on a machine without.
        threads: CPU threads for one operation.
        seconds: how long the import took.
    """

    tensorflow: str
    keras: str
    gpus: tuple[str, ...]
    threads: int
    seconds: float


def start(threads: int | None = None) -> Runtime:
    """Import TensorFlow and Keras, once for the process; about two seconds the first time, then none.

    Args:
        threads: for one operation; None leaves it to TensorFlow (all cores). Only the first call decides.

    Raises:
        UserError: they are not installed, cannot be loaded here, or Keras is set to another backend.
    """
    global _runtime
    with _lock:
        if _runtime is None:
            _runtime = _start(threads)
        return _runtime


@contextlib.contextmanager
def _quiet_stderr() -> Iterator[None]:
    """Hold back what TensorFlow's C++ prints while it loads; no setting of its own silences that.

    Everything else that was written meanwhile is passed on afterwards.
    """
    sys.stderr.flush()
    try:
        kept = os.dup(2)
    except OSError:
        # A windowed program may have no standard error at all.
        yield
        return
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), 2)
        try:
            yield
        finally:
            sys.stderr.flush()
            os.dup2(kept, 2)
            os.close(kept)
            held.seek(0)
            for line in held.read().decode(errors="replace").splitlines():
                if not line.startswith(("I0000", "W0000", "E0000", "WARNING: All log messages before absl")):
                    print(line, file=sys.stderr)


@contextlib.contextmanager
def _uncollected() -> Iterator[None]:
    """Put what is imported out of the garbage collector's sight.

    TensorFlow's half a million objects live as long as the process; each full collection would look through
    all of them, a fifth of a second in which no other thread of Python, the window's among them, can run.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if was_on:
            gc.enable()


def _start(threads: int | None) -> Runtime:
    began = time.perf_counter()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    backend = os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    if backend != "tensorflow":
        raise UserError(f"Keras is set to the backend {backend}: start with KERAS_BACKEND=tensorflow.")
    try:
        with _quiet_stderr(), _uncollected(), warnings.catch_warnings():
            # What TensorFlow's own imports deprecate is no business of ours.
            warnings.simplefilter("ignore")
            import keras
            import tensorflow as tf
    except ImportError as error:
        raise UserError(
            "TensorFlow or Keras cannot be loaded: install both with pip install tensorflow keras.",
            detail=str(error),
        ) from error
    tf.get_logger().setLevel("ERROR")
    # The user's keras.json may say otherwise; every shape and gradient in the app means these.
    keras.config.set_floatx("float32")
    keras.config.set_image_data_format("channels_last")
    if threads is not None:
        # Both refuse once TensorFlow has begun to compute; the defaults then stay.
        try:
            tf.config.threading.set_intra_op_parallelism_threads(threads)
            tf.config.threading.set_inter_op_parallelism_threads(threads)
        except RuntimeError as error:
            raise UserError(
                "The number of threads can only be set before the first computation.", detail=str(error)
            ) from error
    gpus = tf.config.list_physical_devices("GPU")
    for gpu in gpus:
        # Without this TensorFlow takes a card's whole memory from other programs.
        tf.config.experimental.set_memory_growth(gpu, True)
    names = tuple(str(tf.config.experimental.get_device_details(x).get("device_name", x.name)) for x in gpus)
    used = tf.config.threading.get_intra_op_parallelism_threads() or os.cpu_count() or 1
    return Runtime(tf.__version__, keras.__version__, names, used, time.perf_counter() - began)
