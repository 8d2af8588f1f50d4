"""What the model panel asks for what the document says, and what it makes of the answers; no Qt."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path
from subprocess import run
from typing import Any

import numpy as np
import pytest

from convscope.core.errors import UserError
from convscope.core.task import Task
from convscope.engine.models.builder.architecture import Architecture
from convscope.engine.models.builder.templates import TEMPLATES
from convscope.engine.models.library.catalogue import open_model
from convscope.engine.models.opened import OpenedModel
from convscope.imaging.image import Image
from convscope.imaging.samples import load_sample
from convscope.jobs.job import Job
from convscope.ui.panels.model.build.view_model import BuildViewModel
from convscope.ui.panels.model.compare.view_model import Compared, CompareViewModel, as_csv
from convscope.ui.panels.model.graph.view_model import GraphOptions, GraphRequest, GraphViewModel
from convscope.ui.panels.model.layers.field_view_model import FieldViewModel
from convscope.ui.panels.model.library.view_model import LibraryViewModel, OpenChoice
from convscope.ui.panels.model.view_model import (
    FactsShown,
    ModelViewModel,
    ShownModel,
    TableOptions,
    matching,
)
from convscope.workspace.workspace import Workspace
from tests.without_qt import InlineJobs, Told, bare_context

VIEW_MODELS = ("view_model", "layers.field_view_model", "graph.view_model")
VIEW_MODELS += ("library.view_model", "compare.view_model", "build.view_model")


class Setup:
    """A workspace with two pictures, without a window."""

    def __init__(self) -> None:
        self.workspace = Workspace((load_sample("digit-3"), load_sample("digit-7")))
        self.jobs, self.told = InlineJobs(), Told()
        self.asked: list[dict[str, Any]] = []
        self.context = bare_context(self.workspace, self.jobs, self.told, sources=self)

    def open_model(self, spec: str, **options: Any) -> Job:
        """Stands for the door that models come through: opens none, and keeps what was asked."""
        self.asked.append({"spec": spec, **options})
        return self.jobs.submit("engine", lambda _task: None, title=f"Opening {spec}", key="open")

    def snapshot(self) -> dict[str, Any]:
        """As a file would hold it."""
        found: dict[str, Any] = json.loads(json.dumps(self.workspace.document.snapshot()))
        return found


@pytest.fixture
def setup() -> Setup:
    return Setup()


@pytest.fixture(scope="module")
def digits() -> OpenedModel:
    return open_model("digits")


@pytest.fixture(scope="module")
def skips() -> OpenedModel:
    return open_model("resnet-small")


def shown_of(setup: Setup, model: OpenedModel) -> ShownModel:
    """The model as the panel reads it."""
    made = ModelViewModel(setup.context)
    setup.workspace.add_model(model)
    setup.jobs.run()
    assert made.shown is not None
    return made.shown


def test_they_need_no_qt() -> None:
    names = ", ".join(f"convscope.ui.panels.model.{name}" for name in VIEW_MODELS)
    code = f"import sys, {names}; sys.exit('PySide6' in sys.modules or 'tensorflow' in sys.modules)"
    assert run([sys.executable, "-c", code], check=False).returncode == 0


# -- the panel ---------------------------------------------------------------------------------------------


def test_the_current_model_is_read_and_its_first_convolution_chosen(
    setup: Setup, digits: OpenedModel
) -> None:
    made, told = ModelViewModel(setup.context), []
    made.shown_changed.connect(told.append)
    setup.workspace.add_model(digits)
    assert told == [] and made.shown is None
    setup.jobs.run()
    assert told == [made.shown] and made.shown is not None and made.shown.model is digits
    assert setup.workspace.layer == "conv2d"
    assert made.shown.table.lines[2].texts == ("conv2d", "Conv2D 3×3", "26 × 26 × 32", "320", "0.3 %")
    assert [piece.path for piece in made.shown.bars["parameters"]] == [
        row.path for row in digits.layers if row.parameters
    ]
    setup.workspace.remove_model(digits.id)
    assert made.shown is None and told[-1] is None


def test_of_two_models_the_later_is_read_alone(setup: Setup, digits: OpenedModel, skips: OpenedModel) -> None:
    made, told = ModelViewModel(setup.context), []
    made.shown_changed.connect(told.append)
    setup.workspace.add_model(digits)
    setup.workspace.add_model(skips)
    setup.jobs.run()
    assert [shown.model for shown in told] == [skips]
    made.choose_example()
    assert setup.workspace.layer in {row.path for row in skips.layers}


def test_names_and_preprocessing_are_steps(setup: Setup, digits: OpenedModel) -> None:
    made = ModelViewModel(setup.context)
    model = digits.with_()
    setup.workspace.add_model(model)
    setup.jobs.run()
    names = tuple(f"n{number}" for number in range(10))
    made.name_classes(names)
    assert setup.workspace.model is not None and setup.workspace.model.classes == names
    setup.workspace.scope = "model"
    assert setup.workspace.undo_label == "Name the classes"
    setup.jobs.run()
    before = setup.workspace.model
    made.set_preprocessing(before.preprocessing)
    assert setup.workspace.model is before, "nothing is another one"
    made.set_preprocessing(replace(before.preprocessing, resize="pad"))
    assert setup.workspace.undo_label == "Change how an image comes to its size"
    setup.jobs.run()
    made.load_weights("missing.h5")
    setup.jobs.run()
    assert str(setup.told.errors[-1]).startswith("There is no file ")


def test_a_search_finds_names_anywhere_and_kinds_by_their_beginning(setup: Setup, skips: OpenedModel) -> None:
    rows = shown_of(setup, skips).table
    found = matching(rows, "ADD ")
    assert found is not None and {rows.lines[number].texts[1] for number in found} == {"Add"}
    assert matching(rows, " ") is None and matching(rows, "no such layer") == frozenset()
    assert matching(rows, "(") == frozenset()


def test_where_one_is_in_the_panel_comes_back(setup: Setup, digits: OpenedModel) -> None:
    made = ModelViewModel(setup.context)
    setup.workspace.add_model(digits)
    setup.jobs.run()
    graph = GraphViewModel(setup.context, lambda _request, _task: "a picture")
    graph.show_model(made.shown)
    made.page.set("graph")
    made.facts.set(FactsShown(False, "model"))
    made.table.set(TableOptions("conv", "Parameters", True, ("vgg16",)))
    graph.options.set(GraphOptions("all", "pool"))
    graph.request((400.0, 300.0))
    setup.jobs.run()
    graph.go_to(1.5, 20.0, 30.0)
    field = FieldViewModel(setup.context)
    field.click(3, 4)

    other = Setup()
    other.workspace.document.restore(setup.snapshot())
    again, drawn = ModelViewModel(other.context), []
    assert again.page.value == "graph" and again.facts.value == FactsShown(False, "model")
    assert again.table.value == made.table.value
    other.workspace.add_model(digits)
    other.jobs.run()

    def draw(request: GraphRequest, _task: Task) -> str:
        drawn.append(request)
        return "a picture"

    graph_again = GraphViewModel(other.context, draw)
    graph_again.show_model(again.shown)
    graph_again.request((400.0, 300.0))
    other.jobs.run()
    assert [(request.fold, request.room) for request in drawn] == [(False, (400.0, 300.0))]
    assert graph_again.part_in_view() == graph.part_in_view() is not None
    field_again = FieldViewModel(other.context)
    field_again.show_model(digits)
    other.jobs.run()
    assert field_again.held.value == (3, 4)


# -- what the network sees -----------------------------------------------------------------------------------


def test_the_field_follows_the_pointer_until_it_is_held(setup: Setup, digits: OpenedModel) -> None:
    made = FieldViewModel(setup.context)
    made.show_model(digits)
    made.show_layer(digits.layer("conv2d_2"))
    assert made.seen() == (None, ""), "nothing before the image is there"
    setup.jobs.run()
    boxes = []
    for pixel in ((0, 0), (14, 9), (27, 27)):
        made.point(pixel)
        box, words = made.seen()
        assert box is not None and words.startswith("Value (") and words.endswith("click to hold.")
        assert box[0] >= 0 and box[1] >= 0 and box[0] + box[2] <= 28 and box[1] + box[3] <= 28
        boxes.append(box[:2])
    assert boxes == sorted(boxes) and len(set(boxes)) == 3
    made.click(5, 5)
    held = made.seen()
    made.point((22, 22))
    assert made.seen() == held and held[1].endswith("Click to let go.")
    made.click(5, 5)
    made.point((22, 22))
    assert made.seen()[0] != held[0]
    made.show_layer(digits.layer("dense"))
    assert made.seen() == (
        (0, 0, 26, 26),
        "Every value of this layer depends on 26 × 26 of 28 × 28 pixels: rows 0–25, columns 0–25.",
    )


def test_the_latest_image_is_prepared_and_another_size_lets_go(
    setup: Setup, digits: OpenedModel, skips: OpenedModel
) -> None:
    made = FieldViewModel(setup.context)
    made.show_model(digits)
    setup.workspace.update_image(Image(np.full((28, 28), 200, np.uint8), "drawing"))
    made.request()
    setup.jobs.run()
    assert made.prepared is not None and made.prepared.pixels.max() == 200
    made.click(1, 1)
    made.show_model(skips)
    setup.jobs.run()
    assert made.prepared.pixels.shape[:2] != (28, 28) and made.held.value is None


def test_a_network_that_takes_no_image_says_so(setup: Setup) -> None:
    import keras

    network = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, name="only")])
    made = FieldViewModel(setup.context)
    made.show_model(OpenedModel(network, name="numbers"))
    setup.jobs.run()
    assert made.prepared is None and "does not take images" in made.seen()[1]


# -- the graph -----------------------------------------------------------------------------------------------


def test_the_latest_graph_alone_is_shown(setup: Setup, digits: OpenedModel, skips: OpenedModel) -> None:
    made = GraphViewModel(setup.context, lambda request, _task: (request.shown.model.name, request.fold))
    assert made.next_found() is None
    made.show_model(shown_of(setup, digits))
    made.request((300.0, 300.0))
    made.show_model(shown_of(setup, skips))
    made.request((300.0, 300.0))
    setup.jobs.run()
    assert made.picture == (skips.name, True) and made.is_drawn
    made.go_to(2.0, 5.0, 6.0)
    made.options.set(GraphOptions("all"))
    assert not made.is_drawn
    made.request((300.0, 300.0))
    setup.jobs.run()
    assert made.picture == (skips.name, False) and made.part_in_view() is None, "that was of another graph"


def test_a_search_goes_round_in_the_graph(setup: Setup, skips: OpenedModel) -> None:
    made = GraphViewModel(setup.context, lambda _request, _task: None)
    made.show_model(shown_of(setup, skips))
    made.options.set(GraphOptions(search="add"))
    found = made.found()
    assert [skips.layer(path).kind for path in found] == ["Add"] * len(found) != []
    visited = [made.next_found() for _ in range(len(found) + 1)]
    assert visited == [*found, found[0]] and setup.workspace.layer == found[0]


def test_what_cannot_be_drawn_is_a_sentence(setup: Setup, digits: OpenedModel) -> None:
    def draw(_request: GraphRequest, _task: Task) -> None:
        raise UserError("Too many boxes.")

    made = GraphViewModel(setup.context, draw)
    made.show_model(shown_of(setup, digits))
    made.request((300.0, 300.0))
    setup.jobs.run()
    assert (made.picture, made.problem, setup.told.errors) == (None, "Too many boxes.", [])


# -- the library -------------------------------------------------------------------------------------------


def test_choices_become_what_is_opened(setup: Setup, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    made = LibraryViewModel(setup.context)
    made.read()
    setup.jobs.run()
    assert made.entry is made.entries[0] and made.here == {"imagenet", "digits", "garments"}
    made.choose("MobileNetV2")
    assert made.allowed_weights == ("imagenet", "random", "file") and made.size_is_fixed
    assert made.note == "Downloads 14 MB, once. With its classifier the input size is fixed."
    made.ask(size=(64, 64, 3))
    assert made.size == (224, 224, 3), "its weights fix it"
    made.ask(weights="random")
    made.ask(include_top=False)
    made.ask(size=(64, 64, 3))

    other = Setup()
    other.workspace.document.restore(setup.snapshot())
    again = LibraryViewModel(other.context)
    again.read()
    other.jobs.run()
    for view_model, at in ((made, setup), (again, other)):
        view_model.open()
        (asked,) = at.asked
        assert {key: asked[key] for key in ("spec", "include_top", "input_shape")} == {
            "spec": "MobileNetV2",
            "include_top": False,
            "input_shape": (64, 64, 3),
        }
        assert "weights" not in asked and view_model.job is not None
        view_model.open()
        assert len(at.asked) == 1, "one after the other"
    setup.asked[0]["on_failed"](UserError("There is none."))
    assert made.job is None and made.problem == "There is none."
    made.choose("lenet-5")
    assert made.problem == "" and made.weights == "random" and made.choice.value == OpenChoice("lenet-5")
    made.ask(weights="file")
    made.open()
    assert len(setup.asked) == 1, "no file, nothing to open"
    setup.context.ending.end()
    other.context.ending.end()
    assert other.jobs.idle()


def test_ticks_are_undone_and_what_is_closed_is_not_compared(setup: Setup, digits: OpenedModel) -> None:
    made = LibraryViewModel(setup.context)
    made.read()
    setup.jobs.run()
    setup.workspace.add_model(digits)
    made.tick_model(digits.id, digits.name, True)
    made.tick_entry("lenet-5", "LeNet-5", True)
    made.tick_entry("mnist-convnet", "MNIST", True)
    setup.workspace.scope = "model.library"
    setup.workspace.undo()
    assert [entry.name for entry in made.ticked] == ["lenet-5"] and made.ticked_models == (digits,)
    made.compare_ticked()
    assert made.compared.value == Compared("networks", (digits.id,), ("lenet-5",))
    setup.workspace.remove_model(digits.id)
    assert made.ticked_models == ()


def test_networks_are_counted_once_and_stop_when_others_are_asked_for(setup: Setup) -> None:
    library = LibraryViewModel(setup.context)
    listed: list[bool] = []

    def find(compared: Compared) -> list[Any] | None:
        if not listed:
            return None
        return [entry for entry in library.entries if entry.name in compared.entries]

    made = CompareViewModel(setup.context, library.compared, find)
    library.compared.set(Compared("networks", (), ("lenet-5", "mnist-convnet")))
    made.refresh()
    assert made.lines == [], "the list is not there yet"
    library.read()
    setup.jobs.run()
    listed.append(True)
    made.refresh()
    assert [made.text(row, 1) for row in range(2)] == ["…", "…"] and made.job is not None
    setup.jobs.run()
    assert made.job is None and made.title == "2 networks" and made.order == ("Parameters", False)
    rows = [line.split(",") for line in as_csv(made, (0, 1)).splitlines()]
    assert rows[0][0] == "Model" and len(rows) == 3
    assert made.value(0, 3) and max(made.share(row, 3) or 0 for row in range(2)) == 1.0
    made.sort("Depth", True)
    made.refresh()
    assert made.order == ("Depth", True) and made.job is None, "sorting counts nothing anew"
    made.measure()
    library.compare_families()
    made.refresh()
    assert setup.jobs.idle() and made.job is None and made.order == ("Year", False)
    assert made.is_mixed(9) or made.is_mixed(10)
    made.close()
    assert library.compared.value == Compared()


# -- the builder -------------------------------------------------------------------------------------------


def names(setup: Setup) -> list[str]:
    return [layer.name for layer in setup.workspace.architecture.layers]


def test_edits_are_steps_and_choose_what_they_make(setup: Setup) -> None:
    made = BuildViewModel(setup.context)
    setup.workspace.scope = "model.build"
    before = made.architecture
    made.add("Conv2D", 0)
    assert names(setup)[1] == made.options.value.layer != before.layers[1].name, "nothing before the input"
    made.duplicate(made.options.value.layer)
    assert made.options.value.layer == names(setup)[2]
    made.rename(names(setup)[2], "mine")
    made.set("mine", "filters", 7)
    assert setup.workspace.undo_label == "Change filters of mine"
    made.move("mine", 1)
    made.remove("mine")
    for _ in range(6):
        setup.workspace.undo()
    assert made.architecture == before and setup.workspace.undo_label is None


def test_a_merge_joins_the_nearest_that_fits(setup: Setup) -> None:
    made = BuildViewModel(setup.context)
    made.start_from(TEMPLATES["resnet-small"].architecture, "ResNet")
    made.add("Add", len(names(setup)) - 3)
    layer = made.architecture.layers[made.architecture.index(made.options.value.layer)]
    assert len(layer.inputs) == 2 and len(set(layer.inputs)) == 2


def test_what_was_built_is_offered_for_training_while_it_is_the_document(setup: Setup) -> None:
    made = BuildViewModel(setup.context)
    made.start_from(TEMPLATES["lenet-5"].architecture, "LeNet-5")
    made.change(seed=5)
    assert not made.is_built
    made.build()
    setup.jobs.run()
    assert made.is_built and "(seed 5)" in setup.told.notices[-1]
    assert setup.workspace.model is not None and setup.workspace.model.name == "LeNet-5"
    made.set(names(setup)[1], "filters", 3)
    assert not made.is_built


def test_layers_that_stay_keep_the_models_weights(setup: Setup, digits: OpenedModel) -> None:
    made = BuildViewModel(setup.context)
    setup.workspace.add_model(digits)
    made.consider(digits)
    made.start_from_model()
    assert made.origin() is None, "its layers are not read yet"
    setup.jobs.run()
    made.start_from_model()
    assert made.origin() is digits
    whole = made.kept(made.architecture.summary())
    assert whole[0] == whole[1] > 0
    made.set("conv2d", "filters", 3)
    kept = made.kept(made.architecture.summary())
    assert kept[1] == whole[1] and kept[0] < whole[0]
    made.consider(None)
    assert made.start is None


def test_architectures_are_written_and_read(setup: Setup, tmp_path: Path) -> None:
    made = BuildViewModel(setup.context)
    draft = TEMPLATES["lenet-5"].architecture
    made.start_from(draft, "LeNet-5")
    made.save_to(tmp_path / "net.json")
    setup.jobs.run()
    made.add("Dense", 3)
    made.open_from(tmp_path / "net.json")
    setup.jobs.run()
    assert made.architecture == draft == Architecture.open(tmp_path / "net.json")
    made.save_to(tmp_path / "no" / "folder.json")
    setup.jobs.run()
    assert str(setup.told.errors[-1]) == "The file cannot be written there: choose another folder."


def test_where_one_is_in_the_builder_comes_back(setup: Setup) -> None:
    made = BuildViewModel(setup.context)
    made.change(page="gallery", layer="dense", search="conv", template_search="skip", seed=9)
    other = Setup()
    other.workspace.document.restore(setup.snapshot())
    assert BuildViewModel(other.context).options.value == made.options.value
