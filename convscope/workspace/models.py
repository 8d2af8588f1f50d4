"""The models that are open, which one is current, and the layer of it that is chosen in all panels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

from psygnal import Signal

from convscope.workspace.document import Document, Part

if TYPE_CHECKING:
    from convscope.engine.models.opened import OpenedModel

Value = TypeVar("Value")

KEPT_MODELS = 1  # closed models that can be opened again


@dataclass(frozen=True)
class OpenModels:
    """Which of the models that were opened are closed, and which one is current.

    Opening a model is no step of undo, so a step must not say which ones are open.
    """

    closed: frozenset[str] = frozenset()
    current: str | None = None


class WorkspaceModels:
    """The part of the workspace that models are.

    Signals:
        models_changed: the open models: tuple of OpenedModel.
        model_changed: the current model, or None.
        layer_changed: the path of the chosen layer of the current model, or None.
    """

    models_changed = Signal(tuple)
    model_changed = Signal(object)
    layer_changed = Signal(object)

    document: Document

    def _begin_models(self) -> None:
        self._shelf = self.document.part("models", OpenModels())
        self._layer: Part[str | None] = self.document.part("layer", None, kind=str | None)
        self._layer.changed.connect(lambda _path: self.layer_changed.emit(self.layer))
        # How often a model was made the current one on purpose.
        self.choices = 0
        # By id, in the order of opening; those that are closed but can be opened again, too.
        self._opened: dict[str, Part[OpenedModel]] = {}
        # Ids of those that an earlier run had open, in the order that they had.
        self._places: tuple[str, ...] = ()
        self._models: tuple[OpenedModel, ...] = ()
        self._model: OpenedModel | None = None
        self._shelf.changed.connect(self._show_models)

    @property
    def models(self) -> tuple[OpenedModel, ...]:
        """All open models, in the order of opening."""
        return self._models

    @property
    def model(self) -> OpenedModel | None:
        return self._model

    @property
    def wanted_model(self) -> str | None:
        """The id of the model that is current as soon as it is open."""
        return self._shelf.value.current

    @property
    def layer(self) -> str | None:
        """The path of the chosen layer of the current model."""
        return self._layer.value if self._model is not None else None

    def in_order(self, models: Mapping[str, Value]) -> dict[str, Value]:
        """By the ids of models, in the order of opening, which those of a snapshot keep."""
        order = {one: place for place, one in enumerate(self._places)}
        return dict(sorted(models.items(), key=lambda each: order.get(each[0], len(order))))

    def open_model(self, model_id: str) -> OpenedModel | None:
        """The open model of this id, or None."""
        return next((model for model in self._models if model.id == model_id), None)

    def add_model(self, model: OpenedModel, *, current: bool = True) -> None:
        """Open one more model and make it the current one; one that is open already is only chosen.

        Args:
            current: False leaves the current model as it is, if there is one.
        """
        if self.open_model(model.id) is not None:
            if current:
                self.select_model(model.id)
            return
        if model.id not in self._opened:
            self._opened[model.id] = part = self.document.part(model.id, model, kept=False)
            part.changed.connect(self._show_models)
        shelf = self._shelf.value
        after = replace(shelf, closed=shelf.closed - {model.id})
        if current or shelf.current is None:
            after = replace(after, current=model.id)
        self.choices += current
        self._opened[model.id].set(model)
        self._shelf.set(after)
        self._show_models()

    def select_model(self, model_id: str) -> None:
        """Make another open model the current one.

        Raises:
            KeyError: no such model is open.
        """
        model = self.open_model(model_id)
        if model is None:
            raise KeyError(model_id)
        self.choices += 1
        self._shelf.edit(
            replace(self._shelf.value, current=model_id), f"Choose {model.name}", merge="choose a model"
        )

    def replace_model(self, model: OpenedModel, label: str = "") -> None:
        """The same model (by its id) under other names or preprocessing, in the old one's place.

        Args:
            label: makes it an undoable step.

        Raises:
            KeyError: it is not open.
        """
        if self.open_model(model.id) is None:
            raise KeyError(model.id)
        part = self._opened[model.id]
        if label:
            part.edit(model, label)
        else:
            part.set(model)

    def remove_model(self, model_id: str, *, keep: bool = False) -> None:
        """Close a model; of the others, that before it becomes the current one.

        Args:
            keep: undo opens it again, if it was the last one that was closed.

        Raises:
            KeyError: no such model is open.
        """
        model = self.open_model(model_id)
        if model is None:
            raise KeyError(model_id)
        shelf, ids = self._shelf.value, [one.id for one in self._models]
        place = ids.index(model_id)
        left = [one for one in ids if one != model_id]
        heir = (left[max(0, place - 1)] if left else None) if shelf.current == model_id else shelf.current
        if keep:
            self._shelf.edit(OpenModels(shelf.closed | {model_id}, heir), f"Close {model.name}")
        else:
            del self._opened[model_id]
            self._shelf.set(replace(shelf, current=heir))
            self.document.drop(model_id)
            self._show_models()

    def choose_layer(self, path: str | None) -> None:
        """Choose a layer of the current model, in all panels."""
        self._layer.set(path)

    def _show_models(self, *_: object) -> None:
        shelf = self._shelf.value
        closed = [one for one in self._opened if one in shelf.closed]
        for gone in closed[: max(0, len(closed) - KEPT_MODELS)]:
            del self._opened[gone]
            self.document.drop(gone)
        opened = self.in_order(self._opened)
        models = tuple(part.value for one, part in opened.items() if one not in shelf.closed)
        changed = len(models) != len(self._models) or any(
            a is not b for a, b in zip(models, self._models, strict=True)
        )
        self._models = models
        if changed:
            with self.document.following():
                self.models_changed.emit(models)
        current = next((model for model in models if model.id == shelf.current), None)
        # An undone step may name a model that is gone for good.
        self._show_model(current if current is not None or not models else models[-1])

    def _show_model(self, model: OpenedModel | None) -> None:
        if model is self._model:
            return
        self._model = model
        with self.document.following():
            with self._layer.changed.blocked():
                # A twin, or the same architecture trained further, keeps the chosen layer.
                if model is None or self._layer.value not in model.program.slots:
                    self._layer.set(None)
            self.model_changed.emit(model)
            self.layer_changed.emit(self.layer)
