"""The lines of the table of layers, made in a worker; how they are searched, sorted and folded."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from convscope.engine.models.summary import LayerInfo, ModelSummary
from convscope.ui.panels.model import words

COLUMNS = ("Layer", "Kind", "Output", "Parameters", "Share")
MOST, SHORTEST = 0.6, 5


@dataclass(frozen=True)
class TableOptions:
    """How the table of layers is shown.

    Attributes:
        search: only layers with these words, and what they are nested in.
        sort: the column; "": the order of computation.
        descending: the largest first.
        closed: paths of the nested models whose layers were folded away by hand.
    """

    search: str = ""
    sort: Literal["", "Layer", "Kind", "Output", "Parameters", "Share"] = ""
    descending: bool = False
    closed: tuple[str, ...] = ()


@dataclass
class LayerLine:
    """One line: a layer, or a nested model (then `layer` is False).

    Attributes:
        path: of the layer or of the nested model; "" for the invisible root.
        texts: what the columns show.
        amounts: what the columns are sorted by.
        layer: whether it is a layer.
        parent: the number of the line that it is under.
        place: among its siblings.
        share: of the model's parameters, 0–1.
        children: the numbers of the lines under it.
    """

    path: str
    texts: tuple[str, ...]
    amounts: tuple[Any, ...]
    layer: bool
    parent: int
    place: int
    share: float
    children: list[int] = field(default_factory=list)

    @property
    def told(self) -> str:
        """What the search looks through: the path, then words that count from their beginning on."""
        return "|".join((self.path, *self.texts[1:3])) if self.layer else self.path


def shared_beginnings(names: Sequence[str]) -> tuple[str, ...]:
    """What most names begin with, up to an underscore, so that it tells none from another; the longest first.

    >>> shared_beginnings(["conv_next_stem", "conv_next_1_dense", "conv_next_2_dense", "add"])
    ('conv_next_', 'conv_')
    """
    counts = Counter(
        name[: at + 1]
        for name in names
        for at, letter in enumerate(name)
        if letter == "_" and at + 1 >= SHORTEST
    )
    shared = (beginning for beginning, count in counts.items() if count >= MOST * len(names))
    return tuple(sorted(shared, key=len, reverse=True))


class Rows:
    """All lines of a model by number; 0 is the invisible root.

    Attributes:
        beginnings: what most of the names begin with, the longest first.
    """

    def __init__(
        self,
        summary: ModelSummary | None = None,
        kinds: Mapping[str, str] | None = None,
        groups: Mapping[str, str] | None = None,
    ) -> None:
        self.lines: list[LayerLine] = [LayerLine("", (), (), False, -1, 0, 0.0)]
        self.by_path: dict[str, int] = {}
        if summary is not None:
            for row in summary.layers:
                self._layer(row, summary, kinds or {}, groups or {})
        self.beginnings = shared_beginnings([line.texts[0] for line in self.lines[1:]])

    def depth(self, number: int) -> int:
        """How many nested models a line lies in."""
        depth = 0
        while (number := self.lines[number].parent) > 0:
            depth += 1
        return depth

    def _layer(
        self, row: LayerInfo, summary: ModelSummary, kinds: Mapping[str, str], groups: Mapping[str, str]
    ) -> None:
        parent = self._group(row.group, summary, groups)
        portion = words.share(row.parameters, summary.totals.parameters)
        texts = (
            row.name,
            kinds.get(row.path, row.kind),
            words.shape(row.shape),
            f"{row.parameters:,}" if row.parameters else ("shared" if row.shared else ""),
            words.percent(portion),
        )
        amounts = (row.name, row.kind, len(self.lines), row.parameters, row.parameters)
        self._add(row.path, texts, amounts, True, parent, portion)

    def _group(self, path: str, summary: ModelSummary, groups: Mapping[str, str]) -> int:
        """The number of a nested model's line, made with those around it when first asked for."""
        if not path:
            return 0
        if path in self.by_path:
            return self.by_path[path]
        outer, _, name = path.rpartition("/")
        parent = self._group(outer, summary, groups)
        inside = [row for row in summary.layers if row.path.startswith(f"{path}/")]
        total = sum(row.parameters for row in inside)
        portion = words.share(total, summary.totals.parameters)
        kind = groups.get(path, "")
        texts = (name, kind, words.shape(inside[-1].shape), f"{total:,}", words.percent(portion))
        return self._add(path, texts, (name, kind, len(self.lines), total, total), False, parent, portion)

    def _add(
        self,
        path: str,
        texts: tuple[str, ...],
        amounts: tuple[Any, ...],
        layer: bool,
        parent: int,
        share: float,
    ) -> int:
        number = len(self.lines)
        siblings = self.lines[parent].children
        self.lines.append(LayerLine(path, texts, amounts, layer, parent, len(siblings), share))
        siblings.append(number)
        self.by_path[path] = number
        return number


def matching(rows: Rows, text: str) -> frozenset[int] | None:
    """The numbers of the lines that a search finds; None: all."""
    if not text.strip():
        return None
    wanted = re.escape(text.strip())
    # Anywhere in a name, but kinds and shapes from the start of a word: "add" is no ZeroPadding2D.
    pattern = re.compile(rf"^[^|]*{wanted}|[|\s]{wanted}", re.IGNORECASE)
    return frozenset(n for n, line in enumerate(rows.lines) if n and pattern.search(line.told))
