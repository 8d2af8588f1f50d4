"""Files are written whole or not at all, never through a link, and nothing is waited for."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from convscope.core.files import UNFINISHED, open_to_append, replacing, write_whole


def test_written_whole(tmp_path: Path) -> None:
    write_whole(tmp_path / "a.json", "ä")
    assert (tmp_path / "a.json").read_bytes() == "ä".encode()
    write_whole(tmp_path / "a.json", b"other")
    assert (tmp_path / "a.json").read_bytes() == b"other"
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]


def test_or_not_at_all(tmp_path: Path) -> None:
    write_whole(tmp_path / "a.keras", "old")
    with pytest.raises(ZeroDivisionError), replacing(tmp_path / "a.keras", suffix=".keras") as part:
        assert part.parent == tmp_path and UNFINISHED.match(part.name) and part.suffix == ".keras"
        part.write_text("half")
        raise ZeroDivisionError
    assert (tmp_path / "a.keras").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["a.keras"]


@pytest.mark.parametrize("name", ["new", "there"])
def test_permissions_are_those_of_any_file_or_the_old_ones(tmp_path: Path, name: str) -> None:
    (tmp_path / "there").touch(0o640)
    (tmp_path / "there").chmod(0o640)
    (tmp_path / "plain").touch()
    write_whole(tmp_path / name, "x")
    expected = 0o640 if name == "there" else stat.S_IMODE((tmp_path / "plain").stat().st_mode)
    assert stat.S_IMODE((tmp_path / name).stat().st_mode) == expected


def test_a_link_is_replaced_and_what_it_points_to_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("precious")
    (tmp_path / "trap").symlink_to(tmp_path / "mine")
    write_whole(tmp_path / "trap", "x")
    assert (tmp_path / "mine").read_text() == "precious" and not (tmp_path / "trap").is_symlink()
    (tmp_path / "log").symlink_to(tmp_path / "mine")
    with pytest.raises(OSError, match="log"):
        open_to_append(tmp_path / "log")
    assert (tmp_path / "mine").read_text() == "precious"


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="pipe"):
        open_to_append(tmp_path / "pipe")


def test_lines_are_added(tmp_path: Path) -> None:
    for line in (b"1\n", b"2\n"):
        with open_to_append(tmp_path / "rows") as file:
            file.write(line)
    assert (tmp_path / "rows").read_bytes() == b"1\n2\n"
