"""Stories of the right column: sliders and their preview, the network's input, throughput."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from data_helpers import Data, counted_set, small_set
from numpy.typing import NDArray
from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractButton,
    QComboBox,
    QDoubleSpinBox,
    QLabel,
    QLineEdit,
    QScrollArea,
    QSlider,
    QSpinBox,
    QWidget,
)

from convscope.engine.data.augmentation import LECTURE, LIMITS, MILD, Augmentation
from convscope.engine.data.dataset import Dataset
from convscope.engine.data.resize import InputSettings, Target, to_target
from convscope.engine.models.library.catalogue import open_model
from convscope.ui.canvas.image_view import ImageView
from convscope.ui.panels.data import input_view_model
from convscope.ui.panels.data.preview import COLUMNS, COUNT, Previewed, PreviewGrid


def to_rgb(gray: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The same in three channels."""
    return np.repeat(gray[..., None], 3, axis=2)


def preview(data: Data) -> NDArray[np.uint8]:
    """The twelve pictures on show."""
    shown: list[Previewed] = []
    data.panel.augmentation.previewer.ready.connect(shown.append)
    data.panel.augmentation.request()
    data.settle()
    data.panel.augmentation.previewer.ready.disconnect(shown.append)
    return shown[-1].pictures


def test_the_preview_follows_a_slider_and_reset_undoes_it(data: Data) -> None:
    dataset = data.show(small_set())
    original = dataset.images.read(data.panel.focus_image)
    assert (preview(data) == original).all()
    data.augment("rotation", 30)
    assert data.workspace.augmentation == Augmentation(rotation=30)
    turned = preview(data)
    assert turned.shape == (COUNT, 12, 12, 3)
    assert all((picture != original).any() for picture in turned)
    data.augment("rotation", 60)
    assert (preview(data) != turned).any()
    data.press("data.reset")
    assert data.workspace.augmentation is None
    assert (preview(data) == original).all()
    assert data.find(QDoubleSpinBox, "data.augment.rotation.box").value() == 0


def test_twelve_stand_in_four_columns(data: Data) -> None:
    data.show(small_set())
    grid = data.find(PreviewGrid, "data.preview")
    assert grid.columns() == COLUMNS
    last = grid.tile_rect(COUNT - 1)
    assert last.bottom() <= grid.viewport().height()
    assert grid.tile_size()[0] > grid.width() / COLUMNS - 10
    # All sliders are seen at once.
    data.window.resize(1440, 900)
    data.settle()
    assert data.find(QScrollArea, "data.augment").verticalScrollBar().maximum() == 0


def test_every_slider_sets_its_own_and_ends_at_its_limit(data: Data) -> None:
    data.show(small_set())
    original = data.dataset.images.read(data.panel.focus_image)
    for name, limit in LIMITS.items():
        data.augment(name, 10**6)
        assert data.workspace.augmentation == Augmentation(**{name: limit})  # type: ignore[arg-type]
        assert (preview(data) != original).any(), name
        data.augment(name, 0)
        assert data.workspace.augmentation is None


def test_numbers_are_seen_and_can_be_typed(data: Data) -> None:
    data.show(small_set())
    box = data.find(QDoubleSpinBox, "data.augment.zoom.box")
    inside = box.findChild(QLineEdit)
    assert inside is not None and inside.width() > 30
    box.selectAll()
    data.qtbot.keyClicks(box, "0.25")
    data.qtbot.keyClick(box, Qt.Key.Key_Return)
    data.settle()
    assert data.workspace.augmentation == Augmentation(zoom=0.25)


