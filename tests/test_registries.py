"""A new one of each is a file and a line in a registry: made up here, registered, and found everywhere."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import keras
import numpy as np
import pytest
from PySide6.QtCore import QMimeData, Qt, QUrl
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QCheckBox, QDoubleSpinBox, QSlider, QToolButton
from pytestqt.qtbot import QtBot

from convscope.cli import main
from convscope.core.errors import UserError
from convscope.core.parameter import between, parameter
from convscope.core.paths import resource_path
from convscope.core.task import Task
from convscope.engine.data.dataset import Dataset, make_dataset
from convscope.engine.data.formats import registry as formats
from convscope.engine.data.formats.base import DatasetFormat
from convscope.engine.data.images import ArrayImages, FileImages
from convscope.engine.data.sets import registry as sets
from convscope.engine.data.sets.registry import open_dataset
from convscope.engine.interpret.activations.activations import look
from convscope.engine.interpret.attribution.context import AttributionContext
from convscope.engine.interpret.attribution.explain import explain as attribute
from convscope.engine.interpret.attribution.method import Method, Paper
from convscope.engine.interpret.attribution.methods import METHODS
from convscope.engine.interpret.attribution.methods.common import lines, of_layer, one_pass
from convscope.engine.interpret.attribution.result import MapRequest
from convscope.engine.interpret.breakdown.base import Breakdown, Unit
from convscope.engine.interpret.breakdown.explain import explain
from convscope.engine.interpret.breakdown.rules import norms
from convscope.engine.interpret.feature_visualization.gradient_ascent import ascend
from convscope.engine.interpret.feature_visualization.objectives import Objective
from convscope.engine.interpret.feature_visualization.recipes import RECIPES
from convscope.engine.interpret.feature_visualization.recipes.base import RecipeContext, Variables
from convscope.engine.interpret.feature_visualization.recipes.classic import Classic
from convscope.engine.interpret.feature_visualization.settings import PatternSettings
from convscope.engine.models.builder.architecture import Architecture, LayerSpec
from convscope.engine.models.builder.build import to_code, to_keras
from convscope.engine.models.graph.nodes import model_graph
from convscope.engine.models.layer_specs import KINDS
from convscope.engine.models.layer_specs.base import Config, LayerKind, Parameters, Shape, need_map
from convscope.engine.models.layer_specs.categories import CATEGORIES, Category
from convscope.engine.models.library.catalogue import open_model
from convscope.engine.models.opened import OpenedModel
from convscope.engine.models.reuse.built import build_model
from convscope.imaging.image import Image
from convscope.imaging.io.save import save_png
from convscope.imaging.kernels import PRESETS, groups
from convscope.imaging.kernels.kernel import Kernel
from convscope.imaging.kernels.preset import Preset
from convscope.imaging.samples import load_sample
from convscope.ui.ending import Ending
from convscope.ui.main_window import MainWindow
from convscope.ui.panel import Panel
from convscope.ui.panels import PANELS, PanelInfo
from convscope.ui.panels.explain.classes import ClassColumn
from convscope.ui.panels.explain.view_model import ExplainViewModel
from convscope.ui.panels.kernels.controls.preset import PresetSection
from convscope.ui.panels.kernels.view_models.kernels import KernelsViewModel
from convscope.ui.services.predictor import Predictor
from convscope.workspace.openers.datasets import has_classes
from convscope.workspace.openers.opener import Opener, OpenerContext
from convscope.workspace.openers.registry import OPENERS
from convscope.workspace.workspace import Workspace
from tests.without_qt import InlineJobs, bare_context

MADE_UP = "UnitNormalization"  # a layer of Keras that the builder does not offer
RAMP = Image(np.arange(36, dtype=np.uint8).reshape(6, 6) * 7, "ramp")


def _no_weights(config: Config, shapes: Sequence[Shape]) -> Parameters:
    return Parameters()


def _maps(config: Config, shapes: Sequence[Shape]) -> Shape:
    return need_map(shapes[0], "this layer")


@pytest.fixture
def kind(monkeypatch: pytest.MonkeyPatch) -> LayerKind:
    """A layer kind of its own category, in the registry for the time of a test."""
    made = LayerKind(
        MADE_UP,
        "Made up",
        "Scales the values of each place to a length of one.",
        (parameter("axis", -1),),
        _maps,
        _no_weights,
        from_afar=("Unit", "U"),
    )
    monkeypatch.setitem(CATEGORIES, "Made up", Category("Made up", 99, light="#123456", dark="#654321"))
    monkeypatch.setitem(KINDS, MADE_UP, made)
    return made


def drafted() -> Architecture:
    """A network with a layer of that kind."""
    return Architecture(
        "made_up",
        (
            LayerSpec("image", "InputLayer", {"shape": (6, 6, 1)}),
            LayerSpec("conv", "Conv2D", {"filters": 2, "kernel_size": 3}),
            LayerSpec("unit", MADE_UP, {"axis": -1}),
        ),
    )


@pytest.mark.usefixtures("kind")
def test_a_layer_kind_is_counted_built_written_drawn_and_explained() -> None:
    row = drafted().summary().layers[2]
    assert (row.shape, row.parameters, row.problem) == ((4, 4, 2), 0, "")
    assert [layer.name for layer in to_keras(drafted()).layers] == ["conv", "unit"]
    space: dict[str, Any] = {}
    exec(to_code(drafted()), space)
    assert [type(layer).__name__ for layer in space["model"].layers] == ["Conv2D", MADE_UP]
    model = build_model(drafted(), seed=1)
    box = model_graph(model, fold=False).nodes[2]
    assert (box.path, box.title, box.category) == ("unit", MADE_UP, "Made up")
    found = explain(look(model, RAMP), "unit", 1, 2, 0)
    assert found.value == pytest.approx(found.shown, abs=1e-5)


@pytest.mark.usefixtures("kind", "qapp")
def test_a_layer_kind_is_in_the_palette_and_has_its_colour() -> None:
    from convscope.ui.panels.model.build.palette import Palette
    from convscope.ui.panels.model.colours import colour, order
    from convscope.ui.panels.model.graph.paint import short_titles

    palette = Palette()
    told = [palette.list.item(row).text() for row in range(palette.list.count())]
    assert told[-2:] == ["Made up", MADE_UP]
    palette.deleteLater()
    assert colour("Made up").name() == "#123456" and "Made up" in order()
    assert short_titles(MADE_UP) == ["Unit", "U"]


def test_a_layer_kind_brings_its_own_sum(kind: LayerKind, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def rule(place: Unit) -> Breakdown:
        asked.append(place.step.kind)
        return norms.RULES[MADE_UP](place)

    monkeypatch.setitem(KINDS, MADE_UP, replace(kind, sum_rule=rule))
    explain(look(build_model(drafted(), seed=1), RAMP), "unit", 1, 2, 0)
    assert asked == [MADE_UP]


def test_a_kernel_preset_is_made_listed_and_asked_for(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    preset = Preset(
        "dashes",
        "Dashes",
        "Made up",
        "Adds what lies some steps to the right.",
        (
            between("length", "Length", 3, 1, 9, 1, unit="px", symbol="L"),
            between("weight", "Weight", 0.5, 0.0, 2.0, 0.1, symbol="w"),
        ),
        lambda length, weight: np.full((1, round(length)), weight),
    )
    monkeypatch.setitem(PRESETS, "dashes", preset)
    assert groups()["Made up"] == (preset,)
    workspace = Workspace([RAMP])
    model = KernelsViewModel(bare_context(workspace, InlineJobs()))
    made: list[tuple[Kernel, str, str | None]] = []

    def take(kernel: Kernel, label: str, merge: str | None) -> bool:
        made.append((kernel, label, merge))
        return True

    section = PresetSection(model, lambda: made[-1][0], take)
    qtbot.addWidget(section)
    action = section.menu.findChild(QAction, "kernels.preset.dashes")
    assert action is not None and action.text() == "Dashes"
    action.trigger()
    section.show_lab(workspace.lab)
    assert section.picker.text() == "Dashes" and section.sentence.text() == preset.sentence
    slider = section.findChild(QSlider, "kernels.parameter.length.slider")
    box = section.findChild(QDoubleSpinBox, "kernels.parameter.weight.box")
    assert slider is not None and box is not None
    assert (slider.value(), slider.accessibleName(), box.value(), box.accessibleName()) == (
        2,
        "Length",
        0.5,
        "Weight",
    )
    slider.setValue(3)
    box.setValue(1.5)
    assert [(label, merge) for _kernel, label, merge in made] == [
        ("Choose Dashes", None),
        ("Change length", "parameter.length"),
        ("Change weight", "parameter.weight"),
    ]
    assert made[1][0].weights.tolist() == [[0.5] * 4] and made[2][0].weights.tolist() == [[1.5] * 4]


def test_a_recipe_is_checked_offered_and_grown(monkeypatch: pytest.MonkeyPatch) -> None:
    class Gray(Classic):
        """Nothing ever moves."""

        name, title, steps, small_steps = "gray", "Gray", 2, 2

        def move(
            self, context: RecipeContext, variables: Variables, seen: Any, gradient: Any, step: int
        ) -> Variables:
            return tuple(0 * each + 128 for each in variables)

    with pytest.raises(UserError, match="There is no recipe gray"):
        PatternSettings("gray")
    monkeypatch.setitem(RECIPES, "gray", Gray())
    inputs = keras.Input((8, 8, 1))
    model = OpenedModel(keras.Model(inputs, keras.layers.Conv2D(2, 3, name="conv")(inputs)))
    (pattern,) = ascend(model, [Objective.channel("conv", 0)], PatternSettings("gray")).patterns
    assert (pattern.values == 128).all() and len(pattern.curve) == 2


@pytest.fixture
def listed(tmp_path: Path) -> Path:
    """A data set in a format of its own: a list of files, each with its class."""
    for number in range(6):
        save_png(tmp_path / f"{number}.png", np.full((5, 4, 3), 40 * number, np.uint8))
    lines = (f"{number}.png {'odd' if number % 2 else 'even'}" for number in range(6))
    (tmp_path / "all.pictures").write_text("\n".join(lines))
    return tmp_path / "all.pictures"


def test_a_format_of_data_sets_is_known_and_opened(listed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def read(path: Path, _task: Task) -> Dataset:
        rows = [line.split() for line in path.read_text().splitlines()]
        images = FileImages(path.parent, [name for name, _ in rows])
        labels = np.array([("even", "odd").index(word) for _, word in rows], np.int32)
        return make_dataset(
            str(path), path.stem, ("even", "odd"), images, labels, image_size=(5, 4), channels=3
        )

    def known(path: Path) -> bool:
        return path.suffix == ".pictures"

    with pytest.raises(UserError, match="is no data set"):
        open_dataset(listed)
    assert not has_classes(listed)
    made = DatasetFormat("a list of pictures", known, read, ("*.pictures",))
    monkeypatch.setattr(formats, "FORMATS", (made, *formats.FORMATS))
    assert open_dataset(listed).counts().tolist() == [3, 3]
    assert has_classes(listed) and "*.pictures" in formats.file_patterns()
    with pytest.raises(UserError, match=r"MNIST's IDX files, an .npz file or a list of pictures"):
        open_dataset(listed.parent / "0.png")


def test_a_named_data_set_is_listed_and_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    def open_it(_task: Task) -> Dataset:
        images = ArrayImages(np.zeros((4, 3, 3), np.uint8))
        labels = np.array([0, 1, 0, 1], np.int32)
        return make_dataset("dots", "Dots", ("a", "b"), images, labels, image_size=(3, 3), channels=1)

    module = ModuleType("dots")
    vars(module).update(TITLE="Dots", SUMMARY="4 dots", open=open_it)
    monkeypatch.setitem(sys.modules, "convscope.engine.data.sets.dots", module)
    monkeypatch.setattr(sets, "NAMES", (*sets.NAMES, "dots"))
    assert sets.list_datasets()[-1].title == "Dots" and sets.name_of("DOTS") == "dots"
    assert len(open_dataset("dots")) == 4 and len(open_dataset("Dots")) == 4


def test_a_live_chart_is_drawn_with_the_others(qapp: object, monkeypatch: pytest.MonkeyPatch) -> None:
    from convscope.engine.training.record import Recorder
    from convscope.engine.training.settings import TrainingSettings
    from convscope.ui.panels.train.live.charts import registry
    from convscope.ui.panels.train.live.charts.base import CurveChart
    from convscope.ui.panels.train.live.curves_view import CurvesView

    class GradientNormChart(CurveChart):
        """As a file beside the others would have it."""

        name, heading, series = "train.gradient_norm_chart", "Gradient norm", "gradient_norm"

    monkeypatch.setattr(registry, "CHARTS", [*registry.CHARTS, GradientNormChart])
    view, recorder = CurvesView(), Recorder()
    view.begin(recorder, TrainingSettings(epochs=2))
    view.prepared(2, {})
    view.show()
    for value in (4.0, 2.0):
        recorder.add_batch({"loss": 1.0, "accuracy": 0.5, "gradient_norm": value})
    view.look()
    chart = view.charts[-1]
    assert isinstance(chart, GradientNormChart) and chart.isVisible()
    x, y = chart.curve("raw") or ((), ())
    assert (list(x), list(y)) == ([0.5, 1.0], [4.0, 2.0])
    # It shows the same epochs as its neighbours.
    view.loss.plot.zoom(0.5)
    shown = [each.plot.getViewBox().viewRange()[0] for each in (view.loss, chart)]
    assert shown[0] == pytest.approx(shown[1])
    view.stop()
    view.deleteLater()


def test_a_kind_of_file_is_opened_by_the_window_whatever_way_it_comes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    read: list[str] = []

    def open_notes(context: OpenerContext, paths: Sequence[Path]) -> None:
        context.read("notes", lambda _task: paths[0].read_text(), read.append)

    notes = Opener("notes", lambda path: path.suffix == ".note", open_notes, "Notes", (".note",))
    monkeypatch.setattr("convscope.workspace.openers.registry.OPENERS", [notes, *OPENERS])
    path = tmp_path / "a.note"
    path.write_text("so")
    window = MainWindow(Workspace([RAMP]))
    window.remember_settings = False
    qtbot.addWidget(window)
    dropped = QMimeData()
    dropped.setUrls([QUrl.fromLocalFile(str(path))])
    for way in (lambda: window.open_path(path), lambda: window.sources.open_mime(dropped)):
        way()
        qtbot.waitUntil(window.jobs.idle)
    assert read == ["so", "so"]
    window.close()


def test_a_method_of_attribution_is_listed_computed_written_and_reported(
    qapp: object, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    method = Method(
        "mean-map",
        "Mean map",
        "layer",
        "meanₖ( Aₖ )",
        "The mean of all maps.",
        "It is no explanation.",
        Paper("Nobody", 2026, "A method that a test made up", "https://example.org/mean-map"),
        of_layer(lambda maps, gradients: maps.mean(axis=-1)),
        lines("heat = maps.mean(axis=-1)"),
        one_pass,
        needs_layer=True,
    )
    monkeypatch.setitem(METHODS, method.name, method)
    context = AttributionContext(open_model("digits"), load_sample("digit-2"))
    made = attribute(context, MapRequest("mean-map"))
    # The command line: the map, its script, the report.
    monkeypatch.chdir(tmp_path)
    command = ["explain", "digits", str(resource_path("images", "digit-2.png")), "--method", "mean-map"]
    code = main([*command, "-o", "o.png", "--npy", "cli.npy", "--script", "script.py", "--report", "r.html"])
    assert code == 0
    np.testing.assert_allclose(np.load("cli.npy"), made.relevance, rtol=1e-6)
    exec(compile(Path("script.py").read_text("utf-8"), "script.py", "exec"), {"__name__": "__main__"})
    np.testing.assert_allclose(np.load("heat.npy"), made.relevance, rtol=1e-4, atol=1e-6)
    report = Path("r.html").read_text("utf-8")
    assert "Mean map" in report and "It is no explanation." in report
    # The panel: a box to tick, and a map when it is ticked.
    workspace, jobs = Workspace([load_sample("digit-2")]), InlineJobs()
    workspace.add_model(context.model)
    predictor = Predictor(workspace, jobs, Ending())  # type: ignore[arg-type]
    view_model = ExplainViewModel(bare_context(workspace, jobs, predictor=predictor))
    column = ClassColumn(view_model)
    box = column.findChild(QCheckBox, "explain.method.mean-map")
    assert box is not None and box.text() == "Mean map" and not box.isChecked()
    view_model.set_active(True)
    box.click()
    jobs.run()
    assert view_model.maps[-1].title == "Mean map" and workspace.document.undo_label("explain") is not None


def test_a_panel_is_a_line_of_the_navigation_and_of_the_commands(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    made_up = ModuleType("convscope_lessons")

    class LessonsPanel(Panel):
        name = "lessons"

    made_up.LessonsPanel = LessonsPanel  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, made_up.__name__, made_up)
    line = PanelInfo("lessons", "Lessons", "layers", "Ctrl+8", "LessonsPanel", made_up.__name__)
    window = MainWindow(Workspace([RAMP]), panels=(*PANELS, line))
    window.remember_settings = False
    qtbot.addWidget(window)
    window.show()
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    qtbot.keyClick(window, Qt.Key.Key_8, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: isinstance(window.panel(), LessonsPanel))
    window.show_panel("kernels")
    button = window.findChild(QToolButton, "nav.lessons")
    assert button is not None and button.text() == "Lessons"
    button.click()
    assert isinstance(window.panel(), LessonsPanel)
    window.close()
