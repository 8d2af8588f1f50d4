"""The user's own kernels, kept between runs."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from convscope.core.errors import UserError
from convscope.imaging.kernels import make
from convscope.imaging.kernels.kernel import Kernel
from convscope.workspace.kernel_library import KernelLibrary


def test_kernels_are_kept_between_runs(home: Path) -> None:
    library = KernelLibrary()
    assert library.entries() == {}
    mine = library.save("  my\n edge ", make("sobel-x"))
    rgb = library.save("Colours", [Kernel(np.eye(2) * i) for i in range(3)])
    assert [kernel.name for kernel in rgb] == ["Colours"] * 3
    again = KernelLibrary()
    assert again.entries() == {"Colours": rgb, "my edge": mine}
    assert again.entries()["my edge"][0].preset == "sobel-x"
    assert again.names() == ("Colours", "my edge")
    assert again.load("Colours") == rgb
    assert again.path == home / "config" / "kernels.json"


def test_the_same_name_replaces() -> None:
    library = KernelLibrary()
    library.save("a", make("sobel-x"))
    library.save("a", make("sharpen"))
    assert [k.weights.tolist() for k in library.entries()["a"]] == [make("sharpen").weights.tolist()]


def test_rename_and_delete() -> None:
    library = KernelLibrary()
    library.save("a", make("sobel-x"))
    library.save("b", make("sharpen"))
    library.rename("a", "c")
    assert list(library.entries()) == ["b", "c"]
    assert library.entries()["c"][0].name == "c"
    with pytest.raises(UserError, match="already a kernel called 'b'"):
        library.rename("c", "b")
    library.rename("c", "c")
    deleted = library.delete("c")
    assert list(library.entries()) == ["b"]
    library.save("c", deleted)
    assert list(library.entries()) == ["b", "c"]
    for call in (lambda: library.load("x"), lambda: library.delete("x"), lambda: library.rename("x", "y")):
        with pytest.raises(UserError, match="no kernel called 'x'"):
            call()


@pytest.mark.parametrize("name", ["", "   ", "x" * 101, "a\x00b"])
def test_bad_names_are_refused(name: str) -> None:
    with pytest.raises(UserError, match="1 to 100"):
        KernelLibrary().save(name, make("sobel-x"))
    assert KernelLibrary().entries() == {}


def test_two_kernels_are_no_filter() -> None:
    with pytest.raises(UserError, match="or three of one size"):
        KernelLibrary().save("a", [make("sobel-x"), make("sobel-y")])
    with pytest.raises(UserError, match="or three of one size"):
        KernelLibrary().save("a", [make("sobel-x"), make("sobel-y"), make("log-5x5")])


def test_two_windows_see_each_others_kernels() -> None:
    one, other = KernelLibrary(), KernelLibrary()
    one.save("a", make("sobel-x"))
    other.save("b", make("sobel-y"))
    assert list(one.entries()) == ["a", "b"]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"{}",
        b"\xff\xfe",
        b'{"format": "convscope-kernel-library", "version": 99, "entries": []}',
        b'{"format": "convscope-kernel-library", "version": 1, "entries": [{"name": "a"}]}',
        b'{"format": "convscope-kernel-library", "version": 1, "entries": 3}',
        b"[" * 100_000,
    ],
)
def test_a_file_that_cannot_be_understood_is_set_aside(content: bytes) -> None:
    library = KernelLibrary()
    library.path.write_bytes(content)
    with pytest.raises(UserError) as caught:
        library.names()
    (aside,) = library.path.parent.glob("kernels-unreadable-*.json")
    assert str(aside) in caught.value.message
    assert library.names() == ()
    library.save("a", make("sobel-x"))
    assert list(KernelLibrary().entries()) == ["a"]
    assert aside.read_bytes() == content


@pytest.mark.parametrize(
    ("entry", "called"),
    [
        ({"name": "b"}, "b"),
        ({"name": "b", "filter": {"format": "convscope-kernels", "version": 2}}, "b"),
        ({"name": "b\x1b", "filter": 5}, "b�"),
        ({"filter": {}}, "one without a name"),
        (7, "one without a name"),
        ([], "one without a name"),
    ],
)
def test_one_damaged_kernel_takes_no_other_away(entry: object, called: str) -> None:
    library = KernelLibrary()
    library.save("a", make("sobel-x"))
    library.save("c", make("sobel-y"))
    data = json.loads(library.path.read_text())
    data["entries"].insert(1, entry)
    text = json.dumps(data)
    library.path.write_text(text)
    with pytest.raises(UserError, match=f"Of your own kernels {called} could not be read") as caught:
        library.names()
    (aside,) = library.path.parent.glob("kernels-unreadable-*.json")
    assert str(aside) in caught.value.message and aside.read_text() == text
    assert library.names() == ("a", "c")
    library.save("d", make("gaussian"))
    assert library.names() == ("a", "c", "d")


def test_two_damaged_files_within_a_second_are_both_kept() -> None:
    library = KernelLibrary()
    for content in ("one", "two"):
        library.path.write_text(content)
        with pytest.raises(UserError, match="set aside"):
            library.save("a", make("sobel-x"))
    kept = {path.read_text() for path in library.path.parent.glob("kernels-unreadable-*.json")}
    assert kept == {"one", "two"}


def test_a_file_that_cannot_be_opened_is_never_overwritten(tmp_path: Path) -> None:
    (tmp_path / "kernels.json").mkdir()
    library = KernelLibrary(tmp_path / "kernels.json")
    for call in (library.names, lambda: library.save("a", make("sobel-x"))):
        with pytest.raises(UserError, match="cannot be read"):
            call()
    assert (tmp_path / "kernels.json").is_dir()


def test_no_folder_to_keep_them_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("CONVSCOPE_HOME", str(tmp_path / "file"))
    library = KernelLibrary()
    for call in (library.names, lambda: library.save("a", make("sobel-x"))):
        with pytest.raises(UserError, match="cannot be"):
            call()
