"""What a view has that computes something of its own: one request, one answer, the latest wins."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Generic, TypeVar

from psygnal import Signal

from convscope.core.errors import UserError
from convscope.core.task import Task

if TYPE_CHECKING:
    from convscope.ui.panel_context import PanelContext

Request = TypeVar("Request")
Found = TypeVar("Found")


class Asking(Generic[Request, Found]):
    """Computes what a view shows beside the frame.

    Attributes:
        asked: what is computed or on show; None: nothing.
        found: the answer on show.

    Signals:
        answered: `found`, or None: what was on show answers nothing any more.
        said: why nothing can be shown, or "".
    """

    answered = Signal(object)
    said = Signal(str)

    def __init__(
        self, context: PanelContext, name: str, compute: Callable[[Request, Task], Found], key: str = ""
    ) -> None:
        self._context, self._name, self._compute = context, name, compute
        self._job = key or f"kernels.{name}"
        self.asked: Request | None = None
        self.found: Found | None = None

    def ask(self, request: Request) -> None:
        """Compute it, unless it is computed already."""
        if request == self.asked:
            return
        self.asked = request
        self._context.jobs.submit(
            "view",
            lambda task: self._compute(request, task),
            title=f"Drawing the {self._name} view",
            key=self._job,
            supersede="finish",
            quiet=True,
            on_done=self._done,
            on_failed=self._failed,
        )

    def forget(self) -> None:
        """Nothing is asked: what is computed is no longer wanted."""
        self._context.jobs.cancel_key(self._job)
        self._clear()

    def _clear(self) -> None:
        self.asked = self.found = None
        self.answered.emit(None)

    def _done(self, found: Found) -> None:
        self.found = found
        self.said.emit("")
        self.answered.emit(found)

    def _failed(self, error: BaseException) -> None:
        self._clear()
        if isinstance(error, UserError):
            self.said.emit(error.message)
        else:
            self._context.report(error)
