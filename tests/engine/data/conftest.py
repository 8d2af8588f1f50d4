"""What the tests of data sets share: TensorFlow started quietly, and small folders of real image files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from convscope.engine import runtime as engine_runtime


@pytest.fixture(scope="session")
def runtime() -> engine_runtime.Runtime:
    """TensorFlow and Keras, imported."""
    return engine_runtime.start()


@pytest.fixture
def make_folder(tmp_path: Path) -> Callable[..., Path]:
    """A folder of classes: `make_folder(cats=5, dogs=3)`; an image has its class's colour and its number."""

    def make(size: tuple[int, int] = (20, 30), suffix: str = "png", **classes: int) -> Path:
        root = tmp_path / "photos"
        for label, (name, count) in enumerate(classes.items()):
            (root / name).mkdir(parents=True)
            for number in range(count):
                pixels = np.full((*size, 3), 40 * (label + 1), np.uint8)
                pixels[0, 0] = number
                Image.fromarray(pixels).save(root / name / f"{number:03}.{suffix}")
        return root

    return make
