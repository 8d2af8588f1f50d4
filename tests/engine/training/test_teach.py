"""Collected and taught in seconds: photographs on the shipped base, drawings from scratch."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from convscope.core.errors import UserError
from convscope.core.paths import resource_path
from convscope.core.task import Cancelled, Task
from convscope.engine.data.collect.collection import Collection
from convscope.engine.training.teach import teach
from convscope.imaging.image import Image
from convscope.imaging.io.load import load_image


def view(name: str, seed: int) -> NDArray[np.uint8]:
    """A part of a shipped photograph, three quarters of it, somewhere."""
    pixels = load_image(resource_path("images", f"{name}.jpg")).pixels
    height, width = pixels.shape[0] * 3 // 4, pixels.shape[1] * 3 // 4
    random = np.random.default_rng(seed)
    top, left = random.integers(0, pixels.shape[0] - height), random.integers(0, pixels.shape[1] - width)
    return np.ascontiguousarray(cv2.resize(pixels[top : top + height, left : left + width], (160, 160)))


def drawing(shape: str, seed: int) -> NDArray[np.uint8]:
    """A ring or a cross, white on black, somewhere and of some size."""
    random = np.random.default_rng(seed)
    canvas = np.zeros((56, 56), np.uint8)
    x, y = (int(value) for value in random.integers(22, 34, 2))
    size = int(random.integers(10, 17))
    if shape == "ring":
        cv2.circle(canvas, (x, y), size, 255, 4)
    else:
        cv2.line(canvas, (x - size, y - size), (x + size, y + size), 255, 4)
        cv2.line(canvas, (x - size, y + size), (x + size, y - size), 255, 4)
    return canvas


def collected(root: Path, names: tuple[str, ...], make: object, takes: int, frames: int) -> Collection:
    assert callable(make)
    made = Collection(root)
    for name in names:
        folder = made.add_class(name)
        for _ in range(takes):
            take = made.new_take()
            for number in range(frames):
                made.add(folder, take, make(name, 100 * take + number))
    return made


def test_photographs_are_told_apart_after_one_take_each(runtime: object, tmp_path: Path) -> None:
    names = ("cat", "coffee", "rocket")
    made = collected(tmp_path / "own", names, view, takes=1, frames=5)
    said: list[str] = []
    result = teach(made.dataset(), task=Task(on_progress=lambda _fraction, text: said.append(text)))
    assert result.fitted.outcome == "finished" and result.model.classes == names
    for name in names:
        assert result.model.predict(Image(view(name, 9_999), name)).classes[0].name == name
    assert any("Extracting features" in text for text in said)


def test_two_gestures_make_two_classes_and_one_take_of_each_validates(
    runtime: object, tmp_path: Path
) -> None:
    made = collected(tmp_path / "own", ("cross", "ring"), drawing, takes=3, frames=8)
    result = teach(made.dataset(), "drawings")
    for name in ("cross", "ring"):
        for seed in range(9_000, 9_005):
            assert result.model.predict(Image(drawing(name, seed), name)).classes[0].name == name
    assert "val_loss" in result.fitted.epochs[-1].values


def test_one_class_teaches_nothing(tmp_path: Path) -> None:
    made = collected(tmp_path / "own", ("ring",), drawing, takes=1, frames=2)
    with pytest.raises(UserError, match="at least two"):
        teach(made.dataset())


def test_teaching_can_be_cancelled(runtime: object, tmp_path: Path) -> None:
    made = collected(tmp_path / "own", ("cross", "ring"), drawing, takes=1, frames=4)
    task = Task()
    task.cancel()
    with pytest.raises(Cancelled):
        teach(made.dataset(), task=task)
