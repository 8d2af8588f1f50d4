"""Save a copy: the kinds of file, and the card of what was written."""

from __future__ import annotations

import importlib.util
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from model_helpers import Story
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QComboBox, QFileDialog, QLabel, QLineEdit, QPushButton, QToolButton
from window_helpers import messages

from convscope.core.task import Task
from convscope.engine.data.sets.registry import open_dataset
from convscope.engine.models.export import export_model as module
from convscope.engine.models.export import worker
from convscope.engine.models.library.catalogue import open_model
from convscope.ui import theme
from convscope.ui.panels.model.layers.facts import FactGrid
from convscope.ui.panels.model.network.save_copy import ParityDialog, SaveCopyDialog


def kind(story: Story, key: str) -> None:
    story.find(QToolButton, f"model.export.format.{key}").click()


def save_as(story: Story, path: Path) -> QFileDialog:
    story.find(QPushButton, "model.export.save").click()
    dialog = story.find(QFileDialog, "model.save_dialog")
    line = dialog.findChild(QLineEdit)
    assert line is not None
    line.setText(str(path))
    dialog.accept()
    story.settle()
    return dialog


def card(story: Story) -> ParityDialog:
    """The card on show; closed with the window if not before."""
    return story.find(ParityDialog, "model.card")


def close_card(story: Story) -> None:
    story.find(QPushButton, "model.card.close").click()
    story.settle()
    story.qtbot.waitUntil(lambda: story.window.findChild(ParityDialog, "model.card") is None)


def test_a_copy_is_saved_and_opens_again(story: Story, tmp_path: Path) -> None:
    model = story.open("digits")
    story.panel.whole.save_to(str(tmp_path / "mine.keras"))
    story.settle()
    again = open_model(tmp_path / "mine.keras")
    image = story.workspace.image
    assert np.array_equal(again.predict(image).logits, model.predict(image).logits)
    assert again.classes == model.classes
    assert messages(story.window)[-1].startswith("Saved ")
    assert card(story).card.is_same
    # The window can be used while the card stands there.
    assert not card(story).isModal()
    close_card(story)
    story.panel.whole.save_to(str(tmp_path / "missing" / "mine.keras"))
    story.settle()
    assert "cannot be written" in messages(story.window)[-1]
    assert story.window.findChild(ParityDialog, "model.card") is None


def test_a_copy_is_saved_for_keras_2_with_its_card(story: Story, tmp_path: Path) -> None:
    model = story.open("digits")
    story.press("model.save")
    ask = story.find(SaveCopyDialog, "model.export")
    assert ask.kind.key == "keras"
    assert (
        story.text("model.export.about")
        == "All that there is, to go on training with Keras 3. Ends in .keras."
    )
    kind(story, "h5")
    assert story.text("model.export.about").endswith("Ends in .h5.")
    assert not story.find(QToolButton, "model.export.precision.int8").isVisible()
    save_as(story, tmp_path / "net.h5")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["net.classes.json", "net.h5"]
    again = open_model(tmp_path / "net.h5")
    image = story.workspace.image
    assert np.array_equal(again.predict(image).logits, model.predict(image).logits)
    assert story.text("model.card.title") == f"{model.name} as HDF5"
    assert story.text("model.card.verdict") == "It answers as the network does."
    assert "holds neither the optimizer's state nor" in story.text("model.card.notes")
    facts = story.find(FactGrid, "model.card.facts")
    assert facts.value("Same first class") == "100 of 100, 100 %"
    story.find(QPushButton, "model.card.copy").click()
    assert QGuiApplication.clipboard().text() == card(story).card.text()
    close_card(story)
    # A name that does not say what it is becomes what was chosen.
    story.panel.whole.save_to(str(tmp_path / "other"), "h5")
    story.settle()
    assert (tmp_path / "other.h5").exists()


def test_eight_bits_on_the_data_set_at_hand(
    story: Story, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def work(folder: Path, _title: str, _name: str, task: Task, _part: Any) -> Any:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return worker.work(folder, task.progress)

    monkeypatch.setattr(module, "convert_in_process", work)
    story.open("digits")
    story.workspace.set_dataset(open_dataset("digits"))
    story.settle()
    story.press("model.save")
    images = story.find(QComboBox, "model.export.images")
    assert images.currentText() == "Digits, the data set at hand"
    kind(story, "litert")
    story.find(QToolButton, "model.export.precision.int8").click()
    assert "8-bit arithmetic" in story.text("model.export.precision.says")
    save_as(story, tmp_path / "net")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["net.classes.json", "net.tflite"]
    found = card(story).card
    assert found.format == "LiteRT, 8-bit whole numbers" and found.what == "images of Digits (test part)"
    assert found.bytes < found.weights_bytes / 2
    assert story.text("model.card.notes") == "Its ranges were measured on 100 images of Digits (train part)."
    # What differs is told in another colour.
    verdict = story.find(QLabel, "model.card.verdict")
    assert (verdict.property("role") == "warning") == (not found.is_same)
    # The whole card is read, whatever the size of the text.
    shown = card(story)
    layout = shown.layout()
    assert layout is not None
    try:
        for zoom in (1.0, 1.5):
            theme.apply("light", zoom)
            story.settle()
            assert shown.width() >= theme.scaled(520)
            assert shown.height() >= layout.totalHeightForWidth(shown.width())
    finally:
        theme.apply("light")


def test_a_missing_package_is_told_where_it_is_chosen(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *more: None if name == "onnx" else found(name, *more)
    )
    story.open("digits")
    story.press("model.save")
    assert story.find(QLabel, "model.export.missing").isHidden()
    kind(story, "onnx")
    assert story.text("model.export.missing") == (
        "Needs onnx, not installed yet: pip install 'convscope[export]'"
    )
    save = story.find(QPushButton, "model.export.save")
    assert not save.isEnabled()
    kind(story, "saved_model")
    assert save.isEnabled() and story.find(QLabel, "model.export.missing").isHidden()
