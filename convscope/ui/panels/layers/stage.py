"""The middle of the panel: the mosaic of all maps (or two), bars for a vector, or the layer's kernels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QLabel, QStackedWidget, QVBoxLayout, QWidget

from convscope.imaging.numerals import numeral
from convscope.ui import naming, theme
from convscope.ui.canvas.mosaic_view import MosaicView
from convscope.ui.canvas.scale_bar import ScaleBar
from convscope.ui.forms.form import caption, horizontal, row, vertical
from convscope.ui.layout.elided import ElidedLabel
from convscope.ui.panels.layers.feature_maps import FeatureMaps, Side
from convscope.ui.panels.layers.kernel_pictures import KernelPictures
from convscope.ui.panels.layers.words import blank_words
from convscope.ui.plots.bars import BarsView

MOST_BARS = 256
# So few bars are wide enough for names.
NAMED_BARS = 12
PAGES = ("maps", "kernels", "map")


class _Pane(QWidget):
    """One subject's maps, or its numbers as bars, under its name."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.title: QLabel = ElidedLabel("caption")
        self.title.setObjectName(f"{name}_title")
        self._ranks: list[int] = []
        self._bars: list[int] = []
        self.mosaic = naming.give(MosaicView(), name, "Feature maps")
        self.bars = naming.give(BarsView(), f"{name}_bars", "The layer's numbers")
        self.stack = QStackedWidget()
        self.stack.addWidget(self.mosaic)
        self.stack.addWidget(self.bars)
        vertical(self, self.title, (self.stack, 1), spacing=theme.GRID)

    def show_side(self, found: FeatureMaps, side: Side) -> None:
        """Show the maps in the order of all."""
        # The second side of a comparison may have fewer maps, or more.
        ranks = [channel for channel in found.order.tolist() if channel < side.maps.count]
        part = f", {len(ranks):,} of {side.maps.count:,}" if len(ranks) < side.maps.count else ""
        # What training does is said above, with the switch.
        blank = f", {blank_words(side)}" if side.maps.blank_count and side.trained is None else ""
        self.title.setText(f"{side.forward.title}{part}{blank}")
        self.title.setToolTip(self.title.text())
        self.title.setVisible(len(found.sides) > 1)
        self._ranks = ranks
        self._bars = bars_of(found) if side.maps.form == "values" else []
        if side.maps.form == "values":
            shown = self._bars
            named = _named(found) and len(shown) <= NAMED_BARS
            names = side.forward.model.classes
            labels = [names[channel] if named else str(channel) for channel in shown]
            self.bars.set_bars(side.maps.tiles[shown, 0, 0], labels, ends=ends_of(found))
            self.stack.setCurrentWidget(self.bars)
        else:
            captions = [f"{channel} {side.states[channel]}".rstrip() for channel in ranks]
            pictures = [side.pictures[channel] for channel in ranks]
            sizes = [(side.maps.height, side.maps.width)] * len(pictures)
            self.mosaic.set_maps(pictures, captions if side.maps.form == "maps" else [], sizes=sizes)
            self.stack.setCurrentWidget(self.mosaic)

    def clear(self) -> None:
        self._ranks, self._bars = [], []
        self.mosaic.set_maps([])
        self.bars.set_bars([])
        self.title.hide()

    def channel_at(self, place: int) -> int | None:
        """The channel of a tile or a bar."""
        shown = self._bars or self._ranks
        return shown[place] if place < len(shown) else None

    def select(self, channel: int | None, reveal: bool = True) -> None:
        """Put the ring around a channel's map."""
        self.mosaic.select(self._ranks.index(channel) if channel in self._ranks else None, reveal)
        if channel in self._bars:
            self.bars.set_window(self._bars.index(channel), 1)
        else:
            self.bars.clear_window()


class _Halves(QWidget):
    """Two that lie one under the other, of one height to the pixel."""

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        layout = self.layout()
        if layout is not None:
            layout.setContentsMargins(0, 0, 0, (self.height() - layout.spacing()) % 2)


