"""The numbers behind the curves, without a window: smoothing, bounded memory, peaks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPainter, QPixmap
from PySide6.QtWidgets import QApplication, QSlider
from pytestqt.qtbot import QtBot

from convscope.engine.training.record import EpochRecord, Recorder
from convscope.engine.training.settings import EarlyStopping, OptimizerSettings, Schedule, TrainingSettings
from convscope.engine.training.smoothing import FORMULAS, Formula, find_overfitting, smooth
from convscope.ui import theme
from convscope.ui.panels.train.live.curves import History, Series
from convscope.ui.panels.train.live.curves_view import INTERVAL, SELDOM, CurvesView
from convscope.ui.panels.train.live.network_view import kernel_pictures, map_pictures
from convscope.ui.plots.chart import Chart, Line
from convscope.ui.plots.curve import thin
from convscope.ui.plots.plot import short


@pytest.mark.parametrize("formula", FORMULAS)
def test_a_series_is_smoothed_as_the_engine_does(formula: Formula) -> None:
    values = np.random.default_rng(0).random(500)
    values[100] = np.nan
    series = Series(0.8, formula)
    for part in np.array_split(values, 7):
        series.extend(part)
    at, raw = series.raw
    assert np.array_equal(at, np.arange(1, 501))
    assert np.array_equal(raw, values, equal_nan=True)
    assert np.allclose(series.smooth[1], smooth(values, 0.8, formula), equal_nan=True)
    series.set_smoothing(0.99, formula)
    assert np.allclose(series.smooth[1], smooth(values, 0.99, formula), equal_nan=True)
    series.extend(values[:50])
    both = np.concatenate([values, values[:50]])
    assert np.allclose(series.smooth[1], smooth(both, 0.99, formula), equal_nan=True)


def test_a_long_series_takes_no_more_memory() -> None:
    series = Series(0.5, "lectures", capacity=64)
    values = np.linspace(0, 1, 1000)
    series.extend(values)
    at, raw = series.raw
    assert 32 <= len(at) <= 64 and at[-1] > 960
    # Each point is the mean of the batches that end there.
    width = int(at[1] - at[0])
    assert raw[3] == pytest.approx(values[3 * width : 4 * width].mean())
    assert np.allclose(series.smooth[1], smooth(values, 0.5, "lectures")[at.astype(int) - 1])
    series.set_smoothing(0.0, "lectures")
    assert np.allclose(series.smooth[1], raw)


def test_thinning_keeps_the_peaks() -> None:
    y = np.zeros(10_000)
    y[1234], y[7777] = 5, -3
    x = np.arange(10_000.0)
    few = thin((x, y), 100)
    assert len(few[0]) <= 202 and np.all(np.diff(few[0]) >= 0)
    assert few[1].max() == 5 and few[1].min() == -3
    assert thin((x[:50], y[:50]), 100)[0] is not None and len(thin((x[:50], y[:50]), 100)[0]) == 50


def test_numbers_beside_a_low_chart_are_short() -> None:
    numbers = (0.001, 0.0012345, 0.00029111, 1e-5, 0, 12.0, 1e6)
    assert [short(n) for n in numbers] == ["0.001", "0.0012", "2.9e−4", "1e−5", "0", "12", "1e6"]


def record(epoch: int, loss: float, val_loss: float, rate: float = 0.001) -> EpochRecord:
    return EpochRecord(epoch, {"loss": loss, "val_loss": val_loss}, rate, 1.0, 100.0)


def test_a_history_counts_in_epochs() -> None:
    recorder, history = Recorder(), History()
    history.steps = 4
    for _ in range(6):
        recorder.add_batch({"loss": 1.0})
    recorder.add_epoch(record(0, 1.0, 2.0))
    history.take(recorder.since())
    history.note_rate(1.25, 0.01)
    recorder.add_batch({"loss": 1.0})
    recorder.add_epoch(record(1, 0.5, 1.5, rate=np.float32(0.01)))
    history.take(recorder.since(history.done, 1))
    assert history.done == 7 and history.x == 1.75
    assert history.rates == [(0.0, 0.001), (1.25, 0.01)]
    assert history.by_epoch("val_loss")[0].tolist() == [1, 2]
    assert history.by_epoch("val_loss")[1].tolist() == [2.0, 1.5]
    assert history.by_batch("accuracy") is None


def test_the_gap_is_shaded_and_named(qapp: QApplication, qtbot: object) -> None:
    charts = CurvesView()
    qtbot.addWidget(charts)  # type: ignore[attr-defined]
    recorder = Recorder()
    charts.begin(recorder, TrainingSettings(epochs=10))
    charts.prepared(1, {})
    charts.show()
    curves = [(1.0, 1.1), (0.6, 0.55), (0.3, 0.5), (0.2, 0.7), (0.1, 0.9)]
    for epoch, (loss, val_loss) in enumerate(curves):
        recorder.add_batch({"loss": loss, "accuracy": 0.5})
        recorder.add_epoch(record(epoch, loss, val_loss))
        charts.look()
    assert charts.overfitting.startswith("Overfitting since epoch 3: ")
    texts = [mark.toPlainText() for mark in charts.loss.marks.items if hasattr(mark, "toPlainText")]
    # The epochs' own numbers, whatever is smoothed: 0.9 − 0.1.
    assert texts == ["overfitting: gap 0.8"]
    assert any(getattr(mark, "label", None) is not None for mark in charts.loss.marks.items)
    assert charts.loss.marks.best == (3.0, "best epoch 3")
    charts.stop()


@pytest.fixture
def charts(qapp: QApplication, qtbot: QtBot) -> Iterator[CurvesView]:
    """The curves, kept as long as Qt may paint them."""
    made = CurvesView()
    qtbot.addWidget(made)
    made.resize(700, 600)
    made.show()
    yield made
    made.stop()


def trained(
    charts: CurvesView, curves: Sequence[tuple[float, float]], steps: int = 1, **more: object
) -> None:
    """A run with these losses and validation losses, epoch by epoch."""
    recorder = Recorder()
    charts.begin(recorder, TrainingSettings(epochs=len(curves), **more))  # type: ignore[arg-type]
    charts.prepared(steps, {})
    for epoch, (loss, val_loss) in enumerate(curves):
        recorder.begin_epoch(epoch, 0.001)
        for _ in range(steps):
            recorder.add_batch({"loss": loss, "accuracy": 0.5})
        values = {"loss": loss, "val_loss": val_loss, "accuracy": 1 - loss, "val_accuracy": 1 - val_loss}
        recorder.add_epoch(EpochRecord(epoch, values, 0.001, 1.0, 100.0))
        charts.look()
    charts.end()


def press_epoch(charts: CurvesView, qtbot: QtBot) -> None:
    """Look at the curves by epoch."""
    qtbot.mouseClick(charts.by.button("epoch"), Qt.MouseButton.LeftButton)


def test_the_number_told_is_the_result_and_smoothed_is_said(charts: CurvesView, qtbot: QtBot) -> None:
    """A validation loss of 0.0755 was told as 0.1008, and training, which was higher, as lower."""
    trained(charts, [(0.06, 0.107125), (0.08, 0.0755)])
    # By batch: the epoch's own numbers first, then what a single batch had.
    told = "training 0.08   validation 0.0755   each batch 0.08 (smoothed 0.064)"
    assert charts.loss.legend.text() == told
    press_epoch(charts, qtbot)
    assert charts.smoothing.value == 0.0
    assert charts.loss.legend.text() == "training 0.08   validation 0.0755"
    charts.smoothing.findChild(QSlider).setValue(80)  # type: ignore[union-attr]
    assert charts.loss.legend.text() == (
        "training 0.08 (smoothed 0.064)   validation 0.0755 (smoothed 0.1008)"
    )
    charts.loss.hovered.emit(1.0)
    assert charts.loss.legend.text().startswith("epoch 1.00   training 0.06 (smoothed 0.06)")
    # What is smoothed by epoch leaves the batches alone, and the other way round.
    qtbot.mouseClick(charts.by.button("batch"), Qt.MouseButton.LeftButton)
    assert charts.smoothing.value == 0.8


def test_the_formula_of_the_smoothing_is_chosen_and_said(charts: CurvesView, qtbot: QtBot) -> None:
    trained(charts, [(1.0, 1.0), (4.0, 3.0), (2.0, 2.0)])
    press_epoch(charts, qtbot)
    assert not charts.formula.isEnabled() and charts.formula.toolTip() == "Not smoothed"
    charts.smoothing.findChild(QSlider).setValue(80)  # type: ignore[union-attr]
    assert charts.formula.currentText() == "Lectures’"
    assert charts.formula.toolTip() == "Smoothed by s ← 0.8·s + 0.2·x, begun with the first value"
    # 1, 0.8·1 + 0.2·4, 0.8·1.6 + 0.2·2.
    assert charts.loss.curve("train")[1] == pytest.approx([1.0, 1.6, 1.68])  # type: ignore[index]
    charts.formula.setCurrentIndex(1)
    charts.formula.activated.emit(1)
    assert charts.formula.currentText() == "TensorBoard’s"
    assert charts.formula.toolTip() == "Smoothed by s ← 0.8·s + 0.2·x, begun with 0, divided by 1 − 0.8ᵗ"
    assert charts.loss.curve("train")[1] == pytest.approx([1.0, 4.8 / 1.8, 5.84 / 2.44])  # type: ignore[index]
    qtbot.mouseClick(charts.by.button("batch"), Qt.MouseButton.LeftButton)
    assert charts.loss.curve("train")[1] == pytest.approx([1.0, 4.8 / 1.8, 5.84 / 2.44])  # type: ignore[index]


def test_the_best_epoch_is_marked_on_the_raw_points(charts: CurvesView, qtbot: QtBot) -> None:
    curves = [(1.0, 0.9), (0.5, 0.4), (0.3, 0.5)]
    good = theme.LIGHT.good
    trained(charts, curves)
    for _ in range(2):
        assert charts.loss.marks.rings == ((2.0, 0.4, good),)
        assert charts.second.marks.rings == ((2.0, 0.6, good),)
        press_epoch(charts, qtbot)
        charts.smoothing.findChild(QSlider).setValue(90)  # type: ignore[union-attr]
    # As the engine judges, which keeps that epoch's weights.
    trained(charts, curves, early_stopping=EarlyStopping("loss"))
    assert charts.loss.marks.best == (3.0, "best epoch 3")
    assert charts.loss.marks.rings == ((3.0, 0.5, good),)


def test_the_gap_is_that_of_the_epochs_numbers(charts: CurvesView, qtbot: QtBot) -> None:
    """Beside 0.176 stood 0.16, of curves one of which was smoothed."""
    curves = [(0.9, 0.5), (0.5, 0.3), (0.3, 0.33), (0.2, 0.35), (0.19, 0.366)]
    trained(charts, curves, steps=4)
    for _ in range(2):
        texts = [mark.toPlainText() for mark in charts.loss.marks.items if hasattr(mark, "toPlainText")]
        assert texts == ["overfitting: gap 0.176"]
        found = find_overfitting(charts.history.epochs)
        assert found is not None and f"{found.gap:.3g}" == "0.176" and charts.overfitting == found.sentence
        press_epoch(charts, qtbot)
        charts.smoothing.findChild(QSlider).setValue(90)  # type: ignore[union-attr]


def test_before_anything_ran_the_charts_tell_of_nothing(charts: CurvesView) -> None:
    """The axis of an empty chart read "5e-07", and the rate of the run before stood beside its own."""
    trained(charts, [(1.0, 0.9), (0.5, 0.4)])
    assert charts.rate.legend.text() == "now 0.001"
    charts.begin(Recorder(), TrainingSettings(OptimizerSettings(learning_rate=0.02), epochs=3))
    for chart in (charts.loss, charts.second, charts.rate):
        assert chart.legend.text() == ""
        assert chart.plot.getViewBox().viewRange()[0] == pytest.approx([0, 1], abs=0.02)
    assert charts.rate.plot.getAxis("left")._tickLevels == [[]]
    for label in charts.loss.plot.getAxis("bottom").tickStrings([0.0, 0.5, 1.0], 1.0, 0.5):
        assert "e" not in label


def test_the_three_charts_are_zoomed_to_the_same_epochs(charts: CurvesView) -> None:
    trained(charts, [(1.0, 0.9), (0.5, 0.4), (0.3, 0.5)])
    charts.loss.plot.zoom(0.5)
    part = charts.loss.plot.getViewBox().viewRange()[0]
    for chart in (charts.second, charts.rate):
        assert chart.plot.zoomed and chart.plot.getViewBox().viewRange()[0] == pytest.approx(part)
    charts.draw()
    assert charts.loss.plot.getViewBox().viewRange()[0] == pytest.approx(part)
    charts.second.plot.fit()
    for chart in (charts.loss, charts.second, charts.rate):
        assert not chart.plot.zoomed
        assert chart.plot.getViewBox().viewRange()[0] == pytest.approx([0, 3], abs=0.05)


def test_curves_take_the_colours_of_the_theme(qapp: QApplication, qtbot: object) -> None:
    charts, recorder = CurvesView(), Recorder()
    qtbot.addWidget(charts)  # type: ignore[attr-defined]
    charts.begin(recorder, TrainingSettings())
    charts.show()
    recorder.add_batch({"loss": 1.0, "accuracy": 0.5})
    charts.look()

    def colours() -> tuple[str, str]:
        pen, axis = charts.loss._items["train"].opts["pen"], charts.loss.plot.getAxis("left").textPen()
        return pen.color().name().upper(), axis.color().name().upper()

    assert colours() == (theme.SERIES[0], theme.LIGHT.secondary)
    try:
        theme.apply("dark")
        qapp.processEvents()
        assert colours() == (theme.SERIES[4], theme.DARK.secondary)
        assert charts.loss.curve("train") is not None
    finally:
        theme.apply("light")
    charts.stop()


def test_the_rate_follows_schedule_and_hand(qapp: QApplication, qtbot: object) -> None:
    charts, recorder = CurvesView(), Recorder()
    qtbot.addWidget(charts)  # type: ignore[attr-defined]
    settings = TrainingSettings(epochs=4, schedule=Schedule("step", 0.5, 1))
    charts.begin(recorder, settings)
    charts.prepared(2, {})
    told = []
    # What the engine says as each epoch begins, in the 32 bits of Keras.
    for epoch, (begun, ended) in enumerate(((0.001, 0.001), (0.0005, 0.004), (0.002, 0.002))):
        recorder.begin_epoch(epoch, float(np.float32(begun)))
        for step in range(2):
            recorder.add_batch({"loss": 1.0})
            charts.look()
            if (epoch, step) == (1, 0):
                charts.note_rate(0.004)
        recorder.add_epoch(record(epoch, 1.0, 1.0, ended))
        charts.look()
        told.append(charts.follow_rate())
    recorder.begin_epoch(3, 0.001)
    charts.look()
    assert [*told, charts.follow_rate()] == pytest.approx([0.001, 0.004, 0.002, 0.001])
    assert charts.history.rates == [(0.0, 0.001), (1.0, 0.0005), (1.5, 0.004), (2.0, 0.002), (3.0, 0.001)]
    assert charts.follow_rate() is None
    charts.stop()


def test_where_the_base_is_unfrozen_is_a_named_line(qapp: QApplication, qtbot: object) -> None:
    charts, recorder = CurvesView(), Recorder()
    qtbot.addWidget(charts)  # type: ignore[attr-defined]
    charts.begin(recorder, TrainingSettings(epochs=3), head_epochs=2)
    charts.prepared(2, {})
    charts.show()
    for epoch in range(2):
        recorder.begin_epoch(epoch, 0.001)
        for _ in range(2):
            recorder.add_batch({"loss": 1.0, "accuracy": 0.5})
        recorder.add_epoch(record(epoch, 1.0, 1.0))
    # The second part makes three steps an epoch, say: it goes on at its own place.
    recorder.start_at(6, recorder.epochs)
    recorder.begin_epoch(2, 1e-5)
    recorder.add_batch({"loss": 0.5, "accuracy": 0.5})
    charts.look()
    assert charts.history.done == 7 and charts.history.rates == [(0.0, 0.001), (2.0, 1e-5)]
    for chart in (charts.loss, charts.second):
        assert [turn[0] for turn in chart.marks.turns] == [2.0]
    assert [turn[1] for turn in charts.loss.marks.turns] == ["base unfrozen"]
    charts.begin(Recorder(), TrainingSettings())
    assert charts.loss.marks.turns == ()
    charts.stop()


def test_an_accuracy_that_is_one_throughout(qapp: QApplication, qtbot: object) -> None:
    chart = Chart("chart", "Accuracy", unit_range=True)
    qtbot.addWidget(chart)  # type: ignore[attr-defined]
    chart.set_lines({"a": Line("validation", "#0072B2", dots=True)})
    for value, low, high in ((1.0, 0.5, 1.0), (0.0, 0.0, 0.5)):
        chart.set_curve("a", (np.arange(3.0), np.full(3, value)))
        chart.refresh()
        shown = chart.plot.getViewBox().viewRange()[1]
        assert shown == pytest.approx([low, high], abs=0.02)


@pytest.mark.parametrize("zoom", [1.0, 1.5])
def test_the_labels_at_both_ends_of_the_axis_are_whole(
    zoom: float, qapp: QApplication, qtbot: object
) -> None:
    theme.apply("light", zoom)
    try:
        chart = Chart("chart", "Loss")
        qtbot.addWidget(chart)  # type: ignore[attr-defined]
        chart.set_lines({"a": Line("training", "#0072B2")})
        chart.resize(700, 200)
        chart.show()
        for span in (5, 1000):
            chart.set_curve("a", (np.linspace(0, span, 9), np.linspace(0.2, 0.9, 9)))
            chart.set_span(span)
            chart.refresh()
            qapp.processEvents()
            axis, canvas = chart.plot.getAxis("bottom"), QPixmap(8, 8)
            painter = QPainter(canvas)
            painter.setFont(axis.style["tickFont"])
            labels = {words: box for box, _flags, words in axis.generateDrawSpecs(painter)[2]}
            painter.end()
            assert {"0", str(span)} <= set(labels)
            on_screen = axis.mapRectToScene(labels[str(span)])
            assert on_screen.right() <= chart.plot.width()
    finally:
        theme.apply("light")


def test_kernels_as_pictures() -> None:
    kernels = np.zeros((3, 3, 1, 2), np.float32)
    kernels[0, 0, 0, 0], kernels[2, 2, 0, 1] = 1.0, -0.5
    first, second = kernel_pictures(kernels)
    assert first.shape == (3, 3, 3) and first.dtype == np.uint8
    # Orange above zero, blue below, on one scale for all.
    assert first[0, 0, 0] > first[0, 0, 2] and second[2, 2, 2] > second[2, 2, 0]
    assert int(first[0, 0, 2]) < int(second[2, 2, 0])
    for value, colour in ((first[0, 0], theme.tokens().positive), (first[1, 1], theme.tokens().neutral)):
        assert QColor(*value.tolist()).lightness() == pytest.approx(QColor(colour).lightness(), abs=1)
    colours = np.zeros((1, 1, 3, 1), np.float32)
    colours[0, 0, 0, 0] = 1.0
    assert kernel_pictures(colours)[0][0, 0].tolist() == [255, 127, 127]


def test_maps_as_pictures() -> None:
    maps = np.zeros((200, 100, 70), np.float32)
    maps[:100, :, 0] = 1.0
    pictures = map_pictures(maps)
    assert len(pictures) == 64 and pictures[0].shape == (50, 25, 3)
    assert not np.array_equal(pictures[0][0, 0], pictures[0][-1, 0])
    # A map that is the same everywhere is dark.
    assert pictures[1].max() < 100


def test_drawing_takes_a_small_share_of_the_time(qapp: QApplication, qtbot: object) -> None:
    charts = CurvesView()
    qtbot.addWidget(charts)  # type: ignore[attr-defined]
    charts.begin(Recorder(), TrainingSettings())
    for spent, interval in ((0.0001, INTERVAL), (0.0025, 250), (5.0, SELDOM)):
        charts._cost = 0.0
        charts._pace(spent)
        assert charts._timer.interval() == interval
    charts.stop()


def test_a_legend_tells_the_values(qapp: QApplication, qtbot: object) -> None:
    chart = Chart("chart", "Loss")
    qtbot.addWidget(chart)  # type: ignore[attr-defined]
    chart.set_lines({"a": Line("training", "#0072B2"), "b": Line("", "#0072B2", dashed=True, dots=True)})
    chart.set_curve("a", (np.arange(3.0), np.array([3.0, 2.0, 1.25])))
    chart.set_curve("b", (np.arange(3.0), np.array([3.0, np.nan, 1.0])))
    chart.resize(400, 200)
    chart.show()
    chart.refresh()
    assert chart.legend.text() == "training 1.25"
    chart.show_cursor(0.9)
    assert chart.legend.text() == "epoch 0.90   training 2"
    # A dot where there is a number, and only there.
    assert [(p.x(), p.y()) for p in chart._dots["b"]._points] == [(0.0, 3.0), (2.0, 1.0)]
    before = chart.grab().toImage()
    chart.set_curve("a", (np.arange(3.0), np.array([3.0, 0.5, 1.25])))
    chart.refresh()
    assert chart.grab().toImage() != before
