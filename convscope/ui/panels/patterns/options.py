"""What a person sets and chooses on this panel, and the objectives that follow from it. No Qt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

from convscope.core.words import percent
from convscope.engine.interpret.feature_visualization.grid import first_filters
from convscope.engine.interpret.feature_visualization.image_parametrisation import is_small
from convscope.engine.interpret.feature_visualization.objectives import Objective, has_units
from convscope.engine.interpret.feature_visualization.settings import PatternSettings

if TYPE_CHECKING:
    from convscope.engine.models.answers.prediction import Prediction
    from convscope.engine.models.opened import OpenedModel

# (value, words, tooltip)
SHOWS = (
    ("16", "First 16 filters", "A grid of the layer's first filters, grown together"),
    ("64", "First 64 filters", "The lectures' grid: 8 × 8"),
    (
        "several",
        "Several of one filter",
        "Different images that all excite the chosen filter: they repel each other",
    ),
    ("between", "From one filter to another", "The way between two filters in equal steps"),
    ("sheet", "Every layer", "The first filters of every convolution on one sheet; takes minutes"),
)
# Between classes there is no way: each is its own output; and no 64 of them are shown.
CLASS_SHOWS = ("16", "several", "sheet")
AIMS = (
    ("channel", "The whole map", "The mean of the filter's map"),
    (
        "neuron",
        "One neuron",
        "The value in the centre of the filter's map: the picture is its receptive field",
    ),
    ("layer", "The whole layer", "DeepDream: all that the layer answers to is made stronger"),
)
SIDES = (
    ("positive", "Positive", "The image that excites it most"),
    ("negative", "Negative", "The image that makes it most negative"),
    ("both", "Both", "Side by side: what excites it most, and what makes it most negative"),
)
SEVERAL, BETWEEN = 6, 8
# How strongly several images of one filter repel each other unless a person says otherwise.
APART = 0.5
# Networks of small pictures take all of the recipe's steps: they cost little there.
GRID_STEPS = 64
SHEET_STEPS, SHEET_SIZE, SHEET_COUNT = 40, 96, 8
LARGEST_OWN = 256
# Objects need more room than textures.
CLASS_SIZE = 160
# Networks with more classes than this show those of the image and those that a person chose.
ALL_CLASSES, SOME_CLASSES = 16, 5


SourceName = Literal["layers", "classes"]
Show = Literal["16", "64", "several", "between", "sheet"]


@dataclass(frozen=True)
class PatternOptions:
    """All that the controls say.

    Attributes:
        settings: recipe and options; its size is that of the large picture.
        show: a value of `SHOWS`.
        aim: a value of `AIMS`, for the large picture.
        side: a value of `SIDES`.
        other: the filter at the end of the way between two.
        from_image: start from the current image.
    """

    settings: PatternSettings = field(default_factory=PatternSettings)
    show: Show = "16"
    aim: Literal["channel", "neuron", "layer"] = "channel"
    side: Literal["positive", "negative", "both"] = "positive"
    other: int = 1
    from_image: bool = False


@dataclass(frozen=True)
class PatternSelection:
    """What a person chose to look at, of one model.

    Attributes:
        layer, filter: a layer's path and one of its filters; other layers begin at their first.
        class_: of the model's classes, or of its numbers.
        classes: those that were chosen, the last first.
        answer: the output that has these.
    """

    layer: str = ""
    filter: int = 0
    class_: int = 0
    classes: tuple[int, ...] = ()
    answer: str = ""

    def of(self, answer: str) -> PatternSelection:
        """The same for an output: the classes of another one are not its own."""
        return self if answer == self.answer else PatternSelection(self.layer, self.filter, answer=answer)


@dataclass(frozen=True)
class LargePicture:
    """A picture that a person had grown large; it is on show as long as just this is chosen and set.

    Attributes:
        model: its id.
        objectives: one, or its two sides.
        sheet: beside the contact sheet.
    """

    model: str
    objectives: tuple[Objective, ...]
    settings: PatternSettings
    sheet: bool = False


@dataclass(frozen=True)
class PatternSubject:
    """What is looked at.

    Attributes:
        path: the layer; None: classes.
        chosen: the filter or class that is shown large.
        classes: those of the grid.
    """

    path: str | None
    chosen: int = 0
    classes: tuple[int, ...] = ()


_SAID = {
    "show": "Change what the grid shows",
    "aim": "Change what is excited",
    "side": "Change positive and negative",
    "other": "Change the other filter",
    "from_image": "Change the start",
    "recipe": "Change the recipe",
    "steps": "Change the steps",
    "size": "Change the size",
    "seed": "Change the seed",
    "octaves": "Change the octaves",
}
# Numbers that are turned or dragged through many values.
_TURNED = ("other", "steps", "size", "seed", "octaves", "variation", "l2", "blur", "diversity")


def change_words(before: PatternOptions, after: PatternOptions) -> tuple[str, str | None]:
    """What was done, as undo says it, and the key under which quick changes are one step; None: each is."""
    changed = [name for name in _fields(before) if _fields(before)[name] != _fields(after)[name]]
    first = changed[0] if changed else "show"
    merge = f"patterns.{first}" if len(changed) == 1 and first in _TURNED else None
    return _SAID.get(first, f"Change the {first}"), merge


def _fields(options: PatternOptions) -> dict[str, object]:
    own = {name: value for name, value in vars(options).items() if name != "settings"}
    return {**own, **vars(options.settings)}


def grid_objectives(
    model: OpenedModel, subject: PatternSubject, options: PatternOptions
) -> tuple[Objective, ...]:
    """The objectives of the grid."""
    negative = options.side == "negative"
    if subject.path is None:
        if options.show == "several":
            return tuple(
                Objective.class_(subject.chosen, negative=negative, variant=n) for n in range(SEVERAL)
            )
        return tuple(Objective.class_(index, negative=negative) for index in subject.classes)
    if options.show == "several":
        return tuple(
            Objective.channel(subject.path, subject.chosen, negative=negative, variant=n)
            for n in range(SEVERAL)
        )
    if options.show == "between":
        ways = Objective.between(subject.path, subject.chosen, options.other, BETWEEN)
        return tuple(replace(objective, negative=negative) for objective in ways)
    return first_filters(model, subject.path, 64 if options.show == "64" else 16, negative=negative)


def shown_classes(count: int, chosen: Sequence[int], guess: Prediction | None) -> tuple[int, ...]:
    """The classes of the grid: all, or those that a person chose and those that the network sees."""
    if count <= ALL_CLASSES:
        return tuple(range(count))
    guessed = tuple(row.index for row in guess.top(SOME_CLASSES)) if guess is not None else ()
    return tuple(dict.fromkeys((*chosen, *(guessed or range(SOME_CLASSES)))))[:ALL_CLASSES]


def grid_settings(model: OpenedModel, options: PatternOptions, classes: bool = False) -> PatternSettings:
    """Smaller and shorter than the large picture, unless a person set the steps."""
    small = is_small(model)
    settings = replace(options.settings, size=CLASS_SIZE if classes and not small else None)
    if settings.steps is None and settings.recipe == "clear" and not small:
        settings = replace(settings, steps=GRID_STEPS)
    if options.show == "several":
        settings = replace(settings, diversity=settings.diversity or APART)
    return settings


def sheet_settings(model: OpenedModel, options: PatternOptions) -> PatternSettings:
    """Small and short; networks of small pictures as in the grid."""
    if is_small(model):
        return replace(options.settings, size=None)
    settings = replace(options.settings, size=SHEET_SIZE)
    return settings if settings.steps is not None else replace(settings, steps=SHEET_STEPS)


def large_objectives(
    model: OpenedModel, objective: Objective, options: PatternOptions
) -> tuple[Objective, ...]:
    """The objectives of the large picture: the grid's as a map, a neuron, its layer, or both sides."""
    if objective.kind != "class":
        if options.aim == "layer":
            return (Objective.layer(objective.path),)
        neuron = options.aim == "neuron" and has_maps(model, objective.path)
        objective = replace(objective, kind="neuron" if neuron else "channel")
    if options.side == "both":
        return replace(objective, negative=False), replace(objective, negative=True)
    return (objective,)


