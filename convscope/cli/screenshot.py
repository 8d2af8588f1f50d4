"""`convscope screenshot`: a picture of a panel with real content, without a display."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from convscope.cli.model_arguments import add_trust_argument
from convscope.cli.outputs import check_output
from convscope.core.errors import UserError
from convscope.core.files import replacing

if TYPE_CHECKING:
    from PySide6.QtGui import QImage

    from convscope.ui.main_window import MainWindow
    from convscope.workspace.snapshot import WorkspaceSnapshot

SUMMARY = "Save a picture of a panel with real content; needs no display."
EXAMPLE = "convscope screenshot --panel kernels -o kernels.png --size 1440x900 --theme dark --image cat.jpg"

FIRST = "kernels"  # the panel that needs no network
LARGEST = 8192
QUIET = 0.25  # seconds without a job after which the picture is taken to be complete
PATIENCE = 300.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--panel", help="the panel to show (default: that of the state, or kernels)")
    parser.add_argument("--page", default="", help="of a panel with several, such as network of layers")
    parser.add_argument("-o", "--output", required=True, metavar="PNG", help="the file to write")
    parser.add_argument("--size", default="1440x900", metavar="WxH", help="in pixels (default: 1440x900)")
    parser.add_argument("--theme", choices=("light", "dark"), default="light", help="default: light")
    parser.add_argument("--image", metavar="PATH", help="the image to show (default: a sample)")
    parser.add_argument("--model", metavar="MODEL", help="a name or a file, as in convscope predict")
    add_trust_argument(parser)
    parser.add_argument("--data", metavar="NAME|FOLDER", help="a data set, as in convscope train")
    parser.add_argument(
        "--state", metavar="FOLDER", help="show what this folder of unsaved work holds, not an example"
    )


def run(arguments: argparse.Namespace) -> int:
    if "PySide6" not in sys.modules:
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
        # The size asked for is the size in pixels, whatever the desktop's scale.
        os.environ.pop("QT_SCALE_FACTOR", None)
    width, height = parse_size(arguments.size)
    output = Path(arguments.output)
    check_output(output, (".png",), *(each for each in (arguments.image,) if each))
    given = (arguments.image, arguments.model, arguments.data)
    if arguments.state is not None:
        if any(given):
            raise UserError(
                "A state has its own image, model and data: leave out --image, --model and --data."
            )
        picture = render_state(state_in(arguments.state), (width, height), arguments.theme, arguments.panel)
    else:
        panel = arguments.panel or FIRST
        picture = render(
            panel,
            (width, height),
            arguments.theme,
            *given,
            trusted=arguments.trust,
            page=arguments.page,
        )
    try:
        with replacing(output) as part:
            if not picture.save(str(part), "PNG"):  # type: ignore[call-overload]
                raise UserError(f"{output} cannot be written: check the folder's permissions and the disk.")
    except OSError as error:
        raise UserError(f"{output} cannot be written: {error.strerror}.") from error
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
    page: str = "",
) -> QImage:
    """The window, drawn off any screen once all its work is done.

    The panel fills itself with its example: data that is opened, a run that is trained.

    Raises:
        UserError: no such panel or page; image, model or data set cannot be opened; the work does not end.
    """
    from convscope.engine import runtime
    from convscope.engine.models.library.catalogue import open_model
    from convscope.engine.training.runs.trained_in import trained_in
    from convscope.imaging.io.load import load_image

    with _window(size, theme) as window:
        workspace = window.workspace
        if image is not None:
            workspace.add_images([load_image(image)])
        if model is not None and panel != FIRST:
            # Before the panel, which would be content with another one.
            runtime.start()
            workspace.add_model(open_model(trained_in(model), trusted=trusted))
        window.show_panel(panel)
        window.show()
        if data is not None:
            window.sources.engine.open_dataset(data)
            _wait(window)
            if (refused := window.sources.engine.refused) is not None:
                raise UserError(refused.sentence)
        if panel != FIRST:
            window.start_engine()
            _wait(window)
            if workspace.model is None:
                raise UserError(_told(window) or "No network can be opened.")
            shown = window.panel()
            if shown is not None:
                shown.show_example()
        if page:
            shown = window.panel()
            try:
                if shown is not None:
                    shown.show_page(page)
            except KeyError as error:
                raise UserError(f"The panel {panel} has no page called {page}.") from error
        return _picture(window)


def state_in(path: str | Path) -> WorkspaceSnapshot:
    """The state that a folder of unsaved work holds, or the JSON file in it.

    Raises:
        UserError: there is none, or something of it cannot be brought back.
    """
    from convscope.core.opening import is_folder, named
    from convscope.workspace.recovery import load_work

    folder = Path(path) if is_folder(Path(path)) else Path(path).parent
    recovered = load_work(folder)
    if recovered is None:
        raise UserError(f"{named(path)} holds no state of the window: name a folder with a work.json.")
    if recovered.errors:
        raise UserError(" ".join(error.message for error in recovered.errors))
    return recovered.snapshot


def render_state(
    state: WorkspaceSnapshot, size: tuple[int, int], theme: str, panel: str | None = None
) -> QImage:
    """The window as it was, drawn off any screen once all its work is done.

    Args:
        panel: another one than that which was on show.

    Raises:
        UserError: no such panel; a model or the data set cannot be opened; the work does not end.
    """
    with _window(size, theme) as window:
        window.expect_snapshot()
        if state.models:
            window.start_engine()
        window.show()
        window.restore(state)
        _wait(window)
        if panel is not None:
            window.show_panel(panel)
        if set(state.models) - {model.id for model in window.workspace.models} or (
            state.dataset and window.workspace.dataset is None
        ):
            raise UserError(_told(window) or "The network or the data of that state cannot be opened.")
        return _picture(window)


@contextmanager
def _window(size: tuple[int, int], theme: str) -> Iterator[MainWindow]:
    """A window that nobody sees, with the sample images; nothing of it is remembered."""
    from PySide6.QtCore import Qt

    from convscope.ui import theme as themes
    from convscope.ui.application import make_application
    from convscope.ui.main_window import MainWindow
    from convscope.ui.settings import Settings

    app = make_application()
    themes.apply("dark" if theme == "dark" else "light")
    window = MainWindow(settings=Settings(), theme_choice=theme)
    try:
        window.setAttribute(Qt.WidgetAttribute.WA_DontShowOnScreen)
        window.remember_settings = False
        # What no panel asks for would only be waited for.
        window.sources.engine.warms = False
        window.resize(*size)
        yield window
    finally:
        window.close()
        window.deleteLater()
        app.processEvents()


def _picture(window: MainWindow) -> QImage:
    from PySide6.QtGui import QImage

    _wait(window)
    picture = QImage(window.size(), QImage.Format.Format_RGB32)
    window.render(picture)
    return picture


def _told(window: MainWindow) -> str:
    return " ".join(toast.message for toast in window.toasts.toasts())


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
