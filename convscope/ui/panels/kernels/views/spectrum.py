"""Frequencies: spectra of image, kernel and result, the convolution theorem, and a brush."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import QFrame, QGridLayout, QLabel, QSizePolicy, QSlider, QVBoxLayout, QWidget

from convscope.core.task import Task
from convscope.imaging.image import Image
from convscope.imaging.kernels.matrix import image_from_array
from convscope.imaging.lab import spectrum
from convscope.imaging.lab.display import Scale, to_bytes
from convscope.imaging.lab.operation import DisplayMode, Operation
from convscope.imaging.lab.suited import is_table
from convscope.imaging.numerals import numeral
from convscope.ui import theme
from convscope.ui.canvas.image_view import ImageView
from convscope.ui.forms.form import caption, row, scrolling, segmented, tool
from convscope.ui.forms.wheel import wheel_needs_focus
from convscope.ui.panel_context import PanelContext
from convscope.ui.panels.kernels.frame import Frame, Refused, range_words
from convscope.ui.panels.kernels.views.spectrum_pad import SpectrumPad
from convscope.ui.panels.kernels.views.view import View
from convscope.ui.widgets.flow import FlowLayout
from convscope.workspace.lab import Lab

RINGS = {
    "low": ("Low-pass", "Keep the slow changes: the inner quarter", (0.0, 0.25)),
    "high": ("High-pass", "Keep the fast changes: all but the inner eighth", (0.125, 2.0)),
    "band": ("Band-pass", "Keep a ring", (0.15, 0.4)),
}
PAINT = "Paint frequencies out: each has a twin across the centre, which goes too."
NAMES = {
    "image": "Spectrum of the image",
    "kernel": "Spectrum of the kernel",
    "product": "Spectrum of the result",
    "filtered": "The result, back again",
    "back": "What is left of the image",
}
BACK = "result"
# Heights below which the page scrolls: of a spectrum, and of the one to paint on.
SMALL, LARGE = 96, 140
PICTURES = (("image", "×"), ("kernel", "="), ("product", "→"), ("filtered", ""))
# The transform of a convolution's kernel is taken as it is, of a correlation's its conjugate.
TITLES: dict[str, tuple[str, str, str]] = {
    "convolve": (
        "F(image)",
        "F(kernel)",
        "Convolution: the transform of the result is that of the image times that of the kernel.",
    ),
    "correlate": (
        "F(image)",
        "conj F(kernel)",
        "Cross-correlation: the transform of the result is that of the image times the conjugate of the "
        "kernel’s. The conjugate turns the kernel round; its magnitude is the same.",
    ),
}


@dataclass(frozen=True)
class Mask:
    """The frequencies that a person keeps, as undo remembers them.

    Attributes:
        key: of what spectrum: the image's id, rows and columns.
        bits: 1 for each that is kept, in reading order, packed.
    """

    key: tuple[Any, ...] = ()
    bits: bytes = b""

    def unpacked(self, shape: tuple[int, int]) -> NDArray[np.float32]:
        """1 and 0, H×W, zero frequency in the centre."""
        count = shape[0] * shape[1]
        bits = np.unpackbits(np.frombuffer(self.bits, np.uint8), count=count)
        return bits.reshape(shape).astype(np.float32)


EVERYTHING = Mask()


@dataclass(frozen=True, eq=False)
class Pictures:
    """What one computation gives: spectra as uint8 H×W and their |F|, and what the product is back again."""

    spectra: dict[str, tuple[NDArray[np.uint8], NDArray[np.float64]]]
    filtered: NDArray[np.uint8]
    filtered_values: NDArray[Any]
    display: DisplayMode
    scale: Scale
    difference: float


class SpectrumView(View):
    """Above: image × kernel = result in frequencies. Below: the spectrum to paint on, and what is left."""

    name = "spectrum"
    shows_result = True

    def __init__(self, context: PanelContext, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self._asked: tuple[Any, ...] = ()
        self._source: Image | None = None
        self._mask = context.workspace.part("kernels.spectrum.mask", EVERYTHING, self.scope)
        # Whose spectrum is painted on: the current image, at the size that the selected stage gets.
        self._key: tuple[Any, ...] = ()
        self.views: dict[str, ImageView] = {}
        self.titles: dict[str, QLabel] = {}
        # Where words are large the page scrolls, rather than lay one thing over another.
        holder = QWidget()
        column = QVBoxLayout(holder)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.GAP)
        page = scrolling(holder)
        page.setObjectName("kernels.spectrum.page")
        page.setAccessibleName("Spectra and what is left of the image")
        page.setFrameShape(QFrame.Shape.NoFrame)
        self.column.addWidget(page)
        self.rule = caption("kernels.spectrum.rule")
        column.addWidget(self.rule)
        grid = QGridLayout()
        grid.setSpacing(theme.GAP)
        for place, (name, sign) in enumerate(PICTURES):
            view = self._view(name)
            title = self.titles[name] = theme.label(BACK if name == "filtered" else "", "caption")
            title.setObjectName(f"kernels.spectrum.title_{name}")
            title.setAlignment(Qt.AlignmentFlag.AlignCenter)
            grid.addWidget(title, 0, 2 * place)
            grid.addWidget(view, 1, 2 * place)
            grid.setColumnStretch(2 * place, 1)
            if sign:
                mark = theme.label(sign, "title")
                grid.addWidget(mark, 1, 2 * place + 1)
        grid.setRowStretch(1, 1)
        grid.setVerticalSpacing(2)
        column.addLayout(grid, 2)
        self.views["image"].link(self.views["kernel"], self.views["product"])
        self.theorem = QLabel()
        self.theorem.setObjectName("kernels.spectrum.theorem")
        self.theorem.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.theorem.setWordWrap(True)
        column.addWidget(self.theorem)

        self.pad = SpectrumPad()
        self.pad.setObjectName("kernels.spectrum.pad")
        self.pad.setAccessibleName("Spectrum of the image, to paint on")
        self.pad.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Ignored)
        self.pad.painted.connect(self.paint)
        self.pad.hovered.connect(self._tell_frequency)
        below = QGridLayout()
        below.setSpacing(theme.GAP)
        self.pad_words = theme.with_figures(caption("kernels.spectrum.pad_words", PAINT))
        below.addWidget(self.pad_words, 0, 0)
        below.addWidget(self.pad, 1, 0)
        below.addWidget(self._view("back"), 0, 1, 2, 1)
        below.setRowStretch(1, 1)
        self._rows = ((grid, SMALL), (below, LARGE))
        self._measure()
        below.setColumnStretch(0, 1)
        below.setColumnStretch(1, 1)
        column.addLayout(below, 3)

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
        self.radius.setFixedWidth(theme.scaled(100))
        self.radius.valueChanged.connect(lambda value: self.pad.set_radius(value))
        self.radius.setValue(12)
        rings = [
            tool(f"kernels.spectrum.{name}", tip, "", partial(self.keep, name), words)
            for name, (words, tip, _bounds) in RINGS.items()
        ]
        self.restore = tool(
            "kernels.spectrum.restore", "Bring all frequencies back", "refresh-ccw", self.clear_mask, "All"
        )
        # On a second line where words are large, rather than wider than the page.
        tools = FlowLayout()
        size = QWidget()
        size_label = QLabel("Brush")
        size_label.setBuddy(self.radius)
        size.setLayout(row(size_label, self.radius))
        size.setMinimumHeight(self.restore.sizeHint().height())
        for widget in (self.brush, size, *rings, self.restore):
            tools.addWidget(widget)
        column.addLayout(tools)
        column.addWidget(self.message)
        self._mask.changed.connect(self._request_back)

    def changeEvent(self, event: QEvent) -> None:
        """Another zoom."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange and hasattr(self, "_rows"):
            self._measure()

    def _measure(self) -> None:
        for grid, least in self._rows:
            grid.setRowMinimumHeight(1, theme.scaled(least))

    @property
    def jobs(self) -> tuple[str, ...]:
        """The keys of the jobs whose results it shows."""
        return (*super().jobs, "kernels.spectrum.back")

    def show_frame(self, frame: Frame) -> None:
        """The source of the selected stage under its first kernel."""
        self._show_source(frame.image, frame.result.source, frame.source, frame.lab, frame.display)

    def show_refused(self, refused: Refused) -> None:
        """Frequencies have no border that a kernel could be too large for."""
        if refused.given is None or refused.source is None:
            self.stop_work()
            self.clear()
            return
        display = refused.lab.display_on(refused.image)
        self._show_source(refused.image, refused.given, refused.source, refused.lab, display)

    def _show_source(
        self, current: Image, given: Image, source: NDArray[Any], lab: Lab, display: DisplayMode
    ) -> None:
        stage = lab.stage
        asked = (source, stage.kernel, stage.mode, stage.dilation, display)
        self._tell_rule(stage)
        if self._asked and self._asked[0] is asked[0] and self._asked[1:] == asked[1:]:
            return
        new_source = not self._asked or self._asked[0] is not asked[0]
        self._asked = asked
        if new_source:
            self._source = current if source is current.values else image_from_array(source, given.name)
            self._key = (current.id, *source.shape[:2])
        image = self._source
        assert image is not None

        def compute(task: Task) -> Pictures:
            found = spectrum.theorem(image, stage.kernel, stage.mode, stage.dilation)
            task.check()
            spectra = {
                name: (spectrum.log_magnitude(each), spectrum.magnitude(each))
                for name, each in (
                    ("image", found.image),
                    ("kernel", found.kernel),
                    ("product", found.product),
                )
            }
            pixels, scale = to_bytes(found.by_product.astype(np.float32), display)
            return Pictures(spectra, pixels, found.by_product, display, scale, found.difference)

        self.work(compute, self._show)
        if new_source:
            self._request_back()

    def clear(self) -> None:
        """No spectra."""
        self._asked, self._source, self._key, self.scale = (), None, (), None
        for view in self.views.values():
            view.show_nothing()
        self.pad.set_picture(None)
        self.theorem.setText("")
        self.rescaled.emit()

    def paint(self, place_row: float, column: float) -> None:
        """One touch of the brush; those of one stroke are one step of undo."""
        if self.kept is not None:
            value = float(self.brush.value)
            painted = spectrum.paint(self.kept, place_row, column, self.radius.value(), value)
            label = "Bring frequencies back" if value else "Paint frequencies out"
            self._edit(painted, label, f"stroke {self.pad.stroke}")

    def keep(self, name: str) -> None:
        """Keep a ring of frequencies."""
        if self.kept is not None:
            words, _tip, bounds = RINGS[name]
            height, width = self.kept.shape
            self._edit(spectrum.ring(height, width, *bounds), words)

    def clear_mask(self) -> None:
        """All frequencies back."""
        if self.kept is not None:
            self._edit(np.ones_like(self.kept), "Bring all frequencies back")

    @property
    def kept(self) -> NDArray[np.float32] | None:
        """What is kept (1) and what is taken out (0) of the spectrum on show, H×W; None without one."""
        if not self._key:
            return None
        shape: tuple[int, int] = self._key[-2:]
        known = self._mask.value
        return known.unpacked(shape) if known.key == self._key else np.ones(shape, np.float32)

    def _edit(self, mask: NDArray[np.float32], label: str, merge: str | None = None) -> None:
        before = self._mask.value
        if before.key != self._key and mask.all():
            return
        some = Mask(self._key, np.packbits(mask > 0.5).tobytes())
        self._mask.edit(EVERYTHING if mask.all() else some, label, merge)

    def shutdown(self) -> None:
        """Take no more events."""
        self._mask.changed.disconnect(self._request_back)

    def _view(self, name: str) -> ImageView:
        view = ImageView()
        view.setObjectName(f"kernels.spectrum.{name}")
        view.setAccessibleName(NAMES[name])
        # As large as there is room for; the page scrolls only below this.
        view.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Ignored)
        view.setMinimumSize(theme.scaled(80), theme.scaled(SMALL))
        self.views[name] = view
        return view

    def _tell_rule(self, stage: Operation) -> None:
        """What is multiplied, and what of the stage's settings has no part in it."""
        image, kernel, rule = TITLES[stage.mode]
        left = [
            words
            for words, on in (
                ("the stride", stage.stride > 1),
                ("the bias", stage.bias != 0),
                ("the activation", stage.activation != "none"),
                ("the pooling", stage.pool != "none"),
                ("the kernels of green and blue", stage.channels == "filter"),
            )
            if on
        ]
        without = f" Without {', '.join(left)}." if left else ""
        self.rule.setText(f"{rule}{without}")
        for name, words in (("image", image), ("kernel", kernel), ("product", "F(result)")):
            self.titles[name].setText(words)

    def _show(self, found: Pictures) -> None:
        for name, (pixels, values) in found.spectra.items():
            view = self.views[name]
            view.set_pixels(pixels, values)
            height, width = values.shape
            view.set_places(partial(frequency_words, height=height, width=width))
            view.set_caption(f"≤ {short(float(values.max()))}")
        self.views["filtered"].set_pixels(found.filtered, found.filtered_values)
        self.views["filtered"].set_caption(range_words(found.scale))
        self.set_scale(found.display, found.scale.low, found.scale.high)
        self.pad.set_picture(*found.spectra["image"])
        self.theorem.setText(
            f"Sliding and multiplying agree: the largest difference is {found.difference:.2g} gray levels "
            "(borders wrap round, on gray)."
        )

    def _tell_frequency(self, place: tuple[int, int] | None) -> None:
        if place is None or self.pad.magnitude is None:
            self.pad_words.setText(PAINT)
            return
        height, width = self.pad.magnitude.shape
        value = float(self.pad.magnitude[place])
        self.pad_words.setText(
            f"{frequency_words(*place, height=height, width=width)}: |F| = {numeral(value)}"
        )

    def _request_back(self, *_: object) -> None:
        image, mask = self._source, self.kept
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
        if self._source is None:
            return
        source, table = self._source.values, is_table(self._source)
        extremes = (float(source.min()), float(source.max())) if table else None
        pixels, scale = to_bytes(values, "stretch" if table else "clip", extremes=extremes)
        self.views["back"].set_pixels(pixels, values)
        self.views["back"].set_caption(f"what is left of the image  ·  {range_words(scale)}")


def frequency_words(place_row: int, column: int, *, height: int, width: int) -> str:
    """A place of a spectrum: how many waves there are down and across the whole picture."""
    down, across = spectrum.frequency(place_row, column, height, width)
    return f"{numeral(across)} waves across, {numeral(down)} down"


def short(value: float) -> str:
    """A magnitude in few letters: "13", "1.62e7"."""
    return f"{value:.3g}".replace("e+0", "e").replace("e+", "e").replace("-", "−")
