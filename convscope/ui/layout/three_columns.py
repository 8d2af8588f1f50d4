"""Three columns, of which a narrow window has room for two."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtWidgets import QToolButton, QWidget

from convscope.ui import theme
from convscope.ui.ending import Ending
from convscope.workspace.document import Part
from convscope.workspace.workspace import Workspace

LEFT, WIDEST_LEFT = 240, 288
# With this much the middle has room enough to give some to the left column.
AMPLE = 1128


@dataclass(frozen=True)
class ColumnChoice:
    """Whether a person wants the right column, in a window with room for two columns only or for three."""

    compact: bool
    unfolded: bool


class ThreeColumns:
    """Shows and hides a panel's right column; in a narrow window it takes the place of the left one.

    Args:
        name: of the part that holds what a person chose; None there: as there is room.
        left: the list that one chooses from.
        right: the chosen thing.
        button: down while the right column is on show.

    Attributes:
        compact: whether there is room for two columns only.
    """

    def __init__(
        self,
        workspace: Workspace,
        ending: Ending,
        name: str,
        left: QWidget,
        right: QWidget,
        button: QToolButton,
    ) -> None:
        self._left, self._right, self._button = left, right, button
        self.compact = False
        panel = name.partition(".")[0]
        self._choice: Part[ColumnChoice | None] = workspace.part(name, None, panel, kind=ColumnChoice | None)
        ending.listen(self._choice.changed, lambda _choice: self._arrange())
        self._arrange()

    @property
    def unfolded(self) -> bool:
        """Whether the right column is on show."""
        choice = self._choice.value
        return choice.unfolded if choice is not None and choice.compact == self.compact else not self.compact

    def set_compact(self, compact: bool) -> None:
        """Fold the right column away when there is no room for it any more; bring it back when there is."""
        if compact != self.compact:
            self.compact = compact
            choice = self._choice.value
            # What was chosen for the room that there was ends with it.
            if choice is not None and choice.compact != compact:
                self._choice.set(None)
            self._arrange()

    def fit(self, width: int) -> None:
        """A wide panel has room for the long names in its left column."""
        spare = min(max(0, width - theme.scaled(AMPLE)), theme.scaled(WIDEST_LEFT - LEFT))
        self._left.setFixedWidth(theme.scaled(LEFT) + spare)

    def toggle(self) -> None:
        """Show the right column, or give the middle its room."""
        self._choice.set(ColumnChoice(self.compact, not self.unfolded))

    def unfold(self) -> None:
        """Show the right column where it was folded away for want of room."""
        if self.compact and not self.unfolded:
            self.toggle()

    def _arrange(self) -> None:
        self._right.setVisible(self.unfolded)
        self._left.setHidden(self.compact and self.unfolded)
        self._button.setChecked(self.unfolded)
