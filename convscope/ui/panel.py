"""What every panel is: a widget made from its context, which works while on show and ends as a whole."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar, Literal

from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QWidget

from convscope.ui.actions import Command
from convscope.ui.ending import Ending
from convscope.ui.panel_context import PanelContext


class Panel(QWidget):
    """A panel of the window, made as `Panel(context, parent)` when it is first shown.

    Everything that it shows and asks lies in parts of the workspace's document; its view model turns them
    into requests. What it and its parts hear of the workspace and the jobs is heard through `context.listen`,
    and ends in `shutdown`: no part needs a shutdown of its own.

    Attributes:
        name: the stable name: `show_panel(name)`, the first word of its object names.
        context: what the window gives it, with an ending of its own.
        asks_about: which folders, dropped while it is on show, are pictures that the network is asked about;
            "unsorted folders" are those without classes.
    """

    name: ClassVar[str]
    asks_about: Literal["", "folders", "unsorted folders"] = ""

    def __init__(self, context: PanelContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(self.name)
        self.context = replace(context, ending=Ending())
        self.compact = False

    @property
    def scope(self) -> str:
        """What undo acts on while it is on show: its name, or "model.build" for a page of its own."""
        return self.name

    def commands(self) -> list[Command]:
        """What the command palette lists while it is on show."""
        return []

    def show_page(self, page: str) -> None:
        """Show one of its pages.

        Raises:
            KeyError: it has no such page.
        """
        raise KeyError(page)

    def show_example(self) -> None:
        """Fill it with real content, for a picture of it."""

    def set_compact(self, compact: bool) -> None:
        """The window became too narrow for three columns, or there is room again."""
        self.compact = compact

    def set_active(self, active: bool) -> None:
        """Somebody looks, or nobody does: nothing is computed for nobody."""

    def shutdown(self) -> None:
        """End it: the window closes."""
        self.context.ending.end()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.set_active(True)

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.set_active(False)