def test_flips_fill_and_constant(data: Data) -> None:
    data.show(small_set())
    flip = data.find(QAbstractButton, "data.augment.flip_horizontal")
    flip.click()
    original = data.dataset.images.read(data.panel.focus_image)
    for picture in preview(data):
        assert np.array_equal(picture, original) or np.array_equal(picture, original[:, ::-1])
    flip.click()
    assert data.workspace.augmentation is None
    constant = data.find(QDoubleSpinBox, "data.augment.fill_value")
    data.pick("data.augment.fill", "wrap")
    assert not constant.isVisible()
    data.pick("data.augment.fill", "constant")
    assert constant.isVisible()
    constant.setValue(200)
    data.augment("width_shift", 100)
    assert data.workspace.augmentation == Augmentation(width_shift=1.0, fill="constant", fill_value=200)
    assert any((picture[:, 0] == 200).all() or (picture[:, -1] == 200).all() for picture in preview(data))


def test_a_gray_image_stays_gray_under_noise(data: Data) -> None:
    data.press("data.empty.digits")
    data.augment("noise", 30)
    pictures = preview(data)
    assert (pictures != to_rgb(data.dataset.images.read(data.panel.focus_image))).any()
    assert (pictures == pictures[..., :1]).all()


def test_presets_are_recognised(data: Data) -> None:
    data.show(small_set())
    data.pick("data.preset", "lecture")
    assert data.workspace.augmentation == LECTURE
    box = data.find(QComboBox, "data.preset")
    data.augment("blur", 5)
    assert box.currentData() == "own"
    data.workspace.set_augmentation(None)
    assert box.currentData() == "none"
    data.workspace.set_augmentation(LECTURE)
    assert box.currentData() == "lecture"
    assert data.find(QDoubleSpinBox, "data.augment.rotation.box").value() == 40


def test_reseeding_draws_others(data: Data) -> None:
    data.show(small_set())
    data.augment("rotation", 40)
    before = preview(data)
    assert np.array_equal(preview(data), before), "the same seed, the same pictures"
    data.press("data.reseed")
    assert (preview(data) != before).any()


def test_a_click_previews_another_image(data: Data) -> None:
    data.show(small_set())
    index = data.click_image(7)
    assert (preview(data) == data.dataset.images.read(index)).all()
    assert data.text("data.preview.words").startswith(f"image {index}\n")
    data.keys(Qt.Key.Key_Right)
    assert (preview(data) == data.dataset.images.read(int(data.grid.indices[8]))).all()


def test_an_example_is_garments_mildly_augmented_or_what_is_open(data: Data) -> None:
    data.panel.show_example()
    data.settle()
    assert data.dataset.title == "Garments" and data.workspace.augmentation == MILD
    assert data.grid.current == data.panel.focus_image
    kept = data.show(small_set())
    data.workspace.set_augmentation(LECTURE)
    data.panel.show_example()
    data.settle()
    assert data.dataset is kept and data.workspace.augmentation == LECTURE
    assert data.grid.current == data.panel.focus_image


def test_settings_are_there_before_any_data(data: Data) -> None:
    data.workspace.set_augmentation(LECTURE)
    data.show(small_set())
    assert data.find(QComboBox, "data.preset").currentData() == "lecture"
    assert (preview(data) != data.dataset.images.read(data.panel.focus_image)).any()


def test_the_input_is_what_the_network_gets(data: Data) -> None:
    dataset = data.show(small_set())
    data.press("data.page.input")
    assert data.text("data.input.tensor").splitlines()[0] == "images float32 (32, 12, 12, 3)"
    data.press("data.input.size.set")
    data.spin("data.input.height", 8)
    data.spin("data.input.width", 20)
    data.pick("data.input.fit", "pad")
    data.pick("data.input.colours", "1")
    view = data.find(ImageView, "data.input.view")
    source = dataset.images.read(data.panel.focus_image)
    expected = to_target(source, Target(8, 20, 1, "pad"))[..., 0]
    assert view.pixels is not None and np.array_equal(view.pixels, expected)
    assert data.text("data.input.tensor").splitlines()[0] == "images float32 (32, 8, 20, 1)"
    assert data.workspace.input == InputSettings((8, 20), 1, "pad")
    data.press("data.input.size.own")
    assert data.panel.input.settings.size is None and data.workspace.input.size is None
    data.workspace.set_input(InputSettings((9, 9), None, "crop"))
    data.settle()
    assert data.find(QSpinBox, "data.input.width").value() == 9
    assert view.pixels.shape == (9, 9, 3)


