"""One network of the library: what is told about it, and the choices to open it with."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QFileDialog,
    QLabel,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from convscope.engine.models.builder.templates import TEMPLATES
from convscope.engine.models.layer_specs.base import Shape
from convscope.engine.models.library.applications_table import APPLICATIONS
from convscope.jobs.job import Job
from convscope.ui import theme
from convscope.ui.forms.form import caption, heading, row, segmented, tool
from convscope.ui.panel_context import PanelContext
from convscope.ui.panels.model.build.fields import TypedField
from convscope.ui.panels.model.build.rows import shape_words

if TYPE_CHECKING:
    from convscope.engine.models.library.catalogue import CatalogueEntry
    from convscope.engine.models.opened import OpenedModel

_WEIGHTS = (
    ("own", "Trained", "The weights that it is shipped with"),
    ("imagenet", "ImageNet", "Downloaded once, then kept on this machine"),
    ("random", "Random", "Untrained: what it says about an image means nothing"),
    ("file", "File…", "Weights from a file: .h5, .weights.h5 or .keras"),
)


class OpenForm(QWidget):
    """The chosen network of the library.

    Signals:
        opened: the model is open and current.
        here_wanted: show the networks whose weights are on this machine.
    """

    opened = Signal()
    here_wanted = Signal()

    def __init__(self, context: PanelContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.context = context
        self._entry: CatalogueEntry | None = None
        self._file: Path | None = None
        self._size: Shape = ()
        self._here = False
        self._job: Job | None = None
        self._build()
        context.jobs.changed.connect(self._job_changed)
        self.show_entry(None, False)

    def show_entry(self, entry: CatalogueEntry | None, here: bool) -> None:
        """Show a network; `here`: its trained weights are on this machine."""
        self.setVisible(entry is not None)
        self._entry, self._file = entry, None
        if entry is None:
            return
        self.title.setText(entry.title)
        self.about.setText(_about(entry))
        self.accuracy.setText(_accuracy(entry))
        self.accuracy.setVisible(bool(self.accuracy.text()))
        allowed = _weights(entry)
        for key, _text, _tip in _WEIGHTS:
            self.weights.button(key).setVisible(key in allowed)
        self.weights.set_value(allowed[0])
        self.weights.setVisible(len(allowed) > 1)
        self.top.setVisible(entry.kind == "application")
        self.top.setChecked(True)
        self._size = entry.input
        self.size_field.show_value(entry.input)
        self.size_field.setVisible(entry.kind != "shipped")
        self._here = here
        self._say("")
        self._follow()

    def open(self) -> None:
        """Open it as chosen; it becomes the current model."""
        entry = self._entry
        if entry is None or self._job is not None:
            return
        choice = self.weights.value
        if choice == "file" and self._file is None:
            self._choose_file()
            return
        options: dict[str, Any] = {}
        if choice == "imagenet":
            options["weights"] = "imagenet"
        elif choice == "file":
            options["weights"] = self._file
        if entry.kind == "application" and not self.top.isChecked():
            options["include_top"] = False
        if entry.kind != "shipped" and self._size != entry.input:
            options["input_shape"] = self._size
        self._say("")
        job = self.context.sources.open_model(
            entry.name,
            on_opened=self._done,
            on_failed=self._failed,
            on_cancelled=self._cancelled,
            **options,
        )
        if job is not None and not job.finished:
            self._job = job
            self._show_job()

    def shutdown(self) -> None:
        """Take no more events, and want no more model."""
        self.context.jobs.changed.disconnect(self._job_changed)
        if self._job is not None:
            self.context.jobs.cancel(self._job)

    # -- inside ----------------------------------------------------------------------------------------------

    def _build(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.GAP)
        self.title = theme.label("", "title")
        self.title.setObjectName("model.library.title")
        self.title.setWordWrap(True)
        self.facts = caption("model.library.facts")
        self.about = QLabel()
        self.about.setObjectName("model.library.about")
        self.about.setWordWrap(True)
        self.about.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.weights = segmented("model.library.weights", "Weights", _WEIGHTS)
        self.weights.changed.connect(self._weights_changed)
        self.file = tool(
            "model.library.file", "Choose the weights file", "file", self._choose_file, "Choose a file"
        )
        self.file.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.top = QCheckBox("with its classifier")
        self.top.setObjectName("model.library.include_top")
        self.top.setToolTip("include_top: the layers that tell the 1,000 classes of ImageNet")
        self.top.toggled.connect(lambda _on: self._follow())
        self.size_field = TypedField(
            "model.library.size",
            "input size",
            _read_size,
            shape_words,
            "sizes such as 224×224×3",
            104,
            "Input size",
        )
        self.size_field.edited.connect(self._size_changed)
        self.note = caption("model.library.note")
        self.go = QPushButton("Open")
        self.go.setObjectName("model.library.open")
        self.go.setProperty("role", "primary")
        self.go.clicked.connect(self.open)
        self.progress = QProgressBar()
        self.progress.setObjectName("model.library.progress")
        self.progress.setAccessibleName("Progress of opening")
        self.progress.setTextVisible(False)
        self.stop = tool("model.library.cancel", "Cancel", "x", self._cancel)
        self.doing = caption("model.library.doing")
        self.problem = theme.label("", "warning")
        self.problem.setObjectName("model.library.problem")
        self.problem.setWordWrap(True)
        self.instead = QPushButton("Open with random weights")
        self.instead.setObjectName("model.library.random")
        self.instead.clicked.connect(self._open_random)
        self.show_here = QPushButton("Show what is here")
        self.show_here.setObjectName("model.library.show_here")
        self.show_here.clicked.connect(self.here_wanted)
        self.accuracy = caption("model.library.accuracy")
        # The button stands where it stood, whatever is told under it of one network or the next.
        head = row(self.title, self.go)
        head.setStretch(0, 1)
        head.setAlignment(self.go, Qt.AlignmentFlag.AlignTop)
        column.addLayout(head)
        self.weights_title = heading("Weights")
        for choice in (self.weights_title, self.weights, self.file):
            column.addWidget(choice)
        size = row(self.size_field, self.top, None)
        size.setAlignment(self.top, Qt.AlignmentFlag.AlignBottom)
        self.top.setMinimumHeight(theme.scaled(30))
        column.addLayout(size)
        column.addWidget(self.note)
        column.addLayout(row(self.progress, self.stop))
        for answer in (self.doing, self.problem, self.instead, self.show_here):
            column.addWidget(answer)
        for words in (self.facts, self.about, self.accuracy):
            column.addWidget(words)

    def _weights_changed(self, choice: str) -> None:
        if choice == "file" and self._file is None:
            self._choose_file()
        self._follow()

    def _size_changed(self, size: Shape) -> None:
        self._size = size
        self._follow()

    def _choose_file(self) -> None:
        dialog = QFileDialog(self, "Weights from a file")
        dialog.setObjectName("model.library.file_dialog")
        dialog.setNameFilters(["Weights (*.h5 *.hdf5 *.keras)", "All files (*)"])
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(self.set_file)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def set_file(self, path: str) -> None:
        """Take the weights from this file."""
        self._file = Path(path)
        self.weights.set_value("file")
        self._follow()

    def _follow(self) -> None:
        """Bring what follows from the choices in line."""
        entry = self._entry
        if entry is None:
            return
        choice = self.weights.value
        self.weights_title.setVisible(not self.weights.isHidden())
        self.file.setVisible(choice == "file")
        self.file.setText(self._file.name if self._file else "Choose a file")
        fixed = entry.kind == "application" and choice == "imagenet" and self.top.isChecked()
        self.size_field.control.setEnabled(not fixed)
        if fixed and self._size != entry.input:
            self._size = entry.input
            self.size_field.show_value(entry.input)
        note = ""
        if choice == "imagenet" and entry.kind == "application":
            size = f"{entry.megabytes:,.0f} MB" if entry.megabytes else "some MB"
            note = "Downloaded before." if self._here else f"Downloads {size}, once."
            if fixed:
                note += " With its classifier the input size is fixed."
        elif choice == "random":
            note = "Untrained: good for looking at its layers, and for training."
        self.facts.setText(self._told(entry))
        self.note.setText(note)
        self.note.setVisible(bool(note))
        busy = self._job is not None
        self.go.setEnabled(not busy)
        for widget in (self.progress, self.stop, self.doing):
            widget.setVisible(busy)

    def _told(self, entry: CatalogueEntry) -> str:
        """What it has, opened as it is chosen: without a classifier it has fewer weights."""
        # Imported here: the catalogue knows every layer, and the first paint waits for none.
        from convscope.engine.models.library.catalogue import parameters_of

        whole = entry.kind != "application" or self.top.isChecked()
        count = parameters_of(entry, whole, self._size)
        words = ["parameters counted once it is open" if count is None else f"{count:,} parameters"]
        if not whole:
            words.append("without its classifier")
        words.append(shape_words(self._size))
        if entry.year:
            words.append(str(entry.year))
        if entry.depth and whole:
            words.append(f"{entry.depth} layers deep")
        return "  ·  ".join(words)

    def _show_job(self) -> None:
        job = self._job
        self._follow()
        if job is None:
            return
        self.progress.setRange(0, 0 if job.fraction is None else 1000)
        self.progress.setValue(round(1000 * (job.fraction or 0)))
        waiting = "Waiting for the engine" if job.state == "waiting" else job.title
        self.doing.setText(job.text or waiting)

    def _job_changed(self, job: Job) -> None:
        if job is self._job and not job.finished:
            self._show_job()

    def _done(self, _model: OpenedModel) -> None:
        self._job = None
        self._follow()
        self.opened.emit()

    def _failed(self, error: BaseException) -> None:
        self._job = None
        self._follow()
        self._say(getattr(error, "message", ""))
        if not self.problem.text():
            self.context.report(error)

    def _cancelled(self) -> None:
        self._job = None
        self._follow()

    def _cancel(self) -> None:
        if self._job is not None:
            self.context.jobs.cancel(self._job)
            self.doing.setText("Cancelling…")

    def _say(self, problem: str) -> None:
        """Why it was not opened, and what can be done instead."""
        self.problem.setText(problem)
        self.problem.setVisible(bool(problem))
        downloads = bool(problem) and self.weights.value == "imagenet"
        self.instead.setVisible(downloads)
        self.show_here.setVisible(downloads)

    def _open_random(self) -> None:
        self.weights.set_value("random")
        self._follow()
        self.open()


def _weights(entry: CatalogueEntry) -> tuple[str, ...]:
    """The choices that a network has, the usual one first."""
    if entry.kind == "shipped":
        return ("own",)
    if entry.kind == "application":
        return ("imagenet", "random", "file")
    based = any(layer.kind == "Base" for layer in TEMPLATES[entry.name].architecture.layers)
    return ("random", "imagenet", "file") if based else ("random", "file")


def _accuracy(entry: CatalogueEntry) -> str:
    """What was measured on ImageNet, and how; "" where nothing was."""
    if entry.top1 is None:
        return ""
    top5 = f", top-5 {entry.top5:g} %" if entry.top5 is not None else ""
    return f"On ImageNet top-1 {entry.top1:g} %{top5}: {entry.measured}."


def _about(entry: CatalogueEntry) -> str:
    if entry.kind != "application":
        return entry.about
    # The engine's module for comparing needs Keras only when it is asked to count.
    from convscope.engine.models.library.compare import idea_of

    smallest = APPLICATIONS[entry.name].smallest
    return f"{idea_of(entry.name)} Takes images from {smallest}×{smallest} on."


def _read_size(text: str) -> Shape:
    parts = [part.strip() for part in re.split(r"[×x*,;]", text.strip("() "))]
    size = tuple(None if part in ("?", "None") else int(part) for part in parts)
    if len(size) != 3 or any(n is not None and n < 1 for n in size):
        raise ValueError(text)
    return size
