"""The picture of the whole network, without a window: what is asked, what lights up, what is off."""

from __future__ import annotations

import sys
from itertools import pairwise
from pathlib import Path
from subprocess import run

import numpy as np
import pytest

from convscope.core.task import Task
from convscope.engine.interpret.network.flow import MadeOf
from convscope.engine.interpret.network.mute import Ablation
from convscope.engine.interpret.network.relevance import ClassPath
from convscope.engine.models.library.catalogue import open_model
from convscope.engine.models.opened import OpenedModel
from convscope.engine.runtime import start
from convscope.imaging.samples import load_sample
from convscope.ui.panels.layers.network.layout import arrange
from convscope.ui.panels.layers.network.parts import FigureSettings, MutedMaps
from convscope.ui.panels.layers.network.view_model import NetworkFrame, NetworkViewModel
from convscope.ui.panels.layers.network.words import lit_words
from convscope.workspace.workspace import Workspace
from tests.without_qt import InlineJobs, Told, bare_context


class Setup:
    """A view model that somebody looks at, on two digits before one network, and what it answered."""

    def __init__(self, model: OpenedModel) -> None:
        self.workspace = Workspace((load_sample("digit-3"), load_sample("digit-7")))
        self.jobs, self.told = InlineJobs(), Told()
        self.workspace.add_model(model)
        self.context = bare_context(self.workspace, self.jobs, self.told)
        self.views: list[NetworkFrame] = []
        self.lit: list[object] = []
        self.ranked: list[Ablation] = []
        self.model = NetworkViewModel(self.context)
        self.model.view_changed.connect(self.views.append)
        self.model.lit.connect(self.lit.append)
        self.model.ranked.connect(self.ranked.append)
        self.model.set_size(1200, 560, 1.0)
        self.model.set_active(True)
        self.jobs.run()

    @property
    def view(self) -> NetworkFrame:
        return self.views[-1]

    def made_of(self) -> MadeOf:
        found = self.lit[-1]
        assert isinstance(found, MadeOf)
        return found


@pytest.fixture
def setup(digits: OpenedModel) -> Setup:
    return Setup(digits)


def test_it_needs_no_qt() -> None:
    code = "import sys, convscope.ui.panels.layers.network.view_model; sys.exit('PySide6' in sys.modules)"
    assert run([sys.executable, "-c", code], check=False).returncode == 0


def test_every_map_of_a_lecture_s_network_is_shown(setup: Setup) -> None:
    assert [len(setup.view.chosen[one.id]) for one in setup.view.columns] == [
        1,
        32,
        32,
        64,
        64,
        64,
        576,
        64,
        10,
    ]
    assert setup.view.picture.answer is not None
    assert setup.view.picture.answer.classes[0].name == "3" and setup.view.target == 3
    assert setup.told.errors == []


def test_nothing_is_computed_for_nobody_nor_for_a_view_without_room(digits: OpenedModel) -> None:
    setup = Setup(digits)
    setup.model.set_active(False)
    setup.workspace.select_image(setup.workspace.images[1].id)
    assert setup.jobs.idle()
    setup.model.set_size(40, 560, 1.0)
    setup.model.set_active(True)
    assert setup.jobs.idle()


def test_another_image_shows_its_answer(setup: Setup) -> None:
    setup.workspace.select_image(setup.workspace.images[1].id)
    setup.jobs.run()
    answer = setup.view.picture.answer
    assert answer is not None and answer.classes[0].name == "7" and setup.view.target == 7


def test_a_map_that_is_pointed_at_lights_what_it_is_made_of(setup: Setup) -> None:
    setup.model.point("conv2d_1", 5)
    setup.jobs.run()
    made = setup.made_of()
    assert made.column == "conv2d_1" and made.sources[0].column == "max_pooling2d"
    words = lit_words(setup.view, made, 5)
    best = int(np.abs(made.sources[0].shares).argmax())
    assert words.startswith("Conv2D 3×3, map 5, sum ") and f"MaxPooling2D 2×2 {best}: " in words
    setup.model.point(None)
    assert setup.lit[-1] is None


def test_a_held_map_stays_lit_and_a_pointed_one_goes_before_it(setup: Setup) -> None:
    setup.model.select("conv2d", 3)
    setup.jobs.run()
    assert setup.made_of().column == "conv2d"
    setup.model.point("conv2d_2", 1)
    setup.jobs.run()
    assert setup.made_of().column == "conv2d_2"
    setup.model.point(None)
    setup.jobs.run()
    assert setup.made_of().column == "conv2d"
    setup.model.release()
    assert setup.lit[-1] is None


def test_a_class_lights_the_path_back_to_the_pixels(setup: Setup) -> None:
    setup.model.select(setup.view.columns[-1].id, 3)
    setup.jobs.run()
    found = setup.lit[-1]
    assert isinstance(found, ClassPath) and found.steps[-1].path == "input"
    assert lit_words(setup.view, found, 3).startswith("3: score ")


def test_a_muted_map_is_off_behind_it_and_the_change_is_told(setup: Setup) -> None:
    before = setup.view
    setup.model.switch("conv2d_1", (5, 6))
    setup.jobs.run()
    assert setup.view.before is not None and before.picture.answer is not None
    np.testing.assert_array_equal(setup.view.before.logits, before.picture.answer.logits)
    assert setup.view.picture.answer is not None
    assert np.abs(setup.view.picture.answer.logits - before.picture.answer.logits).max() > 0
    off = setup.view.picture.columns[3]
    assert off.blank[5] and off.blank[6]
    # The maps on show stay where they are.
    assert setup.view.chosen is before.chosen
    setup.workspace.document.undo("layers")
    setup.jobs.run()
    assert setup.view.before is None


