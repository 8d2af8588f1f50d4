"""The scan: the window slides over the source, the output fills in."""

from __future__ import annotations

import time

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QSignalBlocker, QTimer
from PySide6.QtWidgets import QLabel, QWidget

from convscope.imaging.lab.scan import Scan
from convscope.ui import naming, theme
from convscope.ui.canvas.image_view import ImageView
from convscope.ui.canvas.picture_pair import PicturePair
from convscope.ui.forms.form import row, slider, tool
from convscope.ui.panel_context import PanelContext
from convscope.ui.panels.kernels.view_models.frame import LabFrame, LabRefused, PicturePlace
from convscope.ui.panels.kernels.view_models.kernels import KernelsViewModel
from convscope.ui.panels.kernels.view_models.scan import SPEEDS, ScanViewModel
from convscope.ui.panels.kernels.views.picture import NO_RESULT, show_source
from convscope.ui.panels.kernels.views.view import View

TICK_MS = 33
# A result of more values shows faintly what is still to come: filled so slowly, it would be blank for long.
BLANK_UP_TO = 64 * 64
FAINT = 0.2


class ScanView(View):
    """Play, pause, step and speed; the pointer on either picture pauses."""

    name = "scan"
    explains = True
    shows_result = True
    # It would tell what the scan has not come to yet.
    marks_peak = False

    def __init__(self, context: PanelContext, lab: KernelsViewModel, parent: QWidget | None = None) -> None:
        super().__init__(context, lab, parent)
        self._frame: LabFrame | None = None
        self.model = ScanViewModel(context)
        self._due = 0.0
        self._last = 0.0
        self._faint: tuple[object, NDArray[np.uint8]] | None = None
        self.source, self.result = ImageView(), ImageView()
        self.sources, self.results = (self.source,), (self.result,)
        for view, name, title in (
            (self.source, "source", "source, with the window"),
            (self.result, "result", "result so far"),
        ):
            naming.give(view, f"kernels.scan.{name}", title)
            view.set_caption(title)
        self.source.hovered.connect(lambda place: self._hover(place, "source"))
        self.result.hovered.connect(lambda place: self._hover(place, "result"))
        pair = naming.give(PicturePair(self.source, self.result), "kernels.scan.pair")
        self.column.addWidget(pair, 1)

        self.start = tool("kernels.scan.start", "To the start", "skip-back", lambda: self.go(0))
        self.back = tool("kernels.scan.back", "One step back", "step-back", lambda: self.step(-1))
        self.play = tool("kernels.scan.play", "Play", "play", self.toggle)
        self.forward = tool("kernels.scan.forward", "One step forward", "step-forward", lambda: self.step(1))
        self.position = slider("kernels.scan.position", "Position of the scan", 0, 0)
        self.position.sliderMoved.connect(self.go)
        self.speed = slider("kernels.scan.speed", "Speed of the scan", 0, len(SPEEDS) - 1)
        self.speed.setMaximumWidth(theme.scaled(120))
        self.speed.valueChanged.connect(self.model.choose_speed)
        self.speed_words = naming.give(QLabel(), "kernels.scan.speed_words")
        self.speed_words.setMinimumWidth(theme.scaled(76))
        self.words = naming.give(QLabel(), "kernels.scan.words")
        self.words.setMinimumWidth(theme.scaled(150))
        bar = row(self.start, self.back, self.play, self.forward, self.position, self.words)
        bar.setSpacing(theme.GRID)
        bar.setStretch(4, 1)
        speed_label = QLabel("Speed")
        speed_label.setBuddy(self.speed)
        bar.addWidget(speed_label)
        bar.addWidget(self.speed)
        bar.addWidget(self.speed_words)
        self.column.addLayout(bar)
        self.column.addWidget(self.message)
        self._tell_speed()
        self.timer = QTimer(self)
        self.timer.setInterval(TICK_MS)
        self.timer.timeout.connect(self._tick)
        context.ending.call(self.timer.stop)
        context.listen(self.model.moved, self._draw)
        context.listen(self.model.speed_changed, self._tell_speed)

    @property
    def scan(self) -> Scan | None:
        """Where the window is."""
        return self.model.scan

    @property
    def playing(self) -> bool:
        """Whether the window moves by itself."""
        return self.timer.isActive()

    def show_frame(self, frame: LabFrame) -> None:
        """The same place of a new result, if it still exists."""
        before, self._frame = self._frame, frame
        rows, columns = frame.result.values.shape[:2]
        self.model.show_size(rows, columns)
        self.position.setRange(0, rows * columns - 1)
        if not frame.same_source(before):
            self.source.set_pixels(frame.source_pixels, frame.source_seen)
        self.set_scale(frame.display, frame.shown.low, frame.shown.high)
        self._draw()

    def show_refused(self, refused: LabRefused) -> None:
        """Nothing to walk over."""
        self.pause()
        self._frame = None
        self.model.show_nothing()
        show_source(self.source, refused)
        self.result.show_nothing(NO_RESULT)
        self.words.setText("")

    def toggle(self) -> None:
        """Play, from the start when the end is reached; or pause."""
        if self.playing:
            self.pause()
            return
        if self.scan is None:
            return
        if self.scan.at_end:
            self.go(0)
        self._due, self._last = 0.0, time.monotonic()
        self.timer.start()
        self._tell_state()

    def pause(self) -> None:
        self.timer.stop()
        self._tell_state()

    def step(self, steps: int) -> None:
        """So many pixels on or back; a playing scan pauses."""
        self.pause()
        self.model.move(steps)

    def go(self, position: int) -> None:
        """To one output pixel, counted in reading order."""
        if self.scan is not None:
            self.model.move(position - self.scan.position)

    def hideEvent(self, event: object) -> None:
        self.pause()

    def _tick(self) -> None:
        now = time.monotonic()
        self._due += (now - self._last) * SPEEDS[self.model.speed]
        self._last = now
        steps = int(self._due)
        self._due -= steps
        if steps:
            self.model.move(steps)
        if self.scan is None or self.scan.at_end:
            self.pause()

    def _draw(self) -> None:
        if self.scan is None or self._frame is None:
            return
        blank = 0x23 if theme.tokens().dark else 0xE3
        pixels = self._frame.shown.pixels
        ahead = self._ahead(pixels, blank) if self.scan.count > BLANK_UP_TO else None
        self.result.set_pixels(self.scan.filled(pixels, blank, ahead), self._frame.result_seen)
        done = f"{self.scan.position + 1:,} of {self.scan.count:,}"
        self.result.set_caption(
            f"result so far  ·  {done}" + ("  ·  faint: to come" if ahead is not None else "")
        )
        self.position.setValue(self.scan.position)
        place_row, column = self.scan.place
        self.words.setText(f"row {place_row}, column {column}")
        self.hovered.emit(PicturePlace("result", place_row, column))

    def _hover(self, place: tuple[int, int] | None, side: str) -> None:
        if place is not None:
            self.pause()
            self.tell(place, side)
        elif self.scan is not None:
            # Away from the picture the sum in hand is the scan's own again.
            self.hovered.emit(PicturePlace("result", *self.scan.place))

    def _ahead(self, pixels: NDArray[np.uint8], blank: int) -> NDArray[np.uint8]:
        """What the scan has not come to, faintly; kept while it runs over the same picture."""
        if self._faint is None or self._faint[0] is not pixels:
            faint = blank + FAINT * (pixels.astype(np.float32) - blank)
            self._faint = (pixels, np.rint(faint).astype(np.uint8))
        return self._faint[1]

    def _tell_speed(self) -> None:
        with QSignalBlocker(self.speed):
            self.speed.setValue(self.model.speed)
        self.speed_words.setText(f"{SPEEDS[self.model.speed]:,} / s")

    def _tell_state(self) -> None:
        says = "Pause" if self.playing else "Play"
        self.play.setIcon(theme.icon(says.lower()))
        self.play.setAccessibleName(says)
        self.play.setToolTip(says)
