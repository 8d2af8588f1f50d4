"""The panels in the middle of the window: each is made when it is first shown, and then kept."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QStackedWidget, QWidget

from convscope.core.errors import UserError
from convscope.ui import theme
from convscope.ui.panel import Panel
from convscope.ui.panels import PanelInfo

REST_MS = 400
"""A panel that was left this long ago is not in use."""


class PanelStack(QStackedWidget):
    """One panel on show, the others kept as they were left.

    Args:
        infos: the panels there are.
    """

    def __init__(self, infos: Sequence[PanelInfo], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("panels")
        self._infos = tuple(infos)
        self._made: dict[str, Panel] = {}
        self._resting = QTimer(self)
        self._resting.setSingleShot(True)
        self._resting.setInterval(REST_MS)
        self._resting.timeout.connect(self._rest)
        self.currentChanged.connect(lambda _index: self._resting.start())

    def info(self, name: str) -> PanelInfo:
        """A panel's line of the navigation.

        Raises:
            UserError: there is no such panel.
        """
        info = next((info for info in self._infos if info.name == name), None)
        if info is None:
            names = ", ".join(info.name for info in self._infos)
            raise UserError(f"There is no panel called {name!r}: choose one of {names}.")
        return info

    def known(self, name: str) -> Panel | None:
        """A panel that was shown already."""
        return self._made.get(name)

    def add(self, name: str, panel: Panel) -> None:
        """Keep a panel that was made."""
        self._made[name] = panel
        self.addWidget(panel)

    def current(self) -> Panel | None:
        """The panel on show."""
        panel = self.currentWidget()
        return panel if isinstance(panel, Panel) else None

    def set_compact(self, compact: bool) -> None:
        """Tell the panel on show how much room there is."""
        panel = self.current()
        if panel is not None:
            panel.set_compact(compact)

    def shutdown(self) -> None:
        """End what the panels do."""
        self._resting.stop()
        for panel in self._made.values():
            panel.shutdown()

    def _rest(self) -> None:
        for panel in self._made.values():
            if panel.isHidden():
                theme.rest(panel)
