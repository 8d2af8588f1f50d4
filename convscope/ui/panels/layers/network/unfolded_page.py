"""What happens between two columns, open: the maps, the sliding window's controls, and the way back."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from convscope.engine.interpret.network.unfolded import HeldPixel
from convscope.ui import theme
from convscope.ui.forms.form import row, slider, text_line, tool
from convscope.ui.panels.layers.network.unfolded_canvas import UnfoldedCanvas
from convscope.ui.panels.layers.network.unfolding import UnfoldedFrame, UnfoldingViewModel
from convscope.ui.panels.layers.network.words import held_words, unfolded_title

SLOW_MS, FAST_MS = 120, 33
WHOLE_MS = 30_000
"""A large map is slid over in so long: then the window goes several places at once."""


class UnfoldedPage(QWidget):
    """The maps between two columns. The window jumps from place to place: nothing glides.

    Signals:
        sum_opened: path of a layer, channel, row and column: the exact sum is wanted.
        toggled: id of the block that is to be unfolded.
    """

    sum_opened = Signal(str, int, int, int)
    toggled = Signal(str)

    def __init__(self, view_model: UnfoldingViewModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.view_model = model = view_model
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(theme.GAP)
        self.title = text_line("layers.unfold.title", "heading", wraps=False)
        self.block = tool(
            "layers.unfold.block", "Show each layer of this block", "", self._unfold, "Unfold the block"
        )
        self.sum = tool(
            "layers.unfold.sum", "Open the exact sum of the held value", "sigma", self._open, "Exact sum"
        )
        self.close_ = tool(
            "layers.unfold.close", "Back to the whole network (Escape)", "x", model.close, "Close"
        )
        rows.addLayout(row(self.title, None, self.block, self.sum, self.close_))
        self.canvas = UnfoldedCanvas()
        rows.addWidget(self.canvas, 1)
        self.start = tool("layers.unfold.start", "To the start", "skip-back", lambda: self._go(0))
        self.back = tool("layers.unfold.back", "One step back", "step-back", lambda: self._step(-1))
        self.play = tool("layers.unfold.play", "Slide the window", "play", self._toggle)
        self.forward = tool(
            "layers.unfold.forward", "One step forward", "step-forward", lambda: self._step(1)
        )
        self.position = slider("layers.unfold.position", "Where the window is", 0, 0)
        self.position.sliderMoved.connect(self._go)
        self.window_bar = QWidget()
        bar = row(self.start, self.back, self.play, self.forward, self.position)
        bar.setStretch(4, 1)
        self.window_bar.setLayout(bar)
        rows.addWidget(self.window_bar)
        self.said = text_line("layers.unfold.said", "caption")
        self.said.setMinimumHeight(theme.scaled(32))
        rows.addWidget(self.said)
        self.timer = QTimer(self)
        self.timer.timeout.connect(self._tick)
        model.context.ending.call(self.timer.stop)
        model.context.listen(model.frame_changed, self._show_frame)
        model.context.listen(model.held_changed, self._show_held)
        self.canvas.pixel_chosen.connect(self._hold)
        self.canvas.term_chosen.connect(model.choose_term)
        self.canvas.channel_chosen.connect(model.choose_channel)
        self.canvas.stepped.connect(self._move)

    @property
    def playing(self) -> bool:
        """Whether the window slides by itself."""
        return self.timer.isActive()

    def pause(self) -> None:
        self.timer.stop()
        self._tell_state()

    def hideEvent(self, event: object) -> None:
        self.pause()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.view_model.close()
        elif event.key() == Qt.Key.Key_Space and self.window_bar.isVisible():
            self._toggle()
        else:
            super().keyPressEvent(event)

    # -- what a person does ----------------------------------------------------------------------------------

    def _hold(self, stage: int, row_: int, column: int) -> None:
        self.pause()
        self.view_model.hold(stage, row_, column)

    def _move(self, down: int, across: int) -> None:
        self.pause()
        self.view_model.move(down, across)

    def _go(self, position: int) -> None:
        self.pause()
        self.view_model.go(position)

    def _step(self, steps: int) -> None:
        self.pause()
        self.view_model.step(steps)

    def _toggle(self) -> None:
        """Play, from the start when the end is reached; or pause."""
        scan = self.view_model.scan
        if self.playing or scan is None:
            self.pause()
            return
        if scan.at_end:
            self.view_model.go(0)
        self.timer.start(min(SLOW_MS, max(FAST_MS, WHOLE_MS // scan.count)))
        self._tell_state()

    def _tick(self) -> None:
        scan = self.view_model.scan
        if scan is None or scan.at_end:
            self.pause()
            return
        self.view_model.step(max(1, round(scan.count * FAST_MS / WHOLE_MS)))

    def _open(self) -> None:
        found = self.view_model.sum_of
        if found is not None:
            self.sum_opened.emit(*found)

    def _unfold(self) -> None:
        frame = self.view_model.frame
        if frame is not None:
            self.toggled.emit(frame.column.id)

    # -- what is shown ---------------------------------------------------------------------------------------

    def _show_frame(self, frame: UnfoldedFrame | None) -> None:
        if frame is None:
            self.pause()
            self.canvas.show_frame(None)
            return
        self.title.setText(unfolded_title(frame))
        self.block.setVisible(bool(frame.unfolded.before) and frame.column.parts > 0)
        rows, columns = frame.unfolded.grid
        self.window_bar.setVisible(rows * columns > 1 and frame.unfolded.strip is None)
        self.position.setRange(0, rows * columns - 1)
        self.canvas.show_frame(frame)

    def _show_held(self, held: HeldPixel | None) -> None:
        frame, scan = self.view_model.frame, self.view_model.scan
        self.canvas.show_held(held, sliding=self.playing)
        if frame is None or held is None or scan is None:
            return
        with QSignalBlocker(self.position):
            self.position.setValue(scan.position)
        self.said.setText(held_words(frame, held))

    def _tell_state(self) -> None:
        says = "Pause" if self.playing else "Slide the window"
        self.play.setIcon(theme.icon("pause" if self.playing else "play"))
        self.play.setAccessibleName(says)
        self.play.setToolTip(says)
        self.canvas.show_held(self.view_model.held, sliding=self.playing)
