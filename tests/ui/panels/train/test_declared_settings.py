"""The settings of a run by their paths, without a window: which apply, how one is changed, what follows."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from convscope.core.errors import UserError
from convscope.engine.training.settings import (
    OPTIMIZERS,
    EarlyStopping,
    OptimizerSettings,
    Plateau,
    Schedule,
    TrainingSettings,
)
from convscope.ui.panels.train.settings.declared import (
    MAIN,
    SECTIONS,
    applies,
    change_words,
    declared,
    follows_words,
    read,
    schedule_words,
    write,
)

PLAIN = TrainingSettings()
FULL = replace(PLAIN, early_stopping=EarlyStopping(), plateau=Plateau(), schedule=Schedule("step"))
EVERY = (*MAIN, *(path for _name, _title, paths in SECTIONS for path in paths))


def test_every_setting_is_declared_once_and_reads_its_default() -> None:
    assert len(EVERY) == len(set(EVERY))
    for path in EVERY:
        own = declared(path)
        assert own.name == path and own.title
        if applies(path, PLAIN):
            assert read(path, PLAIN) == own.default, path
    asked = {path.partition(".")[2] for path in EVERY if path.startswith("optimizer.")}
    assert asked == {
        "name",
        "learning_rate",
        *(name for _kind, names in OPTIMIZERS.values() for name in names),
    }


def test_what_does_nothing_is_not_asked_for() -> None:
    for name, (_kind, own) in OPTIMIZERS.items():
        settings = replace(PLAIN, optimizer=OptimizerSettings(name))
        shown = {path for path in EVERY if path.startswith("optimizer.") and applies(path, settings)}
        assert shown == {f"optimizer.{key}" for key in ("name", "learning_rate", *own)}
    for kind, fields in (
        ("constant", set()),
        ("step", {"factor", "every"}),
        ("exponential", {"factor"}),
        ("cosine", {"factor"}),
    ):
        settings = replace(PLAIN, schedule=Schedule(kind))  # type: ignore[arg-type]
        shown = {path.partition(".")[2] for path in SECTIONS[2][2] if applies(path, settings)}
        assert shown == {"kind", "warmup"} | fields
    assert not applies("plateau.factor", PLAIN) and applies("plateau.factor", FULL)
    assert applies("early_stopping", PLAIN) and not applies("early_stopping.patience", PLAIN)


@pytest.mark.parametrize(
    ("path", "value", "after"),
    [
        ("epochs", 9, replace(FULL, epochs=9)),
        ("optimizer.name", "sgd", replace(FULL, optimizer=OptimizerSettings("sgd"))),
        ("schedule.every", 2, replace(FULL, schedule=Schedule("step", every=2))),
        ("early_stopping", False, replace(FULL, early_stopping=None)),
        ("plateau.factor", 0.5, replace(FULL, plateau=Plateau(factor=0.5))),
        ("metrics", ("auc",), replace(FULL, metrics=("auc",))),
    ],
)
def test_one_is_changed_and_the_others_stay(path: str, value: Any, after: TrainingSettings) -> None:
    assert write(path, FULL, value) == after and read(path, after) == value


def test_a_part_is_switched_on_with_its_defaults() -> None:
    assert write("plateau", PLAIN, True) == replace(PLAIN, plateau=Plateau())
    with pytest.raises(UserError, match="factor of the plateau is 1"):
        write("plateau.factor", FULL, 1.0)


@pytest.mark.parametrize(
    ("path", "before", "after", "words"),
    [
        ("epochs", 5, 9, "epochs"),
        ("optimizer.amsgrad", False, True, "AMSGrad"),
        ("optimizer.momentum", 0.0, 0.9, "momentum"),
        ("metrics", ("accuracy",), ("accuracy", "recall"), "recall (metrics)"),
        ("metrics", ("accuracy", "auc"), ("accuracy",), "area under the ROC curve (metrics)"),
        ("schedule.factor", 0.5, 0.1, "factor (schedule)"),
        ("early_stopping.patience", 5, 2, "patience (stop early)"),
        ("plateau", False, True, "lower the rate on a plateau"),
    ],
)
def test_what_undo_calls_a_change(path: str, before: Any, after: Any, words: str) -> None:
    assert change_words(path, before, after) == words


def test_the_schedule_and_what_follows_in_words() -> None:
    assert schedule_words(PLAIN) == "0.001 all along."
    cosine = replace(PLAIN, schedule=Schedule("cosine", factor=0.1, warmup=2))
    assert schedule_words(cosine) == (
        "From 0.001 down to 0.0001 along half a cosine. It rises to that over the first 2 epochs."
    )
    checked: Any = SimpleNamespace(goal=SimpleNamespace(loss="binary_crossentropy"), images=(130, 0, 0))
    assert follows_words(PLAIN, None) == ""
    assert follows_words(PLAIN, checked) == "Binary cross-entropy · 3 steps an epoch, 15 in all"
    fixed = replace(PLAIN, loss="mean_squared_error", steps_per_epoch=1)
    assert follows_words(fixed, checked) == "1 step an epoch, 5 in all"
