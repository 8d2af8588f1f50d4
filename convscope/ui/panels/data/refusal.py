"""A data set that could not be opened: why, and the ways on; shown over the panel until it is settled."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from convscope.core.opening import is_folder
from convscope.ui import theme
from convscope.ui.forms.form import row, tool
from convscope.ui.panel_context import PanelContext
from convscope.ui.panels.data.opening import Opening
from convscope.ui.sources.engine_sources import RefusedDataset


class Refusal(QFrame):
    """One sentence, another try and another folder; hidden while there is nothing to tell."""

    def __init__(self, context: PanelContext, opening: Opening, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("data.refused")
        self.setProperty("role", "panel")
        self._sources = context.sources
        self._ask_about = context.ask_about
        self._opening = opening
        self.words = theme.label("", "warning")
        self.words.setObjectName("data.refused.words")
        self.words.setWordWrap(True)
        # A path may have no place to break; it must not widen the window.
        self.words.setMinimumWidth(1)
        self.words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.download = tool(
            "data.refused.download",
            "Show what can be downloaded",
            "download",
            self._download,
            "Download…",
        )
        again = tool("data.refused.again", "Try once more", "refresh-cw", self._again, "Try again")
        other = tool(
            "data.refused.folder",
            "A folder with one sub-folder for each class",
            "folder-open",
            opening.choose_folder,
            "Choose another folder…",
        )
        self.ask = tool(
            "data.refused.ask",
            "What the network says about the pictures in this folder",
            "lightbulb",
            self._ask,
            "Ask the network about them",
        )
        close = tool("data.refused.close", "Hide this", "x", self._sources.forgive)
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.GROUP_GAP, theme.GAP, theme.GROUP_GAP, theme.GAP)
        column.setSpacing(theme.GAP)
        column.addWidget(self.words)
        column.addLayout(row(self.download, again, other, self.ask, None, close))
        context.listen(self._sources.refused_changed, self._show)
        context.ending.call(self._leave)
        self._sources.teller = self
        self._show(self._sources.refused)

    def _leave(self) -> None:
        if self._sources.teller is self:
            self._sources.teller = None

    def _again(self) -> None:
        if self._sources.refused is not None:
            self._opening.open(self._sources.refused.reference)

    def _download(self) -> None:
        if self._sources.refused is not None:
            missing = self._sources.refused.missing
            self._sources.forgive()
            self._opening.show_downloads(missing)

    def _ask(self) -> None:
        refused = self._sources.refused
        if refused is not None:
            self._sources.forgive()
            self._ask_about(Path(refused.reference))

    def _show(self, refused: RefusedDataset | None) -> None:
        if refused is not None:
            self.words.setText(refused.sentence)
            self.words.setToolTip(refused.detail)
            self.ask.setVisible(is_folder(Path(refused.reference)))
            self.download.setVisible(bool(refused.missing))
        self.setVisible(refused is not None)
