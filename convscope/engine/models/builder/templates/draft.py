"""Writing an architecture down in Python, and what is told about a template."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from convscope.engine.models.builder.architecture import Architecture, LayerSpec


class Draft:
    """Collects layers; `add` returns a layer's name, to feed others from it.

    >>> draft = Draft("tiny", (28, 28, 1))
    >>> draft.add("Flatten")
    'flatten'
    """

    def __init__(self, name: str, shape: tuple[int, int, int]) -> None:
        self._architecture = Architecture(name, (LayerSpec("input", "InputLayer", {"shape": shape}),))

    def add(self, kind: str, *inputs: str, name: str = "", **config: Any) -> str:
        """Append a layer, fed by the layer above it or by `inputs`."""
        architecture = self._architecture
        name = name or architecture.free_name(kind)
        spec = LayerSpec(name, kind, config, inputs)
        self._architecture = Architecture(architecture.name, (*architecture.layers, spec))
        return name

    def conv(self, filters: int, size: int | tuple[int, int] = 3, *inputs: str, **config: Any) -> str:
        return self.add("Conv2D", *inputs, filters=filters, kernel_size=size, **config)

    def normed(self, activation: str = "relu", name: str = "") -> str:
        """Append a BatchNormalization, and an activation unless it is "linear"."""
        last = self.add("BatchNormalization", name=f"{name}_norm" if name else "")
        if activation == "linear":
            return last
        return self.add("Activation", activation=activation, name=f"{name}_{activation}" if name else "")

    @property
    def done(self) -> Architecture:
        return self._architecture


@dataclass(frozen=True)
class Template:
    """A network that is ready to be trained or changed.

    Attributes:
        name: what `convscope` calls it: "lenet-5".
        title: what a person calls it.
        about: one sentence.
        draft: makes its architecture.
        year: of the network or its idea; None for the lectures' own.
        paper: who and where, "" for the lectures' own.
        family: name of the full-size original among `FAMILIES`, "" where this is the original.
        application: name of the network in keras.applications whose base it has, "" without.
        recipe: how the lectures train it.
        classes: names of its classes where the template fixes them.
    """

    name: str
    title: str
    about: str
    draft: Callable[[], Architecture]
    year: int | None = None
    paper: str = ""
    family: str = ""
    application: str = ""
    recipe: str = ""
    classes: tuple[str, ...] = ()

    @property
    def architecture(self) -> Architecture:
        """The layers, under the template's name and title."""
        return replace(self.draft(), title=self.title)
