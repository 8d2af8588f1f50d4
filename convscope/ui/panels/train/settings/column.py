"""The left column: what is trained on what and how, what does not fit, and the start."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from convscope.ui import theme
from convscope.ui.forms.fold import Fold
from convscope.ui.forms.form import as_panel, caption, hairline, room_for, tool
from convscope.ui.forms.segmented import Segmented
from convscope.ui.layout.scroll_column import ScrollColumn
from convscope.ui.panels.train.plan import SettingsCheck
from convscope.ui.panels.train.settings.declared import MAIN, SECTIONS, follows_words, schedule_words
from convscope.ui.panels.train.settings.settings_form import SettingsForm
from convscope.ui.panels.train.view_model import TrainViewModel

if TYPE_CHECKING:
    from convscope.engine.training.checks import Finding

WIDTH = 300
# More findings than these are counted, not shown.
_FINDINGS = 3


_DETAIL_LINES = 25


class SettingsColumn(QWidget):
    """Everything that is decided before a run starts."""

    def __init__(self, view_model: TrainViewModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("train.controls")
        as_panel(self)
        self.setFixedWidth(theme.scaled(WIDTH))
        self.view_model = view_model
        self._sections: list[SettingsForm] = []
        self._checked: SettingsCheck | None = None
        self._folds: dict[str, Fold] = {}
        self._was = (False, False)
        self._build()
        for signal, show in (
            (view_model.settings_changed, self._show_settings),
            (view_model.subject_changed, self._show_subject),
            (view_model.named.changed, self._show_name),
            (view_model.open_sections.changed, self._show_folds),
            (view_model.base_changed, self._show_used),
            (view_model.trainer.prepared, self._show_used),
            (view_model.checked, self._show_checked),
            (view_model.trainer.state_changed, self._show_state),
        ):
            view_model.context.listen(signal, show)
        self._show_folds()
        self.name.setText(view_model.named.value)
        self._show_settings(view_model.settings)
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
        self.start_from.changed.connect(self.view_model.set_start_from)
        column.addWidget(self.start_from)
        self.data = self._subject(column, "data", "Data", "data")
        # The counts come when the parts are known.
        room_for(self.data, 3, 13)
        self.input = self._subject(column, "input", "Input", "data", "input")
        self.augmentation = self._subject(column, "augmentation", "Augmentation", "data", "augmentation")
        column.addWidget(hairline())
        self.follows = caption("train.follows")
        self.schedule = caption("train.schedule.words")
        column.addWidget(self._section(MAIN))
        column.addWidget(self.follows)
        column.addWidget(hairline())
        more = self._fold("", "More")
        for name, title, paths in SECTIONS:
            fold = self._fold(name, title)
            fold.column.addWidget(self._section(paths))
            if name == "schedule":
                fold.column.addWidget(self.schedule)
            more.column.addWidget(fold)
        column.addWidget(more)
        column.addStretch(1)
        area.setWidget(self.body)
        outer.addWidget(area, 1)
        self.foot = QWidget()
        self.foot.setLayout(self._foot())
        outer.addWidget(self.foot)

    def _fold(self, name: str, title: str) -> Fold:
        """A section that is as open as it was left; "" is the one around all others."""
        fold = Fold(f"train.more.{name}".rstrip("."), title)
        fold.button.clicked.connect(lambda: self.view_model.note_fold(name, fold.is_open))
        self._folds[name] = fold
        return fold

    def _section(self, paths: tuple[str, ...]) -> SettingsForm:
        self._sections.append(SettingsForm(self.view_model, paths))
        return self._sections[-1]

    def _show_folds(self, _open: object = None) -> None:
        for name, fold in self._folds.items():
            fold.set_open(name in self.view_model.open_sections.value)

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
        return lambda: self.view_model.context.show_panel(panel, page)

    def _foot(self) -> QVBoxLayout:
        outer = QVBoxLayout()
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(hairline())
        foot = QVBoxLayout()
        foot.setContentsMargins(theme.GROUP_GAP, theme.GAP, theme.GROUP_GAP, theme.GROUP_GAP)
        outer.addLayout(foot)
        foot.setSpacing(theme.GAP)
        self._rows = [FindingRow(number, self.view_model) for number in range(_FINDINGS)]
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
        super().showEvent(event)
        # The data panel may have come upon files that cannot be read.
        self.view_model.check_files()

    def press_start(self) -> None:
        """Start, if there is a button for it."""
        if not self.foot.isHidden():
            self.start.click()

    def _start(self) -> None:
        if self.view_model.new_classifier:
            self.view_model.show("transfer")
        else:
            self.view_model.start()

    def _rename(self, text: str) -> None:
        self.view_model.named.set(text.strip())

    def _show_name(self, name: str) -> None:
        if name != self.name.text().strip():
            self.name.setText(name)

    def _show_settings(self, settings: Any) -> None:
        plan = self.view_model.trainer.plan
        if self.view_model.trainer.active and plan is not None:
            # Those of the run that is on; what undo does meanwhile is seen after it.
            settings = plan.settings
        for section in self._sections:
            section.show_settings(settings)
        self.schedule.setText(schedule_words(settings))
        self._show_follows()
        self._show_given()
        self._show_state()

    def _show_subject(self) -> None:
        self.data.setText(self.view_model.data_words)
        self._checked = None
        self._show_follows()
        self._show_used()
        self._show_state()

    def _show_used(self, _prepared: object = None) -> None:
        """The network and what images are brought to: as the run that is on, or the next, really has it."""
        view_model = self.view_model
        self.model.setText(view_model.model_words)
        self.start_from.setVisible(view_model.can_start_over and view_model.base_in_use is None)
        self.start_from.set_value(view_model.start_from)
        self._show_given()

    def _show_given(self) -> None:
        self.input.setText(self.view_model.input_words)
        self.augmentation.setText(self.view_model.augmentation_words)

    def _show_checked(self, checked: SettingsCheck | None) -> None:
        if checked is not None:
            self._checked = checked
            self._show_follows()
            self.data.setText(self.view_model.data_words)
            self._show_findings()
        elif self.view_model.model is None or self.view_model.dataset is None:
            self._show_findings()
        self._show_state()

    def _show_follows(self) -> None:
        # Nothing is said while it is counted anew: what stands there is of a moment ago.
        if self._checked is not None:
            self.follows.setText(follows_words(self.view_model.settings, self._checked))

    def _show_findings(self) -> None:
        findings = self.view_model.findings
        for number, row in enumerate(self._rows):
            row.say(findings[number] if number < len(findings) else None)
        left = len(findings) - len(self._rows)
        self._left.setText(f"and {left} more")
        self._left.setVisible(left > 0)

    def _show_state(self, _state: object = None) -> None:
        view_model = self.view_model
        active, plan = view_model.trainer.active, view_model.trainer.plan
        if (active, view_model.new_classifier) != self._was:
            began_or_ended = active != self._was[0]
            self._was = (active, view_model.new_classifier)
            if began_or_ended:
                self._show_settings(view_model.settings)
            self._show_used()
            self._show_findings()
        self.body.setEnabled(not active)
        named = plan.name if active and plan is not None else view_model.suggested_name()
        room = self.name.width() - theme.scaled(24)
        fits = self.name.fontMetrics().horizontalAdvance(named) <= room
        self.name.setPlaceholderText(named if named and fits else "Name of the run")
        self.suggested.setText(f"Unless you name it: {named}" if not active else named)
        self.suggested.setVisible(bool(named) and not fits and (not view_model.new_classifier or active))
        self.name.setEnabled(not active)
        self.name.setVisible(not view_model.new_classifier or active)
        self.start.setEnabled(view_model.can_start)
        if active:
            self.start.setText("Training …")
        elif view_model.new_classifier:
            self.start.setText("Go to Pretrained")
        else:
            self.start.setText(
                "Start again" if view_model.can_start_over and view_model.start_from == "initial" else "Start"
            )
        self.start.setAccessibleName(self.start.text())


class FindingRow(QWidget):
    """A sentence in the colour of how bad it is, over the button that does it.

    Args:
        number: its place in the list, for its name "train.finding.NUMBER".
        view_model: does what is offered.
    """

    def __init__(self, number: int, view_model: TrainViewModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(f"train.finding.{number}")
        self._view_model = view_model
        self._finding: Finding | None = None
        self._text = QLabel()
        self._text.setObjectName(f"train.finding.{number}.text")
        self._text.setWordWrap(True)
        self._fix = QPushButton()
        self._fix.setObjectName(f"train.finding.{number}.mend")
        self._fix.clicked.connect(self._apply)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.GRID)
        column.addWidget(self._text)
        column.addWidget(self._fix)
        self.hide()

    def say(self, finding: Finding | None) -> None:
        """Show a finding, or nothing."""
        self._finding = finding
        if finding is not None:
            self._text.setText(finding.text)
            self._text.setToolTip(_first_lines(finding.detail))
            self._fix.setVisible(finding.fix is not None)
            if finding.fix is not None:
                self._fix.setText(finding.fix.text)
                self._fix.setAccessibleName(finding.fix.text)
            self._tint()
        self.setVisible(finding is not None)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and self._finding is not None:
            self._tint()

    def _tint(self) -> None:
        assert self._finding is not None
        colours = theme.tokens()
        colour = colours.bad if self._finding.severity == "error" else colours.warning
        self._text.setStyleSheet(f"color: {colour}; font-size: {theme.scaled(12)}px;")

    def _apply(self) -> None:
        if self._finding is not None and self._finding.fix is not None:
            self._view_model.fix(self._finding.fix)


def _first_lines(text: str) -> str:
    """No more than a screen holds."""
    lines = text.splitlines()
    more = len(lines) - _DETAIL_LINES
    return "\n".join([*lines[:_DETAIL_LINES], f"and {more:,} more"]) if more > 0 else text
