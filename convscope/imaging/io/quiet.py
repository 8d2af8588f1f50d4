"""Keeps the picture libraries from talking to the terminal: what matters becomes a note or an error.

Importing this silences OpenCV's own log, and Pillow's where nobody has set up logging.
"""

from __future__ import annotations

import logging
import re
from contextlib import AbstractContextManager

import cv2

from convscope.core.process_state import python_warnings, standard_error

cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
logging.getLogger("PIL").addHandler(logging.NullHandler())

_LIBPNG = re.compile(rb"libpng (?:error|warning):[^\n]*\n?")


def quiet_pillow() -> AbstractContextManager[None]:
    """Pillow warns of nothing in here."""
    return python_warnings.ignored(r"PIL\.")


def quiet_libpng() -> AbstractContextManager[None]:
    """What libpng says inside OpenCV is dropped; what others write meanwhile is passed on."""
    return standard_error.held(_LIBPNG)


def quiet_libtiff() -> AbstractContextManager[None]:
    """Nothing that is written meanwhile is passed on.

    libtiff writes to stderr, Pillow offers no way to tell it not to, and what it says has no pattern.
    """
    return standard_error.held()
