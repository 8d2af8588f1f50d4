"""Damaged runs in the list of runs: what is sound is shown, what is not is named."""

from __future__ import annotations

from PySide6.QtWidgets import QLabel, QWidget
from train_helpers import Train

from convscope.core.opening import is_there
from tests.made_runs import DAMAGE, made_run


def test_the_list_shows_the_sound_runs_and_names_the_others(empty: Train) -> None:
    made_run("sound")
    made_run("whole")
    for name in ("a list for its base", "nested"):
        DAMAGE[name](made_run(name))
    empty.press("train.view.runs")
    empty.settle()
    view = empty.panel.view("runs")
    assert [entry.row.name for entry in view.table.runs.rows] == ["whole", "sound"]  # type: ignore[attr-defined]
    said = empty.find(QLabel, "train.runs.damaged")
    assert said.isVisible()
    assert said.text() == "2 runs are damaged and not shown: a list for its base, nested."
    assert "nested/settings.json is damaged" in said.toolTip()
    # A run that is damaged while it is listed hides no other either.
    run = made_run("third")
    (run.folder / "status.json").write_text("[" * 100_000)
    empty.view_model.runs_changed.emit()
    empty.settle()
    assert said.text().startswith("3 runs are damaged and not shown: ") and "third" in said.text()
    assert len(view.table.runs.rows) == 2  # type: ignore[attr-defined]


def test_nothing_is_said_where_all_are_sound_and_something_where_none_is(empty: Train) -> None:
    empty.press("train.view.runs")
    empty.settle()
    said = empty.find(QLabel, "train.runs.damaged")
    assert not said.isVisible()
    run = made_run("endless")
    DAMAGE["a loop"](run)
    empty.view_model.runs_changed.emit()
    empty.settle()
    assert said.text() == "1 run is damaged and not shown: endless."
    assert said.isVisible() and not empty.find(QWidget, "train.runs.splitter").isVisible()
    (run.folder / "settings.json").unlink()
    assert not is_there(run.folder / "settings.json")
    empty.view_model.runs_changed.emit()
    empty.settle()
    assert not said.isVisible()
