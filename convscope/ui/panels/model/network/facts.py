"""The current model: what it is, its sums, where parameters and work are, and what it says of the image."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QFileDialog, QSizePolicy, QVBoxLayout, QWidget

from convscope.core.errors import UserError
from convscope.engine.data.preprocessing import MODES, RESIZES
from convscope.engine.models.program import Program
from convscope.ui import theme
from convscope.ui.forms.answer_choice import AnswerChoice
from convscope.ui.forms.form import (
    caption,
    choose,
    combo,
    hairline,
    heading,
    named,
    row,
    text_line,
    tool,
    vertical,
)
from convscope.ui.layout.elided import ElidedLabel
from convscope.ui.panel_context import PanelContext
from convscope.ui.panels.model import words
from convscope.ui.panels.model.colours import colour
from convscope.ui.panels.model.layers.facts import FACTS_GAP, SELECTABLE, FactGrid
from convscope.ui.panels.model.network.class_names import ClassNamesDialog
from convscope.ui.panels.model.network.save_copy import ModelSaver
from convscope.ui.panels.model.view_model import ModelViewModel, Piece, ShownModel
from convscope.ui.plots.class_bars import ROW, ClassBars
from convscope.ui.services.predictor import Predicted
from convscope.ui.services.visible import predict_while_visible

OWN = "own"
CLASSES = 5
_RESIZE_WORDS = {"crop": "its middle", "pad": "all of it, with a border", "stretch": "all of it, stretched"}


class NetworkColumn(QWidget):
    def __init__(self, context: PanelContext, view_model: ModelViewModel) -> None:
        super().__init__()
        self.context = context
        self._model = view_model
        self.saver = ModelSaver(context, self)
        self._shown: ShownModel | None = None
        self._timed: Program | None = None
        self._first: Predicted | None = None
        self.title = text_line("model.name", "title")
        self.title.setTextInteractionFlags(SELECTABLE)
        self.save = tool(
            "model.save", "Save a copy: for Keras, TensorFlow, ONNX or LiteRT", "save", self.choose_file
        )
        self.load = tool(
            "model.load_weights", "Load weights from a file, into a copy", "upload", self.choose_weights
        )
        head = row(self.title, self.load, self.save)
        head.setStretch(0, 1)
        for button in (self.load, self.save):
            head.setAlignment(button, Qt.AlignmentFlag.AlignTop)
        column = vertical(
            self, head, spacing=FACTS_GAP, margins=(theme.GROUP_GAP, theme.GAP, theme.GROUP_GAP, theme.GAP)
        )
        self.origin = caption("model.origin")
        column.addWidget(self.origin)
        self.notes = text_line("model.notes", "warning")
        column.addWidget(self.notes)
        self.names = tool(
            "model.class_names", "Edit the names of the classes", "tag", self.edit_names, "Names…"
        )
        self.names.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
        self.names.setProperty("role", "link")
        line = row(heading("What it says of the image"), None, self.names)
        column.addLayout(line)
        self._add_prediction(column)
        column.addWidget(hairline())
        column.addWidget(heading("Totals"))
        self.totals = FactGrid("model.totals")
        column.addWidget(self.totals)
        self.bars: dict[str, ShareBar] = {}
        for key, title in (("parameters", "Where the parameters are"), ("work", "Where the work is")):
            self._add_bar(column, key, title)
        column.addWidget(hairline())
        self._add_settings(column)
        column.addStretch(1)

    def _add_prediction(self, column: QVBoxLayout) -> None:
        self.output = AnswerChoice("model.output", self.context)
        column.addWidget(self.output)
        self.classes = ClassBars(CLASSES)
        self.classes.setObjectName("model.classes")
        self.classes.setAccessibleName("The most probable classes")
        self.reason = caption("model.reason")
        self.reason.setMinimumHeight(theme.scaled(15))
        column.addWidget(self.classes)
        column.addWidget(self.reason)
        predictor = self.context.predictor
        self.context.listen(predictor.changed, self._show_prediction)
        self.context.listen(predictor.outdated_changed, self._outdated)
        self.context.listen(predictor.pixels.changed, self._show_notes)
        # The column, because the bars are hidden while there are no classes.
        predict_while_visible(self.context.predictor, self)

    def _add_bar(self, column: QVBoxLayout, key: str, title: str) -> None:
        bar = ShareBar()
        bar.setObjectName(f"model.bar.{key}")
        bar.setAccessibleName(title)
        says = ElidedLabel("caption", mode=Qt.TextElideMode.ElideMiddle)
        says.setObjectName(f"model.bar.{key}.words")
        bar.hovered.connect(lambda piece, at=key: self._tell_piece(at, piece))
        bar.chosen.connect(self.context.workspace.choose_layer)
        group = QVBoxLayout()
        group.setSpacing(2)
        for widget in (heading(title), bar, says):
            group.addWidget(widget)
        column.addLayout(group)
        self.bars[key] = bar
        self._words = getattr(self, "_words", {})
        self._words[key] = says

    def _add_settings(self, column: QVBoxLayout) -> None:
        column.addWidget(heading("What goes in"))
        self.range = combo(
            "model.preprocessing", "Range of the pixels", [(key, how.name) for key, how in MODES.items()]
        )
        self.range.activated.connect(lambda _index: self._set_preprocessing())
        self.resize_ = combo(
            "model.resize", "How an image comes to its size", [(key, _RESIZE_WORDS[key]) for key in RESIZES]
        )
        self.resize_.activated.connect(lambda _index: self._set_preprocessing())
        column.addLayout(named("Pixels", self.range, 56))
        column.addLayout(named("Image", self.resize_, 56))

    def show_model(self, shown: ShownModel | None) -> None:
        self._shown = shown
        if shown is None:
            self._timed = self._first = None
            return
        model = shown.model
        self.title.setText(model.name)
        self.origin.setText(_origin(shown))
        self._show_notes()
        self.totals.set_facts(words.total_facts(shown.summary.totals, shown.file_bytes, shown.input_shape))
        self._show_bars(shown)
        self._show_settings(shown)
        self._show_prediction(self.context.predictor.last)
        self._outdated(self.context.predictor.outdated)

    def _show_notes(self, *_: object) -> None:
        shown, pixels = self._shown, self.context.predictor.pixels
        notes = shown.model.notes if shown is not None else ()
        notes = (
            (*notes, pixels.words) if pixels.words and shown is not None and pixels.of(shown.model) else notes
        )
        self.notes.setText("\n".join(notes))
        self.notes.setVisible(bool(notes))

    def set_current(self, path: str | None) -> None:
        for bar in self.bars.values():
            bar.set_current(path)

    def choose_file(self) -> None:
        if self._shown is not None:
            self.saver.ask(self._shown.model)

    def save_to(self, path: str, kind: str = "keras") -> None:
        """Write a copy, in a worker; `kind`: of a file whose name does not say it."""
        if self._shown is not None:
            self.saver.save(self._shown.model, path, kind)

    def choose_weights(self) -> None:
        dialog = QFileDialog(self, "Load weights", "", "Weights (*.h5 *.hdf5 *.keras);;All files (*)")
        dialog.setObjectName("model.weights_dialog")
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(self.load_from)
        dialog.open()

    def load_from(self, path: str) -> None:
        self._model.load_weights(path)

    def edit_names(self) -> None:
        shown = self._shown
        if shown is None:
            return
        answer = shown.model.answer
        dialog = ClassNamesDialog(
            shown.model.classes, answer.count or None, self.context.report, self, answer.noun
        )
        dialog.named.connect(self._model.name_classes)
        dialog.open()

    def _set_preprocessing(self) -> None:
        shown = self._shown
        if shown is None:
            return
        before = shown.model.preprocessing
        chosen = MODES.get(self.range.currentData(), before)
        new = replace(chosen, resize=self.resize_.currentData())
        if new != before:
            try:
                self._model.set_preprocessing(new)
            except UserError as error:
                self.context.report(error)
                self._show_settings(shown)

    def _show_settings(self, shown: ShownModel) -> None:
        how = shown.model.preprocessing
        key = next(
            (key for key, mode in MODES.items() if replace(mode, resize=how.resize, name=how.name) == how),
            OWN,
        )
        own = self.range.findData(OWN)
        if own >= 0:
            self.range.removeItem(own)
        if key == OWN:
            self.range.addItem(how.name or "its own", OWN)
        choose(self.range, key)
        choose(self.resize_, how.resize)
        self.range.setToolTip("value = pixel · scale + offset, with the numbers that it was trained with")
        number = len(shown.model.classes)
        self.names.setText(f"{number:,} names…" if number else "Type names…")
        self.names.setEnabled(shown.model.has_head)

    def _show_bars(self, shown: ShownModel) -> None:
        for key, bar in self.bars.items():
            bar.set_pieces(shown.bars[key])
            self._tell_piece(key, None)

    def _tell_piece(self, key: str, piece: Piece | None) -> None:
        """A piece in words: that under the cursor, else that of the chosen layer; and the largest."""
        bar, says = self.bars[key], self._words[key]
        if not bar.pieces:
            unknown = self._shown is not None and self._shown.summary.totals.multiply_adds is None
            work = "not known" if unknown else "no convolution, no matrix product"
            text = "no layer has parameters" if key == "parameters" else work
        elif piece is not None:
            text = f"{piece.path}: {piece.words}"
        else:
            most = max(bar.pieces, key=lambda one: one.amount)
            text = f"most in {most.path}: {most.words}"
        says.setText(text)
        says.setToolTip(text)

    def _outdated(self, words: str) -> None:
        """What is of another image is dim until the answer is there."""
        self.classes.set_outdated(words)
        if words:
            self.reason.setText("…")

    def _show_prediction(self, predicted: Predicted | None) -> None:
        model = self._shown.model if self._shown is not None else None
        # Its room is kept while the answer is on its way: what is below does not move under the pointer.
        rows = min(CLASSES, model.answer.count) if model is not None else 0
        self.classes.setFixedHeight(theme.scaled(ROW) * max(1, rows))
        if predicted is None or predicted.model is not model:
            self.classes.set_prediction(None)
            self.classes.setVisible(rows > 0)
            self.reason.setText("")
            return
        prediction = predicted.prediction
        self.classes.set_prediction(prediction)
        self.classes.setVisible(prediction is not None or (rows > 0 and not predicted.reason))
        if prediction is None:
            self.reason.setText(predicted.reason)
            return
        notes = "".join(f" {note}" for note in (*prediction.notes, *self.classes.notes))
        # The first time, the network's functions are made ready as well.
        if predicted.model.program is not self._timed:
            self._timed, self._first = predicted.model.program, predicted
        first = ", getting ready included" if predicted is self._first else ""
        self.reason.setText(f"{predicted.image.name} in {predicted.milliseconds:.0f} ms{first}.{notes}")


def _origin(shown: ShownModel) -> str:
    """Where it comes from, what goes in, what comes out."""
    model = shown.model
    kind = {"application": "keras.applications", "memory": "made here"}.get(
        model.source.kind, model.source.kind
    )
    weights = (
        f", {model.source.weights} weights" if model.source.weights and model.source.kind != "file" else ""
    )
    size = f", takes {words.shape(shown.input_shape)}" if shown.input_shape is not None else ""
    answer = model.answer
    classes = f", {'tells' if answer.tells_classes else 'puts out'} {answer.words}"
    return f"{kind[0].upper()}{kind[1:]}{weights}{size}{classes}."


HEIGHT = 22
ROOM_FOR_LINE = 8


class ShareBar(QWidget):
    """The layers in the order of computation, each as wide as its part; a click chooses one.

    Signals:
        hovered: the `Piece` under the cursor, or None.
        chosen: a layer's path.
    """

    hovered = Signal(object)
    chosen = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._pieces: tuple[Piece, ...] = ()
        self._total = 0
        self._current: str | None = None
        self._hover: int | None = None
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    @property
    def pieces(self) -> tuple[Piece, ...]:
        return self._pieces

    def set_pieces(self, pieces: Sequence[Piece]) -> None:
        """Show the layers that have a part."""
        self._pieces = tuple(piece for piece in pieces if piece.amount > 0)
        self._total = sum(piece.amount for piece in self._pieces)
        largest = sorted(self._pieces, key=lambda piece: -piece.amount)[:3]
        self.setAccessibleDescription("; ".join(f"{piece.path}: {piece.words}" for piece in largest))
        self._set_hover(None)
        self.update()

    def set_current(self, path: str | None) -> None:
        self._current = path
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(theme.scaled(240), theme.scaled(HEIGHT))

    def minimumSizeHint(self) -> QSize:
        return QSize(theme.scaled(80), theme.scaled(HEIGHT))

    def piece_rect(self, path: str) -> QRectF:
        """The place of a layer's piece; empty if it has none."""
        left = 0
        for piece in self._pieces:
            if piece.path == path:
                return self._place(left, piece.amount)
            left += piece.amount
        return QRectF()

    def _place(self, before: int, amount: int) -> QRectF:
        return QRectF(
            before / self._total * self.width(), 3, amount / self._total * self.width(), self.height() - 6
        )

    def _index_at(self, x: float) -> int | None:
        if not self._pieces or not 0 <= x < self.width():
            return None
        wanted, left = x / self.width() * self._total, 0
        for index, piece in enumerate(self._pieces):
            left += piece.amount
            if wanted < left:
                return index
        return len(self._pieces) - 1

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._set_hover(self._index_at(event.position().x()))

    def leaveEvent(self, event: QEvent) -> None:
        self._set_hover(None)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        index = self._index_at(event.position().x())
        if index is not None and event.button() == Qt.MouseButton.LeftButton:
            self.chosen.emit(self._pieces[index].path)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()))
        if step is None or not self._pieces:
            super().keyPressEvent(event)
            return
        paths = [piece.path for piece in self._pieces]
        at = paths.index(self._current) + step if self._current in paths else 0
        self.chosen.emit(paths[max(0, min(len(paths) - 1, at))])

    def _set_hover(self, index: int | None) -> None:
        if index != self._hover:
            self._hover = index
            self.update()
            self.hovered.emit(None if index is None else self._pieces[index])

    def paintEvent(self, event: QPaintEvent) -> None:
        colours = theme.tokens()
        painter = QPainter(self)
        whole = QRectF(0, 3, self.width(), self.height() - 6)
        painter.fillRect(whole, QColor(colours.line))
        before, marks = 0, []
        for index, piece in enumerate(self._pieces):
            place = self._place(before, piece.amount)
            before += piece.amount
            ground = colour(piece.category)
            if index % 2:
                ground = ground.lighter(118) if not colours.dark else ground.darker(118)
            painter.fillRect(place, ground)
            if place.width() >= ROOM_FOR_LINE:
                line = QRectF(place.right() - 0.5, place.top(), 1, place.height())
                painter.fillRect(line, QColor(colours.panel))
            if index == self._hover or piece.path == self._current:
                marks.append((place, index == self._hover))
        for place, hovered in marks:
            wide = place.adjusted(-max(0.0, 3 - place.width()) / 2, -2, max(0.0, 3 - place.width()) / 2, 2)
            painter.setPen(QPen(QColor(colours.secondary if hovered else colours.text), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(wide)
        if self.hasFocus():
            painter.setPen(QPen(QColor(colours.accent), 1))
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        painter.end()
