"""TensorFlow for this folder's tests: imported once, when the first test asks for it."""

from __future__ import annotations

import pytest

from convscope.engine.runtime import Runtime, start


@pytest.fixture(scope="session")
def runtime() -> Runtime:
    """Keras and TensorFlow, ready."""
    return start()
