"""The job that makes what is quick: the image before the model, the first maps, the strip."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from convscope.core.task import Task
from convscope.engine.interpret.attribution.result import Attribution, MapRequest
from convscope.engine.interpret.attribution.target import ScoreTarget
from convscope.engine.models.answers.prediction import Prediction
from convscope.ui.panels.explain.question import Question

if TYPE_CHECKING:
    from convscope.engine.interpret.attribution.context import AttributionContext
    from convscope.engine.interpret.attribution.explain import Failure
    from convscope.engine.interpret.attribution.layers import LayerChoice
    from convscope.engine.models.opened import OpenedModel
    from convscope.imaging.image import Image

# More forward passes than this are made in a lane of their own, so that nothing waits for them.
QUICK = 60


@dataclass(frozen=True, eq=False)
class Begun:
    """What is known before the first map: image and model, the maps wanted, the layers to choose from."""

    look: AttributionContext
    requests: tuple[MapRequest, ...]
    layers: tuple[LayerChoice, ...]
    chosen: LayerChoice | None


@dataclass(frozen=True, eq=False)
class Strip:
    """Grad-CAM at every stage, fine to coarse, of one class of one look."""

    look: AttributionContext
    target: ScoreTarget
    maps: tuple[Attribution, ...]


@dataclass(frozen=True, eq=False)
class Frame:
    """All that is quick of a live source's picture at once: maps of two pictures never hang side by side."""

    begun: Begun
    made: tuple[Attribution | Failure, ...]
    strip: Strip | None


@dataclass(frozen=True, eq=False)
class Quick:
    """What the job is asked.

    Attributes:
        model, image: as they are in the workspace.
        question: which maps.
        look: of them, if there is one already.
        prediction: of them, if it is known already.
        there: keys of maps that need not be made.
        strip_of: what the strip on show is of.
        whole: whether it is handed over as one `Frame`, or piece by piece: `Begun`, maps, `Strip`.
    """

    model: OpenedModel
    image: Image
    question: Question
    look: AttributionContext | None
    prediction: Prediction | None
    there: frozenset[Any]
    strip_of: tuple[AttributionContext, ScoreTarget] | None
    whole: bool

    def run(self, task: Task) -> tuple[AttributionContext, list[MapRequest]]:
        """Make it. Returns the look, and the maps that take longer."""
        from convscope.engine.interpret.attribution.context import AttributionContext
        from convscope.engine.interpret.attribution.explain import cost, explain_all, stage_maps
        from convscope.engine.interpret.attribution.layers import chosen_layer, usable_layers

        model, question = self.model, self.question
        look = self.look or AttributionContext(model, self.image, self.prediction)
        task.check()
        layers = usable_layers(model)
        requests = question.requests(look.prediction)
        begun = Begun(look, requests, layers, chosen_layer(model) if layers else None)
        there: frozenset[Any] = frozenset() if self.whole else self.there
        missing = [request for request in requests if request.key not in there]
        target = question.targets(look.prediction)[0]
        first = [request for request in missing if request.method in ("grad-cam", "eigen-cam")]
        rest = sorted(
            (request for request in missing if request not in first), key=lambda request: cost(look, request)
        )
        quick = [request for request in rest if cost(look, request) <= QUICK]
        slow = [request for request in rest if request not in quick]
        if self.whole:
            silent = _Silent(task)
            made = (*explain_all(look, first, silent), *explain_all(look, quick, silent))
            task.partial(Frame(begun, made, self._strip(look, target, layers, task)))
            return look, slow
        if self.look is None:
            task.partial(begun)
        explain_all(look, first, task)
        # The strip is a pass like Grad-CAM's own: it comes before what takes longer.
        if layers and self.strip_of != (look, target):
            task.partial(Strip(look, target, stage_maps(look, target, task)))
        explain_all(look, quick, task)
        return look, slow

    def _strip(
        self, look: AttributionContext, target: ScoreTarget, layers: tuple[LayerChoice, ...], task: Task
    ) -> Strip | None:
        from convscope.engine.interpret.attribution.explain import stage_maps

        return Strip(look, target, stage_maps(look, target, task)) if layers else None


class _Silent(Task):
    """Cancels and reports with the outer task, and keeps what is half done for itself."""

    def __init__(self, outer: Task) -> None:
        super().__init__()
        self._outer = outer

    def progress(self, fraction: float | None, text: str = "") -> None:
        self._outer.progress(fraction, text)

    def check(self) -> None:
        self._outer.check()
