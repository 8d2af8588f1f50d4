"""One dimension: a sequence and weights as bars, the window sliding (curriculum 3)."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtWidgets import QComboBox, QGridLayout, QLabel, QLineEdit, QSlider, QSpinBox, QWidget

from convscope.errors import UserError
from convscope.imaging.numbers import parse_table
from convscope.imaging.numerals import bracketed, numeral
from convscope.imaging.sequence import SlidingSum, slide
from convscope.ui import theme
from convscope.ui.panel_context import PanelContext
from convscope.ui.panels.kernels.frame import Frame
from convscope.ui.panels.kernels.operation_section import BORDER_WORDS
from convscope.ui.panels.kernels.view import View
from convscope.ui.widgets.bars import BarsView
from convscope.ui.widgets.form import combo, row, segmented, spin, tool
from convscope.ui.widgets.wheel import wheel_needs_focus

SEQUENCE = "0 0 1 1 1 0 2 4 2 0"
WEIGHTS = "1 2 1"
LONGEST = 200


class SequenceView(View):
    """Typed numbers; nothing here depends on the image."""

    name = "sequence"

    def __init__(self, context: PanelContext, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self.sums: SlidingSum | None = None
        self._length = 0
        self.sequence = self._line("sequence", "Sequence s", SEQUENCE)
        self.weights = self._line("weights", "Weights w", WEIGHTS)
        typed = row(QLabel("Sequence s"), self.sequence, QLabel("Weights w"), self.weights)
        typed.setStretch(1, 2)
        typed.setStretch(3, 1)
        self.column.addLayout(typed)
        self.mode = segmented(
            "kernels.sequence.mode",
            "Mode",
            (
                ("correlate", "Cross-correlation", "The weights as they are"),
                ("convolve", "Convolution", "The weights turned round first"),
            ),
        )
        self.mode.set_value("correlate")
        self.mode.changed.connect(lambda _value: self.compute())
        self.border: QComboBox = combo("kernels.sequence.border", "Border", BORDER_WORDS)
        self.border.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.border.currentIndexChanged.connect(lambda _index: self.compute())
        self.stride: QSpinBox = spin("kernels.sequence.stride", "Stride", 1, 8)
        self.stride.valueChanged.connect(lambda _value: self.compute())
        self.column.addLayout(
            row(self.mode, QLabel("Border"), self.border, QLabel("Stride"), self.stride, None)
        )
        self.position = QSlider(Qt.Orientation.Horizontal)
        self.bars: dict[str, BarsView] = {}
        charts = QGridLayout()
        charts.setSpacing(theme.GAP)
        charts.setColumnStretch(1, 1)
        for at, (name, title, says) in enumerate(
            (
                ("input", "s", "The sequence with its border"),
                ("kernel", "w", "The weights as they slide"),
                ("output", "c", "The sums"),
            )
        ):
            letter = theme.label(title, "title")
            letter.setToolTip(says)
            charts.addWidget(letter, at, 0)
            bars = BarsView()
            bars.setObjectName(f"kernels.sequence.{name}_bars")
            bars.setAccessibleName(says)
            self.bars[name] = bars
            charts.addWidget(bars, at, 1)
            charts.setRowStretch(at, 1)
        self.column.addLayout(charts, 1)
        self.bars["output"].clicked.connect(lambda index: self.position.setValue(index))
        self.position.setObjectName("kernels.sequence.position")
        self.position.setAccessibleName("Output in hand")
        wheel_needs_focus(self.position)
        self.position.valueChanged.connect(lambda _value: self._show())
        back = tool("kernels.sequence.back", "One step back", "step-back", lambda: self.step(-1))
        forward = tool("kernels.sequence.forward", "One step forward", "step-forward", lambda: self.step(1))
        bar = row(back, forward, self.position)
        bar.setStretch(2, 1)
        self.column.addLayout(bar)
        self.sum = QLabel()
        self.sum.setObjectName("kernels.sequence.sum")
        self.sum.setFont(theme.font(13, mono=True))
        self.sum.setWordWrap(True)
        self.sum.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.length = QLabel()
        self.length.setObjectName("kernels.sequence.formula")
        self.length.setProperty("role", "caption")
        self.column.addWidget(self.sum)
        self.column.addWidget(self.length)
        self.column.addWidget(self.message)
        for line in (self.sequence, self.weights):
            line.textChanged.connect(lambda _text: self.compute())
        self.compute()

    def show_frame(self, frame: Frame) -> None:
        """Nothing to take from the image."""

    def step(self, by: int) -> None:
        """The next output, or the one before."""
        self.position.setValue(self.position.value() + by)

    def compute(self) -> None:
        """Slide the weights over the sequence; both are short, so at once."""
        try:
            sequence, weights = (
                parse_table(line.text(), max_characters=10_000).ravel()
                for line in (self.sequence, self.weights)
            )
            if max(sequence.size, weights.size) > LONGEST:
                raise UserError(f"At most {LONGEST} numbers can be drawn as bars: use fewer.")
            self.sums = slide(
                sequence,
                weights,
                mode=self.mode.value,  # type: ignore[arg-type]
                border=self.border.currentData(),
                stride=self.stride.value(),
            )
        except UserError as error:
            self.say(error.message)
            return
        self.say("")
        with QSignalBlocker(self.position):
            self.position.setRange(0, len(self.sums.output) - 1)
        self._length = len(sequence)
        m, n, s = len(sequence), len(weights), self.sums.stride
        pad = len(self.sums.padded) - m
        if s == 1 and pad == 0:
            self.length.setText(f"length m − n + 1 = {m} − {n} + 1 = {len(self.sums.output)}")
        else:
            shown = f"({m} − {n} + {pad})/{s}"
            shown = f"⌊{shown}⌋" if (m - n + pad) % s else shown
            self.length.setText(f"length (m − n + 2P)/S + 1 = {shown} + 1 = {len(self.sums.output)}")
        self._show()

    def _show(self) -> None:
        sums = self.sums
        if sums is None:
            return
        k = self.position.value()
        start = k * sums.stride
        after = len(sums.padded) - sums.before - self._length
        self.bars["input"].set_bars(sums.padded, quiet=(sums.before, after))
        self.bars["input"].set_window(start, len(sums.weights))
        self.bars["kernel"].set_bars(sums.weights, [f"w[{t}]" for t in range(len(sums.weights))])
        self.bars["output"].set_bars(sums.output, [f"c[{i}]" for i in range(len(sums.output))])
        self.bars["output"].set_window(k, 1)
        terms = " + ".join(f"{numeral(value)}·{bracketed(weight)}" for value, weight in sums.terms(k))
        self.sum.setText(
            f"c[{k}] = Σ s[{'k' if sums.stride == 1 else f'{sums.stride}k'}+t]·w[t] = {terms} = "
            f"{numeral(float(sums.output[k]))}"
        )

    def _line(self, name: str, title: str, text: str) -> QLineEdit:
        line = QLineEdit(text)
        line.setObjectName(f"kernels.sequence.{name}")
        line.setAccessibleName(title)
        line.setFont(theme.font(12, mono=True))
        return line
