"""The page: which folder, how far it is, the table, one class of it, and the way to a file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QFileDialog, QStackedWidget, QVBoxLayout, QWidget

from convscope.ui import theme
from convscope.ui.canvas.veil import Veil
from convscope.ui.export.file_dialog import choose_file
from convscope.ui.forms.form import caption, choose, combo, row, tool, vertical
from convscope.ui.panel_context import PanelContext
from convscope.ui.panels.explain.folder.answers import SKIPPED, FolderAnswers
from convscope.ui.panels.explain.folder.table import AnswersTable
from convscope.ui.panels.explain.folder.view_model import FolderViewModel

# How often rows are sorted anew while answers come: seldom where there are very many.
REFRESH_MS, SELDOM_MS, MANY = 200, 1000, 5000
EVERYTHING = "all"


class FolderView(QWidget):
    """A folder of pictures and what the current network says of each."""

    def __init__(self, context: PanelContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("explain.folder")
        self._context = context
        self.view_model = FolderViewModel(context)
        self._refresh = QTimer(self)
        self._refresh.setSingleShot(True)
        self._refresh.timeout.connect(self._show_rows)
        self._build()
        self.view_model.begun.connect(self._begun)
        self.view_model.more.connect(self._more)
        self.view_model.changed.connect(self._show)
        context.listen(self.view_model.selected.changed, self.table.choose)
        self._show()

    def choose_folder(self) -> None:
        """The dialog for a folder."""
        dialog = QFileDialog(self, "What the network says about a folder of pictures")
        dialog.setObjectName("explain.folder.dialog")
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.accepted.connect(lambda: self.view_model.ask(Path(dialog.selectedFiles()[0])))
        dialog.open()

    def choose_table(self) -> None:
        """The dialog for a file to save the table in."""
        answers = self.view_model.answers
        if answers is None or not len(self.table.answers_model.rows):
            return
        choose_file(
            self,
            lambda path: self.view_model.save_table(Path(path), self.table.answers_model.rows),
            f"{answers.folder.name}.csv",
            {".csv": "Table"},
            name="explain.folder.save.dialog",
            title="Save the table",
        )

    # -- what happens ----------------------------------------------------------------------------------------

    def _begun(self) -> None:
        assert self.view_model.answers is not None
        self.table.begin(self.view_model.answers)
        self._show()

    def _more(self) -> None:
        if not self._refresh.isActive():
            answers = self.view_model.answers
            self._refresh.start(SELDOM_MS if answers is not None and len(answers) > MANY else REFRESH_MS)
        self._show_state()

    def _sort(self, by: str, falling: bool) -> None:
        order = self.view_model.order
        order.set(replace(order.value, by=by, falling=falling))  # type: ignore[arg-type]

    def _filter(self) -> None:
        value, order = self.classes.currentData(), self.view_model.order
        order.set(replace(order.value, only=None if value == EVERYTHING else int(value)))

    # -- what is shown ---------------------------------------------------------------------------------------

    def _show(self) -> None:
        self._refresh.stop()
        self._show_rows()
        self._show_state()

    def _show_rows(self) -> None:
        answers = self.view_model.answers
        self.table.show_answers(answers, self.view_model.order.value, self.view_model.selected.value)
        self._show_classes(answers)

    def _show_classes(self, answers: FolderAnswers | None) -> None:
        if self.classes.view().isVisible():  # somebody chooses just now
            return
        counts = [] if answers is None else answers.counts()
        told = sum(count for _index, count in counts)
        lines = [(EVERYTHING, f"all classes ({told:,})")]
        for index, count in counts:
            name = "skipped" if index == SKIPPED or answers is None else answers.names[index]
            lines.append((str(index), f"{name} ({count:,})"))
        self.classes.blockSignals(True)
        self.classes.clear()
        for value, words in lines:
            self.classes.addItem(words, value)
        only = self.view_model.order.value.only
        choose(self.classes, EVERYTHING if only is None else str(only))
        self.classes.blockSignals(False)

    def _show_state(self) -> None:
        answers, model = self.view_model.answers, self._context.workspace.model
        running, outdated = self.view_model.running, self.view_model.outdated
        self.stack.setCurrentWidget(self.empty if answers is None else self.table)
        self.said.setText(self.view_model.words)
        self.said.setVisible(answers is not None)
        self.empty_words.setText(self.view_model.words)
        self.imagenet.setVisible(model is None)
        self.other.setVisible(answers is not None)
        text, icon = "Stop", "circle-stop"
        if not running and outdated and model is not None:
            text, icon = f"Ask {model.name}", "refresh-cw"
        elif not running:
            text, icon = "Go on", "play"
        self.act.setText(text)
        self.act.setToolTip(text)
        self.act.setAccessibleName(text)
        self.act.setIcon(theme.icon(icon))
        left = answers is not None and answers.done < len(answers)
        self.act.setVisible(running or outdated or left)
        self.classes.setVisible(answers is not None)
        self.save.setVisible(answers is not None)
        self.veil.set_words(f"Still of {answers.model.name}." if outdated and answers is not None else "")

    def _build(self) -> None:
        column = vertical(self)
        self.said = caption("explain.folder.said")
        self.other = tool("explain.folder.choose", "Choose another folder", "folder-open", self.choose_folder)
        self.act = tool("explain.folder.act", "Stop", "circle-stop", self.view_model.go_on, "Stop")
        self.classes = combo("explain.folder.class", "Which class is shown", (), "Show")
        self.classes.setMinimumContentsLength(14)
        self.classes.currentIndexChanged.connect(lambda _index: self._filter())
        self.save = tool(
            "explain.folder.save", "Save these lines as a table (CSV)", "save", self.choose_table
        )
        over = row(self.said, self.act, self.classes, self.save, self.other)
        over.setStretch(0, 1)
        column.addLayout(over)
        self.table = AnswersTable(self._context.jobs)
        self.table.opened.connect(self.view_model.open)
        self.table.selected.connect(self.view_model.selected.set)
        self.table.order_asked.connect(self._sort)
        self.veil = Veil(self.table.viewport(), "explain.folder.veil")
        self.empty = QWidget()
        inside = QVBoxLayout(self.empty)
        inside.addStretch(1)
        self.empty_words = caption("explain.folder.empty")
        self.empty_words.setAlignment(Qt.AlignmentFlag.AlignCenter)
        first = tool(
            "explain.folder.first",
            "Choose a folder of pictures",
            "folder-open",
            self.choose_folder,
            "Choose a folder…",
        )
        self.imagenet = tool(
            "explain.folder.open_model",
            "Open the ImageNet network that comes with convscope",
            "box",
            lambda: self._context.open_model("imagenet"),
            "Open the ImageNet network",
        )
        inside.addWidget(self.empty_words)
        inside.addLayout(row(None, first, self.imagenet, None))
        inside.addStretch(1)
        self.stack = QStackedWidget()
        self.stack.addWidget(self.empty)
        self.stack.addWidget(self.table)
        column.addWidget(self.stack, 1)
