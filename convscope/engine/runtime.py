"""TensorFlow and Keras: imported once, quietly, on a worker; and what this machine gives them."""

from __future__ import annotations

import gc
import os
import re
import threading
import time
from dataclasses import dataclass

from convscope.core.errors import UserError
from convscope.core.process_state import collection, imports, python_warnings, standard_error
from convscope.engine import keras_compat

ONEDNN = "TF_ENABLE_ONEDNN_OPTS"

# What TensorFlow's C++ prints while it loads; no setting of its own silences that.
_TALK = re.compile(rb"^(?:[IWE]0000|WARNING: All log messages before absl)[^\n]*\n?", re.MULTILINE)

# Keras imports them wherever they are, for parts of it that the app does not use: a third of the whole start.
UNUSED = ("sklearn", "matplotlib")

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


def choose_kernels() -> bool:
    """Let TensorFlow use its oneDNN kernels on every processor, unless the environment says otherwise.

    TensorFlow reads this when it is imported. By itself it leaves them off where a processor has no AVX-512:
    the same network would then run on one machine and not on another.

    Returns:
        whether it may use them.
    """
    return os.environ.setdefault(ONEDNN, "1").strip().lower() not in ("0", "false")


def _start(threads: int | None) -> Runtime:
    began = time.perf_counter()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    choose_kernels()
    backend = os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    if backend != "tensorflow":
        raise UserError(f"Keras is set to the backend {backend}: start with KERAS_BACKEND=tensorflow.")
    try:
        # What TensorFlow's own imports deprecate is no business of ours.
        with (
            standard_error.held(_TALK),
            collection.stopped(),
            python_warnings.ignored(),
            imports.without(*UNUSED),
        ):
            import keras
            import tensorflow as tf

            # TensorFlow's half a million objects live as long as the process; each full collection would look
            # through all of them, a fifth of a second in which no other thread of Python can run.
            gc.freeze()
    except ImportError as error:
        raise UserError(
            "TensorFlow or Keras cannot be loaded: install both with pip install tensorflow keras.",
            detail=str(error),
        ) from error
    tf.get_logger().setLevel("ERROR")
    keras_compat.set_up()
    if threads is not None:
        # Both refuse once TensorFlow has begun to compute; the defaults then stay.
        try:
            keras_compat.set_threads(threads)
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
