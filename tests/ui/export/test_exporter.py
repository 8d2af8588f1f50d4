"""What a panel describes that it can save and copy, in a menu, as commands, in files and on the clipboard."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as PillowImage
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFileDialog, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from convscope.core.task import Task
from convscope.imaging.image import Image
from convscope.imaging.io.save import save_png
from convscope.ui.export.exporter import Copy, Export, ExportMenu
from convscope.ui.export.writing import Write
from convscope.workspace.workspace import Workspace
from tests.without_qt import InlineJobs, Told, bare_context


class Shown:
    """A panel with a picture, or none, and what it can save of it."""

    def __init__(self, window: QWidget) -> None:
        self.pixels: np.ndarray | None = np.full((4, 6, 3), 90, np.uint8)
        self.jobs, self.told, self.window = InlineJobs(), Told(), window
        context = bare_context(Workspace([Image(self.pixels, "one")]), self.jobs, self.told)
        exports = (
            Export("picture", "The picture as PNG…", (".png",), self._picture, "Ctrl+S"),
            Export("text", "Its text…", (".txt", ".md"), lambda: self._text),
        )
        copies = (
            Copy("words", "Copy the words", lambda: lambda _task: "some words", "Copied the words."),
            Copy("pixels", "Copy the picture", self._copied, "Copied.", "There is no picture."),
        )
        self.exporter = ExportMenu(
            context, "demo", "Save it", lambda what: f"a-{what}", exports, window, copies
        )

    def _picture(self) -> Write | None:
        pixels = self.pixels
        return None if pixels is None else lambda path, _task: save_png(path, pixels)

    @staticmethod
    def _text(path: Path, _task: Task) -> tuple[Path, ...]:
        beside = path.with_name("beside.csv")
        for file in (path, beside):
            file.write_text("x")
        return path, beside

    def _copied(self) -> object:
        pixels = self.pixels
        return None if pixels is None else lambda _task: pixels


@pytest.fixture
def shown(qtbot: QtBot) -> Iterator[Shown]:
    window = QWidget()
    qtbot.addWidget(window)
    made = Shown(window)
    QVBoxLayout(window).addWidget(made.exporter.button)
    yield made


def test_what_is_described_is_in_the_menu_and_among_the_commands(shown: Shown) -> None:
    menu = shown.exporter.menu
    names = [action.objectName() for action in menu.actions()]
    assert names == ["demo.save.picture", "demo.save.text", "demo.copy.words", "demo.copy.pixels"]
    commands = {command.id: command for command in shown.exporter.commands()}
    assert list(commands) == ["demo.save.picture", "demo.save.text", "demo.words", "demo.pixels"]
    assert commands["demo.save.picture"].title == "Save: the picture as PNG…"
    assert commands["demo.save.picture"].shortcut == "Ctrl+S"
    shown.pixels = None
    menu.aboutToShow.emit()
    assert [action.isEnabled() for action in menu.actions()] == [False, True, True, False]
    assert [command.enabled for command in shown.exporter.commands()] == [False, True, True, False]


def test_a_file_is_asked_for_and_written_in_a_job(shown: Shown, tmp_path: Path) -> None:
    shown.exporter.choose("picture")
    dialog = shown.window.findChild(QFileDialog, "demo.file")
    assert dialog is not None and Path(dialog.selectedFiles()[0]).name == "a-picture.png"
    dialog.fileSelected.emit(str(tmp_path / "mine"))
    # What is saved is what was on show, whatever is shown when the job has its turn.
    shown.pixels = None
    shown.jobs.run()
    assert np.asarray(PillowImage.open(tmp_path / "mine.png")).tolist() == np.full((4, 6, 3), 90).tolist()
    assert shown.told.notices == ["Saved mine.png."]
    dialog.close()
    shown.exporter.choose("picture")
    assert [each for each in shown.window.findChildren(QFileDialog) if each.isVisible()] == []


def test_other_endings_of_its_own_are_taken_and_no_others(shown: Shown, tmp_path: Path) -> None:
    shown.exporter.save_to("text", tmp_path / "a.md")
    shown.jobs.run()
    assert (tmp_path / "a.md").exists()
    assert shown.told.notices == ["Saved a.md, with beside.csv beside it."]
    shown.exporter.save_to("text", tmp_path / "b.xyz")
    assert [str(error) for error in shown.told.errors] == ["b.xyz ends in .xyz: use .txt or .md."]
    shown.exporter.save_to("text", tmp_path / "c")
    shown.jobs.run()
    assert (tmp_path / "c.txt").exists()
    shown.exporter.save_to("picture", tmp_path / "none" / "a.png")
    shown.jobs.run()
    assert len(shown.told.errors) == 2


def test_words_and_pictures_are_copied(shown: Shown) -> None:
    shown.exporter.copy("words")
    shown.jobs.run()
    assert QGuiApplication.clipboard().text() == "some words"
    shown.exporter.copy("pixels")
    shown.jobs.run()
    image = QGuiApplication.clipboard().image()
    assert (image.width(), image.height(), image.pixelColor(0, 0).red()) == (6, 4, 90)
    shown.pixels = None
    shown.exporter.copy("pixels")
    assert shown.told.notices[-1] == "There is no picture." and not shown.jobs.waiting
