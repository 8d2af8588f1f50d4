"""What a network says, as text and as JSON: classes in percent, numbers as they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from math import isfinite
from typing import TYPE_CHECKING, Any

from convscope.core.words import percent
from convscope.imaging.numerals import numeral

if TYPE_CHECKING:
    from convscope.engine.models.answers.prediction import ClassScore, Prediction
    from convscope.engine.models.opened import OpenedModel

TOP = 5
"""So many classes where nobody says how many; numbers are all told."""


def shown(prediction: Prediction, count: int | None) -> Sequence[ClassScore]:
    """The first classes or numbers."""
    return prediction.top(count or (len(prediction.classes) if prediction.is_values else TOP))


def number_words(prediction: Prediction, score: ClassScore) -> str:
    """ "94.20 %" of a class, "−62.4171" of a number."""
    return numeral(score.logit) if prediction.is_values else percent(score.probability, 2, fixed=True)


def doubts(model: OpenedModel) -> tuple[str, ...]:
    """That the assumed range of the pixels is doubtful: one sentence, or none."""
    from convscope.engine.models.pixel_doubt import pixel_doubt

    found = pixel_doubt(model)
    return () if found is None else (f"{found.words} --pixels says which it is.",)


def answer_facts(model: OpenedModel, prediction: Prediction, count: int | None = None) -> dict[str, Any]:
    """For JSON: `classes` with probability and logit, or `values`; which output that is, and all others."""
    rows = shown(prediction, count)
    facts: dict[str, Any] = {}
    if prediction.is_values:
        facts["values"] = [{"index": row.index, "name": row.name, "value": known(row.logit)} for row in rows]
    else:
        facts["classes"] = [{key: known(value) for key, value in asdict(row).items()} for row in rows]
    answer = model.answer
    facts |= {"output": answer.name, "kind": answer.kind}
    facts["outputs"] = [
        {"name": one.name, "kind": one.kind, "shape": list(one.shape)} for one in model.answers
    ]
    return facts


def known(value: Any) -> Any:
    """A value as JSON, which knows no infinity: null then."""
    return None if isinstance(value, float) and not isfinite(value) else value
