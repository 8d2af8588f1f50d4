"""A part of a longer task."""

from __future__ import annotations

import pytest

from convscope.core.task import Cancelled, PartOfTask, Task


def test_a_part_reports_its_share_of_the_whole() -> None:
    told: list[tuple[float | None, str]] = []
    whole = Task(lambda fraction, text: told.append((fraction, text)))
    part = PartOfTask(whole, 0.5, 0.25)
    part.progress(0.5, "half")
    PartOfTask(part, 0.5, 0.5, text="inner").progress(1.0, "its own words")
    part.progress(None)
    PartOfTask(whole, share=0).progress(0.5, "nobody's business")
    assert told == [(0.625, "half"), (0.75, "inner"), (None, "")]


def test_partial_results_go_to_whom_they_are_for() -> None:
    heard: list[int] = []
    whole = Task(on_partial=heard.append)
    PartOfTask(whole).partial(1)
    PartOfTask(whole, on_partial=lambda value: whole.partial(10 * value)).partial(2)
    assert heard == [20]


@pytest.mark.parametrize("step", [lambda part: part.check(), lambda part: part.progress(0.5)])
def test_a_part_is_cancelled_with_the_whole(step: object) -> None:
    whole = Task()
    part = PartOfTask(PartOfTask(whole), share=0)
    whole.cancel()
    with pytest.raises(Cancelled):
        step(part)  # type: ignore[operator]
