"""The panel's state: the question, the maps that are there, and the jobs that make them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from convscope.engine.models.prediction import Prediction
from convscope.engine.seeing.attribution.picture import shared_scales
from convscope.engine.seeing.attribution.result import Attribution, Request
from convscope.errors import UserError
from convscope.jobs import Job
from convscope.task import Task
from convscope.ui.panel_context import PanelContext
from convscope.ui.panels.explain.question import Question
from convscope.ui.panels.explain.slow import SlowMaps

if TYPE_CHECKING:
    from convscope.engine.models.opened import OpenedModel
    from convscope.engine.seeing.attribution.explain import Failure
    from convscope.engine.seeing.attribution.layers import LayerChoice
    from convscope.engine.seeing.attribution.look import Look
    from convscope.imaging.display import Scale
    from convscope.imaging.image import Image

KEY = "explain"
# More forward passes than this are made in a lane of their own, so that nothing waits for them.
QUICK = 60


@dataclass(frozen=True, eq=False)
class Begun:
    """What is known before the first map: image and model, the maps wanted, the layers to choose from."""

    look: Look
    requests: tuple[Request, ...]
    layers: tuple[LayerChoice, ...]
    chosen: LayerChoice | None


@dataclass(frozen=True, eq=False)
class Strip:
    """Grad-CAM at every stage, fine to coarse."""

    maps: tuple[Attribution, ...]


class Desk(QObject):
    """Makes the maps of the question for the current image and model. GUI thread only.

    A job that runs is replaced once it has shown something, so that a camera is followed as well as a drag.
    Maps that take long are made one after the other in a lane of their own, while others come and go.
    Cancelling by hand leaves maps that say so; they are asked for again by `resume`.

    Signals:
        question_changed: the `Question`.
        begun: a `Begun`: the tiles of the wall are known.
        arrived: an `Attribution` (perhaps still growing) or a `Failure`.
        stopped_changed: maps were cancelled by hand, or are made again.
        strip_changed: Grad-CAM at every stage, a tuple; empty where there is none.
        selected: the `Request` whose map is looked at, or None.
        said: why there is nothing; "" when there is.
    """

    question_changed = Signal(object)
    begun = Signal(object)
    arrived = Signal(object)
    stopped_changed = Signal()
    strip_changed = Signal(object)
    selected = Signal(object)
    said = Signal(str)

    def __init__(self, context: PanelContext, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.context = context
        self.question = Question()
        self.look: Look | None = None
        self.requests: tuple[Request, ...] = ()
        self.layers: tuple[LayerChoice, ...] = ()
        self.chosen: LayerChoice | None = None
        self.strip: tuple[Attribution, ...] = ()
        self.request: Request | None = None
        self.sentence = ""
        self._made: dict[Any, Attribution | Failure] = {}
        self._strip_of: tuple[object, object] | None = None
        self._active = False
        self._job: Job | None = None
        self._run = 0
        self._shown = self._again = False
        self._stopped: set[Any] = set()
        self._slow = SlowMaps(context, self._take, self._failed, self._stop)
        session = context.session
        session.image_changed.connect(self._changed)
        session.model_changed.connect(self._model_changed)

    # -- the question ----------------------------------------------------------------------------------------

    def ask(self, **changes: Any) -> None:
        """Change the question by its fields."""
        question = replace(self.question, **changes)
        if question != self.question:
            self.question = question
            self.question_changed.emit(question)
            self.refresh()

    def set_setting(self, method: str, name: str, value: int | float | str) -> None:
        """Change a parameter of a method."""
        settings = {key: dict(own) for key, own in self.question.settings.items()}
        settings.setdefault(method, {})[name] = value
        self.ask(settings=settings)

    def select(self, request: Request | None) -> None:
        """Look at one map."""
        self.request = request
        self.selected.emit(request)

    # -- what is there ---------------------------------------------------------------------------------------

    def attribution(self, request: Request | None = None) -> Attribution | None:
        """A map that is there, perhaps still growing; of the one looked at by default."""
        request = request or self.request
        found = self._made.get(request.key) if request is not None else None
        return found if isinstance(found, Attribution) else None

    def answer(self, request: Request) -> Attribution | Failure | None:
        """A map, or why there is none; None while it is waited for."""
        return self._made.get(request.key)

    def stopped(self, request: Request) -> bool:
        """Whether the work on a map was cancelled by hand before it was finished."""
        return request.key in self._stopped

    def resume(self, request: Request) -> None:
        """Make a map after all that was cancelled by hand."""
        if request.key in self._stopped:
            self._stopped.discard(request.key)
            self.stopped_changed.emit()
            self.refresh()

    @property
    def maps(self) -> tuple[Attribution, ...]:
        """The finished maps on the wall."""
        found = [self.attribution(request) for request in self.requests]
        return tuple(one for one in found if one is not None and one.done >= 1)

    def scale(self, one: Attribution) -> Scale:
        """The colours' ends of a map: all maps on the wall of one method share them."""
        shown = [made for request in self.requests if (made := self.attribution(request)) is not None]
        alike = [made for made in shown if made.method == one.method]
        return shared_scales([one, *alike])[0]

    @property
    def prediction(self) -> Prediction | None:
        """Of the image before the model, once it is known."""
        return self.look.prediction if self.look is not None else None

    def in_job(
        self,
        key: str,
        title: str,
        work: Callable[[Task], Any],
        done: Callable[[Any], None],
        partial: Callable[[Any], None] | None = None,
    ) -> None:
        """Run something longer on the look; failures are told."""
        self.context.jobs.submit(
            "long",
            work,
            title=title,
            key=f"{KEY}.{key}",
            on_done=done,
            on_partial=partial,
            on_failed=self.context.report,
        )

    # -- making them -----------------------------------------------------------------------------------------

    def set_active(self, active: bool) -> None:
        """Work only while somebody looks."""
        self._active = active
        if active:
            self.refresh()

    def refresh(self) -> None:
        """Make the maps that are missing."""
        session = self.context.session
        model, image = session.model, session.image
        if not self._active:
            return
        if model is None:
            self._say("There is no model yet.")
            return
        if self._job is not None and not self._job.finished and not self._shown:
            self._again = True
            return
        if (self._job is None or self._job.finished) and self._complete(model, image):
            return
        self._start(model, image)

    def shutdown(self) -> None:
        """Take no more events."""
        session = self.context.session
        session.image_changed.disconnect(self._changed)
        session.model_changed.disconnect(self._model_changed)
        self._run += 1
        self.context.jobs.cancel_key(KEY)
        self._slow.end()

    def _complete(self, model: OpenedModel, image: Image) -> bool:
        """Whether all that is asked for is there: the panel comes back as it was."""
        look = self.look
        if look is None or look.model is not model or look.image is not image or self.sentence:
            return False
        wanted = [one.key for one in self.question.requests(look.prediction)]
        strip_of = (look, self.question.targets(look.prediction)[0])
        return (
            wanted == [one.key for one in self.requests]
            and all(self._finished(key) or key in self._stopped for key in wanted)
            and (not self.layers or self._strip_of == strip_of)
        )

    def _start(self, model: OpenedModel, image: Image) -> None:
        look = self.look
        if look is not None and (look.model is not model or look.image is not image):
            self._forget()
        question, known = self.question, self.look
        there = frozenset(key for key in self._made if self._finished(key)) | self._stopped
        prediction, strip_of = self.context.predictor.prediction, self._strip_of
        self._shown = self._again = False
        self._run = run = self._run + 1

        def work(task: Task) -> tuple[Look, list[Request]]:
            from convscope.engine.seeing.attribution.explain import cost, strip, wall
            from convscope.engine.seeing.attribution.layers import chosen_layer, usable_layers
            from convscope.engine.seeing.attribution.look import Look

            look = known or Look(model, image, prediction)
            layers = usable_layers(model)
            requests = question.requests(look.prediction)
            task.partial(Begun(look, requests, layers, chosen_layer(model) if layers else None))
            missing = [request for request in requests if request.key not in there]
            target = question.targets(look.prediction)[0]
            first = [request for request in missing if request.method in ("grad-cam", "eigen-cam")]
            # The strip is a pass like Grad-CAM's own: it comes before what takes longer.
            wall(look, first, task)
            if layers and strip_of != (look, target):
                task.partial((look, target, Strip(strip(look, target, task))))
            rest = sorted(
                (request for request in missing if request not in first),
                key=lambda request: cost(look, request),
            )
            wall(look, [request for request in rest if cost(look, request) <= QUICK], task)
            return look, [request for request in rest if cost(look, request) > QUICK]

        self._job = self.context.jobs.submit(
            "engine",
            work,
            title=f"Explaining {image.name}",
            key=KEY,
            supersede="cancel",
            on_partial=self._take,
            on_done=self._done,
            on_failed=self._failed,
            on_cancelled=lambda: self._cancelled(run),
        )

    def _finished(self, key: Any) -> bool:
        made = self._made.get(key)
        return made is not None and (not isinstance(made, Attribution) or made.done >= 1)

    def _take(self, value: Any) -> None:
        if isinstance(value, Begun):
            self.look, self.requests = value.look, value.requests
            self.layers, self.chosen = value.layers, value.chosen
            self._say("")
            if not value.layers:
                self.strip = ()
                self.strip_changed.emit(())
            self.begun.emit(value)
            self._keep_selection()
        elif isinstance(value, tuple):
            look, target, strip = value
            self._strip_of, self.strip = (look, target), strip.maps
            self.strip_changed.emit(self.strip)
        else:
            self._made[value.request.key] = value
            self.arrived.emit(value)
            self._has_shown()

    def _say(self, sentence: str) -> None:
        self.sentence = sentence
        self.said.emit(sentence)

    def _has_shown(self) -> None:
        self._shown = True
        if self._again:
            self.refresh()

    def _done(self, made: tuple[Look, list[Request]]) -> None:
        look, requests = made
        if look is self.look:
            missing = [one for one in requests if not self._finished(one.key)]
            self._slow.start(look, missing, {one.key for one in self.requests})
        self._has_shown()

    def _failed(self, error: BaseException) -> None:
        if isinstance(error, UserError):
            self._say(error.message)
        else:
            self.context.report(error)
        self._has_shown()

    def _cancelled(self, run: int) -> None:
        if run != self._run:
            return
        # By hand, from the status bar.
        if self._again:
            self._has_shown()
        else:
            missing = {one.key for one in self.requests if not self._finished(one.key)}
            self._stop(missing - self._slow.keys)

    def _stop(self, keys: set[Any]) -> None:
        self._stopped |= keys
        self.stopped_changed.emit()

    def _keep_selection(self) -> None:
        """The same method and class as before if they are on the wall; else the first map."""
        wanted = self.request
        same = [
            request
            for request in self.requests
            if wanted is not None and request.method == wanted.method and request.target == wanted.target
        ] or [request for request in self.requests if wanted is not None and request.method == wanted.method]
        found = next(iter(same or self.requests), None)
        if found is None or wanted is None or found.key != wanted.key:
            self.select(found)

    def _forget(self) -> None:
        self.look, self.requests, self.strip, self._strip_of = None, (), (), None
        self.layers, self.chosen = (), None
        self._made.clear()
        self._stopped.clear()
        self._slow.end()

    def _changed(self, *_: object) -> None:
        self.refresh()

    def _model_changed(self, *_: object) -> None:
        # Classes and layers of another network are others.
        question = replace(self.question, index=None, minus=None, layer=None)
        if question != self.question:
            self.question = question
            self.question_changed.emit(question)
        # What runs is of the network before: nobody waits for it.
        self._run += 1
        self._job = None
        self.context.jobs.cancel_key(KEY)
        self._forget()
        self.strip_changed.emit(())
        # The same method is looked at next.
        self.select(self.request if self.context.session.model is not None else None)
        self.refresh()
