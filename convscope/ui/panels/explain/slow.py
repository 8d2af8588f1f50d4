"""The maps that take long: made one after the other in a lane of their own, while others come and go."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from convscope.core.task import Task
from convscope.engine.interpret.attribution.result import MapRequest
from convscope.jobs.job import Job
from convscope.ui.panel_context import PanelContext

if TYPE_CHECKING:
    from convscope.engine.interpret.attribution.context import AttributionContext


class SlowMaps:
    """One map in work, and those after it. GUI thread only.

    Args:
        context: whose jobs make them.
        take: called with every map, growing ones too, and with failures.
        failed: called with an error.
        stopped: called with the keys of the maps that a person cancelled: the one in work and all after it.
    """

    def __init__(
        self,
        context: PanelContext,
        take: Callable[[Any], None],
        failed: Callable[[BaseException], None],
        stopped: Callable[[set[Any]], None],
    ) -> None:
        self._context, self._take, self._failed, self._stopped = context, take, failed, stopped
        self._running: tuple[Any, Job] | None = None
        self._pending: list[MapRequest] = []

    @property
    def keys(self) -> set[Any]:
        """Of all that are still to be made."""
        running = set() if self._running is None else {self._running[0]}
        return running | {one.key for one in self._pending}

    def start(self, look: AttributionContext, requests: Sequence[MapRequest], wanted: set[Any]) -> None:
        """Make these.

        Args:
            look: the image before the model.
            requests: the maps that are missing.
            wanted: keys of all maps asked for: one in work that nobody wants any more ends.
        """
        if self._running is not None and self._running[0] not in wanted:
            self.end()
        running = None if self._running is None else self._running[0]
        self._pending = [one for one in requests if one.key != running]
        self._next(look)

    def keep(self, wanted: set[Any]) -> None:
        """Make none but these any more: the one in work ends at once if it is none of them."""
        self._pending = [one for one in self._pending if one.key in wanted]
        if self._running is not None and self._running[0] not in wanted:
            self.end()

    def end(self) -> None:
        """Make none of them any more."""
        running, self._running, self._pending = self._running, None, []
        if running is not None:
            self._context.jobs.cancel(running[1])

    def _next(self, look: AttributionContext) -> None:
        if self._running is not None or not self._pending:
            return
        from convscope.engine.interpret.attribution.methods import METHODS

        request = self._pending.pop(0)
        method, target = METHODS[request.method], request.target
        of = look.image.name if target is None or not method.needs_class else target.words(look.model)
        more = f", {len(self._pending)} more" if self._pending else ""

        def work(task: Task) -> None:
            from convscope.engine.interpret.attribution.explain import explain_all

            explain_all(look, (request,), task)

        def ended() -> None:
            self._running = None
            self._next(look)

        def failed(error: BaseException) -> None:
            self._failed(error)
            ended()

        def cancelled() -> None:
            # One that ended because nobody wants it is not held any more.
            if self._running is not None and self._running[1] is job:
                keys = self.keys
                self._running, self._pending = None, []
                self._stopped(keys)

        job = self._context.jobs.submit(
            "long",
            work,
            title=f"{method.title}: {of}{more}",
            on_partial=self._take,
            on_done=lambda _none: ended(),
            on_failed=failed,
            on_cancelled=cancelled,
        )
        self._running = (request.key, job)
