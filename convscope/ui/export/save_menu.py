"""A button whose menu saves what is on show in a panel, and the same as commands."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QMenu, QToolButton, QWidget

from convscope.ui.actions import Command
from convscope.ui.forms.form import tool
from convscope.ui.panel_context import PanelContext


@dataclass(frozen=True)
class Saved:
    """One thing that can be saved.

    Attributes:
        what: its name in code.
        title: in the menu.
        ending: of the file.
        shortcut: of the command.
    """

    what: str
    title: str
    ending: str
    shortcut: str = ""


class SaveMenu:
    """What a panel's own menu says for itself: what is possible, how it is called, how it is written.

    Args:
        name: of the panel; object names begin with it.
        says: what the button is for.
        kinds: the menu.
        parent: of the dialogs.
    """

    def __init__(
        self, context: PanelContext, name: str, says: str, kinds: Sequence[Saved], parent: QWidget
    ) -> None:
        self.context = context
        self._name, self._kinds, self._parent = name, tuple(kinds), parent
        self.button = tool(f"{name}.save", says, "save", lambda: None, "Save")
        self.button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.menu = QMenu(self.button)
        for kind in self._kinds:
            action = self.menu.addAction(kind.title)
            action.setObjectName(f"{name}.save.{kind.what}")
            action.triggered.connect(partial(self.save, kind.what))
        self.menu.aboutToShow.connect(self._enable)
        self.button.setMenu(self.menu)

    def possible(self, what: str) -> bool:
        """Whether there is such a thing now."""
        raise NotImplementedError

    def stem(self, what: str) -> str:
        """What its file is called before anybody gives it a name, without the ending."""
        raise NotImplementedError

    def writer(self, what: str) -> Callable[[str], None]:
        """Writes to a path, in a worker: it holds what is on show now."""
        raise NotImplementedError

    def commands(self) -> list[Command]:
        """The same by name."""
        return [
            Command(
                f"{self._name}.save_{kind.what}",
                f"Save: {kind.title[0].lower()}{kind.title[1:]}",
                partial(self.save, kind.what),
                kind.shortcut,
                self._name.capitalize(),
                self.possible(kind.what),
            )
            for kind in self._kinds
        ]

    def save(self, what: str, _checked: bool = False) -> None:
        """Ask where, and write."""
        if not self.possible(what):
            return
        ending = self._ending(what)
        path, _kind = QFileDialog.getSaveFileName(
            self._parent, "Save", self.stem(what) + ending, f"*{ending}"
        )
        if path:
            self.save_to(what, path)

    def save_to(self, what: str, path: str) -> None:
        """Write, off the GUI thread."""
        if not self.possible(what):
            return
        ending = self._ending(what)
        if Path(path).suffix.lower() != ending:
            path += ending
        write = self.writer(what)
        self.context.jobs.submit(
            "view",
            lambda _task: write(path),
            title=f"Saving {Path(path).name}",
            on_done=lambda _none: self.context.notify(f"Saved {Path(path).name}."),
            on_failed=self.context.report,
        )

    def _ending(self, what: str) -> str:
        return next(kind.ending for kind in self._kinds if kind.what == what)

    def _enable(self) -> None:
        for action, kind in zip(self.menu.actions(), self._kinds, strict=True):
            action.setEnabled(self.possible(kind.what))
