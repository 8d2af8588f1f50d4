"""The panel that explains, driven as a person drives it: shipped networks, shipped pictures."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest
from explain_helpers import child, panel_of, press, save, settle, tick_only
from PIL import Image as PillowImage
from PySide6.QtCore import Qt
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import (
    QApplication,
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QLabel,
    QLineEdit,
    QMenu,
    QPushButton,
    QScrollArea,
    QTableWidget,
    QToolButton,
    QWidget,
)
from pytestqt.qtbot import QtBot
from window_helpers import messages

from convscope.engine.interpret.attribution.context import AttributionContext
from convscope.engine.interpret.attribution.explain import explain
from convscope.engine.interpret.attribution.methods import METHODS
from convscope.engine.interpret.attribution.picture import Style, picture
from convscope.engine.interpret.attribution.result import MapRequest
from convscope.engine.interpret.attribution.target import ScoreTarget
from convscope.engine.models.library.catalogue import open_model
from convscope.engine.models.opened import OpenedModel
from convscope.imaging.image import Image
from convscope.imaging.overlay import upsample
from convscope.imaging.samples import load_sample
from convscope.ui import theme
from convscope.ui.canvas.image_view import ImageView
from convscope.ui.canvas.mosaic_view import MosaicView
from convscope.ui.main_window import MainWindow
from convscope.ui.panels.explain.agreement_table import AgreementTable
from convscope.ui.plots.class_bars import ClassBars
from tests.processes import run_process


def test_without_a_model_the_next_step_is_a_button(window: MainWindow) -> None:
    assert "no model" in child(window, QLabel, "explain.said").text()
    assert child(window, QToolButton, "explain.open_model").isVisible()


def test_a_photograph_is_explained_at_once_and_the_maps_are_the_engines_own(
    window: MainWindow, imagenet: OpenedModel, qtbot: QtBot
) -> None:
    window.workspace.select_image(window.workspace.images[1].id)
    window.workspace.add_model(imagenet)
    settle(qtbot, window)
    bars = child(window, ClassBars, "explain.classes")
    assert bars.rows[0].name in ("Egyptian cat", "tiger cat", "tabby")
    wall = child(window, MosaicView, "explain.wall")
    assert [wall.caption(n) for n in range(wall.count)] == [
        "what the network saw",
        f"Grad-CAM: {bars.rows[0].name}",
        f"LayerCAM: {bars.rows[0].name}",
        "Eigen-CAM: any class",
        f"Saliency: {bars.rows[0].name}",
    ]
    view_model = panel_of(window).view_model
    plain = explain(
        AttributionContext(imagenet, window.workspace.image),
        MapRequest("grad-cam", ScoreTarget(bars.rows[0].index)),
    )
    shown = view_model.attribution(view_model.requests[0])
    assert shown is not None
    np.testing.assert_allclose(shown.relevance, plain.relevance, rtol=1e-5, atol=1e-7)
    assert "last convolutional" in child(window, QLabel, "explain.why").text()
    # Every stage of the network, fine to coarse.
    stages = child(window, MosaicView, "explain.stages")
    sizes = [int(stages.caption(n).split("×")[0]) for n in range(stages.count)]
    assert sizes == sorted(sizes, reverse=True) and sizes[-1] == 7


def test_another_class_by_click_by_search_and_as_a_difference(
    window: MainWindow, imagenet: OpenedModel, qtbot: QtBot
) -> None:
    window.workspace.select_image(window.workspace.images[1].id)
    window.workspace.add_model(imagenet)
    settle(qtbot, window)
    bars, view_model = child(window, ClassBars, "explain.classes"), panel_of(window).view_model
    second = bars.rows[1]
    qtbot.mouseClick(bars, Qt.MouseButton.LeftButton, pos=bars.row_rect(1).center().toPoint())
    settle(qtbot, window)
    assert {request.target for request in view_model.requests} == {ScoreTarget(second.index)}
    assert second.name in child(window, QLabel, "explain.explained").text()
    field = child(window, QLineEdit, "explain.any")
    field.setFocus()
    qtbot.keyClicks(field, "espresso")
    qtbot.keyClick(field, Qt.Key.Key_Return)
    settle(qtbot, window)
    espresso = imagenet.classes.index("espresso")
    assert view_model.request.index == espresso
    minus = child(window, QLineEdit, "explain.minus")
    minus.setFocus()
    qtbot.keyClicks(minus, str(second.index))
    qtbot.keyClick(minus, Qt.Key.Key_Return)
    settle(qtbot, window)
    target = ScoreTarget(espresso, second.index)
    assert view_model.requests[0].target == target
    made = view_model.attribution(view_model.requests[0])
    assert made is not None and made.target_words == f"espresso − {second.name}"
    logits = view_model.explained.prediction.logits if view_model.explained else np.zeros(0)
    assert made.score == pytest.approx(float(logits[espresso] - logits[second.index]), abs=1e-3)
    field.setFocus()
    qtbot.keyClicks(field, "no such thing at all")
    qtbot.keyClick(field, Qt.Key.Key_Return)
    assert any("no class called" in message for message in messages(window))


def test_a_wall_of_classes_by_methods_and_the_map_that_is_chosen(
    window: MainWindow, digits: OpenedModel, qtbot: QtBot
) -> None:
    window.workspace.add_model(digits)
    settle(qtbot, window)
    tick_only(qtbot, window, "grad-cam", "hires-cam", "integrated-gradients")
    count = child(window, QComboBox, "explain.count")
    count.setCurrentIndex(count.findData("3"))
    settle(qtbot, window)
    wall, view_model = child(window, MosaicView, "explain.wall"), panel_of(window).view_model
    assert wall.count == 9 and wall.columns() == 3 and len(view_model.maps) == 9
    assert [request.method for request in view_model.requests[:3]] == [
        "grad-cam",
        "hires-cam",
        "integrated-gradients",
    ]
    place = wall.tile_rect(5).center()
    qtbot.mouseClick(wall.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert child(window, QLabel, "explain.title").text() == METHODS["integrated-gradients"].title
    assert METHODS["integrated-gradients"].formula == child(window, QLabel, "explain.formula").text()
    # Integrated gradients add up to the score's difference: said beside the map.
    assert "map 28 × 28" in child(window, QLabel, "explain.facts").text()
    # A click on the chosen one shows it large.
    qtbot.mouseClick(wall.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert panel_of(window).large.isVisible()
    settle(qtbot, window)
    view = child(window, ImageView, "explain.large.view")
    assert view.pixels is not None and view.pixels.shape == (28, 28, 3)
    press(qtbot, child(window, QToolButton, "explain.large.what.map"))
    press(qtbot, child(window, QToolButton, "explain.large.last"))
    settle(qtbot, window)
    one = view_model.attribution()
    assert one is not None and one.method == "hires-cam"
    assert view.pixels is not None and view.pixels.shape[:2] == one.relevance.shape


def test_settings_of_a_method_the_layer_and_the_style(
    window: MainWindow, digits: OpenedModel, qtbot: QtBot
) -> None:
    window.workspace.add_model(digits)
    settle(qtbot, window)
    tick_only(qtbot, window, "occlusion", "guided-backprop")
    settle(qtbot, window)
    view_model = panel_of(window).view_model
    view_model.select(next(request for request in view_model.requests if request.method == "guided-backprop"))
    warning = child(window, QLabel, "explain.warning")
    assert warning.isVisible() and "weights" in warning.text()
    view_model.select(next(request for request in view_model.requests if request.method == "occlusion"))
    assert not warning.isVisible()
    before = view_model.attribution()
    slider = child(window, QWidget, "explain.parameter.window.slider")
    slider.setFocus()
    qtbot.keyClick(slider, Qt.Key.Key_PageUp)
    settle(qtbot, window)
    after = view_model.attribution()
    assert before is not None and after is not None
    assert after.settings["window"] > before.settings["window"]
    assert not np.array_equal(before.relevance, after.relevance)
    tick_only(qtbot, window, "grad-cam")
    settle(qtbot, window)
    layer = child(window, QComboBox, "explain.layer")
    layer.setCurrentIndex(layer.count() - 1)
    settle(qtbot, window)
    made = view_model.attribution()
    assert made is not None and made.layer == layer.currentData()
    assert "Chosen by you" in child(window, QLabel, "explain.why").text()
    wall = child(window, MosaicView, "explain.wall")
    plain = wall.grab().toImage()
    press(qtbot, child(window, QCheckBox, "explain.outline"))
    settle(qtbot, window)
    assert "region: rows" in child(window, QLabel, "explain.facts").text()
    outlined = wall.grab().toImage()
    assert outlined != plain
    press(qtbot, child(window, QToolButton, "explain.how.nearest"))
    settle(qtbot, window)
    assert wall.grab().toImage() != outlined


def test_the_photograph_is_clear_where_there_is_no_heat_unless_the_opacity_is_even(
    window: MainWindow, imagenet: OpenedModel, qtbot: QtBot
) -> None:
    window.workspace.add_images([load_sample("coffee")])
    window.workspace.add_model(imagenet)
    settle(qtbot, window)
    view_model, view = panel_of(window).view_model, panel_of(window).grid
    one, look = view_model.attribution(), view_model.explained
    assert one is not None and look is not None and one.method == "grad-cam"
    cold, seen = (
        upsample(one.relevance, *look.size) < 0.05 * one.relevance.max(),
        look.prepared.pixels.astype(int),
    )
    assert cold.mean() > 0.05
    clear = np.abs(view.pixels(1)[cold] - seen[cold]).mean()
    opacity = child(window, QDoubleSpinBox, "explain.opacity.box")
    assert opacity.value() == 75
    press(qtbot, child(window, QToolButton, "explain.blend.even"))
    settle(qtbot, window)
    # An opacity that nobody has set is that which suits.
    assert opacity.value() == 50
    even = Style(opacity=0.5, blend="even")
    np.testing.assert_array_equal(view.pixels(1), picture(one, even, scale=view_model.scale(one)))
    assert np.abs(view.pixels(1)[cold] - seen[cold]).mean() > 3 * clear
    opacity.setValue(30)
    press(qtbot, child(window, QToolButton, "explain.blend.heat"))
    settle(qtbot, window)
    assert opacity.value() == 30
    np.testing.assert_array_equal(
        view.pixels(1), picture(one, Style(opacity=0.3), scale=view_model.scale(one))
    )


def test_a_stage_of_the_strip_becomes_the_layer(
    window: MainWindow, digits: OpenedModel, qtbot: QtBot
) -> None:
    window.workspace.add_model(digits)
    settle(qtbot, window)
    stages, view_model = child(window, MosaicView, "explain.stages"), panel_of(window).view_model
    assert stages.count >= 2
    qtbot.mouseClick(stages.viewport(), Qt.MouseButton.LeftButton, pos=stages.tile_rect(0).center())
    settle(qtbot, window)
    assert view_model.request.layer == view_model.stage_maps[0].layer
    made = view_model.attribution(next(r for r in view_model.requests if r.method == "grad-cam"))
    assert made is not None
    np.testing.assert_allclose(made.relevance, view_model.stage_maps[0].relevance, rtol=1e-4, atol=1e-6)


def test_the_three_checks(window: MainWindow, digits: OpenedModel, qtbot: QtBot) -> None:
    window.workspace.add_model(digits)
    settle(qtbot, window)
    press(qtbot, child(window, QToolButton, "explain.view.truth"))
    truth = panel_of(window).checks
    press(qtbot, child(window, QPushButton, "explain.truth.curves"))
    settle(qtbot, window)
    assert truth.view_model.curves is not None and 0 <= truth.view_model.curves.deletion_area <= 1
    assert (
        f"{truth.view_model.curves.insertion_area:.3f}" in child(window, QLabel, "explain.truth.areas").text()
    )
    weights = [np.array(weight) for weight in digits.keras.get_weights()]
    press(qtbot, child(window, QPushButton, "explain.truth.randomised"))
    settle(qtbot, window)
    assert truth.view_model.randomised is not None
    assert child(window, QLabel, "explain.truth.verdict").text() == truth.view_model.randomised.verdict
    for before, after in zip(weights, digits.keras.get_weights(), strict=True):
        assert np.array_equal(before, after)
    table = child(window, QTableWidget, "explain.truth.agreement")
    assert table.rowCount() == 4 and table.item(0, 0).text() == "1.00"
    # Another map: what was checked is no longer said of it.
    view_model = panel_of(window).view_model
    view_model.select(view_model.requests[1])
    assert truth.view_model.curves is None and truth.view_model.randomised is None


def test_the_table_of_agreement_names_its_rows_and_columns(
    window: MainWindow, imagenet: OpenedModel, qtbot: QtBot
) -> None:
    """Both in whole words, in a small window too."""
    window.resize(1024, 700)
    window.workspace.select_image(window.workspace.images[1].id)
    window.workspace.add_model(imagenet)
    settle(qtbot, window)
    press(qtbot, child(window, QToolButton, "explain.view.truth"))
    settle(qtbot, window)
    table = child(window, AgreementTable, "explain.truth.agreement")

    def heads(count: int) -> None:
        """Each name has the room that it needs, and each number too."""
        metrics = QFontMetrics(theme.font(11))
        across, down = table.across, table.down
        assert table.columnCount() == table.rowCount() == count
        for number, name in enumerate(across.names):
            assert (
                table.horizontalHeaderItem(number).text() == table.verticalHeaderItem(number).text() == name
            )
            words = [metrics.horizontalAdvance(word) for word in name.split()]
            if across.upright:
                assert metrics.horizontalAdvance(name) <= across.height()
                assert metrics.height() <= across.sectionSize(number) + 2
            else:
                assert max(words) <= across.sectionSize(number)
            assert max(words) <= down.width()
            figures = QFontMetrics(theme.font(13)).horizontalAdvance(table.item(number, 0).text())
            assert figures + 6 <= table.columnWidth(0)

    assert table.across.names == ("Grad-CAM", "LayerCAM", "Eigen-CAM", "Saliency")
    heads(4)
    panel_of(window).view_model.ask(count=3)
    settle(qtbot, window)
    first = panel_of(window).classes.bars.rows[0].name
    assert table.across.names[0] == f"Grad-CAM: {first}"
    assert table.across.names.count("Eigen-CAM: any class") == 1
    heads(10)


def test_a_drawing_is_followed_and_the_last_one_wins(
    window: MainWindow, digits: OpenedModel, qtbot: QtBot
) -> None:
    window.workspace.add_model(digits)
    settle(qtbot, window)
    view_model = panel_of(window).view_model
    for number in range(12):
        frame = np.zeros((28, 28), np.uint8)
        frame[4:24, 6 + number : 9 + number] = 255
        window.workspace.update_image(Image(frame, f"frame {number}"))
    settle(qtbot, window)
    assert view_model.explained is not None and view_model.explained.image.name == "frame 11"
    assert len(view_model.maps) == 4


def test_a_network_without_classes_is_told_in_the_panel(window: MainWindow, qtbot: QtBot) -> None:
    base = open_model("MobileNetV2", include_top=False, input_shape=(32, 32, 3))
    window.workspace.add_model(base)
    settle(qtbot, window)
    said = child(window, QLabel, "explain.said")
    assert said.isVisible() and "no classes" in said.text()
    assert not child(window, QToolButton, "explain.open_model").isVisible()
    window.workspace.remove_model(window.workspace.models[0].id)
    assert "no model" in said.text()


def test_everything_is_saved_and_the_script_gives_the_same_map(
    window: MainWindow, digits: OpenedModel, tmp_path: Path, qtbot: QtBot
) -> None:
    path = tmp_path / "digits.keras"
    digits.keras.save(path)
    window.open_path(path)
    settle(qtbot, window)
    window.workspace.update_image(
        Image(
            load_sample("digit-2").values, "digit.png", save(tmp_path / "digit.png", load_sample("digit-2"))
        )
    )
    settle(qtbot, window)
    output, view_model = panel_of(window).exports, panel_of(window).view_model
    one = view_model.attribution()
    assert one is not None
    for name, suffix in (
        ("overlay", ".png"),
        ("wall", ".png"),
        ("map", ".png"),
        ("npy", ".npy"),
        ("report", ".html"),
    ):
        output.save_to(name, tmp_path / f"{name}{suffix}")
        settle(qtbot, window)
    assert np.array_equal(np.load(tmp_path / "npy.npy"), one.relevance)
    with PillowImage.open(tmp_path / "overlay.png") as picture:
        assert picture.size == (28, 28)
    assert one.title in (tmp_path / "report.html").read_text(encoding="utf-8")
    press(qtbot, child(window, QToolButton, "explain.script"))
    settle(qtbot, window)
    script = QApplication.clipboard().text()
    compile(script, "explain.py", "exec")
    menu = child(window, QToolButton, "explain.save").menu()
    assert isinstance(menu, QMenu)
    menu.aboutToShow.emit()
    assert "Report with all settings (HTML)…" in [action.text() for action in menu.actions()]


def test_what_is_saved_has_the_colours_that_are_seen(
    window: MainWindow, digits: OpenedModel, tmp_path: Path, qtbot: QtBot
) -> None:
    """Maps of two classes share their scale: the weaker one is no brighter in the file than on the wall."""
    window.workspace.add_model(digits)
    panel_of(window).view_model.ask(methods=("grad-cam",), count=2)
    settle(qtbot, window)
    output, view_model, view = panel_of(window).exports, panel_of(window).view_model, panel_of(window).grid
    weaker = min(view_model.maps, key=lambda one: one.relevance.max())
    view_model.select(weaker.request)
    assert view_model.scale(weaker) != weaker.scale
    shown = view.pixels([request.key for request in view_model.requests].index(weaker.request.key))
    output.save_to("overlay", tmp_path / "overlay.png")
    settle(qtbot, window)
    with PillowImage.open(tmp_path / "overlay.png") as saved:
        np.testing.assert_array_equal(np.asarray(saved), shown)
    press(qtbot, child(window, QToolButton, "explain.script"))
    settle(qtbot, window)
    script = QApplication.clipboard().text()
    assert f"low, high = {view_model.scale(weaker).low!r}, {view_model.scale(weaker).high!r}" in script
    namespace = tmp_path / "run"
    namespace.mkdir()
    (namespace / "why.py").write_text(script, encoding="utf-8")
    run_process([sys.executable, "why.py"], cwd=namespace)
    with PillowImage.open(namespace / "overlay.png") as made:
        assert np.abs(np.asarray(made).astype(int) - shown).max() <= 8


def test_a_folder_becomes_overlays_and_a_table(
    window: MainWindow, digits: OpenedModel, tmp_path: Path, qtbot: QtBot
) -> None:
    source, target = tmp_path / "in", tmp_path / "out"
    source.mkdir()
    target.mkdir()
    for name in ("digit-2", "digit-7"):
        save(source / f"{name}.png", load_sample(name))
    (source / "broken.png").write_bytes(b"nothing")
    window.workspace.add_model(digits)
    settle(qtbot, window)
    panel_of(window).exports.explain_folder(source, target)
    settle(qtbot, window)
    assert len(list(target.glob("*.png"))) == 2
    assert any("2 overlays" in message and "1 could not" in message for message in messages(window))


def test_the_command_line_and_the_panel_say_the_same(
    window: MainWindow, digits: OpenedModel, tmp_path: Path, qtbot: QtBot
) -> None:
    window.workspace.add_model(digits)
    settle(qtbot, window)
    picture = save(tmp_path / "two.png", load_sample("digit-2"))
    done = run_process(
        [sys.executable, "-m", "convscope", "explain", "digits", str(picture), "-o", str(tmp_path / "o.png"),
         "--npy", str(tmp_path / "h.npy"), "--json"],
    )  # fmt: skip
    view_model = panel_of(window).view_model
    one = view_model.attribution(next(r for r in view_model.requests if r.method == "grad-cam"))
    assert one is not None
    np.testing.assert_allclose(np.load(tmp_path / "h.npy"), one.relevance, rtol=1e-4, atol=1e-6)
    json.loads(done.stdout)


def test_the_right_column_folds_in_a_narrow_window(
    window: MainWindow, digits: OpenedModel, qtbot: QtBot
) -> None:
    window.workspace.add_model(digits)
    settle(qtbot, window)
    panel = panel_of(window)
    window.resize(1024, 700)
    qtbot.waitUntil(lambda: not panel.method_column.isVisible())
    press(qtbot, child(window, QToolButton, "explain.fold"))
    assert panel.method_column.isVisible()


def test_nothing_of_either_column_is_cut_off(window: MainWindow, digits: OpenedModel, qtbot: QtBot) -> None:
    """In a small window one of them lies beside the pictures at a time, and is whole."""
    window.workspace.add_model(digits)
    settle(qtbot, window)
    panel = panel_of(window)
    fold = child(window, QToolButton, "explain.fold")

    def whole(column: QWidget) -> None:
        area = column.findChild(QScrollArea)
        assert area is not None and area.widget() is not None
        qtbot.waitUntil(lambda: area.isVisible() and area.widget().width() <= area.viewport().width())

    whole(panel.classes)
    whole(panel.method_column)
    window.resize(1024, 700)
    qtbot.waitUntil(lambda: not panel.method_column.isVisible())
    whole(panel.classes)
    press(qtbot, fold)
    whole(panel.method_column)
    assert not panel.classes.isVisible()
    press(qtbot, fold)
    whole(panel.classes)


def test_a_script_is_saved_with_the_network_and_the_picture_that_have_no_file(
    window: MainWindow, tmp_path: Path, qtbot: QtBot
) -> None:
    """Copying says so; saving writes all three."""
    window.workspace.add_model(open_model("mnist-small"))
    window.workspace.update_image(Image(np.full((90, 80), 200, np.uint8), "pasted"))
    settle(qtbot, window)
    press(qtbot, child(window, QToolButton, "explain.script"))
    settle(qtbot, window)
    assert "save the script, and the network is saved beside it" in messages(window)[-1]
    panel_of(window).exports.save_to("script", tmp_path / "why.py")
    settle(qtbot, window)
    assert messages(window)[-1] == "Saved why.py, with why.keras, why.classes.json, why.png beside it."
    assert {one.name for one in tmp_path.iterdir()} == {"why.py", "why.keras", "why.classes.json", "why.png"}
    compile((tmp_path / "why.py").read_text(encoding="utf-8"), "why.py", "exec")
