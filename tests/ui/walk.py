"""A walk through every page of every panel, and through what a page's switches and folds bring to light.

The window holds the longest names that people have: a photograph from a phone, classes of several words, a
ConvNeXt's layers, a run named after them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtWidgets import QAbstractButton, QApplication, QSpinBox, QToolButton, QWidget
from pytestqt.qtbot import QtBot
from shiboken6 import isValid

from convscope.core.paths import resource_path
from convscope.engine.data.dataset import Dataset
from convscope.engine.data.sets.registry import open_dataset
from convscope.engine.data.split import SplitSettings
from convscope.engine.models.opened import OpenedModel
from convscope.imaging.image import Image
from convscope.imaging.io.load import load_image
from convscope.ui.forms.segmented import Segmented
from convscope.ui.main_window import MainWindow
from convscope.ui.settings import Settings
from convscope.workspace.workspace import Workspace

# The switch of a panel's pages, where it has some.
PAGES = {
    "kernels": "kernels.view", "model": "model.page", "train": "train.view", "layers": "layers.page",
    "explain": "explain.view",
}  # fmt: skip
LONG = 300_000

IMAGE_NAME = "PXL_20240517_124312345.MP, the cat on the window sill of the holiday house.jpg"
CLASSES = (
    "T-shirt or top", "Trousers and leggings", "Pullover with long sleeves", "Dress", "Coat or raincoat",
    "Sandal with a heel", "Shirt with buttons", "Sneaker for running", "Bag, rucksack or suitcase",
    "Ankle boot with laces",
)  # fmt: skip
MODEL_NAME = "convnext-tiny-garments-without-augmentation"


@dataclass(frozen=True)
class Size:
    """How large the window is, and how much larger than designed its words."""

    width: int
    height: int
    zoom: float = 1.0

    def __str__(self) -> str:
        return f"{self.width}x{self.height}" + (f"@{self.zoom:.0%}" if self.zoom != 1 else "")


SIZES = (Size(1280, 800), Size(1024, 700), Size(1280, 800, 1.5))


def long_image() -> Image:
    """A photograph under a phone's name."""
    return replace(load_image(resource_path("images", "cat.jpg")), name=IMAGE_NAME)


def long_classes(train: int = 120) -> Dataset:
    """A few of the shipped digits under the names of garments, as long as people write them."""
    digits = open_dataset("digits")
    given = replace(digits.given, train=digits.given.train[:train], test=digits.given.test[:60])
    named = replace(digits, given=given, classes=CLASSES, title="Garments of the spring catalogue, 28×28")
    return named.with_split(SplitSettings(validation=0.2))


def long_model() -> OpenedModel:
    """A small network whose layers are called like those of ConvNeXt."""
    import keras

    keras.utils.set_random_seed(7)
    layers = keras.layers
    x = inputs = keras.Input((28, 28, 1), name="convnext_tiny_input_image")
    x = layers.Conv2D(8, 4, strides=4, name="convnext_tiny_stem_convolution")(x)
    for block in range(3):
        name = f"convnext_tiny_stage_0_block_{block}"
        y = layers.DepthwiseConv2D(7, padding="same", name=f"{name}_depthwise_convolution")(x)
        y = layers.LayerNormalization(name=f"{name}_layer_normalization")(y)
        y = layers.Conv2D(16, 1, name=f"{name}_pointwise_convolution_1")(y)
        y = layers.Activation("gelu", name=f"{name}_gelu_activation")(y)
        y = layers.Conv2D(8, 1, name=f"{name}_pointwise_convolution_2")(y)
        x = layers.Add(name=f"{name}_identity_add")([x, y])
    x = layers.GlobalAveragePooling2D(name="convnext_tiny_head_global_average_pooling")(x)
    x = layers.Dense(10, activation="softmax", name="convnext_tiny_head_dense_predictions")(x)
    return OpenedModel(keras.Model(inputs, x), name=MODEL_NAME, classes=CLASSES)


@contextmanager
def long_window(qtbot: QtBot, *beside: Image) -> Iterator[MainWindow]:
    """A window at 1280×800 with a photograph, a network and data, all under long names.

    Args:
        beside: images that are open beside the photograph.
    """
    window = MainWindow(Workspace([long_image(), *beside]), settings=Settings())
    window.remember_settings = False
    qtbot.addWidget(window)
    window.resize(1280, 800)
    window.show()
    window.activateWindow()
    window.workspace.add_model(long_model())
    window.workspace.set_dataset(long_classes())
    yield window
    if isValid(window):
        window.set_zoom(1.0)
        window.close()


