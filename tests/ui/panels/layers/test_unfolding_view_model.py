"""What is open between two columns, without a window: which map, which pixel, the sliding window."""

from __future__ import annotations

import sys
from subprocess import run

import numpy as np
import pytest

from convscope.engine.interpret.network.unfolded import HeldPixel
from convscope.engine.models.library.catalogue import open_model
from convscope.engine.models.opened import OpenedModel
from convscope.imaging.samples import load_sample
from convscope.ui.panels.layers.network.parts import UnfoldedMap
from convscope.ui.panels.layers.network.unfolding import UnfoldedFrame, UnfoldingViewModel
from convscope.ui.panels.layers.network.view_model import NetworkViewModel
from convscope.workspace.workspace import Workspace
from tests.without_qt import InlineJobs, Told, bare_context


class Setup:
    """The view model over that of the network's picture, which somebody looks at."""

    def __init__(self, model: OpenedModel) -> None:
        self.workspace = Workspace((load_sample("digit-3"), load_sample("digit-7")))
        self.jobs, self.told = InlineJobs(), Told()
        self.workspace.add_model(model)
        self.build()

    def build(self) -> None:
        context = bare_context(self.workspace, self.jobs, self.told)
        self.network = NetworkViewModel(context)
        self.model = UnfoldingViewModel(self.network)
        self.frames: list[UnfoldedFrame | None] = []
        self.held: list[HeldPixel] = []
        self.model.frame_changed.connect(self.frames.append)
        self.model.held_changed.connect(self.held.append)
        self.network.set_size(1200, 560, 1.0)
        self.network.set_active(True)
        self.jobs.run()

    def open(self, column: str) -> UnfoldedFrame:
        self.model.open(column)
        self.jobs.run()
        assert self.model.frame is not None
        return self.model.frame


@pytest.fixture
def setup(digits: OpenedModel) -> Setup:
    return Setup(digits)


def test_it_needs_no_qt() -> None:
    code = "import sys, convscope.ui.panels.layers.network.unfolding; sys.exit('PySide6' in sys.modules)"
    assert run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_first_map_is_opened_or_the_held_one(setup: Setup) -> None:
    frame = setup.open("conv2d_1")
    assert frame.unfolded.channel == 0 and frame.titles == ("MaxPooling2D 2×2",)
    setup.network.select("conv2d_1", 9)
    assert setup.open("conv2d_1").unfolded.channel == 9
    assert setup.open("dense_1").unfolded.channel == 3
    assert setup.told.errors == []


def test_a_pixel_is_held_through_all_maps(setup: Setup) -> None:
    setup.network.select("conv2d_1", 9)
    frame = setup.open("conv2d_1")
    first = setup.held[-1]
    assert first.at == np.unravel_index(frame.unfolded.stages[2].values.argmax(), (11, 11))
    setup.model.hold(2, 4, 6)
    held = setup.held[-1]
    assert held.at == (4, 6) and held.places[-1] == (2, 3)
    assert held.values[1] == frame.unfolded.stages[1].values[4, 6]
    # The middle of the window of an input's pixel.
    setup.model.hold(-1, 6, 7)
    assert setup.held[-1].at == (5, 6) and setup.held[-1].box == (5, 6, 3, 3)
    setup.model.choose_term(17)
    assert setup.held[-1].term == 17
    assert len(setup.frames) == 1


def test_the_window_slides_and_stops_at_both_ends(setup: Setup) -> None:
    setup.open("conv2d")
    setup.model.go(0)
    setup.model.step(27)
    assert setup.held[-1].at == (1, 1)
    setup.model.move(0, -5)
    assert setup.held[-1].at == (1, 0)
    setup.model.step(10_000)
    scan = setup.model.scan
    assert scan is not None and scan.at_end and setup.held[-1].at == (25, 25)
    setup.model.go(-3)
    assert setup.held[-1].at == (0, 0)


def test_another_image_keeps_the_pixel_and_shows_its_numbers(setup: Setup) -> None:
    setup.open("conv2d")
    setup.model.hold(0, 12, 10)
    before = setup.held[-1]
    setup.workspace.select_image(setup.workspace.images[1].id)
    setup.jobs.run()
    after = setup.held[-1]
    assert after.at == before.at == (12, 10) and not np.array_equal(after.patch, before.patch)


def test_softmax_names_its_classes_and_another_class_is_one_click(setup: Setup) -> None:
    frame = setup.open("dense_1")
    assert frame.names == tuple("0123456789") and frame.unfolded.softmax is not None
    setup.model.choose_channel(8)
    setup.jobs.run()
    assert setup.model.frame is not None and setup.model.frame.unfolded.channel == 8
    assert setup.model.sum_of == ("dense_1", 8, 0, 0)


def test_closing_and_another_model_end_it(setup: Setup) -> None:
    setup.open("conv2d")
    setup.model.close()
    assert setup.frames[-1] is None and setup.model.held is None and setup.model.part.value == UnfoldedMap()
    setup.open("conv2d")
    setup.workspace.add_model(open_model("digits"))
    setup.jobs.run()
    assert setup.frames[-1] is None and setup.model.frame is None


def test_it_is_no_step_of_undo_and_comes_back_with_the_document(setup: Setup) -> None:
    setup.open("conv2d_2")
    setup.model.hold(0, 2, 1)
    assert setup.workspace.undo_label is None
    state = setup.workspace.document.snapshot()
    setup.model.close()
    setup.build()
    assert setup.model.frame is None
    setup.workspace.document.restore(state)
    setup.jobs.run()
    frame, held = setup.model.frame, setup.model.held
    assert frame is not None and frame.column.id == "conv2d_2" and held is not None and held.at == (2, 1)


def test_a_folded_block_that_is_gone_closes(setup: Setup) -> None:
    setup.open("conv2d")
    setup.model.part.set(UnfoldedMap(setup.model.part.value.model, "block:gone", 0))
    assert setup.model.frame is None and setup.frames[-1] is None
