"""The jobs that make maps: what is quick in one, what takes long one after the other in a lane of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from convscope.core.task import PartOfTask, Task
from convscope.engine.interpret.attribution.result import Attribution, MapRequest
from convscope.engine.interpret.attribution.target import ScoreTarget
from convscope.engine.models.answers.prediction import Prediction
from convscope.jobs.job import Job
from convscope.ui.panel_context import PanelContext
from convscope.ui.panels.explain.request import ExplainRequest

if TYPE_CHECKING:
    from convscope.engine.interpret.attribution.context import AttributionContext
    from convscope.engine.interpret.attribution.explain import Failure
    from convscope.engine.interpret.attribution.layers import LayerChoice
    from convscope.engine.models.opened import OpenedModel
    from convscope.imaging.image import Image

# More forward passes than this are made in a lane of their own, so that nothing waits for them.
QUICK = 60


@dataclass(frozen=True, eq=False)
class StartedMaps:
    """What is known before the first map: the image before the model, the maps, the layers to choose from."""

    explained: AttributionContext
    requests: tuple[MapRequest, ...]
    layers: tuple[LayerChoice, ...]
    chosen_layer: LayerChoice | None


@dataclass(frozen=True, eq=False)
class StageMaps:
    """Grad-CAM at every stage, fine to coarse, of one class."""

    explained: AttributionContext
    target: ScoreTarget
    maps: tuple[Attribution, ...]

    def answers(self, explained: AttributionContext, target: ScoreTarget) -> bool:
        """Whether they are of this class of this image."""
        return self.explained is explained and self.target == target


@dataclass(frozen=True, eq=False)
class LiveMaps:
    """All that is quick of a live source's picture at once: maps of two pictures never hang side by side."""

    started: StartedMaps
    made: tuple[Attribution | Failure, ...]
    stages: StageMaps | None


@dataclass(frozen=True, eq=False)
class QuickMaps:
    """What the job is asked.

    Attributes:
        model, image: as they are in the workspace.
        request: which maps.
        explained: of them, if it is there already.
        prediction: of them, if it is known already.
        there: keys of maps that need not be made.
        stages: the maps of all stages on show.
        whole: whether it is handed over as one `LiveMaps`, or piece by piece: `StartedMaps`, maps,
            `StageMaps`.
    """

    model: OpenedModel
    image: Image
    request: ExplainRequest
    explained: AttributionContext | None
    prediction: Prediction | None
    there: frozenset[Any]
    stages: StageMaps | None
    whole: bool

    def run(self, task: Task) -> tuple[AttributionContext, list[MapRequest]]:
        """Make it. Returns the image before the model, and the maps that take longer."""
        from convscope.engine.interpret.attribution.context import AttributionContext
        from convscope.engine.interpret.attribution.explain import cost, explain_all, stage_maps
        from convscope.engine.interpret.attribution.layers import chosen_layer, usable_layers

        model = self.model
        explained = self.explained or AttributionContext(model, self.image, self.prediction)
        task.check()
        layers = usable_layers(model)
        requests = self.request.requests(explained.prediction)
        started = StartedMaps(explained, requests, layers, chosen_layer(model) if layers else None)
        there: frozenset[Any] = frozenset() if self.whole else self.there
        missing = [request for request in requests if request.key not in there]
        target = self.request.targets(explained.prediction)[0]
        first = [request for request in missing if request.method in ("grad-cam", "eigen-cam")]
        rest = sorted(
            (request for request in missing if request not in first),
            key=lambda request: cost(explained, request),
        )
        quick = [request for request in rest if cost(explained, request) <= QUICK]
        slow = [request for request in rest if request not in quick]
        if self.whole:
            # What is half done is not handed over.
            silent = PartOfTask(task)
            made = (*explain_all(explained, first, silent), *explain_all(explained, quick, silent))
            stages = StageMaps(explained, target, stage_maps(explained, target, task)) if layers else None
            task.partial(LiveMaps(started, made, stages))
            return explained, slow
        if self.explained is None:
            task.partial(started)
        explain_all(explained, first, task)
        # The stages are a pass like Grad-CAM's own: they come before what takes longer.
        if layers and (self.stages is None or not self.stages.answers(explained, target)):
            task.partial(StageMaps(explained, target, stage_maps(explained, target, task)))
        explain_all(explained, quick, task)
        return explained, slow


class SlowMaps:
    """One map in work, and those after it, while others come and go. GUI thread only.

    Args:
        context: whose jobs make them.
        take: called with every map, growing ones too, and with failures.
        failed: called with an error.
        stopped: called with the keys of the maps that a person cancelled: the one in work and all after it.
    """

    def __init__(
        self,
        context: PanelContext,
        take: Callable[[Any], None],
        failed: Callable[[BaseException], None],
        stopped: Callable[[set[Any]], None],
    ) -> None:
        self._context, self._take, self._failed, self._stopped = context, take, failed, stopped
        self._running: tuple[Any, Job] | None = None
        self._pending: list[MapRequest] = []

    @property
    def keys(self) -> set[Any]:
        """Of all that are still to be made."""
        running = set() if self._running is None else {self._running[0]}
        return running | {one.key for one in self._pending}

    def start(self, explained: AttributionContext, requests: Sequence[MapRequest], wanted: set[Any]) -> None:
        """Make these.

        Args:
            explained: the image before the model.
            requests: the maps that are missing.
            wanted: keys of all maps asked for: one in work that nobody wants any more ends.
        """
        if self._running is not None and self._running[0] not in wanted:
            self.end()
        running = None if self._running is None else self._running[0]
        self._pending = [one for one in requests if one.key != running]
        self._next(explained)

    def keep(self, wanted: set[Any]) -> None:
        """Make none but these any more: the one in work ends at once if it is none of them."""
        self._pending = [one for one in self._pending if one.key in wanted]
        if self._running is not None and self._running[0] not in wanted:
            self.end()

    def end(self) -> None:
        """Make none of them any more."""
        running, self._running, self._pending = self._running, None, []
        if running is not None:
            self._context.jobs.cancel(running[1])

    def _next(self, explained: AttributionContext) -> None:
        if self._running is not None or not self._pending:
            return
        from convscope.engine.interpret.attribution.methods import METHODS

        request = self._pending.pop(0)
        method, target = METHODS[request.method], request.target
        of = explained.image.name
        if target is not None and method.needs_class:
            of = target.words(explained.model)
        more = f", {len(self._pending)} more" if self._pending else ""

        def work(task: Task) -> None:
            from convscope.engine.interpret.attribution.explain import explain_all

            explain_all(explained, (request,), task)

        def ended() -> None:
            self._running = None
            self._next(explained)

        def failed(error: BaseException) -> None:
            self._failed(error)
            ended()

        def cancelled() -> None:
            # One that ended because nobody wants it is not held any more.
            if self._running is not None and self._running[1] is job:
                keys = self.keys
                self._running, self._pending = None, []
                self._stopped(keys)

        job = self._context.jobs.submit(
            "long",
            work,
            title=f"{method.title}: {of}{more}",
            on_partial=self._take,
            on_done=lambda _none: ended(),
            on_failed=failed,
            on_cancelled=cancelled,
        )
        self._running = (request.key, job)
