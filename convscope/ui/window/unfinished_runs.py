"""Trainings that were cut off in the middle are offered for going on, as long as there are any."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from convscope.core.task import Task
from convscope.jobs.jobs import Jobs
from convscope.ui.window.toast import ToastArea

if TYPE_CHECKING:
    from convscope.engine.training.runs.unfinished import Unfinished

TOPIC = "unfinished runs"


class UnfinishedRuns:
    """The offer over the window's foot.

    Args:
        go_on: shows the panel that goes on with them.
    """

    def __init__(
        self,
        jobs: Jobs,
        toasts: ToastArea,
        report: Callable[[BaseException], None],
        go_on: Callable[[], object],
    ) -> None:
        self._jobs, self._toasts, self._report, self._go_on = jobs, toasts, report, go_on

    def offer(self) -> None:
        """Look for runs whose process died, in a worker."""

        def work(_task: Task) -> tuple[Unfinished, ...]:
            from convscope.engine.training.runs.unfinished import unfinished_runs

            return unfinished_runs()

        self._jobs.submit(
            "files",
            work,
            title="Looking for unfinished trainings",
            key=TOPIC,
            quiet=True,
            on_done=self._show,
            on_failed=self._report,
        )

    def follow(self) -> None:
        """The runs have changed: what the offer says, if it still stands, may hold no more."""
        if self._toasts.shows(TOPIC):
            self.offer()

    def _show(self, found: tuple[Unfinished, ...]) -> None:
        if not found:
            self._toasts.withdraw(TOPIC)
            return
        more = f" {len(found) - 1} more runs were interrupted too." if len(found) > 1 else ""
        words = f"The training {found[0].name} was cut off. {found[0].sentence}{more}"
        self._toasts.show_message(words, topic=TOPIC).offer("Go on", self._go_on)
