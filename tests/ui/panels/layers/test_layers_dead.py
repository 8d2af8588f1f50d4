"""Dead filters: their maps and kernels are drawn even, marked, counted and explained."""

from __future__ import annotations

import numpy as np
from layers_helpers import Desk

from convscope.engine.models.library.catalogue import open_model
from convscope.imaging.samples import load_sample
from convscope.ui.canvas.image_view import ImageView
from convscope.ui.canvas.mosaic_view import MosaicView
from convscope.ui.panels.layers.depth_chart import DepthChart

DEAD = (11, 16, 28, 31)
"""Of the first layer of the shipped network for photographs: weights of 1e−8."""


def test_the_shipped_network_s_dead_filters_do_not_look_alive(desk: Desk) -> None:
    desk.workspace.add_images([load_sample("cat")])
    desk.workspace.add_model(open_model("imagenet"))
    desk.settle()
    assert desk.frame.path == "stem_conv"
    assert desk.text("layers.facts").endswith("32 maps of 112×112  ·  4 blank, all of them dead")
    mosaic = desk.find(MosaicView, "layers.mosaic")
    assert [mosaic.caption(n) for n in DEAD] == [f"{n} dead" for n in DEAD]
    assert sum("dead" in mosaic.caption(n) for n in range(mosaic.count)) == 4
    for channel in range(32):
        shown = desk.frame.first.pictures[channel]
        gray = (shown[..., 0] == shown[..., 1]).all() and (shown[..., 1] == shown[..., 2]).all()
        assert gray == (channel in DEAD)
    chart = desk.find(DepthChart, "layers.depth")
    assert next((one.path, one.blank) for one in chart.shares) == ("stem_conv", 4)
    # Large, in numbers, and why.
    desk.tile(16)
    assert mosaic.words(16) == "16 dead  ·  112 × 112"
    # The size of the image is its own, whatever the network is given.
    told = desk.find(ImageView, "layers.image").accessibleDescription()
    assert told == "cat.jpg, 300 × 451, seen at 224 × 224"
    large = desk.find(ImageView, "layers.map")
    assert large.pixels is not None and len(np.unique(large.pixels)) == 2
    image = desk.find(ImageView, "layers.image")
    np.testing.assert_array_equal(image.pixels, desk.frame.first.found.prepared.pixels)
    desk.press("layers.tab.values")
    assert desk.text("layers.blank_note").startswith(
        "The filter of this map is dead: its weights are all below 9.4e−10, the layer's largest is 3.7."
    )
    desk.press("layers.tab.kernel")
    assert "; dead: its weights are all below 9.4e−10" in desk.text("layers.kernel_words")
    assert all(len(np.unique(tile)) == 1 for tile in desk.find(MosaicView, "layers.slices")._maps)
    desk.press("layers.page.kernels")
    kernels = desk.find(MosaicView, "layers.kernels")
    assert [kernels.caption(n) for n in (*DEAD, 0)] == [*(f"{n} dead" for n in DEAD), "0"]
    assert desk.text("layers.scale_words").endswith("; 4 dead, with next to no weights")
    for channel in range(32):
        assert (len(np.unique(kernels._maps[channel])) == 1) == (channel in DEAD)
    # Behind what keeps the channels they are the same ones.
    desk.press("layers.page.maps")
    desk.layer("block1a_dwconv")
    assert "5 blank, 4 of them dead" in desk.text("layers.facts")


def test_a_blank_map_of_a_filter_that_lives(desk: Desk) -> None:
    desk.layer("conv2d_2")
    assert desk.text("layers.facts").endswith("26 blank")
    blank = int(np.flatnonzero(desk.frame.maps.blank)[0])
    desk.tile(blank)
    desk.press("layers.tab.values")
    assert desk.text("layers.blank_note") == (
        "This map is blank: it has one value everywhere. Its filter found nothing in this image."
    )
    assert desk.find(MosaicView, "layers.mosaic").caption(blank) == f"{blank} blank"
