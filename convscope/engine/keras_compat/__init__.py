"""The one place for what Keras keeps for the whole process, and for the private parts of it that are needed.

`state`: what belongs to the process, under one lock; `building`: how models are made; `graphs`: what is
inside of one; `names`; `processors`: where this one lacks a kernel of TensorFlow's.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from convscope.engine.keras_compat import building, names, processors, state
from convscope.engine.keras_compat.building import (
    between_layers,
    build_for_training,
    forget_unmade_variables,
    from_legacy_config,
    make_variables,
)
from convscope.engine.keras_compat.graphs import (
    all_layers,
    call_count,
    finalize_normalizations,
    graph_calls,
    graph_of,
    is_symbolic,
    leaf_layers,
    operation_behind,
    operation_home,
    snake_case,
    structures,
)
from convscope.engine.keras_compat.processors import cannot_run, has_onednn, no_kernel
from convscope.engine.keras_compat.state import (
    register_part,
    route_downloads,
    set_threads,
    set_worker_patience,
    stop_looking_after_workers,
    without_progress_bars,
)

__all__ = [
    "all_layers",
    "between_layers",
    "build_for_training",
    "call_count",
    "cannot_run",
    "finalize_normalizations",
    "forget_unmade_variables",
    "from_legacy_config",
    "graph_calls",
    "graph_of",
    "has_onednn",
    "is_symbolic",
    "leaf_layers",
    "make_variables",
    "no_kernel",
    "operation_behind",
    "operation_home",
    "register_part",
    "route_downloads",
    "seeded",
    "set_threads",
    "set_up",
    "set_worker_patience",
    "snake_case",
    "stop_looking_after_workers",
    "structures",
    "without_progress_bars",
]

_set_up = False


def set_up() -> None:
    """Bring Keras to what every shape, gradient and seed in the app means; once Keras is imported."""
    global _set_up
    import keras

    with state.lock:
        # The user's keras.json may say otherwise.
        keras.config.set_floatx("float32")
        keras.config.set_image_data_format("channels_last")
        if not _set_up:
            state.seed_each_thread()
            processors.run_on_every_processor()
            names.take_any_name()
            building.build_at_once()
            building.go_through_long_chains()
            building.bound_what_is_computed_while_building()
            names.keep_quiet()
            _set_up = True


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Make new layers and weights in here; see `state.seeded`. Keras is set up before."""
    set_up()
    with state.seeded(seed):
        yield
