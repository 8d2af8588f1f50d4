"""The kinds of file that a network can be written as, told apart by their endings."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from pathlib import PurePath

from convscope.core.errors import UserError

INSTALL = "pip install 'convscope[export]'"
PRECISIONS = {"float32": "32-bit numbers", "float16": "16-bit numbers", "int8": "8-bit whole numbers"}


@dataclass(frozen=True)
class ExportFormat:
    """One kind of file.

    Attributes:
        key: what the code calls it.
        title: what a person calls it.
        endings: of its files, the usual one first; "" for a folder.
        about: who opens it, in one line.
        needs: packages that only this kind needs.
        precisions: that its weights can have, the usual one first.
    """

    key: str
    title: str
    endings: tuple[str, ...]
    about: str
    needs: tuple[str, ...] = ()
    precisions: tuple[str, ...] = ("float32",)

    @property
    def missing(self) -> tuple[str, ...]:
        """Those packages that are not installed."""
        return tuple(name for name in self.needs if importlib.util.find_spec(name) is None)

    def check_installed(self) -> None:
        """Refuse what cannot be written on this machine yet.

        Raises:
            UserError: with the line that installs what is missing.
        """
        if self.missing:
            names = " and ".join(self.missing)
            raise UserError(f"{self.title} needs {names}, which is not installed: {INSTALL}")

    def check_precision(self, precision: str) -> None:
        """Refuse a precision that such files do not have.

        Raises:
            UserError: naming those that they have.
        """
        if precision not in self.precisions:
            raise UserError(f"{self.title} is written in {', '.join(self.precisions)}, not in {precision}.")


FORMATS: tuple[ExportFormat, ...] = (
    ExportFormat("keras", "Keras 3", (".keras",), "All that there is, to go on training with Keras 3."),
    ExportFormat("h5", "HDF5", (".h5", ".hdf5"), "Layers and weights, for Keras 2 and 3."),
    ExportFormat(
        "saved_model",
        "SavedModel",
        ("",),
        "A folder with the finished graph, for TensorFlow and its servers.",
    ),
    ExportFormat(
        "onnx",
        "ONNX",
        (".onnx",),
        "For ONNX Runtime and most other frameworks, without Python or Keras.",
        needs=("tf2onnx", "onnx", "onnxruntime"),
    ),
    ExportFormat(
        "litert",
        "LiteRT",
        (".tflite",),
        "For phones and small devices; TensorFlow Lite until 2024.",
        precisions=("float32", "float16", "int8"),
    ),
)
ENDINGS = tuple(ending for kind in FORMATS for ending in kind.endings if ending)


def format_named(key: str) -> ExportFormat:
    """The format with a key of `FORMATS`."""
    return next(kind for kind in FORMATS if kind.key == key)


def format_of(path: str | PurePath) -> ExportFormat:
    """The format that a path's ending asks for; none at all, or a "/", a SavedModel folder.

    Raises:
        UserError: no format has this ending.
    """
    text = str(path)
    ending = "" if text.endswith(("/", "\\")) else PurePath(text).suffix.lower()
    for kind in FORMATS:
        if ending in kind.endings:
            return kind
    raise UserError(
        f"{text} has an ending that says no format: it is {', '.join(ENDINGS)}, or none for the folder of a "
        "SavedModel."
    )
