"""The film strip: every open image as a thumbnail, and the ways to get more."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import (
    QEvent,
    QItemSelectionModel,
    QModelIndex,
    QPoint,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QAction, QIcon, QImage, QKeySequence, QPixmap
from PySide6.QtWidgets import QFrame, QListView, QMenu, QToolButton, QWidget

from convscope.core.task import Task
from convscope.imaging.image import Image
from convscope.imaging.io.load import thumbnail
from convscope.imaging.lab.display import to_bytes
from convscope.imaging.lab.suited import in_gray_levels, is_table
from convscope.jobs.jobs import Jobs
from convscope.ui import naming, theme
from convscope.ui.canvas.gestures import MenuEntry, context_menu
from convscope.ui.forms.form import horizontal
from convscope.ui.tables.table import TableModel, name_column
from convscope.ui.window.header import described

TALL, LOW = 64, 36  # pixels of a thumbnail's height, in the normal and the compact strip
WIDEST = 96
SOURCE = 192  # pixels of a kept thumbnail's longer side, enough for an enlarged window


def picture_of(image: Image) -> NDArray[np.uint8]:
    """A thumbnail, uint8 H×W×3, its longer side about `SOURCE` pixels; small images in whole pixels.

    A table of numbers that are no gray levels is stretched: zeros and ones would be black on black.
    """
    if is_table(image) and not in_gray_levels(image) and image.values.min() < image.values.max():
        image = replace(image, values=to_bytes(image.values, "stretch")[0])
    small = thumbnail(image, SOURCE)
    factor = max(1, SOURCE // max(small.shape[:2]))
    return np.ascontiguousarray(small.repeat(factor, axis=0).repeat(factor, axis=1))


class _Images(TableModel[Image]):
    """The open images; a thumbnail comes later than its image."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__((name_column("Image", "", described, lambda _name: None),), parent)
        self._icons: dict[Image, QIcon] = {}
        self._blank = QPixmap(WIDEST, TALL)
        self._blank.fill(Qt.GlobalColor.transparent)

    def special(self, row: Image, column: int, role: int) -> Any:
        if role == Qt.ItemDataRole.DecorationRole:
            return self._icons.get(row, self._blank)
        if role == Qt.ItemDataRole.ToolTipRole:
            return "\n".join((described(row), *row.notes))
        return described(row) if role == Qt.ItemDataRole.AccessibleTextRole else None

    def show(self, images: tuple[Image, ...]) -> list[Image]:
        """Show these, and return those that have no thumbnail yet."""
        old, kept = self.rows, set(images)
        if len(images) == len(old):
            # A stroke or a camera frame: one picture changes, and keeps its last thumbnail meanwhile.
            changed = [row for row, (a, b) in enumerate(zip(old, images, strict=True)) if a is not b]
            for row in changed:
                if images[row] not in self._icons and old[row] in self._icons:
                    self._icons[images[row]] = self._icons[old[row]]
            self.rows = images
            missing = [images[row] for row in changed]
        else:
            self.show_rows(images)
            missing = [image for image in images if image not in self._icons]
        self._icons = {image: icon for image, icon in self._icons.items() if image in kept}
        return missing

    def set_thumbnail(self, image: Image, pixels: NDArray[np.uint8]) -> None:
        """A thumbnail has been made."""
        if image not in self.rows:
            return
        height, width, _ = pixels.shape
        picture = QImage(pixels.data, width, height, pixels.strides[0], QImage.Format.Format_RGB888)
        pixmap = QPixmap.fromImage(picture)
        icon = QIcon()
        # The same picture in every mode, or Qt paints the current image blue.
        for mode in (QIcon.Mode.Normal, QIcon.Mode.Selected):
            icon.addPixmap(pixmap, mode)
        self._icons[image] = icon
        row = self.rows.index(image)
        self.dataChanged.emit(self.index(row, 0), self.index(row, 0), [Qt.ItemDataRole.DecorationRole])


