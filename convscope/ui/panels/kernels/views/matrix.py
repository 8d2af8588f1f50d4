"""A typed matrix as the image, everything in numbers."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtWidgets import QComboBox, QLabel, QPlainTextEdit, QSplitter, QWidget

from convscope.core.words import sizes
from convscope.imaging.kernels.matrices import MATRICES
from convscope.ui import naming, theme
from convscope.ui.canvas.image_view import ImageView
from convscope.ui.forms.form import caption, push_button, text_line, vertical
from convscope.ui.forms.wheel import wheel_needs_focus
from convscope.ui.panel_context import PanelContext
from convscope.ui.panels.kernels.view_models.frame import LabFrame, LabRefused, PicturePlace, range_words
from convscope.ui.panels.kernels.view_models.kernels import KernelsViewModel
from convscope.ui.panels.kernels.view_models.matrix import MatrixViewModel
from convscope.ui.panels.kernels.views.picture import NO_RESULT, show_source
from convscope.ui.panels.kernels.views.view import View

PENDING = "The pictures do not show this text yet."


class MatrixView(View):
    """The text of a matrix, and source and result as tables of numbers."""

    name = "matrix"
    explains = True
    shows_result = True

    def __init__(self, context: PanelContext, lab: KernelsViewModel, parent: QWidget | None = None) -> None:
        super().__init__(context, lab, parent)
        self.model = MatrixViewModel(context)
        self.example = QComboBox()
        self.example.setObjectName("kernels.matrix.example")
        self.example.setAccessibleName("Worked examples: a matrix with its kernel")
        wheel_needs_focus(self.example)
        self.example.setPlaceholderText("Choose one…")
        for example in MATRICES:
            self.example.addItem(example.image.name, example.key)
            self.example.setItemData(self.example.count() - 1, example.sentence, Qt.ItemDataRole.ToolTipRole)
        self.example.setCurrentIndex(-1)
        self.example.activated.connect(lambda index: self.model.open_example(MATRICES[index].key))
        self.sentence = caption("kernels.matrix.sentence")
        self.text = naming.give(QPlainTextEdit(), "kernels.matrix.text", "The matrix as text")
        self.text.setFont(theme.font(12, mono=True))
        self.text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.text.setPlaceholderText("0 1 2\n3 4 5")
        self.text.setTabChangesFocus(True)
        self.text.textChanged.connect(lambda: self.model.type(self.text.toPlainText()))
        self.pending = text_line("kernels.matrix.pending", "warning", PENDING)
        self.pending.hide()
        self.apply = push_button("kernels.matrix.apply", "Use this matrix", lambda: self.model.use_text())
        left = QWidget()
        side = vertical(left)
        example_words = QLabel("Worked example")
        example_words.setBuddy(self.example)
        side.addWidget(example_words)
        for widget in (self.example, self.sentence, self.text, self.pending, self.apply, self.message):
            side.addWidget(widget)
        side.setStretch(3, 1)
        self.source, self.result = ImageView(), ImageView()
        self.sources, self.results = (self.source,), (self.result,)
        for view, name in ((self.source, "source"), (self.result, "result")):
            naming.give(view, f"kernels.matrix.{name}", f"{name.title()} in numbers")
            view.hovered.connect(lambda place, name=name: self.tell(place, name))
            view.clicked.connect(lambda r, c, name=name: self.clicked.emit(PicturePlace(name, r, c)))
        pictures = naming.give(QSplitter(Qt.Orientation.Horizontal), "kernels.matrix.pair")
        pictures.setChildrenCollapsible(False)
        for part in (left, self.source, self.result):
            pictures.addWidget(part)
        for index, stretch in enumerate((2, 3, 3)):
            pictures.setStretchFactor(index, stretch)
        self.column.addWidget(pictures, 1)
        context.listen(self.model.changed, self._tell)

    def show_frame(self, frame: LabFrame) -> None:
        """Source and result, and the text if another image came."""
        self.source.set_pixels(frame.source_pixels, frame.source_seen)
        self.result.set_pixels(frame.shown.pixels, frame.result_seen)
        black_white = range_words(frame.source_scale), range_words(frame.shown.scale)
        self.source.set_caption(f"source {sizes(frame.source_seen.shape)} · {black_white[0]}")
        self.result.set_caption(f"result {sizes(frame.result_seen.shape)} · {black_white[1]}")
        self.set_scale(frame.display, frame.shown.low, frame.shown.high)
        self.model.show_image(frame.image)

    def show_refused(self, refused: LabRefused) -> None:
        """What would go in, and nothing beside it."""
        show_source(self.source, refused)
        self.result.show_nothing(NO_RESULT)
        self.result.set_caption("result")
        self.model.show_image(refused.image)

    def _tell(self) -> None:
        """The text, whether the pictures show what it says, and whose matrix it is."""
        model = self.model
        if self.text.toPlainText() != model.text:
            with QSignalBlocker(self.text):
                self.text.setPlainText(model.text)
        self.pending.setVisible(model.pending)
        self.say(model.problem)
        example = model.example
        with QSignalBlocker(self.example):
            self.example.setCurrentIndex(-1 if example is None else MATRICES.index(example))
        self.sentence.setText(model.sentence)
        self.sentence.setVisible(bool(model.sentence))
