"""TensorFlow starts once, quietly, and says in a sentence when it cannot."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tests.processes import run_process

SCRIPT = """
import gc, sys
from convscope.engine import runtime
from convscope.core.errors import UserError
import convscope.engine.models.library.catalogue
assert "tensorflow" not in sys.modules
print("before", file=sys.stderr)
try:
    first = runtime.start(threads=1)
except UserError as error:
    print(error.message)
    raise SystemExit
import keras
assert runtime.start() is first
# Keras takes a third longer with them; what needs them imports them then.
assert "sklearn" not in sys.modules and "matplotlib" not in sys.modules
import sklearn.svm
assert first.keras == keras.__version__
# A collection no longer looks through TensorFlow's objects, and goes on with all others.
assert gc.get_freeze_count() > 100_000 and gc.isenabled()
print(first.threads, keras.config.floatx(), keras.config.image_data_format())
"""


@pytest.mark.parametrize(
    ("backend", "said"),
    [
        (None, "1 float32 channels_last\n"),
        ("numpy", "Keras is set to the backend numpy: start with KERAS_BACKEND=tensorflow.\n"),
    ],
)
def test_start(backend: str | None, said: str, tmp_path: Path) -> None:
    (tmp_path / "keras.json").write_text(
        '{"floatx": "float16", "image_data_format": "channels_first", "backend": "jax", "epsilon": 1e-7}',
        encoding="utf-8",
    )
    space = {**os.environ, "KERAS_HOME": str(tmp_path)}
    space.pop("KERAS_BACKEND", None)
    if backend:
        space["KERAS_BACKEND"] = backend
    done = run_process([sys.executable, "-c", SCRIPT], env=space)
    assert (done.stdout, done.stderr) == (said, "before\n")
