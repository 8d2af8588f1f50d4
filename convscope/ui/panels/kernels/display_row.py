"""How results become pictures: the switch and the scale under every view that shows one."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QWidget

from convscope.imaging.lab.operation import DISPLAY_MODES, DisplayMode, ShownChannel
from convscope.imaging.lab.peak import Peak
from convscope.ui import naming, theme
from convscope.ui.canvas.scale_bar import ScaleBar
from convscope.ui.forms.form import choose, combo, segmented, tool
from convscope.ui.panel_context import PanelContext

DISPLAY_WORDS = {
    "clip": ("Clip", "Below 0 is black, above 255 is white"),
    "abs": ("Absolute", "The size of each value, whatever its sign; 255 and more is white"),
    "stretch": ("Stretch", "The smallest value is black, the largest white"),
    "signed": ("Signed", "Negative blue, positive orange, 0 neutral"),
}


CHANNEL_WORDS = (
    ("all", "All channels"),
    ("red", "Red only"),
    ("green", "Green only"),
    ("blue", "Blue only"),
    ("luma", "Luma only"),
)
# A shorter scale cannot be read.
LEAST_SCALE = 110


class DisplayRow(QWidget):
    """One switch for all views: what a person chooses here stays, whatever kernel comes next.

    Signals:
        peak_wanted: a person wants to see the maximum.
    """

    peak_wanted = Signal()

    def __init__(self, context: PanelContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.context = context
        self.switch = segmented(
            "kernels.display",
            "Display",
            [(mode, *DISPLAY_WORDS[mode]) for mode in DISPLAY_MODES],
        )
        self.switch.changed.connect(self._choose)
        self.scale = naming.give(ScaleBar(), "kernels.scale")
        self.scale.setMinimumWidth(120)
        room = self.scale.sizePolicy()
        room.setRetainSizeWhenHidden(True)
        self.scale.setSizePolicy(room)
        self.channel = combo("kernels.shown_channel", "Channels on show", CHANNEL_WORDS, "Show")
        self.channel.setToolTip("Show one channel of source and result alone")
        self.channel.setMinimumContentsLength(9)
        self.channel.currentIndexChanged.connect(self._choose_channel)
        self.channel.hide()
        self.peak = tool(
            "kernels.maximum",
            "Go to the maximum: where the kernel fires most",
            "crosshair",
            self.peak_wanted.emit,
        )
        self.peak.setEnabled(False)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(theme.GAP)
        self._grid.setVerticalSpacing(theme.GRID)
        self._lines = 0
        self._arrange()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def show_channels(self, channel: ShownChannel, several: bool) -> None:
        """Which channel is on show; `several`: there is a choice."""
        choose(self.channel, channel)
        self.channel.setVisible(several)
        self._arrange()

    def show_peak(self, peak: Peak | None, offered: bool) -> None:
        """Where the maximum is; None: nowhere; not `offered`: the view has no place for it."""
        self.peak.setVisible(offered)
        self.peak.setEnabled(peak is not None)
        self.peak.setToolTip("Go to the maximum" + (f": {peak.words}" if peak is not None else ""))

    def _arrange(self) -> None:
        # Those that are hidden now, too: when a colour picture follows a gray one, nothing changes its line.
        controls = [self.switch, self.channel, self.peak]
        wide = sum(each.sizeHint().width() + theme.GAP for each in controls)
        lines = 1 if wide + theme.scaled(LEAST_SCALE) <= self.width() else 2
        if lines == self._lines:
            return
        self._lines = lines
        self._grid.addWidget(self.switch, 0, 0)
        self._grid.addWidget(self.channel, 0, 1)
        self._grid.addWidget(
            self.scale, 0 if lines == 1 else 1, 2 if lines == 1 else 0, 1, 1 if lines == 1 else 4
        )
        self._grid.addWidget(self.peak, 0, 3, Qt.AlignmentFlag.AlignRight)
        self._grid.setColumnStretch(2, 1)

    def show_scale(self, display: DisplayMode, low: float, high: float) -> None:
        """The display in force, and the values of its ends."""
        self.switch.set_value(display)
        self.scale.set_scale(display, low, high)
        self.scale.show()

    def show_choice(self, display: DisplayMode) -> None:
        """The display in force, with nothing that it shows."""
        self.switch.set_value(display)
        self.scale.hide()

    def _choose_channel(self) -> None:
        workspace = self.context.workspace
        workspace.edit_lab(
            replace(workspace.lab, channel=self.channel.currentData()), "Choose the channel on show"
        )

    def _choose(self, mode: str) -> None:
        workspace = self.context.workspace
        lab = replace(workspace.lab, display=mode, chosen=True)  # type: ignore[arg-type]
        workspace.edit_lab(lab, "Change display")