def large_settings(model: OpenedModel, options: PatternOptions) -> PatternSettings:
    """The network's own size, where that is not huge."""
    settings = replace(options.settings, diversity=0.0)
    if settings.size is not None:
        return settings
    own = max((size for size in model.input_shape[:2] if size is not None), default=224)
    return replace(settings, size=min(own, LARGEST_OWN))


def proportion(model: OpenedModel) -> float:
    """The height of a network's pictures by their width."""
    height, width, _ = model.input_shape
    return 1.0 if height is None or width is None else height / width


def first_layer(model: OpenedModel) -> str | None:
    """Where one begins: a layer in the middle, whose patterns say most; else any with filters."""
    rows = [row for row in model.layers if has_units(row)]
    chosen = [row for row in rows if row.kind == "Conv2D"] or rows
    return chosen[len(chosen) // 2].path if chosen else None


def has_maps(model: OpenedModel, path: str | None) -> bool:
    """Whether a layer puts out maps, of which one neuron can be chosen; a dense layer's units have none."""
    shape = model.layer(path).shape if path is not None else None
    return shape is not None and len(shape) == 3


def filters_of(model: OpenedModel, path: str | None) -> int:
    """How many filters a layer has."""
    shape = model.layer(path).shape if path is not None else None
    return int(shape[-1] or 0) if shape else 0


def caption(model: OpenedModel, objective: Objective, options: PatternOptions) -> str:
    if options.show == "several":
        return f"image {objective.variant + 1}"
    if objective.kind == "class":
        named = objective.index < len(model.classes) or not model.has_classes
        return model.name_of(objective.index) if named else str(objective.index)
    return percent(objective.share) if options.show == "between" else str(objective.index)
