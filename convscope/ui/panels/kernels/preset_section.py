"""The kernels that have a name: a grouped menu, what each does, and sliders that rebuild it live."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtWidgets import (
    QDoubleSpinBox,
    QGridLayout,
    QLabel,
    QMenu,
    QSizePolicy,
    QSlider,
    QToolButton,
    QWidget,
)

from convscope.errors import UserError
from convscope.imaging.kernel import Kernel
from convscope.imaging.presets import PRESETS
from convscope.imaging.presets.preset import Parameter, Preset
from convscope.session.lab import Lab
from convscope.ui import theme
from convscope.ui.panels.context import PanelContext
from convscope.ui.panels.kernels.section import Section, caption, decimal, row

CUSTOM_SENTENCE = "Your own weights."


@dataclass
class Slider:
    """The controls of one parameter."""

    parameter: Parameter
    slider: QSlider
    value: QDoubleSpinBox

    def show(self, value: float) -> None:
        """Show a value without telling anyone."""
        with QSignalBlocker(self.slider), QSignalBlocker(self.value):
            self.slider.setValue(round((value - self.parameter.minimum) / self.parameter.step))
            self.value.setValue(value)


class PresetSection(Section):
    """Choose a kernel by name and turn its parameters."""

    def __init__(
        self,
        context: PanelContext,
        shown: Callable[[], Kernel],
        set_kernel: Callable[[Kernel, str, str | None], bool],
        parent: QWidget | None = None,
    ) -> None:
        """`shown` is the kernel in hand; `set_kernel(kernel, label, merge)` replaces it by an undoable step."""
        super().__init__(context, parent)
        self._shown = shown
        self._set_kernel = set_kernel
        self._sliders: list[Slider] = []
        self._built: str | None = None
        self.picker = QToolButton()
        self.picker.setObjectName("kernels.preset")
        self.picker.setAccessibleName("Kernel preset")
        self.picker.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.picker.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.picker.setIcon(theme.icon("chevron-down"))
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
        self.parameters = QWidget()
        self._grid = QGridLayout(self.parameters)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(theme.GAP)
        self._grid.setVerticalSpacing(theme.GRID)
        self._grid.setColumnStretch(1, 1)
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
        key = preset.key if preset else None
        if key != self._built:
            self._build(preset)
            self._built = key
        values = dict(kernel.parameters)
        for slider in self._sliders:
            slider.show(values.get(slider.parameter.name, slider.parameter.default))

    def _build(self, preset: Preset | None) -> None:
        while (item := self._grid.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        self._sliders = []
        for index, parameter in enumerate(preset.parameters if preset else ()):
            self._sliders.append(self._slider(index, parameter))
        self.parameters.setVisible(bool(self._sliders))

    def _slider(self, index: int, parameter: Parameter) -> Slider:
        name = QLabel(parameter.symbol)
        name.setToolTip(parameter.title)
        name.setMinimumWidth(theme.scaled(20))
        slider = QSlider(Qt.Orientation.Horizontal)
        slider.setObjectName(f"kernels.parameter.{parameter.name}")
        slider.setAccessibleName(parameter.title)
        slider.setToolTip(
            f"{parameter.title}, {parameter.minimum:g} to {parameter.maximum:g} {parameter.unit}"
        )
        slider.setRange(0, round((parameter.maximum - parameter.minimum) / parameter.step))
        whole = float(parameter.step).is_integer()
        box = decimal(
            f"kernels.parameter.{parameter.name}.value",
            parameter.title,
            parameter.minimum,
            parameter.maximum,
            0 if whole else 2,
        )
        box.setStepType(QDoubleSpinBox.StepType.DefaultStepType)
        box.setSingleStep(parameter.step)
        box.setSuffix(f" {parameter.unit}" if parameter.unit == "px" else parameter.unit)
        if parameter.zero:
            box.setSpecialValueText("auto")
        box.setFixedWidth(theme.scaled(84))
        slider.valueChanged.connect(
            lambda steps: self._turn(parameter, parameter.minimum + steps * parameter.step)
        )
        box.valueChanged.connect(lambda value: self._turn(parameter, value))
        for column, widget in enumerate((name, slider, box)):
            self._grid.addWidget(widget, index, column)
        return Slider(parameter, slider, box)

    def _turn(self, parameter: Parameter, value: float) -> None:
        kernel = self._shown()
        preset = PRESETS.get(kernel.preset or "")
        if preset is None:
            return
        values = {
            **dict(kernel.parameters),
            parameter.name: min(max(value, parameter.minimum), parameter.maximum),
        }
        try:
            made = preset.make(**values)
        except UserError as error:
            self.context.report(error)
            return
        self._set_kernel(made, f"Change {parameter.title.lower()}", f"parameter.{parameter.name}")
