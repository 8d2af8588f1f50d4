"""`.keras` files: a zip with a configuration and weights, looked through before anything is used.

A zip says of each member how large it is, packed and unpacked: it is believed in neither. Nothing is unpacked
at once that has not been bounded, and nothing to a disk that has no room for it.
"""

from __future__ import annotations

import contextlib
import lzma
import stat
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from convscope.core.errors import UserError
from convscope.core.opening import MB, check_budget, check_regular
from convscope.engine.models.configuration import LARGEST, configuration, major_version
from convscope.engine.models.files.disk import check_disk
from convscope.engine.models.files.h5 import check_h5

_WEIGHTS = "model.weights.h5"
_KNOWN = ("config.json", "metadata.json", _WEIGHTS)
_LARGEST_METADATA = MB
_MOST_MEMBERS = 100
# Only of these two Python unpacks no more than was asked for; of the others, whatever so many bytes make.
_BOUNDED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_PIECE, _SMALL_PIECE = 1 << 20, 1 << 12
# How much larger a member can be than what is there of it.
_MOST = {zipfile.ZIP_STORED: 1, zipfile.ZIP_DEFLATED: 1100}
_MOST_OF_OTHERS = 10_000


@dataclass(frozen=True, eq=False)
class Parts:
    """What a `.keras` file holds.

    Attributes:
        config: the model's, not yet checked.
        version: major version of the Keras that wrote it.
        weights: an unpacked copy, checked; gone when the block ends.
        numbers: how many there are in it.
    """

    config: Any
    version: int
    weights: Path
    numbers: int


@contextlib.contextmanager
def unpacked(path: Path) -> Iterator[Parts]:
    """The parts of a `.keras` file.

    Raises:
        UserError: not such a file, cut short, too large, or with members that have no business there.
    """
    with tempfile.TemporaryDirectory() as folder:
        yield _unpack(path, Path(folder) / _WEIGHTS)


def _unpack(path: Path, weights: Path) -> Parts:
    size = check_regular(path, "a model file")
    try:
        with zipfile.ZipFile(path) as archive:
            _check_members(archive, path, size)
            config = configuration(
                _read(archive, "config.json", LARGEST, path), f"The configuration in {path.name}"
            )
            metadata: Any = {}
            if "metadata.json" in archive.namelist():
                metadata = configuration(
                    _read(archive, "metadata.json", _LARGEST_METADATA, path),
                    f"The description in {path.name}",
                )
            check_disk(weights.parent, archive.getinfo(_WEIGHTS).file_size, path.name)
            with weights.open("wb") as target:
                for piece in _pieces(archive, _WEIGHTS):
                    target.write(piece)
    except (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, KeyError, NotImplementedError) as error:
        raise UserError(
            f"{path.name} is not a .keras file, or cut short: get it again.", detail=str(error)
        ) from error
    except (ValueError, RecursionError, RuntimeError) as error:
        raise UserError(f"The configuration in {path.name} cannot be read.", detail=str(error)) from error
    except OSError as error:
        raise UserError(f"{path.name} cannot be read.", detail=str(error)) from error
    numbers = check_h5(weights, path.name)
    version = metadata.get("keras_version") if isinstance(metadata, dict) else None
    return Parts(config, major_version(version or "3", 3), weights, numbers)


def _read(archive: zipfile.ZipFile, member: str, limit: int, path: Path) -> bytes:
    """A small member, whatever it says of its size."""
    if archive.getinfo(member).file_size > limit:
        part = "configuration" if member == "config.json" else "description"
        raise UserError(f"The {part} in {path.name} is too large to be one.")
    return b"".join(_pieces(archive, member))


def _pieces(archive: zipfile.ZipFile, member: str) -> Iterator[bytes]:
    """A member's bytes, no more than it says; few at a time where a few packed ones may become many."""
    info = archive.getinfo(member)
    at_once = _PIECE if info.compress_type in _BOUNDED else _SMALL_PIECE
    with archive.open(info) as packed:
        while piece := packed.read(at_once):
            yield piece


def _check_members(archive: zipfile.ZipFile, path: Path, size: int) -> None:
    names = set()
    if len(archive.infolist()) > _MOST_MEMBERS:
        raise UserError(f"{path.name} is not opened: it has {len(archive.infolist()):,} members.")
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
    for member in archive.infolist():
        packed, whole = member.compress_size, member.file_size
        if packed > size or whole > packed * _MOST.get(member.compress_type, _MOST_OF_OTHERS):
            raise UserError(
                f"{path.name} is not opened: {member.filename} in it says that it has {whole:,} bytes, "
                f"and {packed:,} are there."
            )
    check_budget(sum(member.file_size for member in archive.infolist()), f"{path.name} holds")
