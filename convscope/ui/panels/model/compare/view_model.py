"""Networks side by side without Qt: which ones, what is counted and measured of each, as CSV and as text."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from psygnal import Signal

from convscope.core.errors import UserError
from convscope.core.task import Task
from convscope.core.words import size_words, times
from convscope.engine.models.library.families import FAMILIES
from convscope.engine.models.library.published import Figure, error_words
from convscope.jobs.job import Job
from convscope.ui.panels.model.words import memory, short

if TYPE_CHECKING:
    from convscope.engine.models.library.catalogue import CatalogueEntry
    from convscope.engine.models.library.compare import NetworkFacts
    from convscope.engine.models.opened import OpenedModel
    from convscope.ui.panel_context import PanelContext
    from convscope.workspace.document import Part

    Network = CatalogueEntry | OpenedModel


@dataclass(frozen=True)
class Compared:
    """What is set side by side.

    Attributes:
        kind: the families of the lectures, or networks of one's own choice; "": nothing.
        models: ids of open models.
        entries: names of the catalogue.
        sort: the title of the column; "": by year or by parameters.
        descending: the largest first.
    """

    kind: Literal["", "families", "networks"] = ""
    models: tuple[str, ...] = ()
    entries: tuple[str, ...] = ()
    sort: str = ""
    descending: bool = False


@dataclass(frozen=True)
class ComparedNetwork:
    """One network of the comparison.

    Attributes:
        name: shown before its facts are known.
        facts: None while they are being counted.
        seconds: measured here; None before.
        problem: why it could not be counted or measured.
    """

    name: str
    facts: NetworkFacts | None = None
    seconds: float | None = None
    problem: str = ""


Value = Callable[[ComparedNetwork, "NetworkFacts"], Any]


@dataclass(frozen=True)
class Column:
    """One property: its title, what it means, its value, the value in words, whether a bar shows it.

    A column of published numbers tells the `Figure` of each as well.
    """

    title: str
    says: str
    value: Value
    text: Callable[[Any, NetworkFacts], str]
    bar: bool = False
    words: bool = False
    figure: Callable[[NetworkFacts], Figure | None] | None = None


COLUMNS = (
    Column("Model", "The network", lambda line, f: f.name, lambda v, f: str(v), words=True),
    Column("Year", "Of its paper", lambda line, f: f.year, lambda v, f: str(v)),
    Column("Input", "Height × width × channels", lambda line, f: f.input or None, lambda v, f: size_words(v)),
    Column(
        "Parameters",
        "All weights; rounded where a paper says so",
        lambda line, f: f.parameters,
        lambda v, f: f"≈ {short(round(v))}" if f.rounded else f"{v:,}",
        bar=True,
    ),
    Column(
        "Multiply-adds",
        "Of convolutions and matrix products, for one image",
        lambda line, f: f.multiply_adds,
        lambda v, f: short(v),
        bar=True,
    ),
    Column(
        "Depth",
        "Layers with weights (convolutions and dense) on the longest way from input to output",
        lambda line, f: f.depth,
        lambda v, f: str(v),
        bar=True,
    ),
    Column(
        "Activations",
        "Memory of all layers' outputs for one image",
        lambda line, f: f.activation_bytes,
        lambda v, f: memory(v),
        bar=True,
    ),
    Column(
        "Sees",
        "Receptive field of the last maps, in pixels of the image",
        lambda line, f: f.field,
        lambda v, f: times(v),
    ),
    Column(
        "Top-1",
        "Accuracy on ImageNet as keras.io publishes it: one network, one crop of each validation image",
        lambda line, f: f.top1,
        lambda v, f: f"{v:.1f} %",
    ),
    Column(
        "Top-5 error",
        "Of one network on ImageNet's validation images",
        lambda line, f: f.alone.top5_error if f.alone else None,
        lambda v, f: error_words(v),
        bar=True,
        figure=lambda f: f.alone,
    ),
    Column(
        "In the contest",
        "Top-5 error of several networks together on ImageNet's test images: what its authors are known for",
        lambda line, f: f.contest.top5_error if f.contest else None,
        lambda v, f: error_words(v),
        bar=True,
        figure=lambda f: f.contest,
    ),
    Column(
        "Time",
        "Of one image on this machine, the median of one second; random weights take as long as others",
        lambda line, f: line.seconds,
        lambda v, f: f"{1000 * v:.3g} ms",
        bar=True,
    ),
    Column("What it brought", "Its idea", lambda line, f: f.idea or None, lambda v, f: str(v), words=True),
)


class CompareViewModel:
    """Counts and measures what is compared.

    Args:
        compared: what is asked for.
        find: the networks that are meant; None while the catalogue is not read yet.

    Attributes:
        lines: the networks, with what is known of each.
        job: the counting or measuring under way.

    Signals:
        lines_changed: other networks.
        line_changed: what is known of the network at a place.
        job_changed: `job` is another one, or has gone on.
    """

    lines_changed = Signal()
    line_changed = Signal(int)
    job_changed = Signal()

    def __init__(
        self,
        context: PanelContext,
        compared: Part[Compared],
        find: Callable[[Compared], Sequence[Network] | None],
    ) -> None:
        self._context, self.compared, self._find = context, compared, find
        self.lines: list[ComparedNetwork] = []
        self.job: Job | None = None
        self._networks: tuple[Network, ...] = ()
        self._shown: Compared | None = None
        context.listen(context.jobs.changed, self._job_went_on)
        context.ending.call(self.stop)

    @property
    def title(self) -> str:
        families = self.compared.value.kind == "families"
        return "Families of convnets" if families else f"{len(self._networks)} networks"

    @property
    def order(self) -> tuple[str, bool]:
        asked = self.compared.value
        usual = "Year" if asked.kind == "families" else "Parameters"
        return asked.sort or usual, asked.descending

    def refresh(self) -> None:
        """Show what is asked for, if it is not on show already; what is not published is counted."""
        asked = replace(self.compared.value, sort="", descending=False)
        if asked == self._shown:
            return
        if asked.kind == "":
            self._shown = asked
            self.stop()
            return
        found = () if asked.kind == "families" else self._find(asked)
        if found is None:
            return
        self._shown, self._networks = asked, tuple(found)
        self.stop()
        if asked.kind == "families":
            from convscope.engine.models.library.compare import facts_of_family

            self.lines = [ComparedNetwork(family.name, facts_of_family(family)) for family in FAMILIES]
            self.lines_changed.emit()
            return
        self.lines = [ComparedNetwork(_title(network)) for network in self._networks]
        self.lines_changed.emit()
        self._run(self._count, "Counting networks")

    def measure(self) -> None:
        self._run(self._measure, "Measuring networks")

    def sort(self, column: str, descending: bool) -> None:
        self.compared.set(replace(self.compared.value, sort=column, descending=descending))

    def close(self) -> None:
        self.compared.set(Compared())

    def stop(self) -> None:
        job, self.job = self.job, None
        if job is not None:
            self._context.jobs.cancel(job)
        self.job_changed.emit()

    def value(self, row: int, column: int) -> Any:
        line = self.lines[row]
        if line.facts is None:
            return line.name if column == 0 else None
        return COLUMNS[column].value(line, line.facts)

    def text(self, row: int, column: int) -> str:
        line, value = self.lines[row], self.value(row, column)
        if line.facts is None:
            return line.name if column == 0 else line.problem or "…" if column == 1 else ""
        return "–" if value is None else COLUMNS[column].text(value, line.facts)

    def figure(self, row: int, column: int) -> Figure | None:
        facts, find = self.lines[row].facts, COLUMNS[column].figure
        return find(facts) if facts is not None and find is not None else None

    def is_mixed(self, column: int) -> bool:
        """Whether a column's published numbers were measured in several ways: then nothing compares them."""
        figures = (self.figure(row, column) for row in range(len(self.lines)))
        return len({figure.protocol for figure in figures if figure is not None}) > 1

    def share(self, row: int, column: int) -> float | None:
        """A cell's part of the column's largest value, 0–1; None where that means nothing."""
        value = self.value(row, column)
        if not COLUMNS[column].bar or value is None or self.is_mixed(column):
            return None
        known = [other for n in range(len(self.lines)) if (other := self.value(n, column)) is not None]
        return float(value / max(known)) if max(known) else 0.0

    def _count(self, networks: Sequence[Network], task: Task) -> None:
        from convscope.engine.models.library.compare import facts_of_entry, facts_of_model
        from convscope.engine.models.opened import OpenedModel

        for number, network in enumerate(networks):
            task.progress(number / len(networks), _title(network))
            try:
                opened = isinstance(network, OpenedModel)
                facts = facts_of_model(network) if opened else facts_of_entry(network)  # type: ignore[arg-type]
                task.partial((number, {"facts": facts}))
            except UserError as error:
                task.partial((number, {"problem": error.message}))

    def _measure(self, networks: Sequence[Network], task: Task) -> None:
        from convscope.engine.models.library.compare import seconds_per_image

        for number, network in enumerate(networks):
            task.progress(number / len(networks), _title(network))
            try:
                task.partial((number, {"seconds": seconds_per_image(network, task)}))
            except UserError as error:
                task.partial((number, {"problem": error.message}))

    def _run(self, work: Callable[[Sequence[Network], Task], None], title: str) -> None:
        self.stop()
        networks = self._networks
        job = self._context.submit(
            "engine",
            lambda task: work(networks, task),
            title,
            on_partial=self._found,
            on_done=lambda _none: self._ended(),
            on_failed=self._failed,
            on_cancelled=self.job_changed.emit,
        )
        self.job = None if job.finished else job
        self.job_changed.emit()

    def _found(self, found: tuple[int, dict[str, Any]]) -> None:
        number, values = found
        if number < len(self.lines):
            self.lines[number] = replace(self.lines[number], **values)
            self.line_changed.emit(number)

    def _ended(self) -> None:
        self.job = None
        self.job_changed.emit()

    def _failed(self, error: BaseException) -> None:
        self._ended()
        self._context.report(error)

    def _job_went_on(self, job: Job) -> None:
        if job is self.job:
            self.job_changed.emit()


