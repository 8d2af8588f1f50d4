"""The chosen map's filter: its kernels as pictures and numbers, to try on the image, to change on a copy."""

from __future__ import annotations

from math import isfinite
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QSizePolicy, QSpacerItem, QWidget

from convscope.core.errors import UserError
from convscope.engine.interpret.activations.dead import why
from convscope.imaging.kernels.kernel import Kernel
from convscope.imaging.lab.operation import Operation
from convscope.imaging.numerals import numeral
from convscope.ui import naming, theme
from convscope.ui.canvas.mosaic_view import MosaicView
from convscope.ui.forms.form import caption, decimal, row, tool, vertical
from convscope.ui.panels.layers.kernel_pictures import KernelPictures, of_filter
from convscope.ui.tables.kernel_grid import KernelGrid

STRIP_HEIGHT = 92
GRID_HEIGHT = 132
MOST_SLICES = 512


class KernelPage(QWidget):
    """One filter.

    Signals:
        edited: filter, input index, the new weights (kh×kw), and the key of the gesture that changed them.
        bias_edited: filter and number.
        tried: an `Operation` for the kernel lab.
        rejected: why an edit cannot be, in a sentence.
        chosen: the input index of the kernel that a person wants to see.
    """

    edited = Signal(int, int, object, str)
    bias_edited = Signal(int, float)
    tried = Signal(object)
    rejected = Signal(str)
    chosen = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shown: KernelPictures | None = None
        self._channel = 0
        self._index = 0
        column = vertical(self)
        self.words = caption("layers.kernel_words")
        column.addWidget(self.words)
        self.slices = MosaicView()
        self.slices.setObjectName("layers.slices")
        self.slices.setAccessibleName("The filter's kernels, one for each input channel")
        self.slices.setFixedHeight(theme.scaled(STRIP_HEIGHT))
        self.slices.chosen.connect(self.chosen)
        column.addWidget(self.slices)
        self.slice_words = caption("layers.slice_words")
        column.addWidget(self.slice_words)
        self.grid = naming.give(KernelGrid(), "layers.kernel", "Weights of one kernel")
        self.grid.setMinimumHeight(theme.scaled(GRID_HEIGHT))
        self.grid.edited.connect(self._edit)
        column.addWidget(self.grid, 1)
        self.bias = decimal("layers.bias", "Bias of the filter", -1e6, 1e6, 5)
        self.bias.setPrefix("bias ")
        self.bias.valueChanged.connect(lambda value: self.bias_edited.emit(self._channel, value))
        self.try_button = tool(
            "layers.try_kernel",
            "Try this kernel on the image, in the kernel lab",
            "grid-3x3",
            self.try_it,
            "Try it",
        )
        column.addLayout(row(self.bias, None, self.try_button))
        # Without kernels the reason stands at the top.
        self._column, self._bottom = column, QSpacerItem(0, 0)
        column.addSpacerItem(self._bottom)
        self._parts = (self.slices, self.slice_words, self.grid, self.bias, self.try_button)
        self.show_kernels(None, 0)

    def show_kernels(
        self, shown: KernelPictures | None, channel: int, index: int = 0, whose: str = ""
    ) -> None:
        """Show one filter of a layer; None: the layer has none.

        Args:
            index: which of its inputs.
            whose: the other side of a comparison, whose weights are not edited; "" for the model on show.
        """
        # A cell that is being typed into was another layer's; it ends when it is hidden.
        with QSignalBlocker(self.grid), QSignalBlocker(self.bias):
            self._show(shown, channel, index, whose)

    def _show(self, shown: KernelPictures | None, channel: int, index: int, whose: str) -> None:
        self._shown = shown
        for widget in self._parts:
            widget.setVisible(shown is not None)
        if shown is None:
            self.words.setText("This layer has no kernels: choose a convolution.")
            self._bottom.changeSize(0, 0, QSizePolicy.Policy.Minimum, QSizePolicy.Policy.Expanding)
            self._column.invalidate()
            return
        self._bottom.changeSize(0, 0)
        kernels = shown.kernels
        self._index = min(index, kernels.inputs - 1)
        self._channel = min(channel, kernels.filters - 1)
        rows, columns = kernels.size
        inputs = f"{kernels.inputs} inputs" if kernels.inputs > 1 else "one input"
        of = f" of {kernels.path}" if kernels.path != shown.layer else ""
        side = f", {whose}" if whose else ""
        dead = f"; {why(kernels.sizes, self._channel)}" if kernels.dead[self._channel] else ""
        self.words.setText(f"filter {self._channel}{of}{side}: {rows}×{columns} weights on {inputs}{dead}")
        self._show_slices()
        bias = float(kernels.bias[self._channel])
        self.bias.setValue(bias if isfinite(bias) else 0.0)
        self.bias.setEnabled(bool(kernels.editable) and not whose and isfinite(bias))
        self.grid.setEnabled(bool(kernels.editable) and not whose)
        if whose:
            self.grid.setToolTip("The other side of the comparison; the current network's weights are edited")
        elif kernels.editable:
            self.grid.setToolTip("Type into a cell: you see what a copy of the network makes of it")
        else:
            self.grid.setToolTip(
                "The product of both steps of a separable convolution; it cannot be edited as one"
            )
        self._show_kernel()

    def operation(self) -> Operation:
        """The filter as a stage of the kernel lab: on colours all three kernels, else the chosen one.

        Raises:
            UserError: a kernel larger than the lab takes.
        """
        assert self._shown is not None
        kernels = self._shown.kernels
        name = f"{kernels.path} {self._channel}"
        if kernels.colours:
            order = (2, 1, 0) if kernels.colours == "bgr" else (0, 1, 2)
            three = tuple(Kernel(_exact(kernels.kernel(self._channel, index)), name) for index in order)
            return Operation(kernels=three, channels="filter")
        return Operation(
            kernels=(Kernel(_exact(kernels.kernel(self._channel, self._index)), name),), channels="gray"
        )

    def try_it(self) -> None:
        """Hand the kernel over to the lab."""
        if self._shown is not None:
            self.tried.emit(self.operation())

    def _show_slices(self) -> None:
        assert self._shown is not None
        kernels = self._shown.kernels
        pictures = of_filter(kernels, self._channel)[:MOST_SLICES]
        first = int(kernels.first[self._channel])
        if kernels.colours:
            captions = list("RGB" if kernels.colours == "rgb" else "BGR")
        else:
            captions = [str(first + index) for index in range(len(pictures))]
        self.slices.set_maps(list(pictures), captions)
        self.slices.setVisible(kernels.inputs > 1)
        self.slices.select(self._index)

    def show_slice(self, index: int) -> None:
        """Show the filter's kernel on another of its inputs."""
        if self._shown is not None and index != self._index and index < self._shown.kernels.inputs:
            self._index = index
            self.slices.select(index)
            self._show_kernel()

    def _show_kernel(self) -> None:
        assert self._shown is not None
        kernels = self._shown.kernels
        weights = kernels.kernel(self._channel, self._index)
        channel = int(kernels.first[self._channel]) + self._index
        total = numeral(float(weights.sum()), 4)
        self.slice_words.setText(f"on input channel {channel}; its weights add up to {total}")
        try:
            self.grid.set_kernel(_rounded(weights))
            self.grid.show()
        except UserError:
            # A kernel of more than 31 rows is a picture only.
            self.grid.hide()
        self.try_button.setEnabled(not self.grid.isHidden())

    def _edit(self, kernel: Kernel, gesture: str) -> None:
        assert self._shown is not None
        exact = _exact(self._shown.kernels.kernel(self._channel, self._index))
        if kernel.shape != exact.shape:
            rows, columns = exact.shape
            self.rejected.emit(
                f"The layer's kernels are {rows}×{columns}: another size would be another network."
            )
            self._show_kernel()
            return
        # What was only rounded for the eye keeps its last digits.
        untouched = kernel.weights == _rounded(exact).weights
        weights = np.where(untouched, exact, kernel.weights)
        self.edited.emit(self._channel, self._index, weights, gesture)


def _rounded(weights: NDArray[Any]) -> Kernel:
    """A kernel as its cells show it.

    Raises:
        UserError: more than 31 rows or columns.
    """
    return Kernel(np.asarray(np.round(np.asarray(weights, np.float64), 6), np.float64))


def _exact(weights: NDArray[np.float32]) -> NDArray[np.float64]:
    return weights.astype(np.float64)
