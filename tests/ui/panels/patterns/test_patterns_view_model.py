"""What is asked of patterns for what is open, set and chosen; no window, no Qt."""

from __future__ import annotations

import json
import sys
from subprocess import run

import numpy as np
import pytest
from psygnal import Signal

from convscope.core.errors import UserError
from convscope.engine.interpret.feature_visualization.settings import PatternSettings
from convscope.engine.models.opened import OpenedModel
from convscope.imaging.image import Image
from convscope.ui.panels.patterns import growth
from convscope.ui.panels.patterns.grown import PatternDetail
from convscope.ui.panels.patterns.options import PatternOptions
from convscope.ui.panels.patterns.view_model import Grid, PatternsViewModel
from convscope.workspace.workspace import Workspace
from tests.without_qt import InlineJobs, bare_context

FEW = PatternSettings(steps=3)


class Answers:
    """Stands for the window's predictor: it has no answer."""

    changed = Signal(object)
    prediction = None


class Setup:
    """A view model that somebody looks at, with what it told."""

    def __init__(self, model: OpenedModel | None, snapshot: dict[str, object] | None = None) -> None:
        values = np.random.default_rng(7).integers(0, 256, (28, 28), np.uint8)
        self.workspace = Workspace([Image(values, "noise"), Image(255 - values, "other noise")])
        if snapshot is not None:
            self.workspace.document.restore(snapshot)
        self.jobs = InlineJobs()
        self.context = bare_context(self.workspace, self.jobs, predictor=Answers())
        self.made = PatternsViewModel(self.context)
        self.grids: list[Grid] = []
        self.details: list[PatternDetail] = []
        self.problems: list[str] = []
        self.made.grid_changed.connect(self.grids.append)
        self.made.detail_changed.connect(self.details.append)
        self.made.problem_changed.connect(self.problems.append)
        if snapshot is None:
            self.made.edit(settings=FEW)
        self.made.set_active(True)
        if model is not None:
            self.workspace.add_model(model)

    def waiting(self) -> list[str | None]:
        """The keys of what waits for a lane."""
        return [job.key for job in self.jobs.waiting]


@pytest.fixture
def setup(digits: OpenedModel) -> Setup:
    return Setup(digits)


def test_it_needs_no_qt() -> None:
    code = "import sys, convscope.ui.panels.patterns.view_model; sys.exit('PySide6' in sys.modules)"
    assert run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_network_is_enough_for_a_grid_to_be_asked_for(setup: Setup) -> None:
    assert setup.workspace.layer == "conv2d_1" and setup.waiting() == [growth.GRID]
    assert setup.grids[-1].title == "conv2d_1" and setup.grids[-1].captions == tuple(map(str, range(16)))
    setup.jobs.run()
    made = setup.made
    assert len(made.grown.grid) == 16 and set(made.grown.finished) == set(range(16))
    # Before one is asked for, the first tile is shown large.
    assert made.detail.title == "conv2d_1 · filter 0" and made.detail.step_words == "step 3 of 3"
    np.testing.assert_array_equal(made.detail.pictures[0], made.grown.grid[0].pixels)


def test_nothing_is_asked_for_nobody(digits: OpenedModel) -> None:
    setup = Setup(None)
    setup.made.set_active(False)
    setup.workspace.add_model(digits)
    assert setup.waiting() == [] and setup.workspace.layer is None
    setup.made.set_active(True)
    assert setup.waiting() == [growth.GRID]


def test_the_latest_grid_wins(setup: Setup) -> None:
    setup.workspace.choose_layer("conv2d_2")
    assert setup.waiting() == [growth.GRID]
    setup.jobs.run()
    assert {pattern.objective.path for pattern in setup.made.grown.grid} == {"conv2d_2"}


def test_a_chosen_tile_grows_large_and_is_taken_back(setup: Setup) -> None:
    setup.jobs.run()
    setup.made.choose_tile(5)
    assert setup.waiting() == [growth.LARGE] and setup.made.detail.growing
    setup.jobs.run()
    assert setup.made.selected == 5 and setup.made.grown.large[0].objective.index == 5
    assert not setup.made.detail.growing and setup.made.detail.continues
    setup.workspace.scope = "patterns"
    assert setup.workspace.undo_label == "Choose filter 5"
    setup.workspace.undo()
    setup.jobs.run()
    assert setup.made.selected == 0 and setup.made.detail.title == "conv2d_1 · filter 0"
    np.testing.assert_array_equal(setup.made.detail.pictures[0], setup.made.grown.grid[0].pixels)
    setup.workspace.redo()
    setup.jobs.run()
    assert setup.made.selected == 5 and setup.made.grown.large[0].objective.index == 5


