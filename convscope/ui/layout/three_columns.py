"""Three columns, of which a narrow window has room for two."""

from __future__ import annotations

from PySide6.QtWidgets import QToolButton, QWidget

from convscope.ui import theme

LEFT, WIDEST_LEFT = 240, 288
# With this much the middle has room enough to give some to the left column.
AMPLE = 1128


class ThreeColumns:
    """Shows and hides a panel's right column; in a narrow window it takes the place of the left one.

    Args:
        left: the list that one chooses from.
        right: the chosen thing.
        button: down while the right column is on show.

    Attributes:
        compact: whether there is room for two columns only.
        unfolded: whether the right column is on show.
    """

    def __init__(self, left: QWidget, right: QWidget, button: QToolButton) -> None:
        self._left, self._right, self._button = left, right, button
        self.compact, self.unfolded = False, True
        self._arrange()

    def set_compact(self, compact: bool) -> None:
        """Fold the right column away when there is no room for it any more; bring it back when there is."""
        if compact != self.compact:
            self.compact, self.unfolded = compact, not compact
            self._arrange()

    def fit(self, width: int) -> None:
        """A wide panel has room for the long names in its left column."""
        spare = min(max(0, width - theme.scaled(AMPLE)), theme.scaled(WIDEST_LEFT - LEFT))
        self._left.setFixedWidth(theme.scaled(LEFT) + spare)

    def toggle(self) -> None:
        """Show the right column, or give the middle its room."""
        self.unfolded = not self.unfolded
        self._arrange()

    def unfold(self) -> None:
        """Show the right column where it was folded away for want of room."""
        if self.compact and not self.unfolded:
            self.toggle()

    def _arrange(self) -> None:
        self._right.setVisible(self.unfolded)
        self._left.setHidden(self.compact and self.unfolded)
        self._button.setChecked(self.unfolded)
