"""Saving a copy of an open model."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from convscope.engine.models.catalogue import open_model
from convscope.engine.models.files.save_file import save_model
from convscope.engine.runtime import Runtime
from convscope.errors import UserError
from convscope.imaging.load import load_image
from convscope.paths import resource_path
from convscope.task import Cancelled, Task


def test_a_copy_opens_as_the_same_model(runtime: Runtime, tmp_path: Path) -> None:
    model = open_model("digits")
    changed = model.with_(
        classes=[f"number {n}" for n in range(10)],
        preprocessing=replace(model.preprocessing, resize="pad"),
    )
    files = save_model(changed, tmp_path / "copy")
    assert files == (tmp_path / "copy.keras", tmp_path / "copy.classes.json")
    assert sorted(tmp_path.iterdir()) == sorted(files)
    again = open_model(files[0])
    assert again.classes == changed.classes
    assert again.preprocessing == changed.preprocessing
    image = load_image(resource_path("images", "digit-7.png"))
    before, after = changed.predict(image), again.predict(image)
    assert np.array_equal(before.logits, after.logits)
    assert after.classes[0].name == "number 7"
    # One that is there already is replaced.
    save_model(model, files[0])
    assert open_model(files[0]).classes == model.classes


def test_what_cannot_be_written_is_said(runtime: Runtime, tmp_path: Path) -> None:
    model = open_model("digits")
    with pytest.raises(UserError, match=r"copy\.keras cannot be written"):
        save_model(model, tmp_path / "missing" / "copy.keras")


def test_cancelling_leaves_what_was_there(runtime: Runtime, tmp_path: Path) -> None:
    model = open_model("digits")
    target = tmp_path / "copy.keras"
    target.write_text("before")
    task = Task(on_progress=lambda _fraction, _text: task.cancel())
    with pytest.raises(Cancelled):
        save_model(model, target, task)
    assert [path.name for path in tmp_path.iterdir()] == ["copy.keras"]
    assert target.read_text() == "before"
