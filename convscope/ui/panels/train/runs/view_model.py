"""All runs as they lie on the disk: read, chosen, put on the chart, renamed, deleted, exported. No Qt."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from psygnal import Signal

from convscope.core.errors import UserError
from convscope.core.opening import is_there
from convscope.core.printable import printable
from convscope.core.task import Cancelled, Task
from convscope.ui.export.writing import save_as
from convscope.ui.panels.train.view_model import TrainViewModel
from convscope.ui.panels.train.words import differences
from convscope.workspace.document import Part

if TYPE_CHECKING:
    from convscope.engine.training.record import EpochRecord
    from convscope.engine.training.runs.export import RunRow
    from convscope.engine.training.runs.run import Run, RunDetails

SCOPE, KEY = "train.runs", "train.runs"
Ticks = tuple[tuple[str, bool], ...]
COLOURS = 8  # that runs are told apart by
# Damaged runs that are named in a line.
_NAMED = 3
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class RunsChart:
    metric: Literal["loss", "accuracy"] = "loss"
    scale: Literal["linear", "log"] = "linear"


@dataclass(frozen=True)
class SortedBy:
    """How the table of the runs is sorted: by a column's title; "": the newest first."""

    column: str = ""
    descending: bool = False


@dataclass(frozen=True, eq=False)
class RunEntry:
    """A run, read once for the table and the chart.

    Attributes:
        run: its folder.
        details: what it was.
        row: its line.
        epochs: its history.
        sentence: how it ended.
        can_resume, has_model: what can be done with it.
        tested: accuracy, loss and images of its test, if there was one.
    """

    run: Run
    details: RunDetails
    row: RunRow
    epochs: tuple[EpochRecord, ...]
    sentence: str
    can_resume: bool
    has_model: bool
    tested: Mapping[str, float] | None = None

    @property
    def id(self) -> str:
        """The name of its folder, which never changes."""
        return self.run.folder.name


@dataclass(frozen=True)
class RunsRead:
    """What lies in the folder of the runs.

    Attributes:
        entries: the runs, the newest first.
        damaged: (the folder's name, why) of each that cannot be read.
    """

    entries: tuple[RunEntry, ...] = ()
    damaged: tuple[tuple[str, str], ...] = ()

    @property
    def damaged_words(self) -> str:
        """One sentence about the runs that cannot be read; "" when there are none."""
        count = len(self.damaged)
        if not count:
            return ""
        names = ", ".join(name for name, _ in self.damaged[:_NAMED])
        more = f" and {count - _NAMED} more" if count > _NAMED else ""
        what = "1 run is damaged" if count == 1 else f"{count} runs are damaged"
        return f"{what} and not shown: {names}{more}."


def read_runs(task: Task) -> RunsRead:
    """All runs on the disk, whatever is the matter with some of them; for a job."""
    from convscope.engine.training.runs.export import run_row
    from convscope.engine.training.runs.run import find_runs

    entries: list[RunEntry] = []
    runs, unread = find_runs()
    damaged = [(one.folder, one.why) for one in unread]
    for run in runs:
        task.check()
        try:
            can, has_model = run.can_resume, run.model_path is not None
            told = (run.details, run_row(run), run.history, run.sentence, can, has_model, run.test)
            entries.append(RunEntry(run, *told))
        except UserError as error:
            damaged.append((run.folder, error.message))
        except (Cancelled, MemoryError):
            raise
        except Exception as error:
            # One run must not hide the others, whatever its files hold.
            log.exception("reading the run %s", run.folder)
            damaged.append((run.folder, repr(error)))
    # Deleted meanwhile, by this window or another, is not damaged.
    left = [(printable(folder.name), why) for folder, why in damaged if _is_left(folder / "settings.json")]
    return RunsRead(tuple(entries), tuple(left))


def _is_left(path: Path) -> bool:
    # A link to itself leads to nothing, but is there.
    return path.is_symlink() or is_there(path)


