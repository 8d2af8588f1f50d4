"""What Keras and TensorFlow keep for the whole process, under one lock: seeds, threads, names, downloads."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

Made = TypeVar("Made")

lock = threading.RLock()
"""Held by whoever changes any of it."""


class _Draws(threading.local):
    """Where Keras takes the seeds of new layers from: in `seeded`, from a source of the thread's own.

    Python's own source belongs to all threads: a network that is built beside a training would take numbers
    away from it, or start it anew.
    """

    own: random.Random | None = None

    def randint(self, low: int, high: int) -> int:
        return (self.own or random).randint(low, high)


_draws = _Draws()


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Make new layers and weights in here: the same seed gives the same ones, whatever other threads make.

    They are those that follow `keras.utils.set_random_seed(seed)` in a script. NumPy's and TensorFlow's own
    sources, which no layer of Keras draws from, are set to the seed too.
    """
    import keras

    with lock:
        keras.utils.set_random_seed(seed)
    outer, _draws.own = _draws.own, random.Random(seed)
    try:
        yield
    finally:
        _draws.own = outer


def seed_each_thread() -> None:
    from keras.src.random import seed_generator

    seed_generator.python_random = _draws


def set_threads(number: int) -> None:
    """How many threads TensorFlow computes with.

    Raises:
        RuntimeError: it has begun to compute.
    """
    import tensorflow as tf

    with lock:
        tf.config.threading.set_intra_op_parallelism_threads(number)
        tf.config.threading.set_inter_op_parallelism_threads(number)


def register_part(package: str, name: str, made: Made) -> Made:
    """Let Keras find a function or a class by this name in a file."""
    import keras

    with lock:
        registered: Made = keras.saving.register_keras_serializable(package, name)(made)
    return registered


@contextmanager
def without_progress_bars() -> Iterator[None]:
    """What Keras downloads prints none in here."""
    import keras

    with lock:
        loud = keras.config.is_interactive_logging_enabled()
        keras.config.disable_interactive_logging()
    try:
        yield
    finally:
        if loud:
            with lock:
                keras.config.enable_interactive_logging()


def route_downloads(mark: str, make: Callable[[Callable[..., Any]], Callable[..., Any]]) -> None:
    """Put a function where Keras looks for its downloader, once: Keras has no hook that can stop one.

    Args:
        mark: the module that the function is from; what is there already is left.
        make: the function, from that which Keras has.
    """
    from keras.src.utils import file_utils

    with lock:
        if getattr(file_utils.urlretrieve, "__module__", "") != mark:
            file_utils.urlretrieve = make(file_utils.urlretrieve)


def set_worker_patience(start: int, interval: int, silence: int) -> None:
    """How many seconds workers that train together wait for one another: TensorFlow has no public setting.

    Args:
        start: for all to be there.
        interval: from one sign of life to the next.
        silence: for an answer to it.
    """
    import sys

    import tensorflow as tf

    _ = tf.distribute.MultiWorkerMirroredStrategy  # imports the module
    module = sys.modules["tensorflow.python.distribute.collective_all_reduce_strategy"]
    with lock:
        extended = module.CollectiveAllReduceExtended
        extended._check_health_initial_timeout = start
        extended._check_health_interval = interval
        extended._check_health_timeout = silence


def stop_looking_after_workers(strategy: Any) -> None:
    """The other workers may end now."""
    stop = getattr(strategy.extended, "_check_health_thread_should_stop", None)
    if stop is not None:
        stop.set()
