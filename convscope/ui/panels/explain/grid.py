"""The centre: all maps side by side, and Grad-CAM at every stage of the network below them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QWidget

from convscope.core.task import Task
from convscope.core.words import percent
from convscope.engine.interpret.attribution.explain import Failure
from convscope.engine.interpret.attribution.picture import Style, picture, shared_scales
from convscope.engine.interpret.attribution.result import Attribution, MapRequest
from convscope.imaging.lab.display import Scale
from convscope.ui import naming, theme
from convscope.ui.canvas.mosaic_labels import CAPTION_HEIGHT
from convscope.ui.canvas.mosaic_view import MosaicView
from convscope.ui.canvas.veil import Veil
from convscope.ui.forms.form import tool, vertical
from convscope.ui.panels.explain.column_titles import ColumnTitles
from convscope.ui.panels.explain.view_model import ExplainViewModel

WORKING = "Working on it …"
KEY, STAGES_KEY = "explain.grid", "explain.stages"
STAGE_SIDE = 116  # of a picture in pixels: they need not grow with the words
LOW = 480  # in less height the grid has all of the room
Painted = tuple[Attribution, Style, Scale]
"""What a picture is made of."""


class GridView(QWidget):
    """One tile a method and class. A click chooses a map, a second one on it shows it large.

    Signals:
        enlarged: the chosen map is to be shown large.
    """

    enlarged = Signal()

    def __init__(self, view_model: ExplainViewModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._view_model = view_model
        self._offset = self._laid = 0
        # By request: the picture on show, and what it was made of.
        self._painted: dict[Any, tuple[Painted, NDArray[np.uint8]]] = {}
        self._compact = False
        # The tiles of this laying out are not on show yet.
        self._swapping: int | None = None
        self._build()
        view_model.maps_started.connect(self.lay_out)
        view_model.map_arrived.connect(self.paint_tiles)
        view_model.stopped_changed.connect(self.paint_tiles)
        view_model.selection_changed.connect(self._ring)
        view_model.stages_changed.connect(self.paint_stages)
        view_model.style_changed.connect(self._restyle)
        view_model.outdated_changed.connect(self._mark)
        view_model.context.listen(view_model.stages_shown.changed, self._fold)

    def _restyle(self) -> None:
        self.paint_tiles()
        self.paint_stages()

    def _mark(self) -> None:
        """What is of another image, model or class is dim, and says so."""
        self.veil.set_words(self._view_model.outdated)
        self.stages_veil.set_words(
            WORKING if self._view_model.stages_outdated and not self._view_model.outdated else ""
        )

    def pixels(self, index: int) -> NDArray[np.uint8]:
        """What a tile shows."""
        return self.tiles.pixels(index)

    # -- the grid --------------------------------------------------------------------------------------------

    def lay_out(self) -> None:
        """The tiles as they are wanted; what is not there yet shows the image without a map."""
        view_model = self._view_model
        explained, requests = view_model.explained, view_model.requests
        if explained is None:
            return
        # Pictures that are still being made are for the tiles before.
        self._laid += 1
        self._mark()
        if view_model.live:
            self._swap()
            return
        classes = len({request.target for request in requests})
        # With one class there is room for the image itself, to compare.
        self._offset = 1 if classes <= 1 else 0
        bare = _rgb(explained.prepared.pixels)
        dim = _dimmed(bare)
        self._painted = {one.key: self._painted[one.key] for one in requests if one.key in self._painted}
        tiles = [bare] * self._offset + [self._known(request, dim) for request in requests]
        columns = len(requests) // classes if classes > 1 else None
        self._hang(tiles, columns)
        self.paint_tiles()

    def _hang(self, tiles: list[NDArray[np.uint8]], columns: int | None) -> None:
        self._titles(columns)
        self.tiles.set_maps(tiles, self._captions(), columns)
        self._fold()
        self._ring()

    def _swap(self) -> None:
        """All tiles of something live at once, once they are painted: pictures of two moments never mix."""
        view_model, laid = self._view_model, self._laid
        explained = view_model.explained
        assert explained is not None
        classes = len({request.target for request in view_model.requests})
        offset = 1 if classes <= 1 else 0
        columns = len(view_model.requests) // classes if classes > 1 else None
        bare = _rgb(explained.prepared.pixels)
        dim = _dimmed(bare)
        there = [
            one for request in view_model.requests if (one := view_model.attribution(request)) is not None
        ]
        made = {
            one.request.key: (one, view_model.style, scale)
            for one, scale in zip(there, shared_scales(there), strict=True)
        }
        self._swapping = laid

        def work(task: Task) -> dict[Any, NDArray[np.uint8]]:
            return {key: picture(one, style, scale=scale) for key, (one, style, scale) in made.items()}

        def done(painted: dict[Any, NDArray[np.uint8]]) -> None:
            if laid != self._laid:
                return
            self._swapping = None
            self._offset = offset
            self._painted = {key: (made[key], pixels) for key, pixels in painted.items()}
            tiles = [bare] * offset + [painted.get(request.key, dim) for request in view_model.requests]
            self._hang(tiles, columns)
            # What was changed meanwhile.
            self.paint_tiles()

        view_model.context.jobs.submit(
            "view", work, title="Painting maps", key=KEY, supersede="finish", quiet=True, on_done=done
        )

    def _known(self, request: MapRequest, dim: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """A tile as it was shown before, if it is of the same map; else that of a map on its way."""
        made, pixels = self._painted.get(request.key, (None, dim))
        return pixels if made is not None and made[0] is self._view_model.attribution(request) else dim

    def set_compact(self, compact: bool) -> None:
        """Where there is little room, a grid of several classes takes that of the stages."""
        self._compact = compact
        self._fold()

    def _titles(self, columns: int | None) -> None:
        from convscope.engine.interpret.attribution.methods import METHODS

        row = self._view_model.requests[: columns or 0]
        self.titles.set_titles(tuple(METHODS[request.method].title for request in row))

    def _fold(self) -> None:
        """The stages are there where the grid can spare the room, or where they were asked for."""
        there = bool(self._view_model.stage_maps)
        roomy = self.height() >= theme.scaled(LOW) and not (self._compact and self.titles.titles)
        wanted = self._view_model.stages_shown.value
        shown = there and (roomy if wanted == "as there is room" else wanted == "shown")
        self.stages_title.setVisible(there)
        self.stages_title.setIcon(theme.icon("chevron-down" if shown else "chevron-right"))
        self.stages.setVisible(shown)

    def _toggle_stages(self) -> None:
        self._view_model.stages_shown.set("shown" if self.stages.isHidden() else "hidden")

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fold()

    def changeEvent(self, event: QEvent) -> None:
        # The words under the stages' pictures have another size, the pictures have not.
        super().changeEvent(event)
        if event.type() in (QEvent.Type.StyleChange, QEvent.Type.FontChange) and hasattr(self, "stages"):
            self._size_stages()

    def _size_stages(self) -> None:
        self.stages.setFixedHeight(STAGE_SIDE + theme.scaled(CAPTION_HEIGHT))

    def _captions(self) -> list[str]:
        words = ["what the network saw"] if self._offset else []
        for request in self._view_model.requests:
            answer = self._view_model.answer(request)
            words.append(self._caption(request, answer))
        return words

    def _caption(self, request: MapRequest, answer: Attribution | Failure | None) -> str:
        from convscope.engine.interpret.attribution.methods import METHODS

        # Where the methods stand over the columns, a tile tells its class.
        title = "" if self.titles.titles else METHODS[request.method].title
        colon = f"{title}: " if title else ""
        if isinstance(answer, Failure):
            return f"{colon}not possible"
        explained = self._view_model.explained
        assert explained is not None and request.target is not None
        words = (
            request.target.words(explained.model)
            if METHODS[request.method].needs_class
            else f"any {explained.model.answer.noun}"
        )
        if self._view_model.stopped(request):
            return f"{colon}stopped, click to go on"
        if self._view_model.waits(request):
            return f"{colon}waits for a still picture"
        if answer is None:
            return f"{title or words} …"
        if answer.done < 1:
            return f"{title or words} {percent(answer.done, 0)}"
        return f"{colon}{words}"

    def paint_tiles(self) -> None:
        """Lay the maps over the image, off the GUI thread."""
        view_model, style = self._view_model, self._view_model.style
        if view_model.explained is None or self._swapping == self._laid:
            return
        there = [
            (number, one)
            for number, request in enumerate(view_model.requests, self._offset)
            if (one := view_model.attribution(request)) is not None
        ]
        scales = shared_scales([one for _number, one in there])
        wanted = [(number, (one, style, scale)) for (number, one), scale in zip(there, scales, strict=True)]
        # What is on show already stays.
        new = [(number, made) for number, made in wanted if self._shown(made[0]) != made]
        captions, laid = self._captions(), self._laid

        def work(task: Task) -> list[tuple[int, Painted, NDArray[np.uint8]]]:
            painted = []
            for number, made in new:
                task.check()
                one, style, scale = made
                painted.append((number, made, picture(one, style, scale=scale)))
            return painted

        def done(painted: list[tuple[int, Painted, NDArray[np.uint8]]]) -> None:
            if laid != self._laid:
                return
            for number, made, pixels in painted:
                self._painted[made[0].request.key] = made, pixels
                self.tiles.set_map(number, pixels)
            for number, words in enumerate(captions):
                self.tiles.set_caption(number, words)
            if style != self._view_model.style:
                self.paint_tiles()

        view_model.context.jobs.submit(
            "view", work, title="Painting maps", key=KEY, supersede="finish", quiet=True, on_done=done
        )

    def _shown(self, one: Attribution) -> Painted | None:
        made, _pixels = self._painted.get(one.request.key, (None, None))
        return made

    def _ring(self) -> None:
        request, requests = self._view_model.selected, self._view_model.requests
        keys = [one.key for one in requests]
        if request is not None and request.key in keys:
            self.tiles.select(keys.index(request.key) + self._offset)
        else:
            self.tiles.select(None)

    def _chosen(self, index: int) -> None:
        at = index - self._offset
        # The image itself, or a tile of maps that are asked for no more.
        if not 0 <= at < len(self._view_model.requests):
            self._ring()
            return
        request = self._view_model.requests[at]
        if self._view_model.stopped(request):
            self._view_model.select(request)
            self._view_model.resume(request)
            return
        if self._view_model.selected is not None and request.key == self._view_model.selected.key:
            self.enlarged.emit()
            return
        self._view_model.select(request)

    # -- the stages ------------------------------------------------------------------------------------------

    def paint_stages(self) -> None:
        """Grad-CAM at every stage, off the GUI thread."""
        # Regions of maps at other stages would only distract.
        maps, style = self._view_model.stage_maps, replace(self._view_model.style, threshold=None)
        self._fold()
        self._mark()
        if not maps:
            return

        def work(task: Task) -> list[NDArray[np.uint8]]:
            # Of the fine stages single pixels stand out so far that all others would look empty.
            return [picture(one, style, scale=replace(one, grainy=True).scale) for one in maps]

        def done(tiles: list[NDArray[np.uint8]]) -> None:
            words = [f"{one.relevance.shape[0]}×{one.relevance.shape[1]}  {one.layer}" for one in maps]
            self.stages.set_maps(tiles, words, len(tiles))
            chosen = self._view_model.request.layer or (
                self._view_model.chosen_layer.path if self._view_model.chosen_layer else None
            )
            paths = [one.layer for one in maps]
            self.stages.select(paths.index(chosen) if chosen in paths else None)

        self._view_model.context.jobs.submit(
            "view", work, title="Painting maps", key=STAGES_KEY, supersede="finish", quiet=True, on_done=done
        )

    def _choose_stage(self, index: int) -> None:
        maps = self._view_model.stage_maps
        if index < len(maps):
            self._view_model.ask(layer=maps[index].layer)

    # -- the widgets -----------------------------------------------------------------------------------------

    def _build(self) -> None:
        column = vertical(self, spacing=theme.GRID)
        self.tiles = MosaicView(photographs=True, caption_lines=2)
        self.tiles.setObjectName("explain.wall")
        self.tiles.setAccessibleName("Grid of maps")
        self.tiles.chosen.connect(self._chosen)
        self.titles = naming.give(ColumnTitles(self.tiles), "explain.wall.titles")
        column.addWidget(self.titles)
        column.addWidget(self.tiles, 1)
        self.stages_title = tool(
            "explain.stages.fold",
            "Grad-CAM at every stage of the network, from fine to coarse: click one to explain by it",
            "chevron-down",
            self._toggle_stages,
            "Grad-CAM at every stage",
        )
        # No higher than a heading: the room belongs to the pictures.
        self.stages_title.setProperty("role", "fold")
        column.addWidget(self.stages_title)
        self.stages = naming.give(MosaicView(photographs=True), "explain.stages", "Grad-CAM at every stage")
        self._size_stages()
        self.stages.chosen.connect(self._choose_stage)
        column.addWidget(self.stages)
        self.stages.hide()
        self.stages_title.hide()
        self.veil = Veil(self, "explain.wall.veil")
        self.stages_veil = Veil(self.stages, "explain.stages.veil")


def _rgb(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.repeat(pixels[:, :, None], 3, axis=2) if pixels.ndim == 2 else pixels


def _dimmed(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Half way to the ground: a map is on its way."""
    return pixels // 2 if theme.tokens().dark else pixels // 2 + np.uint8(127)
