"""Three ways of using a pretrained network on one's own images, and a support vector machine beside them."""

from __future__ import annotations

from functools import partial
from html import escape
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QEvent, QSignalBlocker, Qt, Signal
from PySide6.QtGui import QHideEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QDoubleSpinBox,
    QFrame,
    QGridLayout,
    QLabel,
    QSizePolicy,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from convscope.core.words import breakable, clock, percent, share, time_left
from convscope.engine.training.transfer.svm import TITLE
from convscope.ui import theme
from convscope.ui.forms.form import (
    caption,
    choose,
    combo,
    decimal,
    heading,
    push_button,
    row,
    scrolling,
    spin,
    text_line,
    tool,
    under_captions,
    vertical,
)
from convscope.ui.forms.number_box import NumberBox
from convscope.ui.forms.undo_keys import undo_of_the_window
from convscope.ui.layout.flow import FlowLayout
from convscope.ui.panels.train.live.curves import by_epoch
from convscope.ui.panels.train.runs.view_model import RunEntry
from convscope.ui.panels.train.transfer.view_model import (
    WAYS,
    TransferChoice,
    TransferViewModel,
    tensor_words,
)
from convscope.ui.panels.train.view_model import TrainViewModel
from convscope.ui.panels.train.words import UNFROZEN
from convscope.ui.plots.chart import Chart, Line

if TYPE_CHECKING:
    from convscope.engine.training.transfer.costs import Cost
    from convscope.engine.training.transfer.transfer_model import TransferStrategy

NARROWEST = 208  # pixels of a card
SVM = "svm"
COLOURS: dict[str, str] = {way: theme.SERIES[number] for number, (way, _title, _says) in enumerate(WAYS)}


