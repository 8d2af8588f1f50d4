"""A network's configuration as text: how much of it there may be, and which Keras wrote it."""

from __future__ import annotations

import re
from typing import Any

from convscope.core.errors import UserError
from convscope.core.opening import MB, check_budget, parse_json

LARGEST = 32 * MB
"""Bytes; that of NASNetLarge, a thousand layers, has half a megabyte."""
MOST_LAYERS = 5_000
MOST_TABLES = 1_000_000
"""Lists and tables; each is looked at several times, and a thousand layers have some 20,000."""

# What Python takes for a table or list of nearly nothing, and for a letter of anything else, more than once.
_TABLE_BYTES, _LETTER_BYTES = 500, 12


def configuration(text: str | bytes, what: str) -> Any:
    """What a configuration says, not yet checked.

    Args:
        text: JSON.
        what: the sentence's subject: "The configuration in vgg.h5", or the file's name.

    Raises:
        UserError: it is too large or no JSON.
    """
    if len(text) > LARGEST:
        raise UserError(f"{what} is too large to be one.")
    tables = (
        text.count(b"[") + text.count(b"{") if isinstance(text, bytes) else text.count("[") + text.count("{")
    )
    check_budget(_TABLE_BYTES * tables + _LETTER_BYTES * len(text), f"{what} takes")
    if tables > MOST_TABLES:
        raise UserError(f"{what} is not read: it has {tables:,} lists and tables, and no model has so many.")
    return parse_json(text, what)


def check_layers(number: int, name: str) -> None:
    """Refuse a file of so many layers that nobody waits for it.

    Raises:
        UserError: there are more than `MOST_LAYERS`.
    """
    if number > MOST_LAYERS:
        raise UserError(
            f"{name} has over {MOST_LAYERS:,} layers, more than convscope opens: "
            "the largest networks that are known have a thousand."
        )


def major_version(told: Any, otherwise: int) -> int:
    """The first number of a version: "2.13.1" → 2; `otherwise` for what is none."""
    found = re.match(r"[0-9]{1,3}(?![0-9])", str(told)[:20])
    return int(found[0]) if found else otherwise
