"""What a panel can save and copy: described by it, offered in one menu and as commands, written in a job."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QMenu, QToolButton, QWidget

from convscope.core.task import Task
from convscope.ui.actions import Command
from convscope.ui.export.file_dialog import choose_file
from convscope.ui.export.writing import Write, save_as
from convscope.ui.forms.form import tool
from convscope.ui.panel_context import PanelContext
from convscope.ui.qimage import to_image

CopyWork = Callable[[Task], Any]
"""Makes text or a picture (uint8, H×W or H×W×3), in a worker."""


@dataclass(frozen=True)
class Export:
    """One thing that can be saved.

    Attributes:
        name: in code: object names and the commands' ids end in it.
        title: in the menu: "The grid as PNG…".
        endings: what the file may end in, and perhaps what each stands for; the first unless a person says
            another.
        make: what writes it as it is on show now, with all that this takes; None where there is none now.
        shortcut: of the command.
        lane: on which it is written.
    """

    name: str
    title: str
    endings: tuple[str, ...] | Mapping[str, str]
    make: Callable[[], Write | None]
    shortcut: str = ""
    lane: str = "view"


@dataclass(frozen=True)
class Copy:
    """One thing that can be copied.

    Attributes:
        name, title, shortcut, lane: as of an `Export`.
        make: what makes it as it is on show now; None where there is none now.
        said: what is said when it is on the clipboard.
        missing: what is said where there is none.
    """

    name: str
    title: str
    make: Callable[[], CopyWork | None]
    said: str
    missing: str = "There is nothing to copy yet."
    shortcut: str = ""
    lane: str = "view"


class Exporter:
    """Saves and copies what is on show in a panel.

    Args:
        name: of the panel; object names begin with it.
        stem: what files are called before anybody gives them a name: of an export's name, without the ending.
        parent: of the dialogs.
    """

    def __init__(
        self,
        context: PanelContext,
        name: str,
        stem: Callable[[str], str],
        exports: Sequence[Export],
        parent: QWidget,
        copies: Sequence[Copy] = (),
    ) -> None:
        self.context = context
        self._name, self._stem, self._parent = name, stem, parent
        self._exports = {each.name: each for each in exports}
        self._copies = {each.name: each for each in copies}

    def possible(self, name: str) -> bool:
        """Whether there is such a thing now."""
        described = self._exports.get(name) or self._copies[name]
        return described.make() is not None

    def choose(self, name: str) -> None:
        """Ask where it shall go, and write it there."""
        if self.possible(name):
            endings = self._exports[name].endings
            suggested = self._stem(name) + next(iter(endings))
            save = partial(self.save_to, name)
            choose_file(self._parent, save, suggested, endings, name=f"{self._name}.file")

    def save_to(self, name: str, path: str | Path) -> None:
        """Write it, off the GUI thread."""
        export = self._exports[name]
        write = export.make()
        if write is not None:
            save_as(self.context, path, write, export.endings, lane=export.lane)

    def copy(self, name: str) -> None:
        """Put it on the clipboard."""
        copy = self._copies[name]
        work = copy.make()
        if work is None:
            self.context.notify(copy.missing)
            return
        self.context.submit(
            copy.lane, work, "Copying", quiet=True, on_done=lambda made: self._copied(copy, made)
        )

    def _copied(self, copy: Copy, made: Any) -> None:
        clipboard = QGuiApplication.clipboard()
        if isinstance(made, str):
            clipboard.setText(made)
        else:
            clipboard.setImage(to_image(made).copy())
        self.context.notify(copy.said)


class ExportMenu(Exporter):
    """A button whose menu saves and copies what is on show in a panel, and the same as commands.

    Args:
        says: what the button is for.
    """

    def __init__(
        self,
        context: PanelContext,
        name: str,
        says: str,
        stem: Callable[[str], str],
        exports: Sequence[Export],
        parent: QWidget,
        copies: Sequence[Copy] = (),
    ) -> None:
        super().__init__(context, name, stem, exports, parent, copies)
        self.button = tool(f"{name}.save", says, "save", text="Save")
        self.button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.menu = QMenu(self.button)
        self.menu.aboutToShow.connect(lambda: self.enable())
        for export in exports:
            self._add(f"save.{export.name}", export.title, partial(self.choose, export.name))
        for copy in copies:
            self._add(f"copy.{copy.name}", copy.title, partial(self.copy, copy.name))
        self.button.setMenu(self.menu)

    def commands(self) -> list[Command]:
        """The same by name."""
        group = self._name.capitalize()
        saving = [
            Command(
                f"{self._name}.save.{name}",
                f"Save: {export.title[0].lower()}{export.title[1:]}",
                partial(self.choose, name),
                export.shortcut,
                group,
                self.possible(name),
            )
            for name, export in self._exports.items()
        ]
        copying = [
            Command(
                f"{self._name}.{name}",
                copy.title,
                partial(self.copy, name),
                copy.shortcut,
                group,
                self.possible(name),
            )
            for name, copy in self._copies.items()
        ]
        return [*saving, *copying]

    def _add(self, name: str, title: str, run: Callable[[], object]) -> None:
        action = self.menu.addAction(title)
        action.setObjectName(f"{self._name}.{name}")
        action.triggered.connect(lambda _checked=False: run())

    def enable(self) -> None:
        """What there is none of now is gray in the menu."""
        names = [*self._exports, *self._copies]
        for action, name in zip(self.menu.actions(), names, strict=False):
            action.setEnabled(self.possible(name))
