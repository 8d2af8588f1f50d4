"""Finding a model, opening it as one wants it, with and without a network, and comparing several."""

from __future__ import annotations

import csv
import io
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from library_driver import Library
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QFontMetrics, QGuiApplication
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QCheckBox,
    QFileDialog,
    QLineEdit,
    QProgressBar,
    QTableView,
    QToolButton,
    QWidget,
)
from walk import MODEL_NAME, long_model

from convscope.engine.models.library.catalogue import catalogue
from convscope.engine.models.library.families import FAMILIES
from convscope.ui import theme
from convscope.ui.panels.model.compare.view import COLUMNS, NOTE, SHARE
from convscope.ui.panels.model.library.open_models import wrapped
from convscope.ui.window.header import NAME_LIMIT

TITLES = [column.title for column in COLUMNS]


def test_all_models_are_listed_with_what_is_published(library: Library) -> None:
    entries = catalogue()
    assert library.shown() == [entry.title for entry in entries]
    row = library.shown().index("VGG16")
    cells = [library.shown(column)[row] for column in range(10)]
    assert cells == [
        "VGG16", "keras.applications", "138,357,544", "16", "224×224×3", "71.3 %", "90.1 %", "528 MB",
        "2014", "",
    ]  # fmt: skip
    assert library.shown(9)[0] == "✓", "the shipped ones are here"
    assert library.text("model.library.title") == "EfficientNet-Lite0"


def test_the_table_is_searched(library: Library) -> None:
    search = library.find(QLineEdit, "model.library.search")
    library.qtbot.keyClicks(search, "v2 efficient")
    assert library.shown() == [f"EfficientNetV2{size}" for size in ("B0", "B1", "B2", "B3", "S", "M", "L")]
    assert library.text("model.library.title") == "EfficientNetV2B0", "what is chosen is on show"
    search.clear()
    library.qtbot.keyClicks(search, "vgg16")
    assert library.shown()[0] == "VGG16 base, classifier 256-1"
    assert library.text("model.library.title") == "VGG16", "the network that is called so is chosen"
    search.clear()
    library.qtbot.keyClicks(search, "skip connection")
    assert library.shown() == ["Small ResNet"]
    library.qtbot.keyClicks(search, " zzz")
    assert library.shown() == [] and library.find(QWidget, "model.library.nothing").isVisible()
    assert library.find(QWidget, "model.library.open").isHidden() or not library.view.open_form.isVisible()
    search.clear()
    for kind, count in (("shipped", 3), ("template", 15), ("application", 40), ("here", 3), ("all", 58)):
        library.press(f"model.library.kind.{kind}")
        assert len(library.shown()) == count


def test_the_table_is_sorted_and_the_unknown_stays_behind(library: Library) -> None:
    for title, column in (("Parameters", 2), ("Top-5", 6), ("Year", 8)):
        for _ in range(2):
            library.head(title)
            cells = library.shown(column)
            known = [cell for cell in cells if cell != "–"]
            values = [float(cell.replace(",", "").rstrip(" %")) for cell in known]
            assert cells[: len(known)] == known, "what is unknown stands last"
            assert values in (sorted(values), sorted(values, reverse=True))
    library.head("Model")
    assert library.shown() == sorted(library.shown(), key=str.lower)
    library.choose("lenet-5")
    assert library.text("model.library.title") == "LeNet-5"


def test_a_shipped_model_is_opened_once(library: Library) -> None:
    library.choose("digits")
    library.press("model.library.open")
    assert library.workspace.model is not None and library.workspace.model.name == "Digits convnet"
    library.choose("garments")
    library.press("model.library.open")
    library.choose("digits")
    library.press("model.library.open")
    assert [model.name for model in library.workspace.models] == ["Digits convnet", "Garments convnet"]
    assert library.workspace.model is library.workspace.models[0]


