"""Undo over everything that was set: in order, one drag one step, and only what is on show."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from convscope.session import slots as module
from convscope.session.slots import Slot, Slots


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time, which the test moves."""
    now = [100.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: now[0])
    return now


@pytest.fixture
def slots() -> Slots:
    return Slots()


def test_undo_and_redo_go_through_the_values_with_their_labels(slots: Slots) -> None:
    slot = slots.slot("a", 0, "here")
    assert (slots.undo_label("here"), slots.redo_label("here")) == (None, None)
    assert not slots.undo("here") and not slots.redo("here")
    slot.edit(1, "one")
    slot.edit(2, "two")
    assert slots.undo("here") and slot.value == 1
    assert (slots.undo_label("here"), slots.redo_label("here")) == ("one", "two")
    assert slots.undo("here") and slot.value == 0
    assert slots.redo("here") and slots.redo("here") and slot.value == 2


def test_the_many_edits_of_a_drag_are_one_step(slots: Slots, clock: list[float]) -> None:
    slot = slots.slot("a", 0)
    for value in range(1, 50):
        clock[0] += 0.1
        slot.edit(value, "Drag", merge="drag")
    clock[0] += module.MERGE_SECONDS + 0.1
    slot.edit(100, "Drag", merge="drag")
    slots.undo("anywhere")
    assert slot.value == 49
    slots.undo("anywhere")
    assert slot.value == 0 and slots.undo_label("anywhere") is None


def test_an_edit_that_changes_nothing_is_none(slots: Slots) -> None:
    slot = slots.slot("a", (1, 2))
    heard: list[object] = []
    slot.changed.connect(heard.append)
    slot.edit((1, 2), "nothing")
    slot.set((1, 2))
    assert heard == [] and slots.undo_label("") is None


def test_what_is_seen_elsewhere_is_left_alone(slots: Slots) -> None:
    here, there, everywhere = slots.slot("h", 0, "here"), slots.slot("t", 0, "there"), slots.slot("e", 0)
    here.edit(1, "here")
    there.edit(1, "there")
    everywhere.edit(1, "everywhere")
    assert slots.undo_label("here") == slots.undo_label("there") == "everywhere"
    slots.undo("here")
    assert slots.undo_label("here") == "here" and slots.undo_label("there") == "there"
    assert slots.undo_label("here.page") == "here" and slots.undo_label("nowhere") is None
    slots.undo("here")
    assert (here.value, there.value, everywhere.value) == (0, 1, 0)
    # Done again from elsewhere, only what is seen there.
    assert slots.redo_label("there") == "everywhere"


def test_a_page_has_slots_of_its_own(slots: Slots) -> None:
    page = slots.slot("p", 0, "model.build")
    page.edit(1, "build")
    assert slots.undo_label("model") is None and slots.undo_label("model.build") == "build"


def test_what_came_later_and_replaced_the_same_goes_with_it(slots: Slots) -> None:
    shared, own = slots.slot("s", 0), slots.slot("o", 0, "there")
    slots.edit({shared: 1, own: 1}, "both")
    own.edit(2, "own")
    slots.undo("here")
    assert (shared.value, own.value) == (0, 0)
    slots.redo("there")
    slots.redo("there")
    assert (shared.value, own.value) == (1, 2)


def test_all_values_are_there_before_anybody_hears_of_one(slots: Slots) -> None:
    a, b = slots.slot("a", 0), slots.slot("b", 0)
    seen: list[tuple[int, int]] = []
    for slot in (a, b):
        slot.changed.connect(lambda _value: seen.append((a.value, b.value)))
    slots.edit({a: 1, b: 1}, "both")
    slots.undo("")
    assert seen == [(1, 1), (1, 1), (0, 0), (0, 0)]


def test_what_follows_from_an_undo_is_no_step(slots: Slots) -> None:
    cause, effect = slots.slot("c", 0), slots.slot("e", 0)
    cause.changed.connect(lambda value: effect.edit(10 * value, "follows"))
    cause.edit(1, "cause")
    slots.undo("")
    slots.undo("")
    assert (cause.value, effect.value) == (0, 0) and slots.undo_label("") is None


def test_a_thing_that_is_gone_takes_its_steps_along(slots: Slots) -> None:
    gone, stays = slots.slot("g", 0), slots.slot("s", 0)
    gone.edit(1, "gone")
    slots.edit({gone: 2, stays: 1}, "both")
    slots.drop("g")
    assert slots.known("g") is None and slots.undo_label("") == "both"
    slots.undo("")
    assert stays.value == 0 and slots.undo_label("") is None
    assert slots.slot("g", 7).value == 7


def test_only_the_last_steps_are_kept() -> None:
    slots = Slots(limit=3)
    slot = slots.slot("a", 0)
    for value in range(1, 10):
        slot.edit(value, str(value))
    while slots.undo(""):
        pass
    assert slot.value == 6


_MOVES = st.lists(
    st.one_of(
        st.tuples(st.just("edit"), st.sets(st.integers(0, 3), min_size=1), st.integers(1, 9)),
        st.tuples(st.just("undo"), st.sampled_from(["a", "b", "c"]), st.just(0)),
        st.tuples(st.just("redo"), st.sampled_from(["a", "b", "c"]), st.just(0)),
    ),
    max_size=30,
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(_MOVES)
def test_whatever_was_done_on_whatever_panel_is_taken_back(moves: list[tuple[str, object, int]]) -> None:
    """Where nothing is told, nothing changes; with all taken back everything is as it was at first."""
    slots = Slots()
    made: list[Slot[int]] = [
        slots.slot(str(n), 0, *panels) for n, panels in enumerate([("a",), ("b",), (), ("a", "b")])
    ]
    for kind, what, value in moves:
        if kind == "edit":
            slots.edit({made[n]: value for n in what}, f"set {value}")  # type: ignore[attr-defined]
        else:
            before = [slot.value for slot in made]
            label = getattr(slots, f"{kind}_label")(what)
            assert getattr(slots, kind)(what) == (label is not None)
            if label is None:
                assert [slot.value for slot in made] == before
    for scope in ("a", "b", "c"):
        while slots.undo(scope):
            pass
    assert [slot.value for slot in made] == [0, 0, 0, 0]
