"""Opening is reading: ordinary files only, bounded, and every other thing is told in one sentence."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path

import pytest

from convscope.core import opening
from convscope.core.errors import MissingFileError, NotEnoughMemoryError, UserError
from tests.strange import put

LIMIT = 1000


def strange(folder: Path, kind: str) -> Path:
    """Something in a file's place."""
    path = folder / f"{kind}.json"
    put(path, kind, LIMIT + 1)
    if kind == "name":
        path = folder / "a\0b"
    elif kind == "long":
        path = folder / ("x" * 5000)
    return path


WORDS = {
    "pipe": "is not an ordinary file: choose a list.",
    "folder": "is a folder: choose a list.",
    "zero": "is not an ordinary file: choose a list.",
    "loop": "is a link that leads back to itself: choose a list.",
    "large": "is too large for a list: it has 1,001 bytes, and 1,000 bytes is the most.",
    "name": "cannot be read",
    "long": "cannot be read",
    "missing": "There is no file missing.json",
}


@pytest.mark.parametrize("read", [opening.read_bytes, opening.read_text, opening.read_json])
@pytest.mark.parametrize("kind", WORDS)
def test_what_is_no_ordinary_file_is_refused_in_a_sentence(tmp_path: Path, kind: str, read: object) -> None:
    with pytest.raises(UserError) as told:
        read(strange(tmp_path, kind), LIMIT, "a list")  # type: ignore[operator]
    assert WORDS[kind] in told.value.message and len(told.value.message) < 300
    assert isinstance(told.value, MissingFileError) == (kind == "missing")


@pytest.mark.parametrize("kind", WORDS)
def test_asking_what_stands_there_never_raises(tmp_path: Path, kind: str) -> None:
    path = strange(tmp_path, kind)
    assert opening.is_regular(path) == (kind == "large")
    assert opening.is_folder(path) == (kind == "folder")
    assert opening.real_path(path).is_absolute()
    assert opening.is_there(path) == (kind in ("pipe", "folder", "zero", "large"))


def test_a_file_and_a_link_to_one_are_read(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('\ufeff{"ä": [1]}', encoding="utf-8")
    (tmp_path / "b.json").symlink_to(tmp_path / "a.json")
    assert opening.read_json(tmp_path / "b.json", LIMIT) == {"ä": [1]}
    assert opening.check_regular(tmp_path / "b.json") == (tmp_path / "a.json").stat().st_size
    (tmp_path / "c.txt").write_bytes(b"\xff\xfe")
    with pytest.raises(UserError, match=r"c\.txt is no text, so it is not a list"):
        opening.read_text(tmp_path / "c.txt", LIMIT, "a list")


def test_a_file_that_says_it_is_empty_and_never_ends_is_bounded() -> None:
    with pytest.raises(UserError, match="too large"):
        opening.read_bytes(Path("/proc/self/pagemap"), LIMIT)


def test_permission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_args: object) -> int:
        raise PermissionError(13, "Permission denied")

    (tmp_path / "a.json").touch()
    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(UserError, match=r"a\.json may not be read: change its permissions"):
        opening.read_bytes(tmp_path / "a.json", LIMIT)


def nested(depth: int) -> str:
    return "[" * depth + "]" * depth


@pytest.mark.parametrize(
    "text",
    [
        nested(101),
        nested(100_000),
        "[" * 100_000,
        '{"a":' * 101 + "1" + "}" * 101,
        "{",
        "",
        "nothing",
        b"\xff",
        "9" * 5000,
        '"' + '\\"' * 10_000,
    ],
)
def test_json_that_is_damaged_or_nested_deeply(text: str | bytes) -> None:
    with pytest.raises(UserError, match=r"x\.json is damaged"):
        opening.parse_json(text, "x.json")


def test_json_is_read_on_a_thread_with_a_small_stack() -> None:
    before = threading.stack_size(64 << 10)
    told: list[str] = []

    def read() -> None:
        with pytest.raises(UserError) as error:
            opening.parse_json(nested(100_000), "x.json")
        told.append(error.value.message)

    try:
        thread = threading.Thread(target=read)
        thread.start()
    finally:
        threading.stack_size(before)
    thread.join()
    assert told == ["x.json is damaged: it is nested more than 100 deep."]


@pytest.mark.parametrize("value", [json.loads(nested(100)), {"a": "[" * 500}, ["]{", '\\"['] * 200])
def test_json_that_is_sound(value: object) -> None:
    assert opening.parse_json(json.dumps(value), "x.json") == value


@pytest.mark.parametrize("text", ['{"a": 1, "a": 2}', "[NaN]", "[-Infinity]"])
def test_exactly(text: str) -> None:
    opening.parse_json(text, "x.json")
    with pytest.raises(UserError, match="is no JSON"):
        opening.parse_json(text, "x.json", exact=True)


def test_one_thing_takes_a_quarter_of_the_memory_that_is_free(monkeypatch: pytest.MonkeyPatch) -> None:
    assert 0 < opening.free_memory() < 1 << 50
    monkeypatch.setattr(opening, "free_memory", lambda: 8 * opening.GB)
    assert opening.budget() == 2 * opening.GB
    opening.check_budget(2 * opening.GB, "a.h5 holds")
    with pytest.raises(NotEnoughMemoryError, match=r"a\.h5 holds 3 GB, more than a quarter of the 8 GB"):
        opening.check_budget(3 * opening.GB, "a.h5 holds")


def test_a_group_of_processes_has_less(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, text in (("max", "1000\n"), ("current", "700\n"), ("stat", "anon 5\ninactive_file 200\n")):
        (tmp_path / f"memory.{name}").write_text(text)
    monkeypatch.setattr(opening, "_GROUP", tmp_path)
    assert opening.free_memory() == 500
    (tmp_path / "memory.max").write_text("max\n")
    assert opening.free_memory() > 500