def test_in_a_low_window_the_input_scrolls_and_nothing_overlaps(data: Data) -> None:
    data.show(small_set())
    data.window.resize(1024, 700)
    data.press("data.fold")
    data.panel.show_page("input")
    data.settle()
    view, batch = data.find(QWidget, "data.input.view"), data.find(QSpinBox, "data.input.batch")
    assert view.height() >= 150
    assert view.mapToGlobal(view.rect().bottomLeft()).y() < batch.mapToGlobal(batch.rect().topLeft()).y()


def test_images_of_different_sizes_come_to_the_networks(data: Data, runtime: object) -> None:
    data.show(replace(small_set(), image_size=None))
    data.press("data.page.input")
    assert "differ in size" in data.text("data.input.problem")
    assert data.find(QWidget, "data.input.problem").isVisible()
    data.workspace.add_model(open_model("digits"))
    data.settle()
    assert not data.find(QWidget, "data.input.problem").isVisible()
    assert data.text("data.input.tensor").splitlines()[0] == "images float32 (32, 28, 28, 3)"
    assert data.workspace.input == InputSettings()
    data.press("data.input.size.set")
    assert data.workspace.input.size == (28, 28)


def test_labels_in_every_mode(data: Data) -> None:
    data.show(small_set())
    data.press("data.page.input")
    data.grid.set_current(int(data.dataset.of_class(1, "train")[0]))
    data.keys(Qt.Key.Key_Return)
    data.spin("data.input.batch", 64)
    assert data.text("data.input.tensor").splitlines()[2:] == ["labels int32   (64,)", "“bee” → 1"]
    data.press("data.input.labels.categorical")
    assert data.text("data.input.tensor").splitlines()[2:] == ["labels float32 (64, 3)", "“bee” → [0 1 0]"]
    binary = data.find(QAbstractButton, "data.input.labels.binary")
    assert not binary.isEnabled()
    data.show(small_set(classes=("no", "yes")))
    assert binary.isEnabled()
    data.press("data.input.labels.binary")
    assert data.text("data.input.tensor").splitlines()[2] == "labels float32 (64, 1)"
    data.show(small_set())
    assert data.panel.input.settings.label_mode == "sparse"


