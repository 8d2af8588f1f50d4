"""How results become pictures: the switch and the scale under every view that shows one."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtWidgets import QWidget

from convscope.imaging.operation import DISPLAY_MODES, DisplayMode
from convscope.ui.panel_context import PanelContext
from convscope.ui.widgets.form import row, segmented
from convscope.ui.widgets.scale_bar import ScaleBar

DISPLAY_WORDS = {
    "clip": ("Clip", "Below 0 is black, above 255 is white"),
    "abs": ("Absolute", "The size of each value, whatever its sign; 255 and more is white"),
    "stretch": ("Stretch", "The smallest value is black, the largest white"),
    "signed": ("Signed", "Negative blue, positive orange, 0 neutral"),
}


class DisplayFoot(QWidget):
    """One switch for all views: what a person chooses here stays, whatever kernel comes next."""

    def __init__(self, context: PanelContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.context = context
        self.switch = segmented(
            "kernels.display",
            "Display",
            [(mode, *DISPLAY_WORDS[mode]) for mode in DISPLAY_MODES],
        )
        self.switch.changed.connect(self._choose)
        self.scale = ScaleBar()
        self.scale.setObjectName("kernels.scale")
        self.scale.setMinimumWidth(120)
        room = self.scale.sizePolicy()
        room.setRetainSizeWhenHidden(True)
        self.scale.setSizePolicy(room)
        line = row(self.switch, self.scale)
        line.setStretch(1, 1)
        self.setLayout(line)

    def show_scale(self, display: DisplayMode, low: float, high: float) -> None:
        """The display in force, and the values of its ends."""
        self.switch.set_value(display)
        self.scale.set_scale(display, low, high)
        self.scale.show()

    def show_choice(self, display: DisplayMode) -> None:
        """The display in force, with nothing that it shows."""
        self.switch.set_value(display)
        self.scale.hide()

    def _choose(self, mode: str) -> None:
        session = self.context.session
        lab = replace(session.lab, display=mode, chosen=True)  # type: ignore[arg-type]
        session.edit_lab(lab, "Change display")