def test_no_button_moves_under_the_pointer(library: Library) -> None:
    """Whatever is chosen, and before and after the list has come, what is pressed stays in its place."""

    def places() -> list[QRect]:
        names = (
            "library.open",
            "library.opened.0",
            "library.families",
            "library.open_file",
            "library.open_folder",
        )
        found = (library.find(QWidget, f"model.{name}") for name in names)
        return [QRect(each.mapTo(library.window, QPoint()), each.size()) for each in found]

    library.choose("digits")
    library.press("model.library.open")
    library.view.view_model.entries = ()
    library.view.view_model.listed.emit()
    QApplication.processEvents()
    before = places()[1:]
    library.view.view_model.read()
    library.settle()
    assert places()[1:] == before
    stays = places()
    for name in ("VGG16", "lenet-5", "efficientnet-small", "imagenet"):
        library.choose(name)
        assert places() == stays, name
    library.find(QLineEdit, "model.library.search").setText("zzz")
    QApplication.processEvents()
    assert places()[1:] == before, "nothing is found"
    library.find(QLineEdit, "model.library.search").clear()
    families = library.find(QWidget, "model.library.families").geometry()
    for name in ("VGG16", "ResNet50", "lenet-5"):
        library.tick(name)
    assert library.find(QWidget, "model.library.families").geometry() == families, "beside “Compare 3”"


def test_open_models_are_made_current_and_closed(library: Library) -> None:
    assert library.find(QWidget, "model.library.none").isVisible()
    for name in ("digits", "garments"):
        library.choose(name)
        library.press("model.library.open")
    first, second = library.workspace.models
    assert library.workspace.model is second
    assert library.find(QToolButton, "model.library.opened.1").text() == "Garments convnet"
    assert library.text("model.library.opened.1.about") == "30.8 k  ·  trained"
    library.press("model.library.opened.0")
    assert library.workspace.model is first
    library.press("model.library.opened.0.close")
    assert library.workspace.models == (second,) and library.workspace.model is second
    library.press("model.library.opened.0.close")
    assert library.workspace.model is None and library.find(QWidget, "model.library.none").isVisible()


@pytest.mark.parametrize("zoom", [1.0, 1.5])
def test_the_lines_of_an_open_models_name_are_all_seen(library: Library, zoom: float) -> None:
    """The button was as high as one line, and cut the first and the last of three."""
    library.choose("digits")
    library.press("model.library.open")
    library.workspace.add_model(long_model())
    library.settle()
    try:
        library.window.set_zoom(zoom)
        library.settle()
        button = library.find(QToolButton, "model.library.opened.1")
        lines = button.text().split("\n")
        assert len(lines) > 1 and "".join(lines) == MODEL_NAME
        assert button.height() >= len(lines) * button.fontMetrics().height()
    finally:
        library.window.set_zoom(1.0)


def test_a_template_opens_at_another_size(library: Library) -> None:
    library.choose("mnist-convnet")
    size = library.find(QLineEdit, "model.library.size")
    size.selectAll()
    library.qtbot.keyClicks(size, "40x36x3")
    library.press("model.library.open")
    model = library.workspace.model
    assert model is not None and model.input_shape == (40, 36, 3)
    told = f"{model.summary.totals.parameters:,} parameters  ·  40×36×3"
    assert library.text("model.library.facts").startswith(told) and "93,322" not in told
    size.selectAll()
    library.qtbot.keyClicks(size, "8×8×1")
    library.press("model.library.open")
    assert library.workspace.model is model
    assert "the 2×2 window is larger than its 1×1 map" in library.text("model.library.problem")
    assert library.find(QWidget, "model.library.random").isHidden()


def test_an_application_opens_with_random_weights_without_its_classifier(library: Library) -> None:
    library.choose("MobileNetV2")
    size = library.find(QLineEdit, "model.library.size")
    assert not size.isEnabled() and "Downloads 14 MB, once." in library.text("model.library.note")
    library.press("model.library.weights.random")
    assert library.text("model.library.facts").startswith("3,538,984 parameters  ·  224×224×3")
    library.find(QCheckBox, "model.library.include_top").click()
    assert library.text("model.library.facts").startswith("2,257,984 parameters  ·  without its classifier")
    assert size.isEnabled()
    size.selectAll()
    library.qtbot.keyClicks(size, "64×64×3")
    library.press("model.library.open")
    model = library.workspace.model
    assert model is not None and model.summary.totals.parameters == 2_257_984
    assert model.summary.layers[-1].shape == (2, 2, 1280) and model.preprocessing.name == "−1–1"
    assert model.name == "MobileNetV2 base"
    assert library.find(QToolButton, "header.model").text() == "MobileNetV2 base   2.3 M"


