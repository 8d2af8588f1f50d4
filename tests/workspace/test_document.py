"""Undo over everything that was set: in order, one drag one step, and only what is on show."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from convscope.workspace import document as module
from convscope.workspace.document import Document, Part


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time, which the test moves."""
    now = [100.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: now[0])
    return now


@pytest.fixture
def document() -> Document:
    return Document()


def test_undo_and_redo_go_through_the_values_with_their_labels(document: Document) -> None:
    part = document.part("a", 0, "here")
    assert (document.undo_label("here"), document.redo_label("here")) == (None, None)
    assert not document.undo("here") and not document.redo("here")
    part.edit(1, "one")
    part.edit(2, "two")
    assert document.undo("here") and part.value == 1
    assert (document.undo_label("here"), document.redo_label("here")) == ("one", "two")
    assert document.undo("here") and part.value == 0
    assert document.redo("here") and document.redo("here") and part.value == 2


def test_the_many_edits_of_a_drag_are_one_step(document: Document, clock: list[float]) -> None:
    part = document.part("a", 0)
    for value in range(1, 50):
        clock[0] += 0.1
        part.edit(value, "Drag", merge="drag")
    clock[0] += module.MERGE_SECONDS + 0.1
    part.edit(100, "Drag", merge="drag")
    document.undo("anywhere")
    assert part.value == 49
    document.undo("anywhere")
    assert part.value == 0 and document.undo_label("anywhere") is None


def test_an_edit_that_changes_nothing_is_none(document: Document) -> None:
    part = document.part("a", (1, 2))
    heard: list[object] = []
    part.changed.connect(heard.append)
    part.edit((1, 2), "nothing")
    part.set((1, 2))
    assert heard == [] and document.undo_label("") is None


def test_what_is_seen_elsewhere_is_left_alone(document: Document) -> None:
    here, there, everywhere = (
        document.part("h", 0, "here"),
        document.part("t", 0, "there"),
        document.part("e", 0),
    )
    here.edit(1, "here")
    there.edit(1, "there")
    everywhere.edit(1, "everywhere")
    assert document.undo_label("here") == document.undo_label("there") == "everywhere"
    document.undo("here")
    assert document.undo_label("here") == "here" and document.undo_label("there") == "there"
    assert document.undo_label("here.page") == "here" and document.undo_label("nowhere") is None
    document.undo("here")
    assert (here.value, there.value, everywhere.value) == (0, 1, 0)
    # Done again from elsewhere, only what is seen there.
    assert document.redo_label("there") == "everywhere"


def test_a_page_has_parts_of_its_own(document: Document) -> None:
    page = document.part("p", 0, "model.build")
    page.edit(1, "build")
    assert document.undo_label("model") is None and document.undo_label("model.build") == "build"


def test_what_came_later_and_replaced_the_same_goes_with_it(document: Document) -> None:
    shared, own = document.part("s", 0), document.part("o", 0, "there")
    document.edit({shared: 1, own: 1}, "both")
    own.edit(2, "own")
    document.undo("here")
    assert (shared.value, own.value) == (0, 0)
    document.redo("there")
    document.redo("there")
    assert (shared.value, own.value) == (1, 2)


def test_all_values_are_there_before_anybody_hears_of_one(document: Document) -> None:
    a, b = document.part("a", 0), document.part("b", 0)
    seen: list[tuple[int, int]] = []
    for part in (a, b):
        part.changed.connect(lambda _value: seen.append((a.value, b.value)))
    document.edit({a: 1, b: 1}, "both")
    document.undo("")
    assert seen == [(1, 1), (1, 1), (0, 0), (0, 0)]


def test_what_follows_from_an_undo_is_no_step(document: Document) -> None:
    cause, effect = document.part("c", 0), document.part("e", 0)
    cause.changed.connect(lambda value: effect.edit(10 * value, "follows"))
    cause.edit(1, "cause")
    document.undo("")
    document.undo("")
    assert (cause.value, effect.value) == (0, 0) and document.undo_label("") is None


def test_a_thing_that_is_gone_takes_its_steps_along(document: Document) -> None:
    gone, stays = document.part("g", 0), document.part("s", 0)
    gone.edit(1, "gone")
    document.edit({gone: 2, stays: 1}, "both")
    document.drop("g")
    assert document.known("g") is None and document.undo_label("") == "both"
    document.undo("")
    assert stays.value == 0 and document.undo_label("") is None
    assert document.part("g", 7).value == 7


def test_only_the_last_steps_are_kept() -> None:
    document = Document(limit=3)
    part = document.part("a", 0)
    for value in range(1, 10):
        part.edit(value, str(value))
    while document.undo(""):
        pass
    assert part.value == 6


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
    document = Document()
    made: list[Part[int]] = [
        document.part(str(n), 0, *panels) for n, panels in enumerate([("a",), ("b",), (), ("a", "b")])
    ]
    for kind, what, value in moves:
        if kind == "edit":
            document.edit({made[n]: value for n in what}, f"set {value}")  # type: ignore[attr-defined]
        else:
            before = [part.value for part in made]
            label = getattr(document, f"{kind}_label")(what)
            assert getattr(document, kind)(what) == (label is not None)
            if label is None:
                assert [part.value for part in made] == before
    for scope in ("a", "b", "c"):
        while document.undo(scope):
            pass
    assert [part.value for part in made] == [0, 0, 0, 0]


def test_a_snapshot_holds_what_was_set_and_comes_back() -> None:
    document = Document()
    number, untouched = document.part("number", 1), document.part("untouched", "a")
    live = document.part("live", 0, kept=False)
    number.edit(5, "five")
    live.set(9)
    taken = document.snapshot()
    assert taken == {"number": 5}
    number.edit(6, "six")
    untouched.set("b")
    document.restore(taken)
    assert (number.value, untouched.value, live.value) == (5, "a", 9)


def test_a_part_that_is_made_later_gets_what_a_snapshot_brought() -> None:
    document = Document()
    document.restore({"later": ["x", "y"], "never": 1})
    assert document.snapshot() == {"later": ["x", "y"], "never": 1}
    later: Part[tuple[str, ...]] = document.part("later", (), kind=tuple[str, ...])
    assert later.value == ("x", "y")
    assert document.undo_label("") is None


def test_a_damaged_value_keeps_nothing_else_away(caplog: pytest.LogCaptureFixture) -> None:
    document = Document()
    good, bad = document.part("good", 1), document.part("bad", 2)
    document.restore({"good": 3, "bad": "three"})
    assert (good.value, bad.value) == (3, 2)
    assert "bad of a snapshot cannot be read" in caplog.text


def test_what_a_snapshot_set_is_held_until_all_that_it_is_of_is_there(document: Document) -> None:
    shown, edited, chosen, later = (document.part(name, 0) for name in ("shown", "edited", "chosen", "later"))
    touched: list[object] = []
    document.touched.connect(lambda: touched.append(1))
    snapshot = {"shown": 5, "edited": 5, "chosen": 5, "made": 5}
    document.restore(snapshot, hold=[*snapshot])
    made = document.part("made", 0)
    with document.following():
        # Nothing is there yet that could be shown so.
        for part in (shown, edited, chosen, later, made):
            part.set(1)
    assert document.snapshot() == {**snapshot, "later": 1}, "a crash meanwhile loses nothing"
    edited.edit(7, "a person did this")
    chosen.set(8)
    assert touched
    document.release()
    assert [part.value for part in (shown, edited, chosen, later, made)] == [5, 7, 8, 1, 5]
    with document.following():
        shown.set(2)
    document.release()
    assert shown.value == 2, "once"
