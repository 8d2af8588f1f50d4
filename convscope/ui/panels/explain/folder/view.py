"""The page: which folder, how far it is, the table, one class of it, and the way to a file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QFileDialog, QStackedWidget, QVBoxLayout, QWidget

from convscope.core.errors import UserError
from convscope.core.printable import printable
from convscope.core.task import Task
from convscope.imaging.image import Image
from convscope.ui import theme
from convscope.ui.canvas.veil import Veil
from convscope.ui.forms.form import caption, choose, combo, row, tool
from convscope.ui.panel_context import PanelContext
from convscope.ui.panels.explain.folder.answers import SKIPPED, Answers, Order
from convscope.ui.panels.explain.folder.run import FolderRun
from convscope.ui.panels.explain.folder.table import AnswersTable

# How often rows are sorted anew while answers come: seldom where there are very many.
REFRESH_MS, SELDOM_MS, MANY = 200, 1000, 5000
# So many pictures that were opened from here stay in the film strip.
KEPT = 12
EVERYTHING = "all"
_NOTHING = "Drop a folder of pictures here: the network says what it sees on each."


class FolderView(QWidget):
    """A folder of pictures and what the current network says of each.

    Signals:
        opened: a picture of it has become the current one.
    """

    opened = Signal()

    def __init__(self, context: PanelContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("explain.folder")
        self._context = context
        self._order = Order()
        self._added: list[str] = []
        self.folder = context.workspace.part("explain.folder", "", "explain")
        self.run = FolderRun(context.jobs, self)
        self._refresh = QTimer(self)
        self._refresh.setSingleShot(True)
        self._refresh.timeout.connect(self._show_rows)
        self._build()
        self.run.begun.connect(self._begun)
        self.run.more.connect(self._more)
        self.run.ended.connect(self._ended)
        self.folder.changed.connect(self._folder_changed)
        context.workspace.model_changed.connect(self._model_changed)
        self._folder_changed(self.folder.value)

    def choose_folder(self) -> None:
        """The dialog for a folder."""
        dialog = QFileDialog(self, "What the network says about a folder of pictures")
        dialog.setObjectName("explain.folder.dialog")
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.accepted.connect(lambda: self.ask(Path(dialog.selectedFiles()[0])))
        dialog.open()

    def ask(self, folder: Path) -> None:
        """Ask about a folder; the one that is shown already is asked about anew."""
        if self.folder.value == str(folder):
            self._folder_changed(str(folder))
        else:
            self.folder.set(str(folder))

    def choose_table(self) -> None:
        """The dialog for a file to save the table in."""
        answers = self.run.answers
        if answers is None or not len(self.table.answers_model.rows):
            return
        dialog = QFileDialog(self, "Save the table", f"{answers.folder.name}.csv", "Table (*.csv)")
        dialog.setObjectName("explain.folder.save.dialog")
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix("csv")
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(lambda name: self.save_table(Path(name)))
        dialog.open()

    def save_table(self, path: Path) -> None:
        """Write the rows on show, in their order, as `convscope predict FOLDER --csv` writes them."""
        answers, rows = self.run.answers, self.table.answers_model.rows
        if answers is None:
            return

        def work(task: Task) -> int:
            from convscope.core.files import write_whole
            from convscope.engine.models.answers.predict_folder import answer_key
            from convscope.engine.models.answers.prediction_table import as_text, columns
            from convscope.engine.models.answers.prediction_table import row as line

            key = answer_key(answers.model)
            plain = not answers.are_classes
            titles = columns(answers.top, answers.names if plain else ())
            some = (answers.answered(place) for place in rows.tolist())
            lines = [
                titles,
                *(line(one, answers.names, answers.top, key, are_classes=not plain) for one in some),
            ]
            try:
                write_whole(path, as_text(lines))
            except OSError as error:
                why = error.strerror or str(error)
                raise UserError(f"{path.name} cannot be saved: {why}.", detail=str(path)) from error
            return len(rows)

        self._context.jobs.submit(
            "files",
            work,
            title=f"Saving {path.name}",
            on_done=lambda count: self._context.notify(f"{count:,} lines saved as {path.name}"),
            on_failed=self._context.report,
        )

    def shutdown(self) -> None:
        """Take no more events."""
        self.run.stop()
        self.folder.changed.disconnect(self._folder_changed)
        self._context.workspace.model_changed.disconnect(self._model_changed)

    # -- what happens ----------------------------------------------------------------------------------------

    def _folder_changed(self, folder: str) -> None:
        model = self._context.workspace.model
        self.run.stop()
        self.run.answers = None
        self._order = replace(self._order, only=None)
        if folder and model is not None:
            self.run.ask(model, Path(folder))
        self._show_rows()
        self._show_state()

    def _model_changed(self, _model: object) -> None:
        model = self._context.workspace.model
        if self.folder.value and model is not None and self.run.answers is None and not self.run.running:
            # It was dropped before there was a network.
            self.run.ask(model, Path(self.folder.value))
        self._show_state()

    def _begun(self) -> None:
        assert self.run.answers is not None
        self.table.begin(self.run.answers)
        self._show_rows()
        self._show_state()

    def _more(self) -> None:
        if not self._refresh.isActive():
            answers = self.run.answers
            self._refresh.start(SELDOM_MS if answers is not None and len(answers) > MANY else REFRESH_MS)
        self._show_state()

    def _ended(self) -> None:
        self._refresh.stop()
        self._show_rows()
        self._show_state()

    def _sort(self, by: str, falling: bool) -> None:
        self._order = replace(self._order, by=by, falling=falling)  # type: ignore[arg-type]
        self._show_rows()

    def _filter(self) -> None:
        value = self.classes.currentData()
        self._order = replace(self._order, only=None if value == EVERYTHING else int(value))
        self._show_rows()

    def _act(self) -> None:
        model = self._context.workspace.model
        if self.run.running:
            self.run.stop()
        elif self._is_outdated() and model is not None:
            self.run.ask(model, Path(self.folder.value))
            self._show_rows()
        else:
            self.run.go_on()
        self._show_state()

    def _open(self, name: str) -> None:
        answers = self.run.answers
        if answers is None:
            return
        path = answers.folder / name
        workspace = self._context.workspace
        for image in workspace.images:
            if image.path == path:
                workspace.select_image(image.id)
                self.opened.emit()
                return

        def work(task: Task) -> Image:
            from convscope.imaging.io.load import load_image

            return load_image(path, task=task)

        self._context.jobs.submit(
            "imaging",
            work,
            title=f"Opening {path.name}",
            key="explain.folder.open",
            quiet=True,
            on_done=self._add,
            on_failed=self._context.report,
        )

    def _add(self, image: Image) -> None:
        workspace = self._context.workspace
        workspace.add_images([image])
        still = {each.id for each in workspace.images}
        self._added = [*(each for each in self._added if each in still), image.id]
        while len(self._added) > KEPT:
            workspace.remove_image(self._added.pop(0), keep=False)
        self.opened.emit()

    # -- what is shown ---------------------------------------------------------------------------------------

    def _is_outdated(self) -> bool:
        answers, model = self.run.answers, self._context.workspace.model
        return answers is not None and model is not None and answers.model is not model

    def _show_rows(self) -> None:
        answers = self.run.answers
        self.table.show_answers(answers, self._order)
        self._show_classes(answers)

    def _show_classes(self, answers: Answers | None) -> None:
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
        only = self._order.only
        choose(self.classes, EVERYTHING if only is None else str(only))
        self.classes.blockSignals(False)

    def _show_state(self) -> None:
        answers, model, running = self.run.answers, self._context.workspace.model, self.run.running
        outdated = self._is_outdated()
        self.stack.setCurrentWidget(self.empty if answers is None else self.table)
        self.said.setText(self._words())
        self.said.setVisible(answers is not None)
        self.empty_words.setText(self._words())
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

    def _words(self) -> str:
        answers, folder = self.run.answers, Path(self.folder.value)
        name = printable(folder.name)
        if self.run.failed:
            return printable(self.run.failed)
        if answers is None:
            if self.run.running:
                return f"Looking for pictures in {name}…"
            if self.folder.value and self._context.workspace.model is None:
                return f"There is no network to ask about {name} yet."
            return _NOTHING
        skipped = len(answers.problems)
        told = f"   ·   {skipped:,} skipped" if skipped else ""
        if self.run.running:
            return f"{name}: {answers.done:,} of {len(answers):,} pictures{told}"
        if answers.done < len(answers):
            return f"{name}: stopped after {answers.done:,} of {len(answers):,} pictures{told}"
        pictures = "1 picture" if len(answers) == 1 else f"{len(answers):,} pictures"
        return f"{name}: {pictures}{told}"

    def _build(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.GAP)
        self.said = caption("explain.folder.said")
        self.other = tool("explain.folder.choose", "Choose another folder", "folder-open", self.choose_folder)
        self.act = tool("explain.folder.act", "Stop", "circle-stop", self._act, "Stop")
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
        self.table.opened.connect(self._open)
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
