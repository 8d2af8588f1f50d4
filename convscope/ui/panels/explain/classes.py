"""The left column: what the network sees, which class is explained, and by which methods."""

from __future__ import annotations

from dataclasses import replace
from html import escape
from typing import TYPE_CHECKING

from PySide6.QtCore import QSignalBlocker, QStringListModel, Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QCompleter,
    QLineEdit,
    QVBoxLayout,
    QWidget,
)

from convscope.engine.interpret.attribution.methods import METHODS
from convscope.imaging.numerals import decimal, numeral
from convscope.ui import naming, theme
from convscope.ui.forms.answer_choice import AnswerChoice
from convscope.ui.forms.form import (
    caption,
    combo,
    heading,
    named,
    row,
    scrolling,
    segmented,
    text_line,
    tool,
    vertical,
)
from convscope.ui.panels.explain.map_jobs import StartedMaps
from convscope.ui.panels.explain.request import FIRST_METHODS, ExplainRequest
from convscope.ui.panels.explain.view_model import ExplainViewModel
from convscope.ui.plots.class_bars import ClassBars
from convscope.ui.services.predictor import Predicted
from convscope.ui.services.visible import predict_while_visible

if TYPE_CHECKING:
    from convscope.engine.models.opened import OpenedModel

FAMILIES = (
    ("layer", "From a layer's maps"),
    ("gradient", "From the gradient of the input"),
    ("masking", "By hiding parts (slow)"),
)
DIRECTIONS = (
    ("up", "Up", "What in the image pushes the number up"),
    ("down", "Down", "What in the image pulls the number down"),
    ("both", "Both", "Both of these, each in a row of the grid"),
)
NOTHING = "nothing"


class ClassField(QLineEdit):
    """Any class by its name or number, completed while one types.

    Signals:
        entered: Return was pressed, or an entry of the list was chosen.
    """

    entered = Signal()

    def __init__(self, name: str, says: str, placeholder: str) -> None:
        super().__init__()
        naming.give(self, name, says)
        self.setPlaceholderText(placeholder)
        self.setClearButtonEnabled(True)
        self._names = QStringListModel(self)
        completer = QCompleter(self._names, self)
        completer.setFilterMode(Qt.MatchFlag.MatchContains)
        completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self.setCompleter(completer)
        # The field takes the chosen entry only after this signal's listeners.
        completer.activated.connect(self._take, Qt.ConnectionType.QueuedConnection)
        self.returnPressed.connect(self._return)

    def set_names(self, names: list[str]) -> None:
        """The classes that there are."""
        if names != self._names.stringList():
            self._names.setStringList(names)

    def _take(self, entry: str) -> None:
        self.setText(entry)
        self.entered.emit()

    def _return(self) -> None:
        # Return on an entry of the list is told by the list.
        popup = self.completer().popup()
        if popup is None or not (popup.isVisible() and popup.currentIndex().isValid()):
            self.entered.emit()


