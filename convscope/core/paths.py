"""Where things are: the shipped resources, and the user's own folders."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from functools import cache
from pathlib import Path

import platformdirs

from convscope.core.errors import UserError

_APP = "convscope"


@cache
def _resource_roots() -> tuple[Path, ...]:
    package = Path(__file__).resolve().parents[1]
    # A wheel holds resources inside the package; a checkout (pip install -e) beside it.
    return (package / "resources", package.parent / "resources")


def resource_path(*parts: str) -> Path:
    """The path of a shipped file or folder, such as `resource_path("images", "cat.jpg")`.

    Raises:
        FileNotFoundError: no such resource in this installation.
    """
    for root in _resource_roots():
        candidate = root.joinpath(*parts)
        if candidate.exists():
            return candidate
    raise FileNotFoundError(f"convscope's resource {'/'.join(parts)} is missing from this installation")


def _folder(kind: str, default: str) -> Path:
    # CONVSCOPE_HOME keeps everything in one place: for tests, kiosks and USB sticks.
    home = os.environ.get("CONVSCOPE_HOME")
    path = Path(home) / kind if home else Path(default)
    path.mkdir(parents=True, exist_ok=True)
    return path


def config_dir() -> Path:
    """Settings and the user's own kernels."""
    return _folder("config", platformdirs.user_config_dir(_APP, appauthor=False))


def cache_dir() -> Path:
    """What can be computed again; where the home cannot be written, a folder that goes with the process."""
    try:
        folder = _folder("cache", platformdirs.user_cache_dir(_APP, appauthor=False))
    except OSError:
        return _passing_folder()
    return folder if os.access(folder, os.W_OK) else _passing_folder()


@cache
def _passing_folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix=f"{_APP}-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def state_dir() -> Path:
    """Unsaved work, logs, the crash record."""
    return _folder("state", platformdirs.user_state_dir(_APP, appauthor=False))


def data_dir(what: str = "Runs") -> Path:
    """Training runs, downloaded data sets and other things that the user made.

    Args:
        what: is to be kept there, for the sentence that it cannot.

    Raises:
        UserError: it cannot be written.
    """
    default = platformdirs.user_data_dir(_APP, appauthor=False)
    try:
        folder = _folder("data", default)
        if os.access(folder, os.W_OK):
            return folder
        where, reason = folder, "no permission"
    except OSError as error:
        where = Path(os.environ.get("CONVSCOPE_HOME") or default)
        reason = f"{error.filename}: {error.strerror}"
    raise UserError(
        f"{what} cannot be kept in {where} ({reason}): make it writable, or set CONVSCOPE_HOME to a folder "
        "that is."
    )
