"""Whether the settings of a layer make sense by themselves, whatever comes before the layer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from convscope.core.parameter import short
from convscope.engine.models.layer_specs import KINDS

# Settings that any layer may have besides its kind's own: these, and "trainable".
INITIALIZERS = ("kernel_initializer", "bias_initializer")
_INITIALIZERS = (
    "zeros",
    "ones",
    "glorot_uniform",
    "glorot_normal",
    "he_uniform",
    "he_normal",
    "lecun_uniform",
    "lecun_normal",
    "random_uniform",
    "random_normal",
    "truncated_normal",
    "orthogonal",
)


def settings_problem(kind: str, config: Mapping[str, Any]) -> str:
    """What is wrong with a typed setting by itself, "" when nothing is."""
    options = {option.name: option for option in KINDS[kind].options}
    for key, value in config.items():
        if key in INITIALIZERS:
            # By name only: what Keras makes of a nested configuration may run code.
            if value not in _INITIALIZERS:
                return f"{key} is {short(value)}, not one of {', '.join(_INITIALIZERS)}"
            continue
        if key == "trainable":
            if not isinstance(value, bool):
                return f"{key} is {short(value)}, not true or false"
            continue
        if key not in options:
            return f"{kind} has no setting {key}"
        if problem := options[key].problem(value):
            return f"{key} {problem}"
    return ""
