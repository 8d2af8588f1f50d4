"""The layers as a list that can be dragged in and dropped on."""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QMimeData, QModelIndex, Qt, Signal

from convscope.engine.models.builder.architecture import Architecture, LayerSpec
from convscope.engine.models.layer_specs import KINDS
from convscope.engine.models.summary import LayerInfo, ModelSummary
from convscope.ui.panels.model.words import shape_words
from convscope.ui.tables.table import Index, Role, TableModel, name_column


@dataclass(frozen=True)
class Arc:
    """A line from a layer down to those that it feeds past others.

    Attributes:
        source: the row that it starts at.
        targets: the rows that it feeds, from above.
        lane: 0 beside the list, higher ones further out.
    """

    source: int
    targets: tuple[int, ...]
    lane: int


@dataclass(frozen=True)
class Arcs:
    """All lines beside the list.

    Attributes:
        arcs: by row of their beginning.
        lanes: how many lanes are needed.
        joined: by row, whether it is fed by the row above it.
        by_row: by row, the arcs that pass, start or end there.
    """

    arcs: tuple[Arc, ...]
    lanes: int
    joined: tuple[bool, ...]
    by_row: tuple[tuple[Arc, ...], ...]


def arcs_of(architecture: Architecture) -> Arcs:
    """The arcs of an architecture; an input that is not in the list has none."""
    places = {layer.name: index for index, layer in reversed(list(enumerate(architecture.layers)))}
    targets: dict[int, list[int]] = {}
    joined = []
    for index in range(len(architecture.layers)):
        feeds = [places[name] for name in architecture.feeds(index) if name in places]
        joined.append(index - 1 in feeds)
        for source in feeds:
            if source < index - 1:
                targets.setdefault(source, []).append(index)
    arcs: list[Arc] = []
    taken: list[list[tuple[int, int]]] = []
    # Short arcs take the lanes next to the list, so that a long skip runs around them.
    for source, ends in sorted(targets.items(), key=lambda item: (item[1][-1] - item[0], item[0])):
        last = ends[-1]
        lane = next((n for n, arcs_in in enumerate(taken) if _is_free(arcs_in, source, last)), len(taken))
        if lane == len(taken):
            taken.append([])
        insort(taken[lane], (source, last))
        arcs.append(Arc(source, tuple(ends), lane))
    by_row: list[list[Arc]] = [[] for _ in architecture.layers]
    for arc in arcs:
        for row in range(arc.source, arc.targets[-1] + 1):
            by_row[row].append(arc)
    arcs.sort(key=lambda arc: arc.source)
    return Arcs(tuple(arcs), len(taken), tuple(joined), tuple(tuple(row) for row in by_row))


def _is_free(arcs: list[tuple[int, int]], source: int, last: int) -> bool:
    """Whether a lane's arcs, in their order, leave these rows free."""
    at = bisect_right(arcs, (source, last))
    return (not at or arcs[at - 1][1] < source) and (at == len(arcs) or last < arcs[at][0])


LAYER = "application/x-convscope-layer"
KIND = "application/x-convscope-kind"


BuilderRow = tuple[LayerSpec, LayerInfo]


def _told(row: BuilderRow) -> str:
    spec, info = row
    words = f"{spec.name}, {spec.kind}, {shape_words(info.shape)}, {info.parameters:,} parameters"
    return f"{words}. Problem: {info.problem}" if info.problem else words


class LayerRows(TableModel[BuilderRow]):
    """One row a layer of the document.

    Signals:
        layer_dropped: a layer's name and the place in the list where it was dropped.
        kind_dropped: a kind of layer from the palette and its place.
    """

    layer_dropped = Signal(str, int)
    kind_dropped = Signal(str, int)

    def __init__(self, architecture: Architecture) -> None:
        # The words are for readers of the screen; the delegate paints from `spec` and `info`.
        super().__init__((name_column("Layer", "", lambda row: row, _told),))
        self._wiring: tuple[object, ...] = ()
        self.arcs = Arcs((), 0, (), ())
        self._take(architecture)

    def _take(self, architecture: Architecture) -> None:
        self.architecture = architecture
        self.summary: ModelSummary = architecture.summary()
        self.rows = tuple(zip(architecture.layers, self.summary.layers, strict=True))
        # A setting moves no line: in a long list the lines take longer than all the rest.
        wiring = tuple(
            (layer.name, layer.kind == "InputLayer", layer.inputs) for layer in architecture.layers
        )
        if wiring != self._wiring:
            self._wiring, self.arcs = wiring, arcs_of(architecture)

    def set_architecture(self, architecture: Architecture) -> bool:
        """Show another state; whether the rows are others than before."""
        same = [x.kind for x in architecture.layers] == [x.kind for x in self.architecture.layers]
        if same:
            self._take(architecture)
            self.refresh()
            return False
        self.beginResetModel()
        self._take(architecture)
        self.endResetModel()
        return True

    def spec(self, row: int) -> LayerSpec:
        return self.rows[row][0]

    def info(self, row: int) -> LayerInfo:
        return self.rows[row][1]

    def special(self, row: BuilderRow, column: int, role: int) -> str | None:
        if role != Role.ToolTipRole:
            return None
        spec, info = row
        fed = f"\nFed by {', '.join(info.inputs)}" if info.inputs else ""
        problem = f"\n{info.problem}" if info.problem else ""
        return f"{spec.name}: {KINDS[spec.kind].about}{fed}{problem}"

    def flags(self, index: Index) -> Qt.ItemFlag:
        if not index.isValid():
            return Qt.ItemFlag.ItemIsDropEnabled
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsDragEnabled

    def supportedDropActions(self) -> Qt.DropAction:
        return Qt.DropAction.MoveAction | Qt.DropAction.CopyAction

    def mimeTypes(self) -> list[str]:
        return [LAYER, KIND]

    def mimeData(self, indexes: Sequence[QModelIndex]) -> QMimeData:
        data = QMimeData()
        data.setData(LAYER, self.spec(indexes[0].row()).name.encode())
        return data

    def dropMimeData(
        self, data: QMimeData, action: Qt.DropAction, row: int, column: int, parent: Index
    ) -> bool:
        # Tell where it was dropped; on a row means under it, on the empty room at the end. The view then asks
        # for the dragged row's removal, which this model does not do by itself.
        if row < 0:
            row = parent.row() + 1 if parent.isValid() else self.rowCount()
        if data.hasFormat(LAYER):
            self.layer_dropped.emit(data.data(LAYER).toStdString(), row)
        elif data.hasFormat(KIND):
            self.kind_dropped.emit(data.data(KIND).toStdString(), row)
        return True
