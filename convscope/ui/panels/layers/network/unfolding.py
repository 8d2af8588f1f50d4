"""What is open between two columns of the network: which map, and which pixel is held through all of it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from psygnal import Signal

from convscope.core.errors import UserError
from convscope.engine.interpret.activations.activations import Activations
from convscope.engine.interpret.network.unfolded import HeldPixel, Unfolded, hold, unfold
from convscope.engine.models.graph.columns import LayerColumn
from convscope.imaging.lab.scan import Scan
from convscope.ui.panels.layers.network.parts import UnfoldedMap
from convscope.ui.panels.layers.network.view_model import NetworkFrame, NetworkViewModel

KEY = "layers.network.unfolded"


@dataclass(frozen=True, eq=False)
class UnfoldedFrame:
    """What is on show.

    Attributes:
        unfolded: what happens there.
        column: the column after the gap.
        titles: of the columns before it.
        found: of what it was computed.
        names: of the classes, where the numbers are classes; else ().
    """

    unfolded: Unfolded
    column: LayerColumn
    titles: tuple[str, ...]
    found: Activations
    names: tuple[str, ...] = ()


class UnfoldingViewModel:
    """Opens what happens between two columns, and holds a pixel of it.

    Attributes:
        part: of the document: what is open and held.
        frame: what is on show; None while nothing is open.

    Signals:
        frame_changed: an `UnfoldedFrame`, or None when it is closed.
        held_changed: a `HeldPixel`.
        problem_changed: why it cannot be opened, in a sentence; "" when it can.
    """

    frame_changed = Signal(object)
    held_changed = Signal(object)
    problem_changed = Signal(str)

    def __init__(self, network: NetworkViewModel) -> None:
        self.network = network
        self.context = network.context
        self.part = network.context.workspace.part(KEY, UnfoldedMap(), "layers")
        self.frame: UnfoldedFrame | None = None
        self._asked: tuple[object, ...] | None = None
        self.context.listen(network.view_changed, self._ask)
        self.context.listen(self.part.changed, self._follow)
        self.context.listen(self.context.workspace.model_changed, self._model_changed)

    # -- what a person does ----------------------------------------------------------------------------------

    def open(self, column: str) -> None:
        """Open the gap before a column, for its held map; else for the first that it shows."""
        view, model = self.network.view, self.context.workspace.model
        if view is None or model is None or view.column(column) is None:
            return
        held = self.network.selection.value
        channel = int(view.chosen[column][0])
        if held.model == model.id and held.column == column:
            channel = held.channel
        elif column == view.columns[-1].id and view.target is not None:
            channel = min(view.target, view.columns[-1].channels - 1)
        self.part.set(UnfoldedMap(model.id, column, channel))

    def close(self) -> None:
        """Back to the whole network."""
        self.part.set(UnfoldedMap())

    def choose_channel(self, channel: int) -> None:
        """Another map or number of the same column; the pixel stays."""
        self.part.set(replace(self.part.value, channel=channel, term=None))

    def choose_term(self, term: int | None) -> None:
        """Which product is held; None: the one that gives most."""
        self.part.set(replace(self.part.value, term=term))

    def hold(self, stage: int, row: int, column: int) -> None:
        """Hold a pixel of the map of a stage; −1: of an input of the products."""
        frame = self.frame
        if frame is None:
            return
        made = frame.unfolded.products
        if stage < 0 and made is not None:
            at = made.window.over((row, column), frame.unfolded.grid)
        else:
            at = frame.unfolded.pixel(max(0, stage), (row, column))
        self.part.set(replace(self.part.value, row=at[0], place=at[1]))

    def go(self, position: int) -> None:
        """The window to a place, counted in reading order."""
        scan = self.scan
        if scan is not None:
            row, place = scan.moved(position - scan.position).place
            self.part.set(replace(self.part.value, row=row, place=place))

    def step(self, steps: int) -> None:
        """The window so many places on or back; it stops at both ends."""
        if self.scan is not None:
            self.go(self.scan.position + steps)

    def move(self, down: int, across: int) -> None:
        """The held pixel to a neighbour."""
        now = self.part.value
        if self.scan is not None:
            row, place = self.scan.at(now.row + down, now.place + across).place
            self.part.set(replace(now, row=row, place=place))

    @property
    def held(self) -> HeldPixel | None:
        """The pixel, in all maps."""
        if self.frame is None:
            return None
        now = self.part.value
        return hold(self.frame.unfolded, (now.row, now.place), now.term)

    @property
    def scan(self) -> Scan | None:
        """Where the window stands among all places; None where nothing is open."""
        if self.frame is None:
            return None
        now, (rows, columns) = self.part.value, self.frame.unfolded.grid
        return Scan(rows, columns).at(now.row, now.place)

    @property
    def sum_of(self) -> tuple[str, int, int, int] | None:
        """The layer, channel, row and column whose exact sum there is behind the held pixel."""
        frame = self.frame
        if frame is None:
            return None
        made = frame.unfolded.products
        path = made.path if made is not None else frame.unfolded.stages[frame.unfolded.first].path
        row, column = hold(frame.unfolded, (self.part.value.row, self.part.value.place)).at
        return path, frame.unfolded.channel, row, column

    # -- what is asked and what comes ------------------------------------------------------------------------

    def _follow(self, _part: UnfoldedMap) -> None:
        frame, now = self.frame, self.part.value
        if frame is not None and (frame.column.id, frame.unfolded.channel) == (now.column, now.channel):
            self.held_changed.emit(self.held)
        else:
            self._ask(self.network.view)

    def _ask(self, view: NetworkFrame | None) -> None:
        now, model = self.part.value, self.context.workspace.model
        column = view.column(now.column) if view is not None else None
        if model is None or now.model != model.id or (view is not None and column is None):
            self._end()
            return
        if view is None or column is None:
            # Brought by a snapshot: the picture of the network comes first.
            return
        asked = (view.found, view.columns, now.column, now.channel)
        if self._asked is not None and all(a is b or a == b for a, b in zip(asked, self._asked, strict=True)):
            return
        self._asked = asked
        found, all_, channel = view.found, view.columns, now.channel
        titles = tuple(one.title if one.inputs else "Input" for one in all_ if one.id in column.inputs)
        model_names = found.model if column is all_[-1] and found.model.has_classes else None

        def work(_task: object) -> UnfoldedFrame:
            made = unfold(found, all_, column, channel)
            names: tuple[str, ...] = ()
            if model_names is not None and made.softmax is not None:
                names = tuple(model_names.name_of(one) for one in range(len(made.softmax.logits)))
            return UnfoldedFrame(made, column, titles, found, names)

        def done(frame: UnfoldedFrame) -> None:
            if self._asked is asked:
                self._show(frame)

        def failed(error: BaseException) -> None:
            if self._asked is not asked:
                return
            if not isinstance(error, UserError):
                self.context.report(error)
                return
            self.close()
            self.problem_changed.emit(error.message)

        self.context.jobs.submit(
            "view", work, title="Unfolding", key=KEY, quiet=True, on_done=done, on_failed=failed
        )

    def _show(self, frame: UnfoldedFrame) -> None:
        now = self.part.value
        self.frame = frame
        self.problem_changed.emit("")
        self.frame_changed.emit(frame)
        if now.row < 0:
            row, place = strongest(frame.unfolded)
            self.part.set(replace(now, row=row, place=place))
        else:
            self.held_changed.emit(self.held)

    def _end(self) -> None:
        self.context.jobs.cancel_key(KEY)
        self._asked = None
        if self.frame is not None:
            self.frame = None
            self.frame_changed.emit(None)

    def _model_changed(self, _model: object) -> None:
        self._ask(None)


def strongest(unfolded: Unfolded) -> tuple[int, int]:
    """The place of the largest value of the last map that has the grid's size."""
    maps = [one.values for one in unfolded.stages if one.values.shape == unfolded.grid]
    found = np.unravel_index(int(np.nan_to_num(maps[-1]).argmax()), maps[-1].shape)
    return int(found[0]), int(found[1])
