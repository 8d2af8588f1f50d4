"""Grids, the cache, the contact sheet, and what is written to files."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as PillowImage

from convscope.core.errors import UserError
from convscope.core.task import Cancelled, Task
from convscope.engine.interpret.feature_visualization import grid
from convscope.engine.interpret.feature_visualization.cache import PatternCache
from convscope.engine.interpret.feature_visualization.contact_sheet import (
    contact_sheet,
    sheet_picture,
    sheet_place,
)
from convscope.engine.interpret.feature_visualization.export import grid_picture, save_evolution
from convscope.engine.interpret.feature_visualization.gradient_ascent import ascend
from convscope.engine.interpret.feature_visualization.grid import ascend_many, first_filters
from convscope.engine.interpret.feature_visualization.objectives import Objective
from convscope.engine.interpret.feature_visualization.results import AscentFrame, Pattern, joined, verdict
from convscope.engine.interpret.feature_visualization.settings import PatternSettings
from convscope.engine.models.opened import OpenedModel

SHORT = PatternSettings(steps=4, size=24)


def forbid(monkeypatch: pytest.MonkeyPatch) -> None:
    """From here on nothing may be computed."""
    monkeypatch.setattr(grid, "ascend", lambda *_args, **_kwargs: pytest.fail("computed again"))


def test_a_second_look_computes_nothing(convnet: OpenedModel, monkeypatch: pytest.MonkeyPatch) -> None:
    objectives = first_filters(convnet, "second", 16)
    assert len(objectives) == 8
    first = ascend_many(convnet, objectives, SHORT)
    forbid(monkeypatch)
    frames: list[AscentFrame] = []
    again = ascend_many(convnet, objectives, SHORT, Task(on_partial=frames.append))
    assert [frame.numbers for frame in frames] == [tuple(range(8))]
    for one, other in zip(first, again, strict=True):
        np.testing.assert_array_equal(one.pixels, other.pixels)
        np.testing.assert_array_equal(one.values, other.values)
        assert (one.score, one.moved, one.flat) == (other.score, other.moved, other.flat)
        np.testing.assert_array_equal(one.curve, other.curve)


def test_other_settings_or_weights_are_looked_up_elsewhere(convnet: OpenedModel) -> None:
    objective = Objective.channel("second", 0)
    paths = {
        PatternCache(convnet, settings, start).path(one)
        for settings, start, one in (
            (SHORT, None, objective),
            (replace(SHORT, seed=1), None, objective),
            (replace(SHORT, steps=5), None, objective),
            (replace(SHORT, recipe="classic"), None, objective),
            (SHORT, np.zeros((4, 4, 3), np.uint8), objective),
            (SHORT, np.ones((4, 4, 3), np.uint8), objective),
            (SHORT, None, replace(objective, negative=True)),
            (SHORT, None, Objective.channel("second", 1)),
        )
    }
    assert len(paths) == 8
    weight = convnet.keras.get_layer("first").bias
    weight.assign(weight + 1.0)
    paths.add(PatternCache(convnet, SHORT).path(objective))
    weight.assign(weight - 1.0)
    assert len(paths) == 9
    assert PatternCache(convnet, replace(SHORT, steps=None)).path(objective) == PatternCache(
        convnet, replace(SHORT, steps=256)
    ).path(objective)


def test_only_what_is_missing_is_computed(convnet: OpenedModel) -> None:
    objectives = first_filters(convnet, "second", 6)
    ascend_many(convnet, objectives[:2], SHORT)
    frames: list[AscentFrame] = []
    ascend_many(convnet, objectives, SHORT, Task(on_partial=frames.append))
    assert frames[0].numbers == (0, 1) and len(frames[0].patterns) == 2
    assert frames[1].numbers == (2, 3, 4, 5) and not frames[1].patterns


def test_a_cancelled_grid_keeps_what_is_finished_and_goes_on(
    convnet: OpenedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(grid, "GROUP", 3)
    objectives = first_filters(convnet, "second", 6)
    plain = ascend_many(convnet, objectives, SHORT, cached=False)
    frames: list[AscentFrame] = []

    def take(frame: AscentFrame) -> None:
        frames.append(frame)
        if frame.numbers == (3, 4, 5) and frame.step == 1:
            task.cancel()

    task = Task(on_partial=take)
    with pytest.raises(Cancelled):
        ascend_many(convnet, objectives, SHORT, task)
    later: list[AscentFrame] = []
    found = ascend_many(convnet, objectives, SHORT, Task(on_partial=later.append), resume=frames[-1])
    assert later[0].numbers == (0, 1, 2) and later[0].patterns
    assert later[1].numbers == (3, 4, 5) and later[1].step == 1
    for one, other in zip(plain, found, strict=True):
        np.testing.assert_allclose(one.values, other.values, atol=1e-3)


def test_the_cache_has_a_limit_and_the_longest_unused_go(convnet: OpenedModel) -> None:
    patterns = ascend_many(convnet, first_filters(convnet, "second", 6), SHORT, cached=False)
    cache = PatternCache(convnet, SHORT)
    cache.store(patterns[:4])
    files = [cache.path(pattern.objective) for pattern in patterns[:4]]
    size = files[0].stat().st_size
    for age, path in enumerate(files):
        os.utime(path, (1000 + age, 1000 + age))
    assert cache.load(patterns[0].objective) is not None
    PatternCache(convnet, SHORT, limit=4 * size + 10).store(patterns[4:5])
    assert [path.exists() for path in files] == [True, False, True, True]
    assert not [path for path in cache.folder().iterdir() if path.suffix != ".npz"]


@pytest.mark.parametrize("content", [b"", b"not a zip", b"PK\x03\x04 broken"])
def test_a_broken_file_is_no_pattern(convnet: OpenedModel, content: bytes) -> None:
    cache, objective = PatternCache(convnet, SHORT), Objective.channel("second", 0)
    cache.path(objective).write_bytes(content)
    assert cache.load(objective) is None
    assert cache.load_state(objective) is None


def test_a_pattern_can_be_continued_from_disk(convnet: OpenedModel) -> None:
    objectives = [Objective.channel("second", n) for n in (1, 2)]
    made = ascend(convnet, objectives, SHORT)
    cache = PatternCache(convnet, SHORT)
    cache.store(made.patterns, made.state)
    states = [cache.load_state(objective) for objective in objectives]
    state = joined([one for one in states if one is not None])
    assert state is not None and state.step == 4
    longer = replace(SHORT, steps=8)
    on = ascend(convnet, objectives, longer, state=state)
    whole = ascend(convnet, objectives, longer)
    np.testing.assert_allclose(on.patterns[1].values, whole.patterns[1].values, atol=1e-3)
    cache.store(made.patterns)
    assert cache.load_state(objectives[0]) is None


def test_a_disk_that_cannot_be_written_is_no_failure(
    convnet: OpenedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_args: object) -> None:
        raise OSError("full")

    monkeypatch.setattr("convscope.engine.interpret.feature_visualization.cache.write_whole", refuse)
    assert len(ascend_many(convnet, first_filters(convnet, "second", 2), SHORT)) == 2


def test_the_contact_sheet_has_a_row_for_every_convolution(convnet: OpenedModel) -> None:
    rows: list[object] = []
    sheet = contact_sheet(convnet, SHORT, 3, Task(on_partial=rows.append))
    assert [row.path for row in sheet] == ["first", "second", "grouped"]
    assert [len(row.patterns) for row in sheet] == [3, 3, 3]
    assert rows == list(sheet)
    picture = sheet_picture(sheet, tile=48)
    assert picture.dtype == np.uint8 and picture.shape[1] == 3 * 52 + 4
    assert sheet_place(sheet, 4 + 18 + 47, 4 + 52 + 47, tile=48) == ("first", 1)
    assert sheet_place(sheet, 4 + 18 + 48 + 4 + 18, 4, tile=48) == ("second", 0)
    assert sheet_place(sheet, 5, 5, tile=48) is None
    assert sheet_place(sheet, 30, 4 + 49, tile=48) is None
    on = contact_sheet(convnet, SHORT, 3, done=sheet[:2])
    assert on[:2] == sheet[:2]


def test_networks_without_convolutions_have_no_sheet() -> None:
    import keras

    model = keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Flatten(), keras.layers.Dense(4)])
    with pytest.raises(UserError, match="no convolutions"):
        contact_sheet(OpenedModel(model), SHORT)


def test_a_perceptron_has_patterns_too() -> None:
    import keras

    layers = keras.layers
    model = keras.Sequential(
        [keras.Input((8, 8, 1)), layers.Flatten(), layers.Dense(5, activation="relu", name="hidden")]
    )
    patterns = ascend_many(OpenedModel(model), [Objective.channel("hidden", n) for n in range(5)], SHORT)
    assert all(pattern.pixels.shape == (8, 8) for pattern in patterns)


def test_the_grid_lies_row_by_row(convnet: OpenedModel) -> None:
    patterns = ascend_many(convnet, first_filters(convnet, "second", 5), SHORT)
    picture = grid_picture(patterns, columns=3)
    assert picture.shape == (2 * 24 + 4, 3 * 24 + 2 * 4, 3)
    np.testing.assert_array_equal(picture[28:, 28:52], patterns[4].pixels)
    assert (picture[28:, 60:] == 255).all()


@pytest.mark.parametrize("ending", [".gif", ".webp"])
def test_the_evolution_moves(tmp_path: Path, ending: str) -> None:
    frames = [np.full((20, 30, 3), 60 * n, np.uint8) for n in range(4)]
    frames[0] = np.zeros((10, 15, 3), np.uint8)
    path = tmp_path / f"evolution{ending}"
    save_evolution(path, frames)
    with PillowImage.open(path) as made:
        assert made.size == (30, 20)
        assert made.n_frames == 4
        made.seek(3)
        assert abs(int(np.asarray(made.convert("RGB"))[5, 5, 0]) - 180) <= 4


def test_an_evolution_needs_frames_and_a_known_ending(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no evolution yet"):
        save_evolution(tmp_path / "a.gif", [])
    with pytest.raises(UserError, match="an evolution is saved as"):
        save_evolution(tmp_path / "a.mp4", [np.zeros((4, 4), np.uint8)])


def test_what_the_scores_mean() -> None:
    blank = np.zeros((4, 4), np.uint8)
    values = np.zeros((4, 4, 1), np.float32)

    def said(score: float, moved: float, flat: bool = False, began: float = 0.0) -> str:
        curve = np.array([began, -1, score], np.float32)
        return verdict(Pattern(Objective.channel("a", 0), blank, values, score, moved, curve, flat))

    assert said(10, 9.1) == "It survives being moved: 91 % of the score remains."
    assert said(10, 6) == "It survives being moved in part: 60 % of the score remains."
    assert said(10, 2.4).startswith("It hardly survives being moved: 24 % of the score remains")
    assert said(-1, -2) == "Its score stays below zero: after a ReLU it would be silent."
    assert said(1, 1, flat=True) == "It stays flat: nothing that was tried excites it more."
    assert said(10, 9.1, began=12.0) == "It has not passed what it began with: give it more steps."
