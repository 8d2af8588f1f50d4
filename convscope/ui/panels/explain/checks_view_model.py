"""The sanity checks of the map that is looked at: which are asked for, and what came of them. No Qt."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from psygnal import Signal

from convscope.core.errors import UserError
from convscope.core.task import Task
from convscope.engine.interpret.attribution.result import Attribution, MapRequest
from convscope.engine.interpret.attribution.sanity_checks.agreement import Agreement, agreement, each_once
from convscope.jobs.job import Job
from convscope.ui.panels.explain.view_model import ExplainViewModel
from convscope.workspace.document import Part

if TYPE_CHECKING:
    from convscope.engine.interpret.attribution.context import AttributionContext
    from convscope.engine.interpret.attribution.sanity_checks.curves import Curves
    from convscope.engine.interpret.attribution.sanity_checks.randomised import RandomisedCheck

MOST_COMPARED = 12


@dataclass(frozen=True)
class CheckedMap:
    """A map whose checks a person has asked for, and which.

    Attributes:
        image, model: by their ids.
        request: the map.
        curves: deletion and insertion.
        randomised: randomised weights.
    """

    image: str
    model: str
    request: MapRequest
    curves: bool = False
    randomised: bool = False

    def same_map(self, other: CheckedMap) -> bool:
        """Whether both are of one map."""
        return (self.image, self.model, self.request.key) == (other.image, other.model, other.request.key)


class ChecksViewModel:
    """Checks one map at a time: what was checked of another is forgotten, what is being checked ends.

    Attributes:
        curves, randomised: of the map that is looked at, perhaps still growing; None before they are asked.
        agreement: of the maps on the grid; None where there are too few or too many.
        compared: those maps.

    Signals:
        subject_changed: another map is looked at, or it is ready to be checked.
        curves_changed, randomised_changed, agreement_changed: there is another result, or none.
    """

    subject_changed = Signal()
    curves_changed = Signal()
    randomised_changed = Signal()
    agreement_changed = Signal()

    def __init__(self, maps: ExplainViewModel) -> None:
        self._maps = maps
        self._asked: Part[CheckedMap | None] = maps.context.workspace.part(
            "explain.checks", None, "explain", kind=CheckedMap | None
        )
        self.curves: Curves | None = None
        self.randomised: RandomisedCheck | None = None
        self.agreement: Agreement | None = None
        self.compared: tuple[Attribution, ...] = ()
        self._subject: tuple[AttributionContext | None, Any] | None = None
        self._jobs: dict[str, Job] = {}
        self._active = False
        context = maps.context
        context.ending.call(self._cancel)
        context.listen(self._asked.changed, self._run)
        for signal in (
            maps.selection_changed,
            maps.map_arrived,
            maps.maps_started,
            maps.outdated_changed,
        ):
            signal.connect(self._follow)
        self._follow()

    def set_active(self, active: bool) -> None:
        """Maps are compared only while somebody looks."""
        self._active = active
        self._compare()

    @property
    def ready(self) -> bool:
        """Whether there is a finished map to check."""
        one = self._maps.attribution()
        return one is not None and one.done >= 1

    def check_curves(self) -> None:
        """Ask for deletion and insertion."""
        self._ask(curves=True)

    def check_weights(self) -> None:
        """Ask for randomised weights."""
        self._ask(randomised=True)

    # -- one map ---------------------------------------------------------------------------------------------

    def _here(self) -> CheckedMap | None:
        """The finished map that is looked at, with nothing asked of it."""
        one, explained = self._maps.attribution(), self._maps.explained
        if one is None or explained is None or one.done < 1:
            return None
        return CheckedMap(explained.image.id, explained.model.id, one.request)

    def _ask(self, **what: Any) -> None:
        here, asked = self._here(), self._asked.value
        if here is None:
            return
        known = asked if asked is not None and asked.same_map(here) else here
        # What is asked for again is done again.
        if "curves" in what:
            self.curves = None
        if "randomised" in what:
            self.randomised = None
        after = replace(known, **what)
        if after == asked:
            self._run()
        self._asked.set(after)

    def _follow(self) -> None:
        """Another map is looked at: what was found of the one before says nothing of it."""
        one = self._maps.attribution()
        subject = (self._maps.explained, one.request.key if one is not None else None)
        changed, before = subject != self._subject, self._subject
        self._subject = subject
        if changed:
            self._cancel()
            self.curves = self.randomised = None
            self.curves_changed.emit()
            self.randomised_changed.emit()
        self.subject_changed.emit()
        here, asked = self._here(), self._asked.value
        if here is not None and asked is not None:
            # Of something live, too, one picture was checked and not all that follow.
            moved = changed and before is not None and before[0] is not None and self._maps.live
            if moved or not asked.same_map(here):
                self._asked.set(None)
            else:
                self._run()
        self._compare()

    def _run(self) -> None:
        """Begin what is asked for and neither there nor being made."""
        here, asked = self._here(), self._asked.value
        one, explained = self._maps.attribution(), self._maps.explained
        if here is None or asked is None or one is None or explained is None or not asked.same_map(here):
            return
        if asked.curves and self.curves is None:
            self._start_curves(explained, one)
        if asked.randomised and self.randomised is None:
            self._start_weights(explained, one)

    def _start_curves(self, explained: AttributionContext, one: Attribution) -> None:
        def work(task: Task) -> Curves:
            from convscope.engine.interpret.attribution.sanity_checks.curves import curves

            return curves(explained, one, task=task)

        def show(made: Curves) -> None:
            self.curves = made
            self.curves_changed.emit()

        self._submit("curves", "Deletion and insertion", work, show)

    def _start_weights(self, explained: AttributionContext, one: Attribution) -> None:
        def work(task: Task) -> RandomisedCheck:
            from convscope.engine.interpret.attribution.sanity_checks.randomised import randomised

            return randomised(explained, one.request, task=task)

        def show(made: RandomisedCheck) -> None:
            self.randomised = made
            self.randomised_changed.emit()

        self._submit("randomised", "Randomised weights", work, show)

    def _submit(
        self, name: str, title: str, work: Callable[[Task], Any], show: Callable[[Any], None]
    ) -> None:
        running = self._jobs.get(name)
        if running is not None and not (running.finished or running.task.cancelled):
            return

        def failed(error: BaseException) -> None:
            self._forget(job)
            self._maps.context.report(error)

        job = self._jobs[name] = self._maps.context.jobs.submit(
            "long",
            work,
            title=title,
            key=f"explain.{name}",
            on_done=show,
            on_partial=show,
            on_failed=failed,
            on_cancelled=lambda: self._forget(job),
        )

    def _forget(self, job: Job) -> None:
        """What failed or was cancelled by hand is asked for no more."""
        asked = self._asked.value
        if asked is not None and job in self._jobs.values():
            left: dict[str, Any] = {name: False for name, one in self._jobs.items() if one is job}
            self._asked.set(replace(asked, **left))

    def _cancel(self) -> None:
        # Cleared first: these are not cancelled by hand.
        jobs, self._jobs = self._jobs, {}
        for job in jobs.values():
            self._maps.context.jobs.cancel(job)

    # -- all maps --------------------------------------------------------------------------------------------

    def _compare(self) -> None:
        """How far the maps on the grid agree."""
        maps = each_once(self._maps.maps)
        if not self._active or maps == self.compared:
            return
        self.compared = maps
        if not 2 <= len(maps) <= MOST_COMPARED:
            self._agreed(None)
            return

        def work(_task: Task) -> Agreement | None:
            try:
                return agreement(maps)
            except UserError:
                return None

        self._maps.context.jobs.submit(
            "view",
            work,
            title="Comparing maps",
            key="explain.agreement",
            supersede="finish",
            quiet=True,
            on_done=self._agreed,
        )

    def _agreed(self, made: Agreement | None) -> None:
        self.agreement = made
        self.agreement_changed.emit()
