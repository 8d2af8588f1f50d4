"""A number with its name, a slider and a box to type in."""

from __future__ import annotations

import math

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QDoubleSpinBox, QHBoxLayout, QLabel, QSizePolicy, QSlider, QWidget

from convscope.ui import theme
from convscope.ui.forms.undo_keys import undo_of_the_window
from convscope.ui.forms.wheel import wheel_needs_focus

LABEL_WIDTH, BOX_WIDTH = 68, 80
# Of a dense line.
DENSE_HEIGHT = 24


class SliderRow(QWidget):
    """Label, slider and spin box for one number.

    Args:
        name: object name; the parts are "name.slider" and "name.box".
        title: what a person reads.
        minimum, maximum, step: the range, and what one notch of the slider adds.
        value: the first value.
        unit: what stands behind the number.
        says: accessible name of its parts, where the title is but a letter.

    Attributes:
        box: what is typed into.

    Signals:
        changed: the value that a person chose; during a drag every one.
    """

    changed = Signal(float)

    def __init__(
        self,
        name: str,
        title: str,
        minimum: float,
        maximum: float,
        step: float,
        value: float,
        unit: str = "",
        says: str = "",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self._minimum, self._step = minimum, step
        self._label = QLabel(title, self)
        self._label.setMinimumWidth(theme.scaled(LABEL_WIDTH))
        self._slider = QSlider(Qt.Orientation.Horizontal, self)
        self._slider.setObjectName(f"{name}.slider")
        self._slider.setAccessibleName(says or title)
        self._slider.setRange(0, round((maximum - minimum) / step))
        self._slider.setPageStep(max(1, self._slider.maximum() // 10))
        self.box = theme.with_figures(QDoubleSpinBox(self))
        self.box.setObjectName(f"{name}.box")
        self.box.setAccessibleName(says or title)
        self.box.setDecimals(max(0, min(6, -math.floor(math.log10(step) + 1e-9))))
        self.box.setRange(minimum, maximum)
        self.box.setSingleStep(step)
        self.box.setSuffix(f" {unit}" if unit and unit not in "°×" else unit)
        self.box.setKeyboardTracking(False)
        self.box.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.box.setMinimumWidth(theme.scaled(BOX_WIDTH))
        self.box.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self._label.setBuddy(self.box)
        for part in (self._slider, self.box):
            wheel_needs_focus(part)
        undo_of_the_window(self.box)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.GAP)
        layout.addWidget(self._label)
        layout.addWidget(self._slider, 1)
        layout.addWidget(self.box)
        self.set_value(value)
        self._slider.valueChanged.connect(self._slid)
        self.box.valueChanged.connect(self._typed)

    def stand_in_line(self, label: int, box: int, *, dense: bool = False) -> None:
        """Parts as wide as those of the rows above and below, in design pixels; `dense`: as low as can be."""
        self._label.setMinimumWidth(theme.scaled(label))
        self.box.setFixedWidth(theme.scaled(box))
        self.box.setProperty("dense", dense)

    @property
    def value(self) -> float:
        """The number in force."""
        return self.box.value()

    def set_value(self, value: float) -> None:
        """Show a number; nothing is emitted. It is kept within the range."""
        with QSignalBlocker(self.box), QSignalBlocker(self._slider):
            self.box.setValue(value)
            self._slider.setValue(round((self.box.value() - self._minimum) / self._step))

    def _slid(self, notch: int) -> None:
        with QSignalBlocker(self.box):
            self.box.setValue(self._minimum + notch * self._step)
        self.changed.emit(self.box.value())

    def _typed(self, value: float) -> None:
        with QSignalBlocker(self._slider):
            self._slider.setValue(round((value - self._minimum) / self._step))
        self.changed.emit(value)
