"""What is asked of the engine for what the workspace and its document say; no window, no Qt."""

from __future__ import annotations

import json
import sys
from subprocess import run

import numpy as np
import pytest

from convscope.engine.models.opened import OpenedModel
from convscope.imaging.samples import load_sample
from convscope.ui.panels.layers.detail import Detail
from convscope.ui.panels.layers.feature_maps import FeatureMaps
from convscope.ui.panels.layers.parts import TRAINING, MapSelection
from convscope.ui.panels.layers.view_model import LayersViewModel
from convscope.workspace.workspace import Workspace
from tests.without_qt import InlineJobs, Told, bare_context


class Setup:
    """A view model that somebody looks at, on two digits before one network, and what it answered."""

    def __init__(self, model: OpenedModel, images: Workspace | None = None) -> None:
        pictures = images.images if images is not None else (load_sample("digit-3"), load_sample("digit-7"))
        self.workspace = Workspace(pictures)
        self.jobs, self.told = InlineJobs(), Told()
        self.workspace.add_model(model)
        self.context = bare_context(self.workspace, self.jobs, self.told)

    def start(self) -> LayersViewModel:
        """The view model, with its first answers."""
        made = LayersViewModel(self.context)
        self.shown: list[FeatureMaps] = []
        self.details: list[tuple[Detail, ...]] = []
        self.sums: list[object] = []
        made.maps_changed.connect(self.shown.append)
        made.details_changed.connect(self.details.append)
        made.sum_changed.connect(self.sums.append)
        made.set_active(True)
        self.jobs.run()
        return made


@pytest.fixture
def setup(digits: OpenedModel) -> Setup:
    return Setup(digits)


def test_it_needs_no_qt() -> None:
    code = "import sys, convscope.ui.panels.layers.view_model; sys.exit('PySide6' in sys.modules)"
    assert run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_first_convolution_is_looked_at_and_its_strongest_value_explained(setup: Setup) -> None:
    model = setup.start()
    assert setup.workspace.layer == "conv2d" and [maps.path for maps in setup.shown] == ["conv2d"]
    selection = model.selection.value
    assert selection.channel == int(setup.shown[0].maps.statistics.deviation.argmax())
    assert selection.place == setup.details[0][0].strongest and len(setup.sums) == 1
    assert setup.told.errors == []


def test_nothing_is_computed_for_nobody(setup: Setup) -> None:
    model = LayersViewModel(setup.context)
    setup.workspace.choose_layer("conv2d_1")
    assert setup.jobs.idle() and model.maps is None
    model.set_active(True)
    assert not setup.jobs.idle()


def test_an_answer_of_what_was_chosen_before_is_dropped(setup: Setup) -> None:
    model = setup.start()
    before, target = setup.shown[-1], model.asked().target  # type: ignore[union-attr]
    setup.workspace.choose_layer("conv2d_1")
    model._show(before, target)
    assert model.maps is before and len(setup.shown) == 1
    setup.jobs.run()
    assert [maps.path for maps in setup.shown] == ["conv2d", "conv2d_1"]


def test_a_map_is_kept_where_a_layer_has_as_many_and_else_another_is_selected(setup: Setup) -> None:
    model = setup.start()
    model.choose(17)
    setup.jobs.run()
    setup.workspace.choose_layer("max_pooling2d")
    setup.jobs.run()
    assert model.channel == 17 and model.reveal
    # Of another layer the place is another value.
    assert model.selection.value.place == setup.details[-1][0].strongest
    setup.workspace.choose_layer("conv2d_1")
    setup.jobs.run()
    assert model.channel == int(setup.shown[-1].maps.statistics.deviation.argmax()) and not model.reveal


def test_what_is_compared_with_is_passed_over_while_it_is_not_open(setup: Setup) -> None:
    model = setup.start()
    other = setup.workspace.images[1]
    model.compare(other.id)
    setup.jobs.run()
    assert [side.forward.image for side in setup.shown[-1].sides] == list(setup.workspace.images)
    model.set_display(type(model.display)(sort="difference"), "Change the order")
    setup.workspace.remove_image(other.id)
    setup.jobs.run()
    assert len(setup.shown[-1].sides) == 1
    assert model.compared_with == "" and model.display.sort == "index"
    request = model.asked()
    assert request is not None and len(request.passes) == 1


