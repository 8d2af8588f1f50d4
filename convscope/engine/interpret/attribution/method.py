"""What a method of explaining is: its definition for the computer and in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from convscope.core.errors import UserError
from convscope.core.parameter import Parameter
from convscope.core.task import Task
from convscope.engine.interpret.attribution.target import ScoreTarget

if TYPE_CHECKING:
    from convscope.engine.interpret.attribution.context import AttributionContext

Setting = int | float | str
Settings = Mapping[str, Setting]
Family = Literal["layer", "gradient", "masking"]


@dataclass(frozen=True)
class Paper:
    """Where a method comes from.

    Attributes:
        authors: "Selvaraju et al.".
        year: of the preprint or publication.
        title: of the paper.
        link: a DOI or an arXiv address.
    """

    authors: str
    year: int
    title: str
    link: str


@dataclass(frozen=True)
class CostFactors:
    """What a method's cost depends on.

    Attributes:
        height, width: of the network's input in pixels.
        channels: of the chosen layer; 0 without.
    """

    height: int
    width: int
    channels: int = 0


@dataclass(frozen=True, eq=False)
class Relevance:
    """What a method computes.

    Attributes:
        values: float32, h×w, at the layer's (or the input's) own resolution, before any normalisation.
        notes: what a person must know about this map, one sentence each.
        facts: numbers beside the map, by their names in words.
    """

    values: NDArray[np.float32]
    notes: tuple[str, ...] = ()
    facts: Mapping[str, float] = field(default_factory=dict)


Compute = Callable[["AttributionContext", ScoreTarget, "str | None", Settings, Task], Relevance]


@dataclass(frozen=True, eq=False)
class ScriptInputs:
    """What a method's lines of a script are made from.

    Attributes:
        context, target, settings: as for the map itself.
        guided: lines after which all ReLUs pass back positive gradients only.
    """

    context: AttributionContext
    target: ScoreTarget
    settings: Settings
    guided: Callable[[], Sequence[str]]


ScriptLines = Callable[[ScriptInputs], Sequence[str]]


@dataclass(frozen=True)
class Method:
    """One method.

    Attributes:
        name: "grad-cam".
        title: "Grad-CAM".
        family: "layer" (a weighted sum of a layer's maps), "gradient" (of the input) or "masking" (hides
            parts of the image and looks what becomes of the score).
        formula: one line.
        computes, limitations: a sentence or two each; together the method's paragraph.
        paper: its source.
        compute: (context, target, layer, settings, task) → relevance; hands partial ones to the task.
        script: the method's own lines of a Python script, which leave the map in `heat`. They may use `x` and
            `pixels`, the input and the picture; `maps`, those of the layer; `prepare(pixels)`,
            `logits(batch)`, `scores(batch)`, `weights` of the score; `gradient(batch, at_image)` and
            `gradient(x, at_layer)`.
        passes: its cost in forward passes for given settings; a backward pass counts as two.
        needs_layer: whether it looks at one layer's maps.
        needs_class: False for what is the same for every class.
        signed: whether negative values mean "against" (shown in diverging colours).
        offset_free: whether only differences within a map count, its floor meaning nothing.
        grainy: whether single pixels stand out so far that colours end at the 99th percentile.
        parameters: what can be set.
        warning: shown beside the picture; "" for none.
    """

    name: str
    title: str
    family: Family
    formula: str
    computes: str
    limitations: str
    paper: Paper
    compute: Compute
    script: ScriptLines
    passes: Callable[[Settings, CostFactors], int]
    needs_layer: bool = False
    needs_class: bool = True
    signed: bool = False
    offset_free: bool = False
    grainy: bool = False
    parameters: tuple[Parameter, ...] = ()
    warning: str = ""

    @property
    def about(self) -> str:
        """The paragraph: what it computes, and what it misses."""
        return f"{self.computes} {self.limitations}"

    def settings(self, given: Settings) -> dict[str, Setting]:
        """All parameters: the given values, checked, and defaults for the others.

        Raises:
            UserError: a name that it does not have, or a value out of range.
        """
        names = [parameter.name for parameter in self.parameters]
        for name in given:
            if name not in names:
                has = f"it has {', '.join(names)}" if names else "it has none"
                raise UserError(f"{self.title} has no setting {name}: {has}.")
        return {
            parameter.name: parameter.checked(given.get(parameter.name, parameter.default), self.title)
            for parameter in self.parameters
        }
