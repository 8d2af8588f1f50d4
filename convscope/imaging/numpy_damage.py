"""What NumPy raises over a damaged file."""

from __future__ import annotations

import zipfile
import zlib
from tokenize import TokenError

UNREADABLE = (
    OSError,
    EOFError,
    KeyError,
    ValueError,
    TypeError,
    OverflowError,
    MemoryError,
    # The header of an array is a Python literal, which `numpy.lib.format` takes apart.
    SyntaxError,
    TokenError,
    zipfile.BadZipFile,
    zlib.error,
)
"""Of an .npy or .npz file that cannot be read, is damaged, or lacks what was looked for."""