def test_the_same_switch_lets_it_speak_again(setup: Setup) -> None:
    column = setup.view.columns[1]
    setup.model.switch("conv2d", (3,))
    assert setup.model.is_off(column, 3) and not setup.model.is_off(column, 4)
    setup.model.switch("conv2d", (3, 4))
    assert setup.model.is_off(column, 4)
    setup.model.switch("conv2d", (3, 4))
    assert not setup.model.is_off(column, 3)
    setup.model.switch("conv2d", (-1,))
    assert setup.model.is_off(column, 31)
    setup.model.all_on()
    assert setup.model.muted.value == MutedMaps()


def test_the_answer_itself_cannot_be_muted(setup: Setup) -> None:
    setup.model.switch("dense_1", (0,))
    assert len(setup.told.errors) == 1 and setup.model.muted.value.maps == ()


def test_the_ranking_is_of_the_held_map_s_layer(setup: Setup) -> None:
    setup.model.rank("dense")
    setup.jobs.run()
    assert setup.ranked[0].path == "dense" and setup.ranked[0].target.index == 3
    assert len(setup.ranked[0].maps) == 64


def test_a_live_picture_keeps_the_maps_on_show(setup: Setup) -> None:
    """Those that matter change with every stroke: nothing may flicker."""
    chosen = setup.view.chosen
    image = setup.workspace.image
    setup.workspace.update_image(load_sample("digit-8"), image.id)
    setup.jobs.run()
    kept = setup.view.chosen is chosen
    assert kept and setup.view.picture.answer is not None
    assert setup.view.picture.answer.classes[0].name == "8"


def test_costs_are_measured_when_they_are_asked_for(setup: Setup) -> None:
    assert setup.model.costs == ()
    setup.model.tint_by("parameters")
    setup.jobs.run()
    assert sum(one.parameters for one in setup.model.costs) == 93_322


def test_what_no_longer_answers_is_dropped(setup: Setup, digits: OpenedModel) -> None:
    count = len(setup.views)
    setup.model.choose_by("index")
    job = setup.jobs.waiting[0]
    view = job.function(job.task)
    setup.model.choose_by("largest")
    assert job.on_done is not None
    job.on_done(view)
    assert len(setup.views) == count


def test_a_snapshot_asks_the_same(setup: Setup, digits: OpenedModel) -> None:
    setup.model.choose_by("largest")
    setup.model.switch("conv2d", (3,))
    setup.model.select("conv2d_1", 7)
    kept = setup.workspace.document.snapshot()
    other = Setup(digits)
    other.workspace.document.restore(kept)
    other.jobs.run()
    assert other.model.settings.value == setup.model.settings.value
    assert other.model.muted.value == setup.model.muted.value
    assert other.model.selection.value == setup.model.selection.value


def test_blocks_unfold_and_fold() -> None:
    start()
    setup = Setup(open_model("imagenet"))
    folded = len(setup.view.columns)
    block = next(one for one in setup.view.columns if one.title == "block2")
    setup.model.toggle(block.id)
    setup.jobs.run()
    assert len(setup.view.columns) == folded + 1
    setup.model.toggle(block.id)
    setup.jobs.run()
    assert len(setup.view.columns) == folded
    # Where not all fit, those first that matter most for the class.
    assert len(setup.view.chosen[setup.view.columns[-3].id]) < 1280


@pytest.mark.parametrize(("width", "height", "scale"), [(940, 440, 1.0), (1200, 560, 1.5), (1850, 900, 1.0)])
def test_nothing_overlaps_at_any_size(setup: Setup, width: int, height: int, scale: float) -> None:
    laid = arrange(setup.view.columns, width, height, scale)
    places = [one.place for one in laid.columns]
    assert all(a.right < b.left for a, b in pairwise(places))
    assert places[-1].right < laid.answer.left and laid.answer.right <= laid.width + 1e-6
    for one in laid.columns:
        assert one.room == len(one.tiles) <= one.column.channels
        for tile in one.tiles:
            assert one.place.left - 1e-6 <= tile.left and tile.right <= one.place.right + 1e-6
            assert 44 * scale - 1e-6 <= tile.top and tile.bottom <= height + 1e-6
        for a, b in pairwise(one.tiles):
            assert b.top > a.top or b.left >= a.right - 1e-6


def test_a_figure_is_drawn_as_it_is_set_up(setup: Setup, tmp_path: Path) -> None:
    model = setup.model
    assert NetworkViewModel(setup.context).save_figure() is None
    owner = setup.view.request.model.id
    plain, labelled, mapped = (tmp_path / f"{name}.svg" for name in ("plain", "labelled", "mapped"))
    for file, settings in (
        (plain, FigureSettings()),
        (labelled, FigureSettings(model=owner, labels=(("conv2d", "Edges"),))),
        (mapped, FigureSettings(scale="log", maps=True, model="another", labels=(("conv2d", "Edges"),))),
    ):
        model.set_up_figure(settings)
        write = model.save_figure()
        assert write is not None
        write(file, Task())
    first, second, third = (file.read_text("utf-8") for file in (plain, labelled, mapped))
    assert ">Edges</text>" in second and second.replace(">Edges<", ">Conv2D 3×3<") == first
    # Labels of another network are not this one's.
    assert "Edges" not in third and third.count("<image") > 4 and "<image" not in first
    kept = setup.workspace.document.snapshot()
    model.set_up_figure(FigureSettings())
    setup.workspace.document.restore(kept)
    assert model.figure.value.maps and model.figure.value.scale == "log"
