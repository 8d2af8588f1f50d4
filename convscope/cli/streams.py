"""What a subcommand prints steers no terminal, whatever the names in other people's files are."""

from __future__ import annotations

import contextlib
import io
import sys
from collections.abc import Iterator
from typing import Any, TextIO, cast

from convscope.core.printable import printable


class PlainStream:
    """A stream on which escape codes, carriage returns, and what turns the direction of writing are "�".

    Args:
        stream: where it goes; `own` is for what convscope itself draws over a line.
    """

    def __init__(self, stream: TextIO) -> None:
        self.own = stream

    def write(self, text: str) -> int:
        """Write text; its line breaks and tabs stay."""
        self.own.write(printable(text, lines=True))
        return len(text)

    def writelines(self, lines: Any) -> None:
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.own, name)


def drawing(stream: TextIO) -> TextIO:
    """The stream itself, for who moves the cursor on purpose and has looked at the text."""
    return cast(TextIO, getattr(stream, "own", stream))


@contextlib.contextmanager
def plain_streams() -> Iterator[None]:
    """Standard output and error are plain while inside."""
    before = sys.stdout, sys.stderr
    for stream in before:
        # A terminal without Unicode gets question marks instead of a traceback.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    # A windowed program may have none.
    sys.stdout, sys.stderr = (
        cast(TextIO, None if stream is None else PlainStream(drawing(stream))) for stream in before
    )
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before