class FilmStrip(QFrame):
    """Thumbnails; a click makes one the current image.

    Args:
        jobs: makes the thumbnails, in the lane "view".

    Signals:
        chosen: an image's id.
        removed: the id of an image to close.
        open_requested, draw_requested, camera_requested.
    """

    chosen = Signal(str)
    removed = Signal(str)
    open_requested = Signal()
    draw_requested = Signal()
    camera_requested = Signal()

    def __init__(self, jobs: Jobs, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("strip")
        self.setProperty("role", "panel")
        self._jobs = jobs
        self._compact = False
        self._missing: dict[Image, None] = {}
        self._model = _Images(self)
        self.list = naming.give(QListView(self), "strip.list", "Open images")
        self.list.setProperty("role", "strip")
        self.list.setModel(self._model)
        self.list.setFlow(QListView.Flow.LeftToRight)
        self.list.setWrapping(False)
        self.list.setSpacing(3)
        self.list.setFrameShape(QFrame.Shape.NoFrame)
        self.list.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setHorizontalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.list.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.list.customContextMenuRequested.connect(self._open_menu)
        self.list.selectionModel().currentChanged.connect(self._current_changed)
        self._close = QAction("Close image", self.list)
        self._close.setShortcut(QKeySequence(QKeySequence.StandardKey.Delete))
        self._close.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        self._close.triggered.connect(self._close_current)
        self.list.addAction(self._close)
        layout = horizontal(self, (self.list, 1), spacing=8, margins=(8, 4))
        self.open = self._button("strip.open", "Open", "folder-open", self.open_requested.emit)
        self.open.setToolTip("Open images (Ctrl+O), or drop or paste them anywhere")
        self.open.setPopupMode(QToolButton.ToolButtonPopupMode.MenuButtonPopup)
        self.draw = self._button("strip.draw", "Draw", "pencil", self.draw_requested.emit)
        self.draw.setToolTip("Draw an image, from 28×28 to 64×64 pixels")
        self.camera = self._button("strip.camera", "Camera", "camera", self.camera_requested.emit)
        self.camera.setToolTip("Use a camera's picture")
        for button in (self.open, self.draw, self.camera):
            layout.addWidget(button)
        self._measure()

    def set_images(self, images: tuple[Image, ...], current: int) -> None:
        """Show the open images and which one is current."""
        missing = self._model.show(images)
        self._missing = {image: None for image in (*self._missing, *missing) if image in set(images)}
        index = self._model.index(current, 0)
        selection = self.list.selectionModel()
        if selection.currentIndex().row() != current:
            selection.blockSignals(True)
            selection.setCurrentIndex(index, QItemSelectionModel.SelectionFlag.ClearAndSelect)
            selection.blockSignals(False)
            self._scroll_to_current()
        self._close.setEnabled(len(images) > 1)
        self._fill()

    def set_recent_menu(self, menu: QMenu) -> None:
        """What the arrow of the open button shows."""
        self.open.setMenu(menu)

    def set_compact(self, compact: bool) -> None:
        """Lower thumbnails, for a low window."""
        if compact != self._compact:
            self._compact = compact
            self._measure()

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.StyleChange:
            self._measure()
        super().changeEvent(event)

    def _measure(self) -> None:
        height = theme.scaled(LOW if self._compact else TALL)
        size = QSize(round(height * WIDEST / TALL), height)
        self.list.setIconSize(size)
        # Room for the scroll bar, so that it never covers the pictures.
        self.list.setFixedHeight(height + 8 + 14)
        self._scroll_to_current()

    def _scroll_to_current(self) -> None:
        self.list.doItemsLayout()
        self.list.scrollTo(self.list.currentIndex())
        self.list.viewport().update()

    def _fill(self) -> None:
        """Have the missing thumbnails made, those of new images first come first served."""
        wanted = tuple(self._missing)
        if not wanted:
            return

        def work(task: Task) -> None:
            for image in wanted:
                task.check()
                task.partial((image, picture_of(image)))

        def arrived(made: tuple[Image, NDArray[np.uint8]]) -> None:
            image, pixels = made
            self._missing.pop(image, None)
            self._model.set_thumbnail(image, pixels)
            if not self._missing:
                # The places have changed with the widths.
                self._scroll_to_current()

        self._jobs.submit(
            "view", work, title="Thumbnails", key="strip", supersede="finish", quiet=True, on_partial=arrived
        )

    def _current_changed(self, current: QModelIndex, previous: QModelIndex) -> None:
        if current.isValid():
            self.chosen.emit(self._model.rows[current.row()].id)

    def _open_menu(self, at: QPoint) -> None:
        index = self.list.indexAt(at)
        if not index.isValid():
            return
        image_id, others = self._model.rows[index.row()].id, len(self._model.rows) > 1
        close = MenuEntry("close", "Close image", lambda: self._remove(image_id), others, theme.icon("x"))
        context_menu(self.list, "strip", (close,)).popup(self.list.viewport().mapToGlobal(at))

    def _close_current(self) -> None:
        index = self.list.currentIndex()
        if index.isValid():
            self._remove(self._model.rows[index.row()].id)

    def _remove(self, image_id: str) -> None:
        # Other images may have come and gone while the menu was open.
        if any(image.id == image_id for image in self._model.rows):
            self.removed.emit(image_id)

    def _button(self, name: str, title: str, icon: str, clicked: Callable[[], None]) -> QToolButton:
        button = naming.give(QToolButton(self), name, title)
        button.setText(title)
        button.setIcon(theme.icon(icon))
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        button.clicked.connect(lambda _=False: clicked())
        return button
