"""Source and result as two pictures or under a divider, and the scale that the result is shown in."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import ceil, floor
from typing import Any, Literal

from numpy.typing import NDArray
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QStackedWidget, QWidget

from convscope.core.words import sizes
from convscope.imaging.lab.histogram import Histogram
from convscope.imaging.lab.operation import ShownChannel
from convscope.imaging.numerals import numeral
from convscope.imaging.region import Region
from convscope.ui import naming, theme
from convscope.ui.canvas.divider_view import DividerView
from convscope.ui.canvas.image_view import ImageView
from convscope.ui.canvas.picture_pair import PicturePair
from convscope.ui.forms.form import caption, row, segmented
from convscope.ui.panel_context import PanelContext
from convscope.ui.panels.kernels.view_models.frame import InSight, LabFrame, LabRefused, PicturePlace, Side
from convscope.ui.panels.kernels.view_models.kernels import KernelsViewModel
from convscope.ui.panels.kernels.views.view import View

NO_RESULT = "No result"


def in_sight_of(view: ImageView) -> InSight | None:
    """What a view shows of its picture; None before it has one."""
    if view.pixels is None:
        return None
    top, left, height, width = view.visible_region()
    return InSight(
        # Also the pixels at its edge that are there in part.
        Region(floor(top), floor(left), ceil(top + height), ceil(left + width)),
        (view.view.height, view.view.width),
        view.view.reduced_size(view.devicePixelRatioF()),
    )


def show_source(view: ImageView, refused: LabRefused) -> None:
    """The input of a stage that gives no result."""
    if refused.source is None or refused.source_pixels is None:
        view.show_nothing("No input")
        view.set_caption("source")
        return
    view.set_pixels(refused.source_pixels, refused.source)
    first = refused.lab.selected == 0
    what = refused.image.name if first else f"input of stage {refused.lab.selected + 1}"
    view.set_caption(f"{what}  ·  {sizes(refused.source.shape)}")


def source_words(frame: LabFrame) -> str:
    """What goes into the selected stage, its shape, and what is padded around it."""
    first = frame.lab.selected == 0
    what = frame.image.name if first else f"input of stage {frame.lab.selected + 1}"
    ring = [frame.ring.words] if frame.ring is not None else []
    return "  ·  ".join([what, sizes(frame.source.shape), *alone(frame.lab.channel, frame.source), *ring])


def result_words(frame: LabFrame) -> str:
    """The result's shape, and which of its channels is on show."""
    return "  ·  ".join(["result", sizes(frame.result.shape), *alone(frame.lab.channel, frame.result.values)])


def alone(channel: ShownChannel, values: NDArray[Any]) -> list[str]:
    """ "red only", where one of several channels is shown."""
    return [] if channel == "all" or values.ndim == 2 else [f"{channel} only"]


@dataclass(frozen=True)
class PictureSettings:
    """How source and result lie, as undo remembers it.

    Attributes:
        layout: "pair" or "divider".
        share: where the divider stands: 0 at the left, 1 at the right.
    """

    layout: Literal["pair", "divider"] = "pair"
    share: float = 0.5


