"""Frequencies: spectra of image, kernel and result, the convolution theorem, and a brush."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QLabel, QSlider, QVBoxLayout, QWidget

from convscope.imaging import spectrum
from convscope.imaging.display import to_bytes
from convscope.imaging.image import Image
from convscope.imaging.matrix import image_from_array
from convscope.task import Task
from convscope.ui import theme
from convscope.ui.panel_context import PanelContext
from convscope.ui.panels.kernels.frame import Frame
from convscope.ui.panels.kernels.spectrum_pad import SpectrumPad
from convscope.ui.panels.kernels.view import View
from convscope.ui.widgets.form import caption, row, segmented, tool
from convscope.ui.widgets.image_view import ImageView
from convscope.ui.widgets.wheel import wheel_needs_focus

RINGS = {
    "low": ("Low-pass", "Keep the slow changes: the inner quarter", (0.0, 0.25)),
    "high": ("High-pass", "Keep the fast changes: all but the inner eighth", (0.125, 2.0)),
    "band": ("Band-pass", "Keep a ring", (0.15, 0.4)),
}


@dataclass(frozen=True, eq=False)
class Pictures:
    """What one computation gives: spectra as uint8 H×W, the largest difference, the filtered picture."""

    image: NDArray[np.uint8]
    kernel: NDArray[np.uint8]
    product: NDArray[np.uint8]
    filtered: NDArray[np.uint8]
    filtered_values: NDArray[Any]
    difference: float


class SpectrumView(View):
    """Above: image × kernel = result in frequencies. Below: the spectrum to paint on, and what is left."""

    name = "spectrum"

    def __init__(self, context: PanelContext, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self._asked: tuple[Any, ...] = ()
        self._source: Image | None = None
        self._mask: NDArray[np.float32] | None = None
        self.views: dict[str, ImageView] = {}
        self.column.addWidget(
            caption("", "Spectra, log magnitude: the transform of the image times that of the kernel.")
        )
        grid = QGridLayout()
        grid.setSpacing(theme.GAP)
        for column, (name, title, sign) in enumerate(
            (
                ("image", "image", "×"),
                ("kernel", "kernel", "="),
                ("product", "result", "→"),
                ("filtered", "back again", ""),
            )
        ):
            view = self._view(name, title)
            grid.addWidget(view, 0, 2 * column)
            grid.setColumnStretch(2 * column, 1)
            if sign:
                mark = theme.label(sign, "title")
                grid.addWidget(mark, 0, 2 * column + 1)
        self.column.addLayout(grid, 2)
        self.views["image"].link(self.views["kernel"], self.views["product"])
        self.theorem = QLabel()
        self.theorem.setObjectName("kernels.spectrum.theorem")
        self.theorem.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.theorem.setWordWrap(True)
        self.column.addWidget(self.theorem)

        self.pad = SpectrumPad()
        self.pad.setObjectName("kernels.spectrum.pad")
        self.pad.setAccessibleName("Spectrum of the image, to paint on")
        self.pad.painted.connect(self.paint)
        below = QGridLayout()
        below.setSpacing(theme.GAP)
        pad_side = QVBoxLayout()
        pad_side.addWidget(
            caption("", "Paint frequencies out: each has a twin across the centre, which goes too.")
        )
        pad_side.addWidget(self.pad, 1)
        below.addLayout(pad_side, 0, 0)
        below.addWidget(self._view("back", "what is left of the image"), 0, 1)
        below.setColumnStretch(0, 1)
        below.setColumnStretch(1, 1)
        self.column.addLayout(below, 3)

        self.brush = segmented(
            "kernels.spectrum.brush",
            "Brush",
            (
                ("0", "Paint out", "The brush takes frequencies out"),
                ("1", "Bring back", "The brush restores them"),
            ),
        )
        self.brush.set_value("0")
        self.radius = QSlider(Qt.Orientation.Horizontal)
        self.radius.setObjectName("kernels.spectrum.radius")
        self.radius.setAccessibleName("Brush size")
        self.radius.setRange(1, 100)
        wheel_needs_focus(self.radius)
        self.radius.setMaximumWidth(theme.scaled(140))
        self.radius.valueChanged.connect(lambda value: self.pad.set_radius(value))
        self.radius.setValue(12)
        rings = [
            tool(f"kernels.spectrum.{name}", tip, "", partial(self.keep, name), words)
            for name, (words, tip, _bounds) in RINGS.items()
        ]
        self.restore = tool(
            "kernels.spectrum.restore", "Bring all frequencies back", "refresh-ccw", self.clear, "All"
        )
        self.column.addLayout(row(self.brush, QLabel("Brush"), self.radius, *rings, self.restore, None))
        self.column.addWidget(self.message)

    def show_frame(self, frame: Frame) -> None:
        """The source of the selected stage under its first kernel."""
        stage = frame.lab.stage
        asked = (frame.source, stage.kernel, stage.mode)
        if len(self._asked) == 3 and self._asked[0] is asked[0] and self._asked[1:] == asked[1:]:
            return
        new_source = not self._asked or self._asked[0] is not asked[0]
        self._asked = asked
        if new_source:
            whole = frame.source is frame.image.values
            self._source = frame.image if whole else image_from_array(frame.source, "stage")
            self._mask = np.ones(frame.source.shape[:2], np.float32)
        image, kernel, mode = self._source, stage.kernel, stage.mode
        assert image is not None

        def compute(task: Task) -> Pictures:
            found = spectrum.theorem(image, kernel, mode)
            task.check()
            return Pictures(
                spectrum.log_magnitude(found.image),
                spectrum.log_magnitude(found.kernel),
                spectrum.log_magnitude(found.product),
                to_bytes(found.by_product.astype(np.float32), "abs")[0],
                found.by_product,
                found.difference,
            )

        self.work(compute, self._show)
        if new_source:
            self._request_back()

    def paint(self, place_row: float, column: float) -> None:
        """One touch of the brush."""
        if self._mask is None:
            return
        value = float(self.brush.value)
        self._mask = spectrum.paint(self._mask, place_row, column, self.radius.value(), value)
        self._request_back()

    def keep(self, name: str) -> None:
        """Keep a ring of frequencies."""
        if self._mask is not None:
            height, width = self._mask.shape
            self._mask = spectrum.ring(height, width, *RINGS[name][2])
            self._request_back()

    def clear(self) -> None:
        """All frequencies back."""
        if self._mask is not None:
            self._mask = np.ones_like(self._mask)
            self._request_back()

    def _view(self, name: str, title: str) -> ImageView:
        view = ImageView()
        view.setObjectName(f"kernels.spectrum.{name}")
        view.setAccessibleName(title)
        view.set_caption(title)
        self.views[name] = view
        return view

    def _show(self, found: Pictures) -> None:
        for name in ("image", "kernel", "product"):
            self.views[name].set_pixels(getattr(found, name))
        self.views["filtered"].set_pixels(found.filtered, found.filtered_values)
        self.pad.set_picture(found.image)
        self.theorem.setText(
            "Sliding the kernel and multiplying the transforms give the same result: the largest difference "
            f"is {found.difference:.2g} gray levels (borders wrap round, on gray)."
        )

    def _request_back(self) -> None:
        image, mask = self._source, self._mask
        if image is None or mask is None:
            return
        self.pad.set_mask(mask)

        def compute(task: Task) -> NDArray[np.float32]:
            return spectrum.masked(image, mask)

        self.context.jobs.submit(
            "view",
            compute,
            title="Bringing the image back",
            key="kernels.spectrum.back",
            supersede="finish",
            quiet=True,
            on_done=self._show_back,
            on_failed=self._failed,
        )

    def _show_back(self, values: NDArray[np.float32]) -> None:
        pixels = np.clip(np.rint(values), 0, 255).astype(np.uint8)
        self.views["back"].set_pixels(pixels, values)
