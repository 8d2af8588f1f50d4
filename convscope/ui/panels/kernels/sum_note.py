"""What stands in for the sum where there is no room for it: its place, its total, and the way to it."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QPushButton, QVBoxLayout, QWidget

from convscope.ui import theme


class SumNote(QWidget):
    """Three short lines beside the chain.

    Args:
        show_sum: brings the sum on show.
    """

    def __init__(self, show_sum: Callable[[], None], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("kernels.note")
        self.place = theme.with_figures(theme.label("", "caption"))
        self.place.setObjectName("kernels.note.place")
        self.total = theme.label("", "caption")
        self.total.setObjectName("kernels.note.total")
        self.total.setFont(theme.font(13, weight=QFont.Weight.DemiBold, mono=True))
        self.button = QPushButton("Show the sum")
        self.button.setObjectName("kernels.note.show")
        self.button.setAccessibleName("Show the sum in place of the controls")
        self.button.setToolTip("The sum takes the place of the controls: there is no room for both")
        self.button.clicked.connect(lambda: show_sum())
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.GRID, 0, 0, 0)
        column.setSpacing(2)
        column.addStretch(1)
        for widget in (self.place, self.total, self.button):
            column.addWidget(widget, 0, Qt.AlignmentFlag.AlignRight)
        column.addStretch(1)

    def tell(self, place: str, total: str) -> None:
        """The place in hand and what its sum gives; "" where there is none."""
        self.place.setText(place)
        self.total.setText(total)
        self.total.setVisible(bool(total))
