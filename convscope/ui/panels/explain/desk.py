"""The panel's state: the question, the maps that are there, and the jobs that make them."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

from PySide6.QtCore import QObject, Signal

from convscope.core.errors import UserError
from convscope.core.task import Task
from convscope.engine.interpret.attribution.picture import Style, shared_scales
from convscope.engine.interpret.attribution.result import Attribution, MapRequest
from convscope.engine.models.answers.prediction import Prediction
from convscope.jobs.job import Job
from convscope.ui.panel_context import PanelContext
from convscope.ui.panels.explain.question import Question, label
from convscope.ui.panels.explain.quick import Begun, Frame, Quick, Strip
from convscope.ui.panels.explain.slow import SlowMaps

if TYPE_CHECKING:
    from convscope.engine.interpret.attribution.context import AttributionContext
    from convscope.engine.interpret.attribution.explain import Failure
    from convscope.engine.interpret.attribution.layers import LayerChoice
    from convscope.engine.interpret.attribution.target import ScoreTarget
    from convscope.engine.models.opened import OpenedModel
    from convscope.imaging.image import Image
    from convscope.imaging.lab.display import Scale

KEY = "explain"


class Desk(QObject):
    """Makes the maps of the question for the current image and model. GUI thread only.

    What a person changes supersedes at once whatever runs: another image or model makes all that is on show
    `outdated`, another class or setting only its own maps. A drag waits until the job that runs has shown
    something, and the next frame of something live until the last one's wall is finished, so that both are
    followed. Maps that take long are made one after the other in a lane of their own, while others come and
    go; for something live they wait until it stands still. Cancelling by hand leaves maps that say so; they
    are asked for again by `resume`.

    Signals:
        question_changed: the `Question`, by a person, an undo, or another model.
        style_changed: how maps are shown: a `Style`.
        outdated_changed: what is on show is of another image or model, or no longer.
        begun: a `Begun`: the tiles of the wall are known.
        arrived: an `Attribution` (perhaps still growing) or a `Failure`.
        stopped_changed: maps were cancelled by hand, or are made again.
        strip_changed: Grad-CAM at every stage, a tuple; empty where there is none.
        selected: the `MapRequest` whose map is looked at, or None.
        said: why there is nothing; "" when there is.
    """

    question_changed = Signal(object)
    style_changed = Signal(object)
    outdated_changed = Signal()
    begun = Signal(object)
    arrived = Signal(object)
    stopped_changed = Signal()
    strip_changed = Signal(object)
    selected = Signal(object)
    said = Signal(str)

    def __init__(self, context: PanelContext, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.context = context
        workspace = context.workspace
        self._asked = workspace.part("explain.question", Question(), "explain")
        self._style = workspace.part("explain.style", Style(), "explain")
        self._dragging = False
        self.question = self._asked.value.about(workspace.model)
        self.look: AttributionContext | None = None
        self.requests: tuple[MapRequest, ...] = ()
        self.layers: tuple[LayerChoice, ...] = ()
        self.chosen: LayerChoice | None = None
        self.strip: tuple[Attribution, ...] = ()
        self.request: MapRequest | None = None
        self.sentence = self.outdated = ""
        self.live = False
        self._made: dict[Any, Attribution | Failure] = {}
        self._strip_of: tuple[AttributionContext, ScoreTarget] | None = None
        self._active = False
        self._job: Job | None = None
        self._run = 0
        self._shown = False
        # What comes next waits until the job has shown something, or has ended.
        self._next: Literal["", "shown", "ended"] = ""
        self._stopped: set[Any] = set()
        self._slow = SlowMaps(context, self._take, self._failed, self._stop)
        self._asked.changed.connect(self._question_changed)
        self._style.changed.connect(self._style_changed)
        workspace.image_changed.connect(self._image_changed)
        workspace.model_changed.connect(self._model_changed)

    # -- the question ----------------------------------------------------------------------------------------

    def ask(self, *, merge: Hashable | None = None, **changes: Any) -> None:
        """Change the question by its fields, which is a step of undo.

        Args:
            merge: joins the steps of one drag; what runs may show something before it is replaced.
        """
        after = replace(self.question, **changes)
        if after != self.question:
            self._dragging = merge is not None
            self._asked.edit(after, label(self.question, after, self.context.workspace.model), merge)
            self._dragging = False

    def set_setting(self, method: str, name: str, value: int | float | str) -> None:
        """Change a parameter of a method."""
        settings = {key: dict(own) for key, own in self.question.settings.items()}
        settings.setdefault(method, {})[name] = value
        self.ask(merge=("explain", method, name), settings=settings)

    @property
    def style(self) -> Style:
        """How maps are shown."""
        return self._style.value

    def restyle(self, style: Style, label: str, merge: Hashable | None = None) -> None:
        """Show maps another way, which is a step of undo."""
        self._style.edit(style, label, merge)

    def _style_changed(self, style: Style) -> None:
        self.style_changed.emit(style)

    def _question_changed(self) -> None:
        question = self._asked.value.about(self.context.workspace.model)
        if question != self.question:
            self.question = question
            self.question_changed.emit(question)
            self.refresh(urgent=not self._dragging)

    def select(self, request: MapRequest | None) -> None:
        """Look at one map."""
        self.request = request
        self.selected.emit(request)

    # -- what is there ---------------------------------------------------------------------------------------

    def attribution(self, request: MapRequest | None = None) -> Attribution | None:
        """A map that is there, perhaps still growing; of the one looked at by default."""
        request = request or self.request
        found = self._made.get(request.key) if request is not None else None
        return found if isinstance(found, Attribution) else None

    def answer(self, request: MapRequest) -> Attribution | Failure | None:
        """A map, or why there is none; None while it is waited for."""
        return self._made.get(request.key)

    def stopped(self, request: MapRequest) -> bool:
        """Whether the work on a map was cancelled by hand before it was finished."""
        return request.key in self._stopped

    def resume(self, request: MapRequest) -> None:
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
    def strip_outdated(self) -> bool:
        """Whether the strip on show is of another class than the one that is explained."""
        if self.look is None or self._strip_of is None:
            return bool(self.strip)
        return self._strip_of != (self.look, self.question.targets(self.look.prediction)[0])

    def waits(self, request: MapRequest) -> bool:
        """Whether a map is only made once what is live stands still."""
        return self.live and request.key not in self._made and request.key not in self._slow.keys

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
            self.refresh(urgent=False)

    def refresh(self, *, urgent: bool = True) -> None:
        """Make the maps that are missing.

        Args:
            urgent: instead of what runs; else that shows something first.
        """
        workspace = self.context.workspace
        model, image = workspace.model, workspace.image
        if not self._active:
            return
        if model is None:
            self._say("There is no model yet.")
            return
        works = self._job is not None and not self._job.finished
        if works and not urgent and not (self._shown and self._next != "ended"):
            self._next = self._next or "shown"
            return
        if not works and self._complete(model, image):
            return
        self._start(model, image)

    def shutdown(self) -> None:
        """Take no more events."""
        workspace = self.context.workspace
        workspace.image_changed.disconnect(self._image_changed)
        workspace.model_changed.disconnect(self._model_changed)
        self._asked.changed.disconnect(self._question_changed)
        self._style.changed.disconnect(self._style_changed)
        self._supersede()

    def _complete(self, model: OpenedModel, image: Image) -> bool:
        """Whether all that is asked for is there: the panel comes back as it was."""
        look = self.look
        if look is None or look.model is not model or look.image is not image or self.sentence:
            return False
        wanted = [one.key for one in self.question.requests(look.prediction)]
        return (
            wanted == [one.key for one in self.requests]
            and all(self._finished(key) or key in self._stopped for key in wanted)
            and not (self.layers and self.strip_outdated)
        )

    def _supersede(self) -> None:
        """Nobody waits for the job that runs any more: it ends within a pass."""
        self._run += 1
        self._job, self._next = None, ""
        self.context.jobs.cancel_key(KEY)

    def _start(self, model: OpenedModel, image: Image) -> None:
        self._supersede()
        shown = self.look
        same = shown is not None and shown.model is model
        known = shown if shown is not None and same and shown.image is image else None
        frame = shown if known is None and same else None
        if known is not None:
            self._begin(known)
        if frame is not None:
            self._await_frame(frame, image)
        self._shown = False
        run = self._run
        quick = Quick(
            model,
            image,
            self.question,
            known,
            self.context.predictor.prediction,
            frozenset(key for key in self._made if self._finished(key)) | self._stopped,
            self._strip_of,
            whole=frame is not None,
        )
        self._job = self.context.jobs.submit(
            "engine",
            quick.run,
            title=f"Explaining {image.name}",
            key=KEY,
            supersede="cancel",
            on_partial=self._take,
            on_done=self._done,
            on_failed=self._failed,
            on_cancelled=lambda: self._cancelled(run),
        )

    def _begin(self, look: AttributionContext) -> None:
        """Another question about what is there: its tiles are known at once."""
        self.requests = self.question.requests(look.prediction)
        self._slow.keep({one.key for one in self.requests})
        self._say("")
        self._set_outdated("")
        self.begun.emit(Begun(look, self.requests, self.layers, self.chosen))
        self._keep_selection()

    def _await_frame(self, shown: AttributionContext, image: Image) -> None:
        """The next picture of something live is on its way; what is asked of it may be something else."""
        # They would be of the picture before.
        self._slow.end()
        wanted = [one.key for one in self.question.requests(shown.prediction)]
        if wanted != [one.key for one in self.requests]:
            self._set_outdated(f"Working on {image.name} …")

    def _finished(self, key: Any) -> bool:
        made = self._made.get(key)
        return made is not None and (not isinstance(made, Attribution) or made.done >= 1)

    def _take(self, value: Any) -> None:
        if isinstance(value, Begun):
            self._take_begun(value)
        elif isinstance(value, Strip):
            self._take_strip(value)
        elif isinstance(value, Frame):
            self._take_frame(value)
        else:
            self._made[value.request.key] = value
            self.arrived.emit(value)
            self._has_shown()

    def _take_begun(self, begun: Begun) -> None:
        self.look, self.requests = begun.look, begun.requests
        self.layers, self.chosen = begun.layers, begun.chosen
        self._say("")
        if not begun.layers:
            self.strip, self._strip_of = (), None
            self.strip_changed.emit(())
        self._set_outdated("")
        self.begun.emit(begun)
        self._keep_selection()

    def _take_strip(self, strip: Strip) -> None:
        self._strip_of, self.strip = (strip.look, strip.target), strip.maps
        self.strip_changed.emit(self.strip)

    def _take_frame(self, frame: Frame) -> None:
        self.live = True
        self._made = {one.request.key: one for one in frame.made}
        self._stopped.clear()
        self._take_begun(frame.begun)
        if frame.strip is not None:
            self._take_strip(frame.strip)
        # One word is enough: all of it is there already.
        shown = self._made.get(self.request.key) if self.request is not None else None
        if shown is not None:
            self.arrived.emit(shown)

    def _say(self, sentence: str) -> None:
        self.sentence = sentence
        self.said.emit(sentence)
        if sentence:
            self._set_outdated("")

    def _set_outdated(self, words: str) -> None:
        if words != self.outdated:
            self.outdated = words
            self.outdated_changed.emit()

    def _has_shown(self) -> None:
        self._shown = True
        if self._next == "shown":
            self.refresh()

    def _has_ended(self) -> None:
        self._shown = True
        if self._next:
            self.refresh()

    def _done(self, made: tuple[AttributionContext, list[MapRequest]]) -> None:
        look, requests = made
        if look is self.look and not (self.live and self._next):
            missing = [one for one in requests if not self._finished(one.key)]
            self._slow.start(look, missing, {one.key for one in self.requests})
        self._has_ended()

    def _failed(self, error: BaseException) -> None:
        if isinstance(error, UserError):
            self._say(error.message)
        else:
            self.context.report(error)
            if self.outdated:
                self._set_outdated(f"{self.context.workspace.image.name} could not be explained.")
        self._has_ended()

    def _cancelled(self, run: int) -> None:
        if run != self._run:
            return
        # By hand, from the status bar.
        if self._next:
            self._has_ended()
            return
        if self.look is None or self.look.image is not self.context.workspace.image:
            self._set_outdated("Stopped: what is shown is of another picture.")
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

    def _forget(self, words: str) -> None:
        """What is on show answers nothing any more; the words say so over it."""
        self._supersede()
        self._slow.end()
        self.look, self.requests, self.strip, self._strip_of = None, (), (), None
        self.layers, self.chosen = (), None
        self.live = False
        self._made.clear()
        self._stopped.clear()
        if not self.sentence:
            self._set_outdated(words)

    def _image_changed(self, *_: object) -> None:
        look, image = self.look, self.context.workspace.image
        if look is not None and look.image is not image:
            if _one_source(look.image, image):
                self._frame_came()
                return
            self._forget(f"Still of {look.image.name}. Working on {image.name} …")
        elif look is None and self._job is not None:
            # Its first answer would be of the image before.
            self._forget(self.outdated)
        self.refresh()

    def _frame_came(self) -> None:
        """The next picture of something live: after the wall of the last one."""
        self._slow.end()
        if self._job is not None and not self._job.finished:
            self._next = "ended"
        else:
            self.refresh()

    def _model_changed(self, *_: object) -> None:
        # Classes and layers of another network are others.
        self.question = self._asked.value.about(self.context.workspace.model)
        model, look = self.context.workspace.model, self.look
        before = f"Still of {look.model.name}. " if look is not None else ""
        self._forget(f"{before}Working on {model.name} …" if model is not None and before else self.outdated)
        self.question_changed.emit(self.question)
        self.strip_changed.emit(())
        # The same method is looked at next.
        self.select(self.request if model is not None else None)
        self.refresh()


def _one_source(a: Image, b: Image) -> bool:
    """Whether both are pictures of one thing: a camera's frames, a drawing as it grows."""
    return a.id == b.id
