"""The library of models without Qt: what is listed, searched, chosen and ticked, and how one is opened."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from psygnal import Signal

from convscope.core.task import Task
from convscope.jobs.job import Job
from convscope.ui.panels.model.compare.view_model import Compared

if TYPE_CHECKING:
    from convscope.engine.models.library.catalogue import CatalogueEntry
    from convscope.engine.models.opened import OpenedModel
    from convscope.ui.panel_context import PanelContext
    from convscope.workspace.document import Part

SCOPE = "model.library"
KEY = "model.library"
Weights = Literal["own", "imagenet", "random", "file"]


@dataclass(frozen=True)
class LibraryOptions:
    """How the table is shown.

    Attributes:
        search: only networks of which all these words are told.
        kind: only those of a kind, or those with trained weights "here".
        sort: the title of the column; "": as the catalogue lists them.
        descending: the largest first.
    """

    search: str = ""
    kind: Literal["all", "shipped", "template", "application", "here"] = "all"
    sort: str = ""
    descending: bool = False


@dataclass(frozen=True)
class OpenChoice:
    """The chosen network, and what it is to be opened with.

    Attributes:
        entry: its name in the catalogue; "" before the list is there.
        weights: which; "": the usual ones.
        file: with the weights.
        include_top: with its classifier.
        size: height, width and channels; empty: its own.
    """

    entry: str = ""
    weights: Weights | Literal[""] = ""
    file: str = ""
    include_top: bool = True
    size: tuple[int | None, ...] = ()


@dataclass(frozen=True)
class Ticks:
    """Networks to be compared.

    Attributes:
        entries: names of the catalogue.
        models: ids of open models.
    """

    entries: frozenset[str] = frozenset()
    models: frozenset[str] = frozenset()


class LibraryViewModel:
    """The catalogue, and what a person does with it.

    Attributes:
        options: search, kind and order of the table.
        choice: the chosen network and what it is opened with.
        ticks: what is to be compared; ticking is undone.
        compared: what is compared; of the kind "" while the table is on show.
        entries: the catalogue; empty until it is read.
        here: names of those whose trained weights are on this machine.
        job: the opening under way.
        problem: why the last one did not open.

    Signals:
        listed: the catalogue is there, or other weights are on this machine.
        opening_changed: `job` or `problem` is another one.
    """

    listed = Signal()
    opening_changed = Signal()

    def __init__(self, context: PanelContext) -> None:
        self._context = context
        self._workspace = workspace = context.workspace
        self.options = workspace.part("model.library", LibraryOptions(), SCOPE)
        self.choice = workspace.part("model.library.choice", OpenChoice(), SCOPE)
        self.ticks = workspace.part("model.library.ticks", Ticks(), SCOPE)
        self.compared: Part[Compared] = workspace.part("model.compare", Compared(), SCOPE)
        self.entries: tuple[CatalogueEntry, ...] = ()
        self.here: frozenset[str] = frozenset()
        self.job: Job | None = None
        self.problem = ""
        context.listen(context.jobs.changed, self._job_changed)
        context.ending.call(self._end)

    def read(self) -> None:

        def work(_task: Task) -> tuple[tuple[CatalogueEntry, ...], frozenset[str]]:
            from convscope.engine.models.applications.build import cached
            from convscope.engine.models.library.catalogue import catalogue

            entries = catalogue()
            shipped = (entry.name for entry in entries if entry.kind == "shipped")
            return entries, frozenset((*shipped, *cached()))

        self._context.submit("view", work, "Listing models", key=KEY, quiet=True, on_done=self._list)

    def _list(self, found: tuple[tuple[CatalogueEntry, ...], frozenset[str]]) -> None:
        self.entries, self.here = found
        if self.entries and self.entry is None:
            with self._workspace.document.following():
                self.choose(self.entries[0].name)
        self.listed.emit()

    def change(self, **changes: Any) -> None:
        self.options.set(replace(self.options.value, **changes))

    @property
    def ticked(self) -> tuple[CatalogueEntry, ...]:
        return tuple(entry for entry in self.entries if entry.name in self.ticks.value.entries)

    @property
    def ticked_models(self) -> tuple[OpenedModel, ...]:
        return tuple(model for model in self._workspace.models if model.id in self.ticks.value.models)

    def tick_entry(self, name: str, title: str, on: bool) -> None:
        ticks = self.ticks.value
        entries = ticks.entries | {name} if on else ticks.entries - {name}
        self.ticks.edit(replace(ticks, entries=entries), _label(title, on))

    def tick_model(self, model_id: str, title: str, on: bool) -> None:
        ticks = self.ticks.value
        models = ticks.models | {model_id} if on else ticks.models - {model_id}
        self.ticks.edit(replace(ticks, models=models), _label(title, on))

    def compare_ticked(self) -> None:
        models = tuple(model.id for model in self.ticked_models)
        self.compared.set(Compared("networks", models, tuple(entry.name for entry in self.ticked)))

    def compare_families(self) -> None:
        """Set the networks side by side that the lectures do."""
        self.compared.set(Compared("families"))

    @property
    def entry(self) -> CatalogueEntry | None:
        return next((entry for entry in self.entries if entry.name == self.choice.value.entry), None)

    @property
    def weights(self) -> Weights:
        allowed = self.allowed_weights
        chosen = self.choice.value.weights
        return chosen if chosen and chosen in allowed else allowed[0]

    @property
    def allowed_weights(self) -> tuple[Weights, ...]:
        """Those that the chosen network can have, the usual ones first."""
        entry = self.entry
        if entry is None or entry.kind == "shipped":
            return ("own",)
        if entry.kind == "application":
            return ("imagenet", "random", "file")
        from convscope.engine.models.builder.templates import TEMPLATES

        based = any(layer.kind == "Base" for layer in TEMPLATES[entry.name].architecture.layers)
        return ("random", "imagenet", "file") if based else ("random", "file")

    @property
    def whole(self) -> bool:
        entry = self.entry
        return entry is None or entry.kind != "application" or self.choice.value.include_top

    @property
    def size_is_fixed(self) -> bool:
        """Whether its weights fix the size of its input."""
        entry = self.entry
        return entry is not None and entry.kind == "application" and self.weights == "imagenet" and self.whole

    @property
    def size(self) -> tuple[int | None, ...]:
        entry = self.entry
        if entry is None:
            return ()
        own = self.size_is_fixed or not self.choice.value.size
        return entry.input if own else self.choice.value.size

    @property
    def note(self) -> str:
        """What is to be known of these weights before they are opened."""
        entry = self.entry
        if entry is not None and self.weights == "imagenet" and entry.kind == "application":
            size = f"{entry.megabytes:,.0f} MB" if entry.megabytes else "some MB"
            note = "Downloaded before." if entry.name in self.here else f"Downloads {size}, once."
            return note + " With its classifier the input size is fixed." * self.size_is_fixed
        return "Untrained: good for looking at its layers, and for training." * (self.weights == "random")

    def choose(self, name: str) -> None:
        """Choose a network of the catalogue, as it is usually opened."""
        if name != self.choice.value.entry:
            self.choice.set(OpenChoice(name))
            self._say("")

    def ask(self, **changes: Any) -> None:
        choice = replace(self.choice.value, **changes)
        self.choice.set(choice)
        if self.size_is_fixed:
            self.choice.set(replace(choice, size=()))

    def open(self) -> None:
        entry, choice = self.entry, self.choice.value
        if entry is None or self.job is not None or (self.weights == "file" and not choice.file):
            return
        options: dict[str, Any] = {}
        if self.weights == "imagenet":
            options["weights"] = "imagenet"
        elif self.weights == "file":
            options["weights"] = Path(choice.file)
        if not self.whole:
            options["include_top"] = False
        if entry.kind != "shipped" and self.size != entry.input:
            options["input_shape"] = self.size
        self._say("")
        job = self._context.sources.open_model(
            entry.name,
            on_opened=lambda _model: self._opened(),
            on_failed=self._failed,
            on_cancelled=self._ended,
            **options,
        )
        if job is not None and not job.finished:
            self.job = job
            self.opening_changed.emit()

    def cancel(self) -> None:
        if self.job is not None:
            self._context.jobs.cancel(self.job)

    def _opened(self) -> None:
        self._ended()
        self.read()

    def _failed(self, error: BaseException) -> None:
        self._ended()
        self._say(getattr(error, "message", ""))
        if not self.problem:
            self._context.report(error)

    def _ended(self) -> None:
        self.job = None
        self.opening_changed.emit()

    def _say(self, problem: str) -> None:
        self.problem = problem
        self.opening_changed.emit()

    def _job_changed(self, job: Job) -> None:
        if job is self.job and not job.finished:
            self.opening_changed.emit()

    def _end(self) -> None:
        self._context.jobs.cancel_key(KEY)
        self.cancel()


def _label(title: str, on: bool) -> str:
    return f"{'Tick' if on else 'Untick'} {title}"