def test_throughput_is_measured_on_the_augmented_training_part(
    data: Data, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(input_view_model, "MEASURED_SECONDS", 0.2)
    data.show(small_set(400))
    data.workspace.set_augmentation(LECTURE)
    data.press("data.page.input")
    data.spin("data.input.batch", 8)
    button = data.find(QAbstractButton, "data.throughput")
    data.qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert not button.isEnabled()
    data.settle()
    words = data.text("data.throughput.words")
    speed, _, rest = words.partition(" images a second")
    assert float(speed.replace(",", "")) > 0
    assert rest.endswith("augmented, batches of 8") and "not augmented" not in rest
    assert button.isEnabled()


def test_measuring_can_be_stopped(data: Data, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(input_view_model, "MEASURED_SECONDS", 60.0)
    data.show(counted_set(4_000, seconds=0.005)[0])
    data.press("data.page.input")
    data.spin("data.input.batch", 1)
    data.find(QAbstractButton, "data.throughput").click()
    data.qtbot.waitUntil(lambda: any(job.fraction for job in data.window.jobs.running()))
    data.press_cancel("Measuring throughput")
    assert data.text("data.throughput.words") == "Stopped."


def test_every_control_has_a_name_for_those_who_cannot_see_it(data: Data) -> None:
    data.show(small_set(90, classes=tuple(map(str, range(15)))))
    for page in ("input", "augmentation"):
        data.press(f"data.page.{page}")
        for kind in (QAbstractButton, QComboBox, QSpinBox, QDoubleSpinBox):
            for control in data.panel.findChildren(kind):
                if control.objectName().startswith("qt_") or isinstance(control.parent(), QLineEdit):
                    continue
                assert control.objectName().startswith("data."), control
                assert control.accessibleName(), control.objectName()
    assert data.find(QWidget, "data.grid").accessibleName() == "Images"


# -- each data set has its own, and undo ---------------------------------------------------------------------


def other_set(title: str = "Other") -> Dataset:
    """Another one."""
    return replace(small_set(), reference=title.lower(), title=title)


def test_what_is_set_for_one_data_set_is_not_for_the_next(data: Data) -> None:
    """±100° on garments are no ±100° on digits; nor are they brought to the size of photographs."""
    garments, digits = small_set(), other_set("Digits")
    data.show(garments)
    data.augment("rotation", 100)
    data.press("data.page.input")
    data.press("data.input.size.set")
    data.spin("data.input.height", 64)
    data.press("data.page.augmentation")
    assert data.workspace.augmentation == Augmentation(rotation=100.0)
    data.show(digits)
    assert data.workspace.augmentation is None and data.workspace.input == InputSettings()
    assert data.find(QSlider, "data.augment.rotation.slider").value() == 0
    assert not data.find(QAbstractButton, "data.reset").isEnabled()
    data.augment("zoom", 10)
    data.show(garments)
    assert data.workspace.augmentation == Augmentation(rotation=100.0)
    assert data.workspace.input.size is not None and data.workspace.input.size[0] == 64
    data.show(digits)
    assert data.workspace.augmentation == Augmentation(zoom=0.1)


def test_an_augmentation_is_carried_over_on_purpose_and_says_so(data: Data) -> None:
    data.show(small_set())
    assert not data.find(QLabel, "data.augment.carried").isVisible()
    data.pick("data.preset", "lecture")
    data.show(other_set())
    assert data.text("data.augment.carried") == "Small has an augmentation of its own."
    data.press("data.augment.carry")
    assert data.workspace.augmentation == LECTURE
    assert data.text("data.augment.carried") == "As for Small."
    assert not data.find(QAbstractButton, "data.augment.carry").isVisible()
    assert data.workspace.undo_label == "Use the augmentation of Small"
    data.augment("rotation", 5)
    assert not data.find(QLabel, "data.augment.carried").isVisible()
    data.undo()
    data.undo()
    assert data.workspace.augmentation is None
    assert data.find(QAbstractButton, "data.augment.carry").isVisible()
    # The other set's stays what it is.
    data.show(small_set())
    assert data.workspace.augmentation == LECTURE


def test_everything_that_is_set_is_taken_back_in_order(data: Data) -> None:
    data.show(small_set())
    labels = []

    def done() -> None:
        labels.append(data.workspace.undo_label)

    slider = data.find(QSlider, "data.augment.rotation.slider")
    for notch in range(1, 31):
        slider.setValue(notch)
    data.settle()
    done()
    data.press("data.augment.flip_horizontal")
    done()
    data.pick("data.augment.fill", "wrap")
    done()
    data.spin("data.split.seed", 4)
    done()
    data.press("data.keep_together")
    done()
    data.press("data.page.input")
    data.pick("data.input.fit", "stretch")
    data.press("data.input.size.set")
    done()
    data.spin("data.input.batch", 16)
    done()
    data.press("data.input.labels.categorical")
    done()
    assert labels == [
        "Change the rotation",
        "Change the flip",
        "Change the fill",
        "Change the split",
        "Split copies as other images",
        "Change the input",
        "Change the batch",
        "Change the labels",
    ]
    settings = data.workspace.data_settings
    for label in reversed(labels):
        assert data.workspace.undo_label == label
        data.undo()
    assert data.workspace.undo_label is None
    # A drag was one step.
    assert data.workspace.augmentation is None and slider.value() == 0
    assert data.find(QAbstractButton, "data.keep_together").isChecked()
    assert data.dataset.split_settings.seed == 0 and data.panel.input.settings.batch_size == 32
    for _ in labels:
        data.redo()
    assert data.workspace.data_settings == settings
    assert slider.value() == 30 and data.dataset.split_settings.seed == 4
