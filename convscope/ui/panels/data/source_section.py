"""Which data set is open: its name, what is in it, where it is from, and what is wrong with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QPlainTextEdit, QVBoxLayout, QWidget

from convscope.core.printable import printable
from convscope.ui import naming, theme
from convscope.ui.forms.form import caption, heading, room_for, row, text_line, tool, vertical
from convscope.ui.panels.data.opening import Opening
from convscope.ui.panels.data.view_model import DataSelection, DataViewModel
from convscope.ui.panels.data.words import set_words, unreadable, unreadable_words

if TYPE_CHECKING:
    from convscope.engine.data.dataset import Dataset
    from convscope.engine.data.duplicates import Duplicates

_SHOWN_NOTES, _NOTE_LENGTH = 2, 120


class SourceSection(QWidget):
    """The open data set in words; the button opens another."""

    def __init__(self, view_model: DataViewModel, opening: Opening, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = view_model
        self._context = context = view_model.context
        self._dataset: Dataset | None = None
        self._told = 0
        column = vertical(self)
        self.button = opening.menu_button("data.open", "Change")
        self.button.setIcon(theme.icon("database"))
        self.button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.title = text_line("data.title", "title")
        self.facts = caption("data.facts")
        self.credit = caption("data.credit")
        self.notes = text_line("data.notes", "warning")
        for label in (self.title, self.facts, self.credit, self.notes):
            # A file's name may have no place to break; it must not widen the column.
            label.setMinimumWidth(1)
        room_for(self.credit, 2)
        self.more = tool("data.details", "Every note and every file left out", "list", self.show_details)
        self.finder = tool(
            "data.duplicates",
            "Find images of equal pixels and near duplicates, above all in training and in test",
            "copy",
            self.find_duplicates,
            "Find duplicates",
        )
        self.show_them = tool(
            "data.duplicates.show", "Show only these images", "eye", self._toggle_duplicates
        )
        self.show_them.setCheckable(True)
        column.addLayout(row(heading("Data set"), None, self.button))
        column.addWidget(self.title)
        column.addWidget(self.facts)
        column.addWidget(self.credit)
        column.addWidget(self.notes)
        column.addLayout(row(self.finder, self.show_them, None, self.more))
        context.listen(context.splitting.comparing_changed, self._show_comparing)
        view_model.selection_changed.connect(self._show_chosen)

    @property
    def duplicates(self) -> Duplicates | None:
        """What a comparison of the images has found, if there was one."""
        return self._model.duplicates

    def show_dataset(self, dataset: Dataset) -> None:
        """Another data set, or the same with other parts, or with what a comparison has found."""
        self._dataset = dataset
        self.title.setText(dataset.title)
        self.title.setToolTip(printable(dataset.reference))
        self.button.setToolTip("Open another data set")
        self.facts.setText(set_words(dataset))
        self.credit.setText(dataset.credit)
        self._show_notes()
        self._show_chosen(self._model.selection)

    def find_duplicates(self) -> None:
        """Compare all images with one another, in a worker; what is found is told and shown."""

        def done(dataset: Dataset) -> None:
            from convscope.engine.data.duplicates import duplicates_of

            self._context.notify(duplicates_of(dataset).summary)

        self._context.splitting.compare(done)

    def _show_comparing(self) -> None:
        self.finder.setEnabled(not self._context.splitting.comparing)

    def all_notes(self) -> tuple[str, ...]:
        """What a person should know of this data, one sentence each."""
        if self._dataset is None:
            return ()
        duplicates = self.duplicates.notes if self.duplicates else ()
        return (*unreadable_words(self._dataset), *duplicates, *self._dataset.notes)

    def tell_unreadable(self) -> None:
        """Say how many files turned out to be damaged, once there are more of them."""
        if self._dataset is not None and len(unreadable(self._dataset)) != self._told:
            self._show_notes()

    def show_details(self) -> None:
        """All notes and all files that were left out, to read and to copy."""
        if self._dataset is None:
            return
        lines = [*self.all_notes()]
        if self._dataset.left_out:
            lines += ["", f"Left out ({len(self._dataset.left_out):,}):"]
            lines += [f"{name}: {why}" for name, why in self._dataset.left_out]
        if found := unreadable(self._dataset):
            lines += ["", f"Unreadable ({len(found):,}):"]
            lines += [f"{name}: {why}" for name, why in sorted(found.items())]
        if self.duplicates is not None:
            name = self._dataset.images.name
            for title, sign, groups in (
                ("Equal pixels", "=", self.duplicates.groups),
                ("Near duplicates", "≈", self.duplicates.near),
            ):
                if groups:
                    lines += ["", f"{title} ({len(groups):,}):"]
                    lines += [f" {sign} ".join(name(index) for index in group) for group in groups]
        dialog = naming.give(QDialog(self), "data.details.dialog")
        dialog.setWindowTitle(f"{self._dataset.title}: what to know")
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.resize(theme.scaled(640), theme.scaled(420))
        text = QPlainTextEdit("\n".join(lines))
        text.setObjectName("data.details.text")
        text.setAccessibleName("What to know of this data set")
        text.setReadOnly(True)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(dialog.close)
        column = QVBoxLayout(dialog)
        column.addWidget(text)
        column.addWidget(buttons)
        dialog.open()

    def _show_notes(self) -> None:
        notes = self.all_notes()
        self._told = len(unreadable(self._dataset)) if self._dataset is not None else 0
        shown = [
            note if len(note) <= _NOTE_LENGTH else f"{note[:_NOTE_LENGTH]}…" for note in notes[:_SHOWN_NOTES]
        ]
        if len(notes) > _SHOWN_NOTES:
            shown.append(f"And {len(notes) - _SHOWN_NOTES} more.")
        self.notes.setText("\n".join(shown))
        self.notes.setVisible(bool(shown))
        self.more.setVisible(bool(notes))
        self.show_them.setVisible(bool(self.duplicates and self.duplicates.images))

    def _toggle_duplicates(self) -> None:
        self._model.choose(duplicates=self.show_them.isChecked())

    def _show_chosen(self, chosen: DataSelection) -> None:
        self.show_them.setChecked(chosen.duplicates)