class PictureView(View):
    """The two pictures, linked, and the result's true range."""

    name = "picture"
    explains = True
    shows_result = True

    def __init__(self, context: PanelContext, lab: KernelsViewModel, parent: QWidget | None = None) -> None:
        super().__init__(context, lab, parent)
        self._frame: LabFrame | None = None
        self._chosen = context.workspace.part("kernels.picture", PictureSettings(), self.scope)
        self.source = naming.give(ImageView(), "kernels.source", "Source picture")
        self.result = naming.give(ImageView(), "kernels.result", "Result picture")
        self.source.hovered.connect(lambda place: self.tell(place, "source"))
        self.result.hovered.connect(lambda place: self.tell(place, "result"))
        self.source.clicked.connect(lambda r, c: self._click("source", r, c))
        self.result.clicked.connect(lambda r, c: self._click("result", r, c))
        self.pair = naming.give(PicturePair(self.source, self.result), "kernels.pair")
        self.divider = naming.give(DividerView(), "kernels.divider", "Source and result under a divider")
        self.divider.set_names("source", "result")
        self.divider.hovered.connect(lambda place: self.tell(place, "result"))
        self.divider.clicked.connect(lambda r, c: self._click("result", r, c))
        self.sources, self.results = (self.source,), (self.result, self.divider)
        self.stack = QStackedWidget()
        self.stack.addWidget(self.pair)
        self.stack.addWidget(self.divider)
        self.column.addWidget(self.stack, 1)

        self.layout_switch = segmented(
            "kernels.layout",
            "Layout",
            (
                ("pair", "Two pictures", "Source and result, beside or above each other as both are larger"),
                ("divider", "Divider", "Both at one place, with a divider to drag"),
            ),
        )
        self.layout_switch.changed.connect(lambda value: self._edit("Change the layout", layout=value))
        self.divider.divided.connect(lambda share: self._edit("Move the divider", "divider", share=share))
        self.range = theme.with_figures(caption("kernels.range"))
        self.range.setWordWrap(False)
        self.range.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.column.addLayout(row(self.layout_switch, None, self.range))
        self.column.addWidget(self.message)
        self._show_chosen(self._chosen.value)
        context.listen(self._chosen.changed, self._show_chosen)
        context.listen(lab.histograms_ready, lambda _source, result: self._show_range(result))

    def show_frame(self, frame: LabFrame) -> None:
        """Both pictures, their captions and the scale."""
        before, self._frame = self._frame, frame
        if not frame.same_source(before):
            self.source.set_pixels(frame.source_pixels, frame.source_seen)
        self.result.set_pixels(frame.shown.pixels, frame.result_seen, frame.small)
        self.source.set_caption(source_words(frame))
        self.result.set_caption(result_words(frame))
        if self.stack.currentWidget() is self.divider:
            self._show_divided(frame)
        self.set_scale(frame.display, frame.shown.low, frame.shown.high)
        if before is None:
            self._show_range(self.lab.histograms[1])

    def show_refused(self, refused: LabRefused) -> None:
        """What would go in, and nothing beside it."""
        self._frame = None
        show_source(self.source, refused)
        self.result.show_nothing(NO_RESULT)
        self.divider.show_nothing(NO_RESULT)
        self.result.set_caption("result")
        self._show_range(None)

    def _show_range(self, result: Histogram | None) -> None:
        """The true extremes, and where the largest value is, if it stands out."""
        words = ""
        if result is not None and self._frame is not None:
            least, most, mean = numeral(result.minimum), numeral(result.maximum), numeral(result.mean, 4)
            words = f"min {least}   max {most}   mean {mean}"
            if result.peak is not None:
                words += f"\nmax at {result.peak.where}"
        self.range.setText(words)

    def in_sight(self) -> InSight | None:
        return in_sight_of(self.divider if self.stack.currentWidget() is self.divider else self.result)

    def _show_divided(self, frame: LabFrame) -> None:
        self.divider.set_pair(frame.source_pixels, frame.shown.pixels, frame.result_seen, frame.small)

    def _click(self, side: Side, place_row: int, column: int) -> None:
        self.clicked.emit(PicturePlace(side, place_row, column))

    def _edit(self, label: str, merge: str | None = None, **changes: Any) -> None:
        self._chosen.edit(replace(self._chosen.value, **changes), label, merge)

    def _show_chosen(self, chosen: PictureSettings) -> None:
        divided = chosen.layout == "divider"
        self.layout_switch.set_value(chosen.layout)
        self.divider.set_share(chosen.share)
        self.stack.setCurrentWidget(self.divider if divided else self.pair)
        if self._frame is not None and divided:
            self._show_divided(self._frame)
