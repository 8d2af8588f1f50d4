"""An RGB filter taken apart: three channels, three products, and their sum."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from convscope.core.task import Task
from convscope.imaging.lab.display import Scale, to_bytes
from convscope.imaging.lab.equation import as_shown, equation
from convscope.imaging.lab.operation import DisplayMode
from convscope.imaging.lab.stage import Result, source_values
from convscope.imaging.numerals import bracketed
from convscope.ui.panels.kernels.view_models.asking import Asking
from convscope.ui.panels.kernels.view_models.frame import LabFrame, LabRefused

if TYPE_CHECKING:
    from convscope.ui.panel_context import PanelContext

NAMES = ("red", "green", "blue")


@dataclass(frozen=True)
class ChannelRequest:
    """Which result, and how its maps are shown."""

    result: Result
    display: DisplayMode


@dataclass(frozen=True, eq=False)
class ChannelMaps:
    """Channels and products as pictures with their values, and the sum.

    The products share a scale; the sum, which may be three times as large, has its own.
    """

    channels: tuple[NDArray[np.uint8], ...]
    products: tuple[NDArray[np.float32], ...]
    pictures: tuple[NDArray[np.uint8], ...]
    total: NDArray[np.float32]
    picture: NDArray[np.uint8]
    display: DisplayMode
    product_scale: Scale
    scale: Scale
    bias: float

    def sum_words(self, row: int, column: int) -> str:
        """The sum over the channels at one place, written out."""
        parts = [float(product[row, column]) for product in self.products]

        def left(digits: int) -> tuple[str, float]:
            told = [f"{name} {bracketed(value, digits)}" for name, value in zip(NAMES, parts, strict=True)]
            shown = sum(as_shown(value, digits) for value in (*parts, self.bias))
            return "  +  ".join([*told, f"bias {bracketed(self.bias, digits)}"]), shown

        terms, sign, result = equation(left, float(self.total[row, column])).rsplit(" ", 2)
        return f"row {row}, column {column}:  {terms}  {sign}  {result}"


class RgbViewModel(Asking[ChannelRequest, ChannelMaps]):
    """The products of the selected stage, where it is an RGB filter."""

    def __init__(self, context: PanelContext) -> None:
        super().__init__(context, "rgb", channel_maps)
        self.is_filter = False

    def show(self, shown: LabFrame | LabRefused) -> None:
        stage = shown.lab.stage
        self.is_filter = stage.channels == "filter" and stage.enabled
        if not self.is_filter or isinstance(shown, LabRefused):
            self.forget()
        elif shown.whole:
            # Until a person chooses, in colours that tell what a product adds from what it takes away.
            self.ask(ChannelRequest(shown.result, shown.lab.display if shown.lab.chosen else "signed"))


def channel_maps(request: ChannelRequest, task: Task) -> ChannelMaps:
    """The maps of an RGB filter."""
    result, display = request.result, request.display
    stage = result.operation
    source = source_values(result.source, stage)
    products = result.products
    task.check()
    total = result.steps[1 if stage.bias else 0].values
    ends = [float(end) for each in products for end in (each.min(), each.max())]
    drawn = [to_bytes(each, display, extremes=(min(ends), max(ends))) for each in products]
    picture, scale = to_bytes(total, display)
    channels = tuple(_levels(source[:, :, channel]) for channel in range(3))
    pictures = tuple(pixels for pixels, _scale in drawn)
    return ChannelMaps(channels, products, pictures, total, picture, display, drawn[0][1], scale, stage.bias)


def _levels(channel: NDArray[Any]) -> NDArray[np.uint8]:
    channel = np.ascontiguousarray(channel)
    return channel if channel.dtype == np.uint8 else to_bytes(channel, "clip")[0]
