"""At the start: trainings that were cut off in the middle are offered for going on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convscope.task import Task

if TYPE_CHECKING:
    from convscope.ui.main_window import MainWindow

PANEL = "train"


def offer_unfinished_runs(window: MainWindow) -> None:
    """Look for runs whose process died, in a worker; the train panel goes on with them."""
    if PANEL not in [info.name for info in window.panel_infos]:
        return

    def work(task: Task) -> list[str]:
        from convscope.engine.training.run import list_runs

        return [
            f"The training {run.details.name} was cut off. {run.sentence}"
            for run in list_runs()
            if run.state == "interrupted" and run.can_resume
        ]

    def done(found: list[str]) -> None:
        if not found:
            return
        more = f" {len(found) - 1} more runs were interrupted too." if len(found) > 1 else ""
        toast = window.toasts.show_message(f"{found[0]}{more}")
        toast.offer("Go on", lambda: window.show_panel(PANEL))

    window.jobs.submit(
        "files",
        work,
        title="Looking for unfinished trainings",
        quiet=True,
        on_done=done,
        on_failed=window.report,
    )
