"""One map, large: laid over the image, by itself with its numbers, or the image alone."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QSignalBlocker
from PySide6.QtWidgets import QCheckBox, QWidget

from convscope.core.task import Task
from convscope.core.words import percent
from convscope.engine.interpret.attribution.explain import Failure
from convscope.engine.interpret.attribution.picture import picture, ramp, region
from convscope.engine.interpret.attribution.result import Attribution, MapRequest
from convscope.imaging.overlay import heat_pixels, upsample
from convscope.ui import naming, theme
from convscope.ui.canvas.image_view import ImageView
from convscope.ui.canvas.scale_bar import ScaleBar
from convscope.ui.canvas.veil import Veil
from convscope.ui.forms.form import row, segmented, tool, vertical
from convscope.ui.layout.flow import FlowLayout
from convscope.ui.panels.explain.view_model import ExplainViewModel

if TYPE_CHECKING:
    from convscope.engine.interpret.attribution.context import AttributionContext

KEY = "explain.large"


class LargeView(QWidget):
    """The map that is looked at; hovering reads its values."""

    def __init__(self, view_model: ExplainViewModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._view_model = view_model
        # What the picture on show is of.
        self._of: tuple[Any, AttributionContext] | None = None
        self._shown = view_model.large
        self._build()
        self._show()
        view_model.context.listen(self._shown.changed, self._show)
        view_model.selection_changed.connect(self.paint)
        view_model.map_arrived.connect(self._arrived)
        view_model.style_changed.connect(self.paint)
        for changed in (view_model.outdated_changed, view_model.stopped_changed):
            changed.connect(self._mark)

    def paint(self) -> None:
        """Make the picture off the GUI thread: a photograph may be large."""
        view_model = self._view_model
        one, explained, style = view_model.attribution(), view_model.explained, view_model.style
        self._mark()
        if one is None or explained is None or not self.isVisible():
            return
        what, image = self.what.value, explained.image if self.whole.isChecked() else None
        scale = self._view_model.scale(one)

        def work(task: Task) -> tuple[NDArray[np.uint8], NDArray[Any] | None, str]:
            pixels = one.pixels if image is None else image.pixels
            if what == "image":
                return pixels, None, "the image"
            if what == "map":
                made = heat_pixels(one.relevance, scale, style.colormap or one.colormap)
                return made, one.relevance, "the raw map, {} × {}".format(*one.relevance.shape)
            height, width = pixels.shape[:2]
            box = None if image is None else one.box
            values = upsample(one.relevance, height, width, style.how, box)
            words = f"{one.title}: {one.target_words}"
            if style.threshold is not None:
                found = region(one, style.threshold, image=image, how=style.how)
                if found is not None:
                    words += f" · region {found.box.width} × {found.box.height}, {percent(found.share)}"
            return picture(one, style, image=image, scale=scale), values, words

        def done(made: tuple[NDArray[np.uint8], NDArray[Any] | None, str]) -> None:
            pixels, values, words = made
            self._of = one.request.key, explained
            self._mark()
            self.view.set_pixels(pixels, values)
            self.view.set_caption(words)
            opacities = ramp(one, style, scale)[:, 3] if what == "overlay" else None
            self.scale.set_scale(style.colormap or one.colormap, scale.low, scale.high, opacities)

        self._view_model.context.jobs.submit(
            "view", work, title="Painting a map", key=KEY, supersede="finish", quiet=True, on_done=done
        )

    def _mark(self) -> None:
        """The picture of another map is dim until the one that is looked at is there."""
        view_model, request = self._view_model, self._view_model.selected
        words = view_model.outdated
        if not words and request is not None:
            following = view_model.live and self._of is not None and self._of[0] == request.key
            if self._of != (request.key, view_model.explained) and not following:
                words = self._why(request)
        self.veil.set_words(words)

    def _why(self, request: MapRequest) -> str:
        from convscope.engine.interpret.attribution.methods import METHODS

        title, answer = METHODS[request.method].title, self._view_model.answer(request)
        if isinstance(answer, Failure):
            return answer.message
        if self._view_model.stopped(request):
            return f"{title} was stopped: a click on its tile goes on."
        if self._view_model.waits(request):
            return f"{title} waits for a still picture."
        return f"Working on {title} …"

    def _edit(self, label: str, **changes: Any) -> None:
        self._shown.edit(replace(self._shown.value, **changes), label)

    def _show(self) -> None:
        shown = self._shown.value
        self.what.set_value(shown.what)
        with QSignalBlocker(self.whole):
            self.whole.setChecked(shown.whole)
        self.paint()

    def _arrived(self, made: Attribution | Failure) -> None:
        request = self._view_model.selected
        if request is not None and made.request.key == request.key:
            self.paint()

    def showEvent(self, event: Any) -> None:
        super().showEvent(event)
        self.paint()

    def _build(self) -> None:
        column = vertical(self, spacing=theme.GRID)
        self.what = segmented(
            "explain.large.what",
            "Shown",
            (
                ("overlay", "Overlay", "The map laid over the image"),
                ("map", "Map", "The raw map at its own resolution; zoom in to read its numbers"),
                ("image", "Image", "The image without the map"),
            ),
        )
        self.what.changed.connect(lambda value: self._edit("Show another picture", what=value))
        self.whole = QCheckBox("whole photograph")
        self.whole.setObjectName("explain.large.whole")
        self.whole.setToolTip("On the photograph at its full size, not on what the network saw of it")
        self.whole.toggled.connect(
            lambda on: self._edit("Show the whole photograph" if on else "Show what was seen", whole=on)
        )
        step = self._view_model.step
        last = tool("explain.large.last", "The last map of the grid", "arrow-left", lambda: step(-1))
        following = tool("explain.large.next", "The next map of the grid", "arrow-right", lambda: step(1))
        self.view = naming.give(ImageView(photographs=True), "explain.large.view")
        self.scale = naming.give(ScaleBar(), "explain.large.scale")
        over, arrows = QWidget(), QWidget()
        arrows.setLayout(row(last, following, spacing=theme.GRID))
        self.whole.setMinimumHeight(self.what.sizeHint().height())
        line = FlowLayout(over, theme.GAP, theme.GRID)
        for widget in (self.what, self.whole, arrows):
            line.addWidget(widget)
        column.addWidget(over)
        shown = QWidget()
        vertical(shown, (self.view, 1), self.scale, spacing=theme.GRID)
        column.addWidget(shown, 1)
        self.veil = Veil(shown, "explain.large.veil")
