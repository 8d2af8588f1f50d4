"""What the window remembers between runs: one small JSON file, with a version."""

from __future__ import annotations

import base64
import contextlib
import json
import logging
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_type_hints

from PySide6.QtCore import QByteArray

from convscope.core.errors import MissingFileError, UserError
from convscope.core.files import set_aside, write_whole
from convscope.core.opening import MB, read_json
from convscope.core.paths import config_dir
from convscope.core.records import from_json, to_json

log = logging.getLogger(__name__)

VERSION = 1
_LARGEST = MB
_LONGEST_PATH = 5000
RECENT_LIMIT = 12
ZOOM_STEPS = (0.8, 0.9, 1.0, 1.1, 1.25, 1.5, 1.75, 2.0, 2.5)


@dataclass
class Settings:
    """The window's memory. Every value is checked on loading; one that makes no sense becomes its default.

    Attributes:
        geometry: (x, y, width, height) of the window in screen pixels, or None before the first run.
        maximized: shown maximized.
        panel: the name of the panel shown last.
        theme: "system", "light" or "dark".
        zoom: how much everything is enlarged.
        recent: files opened lately, the latest first.
        splitters: the state of each named splitter, in base64.
        problem: why the file could not be used, and where it is now; "" if it could. It is not written.
    """

    geometry: tuple[int, int, int, int] | None = None
    maximized: bool = False
    panel: str = ""
    theme: str = "system"
    zoom: float = 1.0
    recent: list[str] = field(default_factory=list)
    splitters: dict[str, str] = field(default_factory=dict)
    problem: str = field(default="", compare=False)

    @staticmethod
    def path() -> Path:
        return config_dir() / "settings.json"

    @classmethod
    def load(cls) -> Settings:
        """The remembered settings, or the defaults where there are none that can be used."""
        try:
            path = cls.path()
        except OSError as error:
            log.warning("settings have no place: %s", error)
            return cls()
        try:
            data = read_json(path, _LARGEST, "a file of settings")
            if not isinstance(data, dict) or data.get("version") != VERSION:
                raise UserError(f"{path.name} is of another version of convscope.")
            return cls._checked(data)
        except MissingFileError:
            return cls()
        except UserError as error:
            log.warning("settings are unreadable and start anew: %s", error)
            return cls(problem=_aside(path, error))

    @classmethod
    def reset(cls) -> Settings:
        cls.path().unlink(missing_ok=True)
        return cls()

    def save(self) -> None:
        """Write the file, whole or not at all. A disk that refuses is only logged."""
        try:
            path = self.path()
        except OSError as error:
            log.warning("settings have no place: %s", error)
            return
        try:
            values = {name: value for name, value in to_json(self).items() if name != "problem"}
            write_whole(path, json.dumps({"version": VERSION, **values}, indent=1))
        except OSError as error:
            log.warning("settings could not be saved: %s", error)

    def remember(self, path: Path) -> None:
        """Put a file at the top of the recent ones."""
        name = str(path.absolute())
        self.recent = [name, *(other for other in self.recent if other != name)][:RECENT_LIMIT]

    def splitter(self, name: str) -> QByteArray | None:
        """A splitter's state, or None."""
        try:
            return QByteArray(base64.b64decode(self.splitters[name], validate=True))
        except (KeyError, ValueError):
            return None

    def remember_splitter(self, name: str, state: QByteArray) -> None:
        """Keep a splitter's state."""
        self.splitters[name] = base64.b64encode(state.data()).decode()

    @classmethod
    def _checked(cls, data: dict[str, Any]) -> Settings:
        # What is in a list or a table is looked at one by one: one bad name leaves the others as they are.
        kinds = {**get_type_hints(cls), "recent": list[Any], "splitters": dict[str, Any]}
        kinds["theme"] = Literal["system", "light", "dark"]
        del kinds["problem"]
        made: dict[str, Any] = {}
        for name, kind in kinds.items():
            with contextlib.suppress(KeyError, ValueError):
                made[name] = from_json(kind, data[name])
        if any(abs(number) >= 100_000 for number in made.get("geometry") or ()):
            del made["geometry"]
        if not ZOOM_STEPS[0] <= made.get("zoom", 1.0) <= ZOOM_STEPS[-1]:
            del made["zoom"]
        made["recent"] = [name for name in made.get("recent", ()) if _is_path(name)][:RECENT_LIMIT]
        made["splitters"] = {k: v for k, v in made.get("splitters", {}).items() if isinstance(v, str)}
        return cls(**made)


def _is_path(name: object) -> bool:
    """Whether it can be a file's name at all."""
    return isinstance(name, str) and 0 < len(name) <= _LONGEST_PATH and "\0" not in name


def _aside(path: Path, error: UserError) -> str:
    aside = set_aside(path)
    if aside is None:
        return f"The settings in {path} cannot be read, nor can the file be moved: {error.message}"
    return f"The settings could not be read, so the file was set aside as {aside}; the window starts anew."
