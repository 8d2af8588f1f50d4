"""Short ways to drive the data panel by the names of its controls, and data sets that count their loads."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import numpy as np
from driver import Driver
from numpy.typing import NDArray
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QAbstractButton, QApplication, QFileDialog, QWidget
from pytestqt.qtbot import QtBot

from convscope.engine.data.dataset import Dataset, make_dataset
from convscope.engine.data.images import ArrayImages
from convscope.engine.data.resize import Target, to_target
from convscope.ui.main_window import MainWindow
from convscope.ui.panels.data.panel import DataPanel


def small_set(count: int = 60, side: int = 12, classes: tuple[str, ...] = ("ant", "bee", "cow")) -> Dataset:
    """Noise in colour; the labels go round: 0, 1, 2, 0, …"""
    pixels = np.random.default_rng(count).integers(0, 256, (count, side, side, 3), np.uint8)
    labels = (np.arange(count) % len(classes)).astype(np.int32)
    return make_dataset(
        "small", "Small", classes, ArrayImages(pixels), labels, image_size=(side, side), channels=3
    )


class CountedImages:
    """Any number of images that exist only when they are loaded, and note which were."""

    kind: Literal["arrays"] = "arrays"

    def __init__(self, count: int, seconds: float = 0.0) -> None:
        self._count = count
        self._seconds = seconds
        self.loaded: list[int] = []
        self.first = threading.Event()

    def __len__(self) -> int:
        return self._count

    def read(self, index: int) -> NDArray[np.uint8]:
        """A plain gray image."""
        return np.full((16, 16), index % 256, np.uint8)

    def load(self, indices: NDArray[np.int64], target: Target) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
        """Note them, as slowly as asked for."""
        self.loaded += indices.tolist()
        self.first.set()
        time.sleep(self._seconds)
        made = [to_target(self.read(int(index)), target) for index in indices]
        return np.stack(made), np.ones(len(indices), bool)

    def thumbnails(self, indices: Sequence[int], side: int) -> list[NDArray[np.uint8] | None]:
        """Note them too."""
        return list(self.load(np.array(indices), Target(16, 16, 3))[0])

    def name(self, index: int) -> str:
        """Its number."""
        return f"image {index}"

    def path(self, index: int) -> Path | None:
        """There is no file."""
        return None

    def digest(self, index: int) -> bytes:
        """All differ."""
        return str(index).encode()


def counted_set(count: int, seconds: float = 0.0) -> tuple[Dataset, CountedImages]:
    """A data set of such images, two classes in turn."""
    images = CountedImages(count, seconds)
    labels = (np.arange(count) % 2).astype(np.int32)
    return (
        make_dataset("many", "Many", ("even", "odd"), images, labels, image_size=(16, 16), channels=1),
        images,
    )


class Data(Driver):
    """The window with its data panel."""

    def __init__(self, qtbot: QtBot, window: MainWindow) -> None:
        super().__init__(qtbot, window)
        panel = window.panel()
        assert isinstance(panel, DataPanel)
        self.panel = panel
        self.grid = panel.images.grid

    @property
    def dataset(self) -> Dataset:
        """What is open."""
        assert self.workspace.dataset is not None
        return self.workspace.dataset

    def show(self, dataset: Dataset) -> Dataset:
        """Put a data set into the workspace."""
        self.workspace.set_dataset(dataset)
        self.settle()
        return dataset

    def augment(self, name: str, notch: int) -> None:
        """Move an augmentation's slider."""
        self.slide(f"data.augment.{name}.slider", notch)

    def undo(self) -> None:
        """Ctrl+Z, wherever the focus is."""
        self._key(Qt.KeyboardModifier.ControlModifier)

    def redo(self) -> None:
        """And Shift."""
        self._key(Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)

    def _key(self, modifiers: Qt.KeyboardModifier) -> None:
        # A dialog that was closed leaves no window active here.
        self.window.activateWindow()
        self.until(self.window.isActiveWindow)
        self.qtbot.keyClick(QApplication.focusWidget() or self.window, Qt.Key.Key_Z, modifiers)
        self.settle()

    def class_row(self, row: int) -> None:
        """Click a line of the class list."""
        place = self.panel.classes.row_rect(row).center()
        self.qtbot.mouseClick(
            self.panel.classes.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, place
        )
        self.settle()

    def place(self, position: int) -> QPoint:
        """The middle of a thumbnail that is on show."""
        return self.grid.tile_rect(position).center()

    def click_image(self, position: int) -> int:
        """Click a thumbnail; its image's index."""
        self.qtbot.mouseClick(
            self.grid.viewport(),
            Qt.MouseButton.LeftButton,
            Qt.KeyboardModifier.NoModifier,
            self.place(position),
        )
        self.settle()
        return int(self.grid.indices[position])

    def keys(self, *keys: Qt.Key) -> None:
        """Press keys in the grid."""
        for key in keys:
            self.qtbot.keyClick(self.grid, key)
        self.settle()

    def menu(self, button: str, action: str) -> None:
        """Choose in a button's menu."""
        menu = self.find(QAbstractButton, button).menu()  # type: ignore[attr-defined]
        menu.aboutToShow.emit()
        found = menu.findChild(QAction, action)
        assert found is not None, action
        found.trigger()

    def press_cancel(self, title: str) -> None:
        """Cancel a job in the status bar."""
        rows = self.window.status.findChildren(QWidget, "status.job")
        row = next(row for row in rows if row.accessibleName() == title)
        self.qtbot.mouseClick(row.findChild(QAbstractButton, "status.job.cancel"), Qt.MouseButton.LeftButton)
        self.settle()

    def accept_dialog(self, name: str, path: Path) -> None:
        """Choose a path in the dialog that is open."""
        dialog = self.find(QFileDialog, name)
        dialog.setDirectory(str(path.parent))
        dialog.selectFile(str(path))
        dialog.accept()
        self.settle()