def test_weights_come_from_a_file(library: Library, tmp_path: Path) -> None:
    library.choose("digits")
    library.press("model.library.open")
    digits = library.workspace.model
    assert digits is not None
    digits.keras.save_weights(tmp_path / "digits.weights.h5")
    library.choose("mnist-convnet")
    library.press("model.library.weights.file", settle=False)
    dialog = library.find(QFileDialog, "model.library.file_dialog")
    line = dialog.findChild(QLineEdit)
    assert line is not None
    line.setText(str(tmp_path / "digits.weights.h5"))
    dialog.accept()
    assert library.find(QAbstractButton, "model.library.file").text() == "digits.weights.h5"
    library.press("model.library.open")
    loaded = library.workspace.model
    assert loaded is not None and loaded is not digits
    assert (loaded.keras.get_weights()[0] == digits.keras.get_weights()[0]).all()
    library.choose("lenet-5")
    library.view.open_form.set_file(str(tmp_path / "digits.weights.h5"))
    library.press("model.library.open")
    told = library.text("model.library.problem")
    assert told.startswith("The weights in digits.weights.h5 do not belong to LeNet-5")
    assert library.workspace.model is loaded


def test_without_a_network_it_says_so_and_offers_what_is_here(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise urllib.error.URLError("no network")

    monkeypatch.setattr(urllib.request, "urlopen", fail)
    library.choose("MobileNetV3Small")
    library.press("model.library.open")
    told = library.text("model.library.problem")
    assert told.startswith(
        "The ImageNet weights of MobileNetV3Small are not on this machine and cannot be downloaded now: put "
        "Keras's file of them into "
    )
    assert told.endswith("or open one that is on this machine: imagenet (EfficientNet-Lite0, shipped).")
    assert library.workspace.model is None
    library.press("model.library.random")
    assert library.workspace.model is not None and library.workspace.model.name == "MobileNetV3Small"
    assert not library.text("model.library.problem")
    library.press("model.library.weights.imagenet")
    library.press("model.library.open")
    library.press("model.library.show_here")
    assert library.shown() == ["EfficientNet-Lite0", "Digits convnet", "Garments convnet"]


class _Slow(io.BytesIO):
    """An answer that never ends."""

    headers = {"Content-Length": "4000000000"}  # noqa: RUF012  as urllib's answers have it

    def read(self, size: int | None = -1, /) -> bytes:
        time.sleep(0.01)
        return bytes(size or 1)

    # Who reads what has come so far must not find this buffer empty.
    read1 = read


def test_a_download_shows_its_progress_and_is_cancelled(
    library: Library, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(urllib.request, "urlopen", lambda *_args, **_more: _Slow())
    library.choose("MobileNetV3Small")
    library.press("model.library.open", settle=False)
    doing = "Downloading the weights of MobileNetV3Small"
    library.qtbot.waitUntil(lambda: library.text("model.library.doing").startswith(doing))
    assert library.find(QProgressBar, "model.library.progress").isVisible()
    assert not library.find(QAbstractButton, "model.library.open").isEnabled()
    library.press("model.library.cancel")
    assert library.workspace.model is None
    assert library.find(QWidget, "model.library.progress").isHidden()
    assert library.find(QAbstractButton, "model.library.open").isEnabled()
    assert not library.text("model.library.problem")
    assert not list(tmp_path.rglob("*.part")), "nothing is left behind"


def test_ticked_models_are_compared(library: Library) -> None:
    button = library.find(QAbstractButton, "model.library.compare")
    assert not button.isEnabled()
    for name in ("VGG16", "ResNet50", "lenet-5"):
        library.tick(name)
    library.choose("digits")
    library.press("model.library.open")
    library.find(QCheckBox, "model.library.opened.0.tick").click()
    assert button.text() == "Compare 4"
    library.press("model.library.compare")
    table = library.find(QTableView, "model.compare.table")
    assert table.isVisible()
    assert library.shown(0, table) == ["LeNet-5", "Digits convnet (open)", "ResNet50", "VGG16"]
    vgg = dict(zip(TITLES, [library.shown(n, table)[3] for n in range(len(TITLES))], strict=True))
    assert vgg["Parameters"] == "138,357,544" and vgg["Depth"] == "16" and vgg["Multiply-adds"] == "15.5 G"
    assert vgg["Sees"] == "212×212" and vgg["Activations"] == "61.1 MB" and vgg["Year"] == "2014"
    assert vgg["Top-1"] == "71.3 %" and vgg["Top-5 error"] == "9.9 %" and vgg["Time"] == "–"
    assert vgg["What it brought"].startswith("3×3 throughout")
    assert "one network, one crop" in library.text("model.compare.protocol")
    assert table.isColumnHidden(TITLES.index("In the contest"))
    assert table.model().index(3, TITLES.index("Top-5 error")).data(SHARE) is not None, "all measured alike"
    library.head("Depth", table)
    library.head("Depth", table)
    assert library.shown(0, table)[0] == "ResNet50"
    library.press("model.compare.csv")
    rows = list(csv.DictReader(io.StringIO(QGuiApplication.clipboard().text())))
    assert [row["Model"] for row in rows] == library.shown(0, table), "in the order on show"
    assert rows[-1]["Year"] == "" or rows[-1]["Model"] == "LeNet-5"
    by_name = {row["Model"]: row for row in rows}
    assert by_name["ResNet50"]["Multiply-adds"] == "3857973248"
    assert by_name["ResNet50"]["Top-5 error: measured"] == "1 network, 1 crop, validation"
    assert by_name["LeNet-5"]["Activations (bytes)"] == "37112" and by_name["LeNet-5"]["Top-1 (%)"] == ""
    library.press("model.compare.text")
    lines = QGuiApplication.clipboard().text().splitlines()
    assert len(lines) == 5 and lines[0].split()[:2] == ["Model", "Year"] and "61,706" in lines[-2] + lines[-1]
    library.press("model.compare.back")
    assert library.table.isVisible()


def test_time_is_measured_here_and_can_be_cancelled(library: Library) -> None:
    for name in ("lenet-5", "mlp"):
        library.tick(name)
    library.press("model.library.compare")
    table, time_column = library.find(QTableView, "model.compare.table"), TITLES.index("Time")
    assert library.shown(time_column, table) == ["–", "–"]
    library.press("model.compare.measure", settle=False)
    library.qtbot.waitUntil(
        lambda: sum(cell.endswith(" ms") for cell in library.shown(time_column, table)) == 1
    )
    assert library.find(QWidget, "model.compare.progress").isVisible()
    library.press("model.compare.cancel")
    cells = library.shown(time_column, table)
    assert sorted(cell == "–" for cell in cells) == [False, True]
    assert library.find(QWidget, "model.compare.progress").isHidden()
    assert library.find(QAbstractButton, "model.compare.measure").isEnabled()


def test_the_families_of_the_lectures_stand_side_by_side(library: Library) -> None:
    library.press("model.library.families")
    table = library.find(QTableView, "model.compare.table")
    names = library.shown(0, table)
    assert sorted(names) == sorted(family.name for family in FAMILIES) and names[0] == "LeNet-5"
    row = names.index("GoogLeNet")
    cells = {title: library.shown(number, table)[row] for number, title in enumerate(TITLES)}
    assert (cells["Year"], cells["Depth"], cells["Parameters"]) == ("2014", "22", "≈ 4 M")
    assert (cells["Top-5 error"], cells["In the contest"]) == ("10.07 %", "6.67 %")
    notes = {title: table.model().index(row, number).data(NOTE) for number, title in enumerate(TITLES)}
    assert notes["Top-5 error"] == "1 network, 1 crop" and notes["In the contest"] == "7 networks, 144 crops"
    assert library.text("model.compare.protocol").startswith("Each error with how it was measured")
    # What was measured in different ways is compared by no bar.
    assert table.model().index(row, TITLES.index("Top-5 error")).data(SHARE) is None
    assert table.model().index(row, TITLES.index("Depth")).data(SHARE) is not None
    assert table.isColumnHidden(TITLES.index("Time")) and not table.isColumnHidden(TITLES.index("Depth"))
    assert library.find(QWidget, "model.compare.measure").isHidden()
    library.head("Top-5 error", table)
    assert library.shown(0, table)[0] == "EfficientNet-B7" and library.shown(0, table)[-1] == "LeNet-5"


def test_a_narrow_window_keeps_what_counts(library: Library) -> None:
    library.window.resize(1024, 700)
    QApplication.processEvents()
    assert library.table.isColumnHidden(1) and not library.table.isColumnHidden(2)
    library.window.resize(1440, 900)
    QApplication.processEvents()
    assert not library.table.isColumnHidden(1)


def test_keys_choose_tick_and_open(library: Library) -> None:
    library.choose("imagenet")
    library.table.setFocus()
    library.qtbot.keyClick(library.table, Qt.Key.Key_Down)
    assert library.text("model.library.title") == "Digits convnet"
    library.qtbot.keyClick(library.table, Qt.Key.Key_Space)
    assert [entry.name for entry in library.view.view_model.ticked] == ["digits"]
    library.qtbot.keyClick(library.table, Qt.Key.Key_Return)
    library.settle()
    assert library.workspace.model is not None and library.workspace.model.name == "Digits convnet"


@pytest.mark.parametrize("name", ["mnist-small", "mnist-convnet-no-pooling", "cats-dogs-dropout"])
def test_a_model_is_called_the_same_wherever_it_is_named(library: Library, name: str) -> None:
    title = next(entry.title for entry in catalogue() if entry.name == name)
    library.choose(name)
    assert library.text("model.library.title") == title
    library.press("model.library.open")
    assert library.workspace.model is not None and library.workspace.model.name == title
    assert library.find(QToolButton, "header.model").text().startswith(f"{title}   ")
    assert " ".join(library.find(QToolButton, "model.library.opened.0").text().split()) == title
    library.press("model.page.layers")
    assert library.text("model.name") == title
    # The same in the builder, and of what it builds.
    library.press("model.page.build")
    library.press("model.build.from_model")
    field = library.find(QLineEdit, "model.build.network")
    assert field.text() == title
    library.press("model.build.build")
    built = library.workspace.model
    assert built is not None and built.name == title and len(library.workspace.models) == 2
    field.selectAll()
    library.qtbot.keyClicks(field, "My own, no. 2")
    assert library.workspace.architecture.shown_name == "My own, no. 2"
    assert library.workspace.architecture.name == "My-own-no.-2"
    library.press("model.build.build")
    assert library.workspace.model is not None and library.workspace.model.name == "My own, no. 2"
    field.selectAll()
    library.qtbot.keyClicks(field, "plain")
    assert library.workspace.architecture.name == "plain" and not library.workspace.architecture.title


def test_names_of_models_fit_the_header(library: Library) -> None:
    assert not [entry.title for entry in catalogue() if len(entry.title) > NAME_LIMIT]


def test_long_names_of_open_models_are_read_whole(qtbot: Any) -> None:
    metrics = QFontMetrics(theme.font())
    for name in ("convnext-tiny-garments-without-augmentation", "x" * 90, "VGG16", "a b", "LeNet-5"):
        lines = wrapped(name, metrics, 184).split("\n")
        assert all(metrics.horizontalAdvance(line) <= 184 for line in lines)
        assert "".join(lines).replace(" ", "") == name.replace(" ", "")
    assert wrapped("convnext-tiny-garments-without-augmentation", metrics, 184) == (
        "convnext-tiny-garments-\nwithout-augmentation"
    )


def test_all_models_in_the_header_is_the_library(library: Library) -> None:
    library.press("model.page.layers")
    library.window.show_panel("kernels")
    library.window.header._fill_model_menu()
    action = next(
        each for each in library.window.header._model_menu.actions() if each.text() == "All models…"
    )
    action.trigger()
    library.settle()
    assert library.window.panel() is not None and library.window.panel().objectName() == "model"
    assert library.view.isVisible() and library.table.isVisible()
    assert library.find(QAbstractButton, "model.page.library").isChecked()


def test_ticks_are_taken_back_and_set_again(library: Library) -> None:
    button = library.find(QAbstractButton, "model.library.compare")
    for name in ("VGG16", "ResNet50"):
        library.tick(name)
    library.choose("digits")
    library.press("model.library.open")
    box = library.find(QCheckBox, "model.library.opened.0.tick")
    box.click()
    assert button.text() == "Compare 3" and library.workspace.undo_label == "Tick Digits convnet"
    library.press("header.undo")
    assert button.text() == "Compare 2" and not box.isChecked()
    library.press("header.undo")
    assert [entry.name for entry in library.view.view_model.ticked] == ["VGG16"] and not button.isEnabled()
    library.press("header.redo")
    library.press("header.redo")
    assert button.text() == "Compare 3" and box.isChecked()
    # A model that is closed is compared no more, and neither is it counted.
    library.press("model.library.opened.0.close")
    assert button.text() == "Compare 2"
    # On another page they are not seen, and undo leaves them alone.
    library.press("model.page.build")
    assert not (library.workspace.undo_label or "").startswith("Tick")
