"""A filter bank: several kernels on one image, one map each."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker
from PySide6.QtWidgets import QComboBox, QLabel, QWidget

from convscope.imaging.kernels import BANKS
from convscope.ui import naming, theme
from convscope.ui.canvas.mosaic_view import MosaicView
from convscope.ui.forms.form import caption, choose, combo, row, slider
from convscope.ui.panel_context import PanelContext
from convscope.ui.panels.kernels.view_models.bank import BankMaps, BankSettings, BankViewModel, describe
from convscope.ui.panels.kernels.view_models.frame import LabFrame, LabRefused
from convscope.ui.panels.kernels.view_models.kernels import KernelsViewModel
from convscope.ui.panels.kernels.views.view import View


class BankView(View):
    """A named set of kernels on the source; a click makes one of them the kernel."""

    name = "bank"
    shows_result = True

    def __init__(self, context: PanelContext, lab: KernelsViewModel, parent: QWidget | None = None) -> None:
        super().__init__(context, lab, parent)
        self.model = BankViewModel(context)
        sets = [(one.key, one.title) for one in BANKS.values()]
        self.choice = combo("kernels.bank.set", "Set of kernels", sets, "Kernels")
        self.choice.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.choice.currentIndexChanged.connect(
            lambda _index: self.model.edit("Choose a set of kernels", key=self.choice.currentData())
        )
        self.sentence = caption("kernels.bank.sentence")
        self.orientations = slider("kernels.bank.orientations", "Directions of the Gabor family", 1, 16)
        self.orientations.setMaximumWidth(theme.scaled(140))
        self.orientations.valueChanged.connect(
            lambda value: self.model.edit("Change the directions", "directions", orientations=value)
        )
        self.count = naming.give(QLabel(), "kernels.bank.count")
        self.turns = QLabel("Directions")
        self.turns.setBuddy(self.orientations)
        label = QLabel("Set of kernels")
        label.setBuddy(self.choice)
        head = row(label, self.choice, self.sentence, self.turns, self.orientations, self.count)
        head.setStretch(2, 1)
        self.column.addLayout(head)
        self.maps = naming.give(MosaicView(), "kernels.bank.maps", "One map for each kernel")
        self.maps.chosen.connect(self.model.choose)
        self.column.addWidget(self.maps, 1)
        self.column.addWidget(self.message)
        self._show_settings(self.model.settings.value)
        context.listen(self.model.settings.changed, self._show_settings)
        context.listen(self.model.answered, self._show)
        context.listen(self.model.said, self.say)

    def show_frame(self, frame: LabFrame) -> None:
        """The bank on the selected stage's input."""
        self.model.show_frame(frame)

    def show_refused(self, refused: LabRefused) -> None:
        """Its own kernels may fit where the lab's does not."""
        self.model.show_refused(refused)

    def _show_settings(self, settings: BankSettings) -> None:
        choose(self.choice, settings.key)
        with QSignalBlocker(self.orientations):
            self.orientations.setValue(settings.orientations)
        for widget in (self.turns, self.orientations):
            widget.setVisible(settings.key == "gabor")
        self.sentence.setText(BANKS[settings.key].sentence)

    def _show(self, found: BankMaps | None) -> None:
        if found is None:
            self.maps.set_maps([])
            self.count.setText("")
            self.set_no_scale()
            return
        sizes = [found.size] * len(found.pictures)
        self.maps.set_maps(found.pictures, [describe(kernel) for kernel in found.kernels], sizes=sizes)
        self.count.setText(f"{len(found.kernels)} maps")
        self.set_scale(found.display, found.scale.low, found.scale.high)
