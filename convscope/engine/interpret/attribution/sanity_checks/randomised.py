"""The randomised-weights check: does the map change when the network forgets what it learned?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np

from convscope.core.errors import UserError
from convscope.core.task import PartOfTask, Task
from convscope.engine.interpret.attribution.context import AttributionContext
from convscope.engine.interpret.attribution.explain import explain
from convscope.engine.interpret.attribution.result import Attribution, MapRequest
from convscope.engine.interpret.attribution.sanity_checks.similarity import rank_correlation, ssim
from convscope.engine.models.opened import OpenedModel
from convscope.engine.models.program.precision import in_float32
from convscope.imaging.overlay import upsample

# Under this rank correlation a map is said to have changed.
_CHANGED = 0.9


@dataclass(frozen=True, eq=False)
class RandomisedStep:
    """The map after some more layers were shuffled.

    Attributes:
        title: "predictions shuffled", then "down to block6c_conv".
        layers: paths of the layers shuffled at this step, the uppermost first.
        attribution: the map then.
        rank: Spearman's rank correlation with the true map, −1 to 1.
        ssim: structural similarity with the true map.
    """

    title: str
    layers: tuple[str, ...]
    attribution: Attribution
    rank: float
    ssim: float


@dataclass(frozen=True, eq=False)
class RandomisedCheck:
    """The cascade.

    Attributes:
        original: the true map.
        steps: from the last layer alone to all layers; fewer while it runs, or where the copy overflowed.
        changes: whether the map changed at any step.
        verdict: a sentence.
    """

    original: Attribution
    steps: tuple[RandomisedStep, ...]
    changes: bool
    verdict: str


def randomised(
    context: AttributionContext,
    request: MapRequest,
    *,
    steps: int = 6,
    seed: int = 0,
    task: Task | None = None,
) -> RandomisedCheck:
    """Shuffle the weights of a copy layer by layer from the top down, and make the map anew each time.

    The cascading check of Adebayo et al. (2018, arXiv 1810.03292), with each layer's weights shuffled, which
    keeps their distribution; the statistics of batch normalisation stay. The user's model is not touched.

    Args:
        context: the image before the model.
        request: the map in question.
        steps: how many maps; the last layer comes first, the others are shared out evenly.
        seed: of the shuffling.
        task: for progress and cancel; gets growing `RandomisedCheck`s.

    Raises:
        UserError: the model cannot be copied, or the map cannot be made.
    """
    task = task or Task()
    task.progress(0.0, "Randomised weights")
    original = explain(context, request, PartOfTask(task, share=0))
    fixed = replace(request, target=original.target, layer=original.layer)
    copy = _copied(context.model)
    layers = _weighted_layers(copy)
    groups = _groups(layers, steps)
    generator = np.random.default_rng(seed)
    made: list[RandomisedStep] = []
    overflowed = False
    for number, group in enumerate(groups):
        for _, layer in group:
            _shuffle(layer, generator)
        task.progress((number + 0.5) / len(groups), "Randomised weights")
        try:
            changed = explain(AttributionContext(copy, context.image), fixed, PartOfTask(task, share=0))
        except UserError:
            overflowed = True
            break
        paths = tuple(path for path, _ in group)
        title = f"{paths[0]} shuffled" if number == 0 else f"down to {paths[-1]}"
        height, width = context.size
        enlarged = [upsample(one.relevance, height, width) for one in (original, changed)]
        made.append(
            RandomisedStep(
                title,
                paths,
                changed,
                rank_correlation(original.relevance, changed.relevance),
                ssim(*enlarged),
            )
        )
        task.partial(_check(original, made, False))
        task.progress((number + 1) / len(groups), "Randomised weights")
    return _check(original, made, overflowed)


def _check(original: Attribution, made: Sequence[RandomisedStep], overflowed: bool) -> RandomisedCheck:
    changed = next((step for step in made if step.rank < _CHANGED), None)
    if not made:
        verdict = "With shuffled weights the network overflows at once: the check says nothing."
    elif changed is made[0]:
        verdict = (
            f"The map changes as soon as the last layer is shuffled (rank correlation {changed.rank:.2f}): "
            f"it depends on what the network learned."
        )
    elif changed is not None:
        verdict = (
            f"The last layer hardly matters to the map (rank correlation {made[0].rank:.2f}); it "
            f"changes once all layers {changed.title} are shuffled ({changed.rank:.2f})."
        )
    else:
        verdict = (
            f"The map hardly changes (rank correlation still {made[-1].rank:.2f}): it does not show what the "
            f"network learned."
        )
    if overflowed and made:
        verdict += " Further down the shuffled copy overflows."
    return RandomisedCheck(original, tuple(made), changed is not None, verdict)


def _copied(model: OpenedModel) -> OpenedModel:
    try:
        copy = in_float32(model.keras)
    except Exception as error:  # layers of a person's own may fail in any way
        raise UserError(
            f"{model.name} cannot be copied, and the check must not touch the original: it has layers that "
            f"do not tell how they are made.",
            detail=repr(error),
        ) from error
    return OpenedModel(
        copy,
        name=model.name,
        classes=model.classes,
        preprocessing=model.preprocessing,
        answers=model,
    )


def _weighted_layers(model: OpenedModel) -> list[tuple[str, Any]]:
    """Layers with weights to shuffle, the uppermost first, each once."""
    found: dict[int, tuple[str, Any]] = {}
    for step in model.program.steps:
        if step.kind != "Normalization" and _shuffled(step.layer):
            found.setdefault(id(step.layer), (step.path, step.layer))
    if not found:
        raise UserError(f"{model.name} has no weights to shuffle.")
    return list(found.values())[::-1]


def _groups(layers: Sequence[tuple[str, Any]], steps: int) -> list[Sequence[tuple[str, Any]]]:
    """The first alone, the others in equal shares."""
    rest = layers[1:]
    count = min(max(steps - 1, 0), len(rest))
    edges = np.rint(np.linspace(0, len(rest), count + 1)).astype(int)
    return [layers[:1], *(rest[a:b] for a, b in pairwise(edges.tolist()))]


def _shuffled(layer: Any) -> list[Any]:
    """The variables that are shuffled: all but counted ones, such as a moving mean."""
    return [
        variable
        for variable in getattr(layer, "weights", ())
        if variable.path.rsplit("/", 1)[-1] not in ("moving_mean", "moving_variance")
    ]


def _shuffle(layer: Any, generator: np.random.Generator) -> None:
    for variable in _shuffled(layer):
        values = np.asarray(variable.numpy())
        variable.assign(generator.permutation(values.ravel()).reshape(values.shape))
