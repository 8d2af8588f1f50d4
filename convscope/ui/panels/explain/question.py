"""What the panel asks for: which methods, which classes, which layer, and how it is shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from convscope.engine.models.prediction import Prediction
from convscope.engine.seeing.attribution.method import Setting
from convscope.engine.seeing.attribution.methods import METHODS
from convscope.engine.seeing.attribution.result import Request
from convscope.engine.seeing.attribution.target import Target

FIRST_METHODS = ("grad-cam", "layer-cam", "eigen-cam", "saliency")


@dataclass(frozen=True)
class Question:
    """All that decides which maps are on the wall.

    Attributes:
        methods: names of `METHODS`, in any order.
        index: the class explained; None for the most probable.
        minus: the class taken off, or None.
        count: so many of the most probable classes are on the wall, the class explained first.
        layer: path; None for the app's choice.
        settings: what was changed of a method's parameters, by method.
    """

    methods: tuple[str, ...] = FIRST_METHODS
    index: int | None = None
    minus: int | None = None
    count: int = 1
    layer: str | None = None
    settings: Mapping[str, Mapping[str, Setting]] = field(default_factory=dict)

    def targets(self, prediction: Prediction) -> tuple[Target, ...]:
        """The classes on the wall, the class explained first."""
        order = [score.index for score in prediction.classes]
        first = self.index if self.index is not None and self.index < len(order) else order[0]
        minus = self.minus if self.minus is not None and self.minus < len(order) else None
        if minus is not None and minus != first:
            return (Target(first, minus),)
        others = [index for index in order if index != first]
        return tuple(Target(index) for index in [first, *others][: max(1, self.count)])

    def requests(self, prediction: Prediction) -> tuple[Request, ...]:
        """The maps on the wall: a row a class, a column a method."""
        made = []
        for target in self.targets(prediction):
            for name, method in METHODS.items():
                if name in self.methods:
                    layer = self.layer if method.needs_layer else None
                    made.append(Request(name, target, layer, self.settings.get(name, {})))
        return tuple(made)
