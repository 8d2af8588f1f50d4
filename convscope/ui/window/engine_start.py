"""The engine's start behind the window: TensorFlow and Keras, in a worker, told of in the status bar."""

from __future__ import annotations

import logging
from collections.abc import Callable

from convscope.core.errors import UserError
from convscope.core.task import Task
from convscope.jobs.jobs import Jobs
from convscope.ui.window.status_bar import StatusBar
from convscope.ui.window.toast import ToastArea

log = logging.getLogger(__name__)


def start_engine(jobs: Jobs, status: StatusBar, toasts: ToastArea, ready: Callable[[], object]) -> None:
    """Begin to import TensorFlow and Keras; returns at once. A failure is a sentence.

    Args:
        ready: called when it has started.
    """

    def work(task: Task) -> str:
        from convscope.engine import runtime

        started = runtime.start()
        return ", ".join(started.gpus) or "CPU"

    def done(device: str) -> None:
        status.set_engine(f"engine ready · {device}")
        ready()

    def failed(error: BaseException) -> None:
        log.error("the engine did not start", exc_info=error)
        message = str(error) or type(error).__name__
        detail = error.detail if isinstance(error, UserError) else ""
        status.set_engine("engine not available", detail=message)
        toasts.show_message(
            "The engine did not start: networks are not available, filtering images still works.",
            "\n\n".join(part for part in (message, detail, "convscope doctor says more.") if part),
            bad=True,
        )

    status.set_engine("engine starting…")
    jobs.submit(
        "engine",
        work,
        title="Starting the engine",
        quiet=True,
        on_done=done,
        on_failed=failed,
    )
