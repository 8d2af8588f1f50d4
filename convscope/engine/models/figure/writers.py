"""What a figure can be written as. A writer is one file with `write(drawing) -> bytes` and one line here."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from convscope.core.files import save
from convscope.engine.models.figure import pdf, png, svg, tikz
from convscope.engine.models.figure.drawing import FigureDrawing

WRITERS: dict[str, Callable[[FigureDrawing], bytes]] = {
    ".svg": svg.write,
    ".pdf": pdf.write,
    ".png": png.write,
    ".tex": tikz.write,
}
"""By a file's ending."""

WITHOUT_PICTURES = (".tex",)


def save_figure(path: Path | str, drawing: FigureDrawing) -> None:
    """Write it as its name's ending says, whole or not at all.

    Raises:
        UserError: it cannot be written there.
    """
    save(path, WRITERS[Path(path).suffix.lower()](drawing))
