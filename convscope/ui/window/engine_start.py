"""The engine's start behind the window: TensorFlow and Keras, in a worker, told of in the status bar."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from convscope.core.errors import UserError
from convscope.core.task import Task

if TYPE_CHECKING:
    from convscope.ui.main_window import MainWindow

FIRST_MODEL = "imagenet"

log = logging.getLogger(__name__)


def start_engine(window: MainWindow) -> None:
    """Begin to import TensorFlow and Keras; returns at once. A failure is a sentence."""

    def work(task: Task) -> str:
        from convscope.engine import runtime

        started = runtime.start()
        return ", ".join(started.gpus) or "CPU"

    def done(device: str) -> None:
        window.status.set_engine(f"engine ready · {device}")
        # A network to ask from the first moment on, unless the person has opened one already.
        if window.workspace.model is None and not window.sources.engine.opening:
            window.sources.engine.open_first(FIRST_MODEL)

    def failed(error: BaseException) -> None:
        log.error("the engine did not start", exc_info=error)
        message = str(error) or type(error).__name__
        detail = error.detail if isinstance(error, UserError) else ""
        window.status.set_engine("engine not available", detail=message)
        window.toasts.show_message(
            "The engine did not start: networks are not available, filtering images still works.",
            "\n\n".join(part for part in (message, detail, "convscope doctor says more.") if part),
            bad=True,
        )

    window.status.set_engine("engine starting…")
    window.jobs.submit(
        "engine",
        work,
        title="Starting the engine",
        quiet=True,
        on_done=done,
        on_failed=failed,
    )
