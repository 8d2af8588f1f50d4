"""One card a way of using a pretrained network: what it does, what it costs, what it reached."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from convscope.core.words import clock, percent, share, time_left
from convscope.engine.training.transfer.svm import TITLE
from convscope.ui import theme
from convscope.ui.forms.form import caption, combo, decimal, under_captions
from convscope.ui.layout.flow import FlowLayout
from convscope.ui.panels.train.transfer.view_model import TransferViewModel

KERNELS = (("linear", "Linear"), ("rbf", "RBF"))


class Card(QFrame):
    """A framed way: title, two sentences, its own controls, cost, result, button.

    Args:
        name: object names begin with it.
        title, says: what it is.
        button: what the button says.

    Signals:
        started: the button was clicked.
    """

    started = Signal()

    def __init__(self, name: str, title: str, says: str, button: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setProperty("role", "raised")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.GROUP_GAP, theme.GAP, theme.GROUP_GAP, theme.GAP)
        column.setSpacing(theme.GRID)
        heading = theme.label(title, "title")
        heading.setWordWrap(True)
        column.addWidget(heading)
        column.addWidget(caption(f"{name}.says", says))
        self.own = QVBoxLayout()
        self.own.setSpacing(theme.GRID)
        column.addLayout(self.own)
        column.addStretch(1)
        self.cost = caption(f"{name}.cost")
        self.tensors = theme.label("", "heading")
        self.tensors.setObjectName(f"{name}.tensors")
        # A card is as wide as its share of the page, whatever comes to be known.
        self.tensors.setWordWrap(True)
        self.reached = QLabel()
        self.reached.setObjectName(f"{name}.reached")
        self.reached.setWordWrap(True)
        for label in (self.tensors, self.cost, self.reached):
            column.addWidget(label)
        self.reached.hide()
        # Their lines are there before there is anything in them: no button moves when a cost is known.
        self.set_cost("")
        self.start = QPushButton(button)
        self.start.setObjectName(f"{name}.start")
        self.start.setAccessibleName(f"{button}: {title}")
        self.start.clicked.connect(lambda: self.started.emit())
        self.buttons = FlowLayout(across=theme.GRID, down=theme.GRID)
        self.buttons.addWidget(self.start)
        column.addLayout(self.buttons)

    def set_cost(self, sentence: str, tensors: str = "") -> None:
        """What it will take."""
        self.cost.setText(sentence or " ")
        self.tensors.setText(tensors or " ")

    def set_reached(self, sentence: str) -> None:
        """What the last run of this way came to."""
        self.reached.setText(sentence)
        self.reached.setVisible(bool(sentence))


class SvmCard(Card):
    """The card of a support vector machine: what it reached, and the way to its confusion and mistakes."""

    def __init__(self, view_model: TransferViewModel, parent: QWidget | None = None) -> None:
        super().__init__(
            "train.transfer.svm",
            TITLE,
            "No network is trained: the widest margin between the classes, in the space of the features.",
            "Fit",
            parent,
        )
        self._view_model = view_model
        self.kernel = combo("train.transfer.svm.kernel", "Kernel of the machine", KERNELS)
        self.c = decimal("train.transfer.svm.c", "Price of a mistake", 0.001, 1000.0, 3)
        self.own.addLayout(under_captions(("Kernel", self.kernel), ("C", self.c)))
        self.result = QPushButton("See the result")
        self.result.setObjectName("train.transfer.svm.result")
        self.result.setAccessibleName("See the result of the support vector machine")
        self.result.clicked.connect(self._show_result)
        self.result.hide()
        self.buttons.addWidget(self.result)
        self.started.connect(view_model.fit_machine)
        view_model.context.listen(view_model.machine_changed, self._show)
        view_model.context.listen(view_model.machine_progress, self._show_progress)

    def _show(self) -> None:
        machine = self._view_model.machine
        self.result.setVisible(machine is not None)
        if machine is None:
            self.set_reached("working…" if self._view_model.machine_job is not None else "")
            return
        result = machine.result
        images, learned = len(result.predicted), result.training_images
        right, own = round(result.accuracy * images), round(result.training_accuracy * learned)
        kernel = dict(KERNELS)[result.kernel]
        self.set_reached(
            f"{theme.strong(percent(result.accuracy))} on unseen images, {right:,} of {images:,}; on its own "
            f"{share(own, learned)}. {kernel}, C = {result.c:g}: {result.support_vectors:,} support vectors. "
            f"It took {clock(machine.seconds)}, {result.seconds:.1f} s of it the fit."
        )

    def _show_progress(self) -> None:
        job = self._view_model.machine_job
        if job is not None and job.text:
            left = job.seconds_left
            self.set_reached(job.text if left is None else f"{job.text} · {time_left(left)}")

    def _show_result(self) -> None:
        if self._view_model.machine is not None:
            self._view_model.train.show_result(self._view_model.machine)
