"""The steps of undo outlive the window: as JSON, bounded, read when there is somebody to read them for."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from convscope.imaging.image import Image
from convscope.workspace import history as module
from convscope.workspace.document import Document
from convscope.workspace.history import UndoHistory, bring
from convscope.workspace.snapshot import RESTORED, restore, take
from convscope.workspace.workspace import Workspace


@dataclass(frozen=True)
class Setting:
    number: int = 0
    words: tuple[str, ...] = ()


def through_json(document: Document) -> Any:
    return json.loads(json.dumps(UndoHistory(*document.steps).plain()))


def again(document: Document) -> Document:
    """Another document with the same values and steps; nobody has made a part yet."""
    other = Document()
    other.restore(document.snapshot())
    bring(other, through_json(document))
    return other


def test_undo_and_redo_go_on_where_they_were() -> None:
    document = Document()
    part = document.part("a", Setting(), "here")
    for number in (1, 2, 3):
        part.edit(Setting(number, ("w",) * number), f"set {number}")
    document.undo("here")
    later = again(document)
    assert later.undo_label("here") is None, "nobody knows what it is of"
    part = later.part("a", Setting(), "here")
    assert part.value == Setting(2, ("w", "w"))
    assert (later.undo_label("here"), later.redo_label("here")) == ("set 2", "set 3")
    assert later.undo("here") and part.value == Setting(1, ("w",))
    assert later.undo("here") and part.value == Setting() and part.untouched
    assert not later.undo("here")
    for number in (1, 2, 3):
        assert later.redo("here") and part.value == Setting(number, ("w",) * number)
    assert later.undo_label("elsewhere") is None


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 3), st.sampled_from(["", "undo", "redo"]))))
def test_whatever_was_done_it_is_the_same_after_a_restart(steps: list[tuple[str, int, str]]) -> None:
    document = Document()
    for name in "abc":
        document.part(name, 0)
    for name, value, back in steps:
        if back:
            getattr(document, back)("")
        else:
            document.part(name, 0).edit(value, f"{name} {value}")
    later = again(document)
    # What was read and what waits for its part is written alike.
    later.part("a", 0)
    assert through_json(later) == through_json(document)
    for name in "bc":
        later.part(name, 0)
    assert through_json(later) == through_json(document)
    for move in ("undo", "redo"):
        while getattr(document, move)(""):
            assert getattr(later, move)("")
            assert later.values() == document.values()
        assert not getattr(later, move)("")


def test_a_step_over_two_parts_waits_for_both() -> None:
    document = Document()
    one, two = document.part("one", 0, "here"), document.part("two", 0, "there")
    document.edit({one: 1, two: 1}, "both")
    one.edit(2, "one")
    later = again(document)
    one = later.part("one", 0, "here")
    assert later.undo("here") and one.value == 1 and later.undo_label("here") is None
    two = later.part("two", 0, "there")
    assert later.undo("here") and (one.value, two.value) == (0, 0)


def test_what_is_too_large_or_no_json_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    document = Document()
    words, live = document.part("words", ""), document.part("live", object(), kept=False)
    words.edit("a", "small")
    words.edit("b" * module.LARGEST, "to something large")
    words.edit("c", "from something large")
    live.edit(object(), "a frame")
    assert [step["label"] for step in through_json(document)["undo"]] == ["small", "to something large"]
    later = again(document)
    words = later.part("words", "")
    # Undo goes past it.
    assert words.value == "c" and later.undo("") and words.value == "a"
    monkeypatch.setattr(module, "STEPS", 3)
    for number in range(10):
        words.edit(str(number), str(number))
    assert [step["label"] for step in through_json(later)["undo"]] == ["7", "8", "9"]
    monkeypatch.setattr(module, "BYTES", 100)
    assert [step["label"] for step in through_json(later)["undo"]] == ["9"]


@pytest.mark.parametrize(
    "damaged",
    [
        [],
        {"undo": 3},
        {"undo": [{"label": "x"}]},
        {"undo": [{"label": "x", "before": {"a": 1}, "first": []}], "panels": {}},
        {"undo": [{"label": "x", "before": [], "first": []}], "panels": {}},
    ],
)
def test_damaged_steps_keep_nothing_else_away(damaged: Any) -> None:
    document = Document()
    bring(document, damaged)
    assert document.steps == ((), ())
    part = document.part("a", 0)
    part.edit(1, "one")
    assert document.undo("") and part.value == 0


def test_a_value_of_another_type_is_no_step() -> None:
    document = Document()
    bring(
        document,
        {
            "undo": [{"label": "x", "before": {"a": "word", "b": 5}, "first": []}],
            "panels": {"a": [], "b": []},
        },
    )
    a, b = document.part("a", 0), document.part("b", 0)
    assert document.undo("") and (a.value, b.value) == (0, 5)


def test_a_workspace_goes_on_where_it_was_and_then_back_to_what_was_there_before() -> None:
    first = Workspace([Image(np.zeros((4, 6), np.uint8), "one")])
    first.edit_lab(first.lab.with_stage(stride=2), "Change stride")
    first.edit_lab(first.lab.with_stage(dilation=2), "Change dilation")
    later = Workspace([Image(np.ones((4, 6), np.uint8), "other")])
    restore(later, take(first))
    assert later.undo_label == "Change dilation"
    later.undo()
    assert (later.lab.stage.stride, later.lab.stage.dilation) == (2, 1)
    later.undo()
    assert later.lab.stage.stride == 1 and later.image.name == "one"
    assert later.undo_label == RESTORED
    assert RESTORED not in [step.label for step in take(later).history.undo]
    later.undo()
    assert later.image.name == "other"
