"""Runs laid over each other and compared, results with their mistakes, three ways with a pretrained base."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QAbstractButton, QComboBox, QLabel, QMessageBox
from train_helpers import Train, few_digits, kept_run, tiny_model, weights
from window_helpers import messages

from convscope.core.words import breakable
from convscope.engine.data.dataset import Dataset
from convscope.engine.data.resize import InputSettings
from convscope.engine.models.library.catalogue import open_model
from convscope.engine.models.opened import ModelSource, OpenedModel
from convscope.engine.training.control import Control, Watch
from convscope.engine.training.evaluate import evaluate
from convscope.engine.training.runs.run import list_runs, new_folder, runs_folder
from convscope.engine.training.settings import OptimizerSettings, TrainingSettings
from convscope.engine.training.snapshots import NetworkSnapshot
from convscope.engine.training.train import train as train_engine
from convscope.engine.training.transfer import costs
from convscope.ui import theme
from convscope.ui.canvas.mosaic_view import MosaicView
from convscope.ui.panels.train.results.class_accuracy import ClassAccuracy
from convscope.ui.panels.train.results.confusion import ConfusionView
from convscope.ui.panels.train.results.view import ResultView
from convscope.ui.panels.train.runs.table import RunsTable
from convscope.ui.panels.train.runs.view import RunsView
from convscope.ui.panels.train.transfer.view import TransferView


def interrupted_run(model: OpenedModel, dataset: Dataset, name: str) -> None:
    """A run that was stopped after its first epoch."""
    control = Control()
    settings = TrainingSettings(OptimizerSettings("adam", 1e-2), epochs=3, batch_size=60)

    def stop(snapshot: NetworkSnapshot) -> None:
        if snapshot.epoch == 1:
            control.stop()

    control.watch(Watch(interval=0.0))
    train_engine(model, dataset, settings, name=name, folder=new_folder(name), control=control, show=stop)


@pytest.fixture
def digits(kept_digits: Dataset) -> Dataset:
    """Data that a run finds again."""
    return kept_digits


@pytest.fixture
def runs(train: Train, two_runs: Path) -> Iterator[Train]:
    """These runs, on the Runs tab."""
    shutil.copytree(two_runs, runs_folder(), dirs_exist_ok=True)
    train.press("train.view.runs")
    train.settle()
    yield train


def table_of(train: Train) -> RunsTable:
    """The table on show."""
    return train.find(RunsTable, "train.runs.table")


def click_row(train: Train, row: int, column: int = 1) -> None:
    """Click a cell of the table."""
    table = table_of(train)
    place = table.visualRect(table.model().index(row, column)).center()
    train.qtbot.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=place)


def test_runs_are_laid_over_each_other_and_what_sets_them_apart_is_said(runs: Train) -> None:
    view = runs.panel.view("runs")
    assert isinstance(view, RunsView)
    table = table_of(runs)
    assert [entry.row.name for entry in table.runs.rows] == ["quick", "slow"]
    assert "learning rate 0.03" in runs.text("train.runs.difference")
    for entry, _colour in table.chosen:
        for part, key in (("train", "loss"), ("val", "val_loss")):
            x, y = view.chart.curve(f"{entry.run.folder.name} {part}") or ((), ())
            assert list(x) == [1, 2]
            assert list(y) == [epoch.values[key] for epoch in entry.epochs]
    # A click on the tick takes a run off the chart.
    index = table.model().index(0, 0)
    box = table.visualRect(index)
    runs.qtbot.mouseClick(
        table.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(box.left() + 10, box.center().y())
    )
    assert [entry.row.name for entry, _ in table.chosen] == ["slow"]
    runs.press("train.runs.metric.accuracy")
    assert view.chart.title.text() == "Accuracy"


def test_a_runs_colour_is_its_own(runs: Train, tiny: OpenedModel, digits: Dataset) -> None:
    """Unticking one recoloured the others."""
    view, table = runs.panel.view("runs"), table_of(runs)
    assert isinstance(view, RunsView)
    before = {entry.row.name: colour for entry, colour in table.chosen}
    assert len(set(before.values())) == 2

    def tick(name: str, on: bool) -> None:
        row = next(at for at, entry in enumerate(table.runs.rows) if entry.row.name == name)
        state = Qt.CheckState.Checked if on else Qt.CheckState.Unchecked
        table.runs.setData(table.runs.index(row, 0), state, Qt.ItemDataRole.CheckStateRole)

    for name in ("slow", "quick"):
        tick(name, False)
        (left,) = table.chosen
        assert left[1] == before[left[0].row.name]
        assert view.chart._lines[f"{left[0].run.folder.name} val"].colour == left[1]
        tick(name, True)
    # Neither a new run nor one that goes nor another order of the table changes that.
    kept_run(runs_folder() / "third", tiny, digits, 1e-3)
    runs.view_model.runs_changed.emit()
    runs.settle()
    now = {entry.row.name: colour for entry, colour in table.chosen}
    assert {name: now[name] for name in before} == before and now["third"] not in before.values()
    table.sortByColumn(0, Qt.SortOrder.AscendingOrder)
    next(run for run in list_runs() if run.details.name == "slow").delete()
    runs.view_model.runs_changed.emit()
    runs.settle()
    left_over = {entry.row.name: colour for entry, colour in table.chosen}
    assert left_over == {name: now[name] for name in ("quick", "third")}
    # The best epoch has a ring in the run's colour, on the epoch's own number.
    for entry, colour in table.chosen:
        best = entry.row.best
        assert best is not None
        assert (best + 1.0, entry.epochs[best].values["val_loss"], colour) in view.chart.marks.rings


def test_a_run_is_renamed_resulted_opened_and_started_again(
    runs: Train, tiny: OpenedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = table_of(runs)
    table.model().setData(table.model().index(0, 0), "the quick one", Qt.ItemDataRole.EditRole)
    runs.settle()
    assert {run.details.name for run in list_runs()} == {"the quick one", "slow"}
    click_row(runs, 0)
    opened: list[str] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: bool(opened.append(url.toLocalFile())))
    runs.press("train.runs.folder")
    (folder,) = opened
    assert (Path(folder) / "script.py").is_file()
    assert messages(runs.window)[-1] == f"The run is in {folder}"
    runs.press("train.runs.open")
    runs.settle()
    model = runs.workspace.model
    assert model is not None and model is not tiny and model.source.path is not None
    click_row(runs, 0)
    runs.press("train.runs.again")
    runs.settle()
    assert runs.settings.optimizer.learning_rate == 3e-2 and runs.settings.epochs == 2
    assert runs.view_model.model is not None and np.array_equal(weights(runs.view_model.model), weights(tiny))


def test_runs_are_exported_and_deleted_after_a_question(runs: Train, tmp_path: Path) -> None:
    view = runs.panel.view("runs")
    assert isinstance(view, RunsView)
    for name in ("runs.csv", "runs.json", "chart.png"):
        view.export_to(tmp_path / name)
        runs.settle()
    assert (tmp_path / "runs.csv").read_text().count("\n") == 5
    assert {run["name"] for run in json.loads((tmp_path / "runs.json").read_text())} == {"quick", "slow"}
    assert (tmp_path / "chart.png").stat().st_size > 1000
    view.export_to(tmp_path / "no" / "chart.png")
    runs.settle()
    assert any("cannot be written" in message for message in messages(runs.window))
    click_row(runs, 1)
    runs.press("train.runs.delete")
    box = runs.find(QMessageBox, "train.runs.confirm")
    assert "slow" in box.text() and len(list_runs()) == 2
    runs.qtbot.mouseClick(
        box.findChild(QAbstractButton, "train.runs.confirm.delete"), Qt.MouseButton.LeftButton
    )
    runs.settle()
    assert [run.details.name for run in list_runs()] == ["quick"]
    assert len(table_of(runs).runs.rows) == 1


def test_an_interrupted_run_goes_on(train: Train, tiny: OpenedModel, digits: Dataset) -> None:
    interrupted_run(tiny, digits, "half")
    (run,) = list_runs()
    assert run.state == "stopped" and run.can_resume
    train.press("train.view.runs")
    train.settle()
    click_row(train, 0)
    train.press("train.runs.resume")
    train.until(lambda: train.trainer.active or run.state == "finished")
    train.ended()
    assert run.state == "finished" and len(run.history) == 3


def test_without_runs_the_tab_says_so(train: Train) -> None:
    train.press("train.view.runs")
    train.settle()
    assert train.find(QLabel, "train.runs.words").isVisible()
    train.press("train.view.result")
    assert "No training has ended" in train.text("train.result.words")
    train.press("train.result.runs")
    assert train.find(QLabel, "train.runs.words").isVisible()


# -- results -------------------------------------------------------------------------------------------------


def test_the_result_of_a_run_its_confusion_and_the_images_behind_a_cell(runs: Train, digits: Dataset) -> None:
    click_row(runs, 0)
    runs.press("train.runs.result")
    runs.settle()
    view = runs.panel.view("result")
    assert isinstance(view, ResultView) and view.outcome is not None
    plain = evaluate(view.outcome.model, digits, "test")
    evaluation = view.outcome.evaluation
    assert np.array_equal(evaluation.confusion, plain.confusion)
    assert runs.text("train.result.accuracy") == f"{100 * plain.accuracy:.2f} %"
    images = runs.find(MosaicView, "train.result.images")
    assert images.count == min(30, len(plain.worst(1000)))
    # The most crowded cell off the diagonal.
    wrong = plain.confusion * (1 - np.eye(10, dtype=int))
    true, predicted = (int(n) for n in np.unravel_index(wrong.argmax(), wrong.shape))
    matrix = runs.find(ConfusionView, "train.result.matrix")
    place = matrix.cell_rect((true, predicted)).center().toPoint()
    runs.qtbot.mouseClick(matrix, Qt.MouseButton.LeftButton, pos=place)
    runs.settle()
    assert images.count == int(wrong.max())
    assert images.caption(0).startswith(f"{digits.classes[true]} → {digits.classes[predicted]}")
    assert f"taken for {digits.classes[predicted]}" in runs.text("train.result.images_title")
    # The size that hovering tells is the image's, not its thumbnail's of 96 × 96.
    assert images.words(0) == f"{images.caption(0)}  ·  28 × 28"
    runs.qtbot.keyClick(matrix, Qt.Key.Key_Right)
    assert matrix.selected == (true, min(9, predicted + 1))
    # One image becomes the current one, from there to why.
    runs.qtbot.mouseClick(matrix, Qt.MouseButton.LeftButton, pos=place)
    runs.settle()
    runs.qtbot.mouseClick(images.viewport(), Qt.MouseButton.LeftButton, pos=images.tile_rect(0).center())
    runs.press("train.result.use")
    runs.settle()
    index = int(evaluation.cell(true, predicted)[0])
    assert np.array_equal(runs.workspace.image.values, digits.images.read(index))
    assert f"({digits.classes[true]})" in runs.workspace.image.name


def test_other_parts_of_the_data_and_the_weakest_class(runs: Train, digits: Dataset) -> None:
    click_row(runs, 1)
    runs.press("train.runs.result")
    runs.settle()
    view = runs.panel.view("result")
    assert isinstance(view, ResultView)
    runs.press("train.result.part.validation")
    runs.settle()
    assert view.outcome is not None and view.outcome.evaluation.split == "validation"
    assert view.outcome.evaluation.images == len(digits.indices("validation"))
    evaluation = view.outcome.evaluation
    classes = runs.find(ClassAccuracy, "train.result.classes")
    first = classes.visualRect(classes.model().index(0, 0)).center()
    runs.qtbot.mouseClick(classes.viewport(), Qt.MouseButton.LeftButton, pos=first)
    runs.settle()
    weakest = int(np.nanargmin(evaluation.by_class))
    wrong = int(((evaluation.true == weakest) & (evaluation.predicted != weakest)).sum())
    assert runs.find(MosaicView, "train.result.images").count == wrong
    # A key or a click that comes while another run is being evaluated does nothing.
    view.view_model.show(list_runs()[0])
    assert view.outcome is None
    second = classes.visualRect(classes.model().index(1, 0)).center()
    runs.qtbot.mouseClick(classes.viewport(), Qt.MouseButton.LeftButton, pos=second)
    runs.qtbot.keyClick(view.matrix, Qt.Key.Key_Right)
    view.worst.click()
    runs.settle()
    assert view.outcome is not None


def test_a_run_whose_data_have_gone_is_one_sentence(
    train: Train, tiny: OpenedModel, digits: Dataset, tmp_path: Path
) -> None:
    gone = replace(digits, reference=str(tmp_path / "gone"))
    kept_run(new_folder("orphan"), tiny, gone, 1e-3, epochs=1)
    train.press("train.view.runs")
    train.settle()
    click_row(train, 0)
    train.press("train.runs.result")
    train.settle()
    assert "gone" in train.text("train.result.words")


# -- a pretrained network ------------------------------------------------------------------------------------


@pytest.fixture
def transfer(train: Train) -> Train:
    """The shipped digits network before other digits, on the tab of pretrained networks."""
    base, data = open_model("digits"), few_digits(120)
    train.open(base, data)
    train.spin("train.epochs", "1")
    train.spin("train.batch_size", "32")
    train.settle()
    train.press("train.view.transfer")
    train.settle()
    return train


def test_costs_are_told_beforehand_with_the_tensors_before_and_after(transfer: Train) -> None:
    for way in ("features", "frozen", "finetune"):
        assert transfer.text(f"train.transfer.{way}.cost").startswith("about ")
    before, after = transfer.text("train.transfer.features.tensors").split(" trainable")[0].split(" → ")
    assert int(after) == 2 < int(before)
    tuned = transfer.text("train.transfer.finetune.tensors").split(" trainable")[0].split(" → ")
    assert int(tuned[1]) > 2
    assert not transfer.find(QLabel, "train.transfer.warning").isVisible()
    random = tiny_model()
    random.source = ModelSource("template", "tiny", weights="random")
    transfer.workspace.add_model(random)
    assert transfer.find(QLabel, "train.transfer.warning").isVisible()
    # Here the button at the left would train the network as it is.
    start = transfer.find(QAbstractButton, "train.start")
    transfer.panel.settings.press_start()
    assert not start.isVisible() and not transfer.trainer.active
    transfer.press("train.view.live")
    assert start.isVisible()


def test_what_learns_is_told_before_a_batch_is_timed_and_one_timing_serves_all_epochs(
    transfer: Train, monkeypatch: pytest.MonkeyPatch
) -> None:
    timed, go_on = [], threading.Event()

    def slowly(*_: object) -> costs.Timing:
        timed.append(1)
        assert go_on.wait(300)
        return costs.Timing(0.5, 0.001)

    monkeypatch.setattr(costs, "time_batch", slowly)
    transfer.spin("train.transfer.units", 8)
    transfer.until(lambda: timed)
    ways = ("features", "frozen", "finetune")
    transfer.until(
        lambda: all(" trainable tensors" in transfer.text(f"train.transfer.{w}.tensors") for w in ways)
    )
    assert {transfer.text(f"train.transfer.{way}.cost") for way in ways} == {"timing a batch…"}
    # Another number of epochs and another layer to begin with need neither.
    transfer.spin("train.epochs", "4")
    transfer.spin("train.transfer.head_epochs", "9")
    go_on.set()
    transfer.settle()
    data = transfer.workspace.dataset
    assert data is not None
    images = [len(data.indices(part)) for part in ("train", "validation", "test")]  # type: ignore[arg-type]
    tested = images[2] * 0.5
    seconds = 4 * (sum(images[:2]) * 0.5 + images[0] * 0.001) + tested
    assert transfer.text("train.transfer.frozen.cost") == f"about {seconds / 60:.0f} minutes"
    tensors = transfer.text("train.transfer.finetune.tensors")
    transfer.spin("train.epochs", "40")
    layer = transfer.find(QComboBox, "train.transfer.from_layer")
    transfer.pick("train.transfer.from_layer", layer.itemData(layer.count() - 1))
    assert (
        transfer.text("train.transfer.frozen.cost")
        == f"about {(10 * (seconds - tested) + tested) / 60:.0f} minutes"
    )
    assert transfer.text("train.transfer.finetune.tensors") != tensors
    transfer.settle()
    assert len(timed) == 1
    # Another classifier is another network.
    transfer.spin("train.transfer.units", 16)
    transfer.settle()
    assert len(timed) == 2


@pytest.mark.parametrize(("size", "zoom"), [((1280, 800), 1.0), ((1024, 700), 1.0), ((1280, 800), 1.5)])
def test_the_page_is_as_wide_as_the_window_whatever_comes_to_be_known(
    transfer: Train, size: tuple[int, int], zoom: float
) -> None:
    view = transfer.panel.view("transfer")
    assert isinstance(view, TransferView)
    # The longest that costs and results become.
    for card in (*view.cards.values(), view.svm):
        card.set_cost("about 90 minutes", "1,049 → 1,037 trainable tensors, 843,321,000 numbers")
        card.set_reached(
            f"{theme.strong('100 %')} on the test images, 10,000 of 10,000; 1,000 epochs in 10:05:00 "
            f"({breakable('cats_and_dogs_base_of_the_third_lecture_augmented_2026.keras, new classifier')})"
        )
    view.svm.result.show()
    transfer.window.set_zoom(zoom)
    transfer.window.resize(*size)
    transfer.settle()
    try:
        inside, room = view.page.widget(), view.page.viewport().width()
        assert inside.minimumSizeHint().width() <= inside.width() <= room
        for kind in (QLabel, QAbstractButton, QComboBox):
            for widget in inside.findChildren(kind):
                if widget.isVisibleTo(inside):
                    right = widget.mapTo(inside, widget.rect().topRight()).x()
                    assert right <= room, (widget.objectName(), right, room)
        for button in (view.svm.start, view.svm.result):
            assert button.width() >= button.sizeHint().width()
    finally:
        transfer.window.set_zoom(1.0)


def test_the_input_told_is_what_the_run_really_uses(train: Train, digits: Dataset) -> None:
    """It said "Input 28 × 28" throughout runs that used 224 × 224."""
    base = tiny_model(side=40)
    base.source = ModelSource("file", "base", weights="trained")
    train.open(base, digits)
    train.workspace.set_input(InputSettings((28, 28), 1))
    train.settle()
    assert train.text("train.input") == "28 × 28, gray"
    train.press("train.view.transfer")
    train.settle()
    assert train.text("train.input") == "40 × 40, as the network takes, stretched, gray"
    assert train.text("train.model").endswith("as a base, with a new classifier")
    train.spin("train.epochs", "2000")
    train.settle()
    told: set[str] = set()
    label = train.find(QLabel, "train.input")
    train.press("train.transfer.frozen.start")
    train.trainer.told.connect(lambda: told.add(label.text()))
    train.until(lambda: train.charts.history.epochs)
    assert told <= {"40 × 40, as the network takes, stretched, gray", "40 × 40, stretched, gray"}
    assert label.text() == "40 × 40, stretched, gray"
    assert train.text("train.model").startswith("tiny, new classifier · ")
    train.press("train.stop")
    train.ended()
    # The next run is that of the whole network again, with what was chosen for it.
    train.press("train.view.live")
    train.press("train.start_from.trained")
    train.settle()
    assert label.text() == "28 × 28, gray"


def test_all_three_ways_one_after_the_other_in_one_chart(transfer: Train) -> None:
    base = transfer.workspace.model
    assert base is not None
    before = weights(base)
    transfer.spin("train.transfer.head_epochs", "1")
    transfer.settle()
    transfer.press("train.transfer.all")
    transfer.until(lambda: len([run for run in list_runs() if run.state == "finished"]) == 3)
    transfer.ended()
    ways = [run.details.transfer["way"] for run in list_runs() if run.details.transfer]
    assert sorted(ways) == ["features", "finetune", "frozen"]
    view = transfer.panel.view("transfer")
    assert isinstance(view, TransferView) and view.isVisible()
    for way in ("features", "frozen", "finetune"):
        x, _y = view.chart.curve(way) or ((), ())
        assert list(x) == ([1, 2] if way == "finetune" else [1])
        said = transfer.text(f"train.transfer.{way}.reached")
        # With whose it is: the page may be about another base by now.
        assert "on the test images" in said and said.endswith(f" ({base.name}, new classifier)")
    # The classifier's epoch alone, and that of the base with it.
    assert [turn[:2] for turn in view.chart.marks.turns] == [(1.0, "base unfrozen")]
    # Starting again is done here, where the ways are chosen; as it is now, the network is like any other.
    transfer.press("train.view.live")
    start = transfer.find(QAbstractButton, "train.start")
    assert start.text() == "Go to Pretrained" and start.isEnabled()
    assert not transfer.find(QLabel, "train.finding.0.text").isVisible()
    transfer.press("train.start")
    assert view.isVisible()
    transfer.press("train.view.live")
    transfer.press("train.start_from.trained")
    transfer.settle()
    assert start.text() == "Start" and start.isEnabled()
    # The base is still the network that one began with, and as it was.
    assert view.view_model.base is base and np.array_equal(weights(base), before)
    # What the three have made is offered, not opened unasked.
    assert len(transfer.workspace.models) == 2


def test_a_support_vector_machine_on_the_features(transfer: Train) -> None:
    transfer.press("train.transfer.svm.start")
    transfer.settle()
    said = transfer.text("train.transfer.svm.reached")
    assert "support vectors" in said and float(said.split(">")[1].split(" %")[0]) > 60
    # With its counts, its settings and all that was waited for.
    assert " on unseen images, " in said and " of 60; on its own " in said and "Linear, C = 1: " in said
    assert "It took 0:" in said and said.endswith(" s of it the fit.")
    # It stands in the chart of the three ways, as a level.
    view = transfer.panel.view("transfer")
    assert isinstance(view, TransferView) and view.chart.isVisible()
    x, level = view.chart.curve("svm") or ((), ())
    assert list(x) == [0, 1] and 0.6 < level[0] == level[1] <= 1
    # Confusion, classes and mistakes are looked at as those of a network, but for where it looked.
    transfer.press("train.transfer.svm.result")
    transfer.settle()
    result = transfer.panel.view("result")
    assert isinstance(result, ResultView) and result.outcome is not None and result.isVisible()
    evaluation = result.outcome.evaluation
    assert transfer.text("train.result.accuracy").startswith(said.split(">")[1].split(" %")[0].split(".")[0])
    assert evaluation.confusion.sum() == 60 and "loss" not in transfer.text("train.result.facts")
    assert transfer.find(MosaicView, "train.result.images").count == min(30, len(evaluation.worst(60)))
    place = result.matrix.cell_rect((0, 0)).center().toPoint()
    transfer.qtbot.mouseClick(result.matrix, Qt.MouseButton.LeftButton, pos=place)
    transfer.settle()
    images = transfer.find(MosaicView, "train.result.images")
    transfer.qtbot.mouseClick(images.viewport(), Qt.MouseButton.LeftButton, pos=images.tile_rect(0).center())
    assert transfer.find(QAbstractButton, "train.result.use").isEnabled()
    assert not transfer.find(QAbstractButton, "train.result.explain").isEnabled()
    transfer.press("train.result.part.validation")
    transfer.settle()
    assert result.outcome is not None and result.outcome.evaluation.accuracy == level[0]
    # Of another base it says nothing.
    transfer.workspace.add_model(tiny_model())
    transfer.press("train.view.transfer")
    assert not transfer.find(QLabel, "train.transfer.svm.reached").isVisible()
    assert not transfer.find(QAbstractButton, "train.transfer.svm.result").isVisible()
    transfer.settle()
    assert view.chart.curve("svm") is None
