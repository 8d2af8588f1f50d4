"""The foot of the builder: the sums, live, what hinders, and the button that builds."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from convscope.engine.models.builder.architecture import Architecture
from convscope.engine.models.summary import ModelSummary
from convscope.ui import theme
from convscope.ui.forms.form import row, spin
from convscope.ui.panels.model.words import memory, short

_SUMS = (
    ("parameters", "Parameters", "All weights of the network"),
    ("trainable", "Trainable", "Weights that training changes"),
    ("work", "Multiply-adds", "Of convolutions and matrix products, for one image"),
    ("activations", "Activations", "Memory of all layers' outputs for one image"),
    ("weights", "Weights", "Memory of all weights in float32"),
    ("layers", "Layers", "Layers in the list"),
    ("kept", "Weights kept", ""),
)
_LONGEST = 84


class SumsBar(QWidget):
    """Sums at the left, problems and Build at the right.

    Signals:
        build_wanted: make a model of it.
        problem_chosen: the layer that hinders.
        train_wanted: go on with the model that was built.
    """

    build_wanted = Signal()
    problem_chosen = Signal(str)
    train_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._problem = ""
        self._texts = ("", "")
        self._compact = False
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(theme.scaled(20))
        self._values: dict[str, QLabel] = {}
        self._cells: dict[str, QWidget] = {}
        for key, words, says in _SUMS:
            cell = QWidget()
            cell.setToolTip(says)
            column = QVBoxLayout(cell)
            column.setContentsMargins(0, 0, 0, 0)
            column.setSpacing(0)
            column.addWidget(theme.label(words, "caption"))
            value = QLabel("0")
            value.setObjectName(f"model.build.total.{key}")
            value.setAccessibleName(words)
            value.setFont(theme.font(15, weight=value.font().Weight.DemiBold))
            value.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            column.addWidget(value)
            self._values[key], self._cells[key] = value, cell
            line.addWidget(cell)
        line.addStretch(1)
        self.problem = QPushButton()
        self.problem.setObjectName("model.build.problem")
        self.problem.setFlat(True)
        self.problem.setCursor(Qt.CursorShape.PointingHandCursor)
        self.problem.clicked.connect(lambda: self.problem_chosen.emit(self._problem))
        self._cells["kept"].hide()
        self.train = QPushButton("Train it")
        self.train.setObjectName("model.build.train")
        self.train.clicked.connect(self.train_wanted)
        self.train.hide()
        self.seed = spin("model.build.seed", "Seed of the random weights", 0, 999_999)
        self.seed.setToolTip("The same seed gives the same random weights")
        self.seed_label = theme.label("seed", "caption")
        self.build = QPushButton("Build")
        self.build.setObjectName("model.build.build")
        self.build.setProperty("role", "primary")
        self.build.clicked.connect(self.build_wanted)
        line.addWidget(self.problem)
        line.addLayout(row(self.train, self.seed_label, self.seed, self.build))

    def show_document(self, architecture: Architecture, summary: ModelSummary) -> None:
        """Bring the sums in line."""
        totals = summary.totals
        hidden = any(layer.shape is None for layer in summary.layers)
        mark = "≥ " if hidden else ""
        work = "depends" if totals.multiply_adds is None else f"{mark}{short(totals.multiply_adds)}"
        kept = "depends" if totals.activation_bytes is None else f"{mark}{memory(totals.activation_bytes)}"
        for key, text in (
            ("parameters", f"{mark}{totals.parameters:,}"),
            ("trainable", f"{mark}{totals.trainable:,}"),
            ("work", work),
            ("activations", kept),
            ("weights", f"{mark}{memory(totals.weight_bytes)}"),
            ("layers", str(totals.layers)),
        ):
            self._values[key].setText(text)
        problems = summary.problems
        self._problem = problems[0].name if problems else ""
        more = f" (+{len(problems) - 1})" if len(problems) > 1 else ""
        text = f"{problems[0].name}{more}" if problems else ""
        self._texts = (text, f"{text}: {problems[0].problem}" if problems else "")
        self.problem.setVisible(bool(problems))
        self._tell_problem()
        self.problem.setIcon(theme.icon("triangle-alert", theme.tokens().bad))
        self.problem.setToolTip(f"{problems[0].problem}. Click to go there." if problems else "")
        self.problem.setAccessibleName(f"Go to the problem at {text}" if problems else "No problem")
        ready = not problems and len(architecture.layers) > 1
        self.build.setEnabled(ready)
        self.build.setToolTip("Make a model of it" if ready else "It can be built when every layer fits")

    def show_kept(self, origin: str, kept: int, total: int) -> None:
        """How many of the layers with weights keep those of the model that the document was started from.

        Args:
            origin: that model's name; "" without one: all weights will be random.
            kept, total: layers.
        """
        cell, value = self._cells["kept"], self._values["kept"]
        cell.setVisible(bool(origin))
        value.setText(f"{kept} of {total}")
        cell.setToolTip(
            f"Layers with the weights of {origin}: those with the same name and the same shapes. "
            "The others start with random weights."
        )

    def offer_training(self, offered: bool) -> None:
        """Whether the model that was just built can be gone on with."""
        self.train.setVisible(offered)

    def set_compact(self, compact: bool) -> None:
        """Keep the sums that count where there is little room."""
        self._compact = compact
        for key in ("trainable", "weights", "layers"):
            self._cells[key].setHidden(compact)
        self._tell_problem()

    def _tell_problem(self) -> None:
        """The sentence where there is room, else the layer alone."""
        short, long = self._texts
        self.problem.setText(short if self._compact or len(long) > _LONGEST else long)
