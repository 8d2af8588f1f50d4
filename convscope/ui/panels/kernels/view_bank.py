"""A filter bank: several kernels on one image, one map each."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtWidgets import QComboBox, QLabel, QWidget

from convscope.imaging.convolve import correlate
from convscope.imaging.display import to_bytes
from convscope.imaging.kernel import Kernel
from convscope.imaging.operation import Operation
from convscope.imaging.presets import BANKS, bank
from convscope.imaging.stage import sliding_weights
from convscope.task import Task
from convscope.ui import theme
from convscope.ui.panel_context import PanelContext
from convscope.ui.panels.kernels.frame import Frame
from convscope.ui.panels.kernels.view import View
from convscope.ui.widgets.form import caption, row, slider
from convscope.ui.widgets.mosaic_view import MosaicView
from convscope.ui.widgets.wheel import wheel_needs_focus

# A map is drawn a few hundred pixels wide: of a larger one every second, third … pixel is shown.
LARGEST = 512


class BankView(View):
    """A named set of kernels on the source; a click makes one of them the kernel."""

    name = "bank"

    def __init__(self, context: PanelContext, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self._frame: Frame | None = None
        self._asked: tuple[Any, ...] = ()
        self.kernels: tuple[Kernel, ...] = ()
        self.choice = QComboBox()
        self.choice.setObjectName("kernels.bank.set")
        self.choice.setAccessibleName("Set of kernels")
        wheel_needs_focus(self.choice)
        for one in BANKS.values():
            self.choice.addItem(one.title, one.key)
        self.choice.currentIndexChanged.connect(lambda _index: self._request())
        self.sentence = caption("kernels.bank.sentence")
        self.orientations = slider("kernels.bank.orientations", "Directions of the Gabor family", 1, 16)
        self.orientations.setValue(6)
        self.orientations.setMaximumWidth(theme.scaled(140))
        self.orientations.valueChanged.connect(lambda _value: self._request())
        self.count = QLabel()
        self.count.setObjectName("kernels.bank.count")
        head = row(self.choice, self.sentence, self.orientations, self.count)
        head.setStretch(1, 1)
        self.column.addLayout(head)
        self.maps = MosaicView()
        self.maps.setObjectName("kernels.bank.maps")
        self.maps.setAccessibleName("One map for each kernel")
        self.maps.chosen.connect(self._chosen)
        self.column.addWidget(self.maps, 1)
        self.column.addWidget(self.message)

    def show_frame(self, frame: Frame) -> None:
        """The bank on the selected stage's input, with its border, stride and mode."""
        self._frame = frame
        self._request()

    def _request(self) -> None:
        frame = self._frame
        if frame is None:
            return
        key = self.choice.currentData()
        directions = self.orientations.value()
        operation, mode = frame.lab.stage, frame.lab.display
        self.orientations.setVisible(key == "gabor")
        self.sentence.setText(BANKS[key].sentence)
        settings = (operation.mode, operation.border, operation.dilation, mode)
        asked = (frame.result.source, key, directions, *settings)
        if len(asked) == len(self._asked) and asked[0] is self._asked[0] and asked[1:] == self._asked[1:]:
            return
        self._asked = asked
        source = frame.result.source.gray.values if frame.result.source.channels == 3 else frame.source

        def compute(task: Task) -> tuple[tuple[Kernel, ...], list[NDArray[np.uint8]]]:
            kernels = bank(key, orientations=directions) if key == "gabor" else bank(key)
            step = max(1, max(source.shape) // LARGEST)
            pictures = []
            for kernel in kernels:
                task.check()
                weights = sliding_weights(Operation(kernels=(kernel,), mode=operation.mode))[0]
                found = correlate(source, weights, operation.border, 1, operation.dilation, task=task)
                pictures.append(to_bytes(found[::step, ::step], mode)[0])
            return kernels, pictures

        self.work(compute, self._show)

    def _show(self, found: tuple[tuple[Kernel, ...], list[NDArray[np.uint8]]]) -> None:
        self.kernels, pictures = found
        self.maps.set_maps(pictures, [describe(kernel) for kernel in self.kernels])
        self.count.setText(f"{len(self.kernels)} maps")

    def _chosen(self, index: int) -> None:
        kernel = self.kernels[index]
        session = self.context.session
        session.edit_lab(session.lab.with_kernel(kernel), f"Choose {describe(kernel)}")


def describe(kernel: Kernel) -> str:
    """A kernel in a caption: its name, and what of its parameters tells it from its neighbours."""
    values = dict(kernel.parameters)
    if kernel.preset == "gabor":
        return f"θ {values['theta']:g}°  λ {values['wavelength']:g}"
    return kernel.name
