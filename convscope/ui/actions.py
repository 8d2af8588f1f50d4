"""Commands: everything that a person can do, findable by name, with its shortcut."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

from PySide6.QtGui import QKeySequence


@dataclass(frozen=True)
class Command:
    """One thing that can be done.

    Attributes:
        id: "edit.undo"; unique.
        title: what the palette and the menus call it.
        run: does it.
        shortcut: a portable key sequence such as "Ctrl+K"; several are separated by "; ".
        group: the heading that it stands under in the list of shortcuts.
        enabled: False greys it out.
    """

    id: str
    title: str
    run: Callable[[], object]
    shortcut: str = ""
    group: str = ""
    enabled: bool = True

    def key_sequences(self) -> list[QKeySequence]:
        return [QKeySequence(keys) for keys in self.shortcut.split("; ") if keys]

    def shortcut_text(self) -> str:
        """The first shortcut as this system writes it ("⌘K" on a Mac)."""
        keys = self.key_sequences()
        return keys[0].toString(QKeySequence.SequenceFormat.NativeText) if keys else ""


def score(query: str, text: str) -> float | None:
    """How well a query's letters, in order, are found in a text; None when they are not. Higher is better.

    Letters that start a word or follow the last match count more, so that "th da" finds "Theme: dark".
    """
    wanted = [letter for letter in query.lower() if not letter.isspace()]
    lowered = text.lower()
    total, at, previous = 0.0, 0, -2
    for letter in wanted:
        # A word's start is looked for first; only then the next place at all.
        starts = (
            index
            for index in range(at, len(lowered))
            if lowered[index] == letter and (index == 0 or not lowered[index - 1].isalnum())
        )
        following = at if at < len(lowered) and lowered[at] == letter and at == previous + 1 else None
        found = following if following is not None else next(starts, lowered.find(letter, at))
        if found < 0:
            return None
        word_start = found == 0 or not lowered[found - 1].isalnum()
        total += 3.0 if found == previous + 1 else 2.0 if word_start else 1.0 / (1 + found - at)
        previous, at = found, found + 1
    plain = query.lower().strip()
    if plain and plain in lowered:
        total += 5.0 + 5.0 * lowered.startswith(plain)
    return total - 0.01 * len(text)


Found = TypeVar("Found")


def search(query: str, items: Iterable[Found], text: Callable[[Found], str]) -> list[Found]:
    """The items that match, best first; all, in their order, for an empty query."""
    listed = list(items)
    if not query.strip():
        return listed
    scored = [(score(query, text(item)), index) for index, item in enumerate(listed)]
    matching = [(value, index) for value, index in scored if value is not None]
    return [listed[index] for value, index in sorted(matching, key=lambda pair: (-pair[0], pair[1]))]
