"""The left column: what is trained on what and how, what does not fit, and the start."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from convscope.core.errors import UserError
from convscope.core.words import percent
from convscope.ui import theme
from convscope.ui.forms.form import as_panel, caption, hairline, room_for, tool
from convscope.ui.forms.segmented import Segmented
from convscope.ui.panels.train.desk import Desk
from convscope.ui.panels.train.settings import form
from convscope.ui.panels.train.settings.finding_row import FindingRow
from convscope.ui.panels.train.settings.main_section import MainSection
from convscope.ui.panels.train.settings.more_sections import SECTIONS
from convscope.ui.panels.train.settings.plan import Checked, Prepared
from convscope.ui.panels.train.settings.section import Section
from convscope.ui.widgets.scroll_column import ScrollColumn

if TYPE_CHECKING:
    from convscope.engine.data.augmentation import Augmentation
    from convscope.engine.data.dataset import Dataset
    from convscope.engine.data.resize import InputSettings
    from convscope.engine.models.opened import OpenedModel
    from convscope.engine.training.checks import Finding

WIDTH = 300
_COLOURS = {None: "", 1: ", gray", 3: ", RGB"}
_FITS = {"stretch": "stretched", "crop": "cropped", "pad": "padded"}
# More findings than these are counted, not shown.
_FINDINGS = 3
_AMOUNTS = (
    ("rotation", "rotation ±{}°", "{:g}".format),
    ("width_shift", "shift ±{} across", percent),
    ("height_shift", "shift ±{} up and down", percent),
    ("shear", "shear {}", "{:g}".format),
    ("zoom", "zoom ±{}", percent),
    ("brightness", "brightness ±{}", percent),
    ("contrast", "contrast ±{}", percent),
    ("blur", "blur {}", "{:g}".format),
    ("sharpen", "sharpen {}", "{:g}".format),
    ("noise", "noise {}", percent),
)


class Controls(QWidget):
    """Everything that is decided before a run starts."""

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("train.controls")
        as_panel(self)
        self.setFixedWidth(theme.scaled(WIDTH))
        self.desk = desk
        self._sections: list[Section] = []
        self._was = (False, False)
        self._build()
        desk.settings_changed.connect(self._show_settings)
        desk.subject_changed.connect(self._show_subject)
        desk.base_changed.connect(self._show_used)
        desk.trainer.prepared.connect(lambda _prepared: self._show_used())
        desk.checked.connect(self._show_checked)
        desk.trainer.state_changed.connect(lambda _state: self._show_state())
        self._show_settings(desk.settings)
        self._show_subject()
        self._show_state()

    def _build(self) -> None:
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        area = ScrollColumn("train.scroll")
        self.body = QWidget()
        as_panel(self.body)
        column = QVBoxLayout(self.body)
        column.setContentsMargins(theme.GROUP_GAP, theme.GROUP_GAP, theme.GROUP_GAP, theme.GAP)
        column.setSpacing(theme.GAP)
        self.model = self._subject(column, "model", "Model", "model")
        self.start_from = Segmented(
            [("initial", "As before the last run"), ("trained", "As it is now")], "train.start_from"
        )
        self.start_from.setAccessibleName("Start from which weights")
        self.start_from.button("initial").setToolTip("Start again from the same initial weights")
        self.start_from.button("trained").setToolTip("Go on from the current network's weights")
        self.start_from.changed.connect(self.desk.set_start_from)
        column.addWidget(self.start_from)
        self.data = self._subject(column, "data", "Data", "data")
        # The counts come when the parts are known.
        room_for(self.data, 3, 13)
        self.input = self._subject(column, "input", "Input", "data", "input")
        self.augmentation = self._subject(column, "augmentation", "Augmentation", "data", "augmentation")
        column.addWidget(hairline())
        self.main = MainSection(self.desk)
        self._sections.append(self.main)
        column.addWidget(self.main)
        column.addWidget(hairline())
        more = form.Fold("train.more", "More")
        for name, title, kind in SECTIONS:
            fold = form.Fold(f"train.more.{name}", title)
            section = kind(self.desk)
            self._sections.append(section)
            fold.column.addWidget(section)
            more.column.addWidget(fold)
        column.addWidget(more)
        column.addStretch(1)
        area.setWidget(self.body)
        outer.addWidget(area, 1)
        self.foot = QWidget()
        self.foot.setLayout(self._foot())
        outer.addWidget(self.foot)

    def _subject(self, column: QVBoxLayout, name: str, title: str, panel: str, page: str = "") -> QLabel:
        """A heading with a way to the panel where it is chosen, over a line that says what it is."""
        head = QHBoxLayout()
        head.addWidget(theme.label(title, "heading"))
        head.addStretch(1)
        words = f"Change the {title.lower()}"
        link = tool(f"train.{name}.change", words, "", self._goer(panel, page), "Change")
        head.addWidget(link)
        value = QLabel()
        value.setObjectName(f"train.{name}")
        value.setWordWrap(True)
        block = QVBoxLayout()
        block.setSpacing(0)
        block.addLayout(head)
        block.addWidget(value)
        column.addLayout(block)
        return value

    def _goer(self, panel: str, page: str) -> Callable[[], object]:
        return lambda: self.desk.context.show_panel(panel, page)

    def _foot(self) -> QVBoxLayout:
        outer = QVBoxLayout()
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(hairline())
        foot = QVBoxLayout()
        foot.setContentsMargins(theme.GROUP_GAP, theme.GAP, theme.GROUP_GAP, theme.GROUP_GAP)
        outer.addLayout(foot)
        foot.setSpacing(theme.GAP)
        self._rows = [FindingRow(number, self.desk) for number in range(_FINDINGS)]
        for row in self._rows:
            foot.addWidget(row)
        self._left = caption("train.finding.left")
        self._left.hide()
        foot.addWidget(self._left)
        self.name = QLineEdit()
        self.name.setObjectName("train.name")
        self.name.setAccessibleName("Name of the run")
        self.name.setMaxLength(120)
        self.name.textEdited.connect(self._rename)
        self.suggested = caption("train.name.suggested")
        self.suggested.setTextFormat(Qt.TextFormat.PlainText)
        self.suggested.hide()
        self.start = QPushButton("Start")
        self.start.setObjectName("train.start")
        self.start.setProperty("role", "primary")
        self.start.setMinimumHeight(theme.scaled(34))
        self.start.clicked.connect(self._start)
        foot.addWidget(self.name)
        foot.addWidget(self.suggested)
        foot.addWidget(self.start)
        return outer

    def set_start_shown(self, shown: bool) -> None:
        """Show what does not fit, the name and the start of a training of the whole network, or not."""
        self.foot.setVisible(shown)

    def showEvent(self, event: QShowEvent) -> None:
        """The data panel may have come upon files that cannot be read."""
        super().showEvent(event)
        self.desk.check_files()

    def press_start(self) -> None:
        """Start, if there is a button for it."""
        if not self.foot.isHidden():
            self.start.click()

    def _start(self) -> None:
        if self.desk.apart:
            self.desk.view_requested.emit("transfer")
        else:
            self.desk.start()

    def _rename(self, text: str) -> None:
        self.desk.name = text.strip()

    def _show_settings(self, settings: Any) -> None:
        plan = self.desk.trainer.plan
        if self.desk.trainer.active and plan is not None:
            # Those of the run that is on; what undo does meanwhile is seen after it.
            settings = plan.settings
        for section in self._sections:
            section.show_settings(settings)
        self._show_given()
        self._show_state()

    def _show_subject(self) -> None:
        desk, data = self.desk, self.desk.dataset
        self.data.setText("None yet" if data is None else f"{data.title} · {len(data.classes)} classes")
        self.name.setText(desk.name)
        self.main.show_checked(None)
        self._show_used()
        self._show_state()

    def _show_used(self) -> None:
        """The network and what images are brought to: as the run that is on, or the next, really has it."""
        desk, running, base = self.desk, self._running, self._base
        model = running.model if running is not None else base or desk.model
        words = "None yet" if model is None else f"{model.name} · {model.keras.count_params():,} parameters"
        if running is None and base is not None:
            words += "\nas a base, with a new classifier"
        self.model.setText(words)
        self.start_from.setVisible(desk.can_start_over and base is None)
        self.start_from.set_value(desk.start_from)
        self._show_given()

    @property
    def _base(self) -> OpenedModel | None:
        """The network that gets a new classifier: on the page on show, or in a training that begins."""
        plan = self.desk.trainer.plan
        if self.desk.trainer.active:
            return plan.base if plan is not None else None
        return self.desk.base

    @property
    def _running(self) -> Prepared | None:
        """What the training that is on really uses; None while nothing is trained."""
        trainer = self.desk.trainer
        return trainer.ready if trainer.active else None

    def _show_given(self) -> None:
        """What images are brought to, and what training does to them: as the run that is on really does."""
        desk, running, base = self.desk, self._running, self._base
        if running is not None:
            self.input.setText(used_words(running.input, desk.dataset))
            self.augmentation.setText(augmentation_words(running.settings.augmentation))
            return
        settings = desk.settings
        if base is not None:
            self.input.setText(base_words(settings.input, desk.dataset, base))
        else:
            self.input.setText(input_words(settings.input, desk.dataset, desk.model))
        words = augmentation_words(settings.augmentation)
        if base is not None and settings.augmentation is not None:
            words += "; none where features are extracted once"
        self.augmentation.setText(words)

    def _show_checked(self, checked: Checked | None) -> None:
        if checked is not None:
            self.main.show_checked(checked)
            names = ("to train", "to validate", "to test")
            counts = " · ".join(f"{n:,} {words}" for n, words in zip(checked.images, names, strict=True) if n)
            data = self.desk.dataset
            if data is not None:
                self.data.setText(f"{data.title} · {len(data.classes)} classes\n{counts}")
            self._show_findings(checked.findings)
        elif self.desk.model is None or self.desk.dataset is None:
            self._show_findings(())
        self._show_state()

    def _show_findings(self, findings: tuple[Finding, ...]) -> None:
        if self.desk.trainer.active or self.desk.apart:
            # They are about the next run: nothing of it can be changed now, or it is started elsewhere.
            findings = ()
        for number, row in enumerate(self._rows):
            row.say(findings[number] if number < len(findings) else None)
        left = len(findings) - len(self._rows)
        self._left.setText(f"and {left} more")
        self._left.setVisible(left > 0)

    def _show_state(self) -> None:
        desk = self.desk
        active, plan = desk.trainer.active, desk.trainer.plan
        if (active, desk.apart) != self._was:
            began_or_ended = active != self._was[0]
            self._was = (active, desk.apart)
            if began_or_ended:
                self._show_settings(desk.settings)
            self._show_used()
            self._show_findings(desk.last_check.findings if desk.last_check is not None else ())
        self.body.setEnabled(not active)
        named = plan.name if active and plan is not None else desk.suggested_name()
        room = self.name.width() - theme.scaled(24)
        fits = self.name.fontMetrics().horizontalAdvance(named) <= room
        self.name.setPlaceholderText(named if named and fits else "Name of the run")
        self.suggested.setText(f"Unless you name it: {named}" if not active else named)
        self.suggested.setVisible(bool(named) and not fits and (not desk.apart or active))
        self.name.setEnabled(not active)
        blocked = desk.last_check is None or any(f.severity == "error" for f in desk.last_check.findings)
        self.name.setVisible(not desk.apart or active)
        self.start.setEnabled(not active and (desk.apart or not blocked))
        if active:
            self.start.setText("Training …")
        elif desk.apart:
            self.start.setText("To the three ways of using a base")
        else:
            self.start.setText(
                "Start again" if desk.can_start_over and desk.start_from == "initial" else "Start"
            )
        self.start.setAccessibleName(self.start.text())


def input_words(given: InputSettings, data: Dataset | None, model: OpenedModel | None) -> str:
    """What images are brought to, in one line."""
    own = data.image_size if data is not None else None
    if given.size is not None:
        words = "{} × {}".format(*given.size)
    elif data is not None and own is None and (wanted := _wanted_size(model)) is not None:
        words = "{} × {}, as the network takes".format(*wanted)
    else:
        return "As the images are" + _COLOURS[given.channels]
    fit = "" if own is not None and given.size == own else f", {_FITS[given.fit]}"
    return words + fit + _COLOURS[given.channels]


def used_words(used: InputSettings, data: Dataset | None) -> str:
    """What a run really brings its images to."""
    own = data.image_size if data is not None else None
    if used.size is None:
        return "As the images are" + _COLOURS[used.channels]
    fit = "" if used.size == own else f", {_FITS[used.fit]}"
    return "{} × {}".format(*used.size) + fit + _COLOURS[used.channels]


def base_words(given: InputSettings, data: Dataset | None, base: OpenedModel) -> str:
    """The same for a new classifier on a base, which tells the size where it takes one only."""
    from convscope.engine.data.resize import InputSettings

    try:
        channels = base.input_shape[2]
    except UserError:
        return "As the images are"
    wanted = _wanted_size(base)
    size = wanted or given.size or (data.image_size if data is not None else None)
    words = used_words(InputSettings(size, 1 if channels == 1 else 3, given.fit), data)
    return words if wanted is None else words.replace(",", ", as the network takes,", 1)


def _wanted_size(model: OpenedModel | None) -> tuple[int, int] | None:
    """The one size that a network takes, if there is one."""
    if model is None:
        return None
    try:
        height, width, _channels = model.input_shape
    except UserError:
        return None
    return (height, width) if height and width else None


def augmentation_words(augmentation: Augmentation | None) -> str:
    """What is done to training images, in one line."""
    if augmentation is None:
        return "None"
    words = [
        text.format(written(getattr(augmentation, name)))
        for name, text, written in _AMOUNTS
        if getattr(augmentation, name)
    ]
    if augmentation.flip_horizontal or augmentation.flip_vertical:
        words.append("flips")
    return ", ".join(words)