class RunsViewModel:
    """The page of the runs.

    Signals:
        read: see `runs`.
        ticked: which runs are on the chart has changed.
        selection_changed: other runs are selected, or another thing can be done with them.

    Attributes:
        runs: what was read last.
        chart: the part that says what the chart shows.
        ticks: the part with (run id, on or off the chart) of those that a person has ticked.
        selected: the part with the ids of the selected runs.
        sorted_by: the part that says how the table is sorted.
    """

    read = Signal(object)
    ticked = Signal()
    selection_changed = Signal()

    def __init__(self, train: TrainViewModel) -> None:
        self.train, self.context = train, train.context
        self.runs = RunsRead()
        part, listen = self.context.workspace.part, self.context.listen
        self.chart = part("train.runs.look", RunsChart(), SCOPE)
        self.ticks: Part[tuple[tuple[str, bool], ...]] = part(
            "train.runs.ticks", (), SCOPE, kind=tuple[tuple[str, bool], ...]
        )
        self.selected: Part[tuple[str, ...]] = part("train.runs.selected", (), SCOPE, kind=tuple[str, ...])
        self.sorted_by = part("train.runs.sort", SortedBy(), SCOPE)
        # What is on the chart unasked: the last few at first, and then every new one.
        self._unasked: set[str] = set()
        self._on_chart: list[str] = []
        # A run's colour is its own for as long as the window is open, on the chart or off it.
        self._colours: dict[str, int] = {}
        listen(self.ticks.changed, self._ticks_changed)
        for signal in (self.selected.changed, train.trainer.state_changed):
            listen(signal, lambda _what: self.selection_changed.emit())
        listen(train.runs_changed, self.refresh)
        self.context.ending.call(lambda: self.context.jobs.cancel_key(KEY))
        self.refresh()

    def refresh(self) -> None:
        self.context.submit(
            "view", read_runs, "Reading the runs", key=KEY, supersede="finish", quiet=True, on_done=self._take
        )

    def _take(self, read: RunsRead) -> None:
        known = {entry.id for entry in self.runs.entries}
        here = [entry.id for entry in read.entries]
        # At first the last few, so that the chart says something at once.
        self._unasked |= set(here[:4] if not known else (name for name in here if name not in known))
        self.runs = read
        self._choose()
        self.read.emit(read)
        self.ticked.emit()
        self.selection_changed.emit()

    @property
    def on_chart(self) -> list[tuple[RunEntry, int]]:
        """The runs on the chart, each with the number of its colour, in the order of their ticks."""
        found = {entry.id: entry for entry in self.runs.entries}
        return [(found[name], self._colours[name]) for name in self._on_chart]

    def colour_of(self, entry: RunEntry) -> int | None:
        """The number of a run's colour; None: it is not on the chart."""
        return self._colours[entry.id] if entry.id in self._on_chart else None

    def tick(self, entry: RunEntry, on: bool) -> None:
        """Put a run on the chart, or take it off; a step of undo."""
        asked = {**dict(self.ticks.value), entry.id: on}
        words = f"{entry.row.name} {'on' if on else 'off'} the chart"
        self.ticks.edit(tuple(sorted(asked.items())), words)

    @property
    def selection(self) -> list[RunEntry]:
        return [entry for entry in self.runs.entries if entry.id in self.selected.value]

    @property
    def one(self) -> RunEntry | None:
        selection = self.selection
        return selection[0] if len(selection) == 1 else None

    @property
    def differences_words(self) -> tuple[str, tuple[str, ...]]:
        """What sets the runs on the chart apart: in a line, and a line each."""
        chosen = [entry for entry, _colour in self.on_chart]
        if len(chosen) < 2:
            return (
                "Tick runs to lay them over each other: training solid, validation dashed, a ring around "
                "the best epoch. The numbers are those of validation."
            ), ()
        first, *others = chosen
        told = []
        for entry in others:
            changed = differences(first.details.settings, entry.details.settings)
            if entry.row.model != first.row.model:
                changed.insert(0, f"network {entry.row.model}")
            if entry.row.data != first.row.data:
                changed.insert(0, f"data {entry.row.data}")
            told.append(f"{entry.row.name}: {', '.join(changed) or 'the same settings'}")
        return f"Against {first.row.name} – " + "; ".join(told), tuple(told)

    def edit_chart(self, label: str, **changed: str) -> None:
        """Show something else on the chart; a step of undo."""
        self.chart.edit(replace(self.chart.value, **changed), label)  # type: ignore[arg-type]

    def _ticks_changed(self, _ticks: object) -> None:
        self._choose()
        self.ticked.emit()

    def _choose(self) -> None:
        """The runs on the chart; one that comes goes behind those that are there."""
        asked = dict(self.ticks.value)
        here = [entry.id for entry in reversed(self.runs.entries)]
        on = [name for name in here if asked.get(name, name in self._unasked)]
        self._on_chart = [
            *(name for name in self._on_chart if name in on),
            *(name for name in on if name not in self._on_chart),
        ]
        # One that is ticked for the first time gets the colour that the fewest runs on the chart have.
        for name in self._on_chart:
            if name not in self._colours:
                shown = [self._colours[one] for one in self._on_chart if one in self._colours]
                given = list(self._colours.values())
                self._colours[name] = min(
                    range(COLOURS), key=lambda colour: (shown.count(colour), given.count(colour))
                )

    def rename(self, run: Run, name: str) -> None:
        try:
            run.rename(name)
        except (UserError, OSError) as error:
            self.context.report(error)
        self.train.runs_changed.emit()

    def delete(self, runs: Sequence[Run]) -> None:

        def work(_task: Task) -> None:
            for run in runs:
                run.delete()

        def failed(error: BaseException) -> None:
            self.context.report(error)
            self.train.runs_changed.emit()

        self.context.submit(
            "view", work, "Deleting", on_done=lambda _none: self.train.runs_changed.emit(), on_failed=failed
        )

    def export_to(self, path: Path) -> None:
        """Write the runs on the chart (all, if none is) as .csv or .json."""
        runs = [entry.run for entry, _ in self.on_chart] or [entry.run for entry in self.runs.entries]

        def write(file: Path, _task: Task) -> None:
            from convscope.engine.training.runs.export import export_runs

            export_runs(runs, file)

        save_as(self.context, path, write)
