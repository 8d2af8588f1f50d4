"""One dimension: a sequence and weights as bars, the window sliding (curriculum 3)."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtWidgets import (
    QComboBox,
    QGridLayout,
    QLineEdit,
    QSlider,
    QSpinBox,
    QWidget,
)

from convscope.ui import naming, theme
from convscope.ui.canvas.formula import FormulaLabel
from convscope.ui.forms.form import (
    as_panel,
    caption,
    choose,
    combo,
    heading,
    named,
    row,
    scrolling,
    segmented,
    spin,
    tool,
    vertical,
)
from convscope.ui.forms.wheel import wheel_needs_focus
from convscope.ui.panel_context import PanelContext
from convscope.ui.panels.kernels.controls.column import WIDTH
from convscope.ui.panels.kernels.controls.operation import BORDER_WORDS, tell_borders
from convscope.ui.panels.kernels.view_models.frame import LabFrame, LabRefused
from convscope.ui.panels.kernels.view_models.kernels import KernelsViewModel
from convscope.ui.panels.kernels.view_models.sequence import SequenceViewModel
from convscope.ui.panels.kernels.views.view import View
from convscope.ui.plots.bars import BarsView

MODE_WORDS = {
    "correlate": "Cross-correlation: the weights as they are – what a convnet computes.",
    "convolve": "Convolution: the weights turned round first.",
}


class SequenceView(View):
    """Typed numbers; nothing here depends on the image, nor on the kernel of the lab.

    So its own settings stand in the left column, where the lab's would be: there is one switch for what the
    weights do.
    """

    name = "sequence"
    has_chain = False

    def __init__(self, context: PanelContext, lab: KernelsViewModel, parent: QWidget | None = None) -> None:
        super().__init__(context, lab, parent)
        self.model = SequenceViewModel(context)
        self.controls = self._build_controls()
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
            bars = naming.give(BarsView(), f"kernels.sequence.{name}_bars", says)
            self.bars[name] = bars
            charts.addWidget(bars, at, 1)
            charts.setRowStretch(at, 1)
        self.column.addLayout(charts, 1)
        self.bars["output"].clicked.connect(lambda index: self.model.go(index))
        naming.give(self.position, "kernels.sequence.position", "Output in hand")
        wheel_needs_focus(self.position)
        self.position.valueChanged.connect(self.model.go)
        self.back = tool("kernels.sequence.back", "One step back", "step-back", lambda: self.step(-1))
        self.forward = tool(
            "kernels.sequence.forward", "One step forward", "step-forward", lambda: self.step(1)
        )
        bar = row(self.back, self.forward, self.position)
        bar.setStretch(2, 1)
        self.column.addLayout(bar)
        self.sum = FormulaLabel("kernels.sequence.sum", "The sum written out")
        self.sum.setFont(theme.font(13, mono=True))
        self.column.addWidget(self.sum)
        self._show()
        context.listen(self.model.changed, self._show)

    def show_frame(self, frame: LabFrame) -> None:
        """Nothing to take from the image."""

    def show_refused(self, refused: LabRefused) -> None:
        """Nothing to take from the lab."""

    def step(self, by: int) -> None:
        """The next output, or the one before."""
        self.model.go(self.model.output + by)

    def _show(self) -> None:
        """The controls in line, and what the window gives."""
        asked, sums = self.model.settings.value, self.model.sums
        for line, text in ((self.sequence, asked.sequence), (self.weights, asked.weights)):
            if line.text() != text:
                with QSignalBlocker(line):
                    line.setText(text)
        self.mode.set_value(asked.mode)
        self.words.setText(MODE_WORDS[asked.mode])
        choose(self.border, asked.border)
        with QSignalBlocker(self.stride):
            self.stride.setValue(asked.stride)
        self.say(self.model.problem)
        for widget in (self.position, self.back, self.forward):
            widget.setEnabled(sums is not None)
        if sums is None:
            for bars in self.bars.values():
                bars.set_bars(())
                bars.clear_window()
            for label in (self.sum, self.rule, self.length):
                label.set_formula("")
            return
        k = self.model.output
        with QSignalBlocker(self.position):
            self.position.setRange(0, len(sums.output) - 1)
            self.position.setValue(k)
        self.rule.set_formula(sums.rule)
        self.length.set_formula(f"length {sums.size}")
        self.bars["input"].set_bars(sums.padded, quiet=(sums.before, sums.after))
        self.bars["input"].set_window(k * sums.stride, len(sums.weights))
        self.bars["kernel"].set_bars(sums.weights, sums.weight_names)
        self.bars["output"].set_bars(sums.output, [f"c[{i}]" for i in range(len(sums.output))])
        self.bars["output"].set_window(k, 1)
        self.sum.set_formula(sums.written(k))

    def _build_controls(self) -> QWidget:
        holder = QWidget()
        column = vertical(holder, margins=theme.GROUP_GAP)
        self.sequence = self._line("sequence", "Sequence s", "Type the sequence")
        self.weights = self._line("weights", "Weights w", "Type the weights")
        self.mode = segmented(
            "kernels.sequence.mode",
            "Mode",
            (
                ("correlate", "Cross-correlation", MODE_WORDS["correlate"]),
                ("convolve", "Convolution", MODE_WORDS["convolve"]),
            ),
            wide=True,
        )
        self.mode.changed.connect(lambda value: self.model.edit("Change mode", mode=value))
        self.words = caption("kernels.sequence.mode_words")
        self.border: QComboBox = combo("kernels.sequence.border", "Border", BORDER_WORDS)
        tell_borders(self.border)
        self.border.currentIndexChanged.connect(
            lambda _index: self.model.edit("Change border", border=self.border.currentData())
        )
        self.stride: QSpinBox = spin("kernels.sequence.stride", "Stride", 1, 8)
        self.stride.valueChanged.connect(
            lambda value: self.model.edit("Change stride", "stride", stride=value)
        )
        self.rule = FormulaLabel("kernels.sequence.rule", "Every sum, written out")
        self.length = FormulaLabel("kernels.sequence.formula", "Length of the output, written out")
        column.addWidget(heading("Sequence s"))
        column.addWidget(self.sequence)
        column.addWidget(heading("Weights w"))
        column.addWidget(self.weights)
        self.message.setProperty("role", "warning")
        column.addWidget(self.message)
        column.addWidget(heading("Operation"))
        for widget in (self.mode, self.words):
            column.addWidget(widget)
        column.addLayout(named("Border", self.border))
        column.addLayout(named("Stride", self.stride))
        column.addWidget(heading("Formula"))
        column.addWidget(self.rule)
        column.addWidget(self.length)
        column.addStretch(1)
        scroll = scrolling(holder, "kernels.sequence.scroll")
        scroll.setObjectName("kernels.sequence.controls")
        scroll.setAccessibleName("Sequence, weights and how they slide")
        scroll.setFrameShape(scroll.Shape.NoFrame)
        scroll.setFixedWidth(theme.scaled(WIDTH))
        as_panel(scroll)
        return scroll

    def _line(self, name: str, title: str, label: str) -> QLineEdit:
        line = naming.give(QLineEdit(), f"kernels.sequence.{name}", title)
        line.setFont(theme.font(12, mono=True))
        line.textChanged.connect(lambda text: self.model.edit(label, name, **{name: text}))
        return line
