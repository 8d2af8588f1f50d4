"""Unpacking: what is wanted and nothing else, whatever an archive says."""

from __future__ import annotations

import gzip
import io
import random
import stat
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from convscope.core.errors import UserError
from convscope.core.task import Cancelled, Task
from convscope.engine.data.formats.unpack import Bounds, unpack
from tests.serving import tarred, zipped

WANTED = {"set/cat/": "cats/", "set/dog/": "dogs/", "LICENCE": "LICENCE"}
MEMBERS = {
    "set/cat/1.jpg": b"one" * 100,
    "set/cat/deep/2.jpg": b"two",
    "set/dog/1.jpg": b"three",
    "set/readme": b"x",
    "LICENCE": b"free",
    "__MACOSX/set/cat/._1.jpg": b"mac",
}
BOUNDS = Bounds(100_000, 100)
Pack = Callable[[dict[str, bytes]], bytes]


def unpacked(tmp_path: Path, content: bytes, bounds: Bounds = BOUNDS, task: Task | None = None) -> Path:
    archive, place = tmp_path / "a.zip", tmp_path / "place"
    archive.write_bytes(content)
    place.mkdir(exist_ok=True)
    unpack(archive, place, WANTED, bounds, task or Task())
    return place


def files(folder: Path) -> dict[str, bytes]:
    return {str(f.relative_to(folder)): f.read_bytes() for f in folder.rglob("*") if f.is_file()}


@pytest.mark.parametrize("pack", [zipped, tarred])
def test_what_is_wanted_lies_where_it_belongs(tmp_path: Path, pack: Pack) -> None:
    told: list[float | None] = []
    task = Task(lambda fraction, _text: told.append(fraction))
    place = unpacked(tmp_path, pack(MEMBERS), task=task)
    assert files(place) == {
        "cats/1.jpg": b"one" * 100,
        "cats/deep/2.jpg": b"two",
        "dogs/1.jpg": b"three",
        "LICENCE": b"free",
    }
    assert all(fraction is not None and 0 <= fraction <= 1 for fraction in told) and len(told) == len(MEMBERS)


@pytest.mark.parametrize("pack", [zipped, tarred])
@pytest.mark.parametrize(
    "name",
    [
        "set/cat/../../../precious",
        "set/cat//precious",
        "set/cat/./precious",
        "set/cat/a\\..\\..\\precious",
        "set/cat/C:precious",
        "set/cat/a\nb",
        "set/cat/" + "n" * 300,
    ],
)
def test_a_name_that_leads_out_or_astray_ends_it(tmp_path: Path, pack: Pack, name: str) -> None:
    with pytest.raises(UserError, match=r"a\.zip is not unpacked: .* is no name for a file"):
        unpacked(tmp_path, pack({**MEMBERS, name: b"bad"}))
    assert not list(tmp_path.rglob("precious"))


@pytest.mark.parametrize("pack", [zipped, tarred])
def test_what_lies_elsewhere_in_it_is_never_written(tmp_path: Path, pack: Pack) -> None:
    outside = {"/etc/precious": b"x", "../precious": b"x", "set/../../precious": b"x"}
    place = unpacked(tmp_path, pack({**outside, "set/dog/1.jpg": b"d"}))
    assert files(place) == {"dogs/1.jpg": b"d"} and not list(tmp_path.rglob("precious"))


def test_links_and_devices_end_it(tmp_path: Path) -> None:
    kinds = (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE)
    for number, kind in enumerate(kinds):
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w:gz") as archive:
            entry = tarfile.TarInfo("set/cat/1.jpg")
            entry.type, entry.linkname = kind, "/etc/passwd"
            archive.addfile(entry)
        place = tmp_path / str(number)
        place.mkdir()
        with pytest.raises(UserError, match="is a link or a device"):
            unpacked(place, packed.getvalue())
        assert files(place / "place") == {}
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as zipped_link:
        info = zipfile.ZipInfo("set/cat/1.jpg")
        info.external_attr = (stat.S_IFLNK | 0o777) << 16
        zipped_link.writestr(info, "/etc/passwd")
    with pytest.raises(UserError, match="is a link or a device"):
        unpacked(tmp_path, packed.getvalue())


@pytest.mark.parametrize("pack", [zipped, tarred])
def test_no_more_comes_out_than_may(tmp_path: Path, pack: Pack) -> None:
    bomb = pack({"set/cat/1.jpg": b"c", "elsewhere": bytes(3_000_000)})
    assert len(bomb) < 3_100_000
    with pytest.raises(UserError, match="unpacks to more than 1 MB"):
        unpacked(tmp_path, bomb, Bounds(1_000_000, 100))
    assert sum(map(len, files(tmp_path / "place").values())) <= 1_000_000
    many = pack({f"set/cat/{number}": b"" for number in range(101)})
    with pytest.raises(UserError, match="more than 100 files"):
        unpacked(tmp_path, many)


def test_a_zip_that_lies_about_a_size_is_found_out(tmp_path: Path) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("set/cat/1.jpg", bytes(500_000))
    honest = packed.getvalue()
    # In the directory at the end, and before the file itself.
    lie = honest.replace((500_000).to_bytes(4, "little"), (10).to_bytes(4, "little"))
    assert lie != honest
    with pytest.raises(UserError, match=r"a\.zip is (damaged|not unpacked)"):
        unpacked(tmp_path, lie)
    assert sum(map(len, files(tmp_path / "place").values())) <= 10


def test_the_same_file_twice_ends_it(tmp_path: Path) -> None:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for _ in range(2):
            archive.addfile(tarfile.TarInfo("set/cat/1.jpg"))
    with pytest.raises(UserError, match=r"1\.jpg is in it twice"):
        unpacked(tmp_path, packed.getvalue())
    for pack in (zipped, tarred):
        for first, second in (("set/cat/a", "set/cat/a/b"), ("set/cat/a/b", "set/cat/a")):
            place = tmp_path / f"{pack.__name__}-{len(first)}"
            place.mkdir()
            with pytest.raises(UserError, match=r"a in it is a file and a folder|a is in it twice"):
                unpacked(place, pack({first: b"", second: b""}))


def test_it_can_be_stopped(tmp_path: Path) -> None:
    task = Task(lambda _fraction, _text: task.cancel())
    with pytest.raises(Cancelled):
        unpacked(tmp_path, zipped(MEMBERS), task=task)


def test_whatever_is_damaged_is_one_sentence(tmp_path: Path) -> None:
    """Some hundred archives with wrong bytes in them, by a seed: unpacked, or refused."""
    draw, told = random.Random(1), 0
    for number, honest in enumerate(
        [zipped(MEMBERS), tarred(MEMBERS), gzip.compress(b"no tar"), b"", b"x" * 600]
    ):
        for turn in range(30):
            content = bytearray(honest)
            for _ in range(draw.randrange(1, 6)):
                if content:
                    content[draw.randrange(len(content))] = draw.randrange(256)
            if turn % 3 == 0:
                content = content[: draw.randrange(len(content) + 1)]
            place = tmp_path / f"{number}-{turn}"
            place.mkdir()
            try:
                unpacked(place, bytes(content))
            except UserError:
                told += 1
            assert all(name.split("/")[0] in ("cats", "dogs", "LICENCE") for name in files(place / "place"))
    assert told > 60
