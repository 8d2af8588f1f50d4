"""What dropout, noise and batch normalisation do while a network trains: a switch, and what was drawn."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QToolButton, QVBoxLayout, QWidget

from convscope.engine.interpret.activations.training_mode import draws
from convscope.ui.forms.form import caption, row, tool

ELSE = "Outside of training it hands on what it is given."
KEPT = "Outside of training the means and variances are those that training kept."


class TrainingBar(QWidget):
    """One row, on show for layers that do something else while training.

    Signals:
        switched: whether a person wants to see what the layer does while training, beside what it does now.
        again: another draw is wanted.
    """

    switched = Signal(bool)
    again = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._kind = ""
        self.switch: QToolButton = tool(
            "layers.while_training",
            "Show beside it what the layer puts out while the network trains",
            "columns-2",
            self._press,
            "While training",
        )
        self.switch.setCheckable(True)
        self.draw: QToolButton = tool(
            "layers.draw_again",
            "Draw again at random what is dropped",
            "dices",
            self.again.emit,
            "Draw again",
        )
        self.words = caption("layers.training_words")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        across = row(self.switch, self.draw, self.words)
        across.setStretch(2, 1)
        column.addLayout(across)
        self.show_kind("", False)

    def show_kind(self, kind: str, on: bool) -> None:
        """Which kind of layer is on show, and whether it is compared with itself while training.

        Args:
            kind: "" for one that does the same in training.
        """
        if (kind, on) != (self._kind, self.switch.isChecked()) or not on:
            self._kind = kind
            self.tell("")
        self.setVisible(bool(kind))
        self.switch.setChecked(on)
        self.draw.setVisible(on and draws(kind))

    def tell(self, words: str) -> None:
        """What was done while training, in words; "" where nothing is compared."""
        self.words.setText(words or (KEPT if self._kind == "BatchNormalization" else ELSE))

    def _press(self) -> None:
        self.switched.emit(self.switch.isChecked())
