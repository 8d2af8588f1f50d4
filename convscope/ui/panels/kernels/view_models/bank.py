"""A filter bank: several kernels on one image, one map each, all on one scale."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from convscope.core.errors import UserError
from convscope.core.task import Task
from convscope.imaging.image import Image
from convscope.imaging.kernels import BANKS, bank
from convscope.imaging.kernels.kernel import Kernel
from convscope.imaging.lab.convolve import correlate
from convscope.imaging.lab.display import Scale, to_bytes
from convscope.imaging.lab.operation import Border, DisplayMode, Mode, Operation
from convscope.imaging.lab.stage import sliding_weights
from convscope.imaging.lab.suited import is_table, suited_display
from convscope.ui.panels.kernels.view_models.asking import Asking
from convscope.ui.panels.kernels.view_models.frame import LabFrame, LabRefused
from convscope.workspace.lab import Lab

if TYPE_CHECKING:
    from convscope.ui.panel_context import PanelContext

# A map is drawn a few hundred pixels wide: of a larger one every second, third … pixel is shown.
LARGEST = 512
# Of the displays that suit the kernels of a set, the last of these shows all.
SUITS: tuple[DisplayMode, ...] = ("clip", "stretch", "abs", "signed")


@dataclass(frozen=True)
class BankSettings:
    """Which kernels, as undo remembers them.

    Attributes:
        key: of the set.
        orientations: how many directions of the Gabor family.
    """

    key: str = next(iter(BANKS))
    orientations: int = 6

    def __post_init__(self) -> None:
        if self.key not in BANKS:
            raise UserError(f"There is no set of kernels called {self.key!r}.")


@dataclass(frozen=True)
class BankRequest:
    """Which kernels on what, and how they slide; `display` None: as suits them."""

    image: Image
    settings: BankSettings
    mode: Mode
    border: Border
    dilation: int
    display: DisplayMode | None


@dataclass(frozen=True, eq=False)
class BankMaps:
    """A bank's maps as pictures, uint8 h×w each on one scale; `size`: of a map before it was thinned out."""

    kernels: tuple[Kernel, ...]
    pictures: list[NDArray[np.uint8]]
    size: tuple[int, ...]
    display: DisplayMode
    scale: Scale


class BankViewModel(Asking[BankRequest, BankMaps]):
    """The bank on the selected stage's input, with its border and mode."""

    def __init__(self, context: PanelContext) -> None:
        super().__init__(context, "bank", bank_maps)
        self.settings = context.workspace.part("kernels.bank", BankSettings(), "kernels.bank")
        self._workspace = context.workspace
        self._given: tuple[Image, Lab] | None = None
        context.listen(self.settings.changed, lambda _settings: self._ask())

    def edit(self, label: str, merge: str | None = None, **changes: Any) -> None:
        """Other kernels, by one undoable step."""
        self.settings.edit(replace(self.settings.value, **changes), label, merge)

    def choose(self, index: int) -> None:
        """One of the kernels becomes that of the lab."""
        if self.found is not None:
            kernel = self.found.kernels[index]
            lab = self._workspace.lab.with_kernel(kernel)
            self._workspace.edit_lab(lab, f"Choose {describe(kernel)}")

    def show_frame(self, frame: LabFrame) -> None:
        self._given = (frame.result.source, frame.lab)
        self._ask()

    def show_refused(self, refused: LabRefused) -> None:
        """Its own kernels may fit where the lab's does not."""
        if refused.given is None:
            self._given = None
            self.forget()
            self.said.emit("")
        else:
            self._given = (refused.given, refused.lab)
            self._ask()

    def _ask(self) -> None:
        if self._given is not None:
            image, lab = self._given
            stage, display = lab.stage, lab.display if lab.chosen else None
            self.ask(
                BankRequest(image, self.settings.value, stage.mode, stage.border, stage.dilation, display)
            )


def bank_maps(request: BankRequest, task: Task) -> BankMaps:
    """The maps, thinned out to what can be seen of them."""
    key = request.settings.key
    kernels = bank(key, orientations=request.settings.orientations) if key == "gabor" else bank(key)
    source = request.image.gray
    step = max(1, max(source.values.shape) // LARGEST)
    thin, ends, size = [], [], source.values.shape
    for kernel in kernels:
        task.check()
        weights = sliding_weights(Operation(kernels=(kernel,), mode=request.mode))[0]
        found = correlate(source.values, weights, request.border, 1, request.dilation, task=task)
        size = found.shape
        ends += [float(found.min()), float(found.max())]
        thin.append(found[::step, ::step].copy())
    suited = (suited_display((Operation(kernels=(kernel,)),)) for kernel in kernels)
    fit: DisplayMode = "stretch" if is_table(source) else max(suited, key=SUITS.index)
    display = fit if request.display is None else request.display
    # One scale for all maps, so that they can be compared.
    drawn = [to_bytes(values, display, extremes=(min(ends), max(ends))) for values in thin]
    return BankMaps(kernels, [pixels for pixels, _scale in drawn], size, display, drawn[0][1])


def describe(kernel: Kernel) -> str:
    """A kernel in a caption: its name, and what of its parameters tells it from its neighbours."""
    values = dict(kernel.parameters)
    if kernel.preset == "gabor":
        return f"θ {values['theta']:g}°  λ {values['wavelength']:g}"
    return kernel.name
