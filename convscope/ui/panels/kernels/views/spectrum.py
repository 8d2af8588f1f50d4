"""Frequencies: spectra of image, kernel and result, the convolution theorem, and a brush."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QEvent, QSignalBlocker, Qt
from PySide6.QtWidgets import QFrame, QGridLayout, QLabel, QSizePolicy, QSlider, QWidget

from convscope.imaging.lab.operation import Operation
from convscope.imaging.numerals import numeral
from convscope.ui import naming, theme
from convscope.ui.canvas.image_view import ImageView
from convscope.ui.forms.form import caption, row, scrolling, segmented, text_line, tool, vertical
from convscope.ui.forms.wheel import wheel_needs_focus
from convscope.ui.layout.flow import FlowLayout
from convscope.ui.panel_context import PanelContext
from convscope.ui.panels.kernels.view_models.frame import LabFrame, LabRefused, range_words
from convscope.ui.panels.kernels.view_models.kernels import KernelsViewModel
from convscope.ui.panels.kernels.view_models.spectrum import (
    RINGS,
    BroughtBack,
    Brush,
    FrequencyMask,
    Spectra,
    SpectrumViewModel,
    frequency_words,
)
from convscope.ui.panels.kernels.views.spectrum_pad import SpectrumPad
from convscope.ui.panels.kernels.views.view import View

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


class SpectrumView(View):
    """Above: image × kernel = result in frequencies. Below: the spectrum to paint on, and what is left."""

    name = "spectrum"
    shows_result = True

    def __init__(self, context: PanelContext, lab: KernelsViewModel, parent: QWidget | None = None) -> None:
        super().__init__(context, lab, parent)
        self.model = SpectrumViewModel(context)
        self.views: dict[str, ImageView] = {}
        self.titles: dict[str, QLabel] = {}
        # Where words are large the page scrolls, rather than lay one thing over another.
        holder = QWidget()
        column = vertical(holder)
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
        self.theorem = text_line("kernels.spectrum.theorem")
        self.theorem.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        column.addWidget(self.theorem)

        self.pad = naming.give(SpectrumPad(), "kernels.spectrum.pad", "Spectrum of the image, to paint on")
        self.pad.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Ignored)
        self.pad.painted.connect(lambda row, column: self.model.paint(row, column, self.pad.stroke))
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
        self.brush.changed.connect(lambda does: self.model.set_brush(does=does))
        self.radius = naming.give(QSlider(Qt.Orientation.Horizontal), "kernels.spectrum.radius", "Brush size")
        self.radius.setRange(1, 100)
        wheel_needs_focus(self.radius)
        self.radius.setFixedWidth(theme.scaled(100))
        self.radius.valueChanged.connect(lambda value: self.model.set_brush(radius=value))
        rings = [
            tool(f"kernels.spectrum.{name}", tip, "", partial(self.model.keep_ring, name), words)
            for name, (words, tip, _bounds) in RINGS.items()
        ]
        self.restore = tool(
            "kernels.spectrum.restore",
            "Bring all frequencies back",
            "refresh-ccw",
            self.model.keep_all,
            "All",
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
        self._show_brush(self.model.brush.value)
        context.listen(self.model.brush.changed, self._show_brush)
        context.listen(self.model.mask.changed, self._show_mask)
        context.listen(self.model.answered, self._show)
        context.listen(self.model.back.answered, self._show_back)
        for each in (self.model, self.model.back):
            context.listen(each.said, self.say)

    def changeEvent(self, event: QEvent) -> None:
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

    def show_frame(self, frame: LabFrame) -> None:
        """The source of the selected stage under its first kernel."""
        self._tell_rule(frame.lab.stage)
        self.model.show_frame(frame)
        self._show_mask()

    def show_refused(self, refused: LabRefused) -> None:
        """Frequencies have no border that a kernel could be too large for."""
        self._tell_rule(refused.lab.stage)
        self.model.show_refused(refused)
        self._show_mask()

    def _show_brush(self, brush: Brush) -> None:
        self.brush.set_value(brush.does)
        with QSignalBlocker(self.radius):
            self.radius.setValue(brush.radius)
        self.pad.set_radius(brush.radius)

    def _show_mask(self, _mask: FrequencyMask | None = None) -> None:
        kept = self.model.kept
        if kept is not None:
            self.pad.set_mask(kept)

    def _view(self, name: str) -> ImageView:
        view = naming.give(ImageView(), f"kernels.spectrum.{name}", NAMES[name])
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

    def _show(self, found: Spectra | None) -> None:
        if found is None:
            for name, _sign in PICTURES:
                self.views[name].show_nothing()
            self.pad.set_picture(None)
            self.theorem.setText("")
            self.set_no_scale()
            return
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

    def _show_back(self, found: BroughtBack | None) -> None:
        view = self.views["back"]
        if found is None:
            view.show_nothing()
            return
        view.set_pixels(found.pixels, found.values)
        view.set_caption(f"what is left of the image  ·  {range_words(found.scale)}")


def short(value: float) -> str:
    """A magnitude in few letters: "13", "1.62e7"."""
    return f"{value:.3g}".replace("e+0", "e").replace("e+", "e").replace("-", "−")
