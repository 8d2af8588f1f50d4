"""What the panel asks for: which methods, which classes, which layer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from convscope.engine.interpret.attribution.method import Setting
from convscope.engine.interpret.attribution.methods import METHODS
from convscope.engine.interpret.attribution.result import MapRequest
from convscope.engine.interpret.attribution.target import ScoreTarget
from convscope.engine.models.answers.prediction import Prediction, class_name
from convscope.engine.models.opened import OpenedModel

Direction = Literal["up", "down", "both"]
FIRST_METHODS = ("grad-cam", "layer-cam", "eigen-cam", "saliency")


@dataclass(frozen=True)
class ExplainRequest:
    """All that decides which maps are on the grid.

    Attributes:
        methods: names of `METHODS`, in any order.
        index: the class explained; None for the most probable.
        minus: the class taken off, or None.
        count: so many of the most probable classes are on the grid, the class explained first.
        direction: of a number that is no class: what pushes it "up", what pulls it "down", or "both".
        layer: path; None for the app's choice.
        settings: what was changed of a method's parameters, by method.
        model: the network, by its id, and its output whose classes and layer these are; None: of any.
    """

    methods: tuple[str, ...] = FIRST_METHODS
    index: int | None = None
    minus: int | None = None
    count: int = 1
    direction: Direction = "up"
    layer: str | None = None
    settings: Mapping[str, Mapping[str, Setting]] = field(default_factory=dict)
    model: str | None = None

    def about(self, model: OpenedModel | None) -> ExplainRequest:
        """The same request about this network: another one's classes and layer are not its own."""
        now = f"{model.id} {model.answer.kind} {model.answer.name}" if model is not None else None
        if self.model == now:
            return self
        return replace(self, index=None, minus=None, layer=None, model=now)

    def targets(self, prediction: Prediction) -> tuple[ScoreTarget, ...]:
        """The classes on the grid, the class explained first."""
        order = [score.index for score in prediction.classes]
        first = self.index if self.index is not None and self.index < len(order) else order[0]
        minus = self.minus if self.minus is not None and self.minus < len(order) else None
        if prediction.is_values:
            other = minus if minus != first else None
            ways = {"up": (False,), "down": (True,)}.get(self.direction, (False, True))
            return tuple(ScoreTarget(first, other, down) for down in ways)
        if minus is not None and minus != first:
            return (ScoreTarget(first, minus),)
        others = [index for index in order if index != first]
        return tuple(ScoreTarget(index) for index in [first, *others][: max(1, self.count)])

    def requests(self, prediction: Prediction) -> tuple[MapRequest, ...]:
        """The maps on the grid: a row a class, a column a method."""
        made = []
        for target in self.targets(prediction):
            for name, method in METHODS.items():
                if name in self.methods:
                    layer = self.layer if method.needs_layer else None
                    made.append(MapRequest(name, target, layer, self.settings.get(name, {})))
        return tuple(made)


def edit_label(before: ExplainRequest, after: ExplainRequest, model: OpenedModel | None) -> str:
    """What was done between two requests, as a menu says it: "Show Grad-CAM", "Explain by conv2d_1"."""
    more = [name for name in after.methods if name not in before.methods]
    fewer = [name for name in before.methods if name not in after.methods]
    if more or fewer:
        if len(more) + len(fewer) > 1:
            return "Choose the methods"
        return f"Show {METHODS[more[0]].title}" if more else f"Hide {METHODS[fewer[0]].title}"
    if after.settings != before.settings:
        return _setting_label(before, after)
    if after.minus != before.minus:
        return f"Subtract {'nothing' if after.minus is None else _name(model, after.minus)}"
    if after.index != before.index:
        likely = "the most probable class"
        if model is not None and not model.has_classes:
            likely = model.name_of(0)
        return f"Explain {likely if after.index is None else _name(model, after.index)}"
    if after.direction != before.direction:
        ways = {"up": "what pushes it up", "down": "what pulls it down"}
        return f"Explain {ways.get(after.direction, 'both directions')}"
    if after.layer != before.layer:
        return f"Explain by {after.layer or 'the layer that convscope chooses'}"
    return "Change the number of classes"


def _name(model: OpenedModel | None, index: int) -> str:
    return class_name((), index) if model is None else model.name_of(index)


def _setting_label(before: ExplainRequest, after: ExplainRequest) -> str:
    for name, settings in after.settings.items():
        known = before.settings.get(name, {})
        for parameter in METHODS[name].parameters if name in METHODS else ():
            if settings.get(parameter.name) != known.get(parameter.name):
                return f"{METHODS[name].title}: change {parameter.title[0].lower()}{parameter.title[1:]}"
    return "Change the settings"
