"""`convscope screenshot`: a picture of a panel with real content, without a display."""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from convscope.cli.model_arguments import add_trust_argument
from convscope.cli.outputs import check_output
from convscope.core.errors import UserError

if TYPE_CHECKING:
    from PySide6.QtGui import QImage

    from convscope.ui.main_window import MainWindow

SUMMARY = "Save a picture of a panel with real content; needs no display."
EXAMPLE = "convscope screenshot --panel kernels -o kernels.png --size 1440x900 --theme dark --image cat.jpg"

FIRST = "kernels"  # the panel that needs no network
LARGEST = 8192
QUIET = 0.25  # seconds without a job after which the picture is taken to be complete
PATIENCE = 300.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own arguments."""
    parser.add_argument("--panel", default=FIRST, help="the panel to show (default: kernels)")
    parser.add_argument("-o", "--output", required=True, metavar="PNG", help="the file to write")
    parser.add_argument("--size", default="1440x900", metavar="WxH", help="in pixels (default: 1440x900)")
    parser.add_argument("--theme", choices=("light", "dark"), default="light", help="default: light")
    parser.add_argument("--image", metavar="PATH", help="the image to show (default: a sample)")
    parser.add_argument("--model", metavar="MODEL", help="a name or a file, as in convscope predict")
    add_trust_argument(parser)
    parser.add_argument("--data", metavar="NAME|FOLDER", help="a data set, as in convscope train")


def run(arguments: argparse.Namespace) -> int:
    """Render and save."""
    if "PySide6" not in sys.modules:
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
        # The size asked for is the size in pixels, whatever the desktop's scale.
        os.environ.pop("QT_SCALE_FACTOR", None)
    width, height = parse_size(arguments.size)
    output = Path(arguments.output)
    check_output(output, (".png",), *(each for each in (arguments.image,) if each))
    picture = render(
        arguments.panel,
        (width, height),
        arguments.theme,
        arguments.image,
        arguments.model,
        arguments.data,
        trusted=arguments.trust,
    )
    temporary = output.with_name(f".{output.name}.{os.getpid()}.tmp")
    try:
        if not picture.save(str(temporary), "PNG"):  # type: ignore[call-overload]
            raise UserError(f"{output} cannot be written: check the folder's permissions and the disk.")
        temporary.replace(output)
    except OSError as error:
        raise UserError(f"{output} cannot be written: {error.strerror}.") from error
    finally:
        temporary.unlink(missing_ok=True)
    return 0


def parse_size(text: str) -> tuple[int, int]:
    """(width, height) in pixels of "1440x900".

    Raises:
        UserError: not of this form, or out of range.
    """
    from convscope.ui.main_window import SMALLEST

    parts = text.lower().replace("×", "x").split("x")
    if len(parts) != 2 or not all(part.isascii() and part.isdigit() for part in parts):
        raise UserError(f"A size is written as 1440x900, not {text!r}.")
    width, height = int(parts[0]), int(parts[1])
    if not (SMALLEST[0] <= width <= LARGEST and SMALLEST[1] <= height <= LARGEST):
        least = f"{SMALLEST[0]}x{SMALLEST[1]}"
        raise UserError(f"A size goes from {least} to {LARGEST}x{LARGEST}, so {text} cannot be drawn.")
    return width, height


def render(
    panel: str,
    size: tuple[int, int],
    theme: str,
    image: str | None,
    model: str | None = None,
    data: str | None = None,
    *,
    trusted: bool = False,
) -> QImage:
    """The window, drawn off any screen once all its work is done.

    The panel fills itself with its example: data that is opened, a run that is trained.

    Raises:
        UserError: no such panel; image, model or data set cannot be opened; the work does not end.
    """
    from PySide6.QtCore import Qt
    from PySide6.QtGui import QImage

    from convscope.engine import runtime
    from convscope.engine.models.library.catalogue import open_model
    from convscope.engine.training.runs.trained_in import trained_in
    from convscope.imaging.io.load import load_image
    from convscope.ui import theme as themes
    from convscope.ui.application import make_application
    from convscope.ui.main_window import MainWindow
    from convscope.ui.settings import Settings
    from convscope.ui.sources.opening import sample_images
    from convscope.workspace.workspace import Workspace

    app = make_application()
    themes.apply("dark" if theme == "dark" else "light")
    workspace = Workspace(sample_images())
    if image is not None:
        workspace.add_images([load_image(image)])
    if model is not None and panel != FIRST:
        # Before the window, which would be content with another one.
        runtime.start()
        workspace.add_model(open_model(trained_in(model), trusted=trusted))
    settings = Settings()
    window = MainWindow(workspace, settings=settings, theme_choice=theme)
    try:
        window.setAttribute(Qt.WidgetAttribute.WA_DontShowOnScreen)
        window.remember_settings = False
        window.show_panel(panel)
        window.resize(*size)
        window.show()
        if data is not None:
            window.sources.engine.open_dataset(data)
            _wait(window)
            if (refused := window.sources.engine.refused) is not None:
                raise UserError(refused.sentence)
        if panel != FIRST:
            window.start_engine()
            _wait(window)
            if window.workspace.model is None:
                sentences = [toast.message for toast in window.toasts.toasts()]
                raise UserError(" ".join(sentences) or "No network can be opened.")
            shown = window.panel()
            if shown is not None:
                shown.show_example()
        _wait(window)
        picture = QImage(*size, QImage.Format.Format_RGB32)
        window.render(picture)
        return picture
    finally:
        window.close()
        window.deleteLater()
        app.processEvents()


def _wait(window: MainWindow) -> None:
    from PySide6.QtWidgets import QApplication

    end = time.monotonic() + PATIENCE
    quiet_since = time.monotonic()
    while time.monotonic() - quiet_since < QUIET:
        QApplication.processEvents()
        time.sleep(0.005)
        if not window.jobs.idle():
            quiet_since = time.monotonic()
        if time.monotonic() > end:
            titles = ", ".join(job.title for job in window.jobs.running())
            raise UserError(f"The panel is still at work after {PATIENCE:.0f} seconds: {titles}.")
