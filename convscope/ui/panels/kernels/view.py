"""What every view of the kernel lab is: a widget that shows a frame, and tells where the pointer is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from convscope.errors import UserError
from convscope.imaging.region import Region
from convscope.task import Task
from convscope.ui import theme
from convscope.ui.panel_context import PanelContext
from convscope.ui.panels.kernels.frame import Box, Frame, Place
from convscope.ui.widgets.form import caption


class View(QWidget):
    """One way to look at the lab.

    Signals:
        hovered: the `Place` under the pointer, or None.
        clicked: the `Place` that a person clicked.
    """

    hovered = Signal(object)
    clicked = Signal(object)

    name: ClassVar[str]
    # Whether its pictures are the source and the result, so that a place has a sum to show.
    explains: ClassVar[bool] = False

    def __init__(self, context: PanelContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(f"kernels.view_{self.name}")
        self.context = context
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(0, 0, 0, 0)
        self.column.setSpacing(theme.GAP)
        self.message = caption(f"kernels.{self.name}.message")
        self.message.hide()

    def show_frame(self, frame: Frame) -> None:
        """Show a finished computation."""
        raise NotImplementedError

    def region_in_view(self) -> Region | None:
        """The part of the result that is on show, or None when all of it may be."""
        return None

    def mark(
        self,
        source: Box | None,
        result: Box | None,
    ) -> None:
        """Draw the window (row, column, height, width) on the source and its place on the result."""

    def work(self, function: Callable[[Task], Any], on_done: Callable[[Any], None]) -> None:
        """Compute what only this view shows; the latest request wins."""
        self.context.jobs.submit(
            "view",
            function,
            title=f"Drawing the {self.name} view",
            key=f"kernels.{self.name}",
            supersede="finish",
            quiet=True,
            on_done=lambda value: self._done(value, on_done),
            on_failed=self._failed,
        )

    def shutdown(self) -> None:
        """Stop timers; called before the window closes."""

    def say(self, sentence: str) -> None:
        """What cannot be shown, and why; "" takes it back."""
        self.message.setText(sentence)
        self.message.setVisible(bool(sentence))

    def tell(self, place: tuple[int, int] | None, side: Any) -> None:
        """Pass on where the pointer is on one picture."""
        self.hovered.emit(None if place is None else Place(side, place[0], place[1]))

    def _done(self, value: Any, on_done: Callable[[Any], None]) -> None:
        self.say("")
        on_done(value)

    def _failed(self, error: BaseException) -> None:
        if isinstance(error, UserError):
            self.say(error.message)
        else:
            self.context.report(error)
