"""The gradient: Gx, Gy, its magnitude, and its direction as a colour."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from convscope.imaging import gradient as gradients
from convscope.imaging.display import to_bytes
from convscope.imaging.image import Image
from convscope.task import Task
from convscope.ui import theme
from convscope.ui.panel_context import PanelContext
from convscope.ui.panels.kernels.frame import Frame, Refused
from convscope.ui.panels.kernels.pixmaps import pixmap
from convscope.ui.panels.kernels.view import View
from convscope.ui.widgets.form import caption, row, segmented
from convscope.ui.widgets.image_view import ImageView

TITLES = (
    ("gx", "Gx: change to the right"),
    ("gy", "Gy: change downwards"),
    ("magnitude", "magnitude √(Gx² + Gy²)"),
    ("angle", "angle atan2(Gy, Gx) as hue, magnitude as value"),
)
WHEEL = 72


class GradientView(View):
    """Four linked pictures of one gradient, and the wheel that tells what a colour means."""

    name = "gradient"

    def __init__(self, context: PanelContext, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self._image: Image | None = None
        self.operator = segmented(
            "kernels.gradient.operator",
            "Gradient operator",
            [(name, name.title(), f"Gx = {_rows(name)}") for name in gradients.OPERATORS],
        )
        self.operator.set_value("sobel")
        self.operator.changed.connect(lambda _name: self._request())
        self.wheel = QLabel()
        self.wheel.setObjectName("kernels.gradient.wheel")
        self.wheel.setAccessibleName("Colour wheel: red points right, round by way of green")
        self.kernel = caption("kernels.gradient.kernel")
        self.column.addLayout(row(self.operator, self.kernel, self.wheel))
        self.column.itemAt(0).layout().setStretch(1, 1)  # type: ignore[union-attr]
        grid = QGridLayout()
        grid.setSpacing(theme.GAP)
        self.views: dict[str, ImageView] = {}
        for index, (name, title) in enumerate(TITLES):
            view = ImageView()
            view.setObjectName(f"kernels.gradient.{name}")
            view.setAccessibleName(title)
            view.set_caption(title)
            grid.addWidget(view, index // 2, index % 2)
            self.views[name] = view
        self.views["gx"].link(*(self.views[name] for name in ("gy", "magnitude", "angle")))
        self.column.addLayout(grid, 1)
        self.column.addWidget(self.message)

    def show_frame(self, frame: Frame) -> None:
        """The gradient of the current image; the kernel has no part in it."""
        if frame.image is not self._image:
            self._image = frame.image
            self._request()

    def show_refused(self, refused: Refused) -> None:
        """The chain has no part in it."""
        if refused.image is not self._image:
            self._image = refused.image
            self._request()

    def clear(self) -> None:
        """No gradient."""
        for view in self.views.values():
            view.show_nothing()

    def _request(self) -> None:
        image, operator = self._image, self.operator.value
        if image is None:
            return
        self.kernel.setText(f"Gx kernel {_rows(operator)}; Gy is its transpose.")

        def compute(task: Task) -> dict[str, tuple[Any, Any]]:
            found = gradients.gradient(image, operator)
            task.check()
            return {
                "gx": (to_bytes(found.gx, "signed")[0], found.gx),
                "gy": (to_bytes(found.gy, "signed")[0], found.gy),
                "magnitude": (to_bytes(found.magnitude, "stretch")[0], found.magnitude),
                "angle": (gradients.angle_picture(found.angle, found.magnitude), found.angle),
            }

        self.work(compute, self._show)

    def _show(self, pictures: dict[str, tuple[Any, Any]]) -> None:
        for name, (pixels, values) in pictures.items():
            self.views[name].set_pixels(pixels, values)
        background = 0x1C if theme.tokens().dark else 255
        side = theme.scaled(WHEEL)
        wheel: QPixmap = pixmap(gradients.colour_wheel(side, background))
        self.wheel.setPixmap(wheel)
        self.wheel.setAlignment(Qt.AlignmentFlag.AlignRight)


def _rows(operator: str) -> str:
    kernel = gradients.OPERATORS[operator]
    return "[" + ", ".join("[" + ", ".join(f"{value:g}" for value in line) + "]" for line in kernel) + "]"
