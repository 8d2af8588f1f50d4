"""The one dialog that asks where something is to be saved; pictures as PNG, numbers as a table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget

from convscope.core.errors import UserError
from convscope.core.files import replacing
from convscope.imaging.io.save import save_png

# More than this many numbers are of no use on a clipboard, and would hold up the window.
MOST_NUMBERS = 20_000


def as_table(values: NDArray[Any]) -> str:
    """Numbers with tabs between cells, one line a row; channels follow each other after an empty line."""
    planes = [values] if values.ndim == 2 else [values[:, :, channel] for channel in range(values.shape[2])]
    return "\n\n".join(
        "\n".join("\t".join(f"{v:.9g}" for v in row) for row in plane.tolist()) for plane in planes
    )


def choose_file(
    parent: QWidget, save: Callable[[str], object], suggested: str = "", endings: Sequence[str] = (".png",)
) -> QFileDialog:
    """Ask where a file shall go, without stopping anything, and save it there.

    Args:
        save: gets the path.
        suggested: its name, if the person gives it none.
        endings: what it may end in; the first unless the person says another.
    """
    kinds = [f"{ending.lstrip('.').upper()} (*{ending})" for ending in endings]
    dialog = QFileDialog(parent, "Save", suggested, ";;".join(kinds))
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    dialog.setDefaultSuffix(endings[0].lstrip("."))
    dialog.filterSelected.connect(
        lambda kind: dialog.setDefaultSuffix(endings[kinds.index(kind)].lstrip("."))
    )
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.fileSelected.connect(save)
    dialog.open()
    return dialog


def save_grabbed(path: Path, picture: QPixmap) -> None:
    """Write what a widget showed as PNG.

    Raises:
        UserError: the file cannot be written.
    """
    try:
        with replacing(path) as part:
            if not picture.save(str(part), "PNG"):
                raise OSError("Qt could not write it")
    except OSError as error:
        raise UserError(f"{path} cannot be written.", detail=str(error)) from error


def save_picture(parent: QWidget, path: str, picture: NDArray[np.uint8] | QPixmap) -> None:
    """Write a picture as PNG; a failure is said in a message box."""
    file = Path(path if path.lower().endswith(".png") else f"{path}.png")
    try:
        if isinstance(picture, QPixmap):
            save_grabbed(file, picture)
        else:
            save_png(file, picture)
    except UserError as error:
        box = QMessageBox(QMessageBox.Icon.Warning, "Save picture", error.message, parent=parent)
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.open()
