"""The line at the foot: the engine's state, and every running job with its bar and its cancel button."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import QFrame, QProgressBar, QSizePolicy, QToolButton, QWidget

from convscope.core.words import time_left
from convscope.jobs.job import Job
from convscope.jobs.jobs import Jobs
from convscope.ui import naming, theme
from convscope.ui.forms.form import horizontal

MOST = 3  # jobs on show at once


class _Row(QWidget):
    def __init__(self, job: Job, jobs: Jobs, parent: QWidget) -> None:
        super().__init__(parent)
        naming.give(self, "status.job", job.title)
        layout = horizontal(self, spacing=8)
        self.title = theme.label(job.title, "caption", self)
        # Images and classes are named in it, and may be called like markup.
        self.title.setTextFormat(Qt.TextFormat.PlainText)
        self.bar = naming.give(QProgressBar(self), "status.job.bar")
        self.bar.setTextVisible(False)
        self.bar.setFixedWidth(theme.scaled(120))
        self.left = theme.with_figures(theme.label("", "caption", self))
        self.cancel = naming.give(
            QToolButton(self), "status.job.cancel", f"Cancel {job.title}", f"Cancel {job.title}"
        )
        self.cancel.setProperty("flat", True)
        self.cancel.setIcon(theme.icon("x"))
        self.cancel.clicked.connect(lambda: jobs.cancel(job))
        for widget in (self.title, self.bar, self.left, self.cancel):
            layout.addWidget(widget)
        self.show_state(job)

    def show_state(self, job: Job) -> None:
        """Bring title, bar and time up to date."""
        text = f"{job.title}  {job.text}" if job.text else job.title
        self.title.setText(text if len(text) <= 60 else f"{text[:59]}…")
        self.title.setToolTip(text)
        if job.task.cancelled:
            self.left.setText("cancelling…")
            self.cancel.setEnabled(False)
        elif job.state == "waiting":
            self.left.setText("waiting")
        else:
            self.left.setText(time_left(job.seconds_left) if job.seconds_left is not None else "")
        if job.fraction is None or job.state == "waiting":
            # A bar that runs to and fro repaints all the time; a waiting job's stays empty.
            self.bar.setRange(0, 1 if job.state == "waiting" else 0)
        else:
            self.bar.setRange(0, 1000)
            self.bar.setValue(round(1000 * job.fraction))


class StatusBar(QFrame):
    """Engine state at the left, jobs at the right.

    Args:
        jobs: whose jobs are shown.
    """

    def __init__(self, jobs: Jobs, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        naming.give(self, "status", "Status")
        self.setProperty("role", "panel")
        self._jobs = jobs
        self._rows: dict[Job, _Row] = {}
        self.engine = naming.give(theme.label("", "caption", self), "status.engine", "Engine")
        self.engine.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.engine.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._layout = horizontal(self, spacing=16, margins=(12, 0))
        self.strip = naming.give(QToolButton(self), "status.strip")
        self.strip.setText("Images")
        self.strip.setAccessibleName("Show or hide the open images")
        self.strip.setToolTip("Show or hide the open images")
        self.strip.setIcon(theme.icon("images"))
        self.strip.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.strip.setProperty("dense", True)
        self.strip.setCheckable(True)
        self.strip.hide()
        self._layout.addWidget(self.strip)
        self._layout.addWidget(self.engine, 1)
        self.more = naming.give(theme.label("", "caption", self), "status.more")
        self.more.hide()
        self._layout.addWidget(self.more)
        self._measure()
        jobs.changed.connect(self._job_changed)

    def set_engine(self, text: str, *, detail: str = "") -> None:
        """Say how the engine is: "engine starting…", "engine ready · CPU"."""
        self.engine.setText(text)
        self.engine.setToolTip(detail)

    def show_strip_button(self, shown: bool, down: bool) -> None:
        """Where the window is too low for the film strip, a button brings it back."""
        self.strip.setVisible(shown)
        self.strip.setChecked(down)

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.StyleChange:
            self._measure()
        super().changeEvent(event)

    def _measure(self) -> None:
        self.setFixedHeight(theme.scaled(32))

    def _job_changed(self, job: Job) -> None:
        row = self._rows.get(job)
        if job.finished:
            if row is not None:
                del self._rows[job]
                self._layout.removeWidget(row)
                row.hide()
                row.deleteLater()
        elif row is not None:
            row.show_state(job)
        elif not job.quiet:
            self._rows[job] = row = _Row(job, self._jobs, self)
            self._layout.insertWidget(self._layout.count() - 1, row)
        self._show_first()

    def _show_first(self) -> None:
        """The first few jobs; a long list would stretch the window."""
        rows = list(self._rows.values())
        for number, row in enumerate(rows):
            row.setVisible(number < MOST)
        rest = rows[MOST:]
        self.more.setVisible(bool(rest))
        self.more.setText(f"+ {len(rest)} more")
        self.more.setToolTip("\n".join(row.accessibleName() for row in rest))