class Walk:
    """One window, walked through.

    Args:
        window: open, with an image; the walk gives it data and a network.
    """

    def __init__(self, qtbot: QtBot, window: MainWindow) -> None:
        self._qtbot, self.window = qtbot, window

    def settle(self) -> None:
        """Wait until what was asked for is on show."""
        for _ in range(2):
            self._qtbot.waitUntil(self.window.jobs.idle, timeout=LONG)
            self._qtbot.wait(1)
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)

    def train(self) -> None:
        """One short run, so that charts, runs and results have something to show."""
        self.window.show_panel("train")
        self.settle()
        panel = self.window.panel()
        assert panel is not None
        panel.findChild(QSpinBox, "train.epochs").setValue(2)  # type: ignore[union-attr]
        self.settle()
        panel.findChild(QAbstractButton, "train.start").click()  # type: ignore[union-attr]
        live = panel.view("live")  # type: ignore[attr-defined]
        self._qtbot.waitUntil(lambda: live.charts.history.done > 0, timeout=LONG)
        self._qtbot.waitUntil(lambda: not panel.view_model.trainer.active, timeout=LONG)  # type: ignore[attr-defined]
        self.settle()

    def resize(self, size: Size) -> None:
        """The window at another size, its words at another zoom."""
        self.window.set_zoom(size.zoom)
        self.window.resize(size.width, size.height)
        self.settle()

    def states(self) -> Iterator[str]:
        """Brings each page on show, then each of what its folds and switches show; tells which."""
        for info in self.window.panel_infos:
            self.window.show_panel(info.name)
            self.settle()
            seen: set[tuple[str, str]] = set()
            for page in self._pages():
                place = f"{info.name} {page}".strip()
                yield place
                for fold in self._folds():
                    before = set(self._switches())
                    fold.click()
                    self.settle()
                    yield f"{place} / {fold.objectName()}"
                    for shown in self._turns(seen, [each for each in self._switches() if each not in before]):
                        yield f"{place} / {shown}"
                    fold.click()
                    self.settle()
                for shown in self._turns(seen, self._switches()):
                    yield f"{place} / {shown}"

    def pages(self) -> Iterator[str]:
        """Brings each page of each panel on show; tells which."""
        for info in self.window.panel_infos:
            self.window.show_panel(info.name)
            self.settle()
            for page in self._pages():
                yield f"{info.name} {page}".strip()

    def dialogs(self) -> Iterator[tuple[str, QWidget]]:
        """Each window over the window."""
        window = self.window
        for name, show in (
            ("about", window.show_about),
            ("shortcuts", window.show_shortcuts),
            ("draw", window.sources.draw),
        ):
            before = set(QApplication.topLevelWidgets())
            show()
            self.settle()
            new = [each for each in QApplication.topLevelWidgets() if each not in before and each.isVisible()]
            for each in new:
                yield f"dialog {name}", each
                each.close()

    def _pages(self) -> Iterator[str]:
        own = PAGES.get(self.window.stack.currentWidget().objectName())
        switch = next((each for each in self._switches() if each.objectName() == own), None)
        if switch is None:
            yield ""
            return
        for key in switch.keys:
            if switch.button(key).isEnabled():
                switch.button(key).click()
                self.settle()
                yield key
        switch.button(switch.keys[0]).click()
        self.settle()

    def _turns(self, seen: set[tuple[str, str]], switches: list[Segmented]) -> Iterator[str]:
        """Every other choice of these switches, one after the other, once; each is taken back."""
        for switch in switches:
            first = switch.value
            if switch.objectName() == PAGES.get(self.window.stack.currentWidget().objectName()):
                continue
            for key in switch.keys:
                turn = (switch.objectName(), key)
                if key == first or turn in seen or not switch.button(key).isEnabled():
                    continue
                seen.add(turn)
                switch.button(key).click()
                self.settle()
                yield ".".join(turn)
            if switch.value != first:
                switch.button(first).click()
                self.settle()

    def _switches(self) -> list[Segmented]:
        panel = self.window.panel()
        assert panel is not None
        return [each for each in panel.findChildren(Segmented) if each.isVisible()]

    def _folds(self) -> list[QToolButton]:
        panel = self.window.panel()
        assert panel is not None
        found = panel.findChildren(QToolButton)
        return [each for each in found if each.objectName().endswith(".fold") and each.isVisible()]