class Stage(QWidget):
    """The maps of the chosen layer.

    Signals:
        chosen: the channel that a person chose, and on which side (0, or 1 of a comparison).
    """

    chosen = Signal(int, int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._found: FeatureMaps | None = None
        self.panes = (_Pane("layers.mosaic"), _Pane("layers.mosaic_beside"))
        self.kernels = naming.give(MosaicView(), "layers.kernels", "Kernels of the layer")
        self.stack = QStackedWidget()
        maps = QWidget()
        across = horizontal(maps, spacing=theme.GROUP_GAP)
        for side, pane in enumerate(self.panes):
            across.addWidget(pane, 1)
            pane.mosaic.chosen.connect(lambda place, side=side: self._pick(place, side))
            pane.bars.clicked.connect(lambda place, side=side: self._pick(place, side))
            pane.bars.hovered.connect(lambda place, pane=pane: self._read_bar(pane, place))
        self.panes[1].hide()
        for one, other in (self.panes, self.panes[::-1]):
            one.mosaic.verticalScrollBar().valueChanged.connect(other.mosaic.verticalScrollBar().setValue)
        self.stack.addWidget(maps)
        self.stack.addWidget(self.kernels)
        # The chosen map and the image, while they are wanted large.
        large = _Halves()
        self.large = QVBoxLayout(large)
        self.large.setContentsMargins(0, 0, 0, 0)
        self.stack.addWidget(large)
        self.kernels.chosen.connect(lambda channel: self.chosen.emit(channel, 0))
        self.scale = naming.give(ScaleBar(), "layers.scale")
        self.scale.setMaximumWidth(theme.scaled(220))
        self.scale_words = caption("layers.scale_words")
        foot = row(self.scale, (self.scale_words, 1), spacing=theme.GROUP_GAP)
        vertical(self, (self.stack, 1), foot)

    def show_maps(self, found: FeatureMaps) -> None:
        """Show the maps of one or of two subjects."""
        moved = self._found is None or self._found.path != found.path
        self._found = found
        self.panes[1].setVisible(len(found.sides) > 1)
        for pane, side in zip(self.panes, found.sides, strict=False):
            pane.show_side(found, side)
            if moved:
                pane.mosaic.verticalScrollBar().setValue(0)
        self._show_scale(found)

    def clear(self) -> None:
        """There are no maps to show."""
        self._found = None
        self.panes[1].hide()
        for pane in self.panes:
            pane.clear()
        if self.stack.currentIndex() != 1:
            self.scale.hide()
            self.scale_words.setText("")

    def show_kernels(self, shown: KernelPictures) -> None:
        """Show the layer's kernels instead."""
        dead = shown.kernels.dead
        captions = [f"{n} dead" if dead[n] else str(n) for n in range(shown.kernels.filters)]
        self.kernels.set_maps(list(shown.pictures), captions, sizes=[shown.kernels.size] * len(captions))
        self.scale.set_scale("diverging", -shown.limit, shown.limit)
        self.scale.setVisible(not shown.kernels.colours)
        if shown.kernels.colours:
            words = (
                "weights on red, green and blue as a colour, each filter on its own scale; middle gray is 0"
            )
        else:
            words = "weights: blue below 0, orange above"
        of = f"{shown.kernels.path}: " if shown.kernels.path != shown.layer else ""
        count = int(dead.sum())
        told = f"; {count} dead, with next to no weights" if count else ""
        self.scale_words.setText(f"{of}{words}{told}")

    def set_page(self, page: str) -> None:
        """Maps, kernels, or what stands in `large`."""
        self.stack.setCurrentIndex(PAGES.index(page))
        if page != "kernels" and self._found is not None:
            self._show_scale(self._found)

    def select(self, channel: int | None, reveal: bool = True) -> None:
        """Put the ring around a channel's map, and bring it into view."""
        for pane in self.panes:
            pane.select(channel, reveal)
        self.kernels.select(channel, reveal)

    def _pick(self, place: int, side: int) -> None:
        channel = self.panes[side].channel_at(place)
        if channel is not None:
            self.chosen.emit(channel, side)

    def _read_bar(self, pane: _Pane, place: int | None) -> None:
        """Name the number under the pointer."""
        found = self._found
        if found is None or found.maps.form != "values":
            return
        channel = pane.channel_at(place) if place is not None else None
        if channel is None:
            self._show_scale(found)
            return
        names = found.first.forward.model.classes
        name = f" {names[channel]}" if len(names) == found.maps.count else ""
        numbers = " and ".join(
            "dropped" if side.dropped_maps[channel] else numeral(float(side.maps.tiles[channel, 0, 0]), 5)
            for side in found.sides
        )
        self.scale_words.setText(f"{channel}{name}: {numbers}")

    def _show_scale(self, found: FeatureMaps) -> None:
        if self.stack.currentIndex() == 1:
            return
        maps, levels = found.maps, found.first.levels
        self.scale.setVisible(maps.form != "values")
        if maps.form == "values":
            values = maps.tiles[~maps.statistics.broken]
            ends = (
                f", {numeral(float(values.min()), 4)} to {numeral(float(values.max()), 4)}"
                if values.size
                else ""
            )
            missing = maps.count - len(values)
            broken = f"; {missing:,} are NaN or infinite" if missing else ""
            shown = len(bars_of(found))
            before = " before any was dropped" if found.sides[-1].trained is not None else ""
            more = f"; the {shown} largest{before} are shown" if maps.count > MOST_BARS else ""
            both = "; one scale on both sides" if len(found.sides) > 1 else ""
            self.scale_words.setText(f"{maps.count:,} numbers{ends}{broken}{more}{both}")
            return
        self.scale.set_scale(found.display.colormap, *levels.scale)
        self.scale_words.setText(f"{levels.label}{_of_both(found)}")


def _sound(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """With nothing in place of what is no number."""
    return np.where(np.isfinite(values), values, np.float32(0))


def _of_both(found: FeatureMaps) -> str:
    if len(found.sides) < 2:
        return ""
    return ", the same for both" if found.one_scale else "; each side on its own: the sizes differ"


def bars_of(found: FeatureMaps) -> list[int]:
    """The channels of a vector that are shown as bars: all, or those with the largest values of very many.

    Of a thousand classes so few are shown that each has room for its name.
    """
    count = min(side.maps.count for side in found.sides)
    ranks = [channel for channel in found.order.tolist() if channel < count]
    if count <= MOST_BARS:
        return ranks
    # What training drops must be seen to go: its other side does not choose.
    choosing = [side for side in found.sides if side.trained is None]
    size = np.max([np.abs(_sound(side.maps.tiles[:count, 0, 0])) for side in choosing], axis=0)
    most = NAMED_BARS if _named(found) else MOST_BARS
    largest = set(np.argsort(-size, kind="stable")[:most].tolist())
    return [channel for channel in ranks if channel in largest]


def ends_of(found: FeatureMaps) -> tuple[float, float]:
    """The smallest and the largest number among the bars of all sides: one scale for them."""
    shown = bars_of(found)
    return BarsView.ends_of(np.concatenate([side.maps.tiles[shown, 0, 0] for side in found.sides]))


def _named(found: FeatureMaps) -> bool:
    """Whether the numbers are those of classes with names."""
    return all(len(side.forward.model.classes) == side.maps.count for side in found.sides)
