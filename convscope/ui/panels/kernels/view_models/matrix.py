"""A typed matrix as the image: its text, and the worked examples of the lectures."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from psygnal import Signal

from convscope.core.errors import UserError
from convscope.imaging.image import Image
from convscope.imaging.io.matrix import format_matrix, image_from_array, parse_matrix
from convscope.imaging.kernels.matrices import MATRICES, MatrixExample
from convscope.imaging.lab.operation import Border, Operation
from convscope.workspace.document import Part
from convscope.workspace.lab import Lab

if TYPE_CHECKING:
    from convscope.ui.panel_context import PanelContext

TYPED = "typed matrix"
LARGEST = 64 * 64
# The borders of the lectures' own examples; the others keep the size, with zeros.
BORDERS: dict[str, Border] = {"binary": "valid", "curve": "valid", "no-curve": "valid"}


class MatrixViewModel:
    """The text of the current image, which the text that a person types may be ahead of.

    Attributes:
        text: what stands in the field.
        problem: why it is no matrix, or "".

    Signals:
        changed: any of them, or the image.
    """

    changed = Signal()

    def __init__(self, context: PanelContext) -> None:
        self._workspace = context.workspace
        # None: what stands in the field is the image's own text.
        self.draft: Part[str | None] = context.workspace.part(
            "kernels.matrix.draft", None, "kernels.matrix", kind=str | None
        )
        self.problem = ""
        # The image on show, and its text.
        self._shown: Image | None = None
        self._text = ""
        # The id of the image that was typed here.
        self._typed = ""
        context.listen(self.draft.changed, lambda _draft: self.changed.emit())

    @property
    def text(self) -> str:
        return self._text if self.draft.value is None else self.draft.value

    @property
    def pending(self) -> bool:
        """Whether the pictures do not show yet what the text says."""
        return self._shown is not None and self.draft.value is not None

    @property
    def example(self) -> MatrixExample | None:
        """Whose matrix it is."""
        return None if self.pending else next((one for one in MATRICES if one.image is self._shown), None)

    @property
    def sentence(self) -> str:
        """What is to be said of the image."""
        if self.example is not None:
            return self.example.sentence
        if self.pending or self._text:
            return ""
        return "This image is no small table of numbers: choose a matrix, or type one."

    def show_image(self, image: Image) -> None:
        """Another image than the one that was typed here brings its own text."""
        if image is not self._shown:
            first, self._shown = self._shown is None, image
            values = image.values
            small = values.ndim == 2 and values.size <= LARGEST
            self._text = format_matrix(values, "tsv").replace("\t", "  ") if small else ""
            # What a restored document says is ahead of its image.
            if not first:
                self.problem = ""
                self.draft.set(None)
        self.changed.emit()

    def type(self, text: str) -> None:
        """What stands in the field now."""
        if text != self.text:
            own = text == self._text
            if own:
                self.problem = ""
            self.draft.set(None if own else text)

    def use_text(self) -> None:
        """What is typed becomes the current image."""
        text = self.text
        try:
            image = image_from_array(parse_matrix(text), TYPED)
        except UserError as error:
            self.problem = error.message
            self.changed.emit()
            return
        self.problem, self._text = "", text
        self.draft.set(None)
        workspace = self._workspace
        if workspace.image.id == self._typed:
            # Its own text must not come back rewritten while a person goes on typing.
            self._shown = replace(image, id=workspace.image.id)
            workspace.update_image(self._shown, label="Type a matrix")
        else:
            self._shown, self._typed = image, image.id
            workspace.add_images([image])
        self.changed.emit()

    def open_example(self, key: str) -> None:
        """A matrix of the lectures becomes the current image, its kernel the kernel."""
        example = next(example for example in MATRICES if example.key == key)
        workspace = self._workspace
        # The whole chain: what stood after it would change the lecture's numbers.
        stage = Operation(kernels=(example.kernel,), border=BORDERS.get(key, "zero"))
        workspace.edit(
            {workspace.lab_part: Lab((stage,)), workspace.strip: workspace.with_image(example.image)},
            f"Open {example.image.name}",
        )
