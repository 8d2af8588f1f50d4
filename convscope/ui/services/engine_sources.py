"""Every way to get a model or a data set into the workspace: names, files, folders, drops."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from psygnal import Signal

from convscope.core.errors import NotDownloadedError, UserError, WeightsAloneError
from convscope.core.ids import file_id
from convscope.core.opening import is_there
from convscope.core.task import Task
from convscope.engine.models.files.description import is_description
from convscope.jobs.job import Job
from convscope.ui.settings import Settings
from convscope.workspace.kept_models import KeptModel, NamedModel, open_kept, open_named
from convscope.workspace.workspace import Workspace

if TYPE_CHECKING:
    from convscope.engine.data.dataset import Dataset
    from convscope.engine.models.opened import OpenedModel
    from convscope.jobs.jobs import Jobs


log = logging.getLogger(__name__)


@dataclass(frozen=True)
class RefusedDataset:
    """A data set that could not be opened.

    Attributes:
        reference: its name or path.
        sentence: why, and what to do.
        detail: what lies behind it, for those who ask.
        missing: the set that has to be downloaded first; "" where that is not why.
    """

    reference: str
    sentence: str
    detail: str = ""
    missing: str = ""


class Visible(Protocol):
    """A widget, as far as it is asked whether somebody sees it."""

    def isVisible(self) -> bool: ...


class EngineSources:
    """Opens models and data sets in workers; what is current stays when one cannot be opened.

    Args:
        workspace: where they go.
        jobs: opens models in the lane "engine", data sets in the lane "files".
        settings: remembers the recent files.
        report: shows a failure.
        offer: says what was done, with a button for what one may want next.

    Attributes:
        refused: the data set that was to be opened last, if that failed.
        teller: what says so, if there is one; while it is on show nothing else has to.
        warms: whether a network that was opened is made ready for the first question, behind the window.

    Signals:
        refused_changed: that, or None when another one is being opened.
    """

    refused_changed = Signal(object)
    warms = True

    def __init__(
        self,
        workspace: Workspace,
        jobs: Jobs,
        settings: Settings,
        report: Callable[[BaseException], None],
        offer: Callable[[str, str, Callable[[], object]], None],
    ) -> None:
        self._workspace = workspace
        self._jobs = jobs
        self._settings = settings
        self._report = report
        self._offer = offer
        self._opening = 0
        # How many models came through this door and became the current one.
        self._came = 0
        # A file of weights that was refused, as nothing said which layers they are of.
        self._alone: Path | None = None
        # Ids by what was asked for without options, with what was written there then; other weights make
        # another model of it.
        self._as_named: dict[str, tuple[str, str]] = {}
        # Ids of what came without being asked for: at the start, and after a crash.
        self._unasked: set[str] = set()
        self.refused: RefusedDataset | None = None
        self.teller: Visible | None = None

    @property
    def opening(self) -> bool:
        """Whether a model is on its way."""
        return self._opening > 0

    def open_model(
        self,
        spec: str | Path,
        *,
        on_opened: Callable[[OpenedModel], None] | None = None,
        on_failed: Callable[[BaseException], None] | None = None,
        on_cancelled: Callable[[], None] | None = None,
        **options: object,
    ) -> Job | None:
        """Open a model by its name or file: the one door for all that asks for one.

        What a person asked for last becomes the current model when it has come; who has chosen another one
        meanwhile keeps that, and is offered what came. One that is open already from the same name, with no
        options, becomes the current one again at once.

        Args:
            on_opened, on_failed, on_cancelled: for who shows how it goes; a failure is reported otherwise.
            options: those of the catalogue's `open_model`.

        Returns:
            The job; None where nothing had to be done.
        """
        known = self._known(str(spec)) if not options else None
        if known is not None:
            self._unasked.discard(known.id)
            self._workspace.select_model(known.id)
            if on_opened is not None:
                on_opened(known)
            return None

        current = self._workspace.model
        layers = current.source.path if current is not None else None
        if layers is not None and not is_description(layers):
            layers = None
        alone = self._alone if not options and is_description(Path(spec)) else None

        written = [""]

        def work(task: Task) -> OpenedModel:
            # Imported here: the engine may still be starting, in this same lane.
            from convscope.engine.models.library.catalogue import open_model
            from convscope.engine.training.runs.trained_in import trained_in

            written[0] = _written(str(spec))
            if alone is not None:
                # The layers of weights that came before them.
                with contextlib.suppress(UserError):
                    return open_model(spec, weights=alone, task=task)
            try:
                return open_model(trained_in(str(spec)), task=task, **options)  # type: ignore[arg-type]
            except WeightsAloneError:
                self._alone = Path(spec)
                if layers is None:
                    raise
                # The weights of layers that came before them.
                return open_model(layers, weights=spec, task=task)

        def done(opened: OpenedModel) -> None:
            self._alone = None
            if opened.source.path is not None:
                self._settings.remember(opened.source.path)
            if not options:
                self._as_named[str(spec)] = (opened.id, written[0])
            if on_opened is not None:
                on_opened(opened)

        return self._open(work, f"Opening {Path(spec).name}", done, on_failed, on_cancelled)

    @property
    def _chosen_by_hand(self) -> int:
        """How often a model was made the current one in any other way than by coming through this door."""
        return self._workspace.choices - self._came

    def _use(self, model_id: str) -> None:
        if self._workspace.open_model(model_id) is not None:
            self._workspace.select_model(model_id)

    def _known(self, spec: str) -> OpenedModel | None:
        """The open model that came from there, if the same would come from there now."""
        name, written = self._as_named.get(spec, ("", ""))
        known = self._workspace.open_model(name)
        return known if known is not None and written == _written(spec) else None

    def open_first(self, spec: str) -> None:
        """Open a model so that there is one to ask; whatever a person has opened meanwhile stays current."""
        written = [""]

        def work(task: Task) -> OpenedModel:
            from convscope.engine.models.library.catalogue import open_model
            from convscope.engine.training.runs.trained_in import trained_in

            written[0] = _written(spec)
            return open_model(trained_in(spec), task=task)

        def done(opened: OpenedModel) -> None:
            self._as_named[spec] = (opened.id, written[0])

        self._open(work, f"Opening {spec}", done, unasked=True)

    def bring_back(self) -> None:
        """Open what a snapshot is of: models as they were opened, the current one first, and the data set.

        Nothing is downloaded for it: what an earlier run has downloaded is in its cache.
        """
        workspace = self._workspace
        awaited, wanted = workspace.awaited_models, workspace.wanted_model
        for model_id in sorted(awaited, key=lambda each: each != wanted):
            self._bring_back(model_id, awaited[model_id])
        if workspace.awaited_dataset:
            self.open_dataset(workspace.awaited_dataset, fetch=False)

    def _bring_back(self, model_id: str, model: NamedModel | KeptModel) -> None:
        written = ""

        def work(task: Task) -> OpenedModel:
            nonlocal written
            if isinstance(model, KeptModel):
                opened = open_kept(model, task)
            else:
                written = _written(model.spec)
                opened = open_named(model, task)
            opened.id = model_id
            return opened

        def done(opened: OpenedModel) -> None:
            if isinstance(model, NamedModel) and model == NamedModel(model.spec):
                self._as_named[model.spec] = (opened.id, written)

        def failed(error: BaseException) -> None:
            self._workspace.give_up(model_id)
            self._report(error)

        name = model.name if isinstance(model, KeptModel) else model.spec
        given_up = lambda: self._workspace.give_up(model_id)  # noqa: E731
        self._open(work, f"Bringing {name} back", done, failed, given_up, unasked=True, again=True)

    def _open(
        self,
        make: Callable[[Task], OpenedModel],
        title: str,
        then: Callable[[OpenedModel], None] | None = None,
        on_failed: Callable[[BaseException], None] | None = None,
        on_cancelled: Callable[[], None] | None = None,
        *,
        unasked: bool = False,
        again: bool = False,
    ) -> Job:
        chosen = self._chosen_by_hand

        def work(task: Task) -> OpenedModel:
            opened = make(task)
            # Its arithmetic takes longer than a frame, and every panel asks for it.
            _ = opened.summary
            return opened

        def warm(opened: OpenedModel, task: Task) -> None:
            # The first answer and the first Grad-CAM, before they are asked for.
            from convscope.engine.interpret.attribution import explain

            opened.warm()
            task.check()
            explain.warm(opened, task)

        def done(opened: OpenedModel) -> None:
            before = self._workspace.model
            # What a person opened or chose is never replaced by what nobody asked for.
            free = before is None or before.id in self._unasked
            if unasked:
                self._unasked.add(opened.id)
            # Nor is what they chose while this was on its way: another network would answer in its place.
            # One that was open before is current if it was: the workspace knows.
            current = not again and (free or (not unasked and chosen == self._chosen_by_hand))
            self._came += current
            self._workspace.add_model(opened, current=current)
            if not current and not unasked:
                model_id = opened.id
                self._offer(f"{opened.name} is open.", "Use it", lambda: self._use(model_id))
            if then is not None:
                then(opened)
            if not self.warms:
                return
            # Its functions are traced before the first question, not during it.
            self._jobs.submit(
                "engine",
                lambda task: warm(opened, task),
                title=f"Getting {opened.name} ready",
                key="warm",
                supersede="finish",
                quiet=True,
                on_failed=lambda error: log.info("%s could not be warmed: %s", opened.name, error),
            )

        self._opening += 1
        job = self._jobs.submit(
            "engine",
            work,
            title=title,
            on_done=lambda opened: self._ended(done, opened),
            on_failed=lambda error: self._ended(on_failed or self._report, error),
            on_cancelled=lambda: self._ended(on_cancelled),
        )
        if job.finished:
            self._opening -= 1
        return job

    def open_dataset(self, reference: str | Path, *, fetch: bool = True) -> None:
        """Open a data set by its name, its folder or its file; it is split as it was split last.

        Args:
            fetch: a person asks for it now: one of Keras's is downloaded if it is not here.
        """

        def work(task: Task) -> Dataset:
            from convscope.engine.data.sets.registry import open_dataset

            dataset = open_dataset(reference, task, fetch=fetch)
            split = self._workspace.data_settings_of(dataset.reference).split
            return dataset if split is None else dataset.with_split(split)

        def done(dataset: Dataset) -> None:
            if is_there(Path(dataset.reference)):
                self._settings.remember(Path(dataset.reference))
            self._workspace.set_dataset(dataset)

        def failed(error: BaseException) -> None:
            self._workspace.give_up(dataset=True)
            name = Path(reference).name
            if not isinstance(error, UserError):
                self._refuse(RefusedDataset(str(reference), f"{name} could not be opened."))
                self._report(error)
                return
            missing = error.name if isinstance(error, NotDownloadedError) else ""
            self._refuse(RefusedDataset(str(reference), error.message, error.detail, missing))
            if self.teller is None or not self.teller.isVisible():
                self._report(error)

        self.forgive()
        self._jobs.submit(
            "files",
            work,
            title=f"Opening {Path(reference).name}",
            key="dataset",
            on_done=done,
            on_failed=failed,
            on_cancelled=lambda: self._workspace.give_up(dataset=True),
        )

    def forgive(self) -> None:
        """Forget which data set could not be opened."""
        self._refuse(None)

    def _refuse(self, refused: RefusedDataset | None) -> None:
        if refused != self.refused:
            self.refused = refused
            self.refused_changed.emit(refused)

    def _ended(self, then: Callable[..., None] | None = None, *arguments: object) -> None:
        self._opening -= 1
        if then is not None:
            then(*arguments)


def _written(spec: str) -> str:
    """What stands now in the file that a model is opened from; "" where it is from none.

    Whoever trains elsewhere goes on writing the same file, and a run's folder comes to name another one.
    """
    from convscope.engine.training.runs.trained_in import trained_in

    try:
        path = Path(trained_in(spec))
        path = path / "saved_model.pb" if path.is_dir() else path
        return file_id(path) if path.is_file() else ""
    except (OSError, UserError):
        return ""
