"""Every chart's gestures, and legends that are never cut."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QFontMetrics, QWheelEvent
from PySide6.QtWidgets import QApplication, QScrollArea, QToolButton, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from convscope.ui import theme
from convscope.ui.plots.chart import Chart, Line
from convscope.ui.plots.legend import LINES, Entry, Legend
from convscope.ui.plots.plot import PlainAxis, Plot


def turn(plot: Plot, notches: float, control: bool = False) -> bool:
    """Turn the wheel in the middle of a plot; whether it took the turn for itself."""
    middle = QPointF(plot.viewport().rect().center())
    held = Qt.KeyboardModifier.ControlModifier if control else Qt.KeyboardModifier.NoModifier
    event = QWheelEvent(
        middle,
        QPointF(plot.viewport().mapToGlobal(middle.toPoint())),
        QPoint(),
        QPoint(0, round(120 * notches)),
        Qt.MouseButton.NoButton,
        held,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(plot.viewport(), event)
    return event.isAccepted()


def shown(plot: Plot) -> list[float]:
    """From where to where x and y go."""
    (left, right), (low, high) = plot.getViewBox().viewRange()
    return [left, right, low, high]


@pytest.fixture
def chart(qtbot: QtBot) -> Iterator[Chart]:
    """A curve over five epochs, on a page that scrolls."""
    page, inside = QScrollArea(), QWidget()
    column = QVBoxLayout(inside)
    made = Chart("some.chart", "Loss")
    made.setFixedHeight(200)
    column.addWidget(made)
    column.addSpacing(900)
    page.setWidget(inside)
    page.setWidgetResizable(True)
    page.resize(600, 400)
    qtbot.addWidget(page)
    page.show()
    page.activateWindow()
    qtbot.waitUntil(page.isActiveWindow)
    made.set_lines({"a": Line("training", "#0072B2")})
    made.set_curve("a", (np.arange(6.0), np.array([2.0, 1.0, 0.8, 0.6, 0.5, 0.45])))
    made.set_span(5)
    made.refresh()
    page.setFocus()
    yield made


def test_the_wheel_scrolls_the_page_until_the_chart_is_meant(chart: Chart, qtbot: QtBot) -> None:
    plot, whole = chart.plot, shown(chart.plot)
    assert not plot.hasFocus()
    assert not turn(plot, 1) and shown(plot) == pytest.approx(whole)
    # With Ctrl, or after a click.
    assert turn(plot, 1, control=True) and plot.zoomed
    plot.fit()
    qtbot.mouseClick(plot.viewport(), Qt.MouseButton.LeftButton, pos=plot.viewport().rect().center())
    assert turn(plot, 1) and plot.zoomed
    turn(plot, -1)
    turn(plot, -1)
    # Where all is shown already, there is nothing to zoom to: the page may scroll.
    assert shown(plot) == pytest.approx(whole) and not turn(plot, -1)


@pytest.fixture
def alone(qtbot: QtBot) -> Iterator[Chart]:
    """A chart in no page, kept as long as Qt may paint it."""
    made = Chart("some.chart", "Loss")
    qtbot.addWidget(made)
    made.resize(500, 200)
    made.show()
    yield made


def test_on_a_page_that_does_not_scroll_the_wheel_zooms(alone: Chart) -> None:
    assert turn(alone.plot, 1) and alone.plot.zoomed


def test_nothing_leads_outside_the_data_and_there_is_a_way_back(chart: Chart, qtbot: QtBot) -> None:
    plot, whole = chart.plot, shown(chart.plot)
    button = chart.findChild(QToolButton, "some.chart.fit")
    assert button is not None and not button.isVisible()
    left, right, low, high = whole

    def inside() -> bool:
        a, b, c, d = shown(plot)
        return a >= left - 1e-9 and b <= right + 1e-9 and c >= low - 1e-9 and d <= high + 1e-9

    for _ in range(3):
        turn(plot, 2, control=True)
    assert plot.zoomed and button.isVisible() and inside()
    # A drag towards the beginning ends there.
    viewport = plot.viewport()
    for _ in range(4):
        qtbot.mousePress(viewport, Qt.MouseButton.LeftButton, pos=QPoint(150, 90))
        for x in range(170, 500, 40):
            qtbot.mouseMove(viewport, QPoint(x, 110))
            QApplication.processEvents()
        qtbot.mouseRelease(viewport, Qt.MouseButton.LeftButton, pos=QPoint(490, 110))
        assert inside()
    # Far out is all there is, and no further: the wheel once led to epoch 1000.
    for _ in range(40):
        turn(plot, -3, control=True)
    assert shown(plot) == pytest.approx(whole) and not plot.zoomed and not button.isVisible()
    for back in (
        lambda: qtbot.mouseClick(button, Qt.MouseButton.LeftButton),
        lambda: qtbot.mouseDClick(viewport, Qt.MouseButton.LeftButton, pos=viewport.rect().center()),
        lambda: qtbot.keyClick(plot, Qt.Key.Key_Home),
    ):
        plot.setFocus()
        qtbot.keyClick(plot, Qt.Key.Key_Plus)
        assert plot.zoomed and button.isVisible() and shown(plot) != pytest.approx(whole)
        back()
        assert not plot.zoomed and not button.isVisible() and shown(plot) == pytest.approx(whole)


def test_more_data_do_not_take_a_part_away_that_was_zoomed_to(chart: Chart) -> None:
    turn(chart.plot, 4, control=True)
    part = shown(chart.plot)
    chart.set_curve("a", (np.arange(8.0), np.linspace(2.0, 0.4, 8)))
    chart.set_span(7)
    chart.refresh()
    assert shown(chart.plot) == pytest.approx(part)
    chart.fit()
    assert shown(chart.plot)[:2] == pytest.approx([0, 7], abs=0.1)


def test_an_axis_has_plain_numbers_however_small() -> None:
    axis = PlainAxis("bottom")
    assert axis.tickStrings([0.0, 5e-7, 1e-6], 1.0, 5e-7) == ["0.0000000", "0.0000005", "0.0000010"]
    assert axis.tickStrings([0.0, 2.0], 1.0, 2.0) == ["0", "2"]
    assert axis.tickStrings([0.0, 0.5], 1.0, 0.5) == ["0.0", "0.5"]


NAMES = ("mnist-convnet on Digits", "mnist-convnet on Digits · learning rate 0.0002", "lenet on Digits")


@pytest.mark.parametrize("zoom", [1.0, 1.5])
@pytest.mark.parametrize("width", [200, 320, 700])
def test_a_legend_is_never_cut_and_keeps_both_ends_of_a_name(
    width: int, zoom: float, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    theme.apply("light", zoom)
    try:
        legend = Legend("legend")
        qtbot.addWidget(legend)
        drawn: list[tuple[int, str]] = []
        write = Legend._left_of

        def note(*given: object) -> int:
            left = write(*given)  # type: ignore[arg-type]
            drawn.append((left, str(given[4])))
            return left

        monkeypatch.setattr(Legend, "_left_of", staticmethod(note))
        legend.resize(width, 20)
        legend.show()
        entries = [Entry("#0072B2", True, name, "0.1549", "smoothed 0.1008") for name in NAMES]
        for count in (1, 2, 3):
            drawn.clear()
            legend.say("epoch 2.00", entries[:count])
            legend.resize(width, legend.sizeHint().height())
            legend.grab()
            assert min(left for left, _words in drawn) >= 0
            assert legend.sizeHint().height() <= LINES * QFontMetrics(theme.font()).height()
            told = count - legend.left_over
            assert sum(words == "0.1549" for _left, words in drawn) == told > 0
            assert legend.left_over == 0 or f"+ {legend.left_over} more" in [words for _left, words in drawn]
            assert legend.left_over == 0 or all(name in legend.toolTip() for name in NAMES[:count])
        # The end, too: there stands what sets two runs apart.
        names = [words for _left, words in drawn if "…" in words]
        assert all(not words.startswith("…") and not words.endswith("…") for words in names if len(words) > 3)
    finally:
        theme.apply("light")


def test_a_smoothed_curve_is_told_by_its_own_numbers(alone: Chart) -> None:
    """Validation loss 0.1008 was shown for 0.0755."""
    chart = alone
    chart.set_lines({"raw": Line("", "#0072B2", faint=True), "a": Line("validation", "#0072B2", raw="raw")})
    x = np.array([1.0, 2.0])
    chart.set_curve("raw", (x, np.array([0.107125, 0.0755])))
    chart.set_curve("a", (x, np.array([0.107125, 0.1008])))
    chart.refresh()
    assert chart.legend.text() == "validation 0.0755 (smoothed 0.1008)"
    chart.show_cursor(1.1)
    assert chart.legend.text() == "epoch 1.10   validation 0.1071 (smoothed 0.1071)"
    chart.set_curve("a", (x, np.array([0.107125, 0.0755])))
    chart.show_cursor(None)
    assert chart.legend.text() == "validation 0.0755"
