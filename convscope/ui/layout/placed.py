"""A column that stands at a place of its own, whatever else takes room below it."""

from __future__ import annotations

from PySide6.QtWidgets import QSizePolicy, QSpacerItem, QVBoxLayout, QWidget


class Placed(QVBoxLayout):
    """Widgets under each other, a share of the free height down; end it with a stretch.

    A stretch above them would move them, and the buttons among them under the pointer, as soon as a message
    comes or goes beside the page.

    Args:
        share: of the height that they leave free, what lies above them.
    """

    def __init__(self, parent: QWidget, share: float) -> None:
        super().__init__(parent)
        self._share = share
        self._above = QSpacerItem(0, 0, QSizePolicy.Policy.Minimum, QSizePolicy.Policy.Maximum)
        self.addItem(self._above)

    def set_room(self, height: int) -> None:
        """How high the page is with nothing beside it, in pixels."""
        free = height - (self.sizeHint().height() - self._above.sizeHint().height())
        self._above.changeSize(
            0, max(0, round(free * self._share)), QSizePolicy.Policy.Minimum, QSizePolicy.Policy.Maximum
        )
        self.invalidate()
