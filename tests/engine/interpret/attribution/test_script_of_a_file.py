"""A script opens a model's file by itself only where Keras makes the same network of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from convscope.engine.interpret.attribution.script.opening import UnsavedError, open_model_code
from convscope.engine.models.files.open_file import open_file


@pytest.fixture
def saved(tmp_path: Path) -> Any:
    """Writes a small network to a file."""
    import keras

    def save(data_format: str, name: str) -> Path:
        first = data_format == "channels_first"
        model = keras.Sequential(
            [
                keras.Input((3, 8, 8) if first else (8, 8, 3)),
                keras.layers.Conv2D(2, 3, data_format=data_format),
                keras.layers.GlobalAveragePooling2D(data_format=data_format),
            ]
        )
        model.save(tmp_path / name)
        return tmp_path / name

    return save


def test_a_file_as_it_is(saved: Any) -> None:
    path = saved("channels_last", "plain.keras")
    opened = open_file(path)
    assert opened.source.as_is and str(path) in open_model_code(opened)
    assert "beside.keras" in open_model_code(opened, "beside.keras")


def test_a_network_that_was_turned_or_has_other_weights_is_not_that_of_the_file(saved: Any) -> None:
    turned = open_file(saved("channels_first", "turned.keras"))
    path = saved("channels_last", "plain.keras")
    other = open_file(path, None, saved("channels_last", "other.keras"))
    for opened in (turned, other):
        assert not opened.source.as_is
        with pytest.raises(UnsavedError, match="no file that Keras opens by itself"):
            open_model_code(opened)
