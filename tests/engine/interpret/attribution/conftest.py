"""Opened models that several tests share, because opening and tracing takes seconds."""

from __future__ import annotations

import pytest

from convscope.engine.models.library.catalogue import open_model
from convscope.engine.models.opened import OpenedModel
from convscope.engine.runtime import start


@pytest.fixture(scope="session", autouse=True)
def runtime() -> None:
    """Keras and TensorFlow, ready."""
    start()


@pytest.fixture(scope="session")
def digits(runtime: None) -> OpenedModel:
    """The shipped network for digits, 28×28×1."""
    return open_model("digits")


@pytest.fixture(scope="session")
def imagenet(runtime: None) -> OpenedModel:
    """The shipped network for photographs, 224×224×3."""
    return open_model("imagenet")
