"""The folder of a class that somebody has named: a name that every file system takes and opens again."""

from __future__ import annotations

import re
import unicodedata

from convscope.core.errors import UserError
from convscope.core.printable import printable

_FORBIDDEN = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f�]+')
# Devices of Windows, whatever stands behind a dot.
_DEVICES = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(\..*)?", re.IGNORECASE)
# Folders that are called so hold the parts of a data set, or no pictures.
_MEANT = frozenset(("train", "training", "validation", "valid", "val", "test", "testing", "__macosx"))
# File systems count bytes, 255 as a rule; a path has others in it.
_BYTES = 80


def class_folder(name: str) -> str:
    """The name of the folder for a class: as it was written, as far as every file system can hold it.

    Raises:
        UserError: nothing of it can be kept.
    """
    text = printable(unicodedata.normalize("NFC", " ".join(name.split())))
    text = _FORBIDDEN.sub("-", text).lstrip(". ")
    text = text.encode()[:_BYTES].decode(errors="ignore").rstrip(". ")
    if not text.strip("-. "):
        raise UserError("Give the class a name: letters or digits.")
    if _DEVICES.fullmatch(text) or text.casefold() in _MEANT:
        first, dot, rest = text.partition(".")
        return f"{first}_{dot}{rest}"
    return text


def same_class(one: str, other: str) -> bool:
    """Whether two names are one folder on some file system: large and small letters, composed or not."""
    return _folded(one) == _folded(other)


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()
