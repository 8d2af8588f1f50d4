"""The layers of a model as a tree: what it looks like in another theme and at another zoom."""

from __future__ import annotations

from types import SimpleNamespace
from typing import cast

from PySide6.QtCore import QRect
from PySide6.QtGui import QColor, QFontMetrics
from pytestqt.qtbot import QtBot

from convscope.engine.models.opened import OpenedModel
from convscope.engine.models.sheet import LayerInfo
from convscope.ui import theme
from convscope.ui.widgets.layer_tree import LayerTree


def strongest(tree: LayerTree, ground: str) -> float:
    """The largest difference in lightness to the ground among the pixels of the first layer's shape."""
    cell = tree.view.visualRect(tree.view.model().index(0, 1))
    seen = tree.view.viewport().grab(QRect(cell.center().x(), cell.top(), cell.width() // 2, cell.height()))
    image, plain = seen.toImage(), QColor(ground).lightnessF()
    return max(
        abs(image.pixelColor(x, y).lightnessF() - plain)
        for x in range(image.width())
        for y in range(image.height())
    )


def test_shapes_can_be_read_in_the_other_theme_and_have_room_at_another_zoom(qtbot: QtBot) -> None:
    """They kept the colour and the size that they had when the model was opened."""
    layers = (
        LayerInfo("conv", "conv", "Conv2D", shape=(128, 128, 1024)),
        LayerInfo("pool", "pool", "MaxPooling2D", shape=(13, 13, 32)),
    )
    tree = LayerTree()
    qtbot.addWidget(tree)
    tree.resize(320, 200)
    tree.show()
    tree.set_model(cast(OpenedModel, SimpleNamespace(layers=layers)))
    try:
        for choice, zoom in (("light", 1.0), ("dark", 1.0), ("dark", 1.8), ("light", 1.0)):
            colours = theme.apply("dark" if choice == "dark" else "light", zoom)
            wanted = abs(QColor(colours.secondary).lightnessF() - QColor(colours.panel).lightnessF())
            assert strongest(tree, colours.panel) > 0.85 * wanted
            letters = QFontMetrics(theme.font(11, figures=True))
            assert tree.view.columnWidth(1) >= letters.horizontalAdvance("128×128×1024") + theme.scaled(8)
            assert tree.view.columnWidth(1) < letters.horizontalAdvance("128×128×1024") + theme.scaled(30)
    finally:
        theme.apply("light")
