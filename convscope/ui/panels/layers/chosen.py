"""The chosen map: which one it is, and what is asked and shown about it."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from convscope.core.errors import UserError
from convscope.engine.interpret.activations.outputs import parted
from convscope.engine.interpret.breakdown.breakdown import ActivationSum
from convscope.ui.panels.layers.controller import Controller
from convscope.ui.panels.layers.detail import Detail
from convscope.ui.panels.layers.frame import Frame
from convscope.ui.panels.layers.inspector import OPACITY, Inspector
from convscope.ui.panels.layers.output import Output
from convscope.ui.panels.layers.stage import Stage
from convscope.ui.panels.layers.words import strongest


class Chosen(QObject):
    """Keeps the stage's rings, the inspector and what can be saved with the map that was chosen.

    Signals:
        picked: a person chose a map.

    Attributes:
        channel: of the map; None before there is one.
        side: of the frame: 1 for what the first is compared with.
        place: row and column of the value that is explained; None before there is one.
    """

    picked = Signal()

    def __init__(self, controller: Controller, stage: Stage, inspector: Inspector, output: Output) -> None:
        super().__init__(stage)
        self._controller, self._stage, self._inspector, self._output = controller, stage, inspector, output
        self.channel: int | None = None
        self.side = 0
        self.place: tuple[int, int] | None = None
        self._count = 0
        # A value that is wanted in a layer that is not on show yet: path, channel, row, column.
        self._wanted: tuple[str, int, int, int] | None = None
        stage.chosen.connect(self.choose)
        controller.detail_ready.connect(self._show)
        controller.sum_ready.connect(self._show_sum)
        self._opacity = controller.context.workspace.part("layers.opacity", OPACITY, "layers")
        inspector.opacity_changed.connect(
            lambda share: self._opacity.edit(share, "Change the opacity", "layers.opacity")
        )
        self._opacity.changed.connect(self._show_opacity)
        inspector.opacity.set_value(100 * self._opacity.value)
        inspector.hovered.connect(self._hover)
        inspector.clicked.connect(self._click)
        inspector.sum.followed.connect(self._follow)

    def shutdown(self) -> None:
        """Take no more events."""
        self._opacity.changed.disconnect(self._show_opacity)

    @property
    def wanted(self) -> str:
        """The layer's output that a sum leads to; "" when none does."""
        return self._wanted[0] if self._wanted is not None else ""

    def show_frame(self, frame: Frame) -> None:
        """Keep to the same map of another layer, image or model, if it has one."""
        chosen = self.channel is not None and self._count == frame.maps.count
        if self.channel is None or not chosen:
            # Behind an activation or a normalisation channel 17 is still the same filter's; elsewhere not.
            self.channel = strongest(frame)
        self._count = frame.maps.count
        if self._wanted is not None and self._wanted[0] == frame.path:
            _path, channel, *place = self._wanted
            # Another network may have been chosen meanwhile, with fewer maps there.
            if channel < frame.maps.count:
                self.channel, self.place, chosen = channel, (place[0], place[1]), True
        self._wanted = None
        self.side = min(self.side, len(frame.sides) - 1)
        if self.channel >= frame.sides[self.side].maps.count:
            self.side = 0
        # What the app chose is ringed where it is: one begins at the first map.
        self._stage.select(self.channel, reveal=chosen)
        self._tell_top(frame)
        self.request()

    def clear(self) -> None:
        """There is nothing to choose from."""
        self._output.details = ()
        self._inspector.show_details(())

    def choose(self, channel: int, side: int = 0) -> None:
        """A person chose a map."""
        self.channel, self.side, self.place = channel, side, None
        self._stage.select(channel)
        self._changed()

    def step(self, by: int) -> None:
        """The next map in the order of the mosaic."""
        frame = self._controller.frame
        if frame is not None and self.channel is not None:
            channel = frame.neighbour(self.side, self.channel, by)
            if channel is not None:
                self.choose(channel, self.side)

    def request(self) -> None:
        """Ask for the map, and for the other side's where both are shown."""
        if self.channel is not None:
            opacity, both = self._opacity.value, self._inspector.lent
            self._controller.request_detail(self.channel, self.side, opacity, both=both)

    def _show_opacity(self, share: float) -> None:
        self._inspector.opacity.set_value(100 * share)
        self.request()

    def _changed(self) -> None:
        frame = self._controller.frame
        if frame is not None:
            self._tell_top(frame)
        self._controller.request_kernels(self.side)
        self.request()
        self.picked.emit()

    def _show(self, details: tuple[Detail, ...]) -> None:
        # One that was asked for before may come while another layer or map is on show.
        frame, detail = self._controller.frame, details[0]
        if frame is None or detail.frame.path != frame.path:
            return
        if (detail.channel, detail.side) != (self.channel, self.side) or self.side >= len(frame.sides):
            return
        self._output.details = details
        self._inspector.show_details(details)
        rows, columns = detail.values.shape
        if self.place is None or self.place[0] >= rows or self.place[1] >= columns:
            # Before anybody has clicked, the strongest value is explained.
            self.place = detail.strongest
        self._explain()

    def _show_sum(self, found: ActivationSum | str) -> None:
        self._inspector.show_sum(found)

    def _hover(self, place: tuple[int, int] | None) -> None:
        self._inspector.mark(place or self.place)

    def _click(self, row: int, column: int, side: int) -> None:
        frame = self._controller.frame
        if frame is None or side >= len(frame.sides):
            # The picture of a comparison that has just ended.
            return
        self.place = (row, column)
        self._inspector.show_page("sum")
        if side != self.side:
            self.side = side
            self._changed()
        self._explain()

    def _follow(self, path: str, channel: int, row: int, column: int) -> None:
        """Explain the value of another layer next."""
        workspace = self._controller.context.workspace
        if workspace.model is None:
            return
        try:
            layer = parted(workspace.model, path)[0]
        except UserError as error:
            # The sum is of another network, which has that layer.
            self._controller.context.report(error)
            return
        self._wanted = (path, channel, row, column)
        workspace.choose_layer(layer)

    def _explain(self) -> None:
        frame = self._controller.frame
        if frame is None or self.channel is None or self.place is None or self.side >= len(frame.sides):
            return
        self._inspector.mark(self.place)
        self._controller.request_sum(*self.place, self.channel, self.side)

    def _tell_top(self, frame: Frame) -> None:
        if self.channel is not None:
            model = frame.sides[self.side].subject.model
            self._inspector.top.show_channel(model, frame.path, self.channel)
