"""What could not be opened can be, when a person presses the button: it is downloaded, or trusted."""

from __future__ import annotations

from collections.abc import Callable

from convscope.core.errors import NotDownloadedError, UntrustedError, WeightsNotDownloadedError
from convscope.core.task import Task
from convscope.jobs.jobs import Jobs
from convscope.ui.window.toast import Toast


class Remedies:
    """The buttons on messages of failures. Nothing is downloaded, and nothing trusted, unasked.

    Args:
        notify: says that something was downloaded.
        open_model: opens a model, `trusted` where a person says so.
    """

    def __init__(
        self,
        jobs: Jobs,
        notify: Callable[[str], None],
        report: Callable[[BaseException], None],
        open_model: Callable[..., object],
    ) -> None:
        self._jobs, self._notify, self._report, self._open_model = jobs, notify, report, open_model

    def offer(self, error: BaseException, toast: Toast) -> None:
        """A button on the message, where there is something to be done."""
        if isinstance(error, NotDownloadedError | WeightsNotDownloadedError):
            toast.offer("Download", lambda: self._download(error))
        elif isinstance(error, UntrustedError):
            toast.offer("Trust it and open", lambda: self._open_model(error.path, trusted=True))

    def _download(self, error: NotDownloadedError | WeightsNotDownloadedError) -> None:
        name = title = error.name
        if isinstance(error, NotDownloadedError):
            from convscope.engine.data.sets.registry import title_of

            title = title_of(name)

        def work(task: Task) -> None:
            if isinstance(error, WeightsNotDownloadedError):
                from convscope.engine.models.applications.build import download_weights

                download_weights(name, include_top=error.include_top, task=task)
            else:
                from convscope.engine.data.sets.registry import download_dataset

                download_dataset(name, task)

        self._jobs.submit(
            "downloads",
            work,
            title=f"Downloading {title}",
            # A set's place among the downloads of the data panel shows it, too.
            key=f"download.{name}",
            on_done=lambda _none: self._notify(f"{title} is on this machine now: try it again."),
            on_failed=self._report,
        )
