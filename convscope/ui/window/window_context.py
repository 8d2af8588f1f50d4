"""What the window gives to those who open things for it: nothing else of it is their business."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtWidgets import QWidget

from convscope.jobs.jobs import Jobs
from convscope.ui.ending import Ending
from convscope.ui.panel_context import ShowPanel
from convscope.ui.settings import Settings
from convscope.workspace.workspace import Workspace


@dataclass(frozen=True)
class WindowContext:
    """As `PanelContext` is for panels.

    Attributes:
        parent: of dialogs.
        settings: remembers the recent files.
        report: shows a failure as one sentence with its detail.
        offer: says one sentence with a button: the sentence, the button's words, what it does.
        show: goes to a panel, where there is one of this name.
        ask_about: asks the network about all pictures of a folder.
        ending: what ends with the window.
    """

    parent: QWidget
    workspace: Workspace
    jobs: Jobs
    settings: Settings
    report: Callable[[BaseException], None]
    offer: Callable[[str, str, Callable[[], object]], None]
    show: ShowPanel
    ask_about: Callable[[Path], None]
    ending: Ending
