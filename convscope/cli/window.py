"""`convscope [PATH…]`: open the window."""

from __future__ import annotations

import argparse
import difflib
from pathlib import Path

from convscope.core.errors import UserError
from convscope.core.opening import is_there

SUMMARY = "Open the window, with images, a model or a folder of classes if given."
EXAMPLE = "convscope cat.jpg"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("paths", nargs="*", metavar="PATH", help="an image, a model file or a folder")
    parser.add_argument("--panel", help="the panel to show first")
    parser.add_argument("--theme", choices=("system", "light", "dark"), help="colours, for this run")
    parser.add_argument("--reset-settings", action="store_true", help="forget window size, layout and theme")


def run(arguments: argparse.Namespace) -> int:
    """Start the application and stay until its window closes.

    Raises:
        UserError: a path leads nowhere, or there is no Qt or no display.
    """
    for path in arguments.paths:
        if not is_there(Path(path)):
            raise UserError(f"There is no file or folder {path}{_meant(path)}.")
    try:
        from convscope.ui.application import run_window
    except ImportError as error:
        raise UserError(
            "Qt cannot be loaded: run convscope doctor, which names what is missing and how to install it.",
            detail=str(error),
        ) from error

    return run_window(
        arguments.paths,
        panel=arguments.panel,
        theme=arguments.theme,
        reset_settings=arguments.reset_settings,
    )


def _meant(word: str) -> str:
    from convscope.cli import COMMANDS

    near = difflib.get_close_matches(word, COMMANDS, 1)
    return f", and no such command: perhaps convscope {near[0]} is meant" if near else ": check the name"
