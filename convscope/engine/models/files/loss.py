"""What a file says that its network was trained for: its loss, as words. Nothing of it is made or run."""

from __future__ import annotations

import zipfile
import zlib
from pathlib import Path
from typing import Any

from convscope.core.errors import UserError
from convscope.core.opening import MB, open_regular, parse_json

_LARGEST = 16 * MB


def loss_of(path: Path) -> Any:
    """The loss in a model file that was opened already, as Keras wrote it; None where it names none."""
    try:
        text = _training(path)
        told = None if text is None else parse_json(text, path.name)
    except (UserError, OSError, ValueError, KeyError, RuntimeError, zipfile.BadZipFile, zlib.error):
        # It is a hint, no part of the network.
        return None
    if not isinstance(told, dict):
        return None
    compiled = told.get("compile_config", told)
    return compiled.get("loss") if isinstance(compiled, dict) else None


def _training(path: Path) -> str | bytes | None:
    with open_regular(path, "a model file") as file:
        if file.read(4) == b"PK\x03\x04":
            with zipfile.ZipFile(file) as archive, archive.open("config.json") as member:
                data = member.read(_LARGEST + 1)
            return data if len(data) <= _LARGEST else None
    if path.suffix.lower() == ".json":
        return None
    import h5py

    with h5py.File(path, "r") as kept:
        text = kept.attrs.get("training_config")
    return text if isinstance(text, (str, bytes)) and len(text) <= _LARGEST else None
