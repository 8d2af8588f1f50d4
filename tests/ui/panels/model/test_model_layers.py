"""Reading a network layer by layer: table, sums, facts, receptive field, bars."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from model_helpers import Story, model_of
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QLineEdit, QPushButton, QTreeView, QWidget

from convscope.core.ids import new_id
from convscope.engine.models.opened import OpenedModel
from convscope.imaging.image import Image
from convscope.ui.canvas.image_view import ImageView
from convscope.ui.panels.model.network.facts import ShareBar
from convscope.ui.plots.class_bars import ClassBars


def test_without_a_model_the_next_step_is_a_button(story: Story) -> None:
    assert story.find(QWidget, "model.empty").isVisible()
    assert not story.panel.side.isVisible()
    button = story.find(QPushButton, "model.empty.imagenet")
    story.qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    story.qtbot.waitUntil(lambda: story.workspace.model is not None)
    story.settle()
    assert story.text("model.name") == "EfficientNet-Lite0"
    assert not story.find(QWidget, "model.empty").isVisible()
    assert story.total("Parameters") == "4,694,024"
    # The last model closed brings the next step back.
    story.workspace.remove_model(story.workspace.models[0].id)
    story.settle()
    assert story.find(QWidget, "model.empty").isVisible()


def test_the_lectures_sums_are_written_out(story: Story) -> None:
    story.open("mnist-convnet")
    names = [row[0] for row in story.rows()]
    assert names == [row.path for row in model_of("mnist-convnet").layers]
    assert story.total("Parameters") == "93,322"
    assert story.total("trainable") == "93,322"
    assert story.total("not trainable") == "0"
    told = {}
    for name in names:
        story.click_row(name)
        assert story.workspace.layer == name
        told[story.text("model.formula")] = story.fact("Output")
    assert told["(3·3·1 + 1)·32 = 320"] == "26 × 26 × 32"
    assert told["(3·3·32 + 1)·64 = 18,496"] == "11 × 11 × 64"
    assert told["(64 + 1)·10 = 650"] == "10"


def test_the_table_tells_kind_shape_parameters_and_share(story: Story) -> None:
    story.open("digits")
    assert story.rows()[:3] == [
        ["input", "InputLayer", "28 × 28 × 1", "", ""],
        ["conv2d", "Conv2D 3×3", "26 × 26 × 32", "320", "0.3 %"],
        ["max_pooling2d", "MaxPooling2D 2×2", "13 × 13 × 32", "", ""],
    ]


def test_nested_bases_are_branches_with_paths(story: Story) -> None:
    story.open("vgg16-cats-dogs")
    rows = {row[0]: row for row in story.rows()}
    assert rows["vgg16"][3:] == ["14,714,688", "87.5 %"]
    story.click_row("block3_conv1")
    assert story.workspace.layer == "vgg16/block3_conv1"
    assert story.text("model.layer") == "vgg16/block3_conv1"
    assert story.text("model.formula") == "(3·3·128 + 1)·256 = 295,168"
    assert story.fact("Weights") == "frozen"
    assert story.total("Parameters") == "16,812,353"
    assert story.total("trainable") == "2,097,665"
    # The branch itself is no layer.
    story.click_row("vgg16")
    assert story.workspace.layer == "vgg16/block3_conv1"


def test_search_finds_names_anywhere_and_kinds_by_their_beginning(story: Story) -> None:
    story.open("resnet-small")
    field = story.find(QLineEdit, "model.search")
    story.qtbot.keyClicks(field, "add")
    kinds = {row[1] for row in story.rows()}
    assert kinds == {"Add"}
    field.clear()
    story.qtbot.keyClicks(field, "no such layer")
    assert story.rows() == []
    field.clear()
    assert len(story.rows()) == len(model_of("resnet-small").layers)


def test_a_layer_chosen_elsewhere_is_marked_here(story: Story) -> None:
    story.open("digits")
    assert story.workspace.layer == "conv2d"
    story.workspace.choose_layer("dense")
    assert story.current_row() == "dense"
    assert story.text("model.formula") == "(576 + 1)·64 = 36,928"
    view = story.find(QTreeView, "model.layers")
    story.qtbot.keyClick(view, Qt.Key.Key_Down)
    assert story.workspace.layer == "dense_1"


def test_columns_sort_and_give_the_order_back(story: Story) -> None:
    story.open("digits")
    story.workspace.choose_layer("conv2d_1")
    before = [row[0] for row in story.rows()]
    header = story.find(QTreeView, "model.layers").header()
    place = QPoint(header.sectionViewportPosition(3) + 20, header.height() // 2)
    amounts = []
    for _ in range(2):
        story.qtbot.mouseClick(header.viewport(), Qt.MouseButton.LeftButton, pos=place)
        amounts.append([int(row[3].replace(",", "") or 0) for row in story.rows()])
        assert story.current_row() == "conv2d_1", "the chosen layer stays chosen"
    assert amounts[0] == sorted(amounts[0])
    assert amounts[1] == sorted(amounts[1], reverse=True)
    story.open("lenet-5")
    assert [row[0] for row in story.rows()][:2] == ["c5", "f6"], "another model is sorted as well"
    story.open("digits")
    story.qtbot.mouseClick(header.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert [row[0] for row in story.rows()] == before


def test_facts_are_copied_as_text(story: Story) -> None:
    story.open("digits")
    story.press("model.copy_facts")
    text = QGuiApplication.clipboard().text()
    assert text.splitlines()[:3] == [
        "conv2d (Conv2D)",
        "Parameters: (3·3·1 + 1)·32 = 320",
        "Output: 26 × 26 × 32",
    ]
    assert "Receptive field: 3 × 3 pixels" in text


@pytest.mark.parametrize("path", ["conv2d_1", "max_pooling2d_1", "conv2d_2"])
def test_the_receptive_field_is_drawn_where_one_points(story: Story, path: str) -> None:
    model = story.open("digits")
    story.workspace.choose_layer(path)
    row = model.layer(path)
    assert row.field is not None and row.shape is not None
    view = story.find(ImageView, "model.field")
    assert view.pixels is not None and view.pixels.shape == (28, 28)
    height, width = row.field.size
    assert story.fact("Receptive field") == f"{height} × {width} pixels"
    for pixel in ((0, 0), (14, 9), (27, 27)):
        view.hovered.emit(pixel)
        # Of all values, that whose field has its middle nearest.
        places = []
        for axis, at, count in zip((row.field.rows, row.field.columns), pixel, row.shape, strict=False):
            middles = [(axis.low + axis.high) / 2 + place * axis.stride for place in range(count or 0)]
            places.append(min(range(len(middles)), key=lambda n, m=middles, a=at: (abs(m[n] - a), n)))
        r, c = places
        top, left, bottom, right = row.field.box(r, c, 28, 28)
        assert story.text("model.field.words").startswith(f"Value ({r}, {c}) of ")
        assert view._box == (top, left, bottom - top, right - left)


def test_a_click_holds_the_field(story: Story) -> None:
    story.open("digits")
    story.workspace.choose_layer("conv2d_2")
    view = story.find(ImageView, "model.field")
    view.clicked.emit(5, 5)
    held = view._box
    view.hovered.emit((22, 22))
    assert view._box == held
    view.clicked.emit(5, 5)
    view.hovered.emit((22, 22))
    assert view._box != held


def test_what_sees_everything_says_so(story: Story) -> None:
    story.open("digits")
    # Pooling of 11×11 to 5×5 drops a row and a column: the last two rows and columns reach nothing.
    story.workspace.choose_layer("dense")
    assert story.fact("Receptive field") == "26 × 26 of 28 × 28 pixels"
    words = "Every value of this layer depends on 26 × 26 of 28 × 28 pixels: rows 0–25, columns 0–25."
    assert story.text("model.field.words") == words
    assert story.find(ImageView, "model.field")._box == (0, 0, 26, 26)
    # A number of the flattened maps stands for one place of them.
    story.workspace.choose_layer("flatten")
    assert story.fact("Receptive field") == "18 × 18 pixels"
    assert (
        "all together 26 × 26 of 28 × 28 pixels" in story.find(QWidget, "model.facts").accessibleDescription()
    )
    view = story.find(ImageView, "model.field")
    view.hovered.emit((27, 27))
    assert view._box == (8, 8, 18, 18)
    assert story.text("model.field.words").startswith("Value (2, 2) of 3 × 3 laid out in a row sees 18 × 18 ")
    story.open("lenet-5")
    story.workspace.choose_layer("output")
    assert story.fact("Receptive field") == "the whole image"
    assert "depends on the whole image." in story.text("model.field.words")
    assert view._box == (0, 0, 28, 28)


def test_the_network_sees_the_prepared_image(story: Story) -> None:
    model = story.open("digits")
    story.workspace.select_image(story.workspace.images[1].id)
    story.settle()
    pixels = story.find(ImageView, "model.field").pixels
    assert pixels is not None
    assert np.array_equal(pixels, model.prepare(story.workspace.image).pixels)
    # A stroke of the drawing pad is a new frame of the same image.
    story.workspace.update_image(Image(np.full((28, 28), 200, np.uint8), "drawing"))
    story.settle()
    pixels = story.find(ImageView, "model.field").pixels
    assert pixels is not None and pixels.max() == 200


def test_bars_show_where_parameters_and_work_are(story: Story) -> None:
    model = story.open("digits")
    for key, amount in (("parameters", "parameters"), ("work", "multiply_adds")):
        bar = story.find(ShareBar, f"model.bar.{key}")
        rows = [row for row in model.layers if getattr(row, amount)]
        assert [piece.path for piece in bar.pieces] == [row.path for row in rows]
        total = sum(getattr(row, amount) for row in rows)
        for row in rows:
            wide = bar.piece_rect(row.path).width()
            assert wide == pytest.approx(bar.width() * getattr(row, amount) / total)
    bar = story.find(ShareBar, "model.bar.parameters")
    place = bar.piece_rect("conv2d_2").center().toPoint()
    story.qtbot.mouseMove(bar, place)
    bar.hovered.emit(next(piece for piece in bar.pieces if piece.path == "conv2d_2"))
    assert story.text("model.bar.parameters.words") == "conv2d_2: 36.9 k, 39.6 %"
    story.qtbot.mouseClick(bar, Qt.MouseButton.LeftButton, pos=place)
    assert story.workspace.layer == "conv2d_2"
    story.qtbot.keyClick(bar, Qt.Key.Key_Right)
    assert story.workspace.layer == "dense"


def test_narrow_windows_show_one_column_of_facts(story: Story) -> None:
    story.open("digits")
    story.window.resize(1024, 700)
    story.settle()
    assert story.panel.facts_area.isVisible() and not story.panel.whole_area.isVisible()
    story.press("model.which.model")
    assert story.panel.whole_area.isVisible() and not story.panel.facts_area.isVisible()
    story.press("model.fold")
    assert not story.panel.side.isVisible()
    story.window.resize(1440, 900)
    story.press("model.fold")
    assert story.panel.facts_area.isVisible() and story.panel.whole_area.isVisible()


def test_a_model_that_takes_no_images_is_read_all_the_same(story: Story) -> None:
    import keras

    network = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, name="only")])
    story.open(OpenedModel(network, name="numbers"))
    assert story.text("model.formula") == "(4 + 1)·3 = 15"
    assert "does not take images" in story.text("model.field.words")
    assert not story.find(ImageView, "model.field").isVisible()
    assert story.find(ImageView, "model.field").isHidden()
    # And the next one shows its image again.
    story.open("digits")
    assert story.find(ImageView, "model.field").isVisible()


def test_what_a_finished_graph_hides_is_not_known(story: Story, tmp_path: Path) -> None:
    model_of("digits").keras.export(tmp_path / "served", verbose=False)
    story.window.open_path(tmp_path / "served")
    story.settle()
    assert story.text("model.name") == "served" and "finished graph" in story.text("model.notes")
    assert story.total("Multiply-adds") == "not known" == story.text("model.bar.work.words")
    assert story.total("Parameters") == "93,322"
    story.press("model.page.graph")
    assert [node.title for node in story.graph.picture.graph.nodes] == ["InputLayer", "TFSMLayer"]
    assert story.find(ClassBars, "model.classes").isVisible(), "it predicts all the same"


def test_free_sizes_are_told(story: Story) -> None:
    import keras

    layers = keras.layers
    network = keras.Sequential(
        [keras.Input((None, None, 3)), layers.Conv2D(4, 3, name="free"), layers.GlobalAveragePooling2D()]
    )
    story.open(OpenedModel(network, name="any size"))
    story.workspace.choose_layer("free")
    assert story.fact("Output") == "? × ? × 4"
    assert story.fact("Multiply-adds") == "depends on the image's size"
    assert story.text("model.formula") == "(3·3·3 + 1)·4 = 112"


def test_models_come_and_go_while_they_are_read(story: Story) -> None:
    for name in ("digits", "resnet-small", "inception-small", "digits"):
        model = model_of(name).with_()
        model.id = new_id()
        story.workspace.add_model(model)
    story.workspace.remove_model(story.workspace.models[3].id)
    story.workspace.remove_model(story.workspace.models[0].id)
    story.settle()
    assert story.text("model.name") == "Small Inception (GoogLeNet)"
    digits = model_of("digits")
    changed = digits.with_(preprocessing=replace(digits.preprocessing, resize="stretch"))
    changed.id = story.workspace.models[-1].id
    story.workspace.replace_model(changed)
    story.settle()
    assert story.total("Parameters") == "93,322"
    while story.workspace.models:
        story.workspace.remove_model(story.workspace.models[0].id)
    story.settle()
    assert story.find(QWidget, "model.empty").isVisible()