def test_training_is_compared_with_only_where_it_differs(digits: OpenedModel) -> None:
    import keras

    parts = [keras.Input((28, 28, 1)), keras.layers.Conv2D(4, 3, name="conv2d"), keras.layers.Dropout(0.5)]
    setup = Setup(OpenedModel(keras.Sequential(parts)))
    model = setup.start()
    dropout = next(one.path for one in model.model.layers if one.kind == "Dropout")  # type: ignore[union-attr]
    setup.workspace.choose_layer(dropout)
    setup.jobs.run()
    assert TRAINING in dict(model.comparisons)
    model.compare(TRAINING)
    setup.jobs.run()
    setup.workspace.choose_layer("conv2d")
    assert TRAINING not in dict(model.comparisons) and model.settings.value.compared_with == ""


def test_a_sum_leads_to_the_value_of_another_layer(setup: Setup) -> None:
    model = setup.start()
    model.follow("max_pooling2d", 5, 3, 4)
    setup.jobs.run()
    selection = model.selection.value
    assert (selection.path, selection.channel, selection.place) == ("max_pooling2d", 5, (3, 4))
    model.follow("nowhere", 0, 0, 0)
    assert len(setup.told.errors) == 1


def test_weights_are_changed_in_a_copy_and_kept_in_a_snapshot(setup: Setup, digits: OpenedModel) -> None:
    model = setup.start()
    model.weights.edit_kernel(3, 0, np.full((3, 3), 0.5), "drag")
    model.weights.edit_kernel(3, 0, np.full((3, 3), 0.25), "drag")
    model.weights.edit_bias(3, 2.0)
    setup.jobs.run()
    assert model.weights.now and setup.shown[-1].first.forward.model is not digits
    again = Setup(digits, setup.workspace)
    again.workspace.document.restore(json.loads(json.dumps(setup.workspace.document.snapshot())))
    other = again.start()
    assert other.weights.now
    own, brought = model.weights.now.arrays(digits), other.weights.now.arrays(digits)
    assert own.keys() == brought.keys() == {("conv2d", "kernel"), ("conv2d", "bias")}
    assert all(np.array_equal(own[key], brought[key]) for key in own)
    setup.workspace.document.undo("layers")
    setup.workspace.document.undo("layers")
    setup.jobs.run()
    assert not model.weights.now and setup.shown[-1].first.forward.model is digits


def test_a_snapshot_asks_for_the_same(setup: Setup, digits: OpenedModel) -> None:
    model = setup.start()
    model.set_display(type(model.display)("layer", "magma", "mean"), "Change the colours")
    model.compare(setup.workspace.images[1].id)
    setup.jobs.run()
    model.choose(9, 1)
    setup.jobs.run()
    model.explain_value(4, 6, 1)
    model.page.set("map")
    model.tab.set("values")
    model.opacity.edit(0.25, "Change the opacity")
    model.kernel_input.set(0)
    setup.jobs.run()
    again = Setup(digits, setup.workspace)
    again.workspace.choose_layer(setup.workspace.layer)
    again.workspace.document.restore(json.loads(json.dumps(setup.workspace.document.snapshot())))
    other = again.start()
    assert other.asked() == model.asked()
    assert other.selection.value == model.selection.value
    assert other.selection.value.place == (4, 6) and other.selection.value.side == 1
    assert (other.page.value, other.tab.value, other.opacity.value) == ("map", "values", 0.25)
    assert [one.side for one in again.details[-1]] == [1, 0]


def test_a_place_outside_of_the_map_gives_way_to_the_strongest_value(setup: Setup) -> None:
    model = setup.start()
    model.selection.set(MapSelection("conv2d", setup.workspace.model.id, 4, 32, 0, (99, 0)))  # type: ignore[union-attr]
    setup.jobs.run()
    assert model.selection.value.place == setup.details[-1][0].strongest
