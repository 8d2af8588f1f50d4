"""What every view of the kernel lab is: a widget that shows a frame, and tells where the pointer is."""

from __future__ import annotations

from typing import Any, ClassVar

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from convscope.imaging.lab.operation import DisplayMode
from convscope.imaging.lab.peak import Peak
from convscope.ui.canvas.image_view import ImageView
from convscope.ui.forms.form import caption, vertical
from convscope.ui.panel_context import PanelContext
from convscope.ui.panels.kernels.view_models.frame import (
    Box,
    InSight,
    LabFrame,
    LabRefused,
    PicturePlace,
    Taps,
)
from convscope.ui.panels.kernels.view_models.kernels import KernelsViewModel

# Screen points a pixel at which a place can be seen among its neighbours.
CLOSE = 12.0


class View(QWidget):
    """One way to look at the lab.

    Signals:
        hovered: the `PicturePlace` under the pointer, or None.
        clicked: the `PicturePlace` that a person clicked.
        rescaled: `scale` is another one.
    """

    hovered = Signal(object)
    clicked = Signal(object)
    rescaled = Signal()

    name: ClassVar[str]
    # Whether its pictures are the source and the result, so that a place has a sum to show.
    explains: ClassVar[bool] = False
    # Whether it shows results, so that their display can be chosen.
    shows_result: ClassVar[bool] = False
    # Whether the chain of stages has a part in it.
    has_chain: ClassVar[bool] = True
    # Whether the largest value is marked on the result.
    marks_peak: ClassVar[bool] = True

    @property
    def jobs(self) -> tuple[str, ...]:
        """The keys of the jobs whose results it shows."""
        return ("kernels.result", f"kernels.{self.name}") if self.has_chain else ()

    @property
    def scope(self) -> str:
        """What is on show, and so what undo acts on."""
        return f"kernels.{self.name}" if self.has_chain else self.name

    def __init__(self, context: PanelContext, lab: KernelsViewModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(f"kernels.view_{self.name}")
        self.context = context
        self.lab = lab
        # The display in force, and the values of its ends.
        self.scale: tuple[DisplayMode, float, float] | None = None
        # The pictures of the source and of the result on which places are marked.
        self.sources: tuple[ImageView, ...] = ()
        self.results: tuple[ImageView, ...] = ()
        # What stands in the left column instead of the controls of the lab.
        self.controls: QWidget | None = None
        self.column = vertical(self)
        self.message = caption(f"kernels.{self.name}.message")
        self.message.hide()

    def show_frame(self, frame: LabFrame) -> None:
        """Show a finished computation."""
        raise NotImplementedError

    def show_refused(self, refused: LabRefused) -> None:
        """There is no result: what it answered is gone; what does not need it follows."""
        raise NotImplementedError

    def set_scale(self, display: DisplayMode, low: float, high: float) -> None:
        """Tell how the results on show are drawn."""
        self.scale = (display, low, high)
        self.rescaled.emit()

    def set_no_scale(self) -> None:
        """No result is on show."""
        self.scale = None
        self.rescaled.emit()

    def in_sight(self) -> InSight | None:
        """What is seen of the result, or None when all of it may be."""
        return None

    def mark(self, source: Box | None, result: Box | None, taps: Taps | None = None) -> None:
        """Draw the window (row, column, height, width) on the source and its place on the result.

        Args:
            taps: what of the window a kernel with gaps reads.
        """
        for views, box, read in ((self.sources, source, taps), (self.results, result, None)):
            for view in views:
                if box is None:
                    view.clear_box()
                else:
                    view.set_box(*box, taps=read)

    def surround(self, frame: LabFrame | None) -> None:
        """Show what is padded around the source; the result has as much room, so that both lie alike.

        Args:
            frame: None where there is no result: nothing is padded for one.
        """
        ring = frame.ring if frame is not None else None
        for view in self.sources:
            view.set_ring(ring)
        alike = frame is not None and frame.result.shape[:2] == frame.source.shape[:2]
        for view in self.results:
            view.set_margins(ring.amounts if ring is not None and alike else (0, 0, 0, 0))

    def mark_peak(self, peak: Peak | None) -> None:
        """Mark the largest value of the result; None: none stands out."""
        for view in self.results:
            view.set_peak(None if peak is None or not self.marks_peak else (peak.row, peak.column))

    def look_at(self, row: int, column: int) -> None:
        """Bring a pixel of the result into sight."""
        for view in self.results:
            scale = max(view.view.scale, CLOSE)
            if view.pixels is not None and view.isVisible() and scale < view.view.limits[1]:
                view.zoom_to(scale, row, column)

    def say(self, sentence: str) -> None:
        """What cannot be shown, and why; "" takes it back."""
        self.message.setText(sentence)
        self.message.setVisible(bool(sentence))

    def tell(self, place: tuple[int, int] | None, side: Any) -> None:
        """Pass on where the pointer is on one picture."""
        self.hovered.emit(None if place is None else PicturePlace(side, place[0], place[1]))
