"""The one dialog that asks where something is to be saved; pictures as PNG, numbers as a table."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage, QPixmap
from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget

from convscope.core.errors import UserError
from convscope.core.files import replacing
from convscope.imaging.io.save import save_png
from convscope.ui.export.writing import with_ending

# More than this many numbers are of no use on a clipboard, and would hold up the window.
MOST_NUMBERS = 20_000


def as_table(values: NDArray[Any]) -> str:
    """Numbers with tabs between cells, one line a row; channels follow each other after an empty line."""
    planes = [values] if values.ndim == 2 else [values[:, :, channel] for channel in range(values.shape[2])]
    return "\n\n".join(
        "\n".join("\t".join(f"{v:.9g}" for v in row) for row in plane.tolist()) for plane in planes
    )


class _Last:
    """Where the last file went: the next dialog begins there."""

    folder = ""


def choose_file(
    parent: QWidget,
    save: Callable[[str], object],
    suggested: str = "",
    endings: Sequence[str] | Mapping[str, str] = (".png",),
    *,
    name: str = "",
    title: str = "Save",
) -> QFileDialog:
    """Ask where a file shall go, without stopping anything, and save it there.

    Args:
        save: gets the path.
        suggested: its name, if the person gives it none.
        endings: what it may end in, and perhaps what each stands for; the first unless the person says
            another. "" is a folder's, which may be there already.
        name: the dialog's object name.
    """
    words = endings if isinstance(endings, Mapping) else {each: each.lstrip(".").upper() for each in endings}
    kinds = {f"{says} (*{ending})": ending for ending, says in words.items()}
    dialog = QFileDialog(parent, title)
    dialog.setObjectName(name)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    dialog.setNameFilters(list(kinds))
    first = next(iter(words))
    dialog.setDefaultSuffix(first.lstrip("."))
    dialog.filterSelected.connect(lambda kind: dialog.setDefaultSuffix(kinds[kind].lstrip(".")))
    if "" in words:
        # The question whether to overwrite is one about files.
        dialog.setOption(QFileDialog.Option.DontConfirmOverwrite)
    if _Last.folder and Path(_Last.folder).is_dir():
        dialog.setDirectory(_Last.folder)
    dialog.selectFile(suggested)

    def chosen(path: str) -> None:
        _Last.folder = str(Path(path).parent)
        try:
            whole = with_ending(path, () if "" in words else words)
        except UserError:
            # It is for who saves to say so.
            whole = Path(path)
        if str(whole) != path and whole.exists():
            # The dialog has asked about another file than the one that would be overwritten.
            _ask_to_replace(parent, whole, lambda: save(str(whole)))
        else:
            save(path)

    dialog.fileSelected.connect(chosen)
    dialog.open()
    return dialog


def _ask_to_replace(parent: QWidget, file: Path, yes: Callable[[], object]) -> None:
    buttons = QMessageBox.StandardButton
    question = f"{file.name} already exists. Do you want to replace it?"
    box = QMessageBox(QMessageBox.Icon.Warning, "Save", question, buttons.Yes | buttons.No, parent)
    box.setObjectName("save.replace")
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.setDefaultButton(buttons.No)
    box.accepted.connect(yes)
    box.open()


def save_grabbed(path: Path, picture: QImage) -> None:
    """Write what a widget showed as PNG.

    Raises:
        UserError: the file cannot be written.
    """
    try:
        with replacing(path) as part:
            if not picture.save(str(part), "PNG"):  # type: ignore[call-overload]
                raise OSError("Qt could not write it")
    except OSError as error:
        raise UserError(f"{path} cannot be written.", detail=str(error)) from error


def save_picture(parent: QWidget, path: str, picture: NDArray[np.uint8] | QPixmap) -> None:
    """Write a picture as PNG; a failure is said in a message box."""
    file = with_ending(path, (".png",))
    try:
        if isinstance(picture, QPixmap):
            save_grabbed(file, picture.toImage())
        else:
            save_png(file, picture)
    except UserError as error:
        box = QMessageBox(QMessageBox.Icon.Warning, "Save picture", error.message, parent=parent)
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.open()
