"""The user's own kernels, kept between runs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from convscope.core.errors import MissingFileError, UserError
from convscope.core.files import save, set_aside
from convscope.core.opening import MB, named, parse_json, read_bytes
from convscope.core.paths import config_dir
from convscope.core.records import from_json, to_json
from convscope.imaging.kernels.kernel import Kernel
from convscope.imaging.kernels.kernel_files import clean_name, from_data, to_data

FORMAT, VERSION = "convscope-kernel-library", 1
# Thousands of kernels.
_LARGEST = 64 * MB
_NAMED = 3
_WRONG = (ValueError, LookupError, TypeError, OverflowError, UserError)


@dataclass(frozen=True)
class _Entry:
    """One name of the file, with its kernels as `kernel_files` writes them."""

    name: str
    filter: dict[str, Any]


@dataclass(frozen=True)
class _File:
    """The whole file; the entries are looked at one by one, so that one that is damaged spoils no other."""

    format: str
    version: int
    entries: tuple[Any, ...]


class KernelLibrary:
    """Named kernels and RGB filters in one file, `kernels.json` among the settings.

    Every call reads the file anew, so that several windows see each other's kernels. A file that cannot be
    understood is set aside, never overwritten: the call that finds it raises a `UserError` that says where it
    is now, and the next one starts with what was sound in it.

    Args:
        path: the file, for tests; the user's own without.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = path

    @property
    def path(self) -> Path:
        return self._path or config_dir() / "kernels.json"

    def entries(self) -> dict[str, tuple[Kernel, ...]]:
        """Name → one kernel, or the three of an RGB filter; in alphabetical order.

        Raises:
            UserError: the file cannot be read or understood.
        """
        return dict(sorted(self._read().items(), key=lambda item: item[0].casefold()))

    def names(self) -> tuple[str, ...]:
        """The names of all kernels, in alphabetical order; raises as `entries` does."""
        return tuple(self.entries())

    def load(self, name: str) -> tuple[Kernel, ...]:
        """The kernels of this name.

        Raises:
            UserError: there are none, or the file cannot be read or understood.
        """
        return self._find(self._read(), name)

    def save(self, name: str, kernels: Kernel | Sequence[Kernel]) -> tuple[Kernel, ...]:
        """Keep kernels under a name, in place of those that had it. Returns them, called by this name.

        Raises:
            UserError: an empty or overlong name, not one or three kernels, or the file cannot be written.
        """
        name = clean_name(name)
        several = (kernels,) if isinstance(kernels, Kernel) else tuple(kernels)
        if len(several) not in (1, 3) or len({kernel.shape for kernel in several}) != 1:
            raise UserError("Keep one kernel, or three of one size for red, green and blue.")
        kept = tuple(replace(kernel, name=name) for kernel in several)
        self._write({**self._read(), name: kept})
        return kept

    def rename(self, old: str, new: str) -> None:
        """Give kept kernels another name.

        Raises:
            UserError: no kernels of the old name, a bad or taken new one, or the file cannot be written.
        """
        new, entries = clean_name(new), self._read()
        kernels = self._find(entries, old)
        if new != old and new in entries:
            raise UserError(f"There is already a kernel called {new!r}: choose another name.")
        del entries[old]
        self._write({**entries, new: tuple(replace(kernel, name=new) for kernel in kernels)})

    def delete(self, name: str) -> tuple[Kernel, ...]:
        """Forget kept kernels. Returns them, so that they can be kept again.

        Raises:
            UserError: no kernels of this name, or the file cannot be written.
        """
        entries = self._read()
        kernels = self._find(entries, name)
        del entries[name]
        self._write(entries)
        return kernels

    @staticmethod
    def _find(entries: dict[str, tuple[Kernel, ...]], name: str) -> tuple[Kernel, ...]:
        if name not in entries:
            raise UserError(f"You have no kernel called {name!r}.")
        return entries[name]

    def _read(self) -> dict[str, tuple[Kernel, ...]]:
        try:
            data = read_bytes(self.path, _LARGEST, "a library of kernels")
        except MissingFileError:
            return {}
        except (UserError, OSError) as error:
            raise UserError(f"Your own kernels cannot be read: {error}") from error
        try:
            file = from_json(_File, parse_json(data, "it"))
            if (file.format, file.version) != (FORMAT, VERSION):
                raise UserError(f"it is of format {file.format!r}, version {file.version!r}")
        except _WRONG as error:
            raise self._set_aside(str(error), {}, ()) from error
        sound: dict[str, tuple[Kernel, ...]] = {}
        damaged: list[str] = []
        reasons: list[str] = []
        for told in file.entries:
            try:
                entry = from_json(_Entry, told)
                sound[clean_name(entry.name)] = from_data(entry.filter)
            except _WRONG as error:
                name = told.get("name") if isinstance(told, dict) else None
                damaged.append(named(name) if isinstance(name, str) and name else "one without a name")
                reasons.append(str(error))
        if damaged:
            raise self._set_aside("\n".join(reasons), sound, damaged)
        return sound

    def _set_aside(
        self, reason: str, sound: dict[str, tuple[Kernel, ...]], damaged: Sequence[str]
    ) -> UserError:
        """Move the file away, and leave what is sound of it in its place."""
        path = self.path
        aside = set_aside(path)
        if aside is None:
            return UserError(
                f"Your own kernels in {path} cannot be read, nor can the file be moved: move it away.",
                detail=reason,
            )
        if sound:
            self._write(sound)
            names = ", ".join(damaged[:_NAMED]) + (", …" if len(damaged) > _NAMED else "")
            return UserError(
                f"Of your own kernels {names} could not be read, so the file was set aside as {aside}; the "
                "others are here.",
                detail=reason,
            )
        return UserError(
            f"Your own kernels could not be read, so the file was set aside as {aside}; you start with none.",
            detail=reason,
        )

    def _write(self, entries: dict[str, tuple[Kernel, ...]]) -> None:
        file = _File(
            FORMAT, VERSION, tuple(_Entry(name, to_data(kernels)) for name, kernels in entries.items())
        )
        save(self.path, json.dumps(to_json(file), ensure_ascii=False, indent=1))
