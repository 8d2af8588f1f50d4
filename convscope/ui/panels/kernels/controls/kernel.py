"""The kernel of the selected stage: its size, its cells, and what one does to it as a whole."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PySide6.QtCore import QSignalBlocker
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

from convscope.core.errors import UserError
from convscope.imaging.kernels.kernel import LEAST_DIVISOR, MAX_SIZE, MOST_DIVISOR, Kernel
from convscope.imaging.numerals import numeral
from convscope.ui import naming, theme
from convscope.ui.forms.form import caption, row, segmented, spin, tool, trimmed
from convscope.ui.panels.kernels.controls.section import LabSection
from convscope.ui.panels.kernels.view_models.kernels import KernelsViewModel
from convscope.ui.tables.kernel_grid import KernelGrid
from convscope.workspace.lab import Lab

COLOURS = ("Red", "Green", "Blue")


class KernelSection(LabSection):
    """Size, grid of weights, channel tabs of an RGB filter, and the row of tools."""

    def __init__(self, model: KernelsViewModel, parent: QWidget | None = None) -> None:
        super().__init__(model, parent)
        self.rows = spin("kernels.rows", "Kernel rows", 1, MAX_SIZE)
        self.columns = spin("kernels.columns", "Kernel columns", 1, MAX_SIZE)
        self.rows.valueChanged.connect(self._resize)
        self.columns.valueChanged.connect(self._resize)
        self.divisor = trimmed(
            "kernels.divisor", "Divisor: every weight is divided by it", LEAST_DIVISOR, MOST_DIVISOR
        )
        self.divisor.setToolTip("Every weight is divided by it: 9 makes the mean of nine ones")
        self.divisor.setMinimumWidth(theme.scaled(72))
        self.divisor.setMaximumWidth(theme.scaled(96))
        self.divisor.valueChanged.connect(self._divide)
        line = row(QLabel("Size"), self.rows, QLabel("×"), self.columns, None, QLabel("÷"), self.divisor)
        line.setSpacing(theme.GRID)
        self.column.addLayout(line)

        self.tabs = segmented(
            "kernels.channel",
            "Kernel of channel",
            [(str(index), name, f"The kernel for {name.lower()}") for index, name in enumerate(COLOURS)],
            wide=True,
        )
        self.tabs.set_value(str(model.kernel_channel.value))
        self.tabs.changed.connect(lambda value: model.kernel_channel.set(int(value)))
        self.column.addWidget(self.tabs)

        self.grid = naming.give(KernelGrid(), "kernels.grid", "Kernel weights")
        self.grid.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.grid.edited.connect(self._edited)
        self.grid.rejected.connect(lambda sentence: model.context.report(UserError(sentence)))
        self.column.addWidget(self.grid)

        self.facts = caption("kernels.facts")
        self.facts.setWordWrap(False)
        self.column.addWidget(self.facts)
        tools = row(spacing=theme.GRID)
        for name, says, icon, text, change in (
            ("transpose", "Transpose: rows become columns", "", "Aᵀ", Kernel.transposed),
            ("rotate", "Rotate by 90°", "rotate-cw", "", Kernel.rotated),
            ("flip", "Flip: turn by 180°, as convolution does", "refresh-cw", "", Kernel.flipped),
            (
                "normalise",
                "Normalise: divide by the sum, so that brightness stays",
                "sigma",
                "= 1",
                Kernel.normalised,
            ),
            ("zero_mean", "Zero mean: flat regions give 0", "sigma", "= 0", Kernel.zero_mean),
        ):
            label = says.split(":")[0].split(" by")[0]
            button = tool(f"kernels.{name}", says, icon, self._tool(label, change), text)
            tools.addWidget(button)
        tools.addStretch(1)
        self.column.addLayout(tools)

    @property
    def channel(self) -> int | None:
        """The channel whose kernel is shown, when there is one a channel."""
        return self.model.kernel_channel.value % 3 if len(self.model.lab.stage.kernels) == 3 else None

    @property
    def kernel(self) -> Kernel:
        """The kernel that is shown."""
        return self.model.lab.stage.kernels[self.channel or 0]

    def show_lab(self, lab: Lab) -> None:
        """Bring size, grid and tabs in line with the selected stage."""
        self.tabs.setVisible(len(lab.stage.kernels) == 3)
        self.tabs.set_value(str(self.channel or 0))
        kernel = self.kernel
        for box, number in zip((self.rows, self.columns), kernel.shape, strict=True):
            with QSignalBlocker(box):
                box.setValue(number)
        with QSignalBlocker(self.divisor):
            self.divisor.setValue(kernel.divisor)
        self.grid.set_kernel(kernel)
        rank = int(np.linalg.matrix_rank(kernel.weights, tol=1e-6 * max(1e-30, np.abs(kernel.weights).max())))
        kind = "  ·  separable" if rank == 1 and min(kernel.shape) > 1 else ""
        self.facts.setText(f"{kernel.name}  ·  sum {sum_words(kernel)}{kind}")

    def set_kernel(self, kernel: Kernel, label: str, merge: str | None = None) -> bool:
        """One undoable step to another kernel, for the shown channel or for all."""
        return self.model.edit(label, lambda lab: lab.with_kernel(kernel, self.channel), merge)

    def _edited(self, kernel: Kernel, merge: str) -> None:
        self.set_kernel(kernel, "Edit weights", merge)

    def _resize(self) -> None:
        kernel = self.kernel.resized(self.rows.value(), self.columns.value())

        def change(lab: Lab) -> Lab:
            # The kernels of an RGB filter have one size, so that the others are resized, not replaced.
            kernels = [old.resized(*kernel.shape) for old in lab.stage.kernels]
            return lab.with_stage(kernels=tuple(kernels))

        self.model.edit("Resize kernel", change, "size")

    def _divide(self, divisor: float) -> None:
        self.model.edit(
            "Change divisor", lambda lab: lab.with_kernel(self.kernel.over(divisor), self.channel), "divisor"
        )

    def _tool(self, label: str, change: Callable[[Kernel], Kernel]) -> Callable[[], object]:
        def run() -> None:
            self.model.edit(label, lambda lab: lab.with_kernel(change(self.kernel), self.channel))

        return run


def sum_words(kernel: Kernel) -> str:
    """The sum of the weights: "0"; over a divisor "9/9 = 1"."""
    total = numeral(round(float(kernel.weights.sum()), 9))
    if kernel.divisor == 1:
        return total
    return f"{numeral(round(float(kernel.numerators.sum()), 9))}/{numeral(kernel.divisor)} = {total}"
