"""The data sets that can be downloaded: what is in each, how large it is, whose, and how far it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QProgressBar, QVBoxLayout, QWidget

from convscope.core.words import megabytes, time_left
from convscope.ui import naming, theme
from convscope.ui.forms.form import as_panel, caption, row, scrolling, text_line, tool, vertical
from convscope.ui.panels.data.downloads import DownloadsViewModel

if TYPE_CHECKING:
    from convscope.engine.data.sets.registry import DatasetInfo

_WIDTH = 760


class DownloadsPage(QWidget):
    """A card for each.

    Signals:
        back: the person has seen enough.
        open_requested: the set of this name is to be opened.
    """

    back = Signal()
    open_requested = Signal(str)

    def __init__(self, downloads: DownloadsViewModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("data.downloads")
        as_panel(self)
        self._downloads = downloads
        self._cards: dict[str, _Card] = {}
        inside = QWidget()
        self._column = vertical(inside, None, margins=(0, 0, theme.GAP, 0))
        self.area = naming.give(scrolling(inside), "data.downloads.scroll")
        self.area.setFrameShape(QFrame.Shape.NoFrame)
        title = theme.label("Data sets to download", "title")
        says = caption("", "Nothing is downloaded before you press its button.")
        leave = tool("data.downloads.back", "Back to the data", "arrow-left", self.back.emit, "Back")
        middle = QWidget()
        middle.setMaximumWidth(theme.scaled(_WIDTH))
        vertical(middle, row(leave, title, None, spacing=theme.GROUP_GAP), says, (self.area, 1))
        across = QHBoxLayout(self)
        margin = theme.GROUP_GAP
        across.setContentsMargins(margin, margin, margin, margin)
        across.addStretch(1)
        across.addWidget(middle, 1_000)
        across.addStretch(1)
        downloads.changed.connect(self._changed)
        downloads.on_show = self.isVisible

    def refresh(self, name: str = "") -> None:
        """Look what is here by now, and bring the set of this name into view."""
        for info in self._downloads.listed():
            if info.name not in self._cards:
                card = self._cards[info.name] = _Card(self._downloads, info)
                card.open_requested.connect(self.open_requested)
                self._column.insertWidget(self._column.count() - 1, card)
            self._cards[info.name].show_info(info)
        chosen = self._cards.get(name)
        if chosen is not None:
            self._column.activate()
            self.area.ensureWidgetVisible(chosen)
            chosen.download.setFocus()

    def _changed(self, name: str) -> None:
        card = self._cards.get(name)
        if card is not None:
            card.show_job()


class _Card(QFrame):
    open_requested = Signal(str)

    def __init__(self, downloads: DownloadsViewModel, info: DatasetInfo) -> None:
        super().__init__()
        self.setProperty("role", "raised")
        self._downloads, self._info = downloads, info
        name = info.name
        self.setObjectName(f"data.download.{name}.card")
        title = theme.label(info.title, "title")
        facts = caption(f"data.download.{name}.facts", info.summary.rsplit(";", 1)[0])
        licence = caption(f"data.download.{name}.licence", f"Licence: {info.licence}")
        self.state = caption(f"data.download.{name}.state")
        self.bar = QProgressBar()
        self.bar.setObjectName(f"data.download.{name}.bar")
        self.bar.setAccessibleName(f"How far the download of {info.title} is")
        self.bar.setTextVisible(False)
        self.problem = text_line(f"data.download.{name}.problem", "warning")
        self.problem.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        for label in (facts, licence, self.state, self.problem):
            label.setTextFormat(Qt.TextFormat.PlainText)
            # A path may have no place to break; it must not widen the card.
            label.setMinimumWidth(1)
        self.download = tool(
            f"data.download.{name}",
            f"Download {info.title}",
            "download",
            lambda: downloads.start(self._info),
            "Download",
        )
        self.cancel = tool(
            f"data.download.{name}.cancel",
            f"Stop the download of {info.title}; what has come stays",
            "x",
            lambda: downloads.stop(name),
            "Cancel",
        )
        self.open = tool(
            f"data.download.{name}.open",
            f"Open the data set {info.title}",
            "database",
            lambda: self.open_requested.emit(name),
            "Open",
        )
        words = vertical(spacing=theme.GRID // 2)
        for label in (title, facts, licence, self.state):
            words.addWidget(label)
        top = row((words, 1), spacing=theme.GROUP_GAP)
        for button in (self.download, self.cancel, self.open):
            top.addWidget(button, 0, Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout(self)
        margin = theme.GROUP_GAP
        column.setContentsMargins(margin, theme.GAP, margin, theme.GAP)
        column.setSpacing(theme.GAP)
        column.addLayout(top)
        column.addWidget(self.bar)
        column.addWidget(self.problem)

    def show_info(self, info: DatasetInfo) -> None:
        """What is here of it."""
        self._info = info
        self.show_job()

    def show_job(self) -> None:
        """How far it is, why it has failed, and what can be done now."""
        job = self._downloads.job(self._info.name)
        if job is None:
            self._info = next(
                (info for info in self._downloads.listed() if info.name == self._info.name), self._info
            )
        info = self._info
        self.bar.setVisible(job is not None)
        self.cancel.setVisible(job is not None)
        self.download.setVisible(job is None and not info.here)
        self.open.setVisible(job is None and info.here)
        self.download.setText("Go on" if info.begun else "Download")
        if job is not None:
            waits = job.state == "waiting"
            left = job.seconds_left
            text = "Waiting for another download" if waits else job.text or job.title
            self.state.setText(text if left is None else f"{text} · {time_left(left)}")
            known = job.fraction is not None
            self.bar.setRange(0, 1000 if known or waits else 0)
            self.bar.setValue(round(1000 * (job.fraction or 0.0)))
        elif info.here:
            self.state.setText("On this machine")
        elif info.begun:
            self.state.setText(f"{megabytes(info.begun, info.size)} are here")
        else:
            self.state.setText(megabytes(info.size))
        sentence, detail = self._downloads.refused.get(info.name, ("", ""))
        self.problem.setText(sentence)
        self.problem.setToolTip(detail)
        self.problem.setVisible(bool(sentence) and job is None and not info.here)
