"""One network of the library: what is told about it, and the choices to open it with."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QFileDialog, QProgressBar, QWidget

from convscope.engine.models.applications.table import APPLICATIONS
from convscope.engine.models.layer_specs.base import Shape
from convscope.ui import theme
from convscope.ui.forms.editors import TypedEditor
from convscope.ui.forms.form import caption, heading, push_button, row, segmented, text_line, tool, vertical
from convscope.ui.forms.parameter_form import Captioned
from convscope.ui.panel_context import PanelContext
from convscope.ui.panels.model.library.view_model import LibraryViewModel
from convscope.ui.panels.model.words import shape_words

if TYPE_CHECKING:
    from convscope.engine.models.library.catalogue import CatalogueEntry

_WEIGHTS = (
    ("own", "Trained", "The weights that it is shipped with"),
    ("imagenet", "ImageNet", "Downloaded once, then kept on this machine"),
    ("random", "Random", "Untrained: what it says about an image means nothing"),
    ("file", "File…", "Weights from a file: .h5, .weights.h5 or .keras"),
)


class OpenForm(QWidget):
    """The chosen network of the library.

    Signals:
        here_wanted: show the networks whose weights are on this machine.
    """

    here_wanted = Signal()

    def __init__(self, context: PanelContext, library: LibraryViewModel) -> None:
        super().__init__()
        self._library = library
        self._entry: CatalogueEntry | None = None
        self._build()
        context.listen(library.listed, self._show)
        context.listen(library.choice.changed, lambda _choice: self._show())
        context.listen(library.opening_changed, self._show_opening)
        self._show()

    def open(self) -> None:
        """Open it as chosen, once the file is known where its weights come from one."""
        library = self._library
        if library.weights == "file" and not library.choice.value.file:
            self._choose_file()
        else:
            library.open()

    def set_file(self, path: str) -> None:
        self._library.ask(weights="file", file=path)

    def _build(self) -> None:
        self.title = text_line("model.library.title", "title")
        self.facts = caption("model.library.facts")
        self.about = text_line("model.library.about")
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
        self.top.clicked.connect(lambda on: self._library.ask(include_top=on))
        self.input_size = TypedEditor(
            "model.library.size", "Input size", _read_size, shape_words, "sizes such as 224×224×3"
        )
        self.size_field = Captioned(self.input_size, "input size", 104)
        self.input_size.edited.connect(lambda size: self._library.ask(size=size))
        self.note = caption("model.library.note")
        self.go = push_button("model.library.open", "Open", self.open, primary=True)
        self.progress = QProgressBar()
        self.progress.setObjectName("model.library.progress")
        self.progress.setAccessibleName("Progress of opening")
        self.progress.setTextVisible(False)
        self.stop = tool("model.library.cancel", "Cancel", "x", self._cancel)
        self.doing = caption("model.library.doing")
        self.problem = text_line("model.library.problem", "warning")
        self.instead = push_button("model.library.random", "Open with random weights", self._open_random)
        self.show_here = push_button("model.library.show_here", "Show what is here", self.here_wanted.emit)
        self.accuracy = caption("model.library.accuracy")
        # The button stands where it stood, whatever is told under it of one network or the next.
        head = row(self.title, self.go)
        head.setStretch(0, 1)
        head.setAlignment(self.go, Qt.AlignmentFlag.AlignTop)
        column = vertical(self, head)
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
        self._library.ask(weights=choice)
        if choice == "file" and not self._library.choice.value.file:
            self._choose_file()

    def _choose_file(self) -> None:
        dialog = QFileDialog(self, "Weights from a file")
        dialog.setObjectName("model.library.file_dialog")
        dialog.setNameFilters(["Weights (*.h5 *.hdf5 *.keras)", "All files (*)"])
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(self.set_file)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _show(self) -> None:
        library = self._library
        entry = library.entry
        self.setVisible(entry is not None)
        if entry is None:
            self._entry = None
            return
        if entry is not self._entry:
            self._entry = entry
            self.title.setText(entry.title)
            self.about.setText(_about(entry))
            self.accuracy.setText(_accuracy(entry))
            self.accuracy.setVisible(bool(self.accuracy.text()))
            allowed = library.allowed_weights
            for key, _text, _tip in _WEIGHTS:
                self.weights.button(key).setVisible(key in allowed)
            self.weights.setVisible(len(allowed) > 1)
            self.weights_title.setVisible(len(allowed) > 1)
            self.top.setVisible(entry.kind == "application")
            self.size_field.setVisible(entry.kind != "shipped")
        choice = library.choice.value
        self.weights.set_value(library.weights)
        self.file.setVisible(library.weights == "file")
        self.file.setText(Path(choice.file).name if choice.file else "Choose a file")
        self.top.setChecked(choice.include_top)
        self.input_size.control.setEnabled(not library.size_is_fixed)
        self.input_size.show_value(library.size)
        self.facts.setText(self._told(entry))
        self.note.setText(library.note)
        self.note.setVisible(bool(library.note))
        self._show_opening()

    def _told(self, entry: CatalogueEntry) -> str:
        """What it has, opened as it is chosen: without a classifier it has fewer weights."""
        # Imported here: the catalogue knows every layer, and the first paint waits for none.
        from convscope.engine.models.library.catalogue import parameters_of

        whole, size = self._library.whole, self._library.size
        count = parameters_of(entry, whole, size)
        words = ["parameters counted once it is open" if count is None else f"{count:,} parameters"]
        if not whole:
            words.append("without its classifier")
        words.append(shape_words(size))
        if entry.year:
            words.append(str(entry.year))
        if entry.depth and whole:
            words.append(f"{entry.depth} layers deep")
        return "  ·  ".join(words)

    def _show_opening(self) -> None:
        """How far it is, or why it was not opened and what can be done instead."""
        job, problem = self._library.job, self._library.problem
        self.go.setEnabled(job is None)
        for widget in (self.progress, self.stop, self.doing):
            widget.setVisible(job is not None)
        if job is not None:
            self.progress.setRange(0, 0 if job.fraction is None else 1000)
            self.progress.setValue(round(1000 * (job.fraction or 0)))
            waiting = "Waiting for the engine" if job.state == "waiting" else job.title
            self.doing.setText(job.text or waiting)
        self.problem.setText(problem)
        self.problem.setVisible(bool(problem))
        downloads = bool(problem) and self._library.weights == "imagenet"
        self.instead.setVisible(downloads)
        self.show_here.setVisible(downloads)

    def _cancel(self) -> None:
        self._library.cancel()
        if self._library.job is not None:
            self.doing.setText("Cancelling…")

    def _open_random(self) -> None:
        self._library.ask(weights="random")
        self.open()


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
