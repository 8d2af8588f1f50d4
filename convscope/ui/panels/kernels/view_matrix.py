"""A typed matrix as the image, everything in numbers."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtWidgets import QComboBox, QPlainTextEdit, QPushButton, QSplitter, QVBoxLayout, QWidget

from convscope.errors import UserError
from convscope.imaging.image import Image
from convscope.imaging.matrix import MATRICES, format_matrix, image_from_array, parse_matrix
from convscope.imaging.operation import Border, Operation
from convscope.ui import theme
from convscope.ui.panel_context import PanelContext
from convscope.ui.panels.kernels.frame import Box, Frame, Place
from convscope.ui.panels.kernels.view import View
from convscope.ui.widgets.form import caption, heading
from convscope.ui.widgets.image_view import ImageView
from convscope.ui.widgets.wheel import wheel_needs_focus

TYPED = "typed matrix"
LARGEST = 64 * 64

# The borders of the lectures' own examples; the others keep the size, with zeros.
BORDERS: dict[str, Border] = {"binary": "valid", "curve": "valid", "no-curve": "valid"}


class MatrixView(View):
    """The text of a matrix, and source and result as tables of numbers."""

    name = "matrix"
    explains = True

    def __init__(self, context: PanelContext, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self._shown: Image | None = None
        # The id of the image that was typed here.
        self._typed = ""
        self._frame: Frame | None = None
        self.example = QComboBox()
        self.example.setObjectName("kernels.matrix.example")
        self.example.setAccessibleName("Matrices of the lectures")
        wheel_needs_focus(self.example)
        self.example.setPlaceholderText("A matrix of the lectures…")
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
        self.apply = QPushButton("Use this matrix")
        self.apply.setObjectName("kernels.matrix.apply")
        self.apply.clicked.connect(self.use_text)
        left = QWidget()
        side = QVBoxLayout(left)
        side.setContentsMargins(0, 0, 0, 0)
        side.setSpacing(theme.GAP)
        for widget in (heading("Matrix"), self.example, self.sentence, self.text, self.apply, self.message):
            side.addWidget(widget)
        side.setStretch(3, 1)
        self.source, self.result = ImageView(), ImageView()
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
        session = self.context.session
        # The whole chain: what stood after it would change the lecture's numbers.
        stage = Operation(kernels=(example.kernel,), border=BORDERS.get(key, "zero"))
        session.edit(
            {
                session.lab_slot: replace(session.lab, stages=(stage,), selected=0),
                session.strip: session.with_image(example.image),
            },
            f"Open {example.image.name}",
        )
        self.sentence.setText(example.sentence)

    def use_text(self) -> None:
        """What is typed becomes the current image."""
        try:
            image = image_from_array(parse_matrix(self.text.toPlainText()), TYPED)
        except UserError as error:
            self.say(error.message)
            return
        self.say("")
        session = self.context.session
        if session.image.id == self._typed:
            # Its own text must not come back rewritten while a person goes on typing.
            self._shown = replace(image, id=session.image.id)
            session.update_image(self._shown, label="Type a matrix")
        else:
            self._shown, self._typed = image, image.id
            session.add_images([image])

    def show_frame(self, frame: Frame) -> None:
        """Source and result, and the text if another image came."""
        self._frame = frame
        self.source.set_pixels(frame.source_pixels, frame.source)
        self.result.set_pixels(frame.shown.pixels, frame.result.values)
        rows, columns = frame.source.shape[:2]
        out_rows, out_columns = frame.result.values.shape[:2]
        self.source.set_caption(f"source  ·  {rows} × {columns}")
        self.result.set_caption(f"result  ·  {out_rows} × {out_columns}")
        if frame.image is self._shown:
            return
        self._shown = frame.image
        values = frame.image.values
        small = values.ndim == 2 and values.size <= LARGEST
        self.text.setPlainText(format_matrix(values, "tsv").replace("\t", "  ") if small else "")
        example = next((index for index, one in enumerate(MATRICES) if one.image is frame.image), -1)
        with QSignalBlocker(self.example):
            self.example.setCurrentIndex(example)
        self.sentence.setText(
            MATRICES[example].sentence
            if example >= 0
            else ""
            if small
            else "This image is no small table of numbers: choose a matrix, or type one."
        )

    def mark(
        self,
        source: Box | None,
        result: Box | None,
    ) -> None:
        """The window on the source, its place on the result."""
        for view, box in ((self.source, source), (self.result, result)):
            if box is None:
                view.clear_box()
            else:
                view.set_box(*box)
