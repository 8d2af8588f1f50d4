"""The card of a support vector machine beside the three ways."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QPushButton, QWidget

from convscope.core.words import clock, percent, share, time_left
from convscope.jobs.job import Job
from convscope.ui import theme
from convscope.ui.forms.form import combo, decimal, under_captions
from convscope.ui.panels.train.desk import Desk
from convscope.ui.panels.train.transfer.cards import Card
from convscope.ui.panels.train.transfer.machine import TITLE, Machine, fit_machine

if TYPE_CHECKING:
    from convscope.engine.data.dataset import Dataset
    from convscope.engine.models.opened import OpenedModel
    from convscope.engine.training.transfer.transfer_model import TransferSettings

KEY = "train.transfer.svm"


class SvmCard(Card):
    """Fits a machine, tells what it reached, and leads to its confusion and mistakes.

    Signals:
        fitted: a `Machine`.
    """

    fitted = Signal(object)

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(
            "train.transfer.svm",
            TITLE,
            "No network is trained: the widest margin between the classes, in the space of the features.",
            "Fit",
            parent,
        )
        self._desk = desk
        self._job: Job | None = None
        self._machine: Machine | None = None
        kernels = (("linear", "Linear"), ("rbf", "RBF"))
        self.kernel = combo("train.transfer.svm.kernel", "Kernel of the machine", kernels)
        self.c = decimal("train.transfer.svm.c", "Price of a mistake", 0.001, 1000.0, 3)
        self.own.addLayout(under_captions(("Kernel", self.kernel), ("C", self.c)))
        self.result = QPushButton("See the result")
        self.result.setObjectName("train.transfer.svm.result")
        self.result.setAccessibleName("See the result of the support vector machine")
        self.result.clicked.connect(self._show_result)
        self.result.hide()
        self.buttons.addWidget(self.result)
        desk.context.jobs.changed.connect(self._tell)

    def shutdown(self) -> None:
        """Take no more events."""
        self._desk.context.jobs.changed.disconnect(self._tell)
        self._desk.context.jobs.cancel_key(KEY)

    def fit(self, base: OpenedModel, dataset: Dataset, how: TransferSettings) -> None:
        """Fit a machine as the controls stand."""
        settings, kernel, c = self._desk.settings, self.kernel.currentData(), self.c.value()
        self._machine = None
        self.result.hide()
        self.set_reached("working…")
        self._job = self._desk.context.jobs.submit(
            "engine",
            lambda task: fit_machine(base, dataset, settings, how, kernel, c, task),
            title=TITLE,
            key=KEY,
            on_done=self._show,
            on_failed=self._failed,
            on_cancelled=lambda: self.set_reached(""),
        )

    def forget(self) -> None:
        """Another base or other data: what was reached is no answer any more."""
        self._desk.context.jobs.cancel_key(KEY)
        self._machine = None
        self.result.hide()
        self.set_reached("")

    def _tell(self, job: object) -> None:
        """How far it is: the features take the time, not the machine."""
        mine = self._job
        if job is mine and mine is not None and not mine.finished and mine.text:
            left = mine.seconds_left
            self.set_reached(mine.text if left is None else f"{mine.text} · {time_left(left)}")

    def _show(self, machine: Machine) -> None:
        self._machine = machine
        result = machine.result
        images, learned = len(result.predicted), result.training_images
        right, own = round(result.accuracy * images), round(result.training_accuracy * learned)
        kernel = self.kernel.itemText(self.kernel.findData(result.kernel))
        self.set_reached(
            f"{theme.strong(percent(result.accuracy))} on unseen images, {right:,} of {images:,}; on its own "
            f"{share(own, learned)}. {kernel}, C = {result.c:g}: {result.support_vectors:,} support vectors. "
            f"It took {clock(machine.seconds)}, {result.seconds:.1f} s of it the fit."
        )
        self.result.show()
        self.fitted.emit(machine)

    def _failed(self, error: BaseException) -> None:
        self.set_reached("")
        self._desk.context.report(error)

    def _show_result(self) -> None:
        if self._machine is not None:
            self._desk.show_result(self._machine)
