"""The kernels that have a name: a grouped menu, what each does, and sliders that rebuild it live."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMenu, QSizePolicy, QToolButton, QWidget

from convscope.core.errors import UserError
from convscope.core.parameter import Parameter
from convscope.imaging.kernels import PRESETS
from convscope.imaging.kernels.kernel import Kernel
from convscope.ui import naming, theme
from convscope.ui.forms.form import caption, row
from convscope.ui.forms.parameter_form import ParameterForm
from convscope.ui.panels.kernels.controls.section import LabSection
from convscope.ui.panels.kernels.view_models.kernels import KernelsViewModel
from convscope.workspace.lab import Lab

CUSTOM_SENTENCE = "Your own weights."


class PresetSection(LabSection):
    """Choose a kernel by name and turn its parameters."""

    def __init__(
        self,
        model: KernelsViewModel,
        shown: Callable[[], Kernel],
        set_kernel: Callable[[Kernel, str, str | None], bool],
        parent: QWidget | None = None,
    ) -> None:
        """`shown` is the kernel in hand; `set_kernel(kernel, label, merge)` replaces it, undoably."""
        super().__init__(model, parent)
        self._shown = shown
        self._set_kernel = set_kernel
        self.picker = naming.give(QToolButton(), "kernels.preset", "Kernel preset")
        self.picker.setIcon(theme.icon("grid-3x3"))
        self.picker.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.picker.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.picker.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.menu = QMenu(self.picker)
        self.menu.setToolTipsVisible(True)
        groups: dict[str, QMenu] = {}
        for preset in PRESETS.values():
            if preset.group not in groups:
                groups[preset.group] = self.menu.addMenu(preset.group)
                groups[preset.group].setToolTipsVisible(True)
            action = groups[preset.group].addAction(preset.title)
            action.setObjectName(f"kernels.preset.{preset.key}")
            action.setToolTip(preset.sentence)
            action.triggered.connect(lambda _checked=False, key=preset.key: self.choose(key))
        self.picker.setMenu(self.menu)
        self.head = row(self.picker, spacing=theme.GRID)
        self.column.addLayout(self.head)
        self.sentence = caption("kernels.sentence")
        self.column.addWidget(self.sentence)
        self.parameters = ParameterForm("kernels.parameter")
        self.parameters.edited.connect(self._turn)
        self.column.addWidget(self.parameters)

    def choose(self, key: str) -> None:
        """A preset with its default parameters becomes the kernel."""
        preset = PRESETS[key]
        self._set_kernel(preset.make(), f"Choose {preset.title}", None)

    def show_lab(self, lab: Lab) -> None:
        """The name of the kernel in hand, its sentence, and its parameters."""
        kernel = self._shown()
        preset = PRESETS.get(kernel.preset or "")
        self.picker.setText(preset.title if preset else kernel.name)
        self.sentence.setText(preset.sentence if preset else CUSTOM_SENTENCE)
        self.parameters.ask(preset.parameters if preset else ())
        self.parameters.show_values(dict(kernel.parameters))

    def _turn(self, parameter: Parameter, value: float) -> None:
        kernel = self._shown()
        preset = PRESETS.get(kernel.preset or "")
        if preset is None:
            return
        values = {**dict(kernel.parameters), parameter.name: parameter.clamped(value)}
        try:
            made = preset.make(**values)
        except UserError as error:
            self.model.context.report(error)
            return
        self._set_kernel(made, f"Change {parameter.title.lower()}", f"parameter.{parameter.name}")
