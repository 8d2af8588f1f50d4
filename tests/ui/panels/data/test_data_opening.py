"""Stories of opening: menus, folders with trouble in them, files, cancelling, duplicates, splits."""

from __future__ import annotations

import gzip
import shutil
import struct
import time
import urllib.request
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.error import URLError

import numpy as np
import pytest
from data_helpers import Data, small_set
from PIL import Image as PillowImage
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QLabel, QPlainTextEdit, QSpinBox, QToolButton, QWidget

from convscope.core.task import Task
from convscope.engine.data.dataset import SPLIT_NAMES, make_dataset
from convscope.engine.data.images import ArrayImages
from convscope.engine.data.sets import registry
from convscope.engine.data.similar import alike
from convscope.engine.data.split import SplitSettings
from convscope.ui.panels.data.panel import DataPanel
from convscope.ui.panels.data.preview import PreviewGrid


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three classes of PNGs of two sizes: an empty file, one that is cut off, one that lies in its middle."""
    root = tmp_path / "animals"
    rng = np.random.default_rng(3)
    for name, count in (("cats", 12), ("dogs", 10), ("emus", 1)):
        (root / name).mkdir(parents=True)
        for number in range(count):
            pixels = rng.integers(0, 256, (20 + number % 2, 30, 3), np.uint8)
            PillowImage.fromarray(pixels).save(root / name / f"{number:02}.png")
    (root / "cats" / "empty.png").write_bytes(b"")
    whole = (root / "cats" / "03.png").read_bytes()
    (root / "dogs" / "cut.png").write_bytes(whole[: len(whole) // 2])
    (root / "dogs" / "liar.png").write_bytes(whole[:60] + bytes(len(whole) - 80) + whole[-20:])
    return root


def toasts(data: Data) -> list[str]:
    """The messages on show."""
    return [toast.message for toast in data.window.toasts.toasts()]


def test_a_folder_of_classes_with_broken_files(data: Data, folder: Path) -> None:
    data.menu("data.empty.more", "data.open.folder")
    data.accept_dialog("sources.dataset", folder)
    assert data.dataset.classes == ("cats", "dogs", "emus")
    assert data.text("data.facts") == "24 images · 3 classes · sizes differ · RGB"
    assert "2 files are left out" in data.text("data.notes")
    assert "“emus” has one image" in " ".join(data.panel.source.all_notes())
    data.press("data.details")
    said = data.find(QPlainTextEdit, "data.details.text").toPlainText()
    assert "cats/empty.png: the file is empty" in said
    assert "dogs/cut.png: " in said
    data.find(QWidget, "data.details.dialog").close()
    data.class_row(3)
    assert [data.dataset.images.name(int(index)) for index in data.grid.indices] == ["emus/00.png"]


def test_a_file_is_opened_by_its_path_and_tells_its_size(data: Data, folder: Path) -> None:
    data.panel.context.open_dataset(folder)
    data.settle()
    data.class_row(1)
    index = data.click_image(2)
    path = data.dataset.images.path(index)
    assert data.workspace.image.path == path
    assert path is not None
    assert np.array_equal(data.workspace.image.values, np.asarray(PillowImage.open(path)))
    before = len(data.workspace.images)
    data.click_image(2)
    assert len(data.workspace.images) == before
    data.qtbot.mouseMove(data.grid.viewport(), data.place(4))
    data.settle()
    name = data.dataset.images.name(int(data.grid.indices[4]))
    height = data.dataset.images.read(int(data.grid.indices[4])).shape[0]
    assert data.text("data.hover").startswith(f"{name}   ·   cats   ·   {height} × 30 RGB")


def test_a_file_that_breaks_only_when_it_is_read_says_so(data: Data, folder: Path) -> None:
    data.panel.context.open_dataset(folder)
    data.settle()
    data.press("data.part.all")
    names = [data.dataset.images.name(int(index)) for index in data.grid.indices]
    position = names.index("dogs/liar.png")
    data.qtbot.mouseMove(data.grid.viewport(), data.place(position))
    data.settle()
    assert "liar.png" in data.text("data.hover")
    assert "unreadable" in data.grid.words(int(data.grid.indices[position]))
    data.click_image(position)
    assert data.workspace.image.name == "gray"
    assert any("liar.png" in message for message in toasts(data))


def test_files_from_the_dialog(data: Data, tmp_path: Path) -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (30, 9, 7), np.uint8)
    labels = (np.arange(30) % 2).astype(np.uint8)
    archive = tmp_path / "own.npz"
    np.savez(archive, x=pixels, y=labels)
    data.menu("data.empty.more", "data.open.file")
    data.accept_dialog("data.file", archive)
    assert data.text("data.facts") == "30 images · 2 classes · 9 × 7 gray"
    for name, array in (("images-idx3", pixels), ("labels-idx1", labels)):
        head = b"\0\0\x08" + bytes([array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape)
        (tmp_path / f"train-{name}-ubyte.gz").write_bytes(gzip.compress(head + array.tobytes()))
    data.menu("data.open", "data.open.file")
    data.accept_dialog("data.file", tmp_path / "train-images-idx3-ubyte.gz")
    assert data.dataset.reference.endswith("train-images-idx3-ubyte.gz")
    assert np.array_equal(data.dataset.images.read(7), pixels[7])


def test_data_sets_of_every_form_can_be_dropped(data: Data, folder: Path, tmp_path: Path) -> None:
    parts = tmp_path / "parts"
    for part in ("train", "test"):
        shutil.copytree(folder, parts / part)
    np.savez(tmp_path / "own.npz", x=np.zeros((30, 9, 7), np.uint8), y=(np.arange(30) % 2).astype(np.uint8))
    wrapped = tmp_path / "wrapped"
    shutil.copytree(folder, wrapped / "archive" / "images")
    for path, images, classes in ((parts, 48, 3), (tmp_path / "own.npz", 30, 2), (wrapped, 24, 3)):
        data.window.open_path(path)
        data.settle()
        assert data.dataset.reference == str(path)
        assert (len(data.dataset), len(data.dataset.classes)) == (images, classes)
    assert toasts(data) == []


def test_the_menu_lists_every_set_with_a_name(data: Data) -> None:
    data.menu("data.empty.more", "data.open.textures")
    data.settle()
    assert data.dataset.title == "Textures"
    menu = data.find(QToolButton, "data.open").menu()
    menu.aboutToShow.emit()
    listed = {action.objectName() for action in menu.actions()}
    wanted = {f"data.open.{name}" for name in (*registry.NAMES, "folder", "file")}
    assert wanted <= listed
    data.window.run_command("data.open.fashion")
    data.settle()
    assert data.dataset.title == "Garments"
    assert wanted <= {command.id for command in data.window.commands()}


def test_a_folder_without_classes_is_one_sentence_and_changes_nothing(data: Data, tmp_path: Path) -> None:
    kept = data.show(small_set())
    folder = tmp_path / "empty"
    folder.mkdir()
    data.panel.context.open_dataset(folder)
    data.settle()
    assert data.dataset is kept
    # It is said once: not over the panel that says it.
    assert toasts(data) == []
    refused = data.find(QWidget, "data.refused")
    assert refused.isVisible()
    assert "has no image in any sub-folder" in data.text("data.refused.words")
    for name in ("a", "b"):
        (folder / name).mkdir()
        PillowImage.new("RGB", (9, 9), {"a": "red", "b": "blue"}[name]).save(folder / name / "1.png")
    data.press("data.refused.again")
    assert not refused.isVisible() and data.dataset.classes == ("a", "b")
    assert data.text("data.split.words") == "Every class is split alike; no file is in two parts."
    # From elsewhere it is told where one is.
    data.window.show_panel("kernels")
    data.panel.context.open_dataset(tmp_path / "nowhere")
    data.settle()
    assert [message.startswith("There is no folder") for message in toasts(data)] == [True]


def test_what_could_not_be_opened_is_told_when_the_panel_comes_later(data: Data, tmp_path: Path) -> None:
    data.window.sources.engine.open_dataset(tmp_path / "nowhere")
    data.settle()
    other = DataPanel(data.panel.context)
    data.qtbot.addWidget(other)
    words = other.findChild(QLabel, "data.refused.words")
    assert words is not None and not words.isHidden() and "There is no folder" in words.text()
    other.shutdown()
    data.press("data.refused.close")
    assert not data.find(QWidget, "data.refused").isVisible()
    assert data.find(QWidget, "data.empty.digits").isVisible()
    assert data.window.sources.engine.refused is None


def test_pictures_that_are_damaged_in_their_middle_are_counted(
    data: Data, folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    for name in ("x", "y"):
        path = folder / "cats" / f"{name}.jpg"
        noise = np.random.default_rng(1).integers(0, 256, (60, 80, 3), np.uint8)
        PillowImage.fromarray(noise).save(path)
        whole = path.read_bytes()
        path.write_bytes(whole[: len(whole) // 2] + whole[len(whole) // 2 + 300 :])
    data.panel.context.open_dataset(folder)
    data.settle()
    data.press("data.part.all")
    told = data.panel.source.all_notes()[0]
    assert told.startswith("3 files cannot be decoded, and training leaves them out: cats/x.jpg (damaged")
    assert told[:100] in data.text("data.notes")
    data.press("data.details")
    said = data.find(QPlainTextEdit, "data.details.text").toPlainText()
    assert "cats/y.jpg: damaged: its JPEG data do not add up" in said
    data.find(QWidget, "data.details.dialog").close()
    # Neither preview shows such an image as a black one.
    names = [data.dataset.images.name(int(index)) for index in data.grid.indices]
    assert data.find(PreviewGrid, "data.preview").count == 12
    data.click_image(names.index("cats/x.jpg"))
    assert data.text("data.problem") == "cats/x.jpg is damaged or gone: training leaves it out."
    assert data.find(PreviewGrid, "data.preview").count == 0
    data.press("data.page.input")
    data.press("data.input.size.set")
    assert data.text("data.input.problem") == data.text("data.problem")
    whole = next(place for place, name in enumerate(names) if name.startswith("dogs"))
    data.click_image(whole)
    assert not data.find(QLabel, "data.input.problem").isVisible()
    data.press("data.page.augmentation")
    assert not data.find(QLabel, "data.problem").isVisible()
    assert data.find(PreviewGrid, "data.preview").count == 12
    assert capfd.readouterr().err == ""


def test_offline_it_says_what_is_here(data: Data, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise URLError("no network")

    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setattr(urllib.request, "urlopen", refuse)
    data.menu("data.empty.more", "data.open.cifar10")
    data.settle()
    assert data.workspace.dataset is None
    sentence = "CIFAR-10 is not on this machine and cannot be downloaded now"
    assert data.text("data.refused.words").startswith(sentence) and toasts(data) == []
    assert "no network" in data.find(QLabel, "data.refused.words").toolTip()


def test_opening_shows_how_far_it_is_and_can_be_cancelled(
    data: Data, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slowly(reference: str, task: Task, **_: object) -> None:
        for step in range(2_000):
            task.progress(step / 2_000, f"Checking {step} files")
            time.sleep(0.005)

    kept = data.show(small_set())
    monkeypatch.setattr(registry, "open_dataset", slowly)
    strip = data.find(QWidget, "data.opening")
    assert not strip.isVisible()
    data.panel.context.open_dataset("digits")
    data.qtbot.waitUntil(strip.isVisible)
    data.qtbot.waitUntil(lambda: data.text("data.opening.title").startswith("Checking"))
    data.press("data.opening.cancel")
    assert not strip.isVisible()
    assert data.dataset is kept


def test_duplicates_across_the_splits_are_found_and_shown(data: Data) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (60, 12, 12, 3), np.uint8)
    labels = (np.arange(60) % 3).astype(np.int32)
    plain = make_dataset(
        "s", "S", ("a", "b", "c"), ArrayImages(pixels), labels, image_size=(12, 12), channels=3
    )
    train, test = int(plain.of_class(1, "train")[0]), int(plain.of_class(1, "test")[0])
    pixels[test] = pixels[train]
    dataset = data.show(plain)
    show = data.find(QWidget, "data.duplicates.show")
    assert not show.isVisible()
    data.press("data.keep_together")
    data.press("data.duplicates")
    assert toasts(data) == ["1 pair of equal pixels."]
    assert "1 image is in training and in validation or test too" in data.text("data.notes")
    data.press("data.duplicates.show")
    assert sorted(data.grid.indices.tolist()) == sorted((train, test))
    data.press("data.details")
    assert (
        f"image {min(train, test)} = image {max(train, test)}"
        in data.find(QPlainTextEdit, "data.details.text").toPlainText()
    )
    data.find(QWidget, "data.details.dialog").close()
    data.press("data.duplicates.show")
    assert data.grid.indices.tolist() == dataset.indices("train").tolist()
    # Kept together the test tests again; and it is a step like any other.
    data.press("data.keep_together")
    assert data.text("data.notes").startswith("1 pair of equal pixels, kept in one part (image ")
    assert [len(data.dataset.indices(name)) for name in SPLIT_NAMES] == [
        len(dataset.indices(name)) for name in SPLIT_NAMES
    ]
    together = parts(data)
    data.spin("data.split.seed", 5)
    assert data.panel.source.duplicates is not None, "known of any split"
    assert data.grid.indices.tolist() == data.dataset.indices("train").tolist()
    assert data.text("data.notes").startswith("1 pair of equal pixels, kept in one part (image ")
    data.undo()
    assert parts(data) == together
    data.undo()
    assert not data.find(QAbstractButton, "data.keep_together").isChecked()
    assert "1 image is in training and in validation or test too" in data.text("data.notes")
    assert parts(data) == [dataset.indices(name).tolist() for name in SPLIT_NAMES]


def parts(data: Data) -> list[list[int]]:
    """The images of the three parts."""
    return [data.dataset.indices(name).tolist() for name in SPLIT_NAMES]


def test_a_png_and_its_bmp_copy_are_kept_together_without_being_asked(data: Data, folder: Path) -> None:
    """Of an own folder the copies are found when it is opened; the switch is on."""
    noise = np.random.default_rng(1).integers(0, 256, (6, 24, 24, 3), np.uint8)
    for number, pixels in enumerate(noise):
        PillowImage.fromarray(pixels).save(folder / "cats" / f"n{number}.png")
        PillowImage.fromarray(pixels).save(folder / "cats" / f"n{number} copy.bmp")
    data.panel.context.open_dataset(folder)
    data.settle()
    assert data.find(QAbstractButton, "data.keep_together").isChecked()
    name = data.dataset.images.name
    for seed in (0, 1, 2, 3):
        data.spin("data.split.seed", seed)
        said = "6 pairs of equal pixels, kept in one part (cats/n0 copy.bmp and cats/n0.png)."
        assert said in data.text("data.notes")
        where = {name(index): part for part, indices in enumerate(parts(data)) for index in indices}
        assert all(where[f"cats/n{n}.png"] == where[f"cats/n{n} copy.bmp"] for n in range(6))
    assert toasts(data) == []
    # Whoever asks is told the same.
    data.press("data.duplicates")
    assert toasts(data) == ["6 pairs of equal pixels."]


def test_a_comparison_can_be_stopped(data: Data, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def slowly(_dataset: object, task: Task) -> None:
        for step in range(5_000):
            task.progress(step / 5_000, f"Looking at {step} of 5,000 images")
            time.sleep(0.005)

    data.panel.context.open_dataset(folder)
    data.settle()
    monkeypatch.setattr(alike, "find_alike", slowly)
    finder = data.find(QToolButton, "data.duplicates")
    data.qtbot.mouseClick(finder, Qt.MouseButton.LeftButton)
    data.qtbot.waitUntil(lambda: any(job.fraction for job in data.window.jobs.running()))
    assert not finder.isEnabled()
    data.press_cancel("Finding duplicates")
    assert finder.isEnabled() and toasts(data) == []


def test_each_data_set_keeps_its_own_split(data: Data) -> None:
    first, second = small_set(), replace(small_set(), reference="other", title="Other")
    data.show(first)
    data.spin("data.split.validation", 20)
    data.spin("data.split.seed", 7)
    chosen = parts(data)
    data.show(second)
    assert data.dataset.split_settings == second.split_settings
    assert data.window.workspace.undo_label is None, "what is set for another data set is not undone here"
    data.show(first)
    assert parts(data) == chosen
    data.undo()
    assert data.dataset.split_settings.seed == 0 and data.dataset.split_settings.validation == 0.2
    data.undo()
    assert data.dataset.split_settings == first.split_settings


def test_a_folder_is_compared_without_being_asked(data: Data, folder: Path) -> None:
    """Each split anew; quietly, and with nothing to say where there is nothing."""
    for number in range(2, 8):
        shutil.copy(folder / "cats" / "01.png", folder / "cats" / f"copy {number}.png")
    data.panel.context.open_dataset(folder)
    data.settle()
    assert data.panel.source.duplicates is not None
    assert len(data.panel.source.duplicates.groups) == 1
    for seed in (1, 2, 3):
        data.spin("data.split.seed", seed)
        copies = [n for n in range(len(data.dataset)) if "cop" in data.dataset.images.name(n)]
        apart = {name for name in SPLIT_NAMES if set(copies) & set(data.dataset.indices(name).tolist())}
        said = " ".join(data.panel.source.all_notes())
        assert ("in training and in validation or test too" in said) or len(apart) == 1
    assert not toasts(data)


def test_a_folder_that_goes_while_it_is_open(data: Data, folder: Path) -> None:
    data.panel.context.open_dataset(folder)
    data.settle()
    shutil.rmtree(folder)
    data.press("data.part.test")
    data.settle()
    assert data.text("data.notes").startswith(f"{folder} is no longer there")
    data.press("data.duplicates")
    assert any("has the folder gone?" in message for message in toasts(data))
    assert data.find(QToolButton, "data.duplicates").isEnabled()


def test_no_duplicates_is_said_too(data: Data) -> None:
    data.show(small_set())
    data.press("data.duplicates")
    assert toasts(data) == ["Every image is there once."]


def test_shares_and_seed_split_anew_and_never_overlap(data: Data) -> None:
    data.show(small_set())
    images = data.dataset.images
    data.click_image(5)
    data.spin("data.split.validation", 20)
    data.spin("data.split.test", 30)
    assert [len(data.dataset.indices(name)) for name in SPLIT_NAMES] == [30, 12, 18]
    parts = np.concatenate([data.dataset.indices(name) for name in SPLIT_NAMES])
    assert sorted(parts.tolist()) == list(range(60))
    assert data.dataset.counts("test").tolist() == [6, 6, 6]
    assert data.dataset.images is images
    first = data.dataset.indices("train").tolist()
    data.spin("data.split.seed", 9)
    assert data.dataset.indices("train").tolist() != first
    data.spin("data.split.seed", 0)
    assert data.dataset.indices("train").tolist() == first
    assert data.grid.indices.tolist() == first
    bar = data.find(QWidget, "data.split.bar")
    assert bar.accessibleDescription() == "train 30, validation 12, test 18"


def test_a_share_that_is_finer_than_told_says_so_and_stays(data: Data) -> None:
    """12.5 % read 12 %, and was made 12 % by another seed."""
    data.show(small_set().with_split(SplitSettings(0.125, 0.1)))
    assert data.find(QSpinBox, "data.split.validation").text() == "≈ 12 %"
    assert data.find(QSpinBox, "data.split.test").text() == "10 %"
    data.spin("data.split.seed", 3)
    assert data.dataset.split_settings == SplitSettings(0.125, 0.1, 3)
    data.spin("data.split.validation", 20)
    assert data.dataset.split_settings == SplitSettings(0.2, 0.1, 3)
    assert data.find(QSpinBox, "data.split.validation").text() == "20 %"


def test_shares_that_leave_nothing_to_train_on_are_told(data: Data) -> None:
    kept = data.show(small_set())
    data.spin("data.split.test", 60)
    data.spin("data.split.validation", 50)
    problem = data.find(QWidget, "data.split.problem")
    assert problem.isVisible()
    assert "less than 5 %" in data.text("data.split.problem")
    assert data.dataset.split_settings.validation == kept.split_settings.validation
    data.spin("data.split.validation", 20)
    assert not problem.isVisible()


def test_parts_that_come_with_the_data_stay(data: Data) -> None:
    data.press("data.empty.textures")
    for name in ("validation", "test", "seed"):
        assert not data.find(QSpinBox, f"data.split.{name}").isEnabled()
    assert data.text("data.split.words").startswith("These parts come with the data")
    data.menu("data.open", "data.open.digits")
    data.settle()
    assert data.find(QSpinBox, "data.split.validation").isEnabled()
    assert not data.find(QSpinBox, "data.split.test").isEnabled()
    data.spin("data.split.validation", 20)
    assert len(data.dataset.indices("test")) == 1000
    assert abs(len(data.dataset.indices("validation")) - 1800) < 10


def test_a_closed_panel_listens_to_nothing(data: Data) -> None:
    data.show(small_set())
    workspace = data.workspace
    data.window.close()
    workspace.set_dataset(None)
    workspace.set_augmentation(None)
    assert len(workspace.dataset_changed) == 0
    assert len(workspace.augmentation_changed) == 0
    assert len(workspace.input_changed) == 0
