"""Weights that are changed on a copy of the current model, which is looked at in its place. No Qt."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from psygnal import Signal

from convscope.core.errors import UserError
from convscope.core.task import Task
from convscope.engine.interpret.edited import EditedModel, kernel_replaced, weight
from convscope.engine.interpret.kernels_of import Kernels
from convscope.engine.models.opened import OpenedModel
from convscope.imaging.image import Image
from convscope.ui.panel_context import PanelContext
from convscope.ui.panels.layers.words import edit_words
from convscope.workspace.document import Part

Arrays = dict[tuple[str, str], NDArray[np.float32]]


@dataclass(frozen=True, eq=False)
class KernelWeights:
    """Other weights of one filter on one of its inputs.

    Attributes:
        path, kind: the convolution.
        weights: kh×kw.
    """

    path: str
    kind: str
    channel: int
    index: int
    weights: NDArray[np.float32]

    @property
    def where(self) -> tuple[str, str, int, int]:
        return self.path, self.kind, self.channel, self.index


@dataclass(frozen=True)
class FilterBias:
    """Another bias of one filter."""

    path: str
    channel: int
    value: float


@dataclass(frozen=True, eq=False)
class Weights:
    """The weights of one model that a person changed, on a copy of it, in the order of the changes."""

    kernels: tuple[KernelWeights, ...] = ()
    biases: tuple[FilterBias, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.kernels or self.biases)

    def with_kernel(self, new: KernelWeights) -> Weights:
        """With another kernel of one filter on one of its inputs."""
        return replace(self, kernels=(*(one for one in self.kernels if one.where != new.where), new))

    def with_bias(self, new: FilterBias) -> Weights:
        """With another bias of one filter."""
        others = (one for one in self.biases if (one.path, one.channel) != (new.path, new.channel))
        return replace(self, biases=(*others, new))

    def arrays(self, model: OpenedModel) -> Arrays:
        """The model's weights, in Keras's own order of axes, with what was changed in them.

        Raises:
            UserError: the model has no such layer.
        """
        found: Arrays = {}

        def array(path: str, name: str) -> NDArray[np.float32]:
            return found[path, name] if (path, name) in found else weight(model, path, name)

        for one in self.kernels:
            known = array(one.path, "kernel")
            found[one.path, "kernel"] = kernel_replaced(known, one.kind, one.channel, one.index, one.weights)
        for bias in self.biases:
            known = array(bias.path, "bias")
            known[bias.channel] = bias.value
            found[bias.path, "bias"] = known
        return found


NO_WEIGHTS = Weights()


class WeightsViewModel:
    """What was changed in the weights of each model, and the edited copy of the current one.

    Args:
        kernels: those on show, if they are the current model's.

    Attributes:
        copy: the edited copy; None without edits, and until it is made.

    Signals:
        edited: a weight was changed, by an edit, undo or redo.
        copy_changed: there is another copy, or none any more.
        words_changed: what the copy says instead, in a sentence; "" without edits.
    """

    edited = Signal()
    copy_changed = Signal()
    words_changed = Signal(str)

    def __init__(self, context: PanelContext, kernels: Callable[[], Kernels | None]) -> None:
        self._context = context
        self._kernels = kernels
        self.copy: EditedModel | None = None
        # By a model's id, what was changed in its weights.
        self._parts: dict[str, Part[Weights]] = {}
        context.listen(context.workspace.image_changed, self._image_changed)
        context.listen(context.workspace.history_changed, self._forget_gone)

    @property
    def now(self) -> Weights:
        """What was changed in the current model's weights; false where that is nothing."""
        part = self._part()
        return NO_WEIGHTS if part is None else part.value

    def edit_kernel(self, channel: int, index: int, weights: NDArray[Any], gesture: Hashable) -> None:
        """Another kernel for one filter on one of its inputs; what one gesture did is one step."""
        kernels, part = self._kernels(), self._part()
        if kernels is not None and part is not None:
            new = KernelWeights(kernels.path, kernels.kind, channel, index, weights.astype(np.float32))
            part.edit(part.value.with_kernel(new), "Change a weight", gesture)

    def edit_bias(self, channel: int, value: float) -> None:
        """Another bias for one filter."""
        kernels, part, model = self._kernels(), self._part(), self._context.workspace.model
        if kernels is None or part is None or model is None:
            return
        try:
            weight(model, kernels.path, "bias")
        except UserError as error:
            self._context.report(error)
            return
        part.edit(part.value.with_bias(FilterBias(kernels.path, channel, value)), "Change a bias")

    def reset(self) -> None:
        """Back to the user's own model."""
        part = self._part()
        if part is not None and part.value:
            part.edit(NO_WEIGHTS, "Reset the weights")

    def model_changed(self) -> None:
        """The current model is another one, or was trained: its edited copy is void."""
        self._context.jobs.cancel_key("layers.edit")
        self.copy = None
        if self.now:
            self._make_copy()
        else:
            self.words_changed.emit("")

    def _part(self) -> Part[Weights] | None:
        workspace = self._context.workspace
        model = workspace.model
        if model is None or workspace.document.known(model.id) is None:
            return None
        if model.id not in self._parts:
            part = workspace.part(f"layers.weights.{model.id}", NO_WEIGHTS, "layers")
            self._context.listen(part.changed, self._part_changed)
            self._parts[model.id] = part
        return self._parts[model.id]

    def _forget_gone(self) -> None:
        """What was changed in models that were closed for good goes with them."""
        document = self._context.workspace.document
        for gone in [one for one in self._parts if document.known(one) is None]:
            del self._parts[gone]
            document.drop(f"layers.weights.{gone}")

    def _part_changed(self, _weights: Weights) -> None:
        self.edited.emit()
        if self.now:
            self._make_copy()
        else:
            self._context.jobs.cancel_key("layers.edit")
            self.copy = None
            self.words_changed.emit("")
            self.copy_changed.emit()

    def _make_copy(self) -> None:
        model, image, edits = self._context.workspace.model, self._context.workspace.image, self.now
        assert model is not None

        def work(_task: Task) -> tuple[EditedModel, str]:
            edited = EditedModel(model, edits.arrays(model))
            return edited, edit_words(model, edited, image)

        self._submit("edit", work, self._show_copy)

    def _show_copy(self, made: tuple[EditedModel, str]) -> None:
        edited, words = made
        # An answer that comes after a reset, or after another model was chosen, is void.
        if self.now and edited.original is self._context.workspace.model:
            self.copy = edited
            self.words_changed.emit(words)
            self.copy_changed.emit()

    def _image_changed(self, image: Image) -> None:
        edited = self.copy
        if edited is None or not self.now:
            return

        def work(_task: Task) -> str:
            return edit_words(edited.original, edited, image)

        def done(words: str) -> None:
            if self.copy is edited:
                self.words_changed.emit(words)

        self._submit("edit_words", work, done)

    def _submit(self, key: str, work: Callable[[Task], Any], done: Callable[[Any], None]) -> None:
        self._context.jobs.submit(
            "engine",
            work,
            title="Changing a weight",
            key=f"layers.{key}",
            supersede="finish",
            quiet=True,
            on_done=done,
            on_failed=self._context.report,
        )
