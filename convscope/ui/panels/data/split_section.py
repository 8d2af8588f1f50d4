"""How the images are split into training, validation and test."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, QSignalBlocker, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QCheckBox, QSizePolicy, QSpinBox, QWidget

from convscope.core.errors import UserError
from convscope.ui import naming, theme
from convscope.ui.forms.form import caption, heading, spin, text_line, under_captions, vertical
from convscope.ui.panel_context import PanelContext
from convscope.ui.panels.data.words import PART_WORDS

if TYPE_CHECKING:
    from convscope.engine.data.dataset import Dataset


class PartsBar(QWidget):
    """Three parts as one bar, each with its name and count below."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        naming.give(self, "data.split.bar", "Training, validation and test")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._counts: tuple[int, ...] = (0, 0, 0)

    def set_counts(self, counts: tuple[int, ...]) -> None:
        """Images in each part, in the order of `PART_WORDS`."""
        self._counts = counts
        self.setAccessibleDescription(
            ", ".join(f"{words} {count:,}" for words, count in zip(PART_WORDS.values(), counts, strict=True))
        )
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(theme.scaled(200), theme.scaled(26))

    def paintEvent(self, event: QPaintEvent) -> None:
        colours = theme.tokens()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(theme.font(11))
        total = max(1, sum(self._counts))
        high = theme.scaled(8)
        x = 0.0
        place = painter.fontMetrics()
        shades = (QColor(colours.accent), QColor(theme.SERIES[1]), QColor(theme.SERIES[2]))
        ends = (Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignHCenter, Qt.AlignmentFlag.AlignRight)
        for count, shade, words, end in zip(self._counts, shades, PART_WORDS.values(), ends, strict=True):
            width = self.width() * count / total
            if count:
                painter.fillRect(QRectF(x, 0, max(1.0, width - 1), high), shade)
            x += width
            text = f"{words} {count:,}"
            dot = theme.scaled(6)
            wide = place.horizontalAdvance(text) + dot + 4
            left = {ends[0]: 0.0, ends[1]: (self.width() - wide) / 2, ends[2]: float(self.width() - wide)}[
                end
            ]
            middle = (self.height() + high) / 2 + 1
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(shade)
            painter.drawEllipse(QRectF(left, middle - dot / 2, dot, dot))
            painter.setPen(QColor(colours.secondary))
            line = QRectF(left + dot + 4, high + 2, wide, self.height() - high - 2)
            painter.drawText(line, Qt.AlignmentFlag.AlignVCenter, text)
        painter.end()


class SplitSection(QWidget):
    """The shares and the seed. A part that comes with the data stays as it is."""

    def __init__(self, context: PanelContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._dataset: Dataset | None = None
        column = vertical(self)
        self.bar = PartsBar()
        self.validation = spin("data.split.validation", "Validation share in per cent", 0, 90)
        self.test = spin("data.split.test", "Test share in per cent", 0, 90)
        self.seed = spin("data.split.seed", "Seed of the split", 0, 2**31 - 1)
        for box in (self.validation, self.test):
            box.setSuffix(" %")
            box.setSingleStep(5)
        for box in (self.validation, self.test, self.seed):
            box.valueChanged.connect(self._edited)
        self.words = caption("data.split.words")
        self.together = QCheckBox("Copies in one part")
        self.together.setObjectName("data.keep_together")
        self.together.setAccessibleName("Keep images of one picture in one part")
        self.together.setToolTip(
            "Images of equal pixels and near duplicates are kept in one part: a network is not tested on "
            "what it has learned. “Find duplicates” tells which they are."
        )
        self.together.toggled.connect(self._set_together)
        self.problem = text_line("data.split.problem", "warning")
        self.problem.hide()
        column.addWidget(heading("Split"))
        column.addWidget(self.bar)
        column.addLayout(
            under_captions(("Validation", self.validation), ("Test", self.test), ("Seed", self.seed))
        )
        column.addWidget(self.words)
        column.addWidget(self.together)
        column.addWidget(self.problem)
        context.listen(context.workspace.data_settings_changed, self._show_together)

    def show_dataset(self, dataset: Dataset) -> None:
        """Bring the controls in line; emits nothing."""
        self._dataset = dataset
        settings = dataset.split_settings
        fixed_validation, fixed_test = len(dataset.given.validation) > 0, len(dataset.given.test) > 0
        for box, value, fixed, part in (
            (self.validation, settings.validation, fixed_validation, "validation"),
            (self.test, settings.test, fixed_test, "test"),
        ):
            count = len(dataset.given.validation if part == "validation" else dataset.given.test)
            share = count / len(dataset) if fixed else value
            with QSignalBlocker(box):
                box.setValue(round(100 * share))
                box.setPrefix("" if abs(100 * share - box.value()) < 1e-9 else "≈ ")
            box.setEnabled(not fixed)
            box.setToolTip(
                f"The {part} part comes with the data and stays as it is."
                if fixed
                else f"Of every class this share is set apart for {part}."
            )
        with QSignalBlocker(self.seed):
            self.seed.setValue(settings.seed)
        self.seed.setEnabled(not (fixed_validation and fixed_test))
        self.seed.setToolTip("The same seed, the same split.")
        self.bar.set_counts(tuple(len(dataset.indices(name)) for name in PART_WORDS))
        given = [name for name, fixed in (("validation", fixed_validation), ("test", fixed_test)) if fixed]
        # Of files two may hold the same image, which is told as a duplicate.
        one = "file" if dataset.kind == "files" else "image"
        if len(given) == 2:
            self.words.setText(f"These parts come with the data. No {one} is in two of them.")
        else:
            first = f"The {given[0]} part comes with the data. " if given else ""
            self.words.setText(f"{first}Every class is split alike; no {one} is in two parts.")
        self.problem.hide()
        self._show_together()

    def _show_together(self, *_: object) -> None:
        with QSignalBlocker(self.together):
            self.together.setChecked(self._context.workspace.data_settings.together)

    def _set_together(self, on: bool) -> None:
        label = "Keep copies together" if on else "Split copies as other images"
        self._context.workspace.edit_data_settings(label, together=on)

    def _edited(self) -> None:
        dataset = self._dataset
        if dataset is None:
            return
        from convscope.engine.data.split import SplitSettings

        old, box = dataset.split_settings, self.sender()

        def told(share: QSpinBox, now: float) -> float:
            """What is shown in whole per cent may be finer: it stays so until it is turned itself."""
            return share.value() / 100 if share.isEnabled() and share.value() != round(100 * now) else now

        try:
            settings = SplitSettings(
                told(self.validation, old.validation), told(self.test, old.test), self.seed.value()
            )
        except UserError as error:
            self.problem.setText(error.message)
            self.problem.show()
            return

        self.problem.hide()
        # Turning one number is one step of undo.
        self._context.workspace.set_split(settings, box.objectName() if box is not None else None)
