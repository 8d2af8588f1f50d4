"""A column of controls that folds away where larger words would take its room from the pictures."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QToolButton

from convscope.ui import theme
from convscope.ui.ending import Ending
from convscope.workspace.workspace import Workspace

THREE_COLUMNS = 1128  # a panel this wide at 100 % shows its right column, too
ENOUGH = 1000  # with this much the pictures are limited by the window's height


class Drawer:
    """Says whether a panel's left column is on show. At 100 % it is, and the button is not there.

    Args:
        button: what opens and closes the column, in the head of the panel.
        wide: the column's width at 100 %.
        moved: called when it is opened or closed.
    """

    def __init__(
        self,
        workspace: Workspace,
        ending: Ending,
        button: QToolButton,
        wide: int,
        moved: Callable[[], object],
    ) -> None:
        self.button, self._wide, self._moved = button, wide, moved
        self._tight = False
        # Opened by a person although there is little room.
        name = button.objectName()
        self._opened = workspace.part(name, False, name.partition(".")[0])
        ending.listen(self._opened.changed, self._show)
        button.setCheckable(True)
        button.clicked.connect(self.toggle)
        button.hide()

    @property
    def shown(self) -> bool:
        """Whether the column is on show."""
        return not self._tight or self._opened.value

    def fit(self, room: int, right: int = 0, docked: bool = False) -> None:
        """Fold the column away, or bring it back, when the room for it has changed.

        Args:
            room: the panel's width.
            right: the width at 100 % of a column on the right that the page on show has, or 0.
            docked: whether that is on show now.
        """
        zoom = theme.zoom()
        whole = room + round(theme.NAVIGATION * (zoom - 1))  # what the panel has at 100 %
        before = whole - self._wide - (right if whole >= THREE_COLUMNS else 0)
        now = room - round(zoom * (self._wide + (right if docked else 0)))
        tight = zoom > 1 and now < min(before, ENOUGH)
        if tight != self._tight:
            self._tight = tight
            if not tight:
                self._opened.set(False)
        self.button.setVisible(tight)
        self.button.setChecked(self.shown)

    def toggle(self) -> None:
        """Open it, or give its room to the pictures."""
        self._opened.set(not self._opened.value)

    def _show(self, _opened: bool) -> None:
        self.button.setChecked(self.shown)
        self._moved()