def test_another_layer_begins_at_its_first_filter_and_the_one_before_is_remembered(setup: Setup) -> None:
    setup.made.choose_tile(5)
    setup.workspace.choose_layer("conv2d_2")
    assert setup.made.selected == 0
    setup.workspace.choose_layer("conv2d_1")
    assert setup.made.selected == 5


def test_what_there_is_not_is_not_asked_for(setup: Setup) -> None:
    setup.made.edit(show="between", other=63)
    assert setup.made.objectives[-1].other == 63
    setup.workspace.choose_layer("conv2d")
    assert setup.made.options.other == 31 and setup.made.objectives[-1].other == 31
    setup.workspace.choose_layer("conv2d_1")
    assert setup.made.objectives[-1].other == 63
    setup.made.show_source("classes")
    assert setup.made.options.show == "16"


def test_why_it_cannot_be_is_told_and_taken_back(setup: Setup) -> None:
    setup.workspace.choose_layer("flatten")
    assert setup.made.problem.startswith("flatten (Flatten) has no filters") and setup.waiting() == []
    assert setup.made.objectives == () and setup.grids[-1].captions == ()
    setup.workspace.choose_layer("dense")
    assert setup.made.problem == "" and setup.problems[-1] == ""


def test_a_failed_growth_is_told_until_another_is_asked_for(
    setup: Setup, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **_more: object) -> None:
        raise UserError("No memory.")

    monkeypatch.setattr(growth, "ascend_many", refuse)
    setup.jobs.run()
    assert setup.made.problem == "No memory."
    monkeypatch.undo()
    setup.workspace.choose_layer("conv2d_2")
    assert setup.made.problem == ""


def test_a_picture_from_the_image_follows_it(setup: Setup) -> None:
    setup.made.dream()
    setup.jobs.run()
    (first,) = setup.made.grown.large
    assert first.objective.kind == "layer" and setup.made.options.from_image
    setup.workspace.select_image(setup.workspace.images[1].id)
    assert setup.waiting() == [growth.LARGE]
    setup.made.set_active(False)
    setup.jobs.run()
    setup.workspace.select_image(setup.workspace.images[0].id)
    assert setup.waiting() == []


def test_a_snapshot_brings_back_what_was_asked(setup: Setup, digits: OpenedModel) -> None:
    setup.jobs.run()
    setup.made.choose_tile(5)
    setup.made.edit(side="both", settings=PatternSettings("classic", 4, size=40, blur=0.5))
    setup.made.unfold_options(True)
    setup.made.class_search.set("7")
    setup.jobs.run()
    snapshot = json.loads(json.dumps(setup.workspace.document.snapshot()))
    again = Setup(None, snapshot)
    again.workspace.add_model(digits)
    again.workspace.choose_layer("conv2d_1")
    assert again.made.options == setup.made.options and again.made.selected == 5
    assert again.made.folds.value.more and again.made.class_search.value == "7"
    mine, theirs = setup.made.large_wanted, again.made.large_wanted
    assert mine is not None and theirs is not None and mine.same(theirs)
    again.jobs.run()
    assert [one.objective for one in again.made.grown.large] == [
        one.objective for one in setup.made.grown.large
    ]
    assert [one.objective for one in again.made.grown.grid] == [
        one.objective for one in setup.made.grown.grid
    ]


def test_what_a_snapshot_cannot_mean_is_left_out() -> None:
    setup = Setup(None, {"patterns.options": {"settings": {"recipe": "rough"}}, "patterns.source": "moon"})
    assert setup.made.options == PatternOptions() and setup.made.source == "layers"


def test_it_ends_with_the_panel(setup: Setup) -> None:
    setup.context.ending.end()
    assert setup.waiting() == []
    asked = setup.made.objectives
    setup.workspace.choose_layer("conv2d_2")
    setup.made.options_part.set(PatternOptions(show="64"))
    assert setup.made.objectives is asked and setup.waiting() == []
