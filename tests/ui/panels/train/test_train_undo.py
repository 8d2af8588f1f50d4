"""Whatever a person sets in the training panel is taken back by Ctrl+Z and done again by Ctrl+Y, in order."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QSlider,
    QSpinBox,
    QWidget,
)
from train_helpers import Train, few_digits, tiny_model

from convscope.engine.data.augmentation import MILD
from convscope.engine.training.runs.run import Run, runs_folder
from convscope.engine.training.settings import TrainingSettings
from convscope.ui.panels.train.runs.table import RunsTable
from convscope.ui.panels.train.runs.view import RunsView

CTRL = Qt.KeyboardModifier.ControlModifier
Act = tuple[str, Callable[[], object]]


def keys(train: Train, key: Qt.Key) -> None:
    """Press it with Ctrl wherever the focus is: in a field, too."""
    train.qtbot.keyClick(QApplication.focusWidget() or train.window, key, CTRL)
    train.settle()


def shown(train: Train) -> dict[str, object]:
    """What every control on show shows."""
    found: dict[str, object] = {}
    for widget in train.panel.findChildren(QWidget):
        name = widget.objectName()
        if not name.startswith("train.") or name in ("train.rate", "train.layer", "train.image"):
            continue
        if not widget.isVisible():
            continue
        if isinstance(widget, QComboBox):
            found[name] = widget.currentData()
        elif isinstance(widget, QAbstractSpinBox):
            found[name] = widget.text()
        elif isinstance(widget, QAbstractButton) and widget.isCheckable() and "view" not in name:
            found[name] = widget.isChecked()
    return found


def taken_back(train: Train, acts: tuple[Act, ...], state: Callable[[], Any]) -> None:
    """Do them all, take them back one after the other, and do them again; by the keyboard."""
    states = [state()]
    for label, act in acts:
        act()
        train.settle()
        assert train.workspace.undo_label == label
        states.append(state())
        assert states[-1] != states[-2], label
    for before in states[-2::-1]:
        keys(train, Qt.Key.Key_Z)
        assert state() == before
    for label, after in zip((label for label, _act in acts), states[1:], strict=True):
        assert train.workspace.redo_label == label
        keys(train, Qt.Key.Key_Y)
        assert state() == after
    for _ in acts:
        keys(train, Qt.Key.Key_Z)
    assert state() == states[0]


def test_all_settings_are_taken_back_in_order(train: Train) -> None:
    train.open_more("optimizer", "metrics", "schedule", "stopping", "images")
    acts: tuple[Act, ...] = (
        ("optimizer", lambda: train.pick("train.optimizer", "sgd")),
        ("learning rate", lambda: train.spin("train.learning_rate", "0.05")),
        ("momentum", lambda: train.spin("train.optimizer.momentum", "0.9")),
        ("nesterov momentum", lambda: train.press("train.optimizer.nesterov")),
        ("loss", lambda: train.pick("train.loss", "mean_squared_error")),
        ("batch size", lambda: train.spin("train.batch_size", "16")),
        ("epochs", lambda: train.spin("train.epochs", "9")),
        ("recall (metrics)", lambda: train.press("train.metric.recall")),
        ("schedule (schedule)", lambda: train.pick("train.schedule", "step")),
        ("factor (schedule)", lambda: train.spin("train.schedule.factor", "0.1")),
        ("stop early", lambda: train.press("train.early_stopping")),
        ("patience (stop early)", lambda: train.spin("train.early_stopping.patience", "2")),
        ("lower the rate on a plateau", lambda: train.press("train.plateau")),
        ("hand over the best epoch's weights", lambda: train.press("train.restore_best")),
        ("class weights", lambda: train.pick("train.class_weights", "balanced")),
        ("seed", lambda: train.spin("train.seed", "7")),
    )
    taken_back(train, acts, lambda: (train.settings, shown(train)))
    assert train.settings == TrainingSettings()


def test_what_is_typed_and_turned_without_a_pause_is_one_step(train: Train) -> None:
    box = train.find(QSpinBox, "train.epochs")
    box.setFocus()
    for _ in range(5):
        train.qtbot.keyClick(box, Qt.Key.Key_Up)
    assert train.settings.epochs == 10 and train.workspace.undo_label == "epochs"
    # In the field itself Ctrl+Z is the window's, not that of its letters.
    train.qtbot.keyClick(box, Qt.Key.Key_Z, CTRL)
    assert train.settings.epochs == 5 and box.value() == 5 and train.workspace.undo_label is None
    train.qtbot.keyClick(box, Qt.Key.Key_Y, CTRL)
    assert train.settings.epochs == 10
    # A slider that is dragged likewise.
    slider = train.find(QSlider, "train.smoothing.slider")
    for notch in range(79, 40, -3):
        slider.setValue(notch)
    assert train.workspace.undo_label == "smoothing"
    keys(train, Qt.Key.Key_Z)
    assert train.charts.smoothing.value == 0.8 and train.workspace.undo_label == "epochs"


def test_a_mend_and_what_the_data_panel_gives_are_steps_among_the_others(train: Train) -> None:
    train.open(tiny_model(side=32), few_digits())
    train.spin("train.epochs", "7")
    train.settle()
    train.press("train.finding.0.mend")
    train.settle()
    assert train.workspace.undo_label == "Bring the images to 32×32" and train.settings.size == (32, 32)
    train.workspace.set_augmentation(MILD)
    for expected in (MILD, None):
        assert train.settings.augmentation == expected and train.settings.size == (32, 32)
        if expected is not None:
            keys(train, Qt.Key.Key_Z)
    keys(train, Qt.Key.Key_Z)
    assert train.settings.size is None and train.settings.epochs == 7
    keys(train, Qt.Key.Key_Z)
    assert train.settings.epochs == 5


def test_how_curves_are_seen_is_taken_back(train: Train) -> None:
    train.spin("train.epochs", "2")
    train.settle()
    train.begin()
    train.ended()
    acts: tuple[Act, ...] = (
        ("smoothing", lambda: train.slide("train.smoothing.slider", 50)),
        ("smoothing formula", lambda: train.pick("train.smoothing.formula", "corrected")),
        ("log scale", lambda: train.press("train.log")),
        ("curves by epoch", lambda: train.press("train.by.epoch")),
    )

    def state() -> Any:
        curve = train.charts.loss.curve("train")
        assert curve is not None
        return train.charts.shown, curve[1].tolist(), shown(train)

    taken_back(train, acts, state)
    # On another view nothing of it is taken back unseen; the settings, which stand beside it, are.
    train.press("train.log")
    train.press("train.view.runs")
    train.settle()
    assert train.workspace.undo_label == "epochs"
    train.press("train.view.live")
    assert train.workspace.undo_label == "log scale"


@pytest.fixture
def two(train: Train, two_runs: Path) -> Train:
    """Two runs on the Runs tab."""
    shutil.copytree(two_runs, runs_folder(), dirs_exist_ok=True)
    for folder, name in (("slow", "one"), ("quick", "other")):
        Run(runs_folder() / folder).rename(name)
    train.press("train.view.runs")
    train.settle()
    return train


def test_what_is_on_the_chart_of_the_runs_is_taken_back(two: Train) -> None:
    table, view = two.find(RunsTable, "train.runs.table"), two.panel.view("runs")
    assert isinstance(view, RunsView)

    def tick(name: str, on: bool) -> None:
        row = next(at for at, entry in enumerate(table.runs.rows) if entry.row.name == name)
        state = Qt.CheckState.Checked if on else Qt.CheckState.Unchecked
        table.runs.setData(table.runs.index(row, 0), state, Qt.ItemDataRole.CheckStateRole)

    acts: tuple[Act, ...] = (
        ("one off the chart", lambda: tick("one", False)),
        ("curves of the runs", lambda: two.press("train.runs.metric.accuracy")),
        ("other off the chart", lambda: tick("other", False)),
        ("one on the chart", lambda: tick("one", True)),
        ("scale of the loss", lambda: two.press("train.runs.scale.log")),
    )

    def state() -> Any:
        chosen = {entry.row.name: colour for entry, colour in table.chosen}
        return chosen, set(view.chart._lines), view.chart.title.text(), shown(two)

    taken_back(two, acts, state)


def test_how_a_base_is_used_is_taken_back(train: Train) -> None:
    train.press("train.view.transfer")
    train.settle()
    layers = train.find(QComboBox, "train.transfer.from_layer")
    acts: tuple[Act, ...] = (
        ("pooling", lambda: train.pick("train.transfer.pooling", "flatten")),
        ("hidden units", lambda: train.spin("train.transfer.units", "32")),
        ("dropout", lambda: train.spin("train.transfer.dropout", "0.5")),
        (
            "layer that fine-tuning begins with",
            lambda: train.pick("train.transfer.from_layer", layers.itemData(1)),
        ),
        ("epochs of the classifier alone", lambda: train.spin("train.transfer.head_epochs", "3")),
        ("learning rate of fine-tuning", lambda: train.spin("train.transfer.fine_rate", "1e-4")),
        ("kernel of the machine", lambda: train.pick("train.transfer.svm.kernel", "rbf")),
        ("price of a mistake", lambda: train.spin("train.transfer.svm.c", "10")),
        ("learning rate", lambda: train.spin("train.learning_rate", "0.01")),
    )
    taken_back(train, acts, lambda: (train.settings, shown(train)))


def test_while_it_trains_the_settings_shown_are_the_runs(train: Train) -> None:
    train.spin("train.epochs", "4000")
    train.spin("train.learning_rate", "0.002")
    train.settle()
    train.begin()
    train.workspace.undo()
    assert train.settings.optimizer.learning_rate == 0.001
    assert train.find(QAbstractSpinBox, "train.learning_rate").text() == "0.002"
    train.press("train.stop")
    train.ended()
    assert train.find(QAbstractSpinBox, "train.learning_rate").text() == "0.001"
