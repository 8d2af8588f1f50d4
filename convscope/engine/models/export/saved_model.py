"""A SavedModel that was written here, run by TensorFlow as its servers run it. In the process of `worker`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray


class SavedModelRunner:
    """Asks a SavedModel by its serving function, as a server would."""

    def __init__(self, folder: Path, outputs: Sequence[str], _threads: int) -> None:
        import tensorflow as tf

        self._loaded = tf.saved_model.load(str(folder))
        self._serve = self._loaded.signatures["serving_default"]
        self._constant = tf.constant
        self._outputs = list(outputs)
        given = self._serve.structured_input_signature[1]
        self.takes = [(name, spec.dtype.name, list(spec.shape)) for name, spec in given.items()]
        found = self._serve.structured_outputs
        self.gives = [(name, found[name].dtype.name, list(found[name].shape)) for name in outputs]
        self.notes: list[str] = []

    def __call__(self, inputs: Mapping[str, NDArray[Any]]) -> list[NDArray[Any]]:
        """The outputs for one batch."""
        found = self._serve(**{name: self._constant(value) for name, value in inputs.items()})
        return [np.asarray(found[name]) for name in self._outputs]


RUNNER = SavedModelRunner
