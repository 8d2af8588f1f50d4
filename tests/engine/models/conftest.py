"""TensorFlow for this folder's tests: imported once, when the first test asks for it."""

from __future__ import annotations

import warnings
from typing import Any

import pytest

from convscope.engine.runtime import Runtime, start


@pytest.fixture(scope="session")
def runtime() -> Runtime:
    """Keras and TensorFlow, ready."""
    return start()


@pytest.fixture(scope="session")
def old(runtime: Runtime) -> Any:
    """Keras 2."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import tf_keras
    return tf_keras
