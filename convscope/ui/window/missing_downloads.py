"""What is not on this machine is downloaded when a person presses the button, never unasked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convscope.core.errors import NotDownloadedError, WeightsNotDownloadedError
from convscope.core.task import Task

if TYPE_CHECKING:
    from convscope.ui.main_window import MainWindow
    from convscope.ui.window.toast import Toast


def offer_download(window: MainWindow, error: BaseException, toast: Toast) -> None:
    """A button on the message, where what is missing can be downloaded."""
    if isinstance(error, NotDownloadedError | WeightsNotDownloadedError):
        toast.offer("Download", lambda: _download(window, error))


def _download(window: MainWindow, error: NotDownloadedError | WeightsNotDownloadedError) -> None:
    name = title = error.name
    if isinstance(error, NotDownloadedError):
        from convscope.engine.data.sets.registry import title_of

        title = title_of(name)

    def work(task: Task) -> None:
        if isinstance(error, WeightsNotDownloadedError):
            from convscope.engine.models.library.applications import download_weights

            download_weights(name, include_top=error.include_top, task=task)
        else:
            from convscope.engine.data.sets.registry import download_dataset

            download_dataset(name, task)

    window.jobs.submit(
        "downloads",
        work,
        title=f"Downloading {title}",
        # A set's place among the downloads of the data panel shows it, too.
        key=f"download.{name}",
        on_done=lambda _none: window.notify(f"{title} is on this machine now: try it again."),
        on_failed=window.report,
    )
