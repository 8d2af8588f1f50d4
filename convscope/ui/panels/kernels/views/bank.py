"""A filter bank: several kernels on one image, one map each."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QSignalBlocker
from PySide6.QtWidgets import QComboBox, QLabel, QWidget

from convscope.core.task import Task
from convscope.imaging.image import Image
from convscope.imaging.kernels import BANKS, bank
from convscope.imaging.kernels.kernel import Kernel
from convscope.imaging.lab.convolve import correlate
from convscope.imaging.lab.display import Scale, to_bytes
from convscope.imaging.lab.operation import DisplayMode, Operation
from convscope.imaging.lab.stage import sliding_weights
from convscope.imaging.lab.suited import is_table, suited_display
from convscope.ui import theme
from convscope.ui.canvas.mosaic_view import MosaicView
from convscope.ui.forms.form import caption, choose, combo, row, slider
from convscope.ui.panel_context import PanelContext
from convscope.ui.panels.kernels.frame import Frame, Refused
from convscope.ui.panels.kernels.views.view import View
from convscope.workspace.lab import Lab

# A map is drawn a few hundred pixels wide: of a larger one every second, third … pixel is shown.
LARGEST = 512


# Of the displays that suit the kernels of a set, the last of these shows all.
SUITS: tuple[DisplayMode, ...] = ("clip", "stretch", "abs", "signed")


@dataclass(frozen=True)
class Chosen:
    """Which kernels, as undo remembers them.

    Attributes:
        key: of the set.
        orientations: how many directions of the Gabor family.
    """

    key: str = next(iter(BANKS))
    orientations: int = 6


@dataclass(frozen=True, eq=False)
class Maps:
    """A bank's maps as pictures, uint8 h×w each on one scale; `size`: of a map before it was thinned out."""

    kernels: tuple[Kernel, ...]
    pictures: list[NDArray[np.uint8]]
    size: tuple[int, ...]
    display: DisplayMode
    scale: Scale


class BankView(View):
    """A named set of kernels on the source; a click makes one of them the kernel."""

    name = "bank"
    shows_result = True

    def __init__(self, context: PanelContext, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self._given: tuple[Image, Lab] | None = None
        self._asked: tuple[Any, ...] = ()
        self._set = context.workspace.part("kernels.bank", Chosen(), self.scope)
        self.kernels: tuple[Kernel, ...] = ()
        sets = [(one.key, one.title) for one in BANKS.values()]
        self.choice = combo("kernels.bank.set", "Set of kernels", sets, "Kernels")
        self.choice.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.choice.currentIndexChanged.connect(
            lambda _index: self._edit("Choose a set of kernels", key=self.choice.currentData())
        )
        self.sentence = caption("kernels.bank.sentence")
        self.orientations = slider("kernels.bank.orientations", "Directions of the Gabor family", 1, 16)
        self.orientations.setMaximumWidth(theme.scaled(140))
        self.orientations.valueChanged.connect(
            lambda value: self._edit("Change the directions", "directions", orientations=value)
        )
        self.count = QLabel()
        self.count.setObjectName("kernels.bank.count")
        self.turns = QLabel("Directions")
        self.turns.setBuddy(self.orientations)
        label = QLabel("Set of kernels")
        label.setBuddy(self.choice)
        head = row(label, self.choice, self.sentence, self.turns, self.orientations, self.count)
        head.setStretch(2, 1)
        self.column.addLayout(head)
        self.maps = MosaicView()
        self.maps.setObjectName("kernels.bank.maps")
        self.maps.setAccessibleName("One map for each kernel")
        self.maps.chosen.connect(self._chosen)
        self.column.addWidget(self.maps, 1)
        self.column.addWidget(self.message)
        self._show_set(self._set.value)
        self._set.changed.connect(self._show_set)

    def shutdown(self) -> None:
        """Take no more events."""
        self._set.changed.disconnect(self._show_set)

    def show_frame(self, frame: Frame) -> None:
        """The bank on the selected stage's input, with its border, stride and mode."""
        self._given = (frame.result.source, frame.lab)
        self._request()

    def show_refused(self, refused: Refused) -> None:
        """Its own kernels may fit where the lab's does not."""
        if refused.given is None:
            self._given = None
            self.stop_work()
            self.clear()
            self.say("")
        else:
            self._given = (refused.given, refused.lab)
            self._request()

    def clear(self) -> None:
        """No maps."""
        self._asked, self.kernels, self.scale = (), (), None
        self.maps.set_maps([])
        self.count.setText("")
        self.rescaled.emit()

    def _edit(self, label: str, merge: str | None = None, **changes: Any) -> None:
        self._set.edit(replace(self._set.value, **changes), label, merge)

    def _show_set(self, chosen: Chosen) -> None:
        choose(self.choice, chosen.key)
        with QSignalBlocker(self.orientations):
            self.orientations.setValue(chosen.orientations)
        for widget in (self.turns, self.orientations):
            widget.setVisible(chosen.key == "gabor")
        self.sentence.setText(BANKS[chosen.key].sentence)
        self._request()

    def _request(self) -> None:
        if self._given is None:
            return
        image, lab = self._given
        key, directions = self._set.value.key, self._set.value.orientations
        operation, chosen = lab.stage, lab.display if lab.chosen else None
        settings = (operation.mode, operation.border, operation.dilation, chosen)
        asked = (image, key, directions, *settings)
        if len(asked) == len(self._asked) and asked[0] is self._asked[0] and asked[1:] == self._asked[1:]:
            return
        self._asked = asked

        def compute(task: Task) -> Maps:
            kernels = bank(key, orientations=directions) if key == "gabor" else bank(key)
            source = image.gray
            step = max(1, max(source.values.shape) // LARGEST)
            thin, ends, size = [], [], source.values.shape
            for kernel in kernels:
                task.check()
                weights = sliding_weights(Operation(kernels=(kernel,), mode=operation.mode))[0]
                found = correlate(source.values, weights, operation.border, 1, operation.dilation, task=task)
                size = found.shape
                ends += [float(found.min()), float(found.max())]
                thin.append(found[::step, ::step].copy())
            suited = (suited_display((Operation(kernels=(kernel,)),)) for kernel in kernels)
            fit: DisplayMode = "stretch" if is_table(source) else max(suited, key=SUITS.index)
            display = fit if chosen is None else chosen
            # One scale for all maps, so that they can be compared.
            drawn = [to_bytes(values, display, extremes=(min(ends), max(ends))) for values in thin]
            return Maps(kernels, [pixels for pixels, _scale in drawn], size, display, drawn[0][1])

        self.work(compute, self._show)

    def _show(self, found: Maps) -> None:
        self.kernels = found.kernels
        sizes = [found.size] * len(found.pictures)
        self.maps.set_maps(found.pictures, [describe(kernel) for kernel in self.kernels], sizes=sizes)
        self.count.setText(f"{len(self.kernels)} maps")
        self.set_scale(found.display, found.scale.low, found.scale.high)

    def _chosen(self, index: int) -> None:
        kernel = self.kernels[index]
        workspace = self.context.workspace
        workspace.edit_lab(workspace.lab.with_kernel(kernel), f"Choose {describe(kernel)}")


def describe(kernel: Kernel) -> str:
    """A kernel in a caption: its name, and what of its parameters tells it from its neighbours."""
    values = dict(kernel.parameters)
    if kernel.preset == "gabor":
        return f"θ {values['theta']:g}°  λ {values['wavelength']:g}"
    return kernel.name
