"""Weights that a model built anew takes over from the model whose layers it was started from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from convscope.engine.keras_compat import finalize_normalizations
from convscope.engine.models.opened import OpenedModel
from convscope.engine.models.reuse.to_architecture import listed_name


@dataclass(frozen=True)
class Inherited:
    """What was taken over.

    Attributes:
        kept: names of the layers that have their weights from the origin.
        new: names of those whose weights are their own: random, or a pretrained base's.
    """

    kept: tuple[str, ...] = ()
    new: tuple[str, ...] = ()

    def words(self, origin: OpenedModel | None) -> str:
        """Where the weights come from: "random", "VGG16's", "partly VGG16's"."""
        if origin is None or not self.kept or origin.source.weights == "random":
            return "random"
        return f"partly {origin.name}'s" if self.new else f"{origin.name}'s"

    def sentence(self, origin: OpenedModel | None) -> str:
        """The same for the screen."""
        if origin is None or self.words(origin) == "random":
            same = f", those of {origin.name}" if origin is not None and self.kept else ""
            return f"Its weights are random{same}: what it says means nothing until it is trained."
        total = len(self.kept) + len(self.new)
        if not self.new:
            return f"All its {total} layers with weights kept those of {origin.name}."
        named = ", ".join(self.new[:3]) + (", …" if len(self.new) > 3 else "")
        return (
            f"{len(self.kept)} of {total} layers with weights kept those of {origin.name}; "
            f"new and not trained yet: {named}."
        )


def inherit(model: Any, origin: OpenedModel) -> Inherited:
    """Copy weights into the layers of a Keras model that have the name and the shapes of those of another.

    Args:
        model: just built; it is changed.
        origin: opened; it is only read.
    """
    sources: dict[str, Any] = {layer.name: layer for layer in getattr(origin.keras, "layers", ())}
    for step in origin.program.steps:
        sources.setdefault(listed_name(step.path), step.layer)
    kept, new = [], []
    for layer in model.layers:
        if not layer.weights:
            continue
        values = _values(sources.get(layer.name), [tuple(weight.shape) for weight in layer.weights])
        if values is None:
            new.append(layer.name)
        else:
            layer.set_weights(values)
            finalize_normalizations(layer)
            kept.append(layer.name)
    return Inherited(tuple(kept), tuple(new))


def _values(source: Any, shapes: list[tuple[int, ...]]) -> list[Any] | None:
    """A layer's weights, None unless they have these shapes; a row of factors fits into 1×1 kernels."""
    weights = list(getattr(source, "weights", ()))
    if type(source).__name__ == "LayerScale" and shapes == [(1, 1, *weights[0].shape, 1)]:
        return [weights[0].numpy().reshape(shapes[0])]
    if [tuple(weight.shape) for weight in weights] != shapes:
        return None
    return [weight.numpy() for weight in weights]