class TransferView(QWidget):
    """The current model as a base for the current data."""

    def __init__(self, train: TrainViewModel) -> None:
        super().__init__()
        self.setObjectName("train.transfer")
        self.view_model = vm = TransferViewModel(train)
        self._columns = 0
        self._build()
        for signal, show in (
            (vm.choice.changed, self._show_choice),
            (vm.subject_changed, self._show_subject),
            (vm.can_start_changed, self._offer),
            (vm.cost, self._show_cost),
            (vm.results_changed, self._show_reached),
        ):
            train.context.listen(signal, show)
        self._show_subject()
        self._offer()
        vm.read_runs()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.view_model.set_watched(True)

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.view_model.set_watched(False)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place_cards()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        # Larger text needs wider cards.
        if event.type() == QEvent.Type.StyleChange and hasattr(self, "page"):
            self._place_cards()

    def _show_choice(self, choice: TransferChoice) -> None:
        """Bring all controls in line; emits nothing."""
        choose(self.pooling, choice.pooling)
        choose(self.svm.kernel, choice.kernel)
        self.from_layer.setCurrentIndex(max(0, self.from_layer.findData(choice.from_layer)))
        numbers: tuple[tuple[QSpinBox | QDoubleSpinBox, float], ...] = (
            (self.units, choice.units),
            (self.dropout, choice.dropout),
            (self.head_epochs, choice.head_epochs),
            (self.fine_rate, choice.fine_rate),
            (self.svm.c, choice.c),
        )
        for box, value in numbers:
            with QSignalBlocker(box):
                box.setValue(value)  # type: ignore[arg-type]

    def _show_subject(self) -> None:
        vm = self.view_model
        base, dataset = vm.base, vm.dataset
        self.base.setText(
            "No network is open."
            if base is None
            else f"{base.name} · weights: {base.source.weights or 'its own'}"
        )
        self.data.setText(
            "No data set is open."
            if dataset is None
            else f"{dataset.title} · {len(dataset):,} images · {len(dataset.classes)} classes"
        )
        self.warning.setVisible(base is not None and base.source.weights == "random")
        self.imagenet.setVisible(base is None or base.source.spec != "imagenet")
        self.from_layer.clear()
        self.from_layer.addItem("the last stage", "")
        for name in vm.layers:
            self.from_layer.addItem(name, name)
        self._show_choice(vm.choice.value)

    def _offer(self) -> None:
        ready = self.view_model.can_start
        for card in (*self.cards.values(), self.svm):
            card.start.setEnabled(ready)
        self.all.setEnabled(ready)

    def _show_cost(self, way: TransferStrategy, found: Cost | None, words: str) -> None:
        self.cards[way].set_cost(words, tensor_words(found))

    def _show_reached(self) -> None:
        for way, card in self.cards.items():
            entry = self.view_model.last.get(way)
            card.set_reached("" if entry is None else reached_words(entry))

    def _build(self) -> None:
        inside = QWidget()
        self._make_cards()
        self.grid = QGridLayout()
        self.grid.setSpacing(theme.GAP)
        column = vertical(
            inside, self._build_subject(), self._build_head(), self.grid, margins=(0, 0, theme.GAP, 0)
        )
        self.all = push_button(
            "train.transfer.all",
            "Train all three and compare",
            lambda: self.view_model.start(*(way for way, _title, _says in WAYS)),
            primary=True,
        )
        column.addLayout(row(self.all, None))
        self.chart = TransferChart(self.view_model)
        column.addWidget(self.chart, 1)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        self.page = scrolling(inside, "train.transfer.scroll")
        whole.addWidget(self.page)

    def _build_subject(self) -> QGridLayout:
        self.base, self.data = QLabel(), QLabel()
        for label in (self.base, self.data):
            label.setWordWrap(True)
        self.base.setObjectName("train.transfer.base")
        self.data.setObjectName("train.transfer.data")
        self.warning = text_line(
            "train.transfer.warning", "warning", "Its weights are random: there is nothing in them to use."
        )
        context = self.view_model.context
        self.imagenet = tool(
            "train.transfer.imagenet",
            "Open the ImageNet network that comes with convscope",
            "box",
            lambda: context.open_model("imagenet"),
            "Use the ImageNet network",
        )
        textures = tool(
            "train.transfer.textures",
            "Open the photographs of textures that come with convscope",
            "database",
            lambda: context.open_dataset("textures"),
            "Use the textures",
        )
        grid = QGridLayout()
        grid.setHorizontalSpacing(theme.GROUP_GAP)
        grid.setVerticalSpacing(theme.GRID)
        grid.setColumnStretch(1, 1)
        for line, (title, label) in enumerate((("Pretrained base", self.base), ("Data", self.data))):
            grid.addWidget(heading(title), line, 0, Qt.AlignmentFlag.AlignTop)
            grid.addWidget(label, line, 1)
        grid.addWidget(self.warning, 2, 1)
        offers = FlowLayout(across=theme.GAP, down=theme.GRID)
        for button in (self.imagenet, textures):
            offers.addWidget(button)
        grid.addLayout(offers, 3, 0, 1, 2)
        return grid

    def _build_head(self) -> FlowLayout:
        pools = (("average", "Average over the map"), ("flatten", "Flatten"))
        self.pooling = combo("train.transfer.pooling", "Pooling of the base's maps", pools)
        self.pooling.setSizeAdjustPolicy(self.pooling.SizeAdjustPolicy.AdjustToContents)
        self.units = spin("train.transfer.units", "Units of a hidden layer; 0: none", 0, 4096)
        self.units.setSpecialValueText("none")
        self.dropout = decimal("train.transfer.dropout", "Dropout", 0.0, 0.9, 2)
        self.pooling.activated.connect(
            lambda _index: self.view_model.choose("pooling", pooling=self.pooling.currentData())
        )
        self._bind(self.units, "units", "hidden units")
        self._bind(self.dropout, "dropout", "dropout")
        flow = FlowLayout(across=theme.GROUP_GAP, down=theme.GRID)
        for words, control in (
            ("New classifier: pooling", self.pooling),
            ("Hidden units", self.units),
            ("Dropout", self.dropout),
        ):
            holder = QWidget()
            holder.setLayout(under_captions((words, control)))
            flow.addWidget(holder)
        return flow

    def _make_cards(self) -> None:
        self.cards: dict[TransferStrategy, Card] = {}
        for way, title, says in WAYS:
            card = Card(f"train.transfer.{way}", title, says, "Train")
            card.started.connect(partial(self.view_model.start, way))
            self.cards[way] = card
        self.from_layer = combo("train.transfer.from_layer", "First layer that is fine-tuned", ())
        self.head_epochs = spin("train.transfer.head_epochs", "Epochs of the classifier alone", 0, 1000)
        self.fine_rate = NumberBox("train.transfer.fine_rate", "Learning rate of fine-tuning", 1e-7, 1.0)
        own = self.cards["finetune"].own
        own.addLayout(under_captions(("From", self.from_layer)))
        own.addLayout(under_captions(("Classifier epochs", self.head_epochs), ("Rate", self.fine_rate)))
        self.from_layer.activated.connect(
            lambda _index: self.view_model.choose(
                "layer that fine-tuning begins with", from_layer=str(self.from_layer.currentData())
            )
        )
        self._bind(self.head_epochs, "head_epochs", "epochs of the classifier alone")
        self._bind(self.fine_rate, "fine_rate", "learning rate of fine-tuning")
        self.svm = SvmCard(self.view_model)
        self.svm.kernel.activated.connect(
            lambda _index: self.view_model.choose(
                "kernel of the machine", kernel=self.svm.kernel.currentData()
            )
        )
        self._bind(self.svm.c, "c", "price of a mistake")

    def _bind(self, box: QSpinBox | QDoubleSpinBox, field: str, label: str) -> None:
        """A number that a person types or turns; what follows without a pause is one step of undo."""
        box.valueChanged.connect(
            lambda value: self.view_model.choose(label, box.objectName(), **{field: value})
        )
        undo_of_the_window(box)

    def _place_cards(self) -> None:
        """As many in a row as have room: all four, two or one."""
        cards = (*self.cards.values(), self.svm)
        least = max(card.minimumSizeHint().width() for card in cards)
        gap = self.grid.horizontalSpacing()
        room = self.page.viewport().width() - theme.GAP
        wanted = max(least, theme.scaled(NARROWEST))
        columns = next((n for n in (4, 2) if n * wanted + (n - 1) * gap <= room), 1)
        if columns == self._columns:
            return
        self._columns = columns
        for number, card in enumerate(cards):
            self.grid.addWidget(card, number // columns, number % columns)
        for index in range(4):
            self.grid.setColumnStretch(index, 1 if index < columns else 0)


def reached_words(entry: RunEntry) -> str:
    """What a run came to, and all that was waited for it."""
    test, count = entry.tested, len(entry.epochs)
    said = entry.row.state
    if test is not None:
        accuracy, images = test["accuracy"], int(test["images"])
        right = round(accuracy * images)
        said = f"{theme.strong(percent(accuracy))} on the test images, {right:,} of {images:,}"
    # The card stands under the base of now, which may be another one than the run's.
    epochs = f"{count} {'epoch' if count == 1 else 'epochs'} in {clock(entry.row.seconds)}"
    return f"{said}; {epochs} ({breakable(escape(entry.row.model))})"


class TransferChart(Chart):
    """The last run of each way on the current data set, and the last machine on the current base and data."""

    def __init__(self, view_model: TransferViewModel) -> None:
        super().__init__("train.transfer.chart", "Validation accuracy", unit_range=True)
        self._view_model = view_model
        self.setMinimumHeight(theme.scaled(180))
        self.hovered.connect(self.show_cursor)
        self.hide()
        view_model.context.listen(view_model.results_changed, self._show)

    def _show(self) -> None:
        from convscope.engine.training.record import unfrozen_at

        last, level = self._view_model.last, self._view_model.level
        lines: dict[str, Line] = {
            way: Line(title, COLOURS[way], dashed=True, dots=True)
            for way, title, _says in WAYS
            if way in last
        }
        if level is not None:
            # It has no epochs: a level to compare with.
            lines[SVM] = Line(TITLE, theme.SERIES[len(WAYS)])
        self.set_lines(lines)
        turns = [(way, unfrozen_at(entry.epochs)) for way, entry in last.items()]
        self.marks.set_turns([(float(at), UNFROZEN, COLOURS[way]) for way, at in turns if at])
        for way, entry in last.items():
            self.set_curve(way, by_epoch(entry.epochs, "val_accuracy"))
        span = max((len(entry.epochs) for entry in last.values()), default=1)
        if level is not None:
            self.set_curve(SVM, (np.array([0.0, span]), np.array([level, level])))
        self.set_span(span)
        self.refresh()
        self.setVisible(bool(lines))


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

    def __init__(self, name: str, title: str, says: str, button: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setProperty("role", "raised")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        heading = theme.label(title, "title")
        heading.setWordWrap(True)
        column = vertical(
            self,
            heading,
            spacing=theme.GRID,
            margins=(theme.GROUP_GAP, theme.GAP, theme.GROUP_GAP, theme.GAP),
        )
        column.addWidget(caption(f"{name}.says", says))
        self.own = QVBoxLayout()
        self.own.setSpacing(theme.GRID)
        column.addLayout(self.own)
        column.addStretch(1)
        self.cost = caption(f"{name}.cost")
        self.tensors = text_line(f"{name}.tensors", "heading", wraps=False)
        # A card is as wide as its share of the page, whatever comes to be known.
        self.tensors.setWordWrap(True)
        self.reached = text_line(f"{name}.reached")
        for label in (self.tensors, self.cost, self.reached):
            column.addWidget(label)
        self.reached.hide()
        # Their lines are there before there is anything in them: no button moves when a cost is known.
        self.set_cost("")
        self.start = push_button(f"{name}.start", button, self.started.emit, says=f"{button}: {title}")
        self.buttons = FlowLayout(across=theme.GRID, down=theme.GRID)
        self.buttons.addWidget(self.start)
        column.addLayout(self.buttons)

    def set_cost(self, sentence: str, tensors: str = "") -> None:
        self.cost.setText(sentence or " ")
        self.tensors.setText(tensors or " ")

    def set_reached(self, sentence: str) -> None:
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
        )
        self._view_model = view_model
        self.kernel = combo("train.transfer.svm.kernel", "Kernel of the machine", KERNELS)
        self.c = decimal("train.transfer.svm.c", "Price of a mistake", 0.001, 1000.0, 3)
        self.own.addLayout(under_captions(("Kernel", self.kernel), ("C", self.c)))
        self.result = push_button(
            "train.transfer.svm.result",
            "See the result",
            self._show_result,
            says="See the result of the support vector machine",
        )
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
