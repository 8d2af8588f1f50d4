"""Frequencies: the spectra of image, kernel and result, and what a person paints out of the image's."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from convscope.core.task import Task
from convscope.imaging.image import Image
from convscope.imaging.io.matrix import image_from_array
from convscope.imaging.kernels.kernel import Kernel
from convscope.imaging.lab import spectrum
from convscope.imaging.lab.display import Scale, to_bytes
from convscope.imaging.lab.operation import DisplayMode, Mode
from convscope.imaging.lab.suited import is_table
from convscope.imaging.numerals import numeral
from convscope.ui.panels.kernels.view_models.asking import Asking
from convscope.ui.panels.kernels.view_models.frame import LabFrame, LabRefused
from convscope.workspace.lab import Lab

if TYPE_CHECKING:
    from convscope.ui.panel_context import PanelContext

RINGS = {
    "low": ("Low-pass", "Keep the slow changes: the inner quarter", (0.0, 0.25)),
    "high": ("High-pass", "Keep the fast changes: all but the inner eighth", (0.125, 2.0)),
    "band": ("Band-pass", "Keep a ring", (0.15, 0.4)),
}


@dataclass(frozen=True)
class FrequencyMask:
    """The frequencies that a person keeps, as undo remembers them.

    Attributes:
        key: of what spectrum: the image's id, rows and columns.
        bits: 1 for each that is kept, in reading order, packed.
    """

    key: tuple[str, int, int] = ("", 0, 0)
    bits: bytes = b""

    def unpacked(self, shape: tuple[int, int]) -> NDArray[np.float32]:
        """1 and 0, H×W, zero frequency in the centre."""
        count = shape[0] * shape[1]
        bits = np.unpackbits(np.frombuffer(self.bits, np.uint8), count=count)
        return bits.reshape(shape).astype(np.float32)


EVERYTHING = FrequencyMask()


@dataclass(frozen=True)
class Brush:
    """What a person paints with: what becomes of a frequency under it, and its radius in pixels."""

    does: Literal["0", "1"] = "0"
    radius: int = 12


@dataclass(frozen=True)
class SpectraRequest:
    """Which image under which kernel, and how the result is shown."""

    image: Image
    kernel: Kernel
    mode: Mode
    dilation: int
    display: DisplayMode


@dataclass(frozen=True, eq=False)
class Spectra:
    """What one computation gives: spectra as uint8 H×W and their |F|, and what the product is back again."""

    spectra: dict[str, tuple[NDArray[np.uint8], NDArray[np.float64]]]
    filtered: NDArray[np.uint8]
    filtered_values: NDArray[Any]
    display: DisplayMode
    scale: Scale
    difference: float


@dataclass(frozen=True)
class BackRequest:
    """An image and what is kept of its frequencies."""

    image: Image
    mask: FrequencyMask


@dataclass(frozen=True, eq=False)
class BroughtBack:
    """What is left of the image: uint8 H×W, its scale, and float32 H×W."""

    pixels: NDArray[np.uint8]
    scale: Scale
    values: NDArray[np.float32]


class SpectrumViewModel(Asking[SpectraRequest, Spectra]):
    """The source of the selected stage under its first kernel, and what is left of it under the mask.

    Attributes:
        back: asks for what is left.
        mask: what is kept.
        brush: what paints.
    """

    def __init__(self, context: PanelContext) -> None:
        super().__init__(context, "spectrum", spectra)
        self.back = Asking[BackRequest, BroughtBack](
            context, "spectrum", brought_back, "kernels.spectrum.back"
        )
        part = context.workspace.part
        self.mask = part("kernels.spectrum.mask", EVERYTHING, "kernels.spectrum")
        self.brush = part("kernels.spectrum.brush", Brush(), "kernels.spectrum")
        self._source: tuple[NDArray[Any], Image] | None = None
        # Whose spectrum is painted on: the current image, at the size that the selected stage gets.
        self._key = EVERYTHING.key
        context.listen(self.mask.changed, lambda _mask: self._ask_back())

    def show_frame(self, frame: LabFrame) -> None:
        self._show(frame.image, frame.result.source, frame.source, frame.lab, frame.display)

    def show_refused(self, refused: LabRefused) -> None:
        """Frequencies have no border that a kernel could be too large for."""
        if refused.given is None or refused.source is None:
            self.forget()
            return
        display = refused.lab.display_on(refused.image)
        self._show(refused.image, refused.given, refused.source, refused.lab, display)

    def forget(self) -> None:
        self._source, self._key = None, EVERYTHING.key
        super().forget()
        self.back.forget()

    def _show(
        self, current: Image, given: Image, source: NDArray[Any], lab: Lab, display: DisplayMode
    ) -> None:
        if self._source is None or self._source[0] is not source:
            image = current if source is current.values else image_from_array(source, given.name)
            self._source, self._key = (source, image), (current.id, image.height, image.width)
        stage = lab.stage
        self.ask(SpectraRequest(self._source[1], stage.kernel, stage.mode, stage.dilation, display))
        self._ask_back()

    def _ask_back(self) -> None:
        if self._source is not None:
            mask = self.mask.value
            self.back.ask(BackRequest(self._source[1], mask if mask.key == self._key else EVERYTHING))

    @property
    def kept(self) -> NDArray[np.float32] | None:
        """What is kept (1) and what is taken out (0) of the spectrum on show, H×W; None without one."""
        if self._source is None:
            return None
        shape, known = self._key[1:], self.mask.value
        return known.unpacked(shape) if known.key == self._key else np.ones(shape, np.float32)

    def paint(self, row: float, column: float, stroke: int) -> None:
        """One touch of the brush; those of one stroke are one step of undo."""
        kept, brush = self.kept, self.brush.value
        if kept is not None:
            value = float(brush.does)
            painted = spectrum.paint(kept, row, column, brush.radius, value)
            label = "Bring frequencies back" if value else "Paint frequencies out"
            self._edit(painted, label, f"stroke {stroke}")

    def keep_ring(self, name: str) -> None:
        """Keep one of `RINGS`."""
        if self.kept is not None:
            words, _tip, bounds = RINGS[name]
            self._edit(spectrum.ring(*self._key[1:], *bounds), words)

    def keep_all(self) -> None:
        if self.kept is not None:
            self._edit(np.ones_like(self.kept), "Bring all frequencies back")

    def set_brush(self, **changes: Any) -> None:
        """Paint otherwise from now on."""
        self.brush.set(replace(self.brush.value, **changes))

    def _edit(self, mask: NDArray[np.float32], label: str, merge: str | None = None) -> None:
        if self.mask.value.key != self._key and mask.all():
            return
        some = FrequencyMask(self._key, np.packbits(mask > 0.5).tobytes())
        self.mask.edit(EVERYTHING if mask.all() else some, label, merge)


def spectra(request: SpectraRequest, task: Task) -> Spectra:
    """The spectra of image, kernel and their product."""
    found = spectrum.theorem(request.image, request.kernel, request.mode, request.dilation)
    task.check()
    drawn = {
        name: (spectrum.log_magnitude(each), spectrum.magnitude(each))
        for name, each in (("image", found.image), ("kernel", found.kernel), ("product", found.product))
    }
    pixels, scale = to_bytes(found.by_product.astype(np.float32), request.display)
    return Spectra(drawn, pixels, found.by_product, request.display, scale, found.difference)


def brought_back(request: BackRequest, task: Task) -> BroughtBack:
    """The image without what is taken out."""
    image = request.image
    shape = (image.height, image.width)
    mask = np.ones(shape, np.float32) if request.mask == EVERYTHING else request.mask.unpacked(shape)
    values = spectrum.masked(image, mask)
    table = is_table(image)
    extremes = (float(image.values.min()), float(image.values.max())) if table else None
    pixels, scale = to_bytes(values, "stretch" if table else "clip", extremes=extremes)
    return BroughtBack(pixels, scale, values)


def frequency_words(row: int, column: int, *, height: int, width: int) -> str:
    """A place of a spectrum: how many waves there are down and across the whole picture."""
    down, across = spectrum.frequency(row, column, height, width)
    return f"{numeral(across)} waves across, {numeral(down)} down"
