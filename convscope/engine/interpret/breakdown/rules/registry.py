"""Which rule explains which kind of layer: a new kind is a function beside this file, and a line in it."""

from __future__ import annotations

from convscope.engine.interpret.breakdown.base import RuleFunction
from convscope.engine.interpret.breakdown.rules import convolutions, norms, regions, values
from convscope.engine.interpret.breakdown.rules.derivatives import linear, pointwise
from convscope.engine.models.layer_specs import KINDS

RULES: dict[str, RuleFunction] = {
    **convolutions.RULES,
    **regions.RULES,
    **norms.RULES,
    **values.RULES,
}
"""By the kind of layer; a kind of the builder may bring its own (`layer_specs`)."""


def rules_of(kind: str) -> tuple[RuleFunction, ...]:
    """What may explain a kind of layer, the best first."""
    own = KINDS[kind].sum_rule if kind in KINDS else None
    rule = own or RULES.get(kind)
    return (rule, linear) if rule is not None else (linear, pointwise)
