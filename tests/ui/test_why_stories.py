"""Train, see the result, look at a mistake, ask why: what explains is what was trained, by whatever name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from driver import PATIENCE, Driver, window_on
from PIL import Image as PillowImage
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QTableView
from pytestqt.qtbot import QtBot

from convscope.engine import runtime
from convscope.engine.data.dataset import Dataset
from convscope.engine.data.sets.registry import open_dataset
from convscope.engine.data.split import SplitSettings
from convscope.imaging.samples import load_sample
from convscope.ui.canvas.mosaic_view import MosaicView
from convscope.ui.main_window import MainWindow
from convscope.ui.panels.train.panel import TrainPanel
from convscope.ui.panels.train.results.view import ResultView
from convscope.ui.plots.class_bars import ClassBars


class Story(Driver):
    """A lecturer, from the start of a training to the question."""

    @property
    def panel(self) -> TrainPanel:
        """The training panel."""
        panel = self.window.panel()
        assert isinstance(panel, TrainPanel)
        return panel

    def train(self, rate: float = 1e-3) -> None:
        """One short training of what is open."""
        self.window.show_panel("train")
        self.settle()
        view_model = self.panel.view_model
        view_model.edit(
            lambda given: replace(
                given, epochs=1, batch_size=64, optimizer=replace(given.optimizer, learning_rate=rate)
            )
        )
        self.settle()
        self.press("train.start", settle=False)
        self.until(lambda: view_model.trainer.active)
        self.until(lambda: not view_model.trainer.active)
        self.settle()

    def mistake(self, number: int = 0) -> tuple[str, object]:
        """See the result, and click one of the worst mistakes: what it was taken for, and how surely."""
        self.press("train.notice.result")
        return self.click_mistake(number)

    def click_mistake(self, number: int = 0) -> tuple[str, object]:
        """Click one of the images on show."""
        view = self.panel.view("result")
        assert isinstance(view, ResultView) and view.outcome is not None
        images = self.find(MosaicView, "train.result.images")
        caption = images.caption(number)
        images.select(number)
        images.chosen.emit(number)
        found = re.fullmatch(r".* → (.*) ([\d.]+) %", caption)
        assert found, caption
        return found[1], pytest.approx(float(found[2]), abs=0.051)

    def why(self) -> tuple[str, float]:
        """Ask where the network looked: the first class there, and its share in percent."""
        self.press("train.result.explain")
        self.until(lambda: self.window.predictor.prediction is not None)
        panel = self.window.panel()
        assert panel is not None and panel.objectName() == "explain"
        self.settle()
        bars = panel.findChild(ClassBars)
        assert bars is not None
        return bars.rows[0].name, 100 * bars.rows[0].probability

    def template(self, name: str) -> None:
        """Open a template."""
        self.window.sources.engine.open_model(name)
        self.settle()


@pytest.fixture
def story(qtbot: QtBot) -> Iterator[Story]:
    """A window on the training panel, the engine ready."""
    runtime.start()
    with window_on(qtbot, "train", [load_sample("digit-3")]) as window:
        yield Story(qtbot, window)


def few(reference: str, count: int = 512) -> Dataset:
    """Some of a data set: enough to learn a little, and to be wrong often."""
    dataset = open_dataset(reference)
    given = replace(dataset.given, train=dataset.given.train[:count], test=dataset.given.test[:200])
    return replace(dataset, given=given).with_split(SplitSettings(validation=0.2))


def folder_of(digits: Dataset, folder: Path, classes: str = "479") -> Path:
    """A folder with one sub-folder a class, pictures that are no squares, from the digits that look alike."""
    for name in classes:
        (folder / f"digit {name}").mkdir(parents=True)
        for index in digits.of_class(int(name), "train")[:60].tolist():
            picture = np.pad(digits.images.read(index), ((0, 0), (3, 5)))
            PillowImage.fromarray(picture).save(folder / f"digit {name}" / f"{index}.png")
    return folder


def test_a_shipped_data_set(story: Story) -> None:
    story.template("mnist-small")
    untrained = story.workspace.model
    story.workspace.set_dataset(few("fashion"))
    story.train()
    assert story.workspace.model is untrained
    told = story.mistake()
    assert story.why() == told
    assert story.workspace.model is not untrained and story.workspace.model is not None
    # The mistake stays one for the same reason when it is asked for again.
    story.window.show_panel("train")
    told = story.click_mistake(3)
    assert story.why() == told


def test_an_own_folder(story: Story, tmp_path: Path) -> None:
    folder = folder_of(open_dataset("digits"), tmp_path / "mine")
    story.template("mnist-small")
    story.window.sources.engine.open_dataset(folder)
    story.settle()
    story.window.show_panel("train")
    story.settle()
    # Ten classes for three, 28×28 for 28×36: each finding offers what fits.
    story.press("train.finding.0.mend")
    story.press("train.finding.0.mend")
    story.train(1e-4)
    told = story.mistake()
    assert told[0].startswith("digit ")
    assert story.why() == told


def test_an_own_architecture(story: Story) -> None:
    story.window.show_panel("model")
    story.window.run_command("model.page.build")
    story.settle()
    story.press("model.build.build")
    story.workspace.set_dataset(few("digits"))
    story.train(1e-4)
    told = story.mistake()
    assert story.why() == told


def test_two_runs_of_one_template(story: Story) -> None:
    story.template("mnist-small")
    # All of them: a run knows its data again.
    story.workspace.set_dataset(open_dataset("digits"))
    for rate in (1e-4, 3e-5):
        story.train(rate)
        told = story.mistake()
        assert story.why() == told
        story.window.show_panel("train")
        story.press("train.view.live")
    first, second = story.workspace.models[-2:]
    assert first.id != second.id
    # The first run again, from the table of runs: its own network answers, and it is the one that is open.
    story.press("train.view.runs")
    story.settle()
    from convscope.engine.training.runs.run import list_runs

    oldest = min(list_runs(), key=lambda run: run.details.created)
    story.panel.view_model.show_result(oldest)
    story.settle()
    told = story.click_mistake()
    assert story.why() == told
    assert story.workspace.model is first and len(story.workspace.models) == 3


def test_what_was_opened_while_the_engine_starts_stays(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    from threading import Event

    go = Event()
    start = runtime.start

    def slow() -> runtime.Runtime:
        go.wait(PATIENCE / 1000)
        return start()

    monkeypatch.setattr(runtime, "start", slow)
    with window_on(qtbot, "model", [load_sample("digit-3")]) as window:
        story = Story(qtbot, window)
        window.start_engine()
        window.run_command("model.page.library")
        library_open(story, window)
        go.set()
        story.settle()
        assert story.workspace.model is not None and story.workspace.model.source.spec == "lenet-5"
        assert [model.source.spec for model in story.workspace.models] == ["lenet-5"]


def library_open(story: Story, window: MainWindow) -> None:
    """Open LeNet-5 from the library, as its button does."""
    from convscope.ui.panels.model.library.view import LibraryView

    view = window.findChild(LibraryView)
    assert view is not None
    story.until(lambda: view.rows.row_of("lenet-5") >= 0)
    index = view.order.mapFromSource(view.rows.index(view.rows.row_of("lenet-5"), 0))
    table = story.find(QTableView, "model.library.table")
    table.scrollTo(index)
    place = table.visualRect(index).center()
    story.qtbot.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=place)
    story.press("model.library.open", settle=False)
