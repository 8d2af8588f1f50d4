"""What a person does in the layers panel: walk through layers, choose a map, read a sum, compare, save."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from layers_helpers import Desk
from PIL import Image as PillowImage
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAction, QGuiApplication
from PySide6.QtWidgets import QComboBox, QWidget

from convscope.core.words import share
from convscope.engine.interpret.activations.activations import look
from convscope.engine.models.opened import OpenedModel
from convscope.imaging.colormaps import apply_colormap, colormap
from convscope.imaging.image import Image
from convscope.ui.canvas.image_view import ImageView
from convscope.ui.canvas.mosaic_view import MosaicView
from convscope.ui.canvas.scale_bar import ScaleBar
from convscope.ui.forms.elided_combo import ElidedCombo
from convscope.ui.panels.layers.depth_chart import DepthChart
from convscope.ui.plots.bars import BarsView


def lectures(values: np.ndarray) -> np.ndarray:
    """Levels as in the lectures."""
    return np.clip((values - values.mean()) / values.std() * 64 + 128, 0, 255).astype(np.uint8)


def test_without_a_model_the_next_step_is_a_button(bare: Desk) -> None:
    assert "Open a network" in bare.text("layers.empty")
    bare.press("layers.open_digits")
    bare.qtbot.waitUntil(lambda: bare.workspace.model is not None)
    bare.settle()
    assert bare.text("layers.title") == "conv2d"
    assert bare.frame.maps.count == 32
    bare.workspace.remove_model(bare.workspace.models[0].id)
    bare.settle()
    assert bare.find(QWidget, "layers.open_digits").isVisible()


def test_all_maps_of_a_layer_as_in_the_lectures(desk: Desk, digits: OpenedModel) -> None:
    desk.layer("conv2d_1")
    values = look(digits, desk.workspace.image).value("conv2d_1")
    assert desk.text("layers.facts") == "Conv2D  ·  relu  ·  64 maps of 11×11  ·  2 blank"
    blank = desk.frame.maps.statistics.blank
    for channel in range(64):
        shown = desk.frame.first.pictures[channel].astype(int)
        if blank[channel]:
            assert values[:, :, channel].max() == values[:, :, channel].min()
            # Crossed out in gray, which no colour of the scale is.
            assert (shown[..., 0] == shown[..., 1]).all() and len(np.unique(shown)) == 2
            continue
        expected = colormap("viridis")[lectures(values[:, :, channel])].astype(int)
        assert np.abs(shown - expected).max() <= 4
    assert len(desk.find(MosaicView, "layers.mosaic")._maps) == 64


def test_arrow_keys_walk_through_the_layers(desk: Desk) -> None:
    tree = desk.panel.tree.view
    tree.setFocus()
    seen = []
    for _ in range(4):
        desk.qtbot.keyClick(tree, Qt.Key.Key_Down)
        desk.settle()
        seen.append(desk.frame.path)
    assert seen == ["max_pooling2d", "conv2d_1", "max_pooling2d_1", "conv2d_2"]
    desk.window.run_command("layers.last")
    desk.settle()
    assert desk.frame.path == desk.workspace.layer == "max_pooling2d_1"
    assert desk.text("layers.title") == "max_pooling2d_1"


def test_a_map_in_numbers(desk: Desk, digits: OpenedModel) -> None:
    desk.layer("conv2d_2")
    blank = int(np.flatnonzero(desk.frame.maps.statistics.blank)[0])
    desk.tile(16)
    desk.press("layers.tab.values")
    value = look(digits, desk.workspace.image).value("conv2d_2")[:, :, 16]
    assert desk.text("layers.map_title") == "map 16 of 64"
    assert float(desk.text("layers.mean")) == pytest.approx(value.mean(), rel=1e-4)
    assert float(desk.text("layers.deviation")) == pytest.approx(value.std(), rel=1e-4)
    assert float(desk.text("layers.maximum")) == pytest.approx(value.max(), rel=1e-4)
    assert desk.text("layers.zeros") == share(int((value == 0).sum()), 9)
    assert desk.text("layers.blank_note") == ""
    desk.tile(blank)
    assert "This map is blank" in desk.text("layers.blank_note")


def test_hovering_a_map_frames_what_the_value_sees(desk: Desk) -> None:
    desk.layer("conv2d_1")
    image = desk.find(ImageView, "layers.image")
    desk.hover("layers.map", 2, 5)
    assert image._box == (4, 10, 8, 8)
    desk.hover("layers.map", 10, 0)
    assert image._box == (20, 0, 8, 8)


def test_clicking_a_map_writes_out_the_exact_sum(desk: Desk, digits: OpenedModel) -> None:
    desk.layer("conv2d_1")
    desk.tile(7)
    desk.click("layers.map", 3, 4)
    value = float(look(digits, desk.workspace.image).value("conv2d_1")[3, 4, 7])
    one = desk.panel.inspector.sum.sum
    assert one is not None and (one.row, one.column, one.channel) == (3, 4, 7)
    assert one.value == pytest.approx(value, abs=1e-4)
    assert "max_pooling2d" in desk.text("layers.part") and "1 of 32 by size" in desk.text("layers.part")
    assert "bias" in desk.text("layers.sum") and "relu(" in desk.text("layers.sum")
    # The end of the sum stands first, the channels under it.
    lines = desk.text("layers.sum").splitlines()
    assert lines[2].startswith("relu(") and lines[3] == "" and lines[4].startswith("channel ")
    first = desk.text("layers.part")
    desk.press("layers.part_next")
    assert desk.text("layers.part") != first
    desk.press("layers.copy_sum")
    desk.press("layers.part_last")
    assert desk.text("layers.part") == first


def test_a_sum_is_followed_back_to_the_image(desk: Desk, digits: OpenedModel) -> None:
    desk.layer("conv2d_1")
    desk.tile(7)
    desk.click("layers.map", 3, 4)
    found, seen = look(digits, desk.workspace.image), []
    for _ in range(3):
        one = desk.panel.inspector.sum.sum
        assert one is not None
        part = int(one.by_size[0])
        weighed = one.patches[part] * (1 if one.weights is None else one.weights[part])
        largest = one.patches[part].ravel()[np.abs(weighed).argmax()]
        desk.press("layers.follow")
        seen.append(desk.frame.path)
        one = desk.panel.inspector.sum.sum
        assert one is not None and one.channel == desk.panel.view_model.channel
        # What was an input there is the value that is explained here.
        assert one.shown == pytest.approx(largest, abs=1e-6)
        assert float(found.value(one.path)[one.row, one.column, one.channel]) == pytest.approx(
            largest, abs=1e-6
        )
    assert seen == ["max_pooling2d", "conv2d", "input"]
    assert not desk.find(QWidget, "layers.follow").isVisible()


def test_a_dense_layer_as_bars(desk: Desk, digits: OpenedModel) -> None:
    desk.layer("dense_1")
    bars = desk.find(BarsView, "layers.mosaic_bars")
    assert bars.isVisible() and not desk.find(ImageView, "layers.map").isVisible()
    probabilities = look(digits, desk.workspace.image).value("dense_1")
    np.testing.assert_allclose(bars._values, probabilities, atol=1e-6)
    assert bars._labels == digits.classes
    # The strongest is chosen at first: it is a 3.
    assert desk.panel.view_model.channel == 3
    one = desk.panel.inspector.sum.sum
    assert (
        one is not None
        and one.activation == "softmax"
        and one.value == pytest.approx(probabilities[3], abs=1e-4)
    )
    # What the score becomes stands over the long sum that it is.
    lines = desk.text("layers.sum").splitlines()
    assert "bias" in lines[0] and lines[1].startswith("each score less the largest") and "·" in lines[-1]
    place = bars.bar_rect(8).center().toPoint()
    desk.qtbot.mouseMove(bars, place)
    assert desk.text("layers.scale_words").startswith(f"8 {digits.classes[8]}")
    desk.qtbot.mouseClick(bars, Qt.MouseButton.LeftButton, pos=place)
    desk.settle()
    assert desk.panel.view_model.channel == 8 and "number 8" in desk.text("layers.place")
    assert desk.text("layers.map_title") == f"number 8 of 10: {digits.classes[8]}"
    desk.press("layers.tab.values")
    assert float(desk.text("layers.mean")) == pytest.approx(0.1, abs=1e-4)
    assert float(desk.text("layers.maximum")) == pytest.approx(probabilities.max(), rel=1e-4)
    rank = 1 + int((probabilities > probabilities[8]).sum())
    assert desk.text("layers.blank_note").endswith(f"is number {rank} from the top.")


def test_normalisation_colours_and_scale(desk: Desk) -> None:
    desk.layer("conv2d_1")
    maps, scale = desk.frame.maps, desk.find(ScaleBar, "layers.scale")
    desk.pick("layers.normalisation", "layer")
    desk.pick("layers.colormap", "gray")
    assert (scale._low, scale._high) == (0.0, pytest.approx(maps.tiles.max()))
    gray = desk.frame.first.pictures[5][..., 0]
    expected = np.rint(maps.tiles[5] / maps.tiles.max() * 255)
    assert np.abs(gray - expected).max() <= 1
    desk.pick("layers.colormap", "diverging")
    assert scale._low == -scale._high
    desk.pick("layers.normalisation", "none")
    assert (scale._low, scale._high) == (-1.0, 1.0)
    desk.pick("layers.normalisation", "map")
    desk.pick("layers.colormap", "magma")
    own = maps.tiles[5]
    levels = np.rint(own / own.max() * 255).astype(np.uint8)
    assert np.abs(desk.frame.first.pictures[5].astype(int) - apply_colormap(levels, "magma")).max() <= 6


def test_sorting(desk: Desk) -> None:
    desk.layer("conv2d_1")
    found = desk.frame.maps.statistics
    for name, key in (("mean", found.mean), ("maximum", found.maximum), ("zeros", found.zeros)):
        desk.pick("layers.sort", name)
        assert (np.diff(key[desk.frame.order]) <= 0).all()
        assert sorted(desk.frame.order) == list(range(64))
    # A click finds the channel, not the place.
    desk.tile(3)
    assert desk.panel.view_model.channel == desk.frame.order[3]


def test_blank_maps_over_depth(desk: Desk) -> None:
    chart = desk.find(DepthChart, "layers.depth")
    assert [one.blank for one in chart.shares][-1] == 26
    place = chart.bar_rect(4).center().toPoint()
    desk.qtbot.mouseMove(chart, place)
    assert chart.words() == "conv2d_2: 26 of 64 blank, 40.6 %"
    desk.qtbot.mouseClick(chart, Qt.MouseButton.LeftButton, pos=place)
    desk.settle()
    assert desk.frame.path == "conv2d_2" and "26 blank" in desk.text("layers.facts")
    chart.copy_numbers()
    assert QGuiApplication.clipboard().text().splitlines()[5] == "conv2d_2\tConv2D\t26\t64\t0.40625"


def test_two_images_on_one_scale(desk: Desk) -> None:
    desk.layer("conv2d_1")
    assert desk.find(QComboBox, "layers.sort").findData("difference") < 0
    desk.pick("layers.normalisation", "layer")
    desk.pick("layers.beside", desk.workspace.images[1].id)
    first, second = desk.frame.sides
    assert first.levels.scale == second.levels.scale
    largest = max(first.maps.tiles.max(), second.maps.tiles.max())
    assert first.levels.scale[1] == pytest.approx(largest)
    assert desk.find(MosaicView, "layers.mosaic_beside").isVisible()
    assert "the same for both" in desk.text("layers.scale_words")
    desk.pick("layers.sort", "difference")
    apart = np.abs(first.maps.tiles - second.maps.tiles).mean(axis=(1, 2))
    assert (np.diff(apart[desk.frame.order]) <= 1e-9).all()
    # The second one becomes the current image: it is compared with nothing then.
    desk.workspace.select_image(desk.workspace.images[1].id)
    desk.settle()
    assert len(desk.frame.sides) == 1 and desk.frame.display.sort == "index"


def test_two_models_side_by_side(desk: Desk, digits: OpenedModel) -> None:
    import keras

    other = keras.models.clone_model(digits.keras)
    desk.workspace.add_model(OpenedModel(other, name="untrained", preprocessing=digits.preprocessing))
    desk.settle()
    desk.layer("conv2d")
    desk.pick("layers.beside", desk.workspace.models[0].id)
    assert [side.forward.title for side in desk.frame.sides] == ["digit-3.png", digits.name]
    np.testing.assert_allclose(
        desk.frame.sides[1].maps.tiles.transpose(1, 2, 0),
        look(digits, desk.workspace.image).value("conv2d"),
        atol=1e-5,
    )


def test_what_dropout_does_while_training(desk: Desk) -> None:
    import keras

    layers = keras.layers
    inputs = keras.Input((28, 28, 1))
    x = layers.Conv2D(16, 3, activation="relu", name="conv")(inputs)
    x = layers.SpatialDropout2D(0.5, name="spatial")(x)
    model = OpenedModel(keras.Model(inputs, layers.BatchNormalization(name="norm")(x)))
    desk.workspace.add_model(model)
    desk.settle()
    assert desk.find(QComboBox, "layers.beside").findData("training") < 0
    desk.layer("spatial")
    desk.pick("layers.beside", "training")
    own, trained = desk.frame.sides
    gone = [channel for channel in range(16) if not trained.maps.tiles[channel].any()]
    assert 2 <= len(gone) <= 14
    kept = next(channel for channel in range(16) if channel not in gone)
    np.testing.assert_allclose(trained.maps.tiles[kept], 2 * own.maps.tiles[kept], rtol=1e-5)
    # A click on the right looks at the map of the right.
    desk.tile(kept, "layers.mosaic_beside")
    assert desk.panel.inspector.detail is not None
    np.testing.assert_allclose(desk.panel.inspector.detail.values, 2 * own.maps.tiles[kept], rtol=1e-5)
    assert "while training" in desk.text("layers.map_title") and "no fixed sum" in desk.text("layers.hint")
    desk.layer("norm")
    mean = desk.frame.sides[1].maps.statistics.mean
    np.testing.assert_allclose(mean, np.zeros(16), atol=1e-4)
    desk.layer("conv")
    assert len(desk.frame.sides) == 1


def test_saving(desk: Desk, digits: OpenedModel, tmp_path: Path) -> None:
    desk.layer("conv2d_1")
    desk.tile(9)
    for what, name in (
        ("mosaic", "m.png"),
        ("map", "one.png"),
        ("numbers", "all.npy"),
        ("map_numbers", "one.npy"),
    ):
        desk.panel.export.save_to(what, str(tmp_path / name))
    desk.settle()
    values = look(digits, desk.workspace.image).value("conv2d_1")
    np.testing.assert_allclose(np.load(tmp_path / "all.npy"), values, atol=1e-6)
    np.testing.assert_allclose(np.load(tmp_path / "one.npy"), values[:, :, 9], atol=1e-6)
    with PillowImage.open(tmp_path / "m.png") as opened:
        assert opened.size == (16 * 12 - 1, 4 * 12 - 1)
    with PillowImage.open(tmp_path / "one.png") as opened:
        shown = np.asarray(opened)
    assert np.abs(shown.astype(int) - colormap("viridis")[lectures(values[:, :, 9])]).max() <= 4
    # A number is a cell that can be seen.
    desk.layer("dense_1")
    desk.panel.export.save_to("mosaic", str(tmp_path / "ten.png"))
    desk.settle()
    with PillowImage.open(tmp_path / "ten.png") as opened:
        assert opened.size == (10 * 9 - 1, 8)
    menu = desk.panel.export.menu
    menu.aboutToShow.emit()
    assert all(action.isEnabled() for action in menu.actions())
    assert desk.panel.findChild(QAction, "layers.save.mosaic") is not None


def test_live_the_maps_follow_the_picture(desk: Desk, digits: OpenedModel) -> None:
    desk.layer("conv2d")
    frames = [
        Image(np.random.default_rng(seed).integers(0, 256, (28, 28)).astype(np.uint8), "pad")
        for seed in range(12)
    ]
    for image in frames:
        desk.workspace.update_image(image)
        desk.qtbot.wait(2)
    desk.settle()
    np.testing.assert_allclose(
        desk.frame.maps.tiles.transpose(1, 2, 0), look(digits, frames[-1]).value("conv2d"), atol=1e-5
    )


def test_nobody_looks_nothing_is_computed(desk: Desk) -> None:
    before = desk.frame
    desk.window.show_panel("kernels")
    desk.workspace.select_image(desk.workspace.images[1].id)
    desk.settle()
    assert desk.panel.view_model.maps is before
    desk.window.show_panel("layers")
    desk.settle()
    assert desk.frame.first.forward.image is desk.workspace.image


def test_a_model_trained_meanwhile_is_looked_at_anew(desk: Desk, digits: OpenedModel) -> None:
    before = desk.frame.maps.tiles
    bias = digits.keras.get_layer("conv2d").bias
    kept = np.array(bias)
    desk.window.show_panel("kernels")
    try:
        bias.assign(kept + 1)
        desk.window.show_panel("layers")
        desk.settle()
        assert (desk.frame.maps.tiles >= before).all() and (desk.frame.maps.tiles > before).mean() > 0.9
        assert desk.panel.inspector.kernel.bias.value() > 0.5
    finally:
        bias.assign(kept)


def test_the_chosen_map_large(desk: Desk) -> None:
    desk.layer("conv2d_1")
    desk.tile(7)
    view = desk.find(ImageView, "layers.map")
    small = view.width()
    desk.press("layers.page.map")
    assert view.isVisible() and view.width() > 1.5 * small
    assert not desk.find(MosaicView, "layers.mosaic").isVisible()
    desk.click("layers.map", 3, 4)
    one = desk.panel.inspector.sum.sum
    assert one is not None and (one.row, one.column, one.channel) == (3, 4, 7)
    for command, channel in (("next_map", 8), ("last_map", 7), ("last_map", 6)):
        desk.window.run_command(f"layers.{command}")
        desk.settle()
        assert desk.panel.view_model.channel == channel == desk.panel.inspector.detail.channel
    desk.press("layers.page.maps")
    assert view.width() == small and desk.find(MosaicView, "layers.mosaic").selected == 6


def test_one_begins_at_the_first_map(desk: Desk) -> None:
    desk.layer("conv2d_1")
    bar = desk.find(MosaicView, "layers.mosaic").verticalScrollBar()
    for _ in range(6):
        desk.find(MosaicView, "layers.mosaic").zoom(2)
    desk.workspace.choose_layer("max_pooling2d")
    desk.settle()
    assert bar.value() == 0


def test_a_narrow_window_gives_the_mosaic_the_room(desk: Desk) -> None:
    desk.window.resize(1024, 700)
    desk.settle()
    assert not desk.panel.inspector.isVisible() and desk.panel.tree.isVisible()
    desk.tile(4)
    # The choices have a row of their own, in which their words can be read.
    for name in ("normalisation", "colormap", "sort"):
        box = desk.find(ElidedCombo, f"layers.{name}")
        assert box.shown_text() == box.currentText() and box.y() > desk.find(QWidget, "layers.page").y()
    # The chosen map takes the place of the tree.
    assert desk.panel.inspector.isVisible() and not desk.panel.tree.isVisible()
    desk.press("layers.fold")
    assert desk.panel.tree.isVisible()
    assert desk.find(QWidget, "layers.mosaic").mapTo(desk.panel, QPoint(0, 0)).x() > 0


def test_what_a_number_behind_the_maps_sees(desk: Desk) -> None:
    """Pooling of 11×11 to 5×5 drops a row and a column: two rows and columns of the image reach nothing."""
    image = desk.find(ImageView, "layers.image")
    desk.layer("dense")
    assert desk.text("layers.field") == "sees 26×26 of 28×28 pixels: rows 0–25, columns 0–25"
    assert image._box == (0, 0, 26, 26)
    desk.layer("flatten")
    desk.panel.view_model.choose(64 * 5 + 7)
    desk.settle()
    assert desk.text("layers.field") == "sees 18×18 pixels: rows 4–21, columns 8–25"
    assert image._box == (4, 8, 18, 18)
