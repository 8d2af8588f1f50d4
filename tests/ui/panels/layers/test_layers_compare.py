"""Two networks of other sizes side by side: each map keeps its own number, ring and mark."""

from __future__ import annotations

import numpy as np
import pytest
from layers_helpers import Desk
from PySide6.QtWidgets import QLabel

from convscope.engine.models.opened import OpenedModel
from convscope.ui.widgets.mosaic_view import MosaicView


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
    bare.session.add_model(network(other, "other", dead=(2,)))
    bare.session.add_model(network(own, "own", dead=(5,)))
    bare.settle()
    bare.layer("conv")
    bare.pick("layers.beside", "model:0")
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


def test_a_layer_that_the_other_network_lacks_is_said(desk: Desk) -> None:
    """Also right after both were on show, when their values are at hand."""
    import keras

    digits = desk.session.model
    assert digits is not None
    first, second = [layer.path for layer in digits.layers if layer.kind == "Conv2D"][:2]
    layers = [keras.Input((28, 28, 1)), keras.layers.Conv2D(4, 3, name=first)]
    desk.session.add_model(OpenedModel(keras.Sequential(layers, name="other")))
    desk.session.select_model(0)
    desk.layer(first)
    desk.pick("layers.beside", "model:1")
    assert desk.frame.sides[1].subject.model.name == "other"
    desk.layer(second)
    assert desk.text("layers.problem") == f"other has no layer {second}."
    desk.layer(first)
    assert desk.frame.path == first and not desk.find(QLabel, "layers.problem").isVisible()
