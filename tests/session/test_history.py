"""Undo and redo."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from convscope.session import history as module
from convscope.session.history import History


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time, which the test moves."""
    now = [100.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: now[0])
    return now


def test_undo_and_redo_go_through_the_states_with_their_labels() -> None:
    history = History("a")
    assert (history.undo_label, history.redo_label) == (None, None)
    assert not history.undo() and not history.redo()
    history.edit("b", "To b")
    history.edit("c", "To c")
    assert (history.state, history.undo_label) == ("c", "To c")
    assert history.undo() and history.state == "b"
    assert (history.undo_label, history.redo_label) == ("To b", "To c")
    assert history.undo() and history.state == "a"
    assert history.redo() and history.redo() and history.state == "c"
    assert (history.undo_label, history.redo_label) == ("To c", None)


def test_an_edit_after_undo_forgets_what_could_be_redone() -> None:
    history = History(0)
    history.edit(1, "one")
    history.undo()
    history.edit(2, "two")
    assert history.redo_label is None
    assert history.undo() and history.state == 0


def test_the_many_edits_of_a_drag_are_one_step(clock: list[float]) -> None:
    history = History(0)
    for value in range(1, 50):
        clock[0] += 0.1
        history.edit(value, "Edit weight", merge="cell 1,1")
    assert history.state == 49
    assert history.undo() and history.state == 0
    assert history.undo_label is None
    assert history.redo() and history.state == 49


def test_another_place_a_pause_or_an_undo_starts_a_new_step(clock: list[float]) -> None:
    history = History(0)
    history.edit(1, "a", merge="x")
    history.edit(2, "b", merge="y")
    clock[0] += module.MERGE_SECONDS + 0.1
    history.edit(3, "c", merge="y")
    history.undo()
    assert history.state == 2
    history.edit(4, "d", merge="y")
    history.undo()
    assert history.state == 2
    history.undo()
    assert history.state == 1


def test_edits_without_a_merge_key_never_join(clock: list[float]) -> None:
    history = History(0)
    history.edit(1, "a")
    history.edit(2, "b")
    history.undo()
    assert history.state == 1


def test_only_the_last_steps_are_kept() -> None:
    history = History(0, limit=3)
    for value in range(1, 10):
        history.edit(value, str(value))
    count = 0
    while history.undo():
        count += 1
    assert (count, history.state) == (3, 6)


@given(st.lists(st.one_of(st.integers(), st.sampled_from(["undo", "redo"])), max_size=60))
def test_it_behaves_like_a_list_with_a_position(actions: list[int | str]) -> None:
    history: History[int] = History(-1)
    states, at = [-1], 0
    for action in actions:
        if action == "undo":
            assert history.undo() == (at > 0)
            at = max(0, at - 1)
        elif action == "redo":
            assert history.redo() == (at + 1 < len(states))
            at = min(len(states) - 1, at + 1)
        else:
            assert isinstance(action, int)
            history.edit(action, "edit")
            states[at + 1 :] = [action]
            at += 1
        assert history.state == states[at]
