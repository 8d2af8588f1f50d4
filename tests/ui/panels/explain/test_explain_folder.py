"""A folder of pictures dropped on the window: a table of what the network says of each."""

from __future__ import annotations

import csv
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cut_off import cut_off
from driver import Driver
from explain_helpers import panel_of
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QComboBox, QFileDialog, QHeaderView, QWidget
from pytestqt.qtbot import QtBot
from walk import SIZES, Size

from convscope.core.paths import resource_path
from convscope.engine.models import predict_folder as engine
from convscope.engine.models.opened import OpenedModel
from convscope.engine.models.predict_folder import Answered, PictureFile
from convscope.imaging.io.load import load_image
from convscope.ui.canvas.veil import Veil
from convscope.ui.main_window import MainWindow
from convscope.ui.panels.explain.folder.answers import SKIPPED, FolderAnswers, FolderOrder
from convscope.ui.panels.explain.folder.table import AnswersTable

PHOTOGRAPHS = (
    "cat.jpg",
    "coffee.jpg",
    "digit-2.png",
    "digit-3.png",
    "digit-7.png",
    "digit-8.png",
    "text.png",
)


class Folder(Driver):
    """The page of the panel that explains."""

    @property
    def table(self) -> AnswersTable:
        return self.find(AnswersTable, "explain.folder.table")

    def drop(self, folder: Path, settle: bool | None = None) -> None:
        """Let a folder fall on the window."""
        mime = QMimeData()
        mime.setUrls([QUrl.fromLocalFile(str(folder))])
        copy, left, none = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
        self.window.dropEvent(QDropEvent(QPointF(300, 300), copy, mime, left, none))
        self._settled(settle)

    def names(self) -> list[str]:
        """The pictures on show, from above."""
        return self.column(0)

    def column(self, column: int) -> list[str]:
        model = self.table.answers_model
        return [str(model.index(row, column).data()) for row in range(model.rowCount())]

    def click_row(self, row: int) -> None:
        rect = self.table.visualRect(self.table.answers_model.index(row, 1))
        self.click_in(self.table, rect.center())

    def click_title(self, column: int) -> None:
        header: QHeaderView = self.table.horizontalHeader()
        place = QPoint(header.sectionViewportPosition(column) + 20, header.height() // 2)
        self.qtbot.mouseClick(header.viewport(), Qt.MouseButton.LeftButton, pos=place)

    def accept(self, dialog: str, path: Path) -> None:
        """Choose a file in a dialog."""
        found = self.find(QFileDialog, dialog)
        found.fileSelected.emit(str(path))
        found.close()
        self.settle()


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """Shipped photographs and digits, one of them in a folder below, and one that is broken."""
    folder = tmp_path / "holiday"
    (folder / "more").mkdir(parents=True)
    for name in PHOTOGRAPHS:
        shutil.copy(resource_path("images", name), folder / name)
    (folder / "text.png").rename(folder / "more" / "text.png")
    (folder / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 cut")
    return folder


@pytest.fixture
def page(qtbot: QtBot, window: MainWindow, digits: OpenedModel) -> Iterator[Folder]:
    """The window on the panel, with the network for digits."""
    window.workspace.add_model(digits)
    made = Folder(qtbot, window)
    made.settle()
    yield made


def test_a_dropped_folder_becomes_a_table_the_surest_first(
    page: Folder, pictures: Path, digits: OpenedModel
) -> None:
    page.drop(pictures)
    panel = panel_of(page.window)
    assert panel.stack.currentWidget() is panel.folder and panel.switch.value == "folder"
    assert page.text("explain.folder.said") == "holiday: 8 pictures   ·   1 skipped"
    names = page.names()
    assert names[-1] == "broken.jpg" and "more/text.png" in names and len(names) == 8
    assert page.column(1)[-1] == "skipped: damaged or cut short: open another copy of it."
    shares = []
    for name, told in zip(names[:-1], page.column(1), strict=False):
        best = digits.predict(load_image(pictures / name)).top(1)[0]
        assert told == best.name
        shares.append(best.probability)
    assert shares == sorted(shares, reverse=True)
    assert not page.find(QWidget, "explain.folder.act").isVisible()
    assert list(cut_off(page.window)) == []
    # The film strip is as it was: nothing was opened.
    assert len(page.workspace.images) == 2


def test_thumbnails_come_for_what_is_on_show(page: Folder, pictures: Path) -> None:
    page.drop(pictures)
    answers = page.table.answers_model.answers
    assert answers is not None
    for row, file in enumerate(answers.files):
        assert (page.table.pixmap(row) is None) == (file.name == "broken.jpg")


def test_titles_sort_and_a_class_is_shown_alone(page: Folder, pictures: Path) -> None:
    page.drop(pictures)
    page.click_title(0)
    first = page.names()
    page.click_title(0)
    assert page.names() == first[::-1] and sorted(first) in (first, first[::-1])
    page.click_title(2)
    page.click_title(3)  # the second class sorts nothing
    box = page.find(QComboBox, "explain.folder.class")
    assert box.itemText(0) == "all classes (8)"
    chosen = box.itemData(1)
    page.pick("explain.folder.class", chosen)
    told = page.column(1)
    assert len(set(told)) == 1 and box.itemText(1) == f"{told[0]} ({len(told)})"
    page.pick("explain.folder.class", str(SKIPPED))
    assert page.names() == ["broken.jpg"]
    page.pick("explain.folder.class", "all")
    assert len(page.names()) == 8


def test_a_click_opens_the_picture_and_explains_it(page: Folder, pictures: Path) -> None:
    page.drop(pictures)
    row = page.names().index("digit-7.png")
    page.click_row(row)
    panel = panel_of(page.window)
    assert page.workspace.image.path == pictures / "digit-7.png"
    assert panel.switch.value == "wall" and panel.stack.currentWidget() is panel.body
    page.press("explain.view.folder")
    assert page.table.currentIndex().row() == row
    # Return does the same; a picture that is open already is not opened twice.
    count = len(page.workspace.images)
    page.qtbot.keyClick(page.table, Qt.Key.Key_Return)
    page.settle()
    assert panel.switch.value == "wall" and len(page.workspace.images) == count


def test_no_more_than_a_few_pictures_stay_open(
    page: Folder, pictures: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("convscope.ui.panels.explain.folder.view_model.KEPT", 2)
    page.drop(pictures)
    for row in range(4):
        page.press("explain.view.folder")
        page.click_row(row)
    assert len(page.workspace.images) == 2 + 2


def test_what_is_on_show_is_saved_as_a_table(page: Folder, pictures: Path, tmp_path: Path) -> None:
    page.drop(pictures)
    page.press("explain.folder.save")
    page.accept("explain.folder.save.dialog", tmp_path / "all.csv")
    with (tmp_path / "all.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [one["path"] for one in rows] == page.names()
    assert [one["class"] for one in rows[:-1]] == page.column(1)[:-1]
    assert rows[-1]["skipped"].startswith("damaged")
    # The command line goes on with it: all but the broken one are known.
    from convscope.cli import main

    assert main(["predict", "digits", str(pictures), "--csv", str(tmp_path / "all.csv"), "--json"]) == 0


class Gate:
    """Holds the answers back, after the first so many."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, free: int) -> None:
        self.opened = threading.Event()
        real = engine.predict_folder

        def held(*args: Any, **more: Any) -> Iterator[list[Answered]]:
            for number, some in enumerate(real(*args, **more)):
                while number >= free and not self.opened.wait(0.005):
                    more["task"].check()
                yield some

        monkeypatch.setattr(engine, "BATCH", 1)
        monkeypatch.setattr(engine, "predict_folder", held)


def test_it_is_stopped_and_gone_on_with(
    page: Folder, pictures: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = Gate(monkeypatch, free=3)
    page.drop(pictures, settle=False)
    page.until(lambda: len(page.names()) == 3)
    assert page.text("explain.folder.said").startswith("holiday: 3 of 8 pictures")
    assert "Predicting holiday" in [job.title for job in page.window.jobs.running()]
    page.press("explain.folder.act")
    assert page.text("explain.folder.said").startswith("holiday: stopped after 3 of 8 pictures")
    assert len(page.names()) == 3
    gate.opened.set()
    page.press("explain.folder.act")
    assert page.text("explain.folder.said") == "holiday: 8 pictures   ·   1 skipped"
    assert len(page.names()) == 8


def test_the_latest_folder_wins(
    page: Folder, pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    shutil.copy(resource_path("images", "cat.jpg"), other / "only.jpg")
    Gate(monkeypatch, free=1)
    page.drop(pictures, settle=False)
    page.until(lambda: len(page.names()) == 1)
    page.drop(other)
    assert page.names() == ["only.jpg"] and page.text("explain.folder.said") == "other: 1 picture"


def test_another_network_is_asked_only_when_told_to(
    page: Folder, pictures: Path, garments: OpenedModel
) -> None:
    page.drop(pictures)
    before = page.column(1)
    page.workspace.add_model(garments)
    page.settle()
    assert page.column(1) == before
    assert page.find(Veil, "explain.folder.veil").words == "Still of Digits convnet."
    page.press("explain.folder.act")
    assert page.find(Veil, "explain.folder.veil").words == ""
    told = dict(zip(page.names(), page.column(1), strict=True))
    assert told["cat.jpg"] == garments.predict(load_image(pictures / "cat.jpg")).top(1)[0].name


def test_a_folder_waits_for_a_network(
    qtbot: QtBot, window: MainWindow, pictures: Path, digits: OpenedModel
) -> None:
    page = Folder(qtbot, window)
    page.drop(pictures)
    assert page.text("explain.folder.empty") == "There is no network to ask about holiday yet."
    assert page.find(QWidget, "explain.folder.open_model").isVisible()
    page.workspace.add_model(digits)
    page.settle()
    assert len(page.names()) == 8


def test_a_folder_without_pictures_says_so(page: Folder, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    page.drop(tmp_path / "empty")
    assert "has no pictures in it: choose another folder." in page.text("explain.folder.empty")


def test_data_asks_about_folders_without_classes_and_opens_those_with(
    page: Folder, pictures: Path, tmp_path: Path
) -> None:
    page.window.show_panel("data")
    for label in ("cats", "dogs"):
        (tmp_path / "set" / label).mkdir(parents=True)
        shutil.copy(resource_path("images", "cat.jpg"), tmp_path / "set" / label / "a.jpg")
    page.drop(tmp_path / "set")
    assert page.workspace.dataset is not None and page.workspace.dataset.classes == ("cats", "dogs")
    page.drop(pictures)
    assert page.window.settings.panel == "explain" and len(page.names()) == 8


def test_data_that_was_refused_offers_to_ask_about_it(page: Folder, tmp_path: Path) -> None:
    flat = tmp_path / "flat"
    flat.mkdir()
    shutil.copy(resource_path("images", "digit-2.png"), flat / "2.png")
    page.window.show_panel("data")
    page.window.sources.engine.open_dataset(flat)
    page.settle()
    assert page.find(QWidget, "data.refused").isVisible()
    page.press("data.refused.ask")
    assert page.window.settings.panel == "explain" and page.names() == ["2.png"]
    page.window.show_panel("data")
    assert not page.find(QWidget, "data.refused").isVisible()


def test_elsewhere_a_folder_is_opened_as_before(page: Folder, pictures: Path) -> None:
    page.window.show_panel("kernels")
    page.drop(pictures)
    assert page.window.settings.panel == "kernels" and len(page.workspace.images) > 2


def test_numbers_are_no_shares(page: Folder, pictures: Path, tmp_path: Path) -> None:
    import keras

    keras.utils.set_random_seed(2)
    layers = [keras.Input((8, 8, 1)), keras.layers.Flatten(), keras.layers.Dense(2, name="position")]
    model = OpenedModel(keras.Sequential(layers), name="where")
    page.workspace.add_model(model)
    page.drop(pictures)
    header = [page.table.answers_model.headerData(n, Qt.Orientation.Horizontal) for n in range(3)]
    assert header == ["Picture", "Numbers", model.name_of(0)]
    assert not any("%" in words for column in range(4) for words in page.column(column))
    values = [model.predict(load_image(pictures / name)).logits[0] for name in page.names()[:-1]]
    assert values == sorted(values, reverse=True)
    assert page.find(QComboBox, "explain.folder.class").count() == 2
    page.press("explain.folder.save")
    page.accept("explain.folder.save.dialog", tmp_path / "numbers.csv")
    header_line = (tmp_path / "numbers.csv").read_text(encoding="utf-8").splitlines()[0]
    assert header_line == f"path,{model.name_of(0)},{model.name_of(1)},skipped,bytes,modified,model"


# ---- the answers themselves -----------------------------------------------------------------------------


def made(shares: dict[str, tuple[int, float] | str]) -> FolderAnswers:
    files = [PictureFile(name, 1, 1) for name in shares]
    answers = FolderAnswers(None, Path("f"), files, ["b", "a", "c"], 1)  # type: ignore[arg-type]
    for file, told in zip(files, shares.values(), strict=True):
        if isinstance(told, str):
            one = Answered(file, np.empty(0, np.int32), np.empty(0, np.float32), told)
        else:
            one = Answered(file, np.array(told[:1], np.int32), np.array(told[1:], np.float32))
        answers.add([one])
    return answers


def test_orders_of_rows() -> None:
    answers = made({"0": (0, 0.5), "1": (1, 0.9), "2": "damaged", "3": (0, 0.7), "4": (2, 0.9)})
    told = {
        FolderOrder(): [1, 4, 3, 0, 2],
        FolderOrder("probability", False): [0, 3, 1, 4, 2],
        FolderOrder("name", False): [0, 1, 2, 3, 4],
        FolderOrder("name", True): [4, 3, 2, 1, 0],
        # By their names: a, b, c are the classes 1, 0, 2.
        FolderOrder("class", False): [1, 0, 3, 4, 2],
        FolderOrder("class", True): [4, 0, 3, 1, 2],
        FolderOrder(only=0): [3, 0],
        FolderOrder(only=SKIPPED): [2],
    }
    for order, rows in told.items():
        assert answers.rows(order).tolist() == rows, order
    assert answers.counts() == [(0, 2), (1, 1), (2, 1), (SKIPPED, 1)]
    assert answers.done == 5 and answers.waiting() == []
    assert answers.answered(2).problem == "damaged" and answers.answered(1).numbers[0] == np.float32(0.9)


# ---- how it looks ---------------------------------------------------------------------------------------

LONG = "PXL_20240517_124312345.MP, the cat on the window sill of the holiday house in the mountains.jpg"


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_nothing_of_a_filled_table_is_cut_off(
    page: Folder, pictures: Path, garments: OpenedModel, size: Size
) -> None:
    (pictures / "cat.jpg").rename(pictures / LONG)
    long_words = [f"{name}, photographed from above on a white ground" for name in garments.classes]
    page.workspace.add_model(garments.with_(classes=long_words))
    page.drop(pictures)
    page.window.set_zoom(size.zoom)
    page.window.resize(size.width, size.height)
    page.settle()
    shown = [f"{fault}" for fault in cut_off(page.window)]
    page.window.set_zoom(1.0)
    assert shown == []
