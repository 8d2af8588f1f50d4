"""Text of other people's files, made safe for a terminal, a label, a sentence and a log."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

# What a terminal obeys (C0, C1, DEL), line breaks, what turns the direction of writing or is not seen at all,
# tags, and halves of characters. Joiners (U+200C, U+200D) stay: words and emoji need them.
_UNSEEN = (
    "\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e007f"
)
_IN_A_LINE = re.compile(f"[{_UNSEEN}]")
_IN_LINES = re.compile(f"(?![\t\n])[{_UNSEEN}]")


def printable(said: str | Path, *, lines: bool = False) -> str:
    """Text that shows what it is: whatever a terminal would obey, or nobody would see, becomes "�".

    Escape codes, line breaks, U+202E and its kind could make one name look like another, or write over what
    stands before it. Bytes of a file's name that are no UTF-8 become "�", too.

    Args:
        lines: line breaks and tabs stay, for text that has lines of its own.
    """
    text = str(said)
    if text.isascii() and text.isprintable():
        return text
    whole = text.encode("utf-8", "surrogateescape").decode("utf-8", "replace") if _lone(text) else text
    return (_IN_LINES if lines else _IN_A_LINE).sub("�", whole)


def one_line(text: str) -> str:
    """A sentence: as `printable`, but its line breaks and tabs become spaces."""
    return printable(re.sub(r"[\t\n\r\f\v]+", " ", text))


def json_text(data: Any, indent: int | None = 1) -> str:
    """JSON for a terminal: what `printable` would replace is escaped, and reads back the same."""
    return escaped(json.dumps(data, ensure_ascii=False, indent=indent))


def escaped(text: str) -> str:
    """JSON with what `printable` would replace as \\uXXXX; such letters stand within its strings only."""
    return text if text.isascii() else _IN_LINES.sub(_escape, text)


def _escape(found: re.Match[str]) -> str:
    return json.dumps(found[0])[1:-1]


def _lone(text: str) -> bool:
    """Whether all halves of characters in it are bytes of a name that is no UTF-8."""
    found = re.findall("[\ud800-\udfff]", text)
    return bool(found) and all("\udc80" <= half <= "\udcff" for half in found)
