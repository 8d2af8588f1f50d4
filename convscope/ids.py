"""What things are told apart by: never a display name, a place in a list, or a string made of them."""

from __future__ import annotations

from uuid import uuid4


def new_id() -> str:
    """An id that nothing else has, in this run or another: 32 hexadecimal digits."""
    return uuid4().hex
