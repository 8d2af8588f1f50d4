"""No chart of the app has gestures of its own: all are made of the one plot, with the same way back."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication, QToolButton, QWidget
from pytestqt.qtbot import QtBot

from convscope.ui import theme
from convscope.ui.panels.patterns.curve import Curve
from convscope.ui.plots.plot import Plot

UI = Path(theme.__file__).parent


def test_all_charts_are_made_of_the_one_plot() -> None:
    makers = {
        str(path.relative_to(UI))
        for path in UI.rglob("*.py")
        if re.search(r"pg\.(PlotWidget|GraphicsLayoutWidget|GraphicsView|PlotItem\()", path.read_text())
    }
    assert makers == {"plots/plot.py"}


@pytest.fixture
def curve(qtbot: QtBot) -> Curve:
    """The objective of a pattern after 64 of 96 steps."""
    made = Curve()
    qtbot.addWidget(made)
    made.resize(360, 92)
    made.show()
    made.set_curves([np.linspace(0, 6.3, 64, dtype=np.float32)], 96)
    return made


def test_the_objective_curve_is_read_zoomed_and_shown_whole_again(curve: Curve, qtbot: QtBot) -> None:
    plot: Plot = curve.plot
    box = plot.getViewBox()
    (left, right), (low, high) = box.viewRange()
    assert (left, right) == pytest.approx((1, 96)) and low < 0 < 6.3 < high
    place = plot.mapFromScene(box.mapViewToScene(QPointF(64, 3)))
    qtbot.mouseMove(plot.viewport(), QPoint(1, 1))
    qtbot.mouseMove(plot.viewport(), place)
    qtbot.waitUntil(lambda: plot.reading.isVisible())
    assert plot.reading.text() == "step 64   6.3"
    turned = QWheelEvent(
        QPointF(place),
        QPointF(plot.viewport().mapToGlobal(place)),
        QPoint(),
        QPoint(0, 360),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.ControlModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(plot.viewport(), turned)
    assert plot.zoomed
    # More steps come, and the part that is looked at stays.
    part = box.viewRange()
    curve.set_curves([np.linspace(0, 6.4, 65, dtype=np.float32)], 96)
    assert np.allclose(box.viewRange(), part)
    button = curve.findChild(QToolButton, "patterns.curve.fit")
    assert button is not None and button.isVisible()
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert np.allclose(box.viewRange()[0], (1, 96))


def test_a_chart_that_paints_itself_does_not_take_the_wheel() -> None:
    """It has no range to change: the page scrolls."""
    from convscope.ui.panels.layers.depth_chart import DepthChart
    from convscope.ui.plots.histogram import HistogramView

    for kind in (DepthChart, HistogramView):
        assert kind.wheelEvent is QWidget.wheelEvent
