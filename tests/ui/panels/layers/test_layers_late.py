"""What does not answer what is chosen is dimmed and marked, or gone; nobody waits for what nobody wants."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from layers_helpers import Desk

from convscope.core.task import Task
from convscope.engine.models.library.catalogue import open_model
from convscope.engine.models.opened import OpenedModel
from convscope.ui.canvas.late import WORDS
from convscope.ui.canvas.mosaic_view import MosaicView
from convscope.ui.canvas.veil import Veil
from convscope.ui.panels.layers import view_model


class Gate:
    """Looks wait here until they are let through, or cancelled."""

    def __init__(self) -> None:
        self.open, self.tasks = threading.Event(), []  # type: ignore[var-annotated]
        self._compute = view_model.compute

    def __call__(self, *arguments: Any) -> Any:
        task = arguments[-1]
        assert isinstance(task, Task)
        self.tasks.append(task)
        while not self.open.wait(0.01):
            task.check()
        return self._compute(*arguments)


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Iterator[Gate]:
    """Every look waits."""
    made = Gate()
    monkeypatch.setattr(view_model, "compute", made)
    yield made
    made.open.set()


def test_old_maps_are_dimmed_until_the_new_ones_are_there(desk: Desk, gate: Gate) -> None:
    desk.layer_unsettled("conv2d_1")
    veils = [desk.find(Veil, f"layers.{name}_veil") for name in ("stage", "inspector", "depth")]
    desk.until(lambda: all(veil.words == WORDS and veil.isVisible() for veil in veils))
    assert desk.frame.path == "conv2d"
    gate.open.set()
    desk.settle()
    assert desk.frame.path == "conv2d_1" and not any(veil.words for veil in veils)


@pytest.mark.parametrize("what", ["layer", "image", "model"])
def test_what_nobody_waits_for_any_more_is_cancelled(desk: Desk, gate: Gate, what: str) -> None:
    other = open_model("garments")
    desk.layer_unsettled("conv2d_1")
    desk.until(lambda: len(gate.tasks) == 1)
    if what == "layer":
        desk.workspace.choose_layer("conv2d_2")
    elif what == "image":
        desk.workspace.select_image(desk.workspace.images[1].id)
    else:
        desk.workspace.add_model(other)
    assert gate.tasks[0].cancelled
    seen: list[tuple[str, object, object]] = []
    desk.panel.view_model.maps_changed.connect(
        lambda frame: seen.append((frame.path, frame.first.forward.image, frame.first.forward.model))
    )
    gate.open.set()
    desk.settle()
    # Nothing but answers was on show.
    assert set(seen) == {(desk.workspace.layer, desk.workspace.image, desk.workspace.model)}


def test_a_live_picture_s_frames_are_all_answers(desk: Desk, gate: Gate) -> None:
    """The next frame of a drawing does not throw away the look at the last one."""
    image = desk.workspace.image
    desk.workspace.update_image(type(image)(image.values // 2, image.name))
    desk.until(lambda: len(gate.tasks) == 1)
    desk.workspace.update_image(type(image)(image.values // 3, image.name))
    assert not gate.tasks[0].cancelled
    gate.open.set()
    desk.settle()
    np.testing.assert_array_equal(desk.frame.first.forward.image.values, image.values // 3)


def test_a_problem_leaves_no_maps_on_show(desk: Desk) -> None:
    import keras

    table = keras.Sequential([keras.Input((6,)), keras.layers.Dense(3)], name="table")
    assert desk.find(MosaicView, "layers.mosaic").count == 32
    desk.workspace.add_model(OpenedModel(table))
    desk.settle()
    assert desk.text("layers.problem").startswith("table does not take images")
    assert desk.find(MosaicView, "layers.mosaic").count == 0
    assert desk.panel.chart.shares == () and desk.text("layers.scale_words") == ""
    assert desk.panel.inspector.detail is None
    desk.workspace.select_model(desk.workspace.models[0].id)
    desk.layer("conv2d")
    assert desk.find(MosaicView, "layers.mosaic").count == 32 and desk.panel.chart.shares
