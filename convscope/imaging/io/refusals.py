"""Why a picture does not open: one sentence for each reason, and one type that tells the reasons apart."""

from __future__ import annotations

from convscope.core.errors import DamagedError, KindNotReadError, UserError


def damaged(name: str, why: object) -> DamagedError:
    """The error for a file that begins like a picture and cannot be decoded."""
    return DamagedError(f"{name} is damaged or cut short: open another copy of it.", detail=str(why))


def not_read(name: str, file_format: str, what: str) -> KindNotReadError:
    """The error for a valid file of a format that is read, but of a kind that is not.

    Args:
        what: in the format's own terms, such as "JPEG with 12 bits a channel".
    """
    return KindNotReadError(
        f"{name} is a kind of {file_format} that convscope does not read ({what}): save it again as PNG.",
        detail=f"a kind of {file_format} that is not read: {what}",
    )


def too_large(name: str, pixels: int | None, max_pixels: int) -> UserError:
    """The error for a picture over the limit."""
    has = f"has {pixels:,} pixels" if pixels else "has too many pixels"
    return UserError(f"{name} {has}; convscope opens up to {max_pixels:,}: shrink it first.")
