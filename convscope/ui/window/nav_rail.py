"""The navigation at the left: one button a panel, and help at the foot."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QFrame, QMenu, QSizePolicy, QToolButton, QWidget

from convscope.ui import naming, theme
from convscope.ui.forms.form import vertical
from convscope.ui.panels import PanelInfo


class NavRail(QFrame):
    """Icon and label of each panel.

    Signals:
        chosen: a panel's name.
    """

    chosen = Signal(str)

    def __init__(self, panels: Sequence[PanelInfo], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        naming.give(self, "nav", "Panels")
        self.setProperty("role", "panel")
        self._group = QButtonGroup(self)
        self._buttons: dict[str, QToolButton] = {}
        layout = vertical(self, spacing=4, margins=(4, 8))
        for info in panels:
            button = self._button(f"nav.{info.name}", info.title, info.icon)
            button.setCheckable(True)
            button.setToolTip(f"{info.title} ({info.shortcut})" if info.shortcut else info.title)
            button.clicked.connect(lambda _=False, name=info.name: self.chosen.emit(name))
            self._group.addButton(button)
            self._buttons[info.name] = button
            layout.addWidget(button)
        layout.addStretch(1)
        self.help = self._button("nav.help", "Help", "circle-question-mark")
        self.help.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        layout.addWidget(self.help)
        self._measure()

    def set_menu(self, menu: QMenu) -> None:
        """What the help button opens."""
        self.help.setMenu(menu)

    def set_current(self, name: str) -> None:
        """Show which panel is open."""
        if name in self._buttons:
            self._buttons[name].setChecked(True)

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.StyleChange:
            self._measure()
        super().changeEvent(event)

    def _measure(self) -> None:
        self.setFixedWidth(theme.scaled(theme.NAVIGATION))
        for button in (*self._buttons.values(), self.help):
            button.setIconSize(QSize(theme.scaled(20), theme.scaled(20)))
            button.setFont(theme.font(11))

    def _button(self, name: str, title: str, icon: str) -> QToolButton:
        button = naming.give(QToolButton(self), name, title)
        button.setText(title)
        button.setIcon(theme.icon(icon))
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
        button.setProperty("flat", True)
        button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        return button
