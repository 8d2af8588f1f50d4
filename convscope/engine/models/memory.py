"""What fits into this machine."""

from __future__ import annotations

import os

from convscope.errors import UserError


def physical_memory() -> int:
    """Bytes of memory that this machine has; 32 GiB where it does not tell."""
    if not hasattr(os, "sysconf"):
        return 32 << 30
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def check_fits(size: int, what: str) -> None:
    """Refuse what cannot fit into memory, before memory is taken for it.

    Args:
        size: bytes.
        what: the sentence's subject and verb: "vgg.h5 holds".

    Raises:
        UserError: it is more than the machine has.
    """
    memory = physical_memory()
    if size > memory:
        raise UserError(
            f"{what} {size / 1e9:,.1f} GB, more than this machine's memory of {memory / 1e9:,.1f} GB."
        )
