"""Two networks of other sizes side by side: each map keeps its own number, ring and mark."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from layers_helpers import Desk
from PIL import Image as Picture
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel

from convscope.engine.models.opened import OpenedModel
from convscope.ui.canvas.image_view import ImageView
from convscope.ui.canvas.mosaic_view import MosaicView
from convscope.ui.panels.layers.export import GAP


def network(filters: int, name: str, dead: tuple[int, ...] = ()) -> OpenedModel:
    """A layer `conv` of so many filters, some of which never fire."""
    import keras

    keras.utils.set_random_seed(1)
    layer = keras.layers.Conv2D(filters, 3, activation="relu", bias_initializer="ones", name="conv")
    net = keras.Sequential([keras.Input((28, 28, 1)), layer], name=name)
    kernel, bias = layer.get_weights()
    for channel in dead:
        kernel[..., channel], bias[channel] = 0, -1
    layer.set_weights([kernel, bias])
    return OpenedModel(net)


@pytest.mark.parametrize(("own", "other"), [(12, 8), (8, 12)])
def test_each_side_names_its_own_maps(bare: Desk, own: int, other: int) -> None:
    bare.workspace.add_model(network(other, "other", dead=(2,)))
    bare.workspace.add_model(network(own, "own", dead=(5,)))
    bare.settle()
    bare.layer("conv")
    bare.pick("layers.beside", bare.workspace.models[0].id)
    bare.pick("layers.sort", "maximum")
    first, second = (bare.find(MosaicView, name) for name in ("layers.mosaic", "layers.mosaic_beside"))
    assert (first.count, second.count) == (own, 8)
    shown = [
        sorted(view.caption(place) for place in range(view.count) if "blank" in view.caption(place))
        for view in (first, second)
    ]
    assert shown == [["5 blank"], ["2 blank"]]
    assert "each side on its own" in bare.text("layers.scale_words")
    part = bare.find(QLabel, "layers.mosaic_beside_title").text()
    assert ("8 of 12" in part) == (other == 12)
    # A click on the other side looks at the map under the cursor, and rings it on both.
    place = next(n for n in range(second.count) if second.caption(n) == "7")
    bare.tile(place, "layers.mosaic_beside")
    detail = bare.panel.inspector.detail
    assert detail is not None and (detail.channel, detail.side) == (7, 1)
    np.testing.assert_allclose(detail.values, bare.frame.sides[1].map(7))
    rings = [view.caption(view._selected) for view in (first, second) if view._selected is not None]
    assert rings == ["7", "7"]


def test_no_order_by_difference_where_there_is_none_hides_nothing(bare: Desk) -> None:
    """The sentence stood in the place of both sides' maps."""
    for name, filters in (("other", 8), ("own", 12)):
        bare.workspace.add_model(network(filters, name))
    bare.settle()
    bare.layer("conv")
    bare.pick("layers.beside", bare.workspace.models[0].id)
    bare.pick("layers.sort", "difference")
    assert bare.text("layers.problem") == (
        "conv has 12 maps of 26×26 and the other layer 8 maps of 26×26: they cannot be compared. "
        "Both are in the order of their index."
    )
    first, second = (bare.find(MosaicView, name) for name in ("layers.mosaic", "layers.mosaic_beside"))
    assert first.isEnabled() and (first.count, second.count) == (12, 8)
    assert [first.caption(place) for place in range(3)] == ["0", "1", "2"]
    bare.pick("layers.sort", "mean")
    assert not bare.find(QLabel, "layers.problem").isVisible()


def test_a_layer_that_the_other_network_lacks_is_said(desk: Desk) -> None:
    """Also right after both were on show, when their values are at hand."""
    import keras

    digits = desk.workspace.model
    assert digits is not None
    first, second = [layer.path for layer in digits.layers if layer.kind == "Conv2D"][:2]
    layers = [keras.Input((28, 28, 1)), keras.layers.Conv2D(4, 3, name=first)]
    desk.workspace.add_model(OpenedModel(keras.Sequential(layers, name="other")))
    desk.workspace.select_model(desk.workspace.models[0].id)
    desk.layer(first)
    desk.pick("layers.beside", desk.workspace.models[1].id)
    assert desk.frame.sides[1].forward.model.name == "other"
    desk.layer(second)
    assert desk.text("layers.problem") == f"other has no layer {second}."
    # The current network's maps are there all the same.
    assert desk.frame.path == second and len(desk.frame.sides) == 1
    assert desk.find(MosaicView, "layers.mosaic").isEnabled() and desk.panel.inspector.detail is not None
    desk.layer(first)
    assert desk.frame.path == first and not desk.find(QLabel, "layers.problem").isVisible()


