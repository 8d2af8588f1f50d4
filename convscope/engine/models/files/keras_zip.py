"""`.keras` files: a zip with a configuration and weights, looked through before anything is used."""

from __future__ import annotations

import contextlib
import json
import lzma
import shutil
import stat
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from convscope.engine.models.files.h5 import check_h5
from convscope.engine.models.memory import check_fits
from convscope.errors import UserError

_WEIGHTS = "model.weights.h5"
_KNOWN = ("config.json", "metadata.json", _WEIGHTS)
_LARGEST_CONFIG = 64 << 20


@dataclass(frozen=True, eq=False)
class Parts:
    """What a `.keras` file holds.

    Attributes:
        config: the model's, not yet checked.
        version: major version of the Keras that wrote it.
        weights: an unpacked copy, checked; gone when the block ends.
    """

    config: Any
    version: int
    weights: Path


@contextlib.contextmanager
def unpacked(path: Path) -> Iterator[Parts]:
    """The parts of a `.keras` file.

    Raises:
        UserError: not such a file, cut short, too large, or with members that have no business there.
    """
    with tempfile.TemporaryDirectory() as folder:
        yield _unpack(path, Path(folder) / _WEIGHTS)


def _unpack(path: Path, weights: Path) -> Parts:
    try:
        with zipfile.ZipFile(path) as archive:
            _check_members(archive, path)
            config = json.loads(archive.read("config.json"))
            metadata = (
                json.loads(archive.read("metadata.json")) if "metadata.json" in archive.namelist() else {}
            )
            with archive.open(_WEIGHTS) as packed, weights.open("wb") as target:
                shutil.copyfileobj(packed, target, 1 << 20)
    except (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, KeyError, NotImplementedError) as error:
        raise UserError(
            f"{path.name} is not a .keras file, or cut short: get it again.", detail=str(error)
        ) from error
    except (ValueError, RecursionError) as error:
        raise UserError(f"The configuration in {path.name} cannot be read.", detail=str(error)) from error
    except OSError as error:
        raise UserError(f"{path.name} cannot be read.", detail=str(error)) from error
    check_h5(weights, path.name)
    version = metadata.get("keras_version") if isinstance(metadata, dict) else None
    major = str(version or "3").split(".")[0]
    return Parts(config, int(major) if major.isdigit() else 3, weights)


def _check_members(archive: zipfile.ZipFile, path: Path) -> None:
    names = set()
    for member in archive.infolist():
        name = member.filename
        if name in names:
            raise UserError(f"{path.name} is not opened, because it contains {name} twice.")
        if name.startswith(("/", "\\")) or ".." in name.replace("\\", "/").split("/"):
            raise UserError(
                f"{path.name} is not opened, because it would write outside its own folder ({name})."
            )
        if stat.S_ISLNK(member.external_attr >> 16):
            raise UserError(
                f"{path.name} is not opened, because it contains a link to another file ({name})."
            )
        if member.flag_bits & 1:
            raise UserError(f"{path.name} is locked with a password.")
        if name == "model.weights.npz":
            raise UserError(
                f"{path.name} is not opened, because its weights are a NumPy archive, which can run code."
            )
        if name not in _KNOWN and not member.is_dir():
            raise UserError(f"{path.name} is not opened, because a model has no business with {name}.")
        names.add(name)
    missing = {"config.json", _WEIGHTS} - names
    if missing:
        raise UserError(f"{path.name} is not a Keras model: it has no {sorted(missing)[0]}.")
    if archive.getinfo("config.json").file_size > _LARGEST_CONFIG:
        raise UserError(f"The configuration in {path.name} is too large to be one.")
    check_fits(sum(member.file_size for member in archive.infolist()), f"{path.name} holds")
