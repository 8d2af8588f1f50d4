"""The gradient: Gx, Gy, its magnitude, and its direction as a colour."""

from __future__ import annotations

from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from convscope.imaging.lab import gradient as gradients
from convscope.imaging.numerals import numeral
from convscope.ui import naming, theme
from convscope.ui.canvas.image_view import CAPTION_HEIGHT, ImageView
from convscope.ui.forms.form import caption, segmented
from convscope.ui.panel_context import PanelContext
from convscope.ui.panels.kernels.view_models.frame import LabFrame, LabRefused
from convscope.ui.panels.kernels.view_models.gradient import (
    GradientPictures,
    GradientSettings,
    GradientViewModel,
)
from convscope.ui.panels.kernels.view_models.kernels import KernelsViewModel
from convscope.ui.panels.kernels.views.angle_wheel import AngleWheel
from convscope.ui.panels.kernels.views.view import View

# (key, title, the same where there is little room)
TITLES = (
    ("gx", "Gx: change to the right", "Gx"),
    ("gy", "Gy: change downwards", "Gy"),
    ("magnitude", "magnitude √(Gx² + Gy²)", "magnitude"),
    ("angle", "angle atan2(Gy, Gx) in radians", "angle, radians"),
)
# They change places only for pictures this much larger, so that a window being resized is calm.
WORTH = 1.1


class GradientView(View):
    """Four linked pictures of one gradient, and the wheel that tells what a colour means."""

    name = "gradient"

    def __init__(self, context: PanelContext, lab: KernelsViewModel, parent: QWidget | None = None) -> None:
        super().__init__(context, lab, parent)
        self.model = GradientViewModel(context)
        self.operator = segmented(
            "kernels.gradient.operator",
            "Gradient operator",
            [(name, name.title(), f"Gx = {_rows(name)}") for name in gradients.OPERATORS],
        )
        self.operator.changed.connect(lambda name: self.model.edit("Choose the operator", operator=name))
        self.weigh = segmented(
            "kernels.gradient.weigh",
            "Brightness of the angle",
            (
                ("strength", "By strength", "A direction is as bright as its gradient is strong"),
                ("alike", "All alike", "Every direction is bright, however weak its gradient: noise too"),
            ),
        )
        self.weigh.changed.connect(
            lambda how: self.model.edit("Change the brightness of the angle", weigh=how)
        )
        self.wheel = AngleWheel()
        self.kernel = caption("kernels.gradient.kernel")
        self.brightness = caption("kernels.gradient.brightness")
        head = QGridLayout()
        head.setHorizontalSpacing(theme.GAP)
        head.setVerticalSpacing(theme.GRID)
        for line, (words, switch, says) in enumerate(
            (("Operator", self.operator, self.kernel), ("Angle", self.weigh, self.brightness))
        ):
            head.addWidget(QLabel(words), line, 0)
            head.addWidget(switch, line, 1)
            head.addWidget(says, line, 2)
        head.addWidget(self.wheel, 0, 3, 2, 1)
        head.setColumnStretch(2, 1)
        self.column.addLayout(head)
        self.grid = QGridLayout()
        self.grid.setSpacing(theme.GAP)
        self._columns = 0
        self.views: dict[str, ImageView] = {}
        for name, title, _short in TITLES:
            view = naming.give(ImageView(), f"kernels.gradient.{name}", title)
            view.setMinimumSize(theme.scaled(96), theme.scaled(80))
            self.views[name] = view
        self.views["gx"].link(*(self.views[name] for name in ("gy", "magnitude", "angle")))
        self._arrange()
        self.views["gx"].view_changed.connect(self._arrange)
        self.column.addLayout(self.grid, 1)
        self.column.addWidget(self.message)
        self._show_settings(self.model.settings.value)
        context.listen(self.model.settings.changed, self._show_settings)
        context.listen(self.model.answered, self._show)
        context.listen(self.model.said, self.say)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def _arrange(self) -> None:
        """Two by two, or all in a line: as they are larger."""
        shape = self.views["gx"].view
        foot = theme.scaled(CAPTION_HEIGHT)
        # Not the layout's own height: that is never less than two rows take at least.
        wide, high = self.width(), self.height() - self.views["gx"].y()
        columns = 2
        if shape.width and shape.height and self._columns:
            two, four = (
                min(
                    (wide / across - theme.GAP) / shape.width,
                    (high / down - theme.GAP - foot) / shape.height,
                )
                for across, down in ((2, 2), (4, 1))
            )
            now, other = (two, four) if self._columns == 2 else (four, two)
            columns = (6 - self._columns) if other > now * WORTH else self._columns
        if columns == self._columns:
            return
        self._columns = columns
        for index, (name, title, short) in enumerate(TITLES):
            self.grid.addWidget(self.views[name], index // columns, index % columns)
            self.views[name].set_caption(title if columns == 2 else short)
        self.grid.setRowStretch(0, 1)
        self.grid.setRowStretch(1, int(columns == 2))

    def show_frame(self, frame: LabFrame) -> None:
        """The gradient of the current image."""
        self.model.show(frame)

    def show_refused(self, refused: LabRefused) -> None:
        """The chain has no part in it."""
        self.model.show(refused)

    def _show_settings(self, settings: GradientSettings) -> None:
        self.operator.set_value(settings.operator)
        self.weigh.set_value(settings.weigh)
        self._tell_kernel(settings.operator)

    def _tell_kernel(self, operator: str, scale: str = "") -> None:
        self.kernel.setText(f"Gx kernel {_rows(operator)}; Gy is its transpose.{scale}")

    def _show(self, found: GradientPictures | None) -> None:
        if found is None:
            for view in self.views.values():
                view.show_nothing()
            return
        self._tell_kernel(found.operator, f" Both on one scale, ±{numeral(found.largest, 4)}.")
        self.brightness.setText(
            f"As bright as the magnitude, full from {numeral(found.full, 3)} on (the strongest 5 %)."
            if found.full
            else "Every direction is as bright, however weak."
        )
        self.wheel.set_weighed(self.weigh.value == "strength")
        for name, (pixels, values) in found.pictures.items():
            self.views[name].set_pixels(pixels, values)


def _rows(operator: str) -> str:
    kernel = gradients.OPERATORS[operator]
    return "[" + ", ".join("[" + ", ".join(f"{value:g}" for value in line) + "]" for line in kernel) + "]"
