"""The model panel without Qt: its page, the current model as it is read, and what can be changed of it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from psygnal import Signal

from convscope.core.errors import UserError
from convscope.core.task import Task
from convscope.engine.models.graph.nodes import layer_words
from convscope.engine.models.opened import OpenedModel
from convscope.engine.models.summary import LayerInfo, ModelSummary
from convscope.engine.models.summary.categories import categories
from convscope.ui.panels.model import words

if TYPE_CHECKING:
    from convscope.engine.data.preprocessing import Preprocessing
    from convscope.engine.models.answers.answer import Reading
    from convscope.ui.panel_context import PanelContext

FIRST_PAGE = "layers"
KEY = "model.read"
COLUMNS = ("Layer", "Kind", "Output", "Parameters", "Share")
MOST, SHORTEST = 0.6, 5


@dataclass(frozen=True)
class FactsShown:
    """The facts beside the network.

    Attributes:
        beside: whether they are on show, or the network has the room.
        of: whose, where there is room for one column.
    """

    beside: bool = True
    of: Literal["layer", "model"] = "layer"


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


@dataclass(frozen=True)
class Piece:
    """One layer's part: its path, its category, how much, and how that reads."""

    path: str
    category: str
    amount: int
    words: str


@dataclass(frozen=True, eq=False)
class ShownModel:
    """What the panel shows of a model: everything that takes longer than a frame, made in a worker.

    Attributes:
        model: itself.
        summary: its arithmetic.
        rows: the summary's layers by path.
        kinds: kind and size by path: "Conv2D 3×3 /2".
        table: the lines of the layer table.
        bars: what stands in the bars "parameters" and "work".
        file_bytes: of its file or folder on disk; None without one.
        input_shape: height, width (None where free) and channels of the image; None if it takes no images.
    """

    model: OpenedModel
    summary: ModelSummary
    rows: Mapping[str, LayerInfo]
    kinds: Mapping[str, str]
    table: Rows
    bars: Mapping[str, tuple[Piece, ...]]
    file_bytes: int | None
    input_shape: tuple[int | None, int | None, int] | None


class ModelViewModel:
    """What is read of the current model, and where in the panel one is.

    Attributes:
        page: the name of the page on show.
        facts: which facts stand beside it.
        table: how the table of layers is searched, sorted and folded.

    Signals:
        shown_changed: `ShownModel`; None while there is no model.
    """

    shown_changed = Signal(object)

    def __init__(self, context: PanelContext) -> None:
        self._context = context
        self.workspace = workspace = context.workspace
        self.page = workspace.part("model.page", FIRST_PAGE, "model")
        self.facts = workspace.part("model.facts", FactsShown(), "model")
        self.table = workspace.part("model.layers", TableOptions(), "model")
        self.shown: ShownModel | None = None
        context.listen(workspace.model_changed, self._read)
        context.ending.call(lambda: context.jobs.cancel_key(KEY))
        self._read(workspace.model)

    def choose_example(self) -> None:
        """A layer in the middle of the network that looks at more than one pixel."""
        if self.shown is None:
            return
        wide = [
            row.path
            for row in self.shown.summary.layers
            if row.field is not None and not row.field.whole and row.multiply_adds
        ]
        kinds = self.shown.kinds
        seeing = [path for path in wide if "×" in kinds[path] and "1×1" not in kinds[path]] or wide
        if seeing:
            self.workspace.choose_layer(seeing[len(seeing) // 2])

    def name_classes(self, names: tuple[str, ...]) -> None:
        if self.shown is None:
            return
        model = self.shown.model
        # Numbers that get names are no classes for it.
        reading: Reading | None = "values" if model.answer.kind == "values" else None
        label = "Name the classes" if model.has_classes else "Name the values"
        self._replace(lambda: model.with_(classes=names, reading=reading), label)

    def set_preprocessing(self, new: Preprocessing) -> None:
        """Prepare images for the model on show in another way; an undoable step."""
        if self.shown is None or new == self.shown.model.preprocessing:
            return
        model = self.shown.model
        same = replace(new, resize=model.preprocessing.resize) == model.preprocessing
        label = "Change how an image comes to its size" if same else "Change the pixel range"
        self._replace(lambda: model.with_(preprocessing=new), label)

    def load_weights(self, path: str) -> None:
        """Open the same network with the weights of a file; the one on show stays as it is."""
        if self.shown is None:
            return
        model = self.shown.model

        def work(task: Task) -> OpenedModel:
            from convscope.engine.models.files.reweighted import with_weights

            made = with_weights(model, Path(path), task)
            _ = made.summary
            return made

        def done(made: OpenedModel) -> None:
            self.workspace.add_model(made)
            self._context.notify(f"Opened {made.name} with the weights of {made.source.weights}")

        self._context.submit("engine", work, f"Loading weights into {model.name}", on_done=done)

    def _replace(self, ask: Callable[[], OpenedModel], label: str) -> None:
        assert self.shown is not None
        if self.workspace.open_model(self.shown.model.id) is not None:
            self.workspace.replace_model(ask(), label)

    def _read(self, model: OpenedModel | None) -> None:
        if model is None:
            self._context.jobs.cancel_key(KEY)
            self._show(None)
        else:
            work = partial(read_model, model)
            self._context.submit("view", work, f"Reading {model.name}", self._show, key=KEY, quiet=True)

    def _show(self, shown: ShownModel | None) -> None:
        self.shown = shown
        self.shown_changed.emit(shown)
        if shown is not None and self.workspace.layer is None:
            with self.workspace.document.following():
                self.workspace.choose_layer(_first_layer(shown))


def read_model(model: OpenedModel, task: Task) -> ShownModel:
    """Everything that the panel shows of a model, save its graph."""
    summary = model.summary
    task.check()
    layers = {step.path: step.layer for step in model.program.steps}
    kinds = {row.path: layer_words(row, layers.get(row.path)) for row in summary.layers}
    try:
        shape = model.input_shape
    except UserError:
        shape = None
    return ShownModel(
        model,
        summary,
        {row.path: row for row in summary.layers},
        kinds,
        Rows(summary, kinds, model.program.groups),
        {key: _pieces(summary, key) for key in ("parameters", "work")},
        _size(model.source.path),
        shape,
    )


def _first_layer(shown: ShownModel) -> str | None:
    """The first layer with weights: the first convolution, as a rule."""
    rows = shown.summary.layers
    found = next((row for row in rows if row.multiply_adds), None) or (rows[0] if rows else None)
    return found.path if found is not None else None


def _pieces(summary: ModelSummary, key: str) -> tuple[Piece, ...]:
    whole = summary.totals.parameters if key == "parameters" else summary.totals.multiply_adds
    pieces = []
    parts = categories(summary)
    for row in summary.layers:
        amount = row.parameters if key == "parameters" else row.multiply_adds or 0
        if amount:
            portion = words.percent(words.share(amount, whole or 1))
            pieces.append(Piece(row.path, parts[row.path], amount, f"{words.short(amount)}, {portion}"))
    return tuple(pieces)


def _size(path: Path | None) -> int | None:
    if path is None or not path.exists():
        return None
    if path.is_dir():
        return sum(part.stat().st_size for part in path.rglob("*") if part.is_file())
    return path.stat().st_size