class ClassColumn(QWidget):
    def __init__(self, view_model: ExplainViewModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._view_model = view_model
        self.setProperty("role", "panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._build()
        context, predictor = view_model.context, view_model.context.predictor
        context.listen(predictor.changed, self._predicted)
        context.listen(predictor.outdated_changed, self._outdated)
        context.listen(predictor.pixels.changed, self._show_reason)
        predict_while_visible(predictor, self)
        view_model.maps_started.connect(self._show_names)
        view_model.sentence_changed.connect(self._show_explained)
        view_model.outdated_changed.connect(self._show_explained)
        view_model.request_changed.connect(self._show_request)
        self._show_request(view_model.request)
        self._predicted(predictor.last)
        self._outdated(predictor.outdated)

    # -- showing ---------------------------------------------------------------------------------------------

    def _predicted(self, predicted: Predicted | None) -> None:
        prediction = predicted.prediction if predicted is not None else None
        self.bars.set_prediction(prediction)
        values = prediction is not None and prediction.is_values
        if prediction is not None:
            self._show_kind(values)
        self.bars.set_chosen(self._explained())
        self._show_reason()

    def _show_reason(self, *_: object) -> None:
        """Why there is nothing, or what has to be known of what there is."""
        predictor = self._view_model.context.predictor
        predicted = predictor.last
        prediction = predicted.prediction if predicted is not None else None
        reason = predicted.reason if predicted is not None else ""
        notes = ""
        if predicted is not None and prediction is not None:
            pixels = predictor.pixels.words if predictor.pixels.of(predicted.model) else ""
            # The doubt says which range is assumed, too.
            range_ = (pixels,) if pixels else predicted.model.short_assumption
            notes = " ".join((*prediction.notes, *self.bars.notes, *range_))
        self.reason.setText(reason or notes)
        self.reason.setVisible(bool(reason or notes))

    def _show_kind(self, values: bool) -> None:
        """What can be asked of classes, or of numbers."""
        self.direction.setVisible(values)
        self.on_grid.setVisible(not values)
        noun = "value" if values else "class"
        self.any.setPlaceholderText(f"Any {noun}, by name or number")
        self.any.setAccessibleName(f"Any {noun}")
        self.minus.setAccessibleName(f"Minus another {noun}")

    def _outdated(self, words: str) -> None:
        self.bars.set_outdated(words)
        if words:
            self.reason.setText("")

    def _explained(self) -> int | None:
        index = self._view_model.request.index
        if index is None and self.bars.rows:
            return self.bars.rows[0].index
        return index

    def _show_names(self, started: StartedMaps) -> None:
        model = started.explained.model
        names = [_entry(model, index) for index in range(model.head.classes)]
        for field in (self.any, self.minus):
            field.set_names(names)
        self._show_explained()

    def _show_request(self, request: ExplainRequest) -> None:
        for name, box in self.methods.items():
            box.blockSignals(True)
            box.setChecked(name in request.methods)
            box.blockSignals(False)
        self.count.blockSignals(True)
        self.count.setCurrentIndex(max(0, self.count.findData(str(request.count))))
        self.count.setEnabled(request.minus is None)
        self.count.blockSignals(False)
        self.direction.set_value(request.direction)
        model, minus = self._view_model.context.workspace.model, request.minus
        with QSignalBlocker(self.minus):
            if minus is None or model is None:
                self.minus.clear()
            else:
                self.minus.setText(_entry(model, minus))
        self.bars.set_chosen(self._explained())
        self._show_explained()

    def _show_explained(self) -> None:
        explained = self._view_model.explained
        if explained is None:
            # One line as well, so that nothing below moves.
            self.explained.setText("…" if self._view_model.outdated else "")
            self.explained.setToolTip("")
            return
        target = self._view_model.request.targets(explained.prediction)[0]
        values = explained.prediction.is_values
        # The number itself, whatever is asked about it.
        shown = replace(target, down=False)
        score = float(shown.score(explained.prediction.logits[None])[0])
        kind = "value" if values else "logit"
        what = kind if target.minus is None else f"difference of {kind}s"
        # A network that explodes has logits of thirty digits.
        told = decimal(score, 3) if abs(score) < 1e6 and not values else numeral(score, 4)
        words = escape(target.words(explained.model))
        self.explained.setText(f"{theme.strong(words)} &nbsp;{what} {told}")
        self.explained.setToolTip(f"<p>{words}</p>")

    # -- choosing --------------------------------------------------------------------------------------------

    def _choose_bar(self, index: int) -> None:
        # The first one goes on meaning the most probable class when another image comes.
        first = bool(self.bars.rows) and index == self.bars.rows[0].index
        self._view_model.ask(index=None if first else index, minus=None)

    def _maybe_nothing(self, text: str) -> None:
        if not text:
            self._view_model.ask(minus=None)

    def _choose_any(self) -> None:
        index = self._found(self.any)
        if index is not None:
            self._view_model.ask(index=index)
            self.any.clear()

    def _choose_minus(self) -> None:
        index = self._found(self.minus)
        if index is None:
            return
        if index == self._explained():
            self._view_model.context.notify("Minus itself it is 0 everywhere: choose another one.")
            return
        self._view_model.ask(minus=index)

    def _found(self, field: ClassField) -> int | None:
        from convscope.core.errors import UserError
        from convscope.engine.interpret.attribution.target import find_class

        model, text = self._view_model.context.workspace.model, field.text().strip()
        if model is None or not text:
            return None
        # A completed entry begins with its number.
        number, _, rest = text.partition("  ")
        try:
            return find_class(model, number if rest and number.isdecimal() else text)
        except UserError as error:
            self._view_model.context.report(error)
            return None

    def _tick(self) -> None:
        chosen = tuple(name for name, box in self.methods.items() if box.isChecked())
        self._view_model.ask(methods=chosen)

    # -- the widgets -----------------------------------------------------------------------------------------

    def _build(self) -> None:
        inside = QWidget()
        column = vertical(
            inside, heading("What the network sees"), spacing=theme.GRID, margins=(theme.GROUP_GAP, theme.GAP)
        )
        self.output = AnswerChoice("explain.output", self._view_model.context, 44)
        column.addWidget(self.output)
        self.bars = naming.give(ClassBars(5), "explain.classes")
        self.bars.chosen.connect(self._choose_bar)
        column.addWidget(self.bars)
        self.reason = caption("explain.reason")
        column.addWidget(self.reason)
        self.any = ClassField("explain.any", "Any class", "Any class, by name or number")
        self.any.entered.connect(self._choose_any)
        column.addWidget(self.any)
        column.addSpacing(theme.GRID)
        column.addWidget(heading("Explained"))
        # With words of its own it is laid out by its width from the first moment on.
        self.explained = text_line("explain.explained", text=" ")
        column.addWidget(self.explained)
        self.minus = ClassField("explain.minus", "Minus another class", NOTHING)
        self.minus.entered.connect(self._choose_minus)
        self.minus.textChanged.connect(self._maybe_nothing)
        column.addLayout(named("minus", self.minus, 44))
        counts = (("1", "this class"), ("2", "the first 2"), ("3", "the first 3"), ("5", "the first 5"))
        self.count = combo("explain.count", "Classes on the grid", counts)
        self.count.currentIndexChanged.connect(
            lambda _index: self._view_model.ask(count=int(self.count.currentData()))
        )
        first = tool(
            "explain.methods.quick",
            "As at first: only the quick methods that one begins with",
            "rotate-cw",
            lambda: self._view_model.ask(methods=FIRST_METHODS),
        )
        self.direction = segmented("explain.direction", "Asked", DIRECTIONS, wide=True)
        self.direction.changed.connect(lambda way: self._view_model.ask(direction=way))
        self.direction.hide()
        self.on_grid = QWidget()
        self.on_grid.setLayout(named("on the grid", self.count, 72))
        asked = row(self.direction, self.on_grid, first)
        asked.setStretch(0, 1)
        asked.setStretch(1, 1)
        column.addLayout(asked)
        column.addSpacing(theme.GRID)
        self.methods: dict[str, QCheckBox] = {}
        for family, title in FAMILIES:
            column.addWidget(heading(title))
            for name, method in METHODS.items():
                if method.family == family:
                    box = QCheckBox(method.title)
                    box.setObjectName(f"explain.method.{name}")
                    box.setToolTip(f"{method.computes}\n{method.paper.authors}, {method.paper.year}")
                    box.toggled.connect(lambda _on: self._tick())
                    self.methods[name] = box
                    column.addWidget(box)
        column.addStretch(1)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(scrolling(inside, "explain.classes.scroll"))


def _entry(model: OpenedModel, index: int) -> str:
    return f"{index}  {model.name_of(index)}"