def _title(network: Network) -> str:
    return str(getattr(network, "title", "") or network.name)


def as_csv(table: CompareViewModel, order: Sequence[int]) -> str:
    """All cells as exact values, for a spreadsheet: bytes and seconds, "" where unknown.

    Beside each published number stands how it was measured.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    units = {
        "Activations": "Activations (bytes)",
        "Time": "Time (s)",
        "Top-1": "Top-1 (%)",
        "Top-5 error": "Top-5 error (%)",
        "In the contest": "In the contest (%)",
    }
    titles = []
    for column in COLUMNS:
        titles.append(units.get(column.title, column.title))
        if column.figure is not None:
            titles.append(f"{column.title}: measured")
    writer.writerow(titles)
    for row in order:
        cells: list[Any] = []
        for number, column in enumerate(COLUMNS):
            v, figure = table.value(row, number), table.figure(row, number)
            cells.append("" if v is None else size_words(v) if isinstance(v, tuple) else v)
            if column.figure is not None:
                cells.append("" if figure is None else f"{figure.protocol.words}, {figure.protocol.images}")
        writer.writerow(cells)
    return out.getvalue()


def as_text(table: CompareViewModel, order: Sequence[int]) -> str:
    """The table as it stands, in columns for a fixed-width typeface."""

    def cell(row: int, column: int) -> str:
        figure = table.figure(row, column)
        return table.text(row, column) if figure is None else figure.told

    cells = [[column.title for column in COLUMNS]]
    cells += [[cell(row, column) for column in range(len(COLUMNS))] for row in order]
    widths = [max(len(line[n]) for line in cells) for n in range(len(COLUMNS))]
    lines = [
        "  ".join(
            cell.ljust(width) if COLUMNS[n].words else cell.rjust(width)
            for n, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in cells
    ]
    return "\n".join(lines) + "\n"
