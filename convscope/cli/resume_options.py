"""What may be said when a run is resumed: what its folder says already, and another number of epochs."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Collection
from pathlib import Path
from typing import TYPE_CHECKING, Any

from convscope.core.errors import UserError
from convscope.core.opening import real_path
from convscope.engine.training.runs.trained_in import trained_in

if TYPE_CHECKING:
    from convscope.engine.training.runs.run import RunDetails

# What a resumed run takes anew.
_FREE = frozenset({"resume", "output", "epochs", "json", "trust"})


def sides_of(text: str) -> list[int]:
    """Height and width of "150x150".

    Raises:
        UserError: not of this form.
    """
    sides = text.lower().replace("×", "x").split("x")
    if len(sides) != 2 or not all(re.fullmatch(r"0*[1-9][0-9]{0,5}", side) for side in sides):
        raise UserError(f"--size is height x width, such as 150x150, not {text}.")
    return [int(side) for side in sides]


def refuse_other(arguments: argparse.Namespace, said: Collection[str], details: RunDetails) -> None:
    """Accept what equals the run's own settings.

    Args:
        said: the options that were given.

    Raises:
        UserError: one of them is another one in the run.
    """
    for name in sorted(set(said) - _FREE):
        rule = _RULES.get(name)
        if rule is None:
            continue
        kept, same = rule(getattr(arguments, name), details)
        if not same:
            option = f"--{name.replace('_', '-')}"
            raise UserError(
                f"The run {details.name} keeps its settings: {option} is {kept} there, not "
                f"{_said(getattr(arguments, name))}. Leave {option} away, or start a new run."
            )


def _said(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else "on" if value is True else str(value)


Rule = Callable[[Any, "RunDetails"], tuple[str, bool]]


def _setting(*path: str) -> Rule:
    """A setting that stands as it is in the run's."""

    def rule(value: Any, details: RunDetails) -> tuple[str, bool]:
        kept: Any = details.settings
        for name in path:
            kept = getattr(kept, name) if kept is not None else None
        return ("none" if kept is None else _said(kept)), kept == value

    return rule


def _way(name: str, silent: Any) -> Rule:
    """A setting of how a pretrained base is used."""

    def rule(value: Any, details: RunDetails) -> tuple[str, bool]:
        kept = (details.transfer or {}).get(name, silent)
        return _said(kept) if kept not in (None, "") else "none", kept == value

    return rule


def _named(reference: str, kept: str) -> bool:
    """Whether a name or a path, said from wherever one is now, is what the run has kept."""
    if reference == kept:
        return True
    try:
        return real_path(Path(reference).expanduser()) == real_path(Path(kept))
    except RuntimeError:  # "~somebody" whom this machine does not know
        return False


def _model(value: str, details: RunDetails) -> tuple[str, bool]:
    kept = details.model.spec
    return kept or details.model.name, _named(value, kept) or _named(trained_in(value), kept)


def _weights(value: str, details: RunDetails) -> tuple[str, bool]:
    kept = details.model.weights
    return kept, not kept or value.lower() == kept.lower() or Path(value).name == kept


def _size(value: str, details: RunDetails) -> tuple[str, bool]:
    kept = details.settings.size
    return "none" if kept is None else "x".join(map(str, kept)), sides_of(value) == list(kept or ())


def _augment(value: str, details: RunDetails) -> tuple[str, bool]:
    from convscope.engine.data.augmentation import parse_augmentation

    kept = details.settings.augmentation
    apart = (details.transfer or {}).get("way") == "features"
    # Where features are extracted once, it was said and not used.
    return ("none" if kept is None else "another"), apart or parse_augmentation(value) == kept


def _balanced(_value: bool, details: RunDetails) -> tuple[str, bool]:
    return "off", details.settings.class_weights == "balanced"


def _apart(_value: bool, details: RunDetails) -> tuple[str, bool]:
    split = details.settings.split
    return "off", split is None or not split.together


def _strategy(value: str, _details: RunDetails) -> tuple[str, bool]:
    # A run goes on on one device, or on several machines, wherever it began.
    return "none", value in ("none", "multiworker")


# A new last layer is in the network that is resumed: --replace-head may be said.
_RULES: dict[str, Rule] = {
    "model": _model,
    "weights": _weights,
    "data": lambda value, details: (details.data.reference, _named(value, details.data.reference)),
    "batch_size": _setting("batch_size"),
    "steps_per_epoch": _setting("steps_per_epoch"),
    "optimizer": _setting("optimizer", "name"),
    "lr": _setting("optimizer", "learning_rate"),
    "momentum": _setting("optimizer", "momentum"),
    "loss": _setting("loss"),
    "augment": _augment,
    "size": _size,
    "fit": _setting("fit"),
    "validation": _setting("split", "validation"),
    "test": _setting("split", "test"),
    "early_stopping": _setting("early_stopping", "patience"),
    "balanced": _balanced,
    "duplicates_apart": _apart,
    "seed": _setting("seed"),
    "transfer": _way("way", None),
    "from_layer": _way("from_layer", ""),
    "head_epochs": _way("head_epochs", 5),
    "units": _way("units", 0),
    "strategy": _strategy,
    "name": lambda value, details: (details.name, value == details.name),
}
