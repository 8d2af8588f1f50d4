"""Trainings that were cut off in the middle are offered for going on, as long as there are any."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convscope.core.task import Task

if TYPE_CHECKING:
    from convscope.engine.training.runs.unfinished import Unfinished
    from convscope.ui.main_window import MainWindow

PANEL = "train"
TOPIC = "unfinished runs"


def offer_unfinished_runs(window: MainWindow) -> None:
    """Look for runs whose process died, in a worker; the train panel goes on with them."""
    if PANEL not in [info.name for info in window.panel_infos]:
        return

    def work(_task: Task) -> tuple[Unfinished, ...]:
        from convscope.engine.training.runs.unfinished import unfinished_runs

        return unfinished_runs()

    def done(found: tuple[Unfinished, ...]) -> None:
        if not found:
            window.toasts.withdraw(TOPIC)
            return
        more = f" {len(found) - 1} more runs were interrupted too." if len(found) > 1 else ""
        words = f"The training {found[0].name} was cut off. {found[0].sentence}{more}"
        toast = window.toasts.show_message(words, topic=TOPIC)
        toast.offer("Go on", lambda: window.show_panel(PANEL))

    window.jobs.submit(
        "files",
        work,
        title="Looking for unfinished trainings",
        key=TOPIC,
        quiet=True,
        on_done=done,
        on_failed=window.report,
    )


def follow_unfinished_runs(window: MainWindow) -> None:
    """The runs have changed: what the offer says, if it still stands, may hold no more."""
    if window.toasts.shows(TOPIC):
        offer_unfinished_runs(window)
