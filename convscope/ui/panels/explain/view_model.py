"""The panel's state: what is asked and shown, the maps that are there, and the jobs that make them. No Qt."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from psygnal import Signal

from convscope.core.errors import UserError
from convscope.engine.interpret.attribution.picture import Style, shared_scales
from convscope.engine.interpret.attribution.result import Attribution, MapRequest
from convscope.engine.models.answers.prediction import Prediction
from convscope.jobs.job import Job
from convscope.ui.panel_context import PanelContext
from convscope.ui.panels.explain.map_jobs import LiveMaps, QuickMaps, SlowMaps, StageMaps, StartedMaps
from convscope.ui.panels.explain.request import ExplainRequest, edit_label
from convscope.workspace.document import Part

if TYPE_CHECKING:
    from convscope.engine.interpret.attribution.context import AttributionContext
    from convscope.engine.interpret.attribution.explain import Failure
    from convscope.engine.interpret.attribution.layers import LayerChoice
    from convscope.engine.models.opened import OpenedModel
    from convscope.imaging.image import Image
    from convscope.imaging.lab.display import Scale

KEY = "explain"

Page = Literal["wall", "large", "truth", "folder"]
"""The grid of maps, one of them large, its sanity checks, or a folder of pictures."""
Column = Literal["as there is room", "left", "right", "none"]
"""What lies beside the pictures where there is no room for both columns."""
StagesShown = Literal["as there is room", "shown", "hidden"]


@dataclass(frozen=True)
class LargeMap:
    """How one map is shown large.

    Attributes:
        what: laid over the image, by itself, or the image alone.
        whole: on the photograph at its full size, not on what the network saw of it.
    """

    what: Literal["overlay", "map", "image"] = "overlay"
    whole: bool = False


class ExplainViewModel:
    """Makes the maps that are asked for, of the current image and model. GUI thread only.

    What a person changes supersedes at once whatever runs: another image or model makes all that is on show
    `outdated`, another class or setting only its own maps. A drag waits until the job that runs has shown
    something, and the next frame of something live until the last one's grid is finished, so that both are
    followed. Maps that take long are made one after the other in a lane of their own, while others come and
    go; for something live they wait until it stands still. Cancelling by hand leaves maps that say so; they
    are asked for again by `resume`.

    Attributes:
        request: which maps, for the current model.
        started: the maps that are made or being made; None while nothing is known.
        stages: Grad-CAM at every stage; None where there is none.
        selected: the map that is looked at.
        sentence: why there is nothing; "" when there is.
        outdated: why what is on show is none of the current image; "" when it is.
        live: whether the current image is a camera's or a drawing's.
        page, column, stages_shown, large: parts of the document: what is on show.

    Signals:
        request_changed: the `ExplainRequest`, by a person, an undo, or another model.
        style_changed: how maps are shown: a `Style`.
        outdated_changed: see `outdated`.
        maps_started: a `StartedMaps`: the tiles of the grid are known.
        map_arrived: an `Attribution` (perhaps still growing) or a `Failure`.
        stopped_changed: maps were cancelled by hand, or are made again.
        stages_changed: Grad-CAM at every stage, a tuple; empty where there is none.
        selection_changed: the `MapRequest` whose map is looked at, or None.
        sentence_changed: see `sentence`.
    """

    request_changed = Signal(object)
    style_changed = Signal(object)
    outdated_changed = Signal()
    maps_started = Signal(object)
    map_arrived = Signal(object)
    stopped_changed = Signal()
    stages_changed = Signal(object)
    selection_changed = Signal(object)
    sentence_changed = Signal(str)

    def __init__(self, context: PanelContext) -> None:
        self.context = context
        workspace = context.workspace
        self._request = workspace.part("explain.request", ExplainRequest(), "explain")
        self._style = workspace.part("explain.style", Style(), "explain")
        self._selected: Part[MapRequest | None] = workspace.part(
            "explain.selected", None, "explain", kind=MapRequest | None
        )
        self.page: Part[Page] = workspace.part("explain.page", "wall", "explain", kind=Page)
        self.column: Part[Column] = workspace.part(
            "explain.column", "as there is room", "explain", kind=Column
        )
        self.stages_shown: Part[StagesShown] = workspace.part(
            "explain.stages", "as there is room", "explain", kind=StagesShown
        )
        self.large = workspace.part("explain.large", LargeMap(), "explain")
        self._dragging = False
        self.request = self._request.value.about(workspace.model)
        self.started: StartedMaps | None = None
        self.stages: StageMaps | None = None
        self.selected: MapRequest | None = None
        self.sentence = self.outdated = ""
        self.live = False
        self._made: dict[Any, Attribution | Failure] = {}
        self._active = False
        self._job: Job | None = None
        self._run = 0
        self._shown = False
        # What comes next waits until the job has shown something, or has ended.
        self._next: Literal["", "shown", "ended"] = ""
        self._stopped: set[Any] = set()
        self._slow = SlowMaps(context, self._take, self._failed, self._stop)
        context.ending.call(self._supersede)
        context.listen(self._request.changed, self._part_changed)
        context.listen(self._style.changed, self._restyled)
        context.listen(self._selected.changed, self._selection_brought)
        context.listen(workspace.image_changed, self._image_changed)
        context.listen(workspace.model_changed, self._model_changed)

    # -- what is asked ---------------------------------------------------------------------------------------

    def ask(self, *, merge: Hashable | None = None, **changes: Any) -> None:
        """Change the request by its fields, which is a step of undo.

        Args:
            merge: joins the steps of one drag; what runs may show something before it is replaced.
        """
        after = replace(self.request, **changes)
        if after != self.request:
            self._dragging = merge is not None
            self._request.edit(after, edit_label(self.request, after, self.context.workspace.model), merge)
            self._dragging = False

    def set_setting(self, method: str, name: str, value: int | float | str) -> None:
        """Change a parameter of a method."""
        settings = {key: dict(own) for key, own in self.request.settings.items()}
        settings.setdefault(method, {})[name] = value
        self.ask(merge=("explain", method, name), settings=settings)

    @property
    def style(self) -> Style:
        """How maps are shown."""
        return self._style.value

    def restyle(self, style: Style, label: str, merge: Hashable | None = None) -> None:
        """Show maps another way, which is a step of undo."""
        self._style.edit(style, label, merge)

    def _restyled(self, style: Style) -> None:
        self.style_changed.emit(style)

    def _part_changed(self, request: ExplainRequest) -> None:
        request = request.about(self.context.workspace.model)
        if request != self.request:
            self.request = request
            self.request_changed.emit(request)
            self.refresh(urgent=not self._dragging)

    def select(self, request: MapRequest | None) -> None:
        """Look at one map."""
        self.selected = request
        if request is not None:
            self._selected.set(request)
        self.selection_changed.emit(request)

    def step(self, by: int) -> None:
        """Look at the next or the last map of the grid."""
        keys = [request.key for request in self.requests]
        if self.selected is not None and self.selected.key in keys:
            self.select(self.requests[(keys.index(self.selected.key) + by) % len(keys)])

    def _selection_brought(self, request: MapRequest | None) -> None:
        """A snapshot may name another map."""
        if request is not None and (self.selected is None or request.key != self.selected.key):
            self._keep_selection()

    # -- what is there ---------------------------------------------------------------------------------------

    @property
    def explained(self) -> AttributionContext | None:
        """The image before the model that the maps are of."""
        return None if self.started is None else self.started.explained

    @property
    def requests(self) -> tuple[MapRequest, ...]:
        """The maps on the grid, in its order."""
        return () if self.started is None else self.started.requests

    @property
    def layers(self) -> tuple[LayerChoice, ...]:
        """That a map can be of."""
        return () if self.started is None else self.started.layers

    @property
    def chosen_layer(self) -> LayerChoice | None:
        return None if self.started is None else self.started.chosen_layer

    @property
    def stage_maps(self) -> tuple[Attribution, ...]:
        """Grad-CAM at every stage, fine to coarse."""
        return () if self.stages is None else self.stages.maps

    def attribution(self, request: MapRequest | None = None) -> Attribution | None:
        """A map that is there, perhaps still growing; of the one looked at by default."""
        request = request or self.selected
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
        """The finished maps on the grid."""
        found = [self.attribution(request) for request in self.requests]
        return tuple(one for one in found if one is not None and one.done >= 1)

    def scale(self, one: Attribution) -> Scale:
        """The colours' ends of a map: all maps on the grid of one method share them."""
        shown = [made for request in self.requests if (made := self.attribution(request)) is not None]
        alike = [made for made in shown if made.method == one.method]
        return shared_scales([one, *alike])[0]

    @property
    def stages_outdated(self) -> bool:
        """Whether the maps of the stages are of another class than the one that is explained."""
        if self.explained is None or self.stages is None:
            return bool(self.stage_maps)
        return not self.stages.answers(self.explained, self.request.targets(self.explained.prediction)[0])

    def waits(self, request: MapRequest) -> bool:
        """Whether a map is only made once what is live stands still."""
        return self.live and request.key not in self._made and request.key not in self._slow.keys

    @property
    def prediction(self) -> Prediction | None:
        """Of the image before the model, once it is known."""
        return self.explained.prediction if self.explained is not None else None

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

    def _complete(self, model: OpenedModel, image: Image) -> bool:
        """Whether all that is asked for is there: the panel comes back as it was."""
        explained = self.explained
        if explained is None or explained.model is not model or explained.image is not image or self.sentence:
            return False
        wanted = [one.key for one in self.request.requests(explained.prediction)]
        return (
            wanted == [one.key for one in self.requests]
            and all(self._finished(key) or key in self._stopped for key in wanted)
            and not (self.layers and self.stages_outdated)
        )

    def _supersede(self) -> None:
        """Nobody waits for the job that runs any more: it ends within a pass."""
        self._run += 1
        self._job, self._next = None, ""
        self.context.jobs.cancel_key(KEY)

    def _start(self, model: OpenedModel, image: Image) -> None:
        self._supersede()
        shown = self.explained
        same = shown is not None and shown.model is model
        known = shown if shown is not None and same and shown.image is image else None
        frame = shown if known is None and same else None
        if known is not None:
            self._begin(known)
        if frame is not None:
            self._await_frame(frame, image)
        self._shown = False
        run = self._run
        quick = QuickMaps(
            model,
            image,
            self.request,
            known,
            self.context.predictor.prediction,
            frozenset(key for key in self._made if self._finished(key)) | self._stopped,
            self.stages,
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

    def _begin(self, explained: AttributionContext) -> None:
        """Other maps of what is there: their tiles are known at once."""
        requests = self.request.requests(explained.prediction)
        self._slow.keep({one.key for one in requests})
        self._take_started(StartedMaps(explained, requests, self.layers, self.chosen_layer))

    def _await_frame(self, shown: AttributionContext, image: Image) -> None:
        """The next picture of something live is on its way; what is asked of it may be something else."""
        # They would be of the picture before.
        self._slow.end()
        wanted = [one.key for one in self.request.requests(shown.prediction)]
        if wanted != [one.key for one in self.requests]:
            self._set_outdated(f"Working on {image.name} …")

    def _finished(self, key: Any) -> bool:
        made = self._made.get(key)
        return made is not None and (not isinstance(made, Attribution) or made.done >= 1)

    def _take(self, value: Any) -> None:
        if isinstance(value, StartedMaps):
            self._take_started(value)
        elif isinstance(value, StageMaps):
            self._take_stages(value)
        elif isinstance(value, LiveMaps):
            self._take_live(value)
        else:
            self._made[value.request.key] = value
            self.map_arrived.emit(value)
            self._has_shown()

    def _take_started(self, started: StartedMaps) -> None:
        self.started = started
        self._say("")
        if not started.layers:
            self._take_stages(None)
        self._set_outdated("")
        self.maps_started.emit(started)
        self._keep_selection()

    def _take_stages(self, stages: StageMaps | None) -> None:
        self.stages = stages
        self.stages_changed.emit(self.stage_maps)

    def _take_live(self, frame: LiveMaps) -> None:
        self.live = True
        self._made = {one.request.key: one for one in frame.made}
        self._stopped.clear()
        self._take_started(frame.started)
        if frame.stages is not None:
            self._take_stages(frame.stages)
        # One word is enough: all of it is there already.
        shown = self._made.get(self.selected.key) if self.selected is not None else None
        if shown is not None:
            self.map_arrived.emit(shown)

    def _say(self, sentence: str) -> None:
        self.sentence = sentence
        self.sentence_changed.emit(sentence)
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
        explained, requests = made
        if explained is self.explained and not (self.live and self._next):
            missing = [one for one in requests if not self._finished(one.key)]
            self._slow.start(explained, missing, {one.key for one in self.requests})
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
        if self.explained is None or self.explained.image is not self.context.workspace.image:
            self._set_outdated("Stopped: what is shown is of another picture.")
        missing = {one.key for one in self.requests if not self._finished(one.key)}
        self._stop(missing - self._slow.keys)

    def _stop(self, keys: set[Any]) -> None:
        self._stopped |= keys
        self.stopped_changed.emit()

    def _keep_selection(self) -> None:
        """The same method and class as before if they are on the grid; else the first map."""
        wanted = self._selected.value
        same = [
            request
            for request in self.requests
            if wanted is not None and request.method == wanted.method and request.target == wanted.target
        ] or [request for request in self.requests if wanted is not None and request.method == wanted.method]
        found = next(iter(same or self.requests), None)
        if found is None or self.selected is None or found.key != self.selected.key:
            self.select(found)

    def _forget(self, words: str) -> None:
        """What is on show answers nothing any more; the words say so over it."""
        self._supersede()
        self._slow.end()
        self.started = self.stages = None
        self.live = False
        self._made.clear()
        self._stopped.clear()
        if not self.sentence:
            self._set_outdated(words)

    def _image_changed(self, *_: object) -> None:
        explained, image = self.explained, self.context.workspace.image
        if explained is not None and explained.image is not image:
            if _one_source(explained.image, image):
                self._frame_came()
                return
            self._forget(f"Still of {explained.image.name}. Working on {image.name} …")
        elif explained is None and self._job is not None:
            # Its first answer would be of the image before.
            self._forget(self.outdated)
        self.refresh()

    def _frame_came(self) -> None:
        """The next picture of something live: after the grid of the last one."""
        self._slow.end()
        if self._job is not None and not self._job.finished:
            self._next = "ended"
        else:
            self.refresh()

    def _model_changed(self, *_: object) -> None:
        # Classes and layers of another network are others.
        self.request = self._request.value.about(self.context.workspace.model)
        model, explained = self.context.workspace.model, self.explained
        before = f"Still of {explained.model.name}. " if explained is not None else ""
        self._forget(f"{before}Working on {model.name} …" if model is not None and before else self.outdated)
        self.request_changed.emit(self.request)
        self.stages_changed.emit(())
        # The same method is looked at next.
        self.select(self.selected if model is not None else None)
        self.refresh()


def _one_source(a: Image, b: Image) -> bool:
    """Whether both are pictures of one thing: a camera's frames, a drawing as it grows."""
    return a.id == b.id
