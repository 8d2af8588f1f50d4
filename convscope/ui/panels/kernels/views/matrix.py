"""A typed matrix as the image, everything in numbers."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtWidgets import QComboBox, QLabel, QPlainTextEdit, QPushButton, QSplitter, QVBoxLayout, QWidget

from convscope.core.errors import UserError
from convscope.core.words import sizes
from convscope.imaging.image import Image
from convscope.imaging.kernels.matrix import MATRICES, format_matrix, image_from_array, parse_matrix
from convscope.imaging.lab.operation import Border, Operation
from convscope.ui import theme
from convscope.ui.canvas.image_view import ImageView
from convscope.ui.forms.form import caption
from convscope.ui.forms.wheel import wheel_needs_focus
from convscope.ui.panel_context import PanelContext
from convscope.ui.panels.kernels.frame import Frame, Place, Refused, range_words
from convscope.ui.panels.kernels.views.picture import NO_RESULT, show_source
from convscope.ui.panels.kernels.views.view import View
from convscope.workspace.lab import Lab

TYPED = "typed matrix"
PENDING = "The pictures do not show this text yet."
LARGEST = 64 * 64

# The borders of the lectures' own examples; the others keep the size, with zeros.
BORDERS: dict[str, Border] = {"binary": "valid", "curve": "valid", "no-curve": "valid"}


class MatrixView(View):
    """The text of a matrix, and source and result as tables of numbers."""

    name = "matrix"
    explains = True
    shows_result = True

    def __init__(self, context: PanelContext, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        # The image on show, and its text: what the person types may be ahead of it.
        self._shown: Image | None = None
        self._text = ""
        # The id of the image that was typed here.
        self._typed = ""
        self._frame: Frame | None = None
        self.example = QComboBox()
        self.example.setObjectName("kernels.matrix.example")
        self.example.setAccessibleName("Worked examples: a matrix with its kernel")
        wheel_needs_focus(self.example)
        self.example.setPlaceholderText("Choose one…")
        for example in MATRICES:
            self.example.addItem(example.image.name, example.key)
            self.example.setItemData(self.example.count() - 1, example.sentence, Qt.ItemDataRole.ToolTipRole)
        self.example.setCurrentIndex(-1)
        self.example.activated.connect(lambda index: self.open_example(MATRICES[index].key))
        self.sentence = caption("kernels.matrix.sentence")
        self.text = QPlainTextEdit()
        self.text.setObjectName("kernels.matrix.text")
        self.text.setAccessibleName("The matrix as text")
        self.text.setFont(theme.font(12, mono=True))
        self.text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.text.setPlaceholderText("0 1 2\n3 4 5")
        self.text.setTabChangesFocus(True)
        self.text.textChanged.connect(self._tell_pending)
        self.pending = theme.label(PENDING, "warning")
        self.pending.setObjectName("kernels.matrix.pending")
        self.pending.setWordWrap(True)
        self.pending.hide()
        self.apply = QPushButton("Use this matrix")
        self.apply.setObjectName("kernels.matrix.apply")
        self.apply.clicked.connect(self.use_text)
        left = QWidget()
        side = QVBoxLayout(left)
        side.setContentsMargins(0, 0, 0, 0)
        side.setSpacing(theme.GAP)
        example_words = QLabel("Worked example")
        example_words.setBuddy(self.example)
        side.addWidget(example_words)
        for widget in (self.example, self.sentence, self.text, self.pending, self.apply, self.message):
            side.addWidget(widget)
        side.setStretch(3, 1)
        self.source, self.result = ImageView(), ImageView()
        self.sources, self.results = (self.source,), (self.result,)
        for view, name in ((self.source, "source"), (self.result, "result")):
            view.setObjectName(f"kernels.matrix.{name}")
            view.setAccessibleName(f"{name.title()} in numbers")
            view.hovered.connect(lambda place, name=name: self.tell(place, name))
            view.clicked.connect(lambda r, c, name=name: self.clicked.emit(Place(name, r, c)))
        pictures = QSplitter(Qt.Orientation.Horizontal)
        pictures.setObjectName("kernels.matrix.pair")
        pictures.setChildrenCollapsible(False)
        for part in (left, self.source, self.result):
            pictures.addWidget(part)
        for index, stretch in enumerate((2, 3, 3)):
            pictures.setStretchFactor(index, stretch)
        self.column.addWidget(pictures, 1)

    def open_example(self, key: str) -> None:
        """A matrix of the lectures becomes the current image, its kernel the kernel."""
        example = next(example for example in MATRICES if example.key == key)
        workspace = self.context.workspace
        # The whole chain: what stood after it would change the lecture's numbers.
        stage = Operation(kernels=(example.kernel,), border=BORDERS.get(key, "zero"))
        workspace.edit(
            {workspace.lab_part: Lab((stage,)), workspace.strip: workspace.with_image(example.image)},
            f"Open {example.image.name}",
        )

    def use_text(self) -> None:
        """What is typed becomes the current image."""
        try:
            image = image_from_array(parse_matrix(self.text.toPlainText()), TYPED)
        except UserError as error:
            self.say(error.message)
            return
        self.say("")
        workspace = self.context.workspace
        self._text = self.text.toPlainText()
        if workspace.image.id == self._typed:
            # Its own text must not come back rewritten while a person goes on typing.
            self._shown = replace(image, id=workspace.image.id)
            workspace.update_image(self._shown, label="Type a matrix")
        else:
            self._shown, self._typed = image, image.id
            workspace.add_images([image])

    def show_frame(self, frame: Frame) -> None:
        """Source and result, and the text if another image came."""
        self._frame = frame
        self.source.set_pixels(frame.source_pixels, frame.source_seen)
        self.result.set_pixels(frame.shown.pixels, frame.result_seen)
        black_white = range_words(frame.source_scale), range_words(frame.shown.scale)
        self.source.set_caption(f"source {sizes(frame.source_seen.shape)} · {black_white[0]}")
        self.result.set_caption(f"result {sizes(frame.result_seen.shape)} · {black_white[1]}")
        self.set_scale(frame.display, frame.shown.low, frame.shown.high)
        self._show_text(frame.image)

    def show_refused(self, refused: Refused) -> None:
        """What would go in, and nothing beside it."""
        self._frame = None
        show_source(self.source, refused)
        self.result.show_nothing(NO_RESULT)
        self.result.set_caption("result")
        self._show_text(refused.image)

    def _show_text(self, image: Image) -> None:
        """The text of another image than the one that was typed here."""
        if image is not self._shown:
            self._shown = image
            values = image.values
            small = values.ndim == 2 and values.size <= LARGEST
            self._text = format_matrix(values, "tsv").replace("\t", "  ") if small else ""
            self.text.setPlainText(self._text)
        self._tell_pending()

    def _tell_pending(self) -> None:
        """Whether the pictures show what the text says, and whose matrix it is."""
        pending = self._shown is not None and self.text.toPlainText() != self._text
        self.pending.setVisible(pending)
        if not pending:
            self.say("")
        found = (index for index, one in enumerate(MATRICES) if one.image is self._shown)
        example = -1 if pending else next(found, -1)
        with QSignalBlocker(self.example):
            self.example.setCurrentIndex(example)
        sentence = "This image is no small table of numbers: choose a matrix, or type one."
        if example >= 0 or pending or self._text:
            sentence = MATRICES[example].sentence if example >= 0 else ""
        self.sentence.setText(sentence)
        self.sentence.setVisible(bool(sentence))
