"""Where a file goes: its name and ending, the folder of the last one, and what would be overwritten."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget
from pytestqt.qtbot import QtBot

from convscope.core.errors import UserError
from convscope.imaging.image import Image
from convscope.ui.export.file_dialog import choose_file
from convscope.ui.export.writing import save_as, with_ending
from convscope.workspace.workspace import Workspace
from tests.without_qt import InlineJobs, Told, bare_context


@pytest.fixture
def window(qtbot: QtBot) -> Iterator[QWidget]:
    made = QWidget()
    qtbot.addWidget(made)
    made.show()
    yield made


def test_a_name_is_proposed_and_kinds_of_files_are_described(window: QWidget) -> None:
    dialog = choose_file(
        window, str, "net.png", {".png": "As displayed", ".npy": "Exact"}, name="some.file", title="Save it"
    )
    assert (dialog.objectName(), dialog.windowTitle()) == ("some.file", "Save it")
    assert dialog.nameFilters() == ["As displayed (*.png)", "Exact (*.npy)"]
    assert Path(dialog.selectedFiles()[0]).name == "net.png"
    assert dialog.acceptMode() == QFileDialog.AcceptMode.AcceptSave and dialog.defaultSuffix() == "png"
    dialog.selectNameFilter("Exact (*.npy)")
    dialog.filterSelected.emit("Exact (*.npy)")
    assert dialog.defaultSuffix() == "npy"
    assert not dialog.testOption(QFileDialog.Option.DontConfirmOverwrite)
    folder = choose_file(window, str, "net", {"": "SavedModel"})
    assert folder.testOption(QFileDialog.Option.DontConfirmOverwrite)
    dialog.close()
    folder.close()


def test_the_next_file_goes_where_the_last_one_went(window: QWidget, tmp_path: Path) -> None:
    saved: list[str] = []
    first = choose_file(window, saved.append, "a.png")
    first.fileSelected.emit(str(tmp_path / "a.png"))
    first.close()
    second = choose_file(window, saved.append, "b.png")
    assert Path(second.selectedFiles()[0]) == tmp_path / "b.png"
    second.close()
    assert saved == [str(tmp_path / "a.png")]


def test_what_would_be_overwritten_is_asked_about(window: QWidget, tmp_path: Path) -> None:
    (tmp_path / "a.txt.png").write_text("old")
    saved: list[str] = []
    for answer, expected in (("No", []), ("Yes", [str(tmp_path / "a.txt.png")])):
        dialog = choose_file(window, saved.append)
        dialog.fileSelected.emit(str(tmp_path / "a.txt"))
        dialog.close()
        box = next(box for box in window.findChildren(QMessageBox, "save.replace") if box.isVisible())
        assert "a.txt.png already exists" in box.text() and not saved
        box.button(QMessageBox.StandardButton[answer]).click()
        assert saved == expected


def test_endings() -> None:
    assert with_ending("a", (".png",)) == Path("a.png")
    assert with_ending("a.PNG", (".png",)) == Path("a.PNG")
    assert with_ending("a.txt", (".png",)) == Path("a.txt.png")
    assert with_ending("a.txt", ()) == Path("a.txt")
    assert with_ending("a", (".png", ".svg")) == Path("a.png")
    with pytest.raises(UserError, match=r"a\.txt ends in \.txt: use \.png or \.svg\."):
        with_ending("a.txt", (".png", ".svg"))


def test_what_cannot_be_saved_is_one_sentence(tmp_path: Path) -> None:
    jobs, told = InlineJobs(), Told()
    context = bare_context(Workspace([Image(np.zeros((2, 2)), "one")]), jobs, told)

    def write(path: Path, _task: object) -> None:
        path.write_text("x")

    save_as(context, tmp_path / "no" / "a.csv", write)
    jobs.run()
    assert [str(error) for error in told.errors] == [
        "a.csv cannot be saved: no such file or directory; choose another name or folder."
    ]
    save_as(context, tmp_path / "a", write, (".csv",))
    jobs.run()
    assert told.notices == ["Saved a.csv."] and (tmp_path / "a.csv").exists()
