"""A button that bears the name of something of the user's, however long that is."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QResizeEvent, QShowEvent
from PySide6.QtWidgets import QSizePolicy, QToolButton, QWidget

from convscope.ui import theme

LEAST = 80  # pixels at 100 % that are left of it in the narrowest place


def short_name(name: str, limit: int) -> str:
    """A name of at most so many letters; what long names end in tells them apart, too."""
    end = limit // 3
    return name if len(name) <= limit else f"{name[: limit - 1 - end]}…{name[-end:]}"


class NameButton(QToolButton):
    """Takes the room that is left over, and shows what fits of the name; give it a tooltip with the whole."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._name = ""
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    @property
    def name(self) -> str:
        """The whole name."""
        return self._name

    def set_name(self, name: str) -> None:
        """Show another."""
        self._name = name
        self._fit()

    def minimumSizeHint(self) -> QSize:
        """It never widens what it stands in."""
        return QSize(theme.scaled(LEAST), super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """As much as fits."""
        super().resizeEvent(event)
        self._fit()

    def changeEvent(self, event: QEvent) -> None:
        """Another type."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.StyleChange, QEvent.Type.FontChange) and hasattr(self, "_name"):
            self._fit()

    def _fit(self) -> None:
        # In a button that is not laid out yet all of it is kept.
        limit = len(self._name)
        self.setText(self._name)
        while limit > 4 and self.isVisible() and self.sizeHint().width() > self.width():
            over = self.sizeHint().width() - self.width()
            limit -= max(1, over // (2 * self.fontMetrics().averageCharWidth()))
            self.setText(short_name(self._name, max(4, limit)))

    def showEvent(self, event: QShowEvent) -> None:
        """Now it has its width."""
        super().showEvent(event)
        self._fit()