def test_the_large_view_shows_both_on_one_scale(desk: Desk, tmp_path: Path) -> None:
    desk.layer("conv2d_1")
    desk.tile(7)
    desk.pick("layers.beside", desk.workspace.images[1].id)
    beside = desk.find(ImageView, "layers.map_beside")
    assert not beside.isVisible()
    desk.press("layers.page.map")
    own = desk.find(ImageView, "layers.map")
    assert own.isVisible() and beside.isVisible() and own.size() == beside.size()
    assert (desk.text("layers.pair_title"), desk.text("layers.pair_title_beside")) == (
        "digit-3.png",
        "digit-7.png",
    )
    first, second = desk.panel.export.details
    assert (first.side, second.side) == (0, 1) and (first.low, first.high) == (second.low, second.high)
    # A click on the other side explains the value there; what it sees is framed on both images.
    desk.click("layers.map_beside", 3, 4)
    one = desk.panel.inspector.sum.sum
    value = desk.frame.sides[1].map(7)[3, 4]
    assert one is not None and one.shown == pytest.approx(value, abs=1e-6)
    assert desk.text("layers.map_title") == "map 7 of 64, digit-7.png"
    assert own._box == beside._box == (3, 4, 1, 1)
    assert desk.text("layers.field") == "sees 8×8 pixels: rows 6–13, columns 8–15"
    for name in ("layers.image", "layers.image_beside"):
        assert desk.find(ImageView, name)._box == (6, 8, 8, 8)
    for what in ("map", "mosaic"):
        desk.panel.export.save_to(what, str(tmp_path / f"{what}.png"))
    desk.panel.export.save_to("numbers", str(tmp_path / "numbers.npy"))
    desk.settle()
    with Picture.open(tmp_path / "map.png") as opened:
        shown = np.asarray(opened)
    ends = [detail.pixels for detail in (first, second)]
    np.testing.assert_array_equal(shown[:, :11], ends[0])
    np.testing.assert_array_equal(shown[:, 11 + GAP :], ends[1])
    with Picture.open(tmp_path / "mosaic.png") as opened:
        assert opened.size == (2 * (16 * 12 - 1) + GAP, 4 * 12 - 1)
    # The numbers are those of the side that the chosen map is of.
    np.testing.assert_array_equal(np.load(tmp_path / "numbers.npy")[:, :, 7], desk.frame.sides[1].map(7))
    # When the comparison ends its picture stays until the next one is there: a click on it is too late.
    late: list[bool] = []

    def click_beside(_frame: object) -> None:
        late.append(beside.isVisible())
        desk.qtbot.mouseClick(beside, Qt.MouseButton.LeftButton)

    desk.panel.view_model.maps_changed.connect(click_beside)
    desk.pick("layers.beside", "")
    desk.panel.view_model.maps_changed.disconnect(click_beside)
    assert late == [True] and (
        desk.panel.view_model.selection.value.side,
        desk.panel.inspector.detail.side,
    ) == (0, 0)
    desk.pick("layers.beside", desk.workspace.images[1].id)
    desk.press("layers.page.maps")
    assert not beside.isVisible() and own.isVisible()
    desk.pick("layers.beside", "")
    desk.press("layers.page.map")
    assert not beside.isVisible() and desk.text("layers.map_title") == "map 7 of 64"


def test_the_other_sides_kernels_are_shown_and_not_edited(bare: Desk) -> None:
    bare.workspace.add_model(network(8, "other"))
    bare.workspace.add_model(network(12, "own", dead=(3,)))
    bare.settle()
    bare.layer("conv")
    bare.press("layers.tab.kernel")
    bare.pick("layers.beside", bare.workspace.models[0].id)
    kernels = [np.asarray(model.keras.get_layer("conv").get_weights()[0]) for model in bare.workspace.models]
    page = bare.panel.inspector.kernel
    for side, name in enumerate(("layers.mosaic", "layers.mosaic_beside")):
        bare.tile(3, name)
        np.testing.assert_allclose(page.grid.kernel.weights, kernels[1 - side][:, :, 0, 3], atol=1e-6)
        assert page.grid.isEnabled() == (side == 0) == page.bias.isEnabled()
    assert bare.text("layers.kernel_words") == "filter 3, other: 3×3 weights on one input"


def test_the_partner_is_known_by_what_it_is(bare: Desk) -> None:
    """Images and models that come, go and change places leave the comparison as it is."""
    from convscope.imaging.image import Image

    workspace = bare.workspace
    for number, name in enumerate(("first", "own", "partner", "last")):
        workspace.add_model(network(8 + number, name))
    workspace.select_model(workspace.models[1].id)
    bare.settle()
    bare.layer("conv")
    partner = workspace.models[2]
    bare.pick("layers.beside", partner.id)
    for gone in (workspace.models[3], workspace.models[0]):
        workspace.remove_model(gone.id)
        bare.settle()
        assert bare.frame.sides[1].forward.model is partner
    # Two images of one name are two images.
    noise = np.random.default_rng(1).integers(0, 256, (28, 28)).astype(np.uint8)
    twins = [Image(noise, "twin.png"), Image(255 - noise, "twin.png")]
    first = workspace.images[0]
    workspace.add_images(twins)
    workspace.select_image(first.id)
    bare.settle()
    bare.pick("layers.beside", twins[1].id)
    assert bare.frame.sides[1].forward.image is twins[1]
    for gone in (workspace.images[1], twins[0]):
        workspace.remove_image(gone.id)
        bare.settle()
        assert bare.frame.sides[1].forward.image is twins[1]
    # Another picture in its place, as of a camera or a drawing, is followed.
    other = workspace.update_image(Image(noise, "twin.png"), twins[1].id)
    bare.settle()
    assert bare.frame.sides[1].forward.image is other
    np.testing.assert_array_equal(bare.frame.sides[1].forward.image.values, noise)
    # It goes: nothing is compared, and no other takes its place.
    workspace.add_images([Image(noise // 2, "late.png")])
    workspace.select_image(first.id)
    bare.settle()
    workspace.remove_image(twins[1].id)
    bare.settle()
    assert len(bare.frame.sides) == 1


def test_the_model_s_twin_under_other_names_stays_the_partner(bare: Desk) -> None:
    workspace = bare.workspace
    partner, own = network(8, "partner"), network(8, "own")
    workspace.add_model(partner)
    workspace.add_model(own)
    bare.settle()
    bare.layer("conv")
    bare.pick("layers.beside", partner.id)
    twin = partner.with_(classes=("a", "b"))
    workspace.replace_model(twin)
    bare.settle()
    assert bare.frame.sides[1].forward.model is twin
