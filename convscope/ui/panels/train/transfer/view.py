"""Three ways of using a pretrained network on one's own images, and a support vector machine beside them."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QSignalBlocker, Qt
from PySide6.QtGui import QHideEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QDoubleSpinBox,
    QGridLayout,
    QLabel,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from convscope.core.errors import UserError
from convscope.ui import theme
from convscope.ui.forms.form import (
    choose,
    combo,
    decimal,
    heading,
    row,
    scrolling,
    spin,
    tool,
    under_captions,
)
from convscope.ui.forms.undo_keys import undo_of_the_window
from convscope.ui.panels.train.desk import Desk
from convscope.ui.panels.train.settings.form import NumberBox
from convscope.ui.panels.train.transfer.cards import Card
from convscope.ui.panels.train.transfer.choice import Choice
from convscope.ui.panels.train.transfer.costs import Asked, Costs, tensor_words
from convscope.ui.panels.train.transfer.plan import WAYS, plan_transfer
from convscope.ui.panels.train.transfer.results import TransferResults
from convscope.ui.panels.train.transfer.svm import SvmCard
from convscope.ui.widgets.flow import FlowLayout

if TYPE_CHECKING:
    from convscope.engine.data.dataset import Dataset
    from convscope.engine.models.opened import OpenedModel
    from convscope.engine.training.transfer.costs import Cost
    from convscope.engine.training.transfer.transfer_model import TransferSettings, TransferStrategy

NARROWEST = 208  # pixels of a card


class TransferView(QWidget):
    """The current model as a base for the current data."""

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("train.transfer")
        self._desk = desk
        self._workspace = desk.context.workspace
        self._queue: list[TransferSettings] = []
        self._queued: tuple[OpenedModel, Dataset] | None = None
        self._columns = 0
        # The base and the data that the machine was fitted to.
        self._fitted_to: tuple[OpenedModel | None, str | None] | None = None
        self._choice = self._workspace.part("train.transfer", Choice(), "train.transfer")
        self._costs = Costs(desk.context, self)
        self._costs.told.connect(self._show_cost)
        self._build()
        self._show_choice(self._choice.value)
        self._choice.changed.connect(self._choice_changed)
        self._workspace.model_changed.connect(self._refresh)
        self._workspace.dataset_changed.connect(self._refresh)
        self._workspace.augmentation_changed.connect(self._refresh)
        desk.settings_changed.connect(self._refresh)
        desk.trainer.state_changed.connect(self._offer)
        desk.trainer.finished.connect(self._next)
        desk.trainer.failed.connect(self._give_up)
        desk.trainer.cancelled.connect(self._give_up)
        self._refresh()
        self.results.refresh()

    def shutdown(self) -> None:
        """Take no more events."""
        self._queue = []
        self._choice.changed.disconnect(self._choice_changed)
        self._workspace.model_changed.disconnect(self._refresh)
        self._workspace.dataset_changed.disconnect(self._refresh)
        self._workspace.augmentation_changed.disconnect(self._refresh)
        self._desk.settings_changed.disconnect(self._refresh)
        self.results.shutdown()
        trainer = self._desk.trainer
        trainer.state_changed.disconnect(self._offer)
        trainer.finished.disconnect(self._next)
        trainer.failed.disconnect(self._give_up)
        trainer.cancelled.disconnect(self._give_up)
        self.svm.shutdown()
        self._costs.cancel()

    def showEvent(self, event: QShowEvent) -> None:
        """Time a batch, if that has not been done; the left column is about this base now."""
        super().showEvent(event)
        self._desk.set_base(self.pretrained)
        self._estimate()

    def hideEvent(self, event: QHideEvent) -> None:
        """The left column is about whole networks again."""
        super().hideEvent(event)
        self._desk.set_base(None)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The cards in one row, or in two."""
        super().resizeEvent(event)
        self._place_cards()

    def changeEvent(self, event: QEvent) -> None:
        """Larger text needs wider cards."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange and hasattr(self, "page"):
            self._place_cards()

    # -- what is chosen --------------------------------------------------------------------------------------

    def how(self, way: TransferStrategy) -> TransferSettings:
        """The settings of one way, as the controls stand."""
        from convscope.engine.training.transfer.transfer_model import TransferSettings

        choice = self._choice.value
        return TransferSettings(
            way=way,
            # One that this base does not have is shown as the last stage.
            from_layer=str(self.from_layer.currentData() or ""),
            pooling=self.pooling.currentData(),
            units=choice.units,
            dropout=choice.dropout,
            head_epochs=choice.head_epochs,
            fine_rate=choice.fine_rate,
        )

    def _choose(self, label: str, merge: str = "", **changed: object) -> None:
        """One step of undo."""
        self._choice.edit(replace(self._choice.value, **changed), label, merge or None)  # type: ignore[arg-type]

    def _choice_changed(self, choice: Choice) -> None:
        self._show_choice(choice)
        self._estimate()

    def _show_choice(self, choice: Choice) -> None:
        """Bring all controls in line; emits nothing."""
        choose(self.pooling, choice.pooling)
        choose(self.svm.kernel, choice.kernel)
        with QSignalBlocker(self.from_layer):
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

    @property
    def pretrained(self) -> OpenedModel | None:
        """The base: the current model."""
        return self._workspace.model

    def _subject(self) -> tuple[OpenedModel, Dataset] | None:
        model, dataset = self.pretrained, self._workspace.dataset
        return (model, dataset) if model is not None and dataset is not None else None

    def _refresh(self, *_: object) -> None:
        model, dataset = self.pretrained, self._workspace.dataset
        subject = (model, dataset.reference if dataset is not None else None)
        if self._fitted_to is not None and subject != self._fitted_to:
            self.svm.forget()
            self.results.show_machine(None)
            self._fitted_to = None
        self.base.setText(
            "No network is open."
            if model is None
            else f"{model.name} · weights: {model.source.weights or 'its own'}"
        )
        self.data.setText(
            "No data set is open."
            if dataset is None
            else f"{dataset.title} · {len(dataset):,} images · {len(dataset.classes)} classes"
        )
        random = model is not None and model.source.weights == "random"
        self.warning.setVisible(random)
        self.imagenet.setVisible(model is None or model.source.spec != "imagenet")
        self._fill_layers()
        self._offer()
        if self.isVisible():
            self._desk.set_base(model)
        self._estimate()

    def _fill_layers(self) -> None:
        model, chosen = self.pretrained, self._choice.value.from_layer
        self.from_layer.blockSignals(True)
        self.from_layer.clear()
        self.from_layer.addItem("the last stage", "")
        if model is not None:
            for info in reversed(model.layers):
                if info.parameters and "Normalization" not in info.kind:
                    self.from_layer.addItem(info.name, info.name)
        self.from_layer.setCurrentIndex(max(0, self.from_layer.findData(chosen)))
        self.from_layer.blockSignals(False)

    def _offer(self, *_: object) -> None:
        ready = self._subject() is not None and not self._desk.trainer.active
        for card in (*self.cards.values(), self.svm):
            card.start.setEnabled(ready)
        self.all.setEnabled(ready)
        if ready and self.isVisible():
            self._estimate()

    # -- the cost --------------------------------------------------------------------------------------------

    def _estimate(self, *_: object) -> None:
        subject = self._subject()
        if subject is None or not self.isVisible() or self._desk.trainer.active:
            return
        try:
            ways = tuple(self.how(way) for way, _title, _says in WAYS)
        except UserError as error:
            self._desk.context.report(error)
            return
        self._costs.ask(Asked(*subject, self._desk.settings, ways))

    def _show_cost(self, way: TransferStrategy, found: Cost | None, words: str) -> None:
        self.cards[way].set_cost(words, tensor_words(found))

    # -- training --------------------------------------------------------------------------------------------

    def start(self, *ways: TransferStrategy) -> None:
        """Train in these ways, one after the other."""
        subject = self._subject()
        if subject is None or self._desk.trainer.active:
            return
        try:
            self._queue = [self.how(way) for way in ways]
        except UserError as error:
            self._desk.context.report(error)
            return
        self._queued = subject
        # The training wants the processors for itself.
        self._costs.cancel()
        self._next()

    def _next(self, *_: object) -> None:
        if not self._queued:
            return
        if not self._queue:
            # The last of them has ended: back to where they are compared.
            self._queued = None
            self._desk.view_requested.emit("transfer")
            return
        how = self._queue.pop(0)
        plan = plan_transfer(*self._queued, self._desk.settings, how)
        self._desk.begin(plan)

    def _give_up(self, *_: object) -> None:
        self._queue, self._queued = [], None

    def _fit_svm(self) -> None:
        subject = self._subject()
        if subject is not None:
            self._fitted_to = (subject[0], subject[1].reference)
            self.svm.fit(*subject, self.how("features"))

    # -- what they came to -----------------------------------------------------------------------------------

    def _show_reached(self, reached: dict[str, str]) -> None:
        for way, card in self.cards.items():
            card.set_reached(reached.get(way, ""))

    # -- the widgets -----------------------------------------------------------------------------------------

    def _build(self) -> None:
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, theme.GAP, 0)
        column.setSpacing(theme.GAP)
        column.addLayout(self._build_subject())
        column.addLayout(self._build_head())
        self._make_cards()
        self.grid = QGridLayout()
        self.grid.setSpacing(theme.GAP)
        column.addLayout(self.grid)
        self.all = QPushButton("Train all three and compare")
        self.all.setObjectName("train.transfer.all")
        self.all.setProperty("role", "primary")
        self.all.clicked.connect(lambda: self.start(*(way for way, _title, _says in WAYS)))
        column.addLayout(row(self.all, None))
        self.results = TransferResults(self._desk)
        self.results.reached.connect(self._show_reached)
        self.svm.fitted.connect(self.results.show_machine)
        column.addWidget(self.results, 1)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        self.page = scrolling(inside)
        whole.addWidget(self.page)

    def _build_subject(self) -> QGridLayout:
        self.base, self.data = QLabel(), QLabel()
        for label in (self.base, self.data):
            label.setWordWrap(True)
        self.base.setObjectName("train.transfer.base")
        self.data.setObjectName("train.transfer.data")
        self.warning = theme.label("Its weights are random: there is nothing in them to use.", "warning")
        self.warning.setObjectName("train.transfer.warning")
        self.warning.setWordWrap(True)
        context = self._desk.context
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
            lambda _index: self._choose("pooling", pooling=self.pooling.currentData())
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
            card.started.connect(partial(self.start, way))
            self.cards[way] = card
        self.from_layer = combo("train.transfer.from_layer", "First layer that is fine-tuned", ())
        self.head_epochs = spin("train.transfer.head_epochs", "Epochs of the classifier alone", 0, 1000)
        self.fine_rate = NumberBox("train.transfer.fine_rate", "Learning rate of fine-tuning", 1e-7, 1.0)
        own = self.cards["finetune"].own
        own.addLayout(under_captions(("From", self.from_layer)))
        own.addLayout(under_captions(("Classifier epochs", self.head_epochs), ("Rate", self.fine_rate)))
        self.from_layer.activated.connect(
            lambda _index: self._choose(
                "layer that fine-tuning begins with", from_layer=str(self.from_layer.currentData())
            )
        )
        self._bind(self.head_epochs, "head_epochs", "epochs of the classifier alone")
        self._bind(self.fine_rate, "fine_rate", "learning rate of fine-tuning")
        self.svm = SvmCard(self._desk)
        self.svm.kernel.activated.connect(
            lambda _index: self._choose("kernel of the machine", kernel=self.svm.kernel.currentData())
        )
        self._bind(self.svm.c, "c", "price of a mistake")
        self.svm.started.connect(self._fit_svm)

    def _bind(self, box: QSpinBox | QDoubleSpinBox, field: str, label: str) -> None:
        """A number that a person types or turns; what follows without a pause is one step of undo."""
        box.valueChanged.connect(lambda value: self._choose(label, box.objectName(), **{field: value}))
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
