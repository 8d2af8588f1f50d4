"""Work shared out among threads by rows: the same numbers, and no exception lost."""

from __future__ import annotations

import threading

import cv2
import numpy as np
import pytest

from convscope.imaging import parts
from convscope.imaging.lab.display import to_bytes
from convscope.imaging.parts import cuts, in_parts
from convscope.imaging.shrink import shrink


@pytest.fixture
def three(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three parts, of however few values."""
    monkeypatch.setattr(parts, "threads", lambda: 3)
    monkeypatch.setattr(parts, "MANY", 0)


def test_every_row_is_in_one_part(three: None) -> None:
    done: list[int] = []
    in_parts(cuts(100, 500), lambda first, last: done.extend(range(first, last)))
    assert sorted(done) == list(range(100))
    assert cuts(2, 10) == [0, 0, 1, 2]
    assert cuts(0, 0) == [0, 0]


def test_few_values_stay_on_one_thread() -> None:
    names = set()
    in_parts(cuts(100, 500), lambda first, last: names.add(threading.current_thread()))
    assert names == {threading.current_thread()}


@pytest.mark.parametrize("bad", [0, 33, 66])
def test_an_exception_in_any_part_is_raised_once_nobody_works_any_more(three: None, bad: int) -> None:
    begun, ended = [], []

    def work(first: int, last: int) -> None:
        begun.append(first)
        try:
            if first == bad:
                raise ValueError(first)
        finally:
            ended.append(first)

    with pytest.raises(ValueError, match=str(bad)):
        in_parts(cuts(100, 500), work)
    assert sorted(begun) == sorted(ended)
    assert bad in ended


@pytest.mark.parametrize("mode", ["clip", "abs", "stretch", "signed"])
@pytest.mark.parametrize("shape", [(1, 7), (50, 33), (50, 33, 3)])
def test_bytes_are_the_same_in_parts(
    shape: tuple[int, ...], mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    values = (np.random.default_rng(0).normal(size=shape) * 200).astype(np.float32)
    whole, _scale = to_bytes(values, mode)
    monkeypatch.setattr(parts, "threads", lambda: 3)
    monkeypatch.setattr(parts, "MANY", 0)
    np.testing.assert_array_equal(to_bytes(values, mode)[0], whole)


@pytest.mark.parametrize("shape", [(81, 60), (81, 61, 3), (200, 320, 3)])
def test_a_picture_is_averaged_the_same_in_parts(
    shape: tuple[int, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, shape).astype(np.uint8)
    whole = shrink(pixels, 20, 25)
    monkeypatch.setattr(parts, "threads", lambda: 3)
    monkeypatch.setattr(parts, "MANY", 0)
    np.testing.assert_array_equal(shrink(pixels, 20, 25), whole)
    even = pixels[: shape[0] // 2 * 2, : shape[1] // 2 * 2]
    half = cv2.resize(
        np.ascontiguousarray(even), (shape[1] // 2, shape[0] // 2), interpolation=cv2.INTER_AREA
    )
    np.testing.assert_array_equal(shrink(even, *half.shape[:2]), half)
