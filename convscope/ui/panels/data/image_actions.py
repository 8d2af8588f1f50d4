"""What one does with one image of a data set: make it the current one, copy it, save it."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QPoint
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QWidget

from convscope.core.task import Task
from convscope.imaging.image import Image
from convscope.ui import theme
from convscope.ui.canvas.gestures import MenuEntry, context_menu
from convscope.ui.export.file_dialog import choose_file, save_picture
from convscope.ui.panel_context import PanelContext
from convscope.ui.qimage import to_image

if TYPE_CHECKING:
    from convscope.engine.data.dataset import Dataset
    from convscope.engine.data.images import Images

# An image of a set that need not stay open for it.
Place = tuple["weakref.ref[Images]", int]

# So many images of data sets stay in the film strip; more would only hide what a person opened there.
KEPT = 12


class ImageActions(QObject):
    """Reads single images off the GUI thread, the latest one wanted only.

    Args:
        widget: the parent of menus and dialogs.
    """

    def __init__(self, context: PanelContext, widget: QWidget) -> None:
        super().__init__(widget)
        self._context = context
        self._widget = widget
        # The images that it put into the strip, oldest first, and which ones of which set they are.
        self._added: dict[str, Place] = {}

    def use(self, dataset: Dataset, index: int) -> None:
        """Make an image the current one; one that is in the film strip already is chosen there."""
        path, here = dataset.images.path(index), (weakref.ref(dataset.images), index)
        for image in self._context.workspace.images:
            if self._added.get(image.id) == here or (path is not None and image.path == path):
                self._context.workspace.select_image(image.id)
                return

        def work(task: Task) -> Image:
            from convscope.engine.data.dataset import as_image

            return as_image(dataset, index)

        self._context.jobs.submit(
            "imaging",
            work,
            title=f"Opening {dataset.images.name(index)}",
            key="data.use",
            quiet=True,
            on_done=lambda image: self._add(image, here),
            on_failed=self._context.report,
        )

    def read(self, dataset: Dataset, index: int, then: Callable[[NDArray[np.uint8]], None]) -> None:
        """Have an image's pixels, uint8 H×W or H×W×3, once they are read."""
        self._context.jobs.submit(
            "imaging",
            lambda task: dataset.images.read(index),
            title="Reading an image",
            key="data.read",
            quiet=True,
            on_done=then,
            on_failed=self._context.report,
        )

    def open_menu(self, dataset: Dataset, index: int, at: QPoint) -> None:
        """What the right button offers on an image."""
        read, use = partial(self.read, dataset, index), partial(self.use, dataset, index)

        def save() -> None:
            choose_file(self._widget, partial(self._save, dataset, index))

        def copy_name() -> None:
            QGuiApplication.clipboard().setText(dataset.images.name(index))

        icons = {name: theme.icon(name) for name in ("image", "copy", "save")}
        menu = context_menu(
            self._widget,
            "data.grid",
            (
                MenuEntry("use", "Make it the current image", use, icon=icons["image"]),
                MenuEntry("copy", "Copy", lambda: read(self._copy), icon=icons["copy"]),
                MenuEntry("save", "Save as PNG…", save, icon=icons["save"]),
                MenuEntry("copy_name", "Copy the name", copy_name),
            ),
        )
        menu.setObjectName("data.grid.menu")
        menu.popup(at)

    def _add(self, image: Image, here: Place) -> None:
        workspace = self._context.workspace
        workspace.add_images([image])
        still = {each.id for each in workspace.images}
        kept = {each: place for each, place in self._added.items() if each in still}
        self._added = {**kept, image.id: here}
        while len(self._added) > KEPT:
            oldest = next(iter(self._added))
            del self._added[oldest]
            workspace.remove_image(oldest, keep=False)

    def _copy(self, pixels: NDArray[np.uint8]) -> None:
        QGuiApplication.clipboard().setImage(to_image(pixels).copy())
        self._context.notify("Copied")

    def _save(self, dataset: Dataset, index: int, path: str) -> None:
        self.read(dataset, index, lambda pixels: save_picture(self._widget, path, pixels))
