"""From the workspace's events to finished frames: what is computed, on which lane, and what is kept."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from convscope.core.errors import UserError
from convscope.core.task import Task
from convscope.core.words import percent
from convscope.engine.interpret.activations.activation_cache import ActivationCache
from convscope.engine.interpret.activations.activations import LIMIT, Activations, is_traced, trace
from convscope.engine.interpret.activations.blank_share import BlankShare, blank_over_depth
from convscope.engine.interpret.activations.outputs import output_path, output_paths
from convscope.engine.interpret.breakdown.breakdown import ActivationSum, explain
from convscope.engine.interpret.edited import EditedModel, weight
from convscope.engine.models.opened import OpenedModel
from convscope.imaging.image import Image
from convscope.imaging.numerals import numeral
from convscope.ui.panel_context import PanelContext
from convscope.ui.panels.layers.asked import ORIGINAL, TRAINING, Asked, Weights
from convscope.ui.panels.layers.detail import Detail, detail
from convscope.ui.panels.layers.frame import Frame, Subject, compute
from convscope.ui.panels.layers.kernel_pictures import KernelPictures, kernel_pictures
from convscope.workspace.document import Part

NO_WEIGHTS = Weights()
FRAME = "layers.frame"
"""The key of the job that looks at the chosen layer."""

Question = tuple[str, tuple[tuple[str, str, bool], ...]]
"""What is asked for: a layer of whom on what; the picture itself may move on."""


class Controller(QObject):
    """Looks at the chosen layer of the current model on the current image, the latest request only.

    Signals:
        frame_ready: a `Frame`.
        problem_changed: why there is nothing to see, in a sentence; "" when there is.
        detail_ready: the `Detail` of the chosen map, and of the other side's where both are asked for.
        sum_ready: an `ActivationSum`, or the sentence why there is none.
        kernels_ready: the chosen side's `KernelPictures`, or None.
        shares_ready: the blank share of every layer, a tuple of `BlankShare`.
        edits_changed: what the edited copy says instead, in a sentence; "" without edits.
    """

    frame_ready = Signal(object)
    problem_changed = Signal(str)
    detail_ready = Signal(object)
    sum_ready = Signal(object)
    shares_ready = Signal(object)
    kernels_ready = Signal(object)
    edits_changed = Signal(str)

    def __init__(self, context: PanelContext, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.context = context
        self.asked = context.workspace.part("layers.asked", Asked(), "layers")
        # Of a layer with several outputs.
        self.output = 1
        self.frame: Frame | None = None
        self._cache = ActivationCache(LIMIT)
        self._known: list[tuple[OpenedModel, Image, Activations]] = []
        # By a model's id, what was changed in its weights.
        self._weights: dict[str, Part[Weights]] = {}
        self._edited: EditedModel | None = None
        # The input channel whose kernels are shown.
        self.input = 0
        self.kernels: KernelPictures | None = None
        self._charted: Activations | None = None
        self._question: Question | None = None
        context.workspace.history_changed.connect(self._forget_gone)

    # What is looked at

    @property
    def model(self) -> OpenedModel | None:
        """The model on show: the current one, or its edited copy."""
        edited = self._edited
        return edited if edited is not None and self.is_current(edited) else self.context.workspace.model

    def is_current(self, model: OpenedModel) -> bool:
        """Whether a model is the current one, or an edited copy of it."""
        return (model.original if isinstance(model, EditedModel) else model) is self.context.workspace.model

    @property
    def path(self) -> str | None:
        """The chosen layer, or the chosen one of its outputs."""
        layer, model = self.context.workspace.layer, self.model
        if layer is None or model is None or layer not in model.program.slots:
            return None
        return output_path(layer, min(self.output, len(model.program.slots[layer])))

    def choose_output(self, wanted: str) -> list[tuple[int | None, ...]]:
        """Take the first output of the layer that was chosen, or the wanted one if it is one of its.

        Returns:
            The shapes of all of its outputs, without the batch.
        """
        layer, model = self.context.workspace.layer, self.context.workspace.model
        self.output = 1
        if layer is None or model is None or layer not in model.program.slots:
            return []
        paths = output_paths(model, layer)
        if wanted in paths:
            self.output = paths.index(wanted) + 1
        return [model.program.shapes[slot][1:] for slot in model.program.slots[layer]]

    def subjects(self) -> tuple[Subject, ...]:
        """The current image before the model on show, and what it is compared with."""
        model, workspace = self.model, self.context.workspace
        if model is None:
            return ()
        own = Subject(model, workspace.image, workspace.image.name)
        return (own, *self._beside(model))

    def _beside(self, model: OpenedModel) -> tuple[Subject, ...]:
        workspace, asked = self.context.workspace, self.asked.value
        if asked.beside == TRAINING:
            return (Subject(model, workspace.image, "while training", training=True, seed=asked.seed),)
        if asked.beside == ORIGINAL:
            if not isinstance(model, EditedModel):
                return ()
            return (Subject(model.original, workspace.image, "before the edit"),)
        image = next((one for one in workspace.images if one.id == asked.beside), None)
        if image is not None:
            return (Subject(model, image, image.name),)
        other = workspace.open_model(asked.beside)
        return (Subject(other, workspace.image, other.name),) if other is not None else ()

    def request(self) -> None:
        """Compute what the workspace and the settings say now."""
        subjects, path = self.subjects(), self.path
        if not subjects or path is None:
            self.frame = None
            return
        at_hand = all(self._at_hand(subject, path) for subject in subjects)
        look, cache = self.asked.value.look, self._cache
        # Frames of something live answer one question, each a little better than the last.
        question = (path, tuple((one.model.id, one.image.id, one.training) for one in subjects))
        another, self._question = question != self._question, question
        self.context.jobs.submit(
            # What is computed already must not wait for a long run on the engine's lane.
            "imaging" if at_hand else "engine",
            lambda task: compute(subjects, path, look, cache, task),
            title=f"Looking at {path}",
            key=FRAME,
            supersede="cancel" if another else "finish",
            # Only the first look at a model takes long enough to be listed.
            quiet=any(model is subjects[0].model for model, _image, _found in self._known),
            on_done=lambda frame: self._show(frame, question),
            on_failed=lambda error: self._failed(error, question),
        )

    def model_changed(self) -> None:
        """The current model is another one, or was trained: its edited copy and weights' print are void."""
        self.context.jobs.cancel_key("layers.edit")
        self.context.jobs.cancel_key("layers.trace")
        self._edited = self._charted = None
        self.look_again()
        if self._edits:
            self._show_edits()
        else:
            self.edits_changed.emit("")

    def _forget_gone(self) -> None:
        """What was changed in models that were closed for good goes with them."""
        slots = self.context.workspace.document
        for gone in [one for one in self._weights if slots.known(one) is None]:
            self._weights.pop(gone).changed.disconnect(self._weights_changed)
            slots.drop(f"layers.weights.{gone}")

    def shutdown(self) -> None:
        """Take no more events, and free what was computed."""
        self.context.workspace.history_changed.disconnect(self._forget_gone)
        for slot in self._weights.values():
            slot.changed.disconnect(self._weights_changed)
        self.clear()

    def look_again(self) -> None:
        """Trust nothing that was computed before: weights may have changed."""
        self._known.clear()
        self.kernels = None
        for model in self.context.workspace.models:
            self._cache.forget(model)

    def clear(self) -> None:
        """Free all activations."""
        self.frame = self._charted = None
        self._known.clear()
        self._cache.clear()

    def _at_hand(self, subject: Subject, path: str) -> bool:
        return any(
            model is subject.model and image is subject.image and found.at_hand(path)
            for model, image, found in self._known
        )

    def _show(self, frame: Frame, question: Question) -> None:
        if question != self._question or not self.is_current(frame.first.subject.model):
            # Of an image, a layer or a model that was chosen before.
            return
        self.frame = frame
        self._known = [(side.subject.model, side.subject.image, side.found) for side in frame.sides]
        self.problem_changed.emit("")
        self.frame_ready.emit(frame)
        self._request_shares(frame.first.found)
        self._request_trace(frame.first.subject.model)

    def _failed(self, error: BaseException, question: Question) -> None:
        if question != self._question:
            return
        if isinstance(error, UserError):
            self.frame = self._charted = None
            self.problem_changed.emit(error.message)
        else:
            self.context.report(error)

    def _request_trace(self, model: OpenedModel) -> None:
        """Compile the pass for all layers while nobody waits: the next image then takes a quarter."""
        if isinstance(model, EditedModel) or is_traced(model):
            return
        self.context.jobs.submit(
            "engine",
            lambda task: trace(model, task),
            title=f"Preparing {model.name}",
            key="layers.trace",
            quiet=True,
            # It only saves time; what stands in its way will be said by the look itself.
            on_failed=lambda _error: None,
        )

    def _request_shares(self, found: Activations) -> None:
        if found is self._charted:
            return
        self._charted = found
        self._submit(
            "shares", "Counting blank maps", lambda task: blank_over_depth(found, task), self._shares
        )

    def _shares(self, shares: tuple[BlankShare, ...]) -> None:
        self.shares_ready.emit(shares)

    # One map, one value

    def request_detail(self, channel: int, side: int, opacity: float, *, both: bool) -> None:
        """The chosen map, large; `both`: and the same of what it is compared with."""
        frame = self.frame
        if frame is not None:
            others = [n for n in range(len(frame.sides)) if both and n != side]

            def work(_task: Task) -> tuple[Detail, ...]:
                sides = [side, *(n for n in others if channel < frame.sides[n].maps.count)]
                return tuple(detail(frame, channel, each, opacity) for each in sides)

            self._submit("detail", f"Map {channel}", work, self.detail_ready.emit)

    def request_sum(self, row: int, column: int, channel: int, side: int) -> None:
        """How one value came about."""
        frame = self.frame
        if frame is None:
            return
        found, path = frame.sides[side].found, frame.path
        training = frame.sides[side].subject.training

        def work(_task: Task) -> ActivationSum | str:
            if training:
                return "What training draws at random or takes from its batch is no fixed sum."
            try:
                return explain(found, path, row, column, channel)
            except UserError as error:
                return error.message

        self._submit("sum", "Adding up", work, self.sum_ready.emit)

    def request_kernels(self, side: int) -> None:
        """A side's kernels on one of the layer's input channels, if they are not those on show."""
        frame, path, index = self.frame, self.context.workspace.layer, self.input
        model = self.model if frame is None or side >= len(frame.sides) else frame.sides[side].subject.model
        if model is None or path is None:
            return
        known = self.kernels
        if known is not None and (known.model, known.layer, known.index) == (model, path, index):
            self.context.jobs.cancel_key("layers.kernels")
            self.kernels_ready.emit(known)
            return

        def work(_task: Task) -> KernelPictures | None:
            return kernel_pictures(model, path, index)

        self._submit("kernels", "Reading kernels", work, self._show_kernels)

    def _show_kernels(self, shown: KernelPictures | None) -> None:
        self.kernels = shown
        self.kernels_ready.emit(shown)

    def _submit(self, key: str, title: str, work: Any, done: Any) -> None:
        self.context.jobs.submit(
            "view",
            work,
            title=title,
            key=f"layers.{key}",
            supersede="finish",
            quiet=True,
            on_done=done,
            on_failed=self.context.report,
        )

    # Edits on a copy

    @property
    def has_edits(self) -> bool:
        """Whether a copy with other weights is on show."""
        return bool(self._edits)

    @property
    def _edits(self) -> Weights:
        """What was changed in the current model's weights."""
        model = self.context.workspace.model
        slot = self._weights.get(model.id) if model is not None else None
        return NO_WEIGHTS if slot is None else slot.value

    def edit_kernel(
        self, path: str, kind: str, channel: int, index: int, kernel: NDArray[Any], gesture: str
    ) -> None:
        """Another kernel for one filter on one of its inputs, in a copy; what one gesture did is one step."""
        slot = self._slot()
        if slot is not None:
            new = slot.value.with_kernel(path, kind, channel, index, kernel.astype(np.float32))
            slot.edit(new, "Change a weight", gesture)

    def edit_bias(self, path: str, channel: int, value: float) -> None:
        """Another bias for one filter, in a copy.

        Raises:
            UserError: the layer has no bias.
        """
        slot, model = self._slot(), self.context.workspace.model
        if slot is not None and model is not None:
            weight(model, path, "bias")
            slot.edit(slot.value.with_bias(path, channel, value), "Change a bias")

    def reset_edits(self) -> None:
        """Back to the user's own model."""
        slot = self._slot()
        if slot is not None and slot.value:
            slot.edit(NO_WEIGHTS, "Reset the weights")

    def _slot(self) -> Part[Weights] | None:
        model = self.context.workspace.model
        if model is None:
            return None
        if model.id not in self._weights:
            slot = self.context.workspace.part(f"layers.weights.{model.id}", NO_WEIGHTS, "layers")
            slot.changed.connect(self._weights_changed)
            self._weights[model.id] = slot
        return self._weights[model.id]

    def _weights_changed(self, _weights: Weights) -> None:
        """By an edit, undo or redo."""
        if self._edits:
            self._show_edits()
        else:
            self.context.jobs.cancel_key("layers.edit")
            self._edited = None
            self.edits_changed.emit("")
            self.request()

    def _show_edits(self) -> None:
        model, image, edits = self.context.workspace.model, self.context.workspace.image, self._edits
        assert model is not None

        def work(_task: Task) -> tuple[EditedModel, str]:
            edited = EditedModel(model, edits.arrays(model))
            return edited, told(model, edited, image)

        self.context.jobs.submit(
            "engine",
            work,
            title="Changing a weight",
            key="layers.edit",
            supersede="finish",
            quiet=True,
            on_done=self._show_edited,
            on_failed=self.context.report,
        )

    def _show_edited(self, made: tuple[EditedModel, str]) -> None:
        edited, words = made
        # An answer that comes after a reset, or after another model was chosen, is void.
        if self._edits and edited.original is self.context.workspace.model:
            self._edited = edited
            self.edits_changed.emit(words)
            self.request()

    def tell_edits(self) -> None:
        """What the edited copy says of another image."""
        edited, image = self._edited, self.context.workspace.image
        if edited is None or not self._edits:
            return

        def work(_task: Task) -> str:
            return told(edited.original, edited, image)

        def done(words: str) -> None:
            if self._edited is edited:
                self.edits_changed.emit(words)

        self.context.jobs.submit(
            "engine",
            work,
            title="Changing a weight",
            key="layers.edit_words",
            supersede="finish",
            quiet=True,
            on_done=done,
            on_failed=self.context.report,
        )


def told(model: OpenedModel, edited: EditedModel, image: Image) -> str:
    """What an edited copy says about an image, and what the model itself does."""
    names = ", ".join(dict.fromkeys(path for path, _name in edited.edits))
    head = f"You see a copy with other weights in {names}."
    if not model.has_head:
        return head
    before, after = model.predict(image).classes[0], edited.predict(image)
    same = next(score for score in after.classes if score.index == before.index)
    if after.is_values:
        return f"{head} {before.name} {numeral(before.logit, 5)} → {numeral(same.logit, 5)}"
    words = f"{before.name} {percent(before.probability)} → {percent(same.probability)}"
    if after.classes[0].index != before.index:
        words += f", now {after.classes[0].name} {percent(after.classes[0].probability)}"
    return f"{head} {words}"
