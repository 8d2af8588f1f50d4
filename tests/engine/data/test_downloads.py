"""The sets that are downloaded when asked for, by small stand-ins on a server of this machine."""

from __future__ import annotations

import importlib
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from convscope.core.errors import NotDownloadedError, UserError
from convscope.core.folder_lock import locked
from convscope.core.task import Cancelled, Task
from convscope.engine import fetch as fetching
from convscope.engine.data.sets import cats_dogs, cats_dogs_small, eurosat, imagenette, rock_paper_scissors
from convscope.engine.data.sets.downloads import Archive, DownloadedSet, datasets_folder
from convscope.engine.data.sets.registry import (
    NAMES,
    download_dataset,
    list_datasets,
    name_of,
    open_dataset,
)
from convscope.engine.fetch import Remote
from tests.serving import Server, pets, picture, serving, stand_in, tarred, zipped

DOWNLOADED = [info.name for info in list_datasets() if info.asks]


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setattr(fetching, "PAUSE", 0.001)
    with serving() as running:
        yield running


def left(folder: Path) -> list[str]:
    """What lies in the folder of data sets, without locks."""
    return sorted(path.name for path in folder.iterdir() if not path.name.endswith(".lock"))


def test_the_published_archives() -> None:
    """Sizes and checksums as tensorflow-datasets publishes them; and the second home of EuroSAT."""
    published = {
        archive.remote.name: (archive.remote.size, archive.remote.sha256[:8])
        for name in DOWNLOADED
        for first in importlib.import_module(f"convscope.engine.data.sets.{name}").SET.archives
        for archive in first.ways
    }
    assert published == {
        "kagglecatsanddogs_5340.zip": (824_887_076, "b7974bd0"),
        "flower_photos.tgz": (228_813_984, "4c54ace7"),
        "imagenette2-160.tgz": (99_003_388, "64d0c485"),
        "rps.zip": (200_682_221, "c2403444"),
        "rps-test-set.zip": (29_516_758, "c27ab9fa"),
        "EuroSAT.zip": (94_280_567, "8ebea626"),
        "EuroSAT_RGB.zip": (94_658_721, "b4f5b234"),
    }


@pytest.mark.parametrize("name", DOWNLOADED)
def test_nothing_is_downloaded_by_opening(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: object, **__: object) -> None:
        raise AssertionError("the network was asked")

    monkeypatch.setattr("urllib.request.urlopen", never)
    module = importlib.import_module(f"convscope.engine.data.sets.{name}")
    with pytest.raises(NotDownloadedError) as told:
        open_dataset(name)
    said = told.value.message
    megabytes = f"{module.SET.size / 1e6:.0f} MB"
    assert said.startswith(
        f"{module.SET.title} is not on this machine: download it ({megabytes}) in the Data"
    )
    assert f"“convscope data download {module.SET.name}”" in said
    for archive in module.SET.archives:
        # Where it is taken from when it was put there; a test below puts it there.
        assert f"save {archive.remote.url} as {datasets_folder() / archive.remote.name}" in said
    assert megabytes in module.SUMMARY and module.SET.licence
    assert name_of(name.replace("_", "-")) == name_of(module.TITLE) == name


def test_cats_and_dogs_from_download_to_images(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    made = stand_in(server, monkeypatch)
    told: list[tuple[float | None, str]] = []
    download_dataset("cats-dogs", Task(lambda fraction, text: told.append((fraction, text))))
    assert told[0] == (None, "Asking the server")
    assert (1.0, "0 of 0 MB") in told
    assert any(text.startswith("Unpacking") for _fraction, text in told)
    assert all(fraction is None or 0 <= fraction <= 1 for fraction, _text in told)
    folder = datasets_folder()
    # The archive has gone, its licence stays with the pictures.
    assert left(folder) == ["cats_dogs"]
    assert sorted(path.name for path in (folder / "cats_dogs").iterdir()) == [
        "CDLA-Permissive-2.0.pdf",
        "cat",
        "dog",
    ]
    dataset = open_dataset("cats_dogs")
    assert (dataset.reference, dataset.title, dataset.classes) == (
        "cats_dogs",
        "Cats and dogs",
        ("cat", "dog"),
    )
    assert dataset.counts().tolist() == [8, 8]
    assert "Asirra" in dataset.credit and "CDLA" in dataset.credit
    # Its broken JPEGs are skipped and told.
    assert [name for name, _why in dataset.left_out] == ["cat/666.jpg", "dog/11702.jpg"]
    assert any(
        note.startswith("2 files are left out: cat/666.jpg (the file is empty)") for note in dataset.notes
    )
    info = next(info for info in list_datasets() if info.name == "cats_dogs")
    assert info.here and info.begun == 0
    # Once it is here nobody is asked any more.
    asked = list(server.asked)
    download_dataset("cats_dogs")
    assert server.asked == asked and made.here


def test_the_lectures_part_of_it_is_by_a_seed(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(server, monkeypatch, content=zipped(pets(12)))
    monkeypatch.setattr(cats_dogs_small, "SET", cats_dogs.SET)
    monkeypatch.setattr(cats_dogs_small, "EACH", 8)
    download_dataset("cats_dogs_small")
    part, again = open_dataset("cats_dogs_small"), open_dataset("cats_dogs_small")
    assert [part.counts(name).tolist() for name in ("train", "validation", "test")] == [
        [4, 4],
        [2, 2],
        [2, 2],
    ]
    assert part.reference == "cats_dogs_small" and part.left_out
    names = [part.images.name(index) for index in range(len(part))]
    assert names == [again.images.name(index) for index in range(len(again))]
    assert part.indices("test").tolist() == again.indices("test").tolist()
    for index, name in enumerate(names):
        assert name.startswith(part.classes[part.labels[index]])
        part.images.read(index)
    info = next(info for info in list_datasets() if info.name == "cats_dogs_small")
    assert info.here and info.part_of == "cats_dogs"


def test_the_lectures_numbers() -> None:
    labels = np.repeat([0, 1], 12_500).astype(np.int32)
    first = cats_dogs_small.chosen(labels, cats_dogs_small.EACH, 0)
    assert np.bincount(labels[first]).tolist() == [2_000, 2_000]
    assert np.array_equal(first, np.unique(first))
    assert np.array_equal(first, cats_dogs_small.chosen(labels, 2_000, 0))
    assert not np.array_equal(first, cats_dogs_small.chosen(labels, 2_000, 1))


def test_a_set_of_two_archives_and_of_parts(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = rock_paper_scissors.SET
    contents = [
        zipped(
            {f"{folder}/{name}/{n}.png": picture(n, 9, "PNG") for name in ("rock", "paper") for n in range(3)}
        )
        for folder in ("rps", "rps-test-set")
    ]
    archives = tuple(
        Archive(server.remote(archive.remote.name, content), archive.wanted)
        for archive, content in zip(whole.archives, contents, strict=True)
    )
    monkeypatch.setattr(rock_paper_scissors, "SET", replace(whole, archives=archives))
    server.cuts = [len(contents[0]), 10, 1, 1, 1, 1, 1, 1]
    with pytest.raises(UserError, match=r"was cut off at .*: start it again, and it goes on from there"):
        download_dataset("rock_paper_scissors")
    begun = next(info for info in list_datasets() if info.name == "rock_paper_scissors").begun
    assert begun == len(contents[0]) + 10 + fetching.TRIES
    server.cuts.clear()
    download_dataset("rock_paper_scissors")
    assert server.asked[-1] == ("rps-test-set.zip", 10 + fetching.TRIES)
    dataset = open_dataset("rock_paper_scissors")
    assert dataset.counts("test").tolist() == [3, 3]
    assert len(dataset.indices("train")) + len(dataset.indices("validation")) == 6
    assert left(datasets_folder()) == ["rock_paper_scissors"]


def test_classes_get_words_for_names(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    members = {
        f"imagenette2-160/{part}/{number}/{n}.JPEG": picture(n)
        for part in ("train", "val")
        for number in ("n01440764", "n03888257")
        for n in range(2)
    }
    stand_in(server, monkeypatch, "imagenette", tarred({**members, "imagenette2-160/noisy.csv": b"1"}))
    download_dataset("imagenette")
    dataset = open_dataset("imagenette")
    assert dataset.classes == ("tench", "parachute")
    assert dataset.counts("validation").tolist() == [2, 2]
    assert set(imagenette.SET.classes) >= {"n01440764"}


def test_where_one_server_is_gone_the_other_is_asked(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = eurosat.SET.archives[0].ways
    content = zipped({f"EuroSAT_RGB/{name}/{name}_1.jpg": picture(1, 8) for name in ("Forest", "SeaLake")})
    gone = replace(first.remote, url=server.address + "EuroSAT.zip")
    other = Archive(server.remote(second.remote.name, content), second.wanted)
    monkeypatch.setattr(eurosat, "SET", replace(eurosat.SET, archives=(Archive(gone, first.wanted, other),)))
    monkeypatch.setattr(shutil, "disk_usage", lambda _folder: SimpleNamespace(free=10**12))
    download_dataset("eurosat")
    assert [name for name, _start in server.asked] == ["EuroSAT.zip", "EuroSAT_RGB.zip"]
    assert open_dataset("eurosat").classes == ("forest", "sea or lake")
    # What came by the second one is not thrown away by what the first one is now.
    assert left(datasets_folder()) == ["eurosat"]


def test_offline_it_tells_what_to_do(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    made = stand_in(server, monkeypatch)
    server.files.clear()
    with pytest.raises(UserError) as told:
        download_dataset("cats_dogs")
    said = told.value.message
    assert said.startswith(
        "Cats and dogs is not on this machine and cannot be downloaded now: save http://127"
    )
    assert said.endswith(", or open Digits, Garments or Textures, which are here.")
    assert str(datasets_folder() / made.archives[0].remote.name) in said and "404" in told.value.detail
    assert left(datasets_folder()) == []


def test_another_file_than_was_published(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    made = stand_in(server, monkeypatch)
    name = made.archives[0].remote.name
    server.files[name] = bytes(reversed(server.files[name]))
    with pytest.raises(UserError, match=r"What 127\.0\.0\.1 sends is not Cats and dogs as it was published"):
        download_dataset("cats_dogs")
    server.files[name] = b"<html>sign in to this network</html>"
    with pytest.raises(UserError, match="nothing of it was kept"):
        download_dataset("cats_dogs")
    assert left(datasets_folder()) == [] and not made.here


def test_an_archive_put_there_by_hand(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    made = stand_in(server, monkeypatch)
    remote = made.archives[0].remote
    path = datasets_folder() / remote.name
    content = server.files.pop(remote.name)
    for wrong, why in ((content[:-9], r"0 of 0 MB"), (b"x" + content[1:], "its checksum differs")):
        path.write_bytes(wrong)
        with pytest.raises(
            UserError, match=rf"is not Cats and dogs as it was published \({why}\): remove it"
        ):
            open_dataset("cats_dogs")
        assert path.read_bytes() == wrong, "it is a person's own file"
    path.write_bytes(content)
    told: list[str] = []
    dataset = open_dataset("cats_dogs", Task(lambda _fraction, text: told.append(text)))
    assert len(dataset) == 16 and told[0] == f"Checking {remote.name}"
    assert server.asked == [], "no network for what is at hand"
    assert left(datasets_folder()) == ["cats_dogs", remote.name]


def test_a_cancelled_download_goes_on_later(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    made = stand_in(server, monkeypatch)
    size = made.size
    server.stands = threading.Event()

    def stop(_fraction: float | None, text: str) -> None:
        if server.silent.is_set() and text.endswith("MB"):
            task.cancel()

    task = Task(stop)
    watch = threading.Thread(target=lambda: server.silent.wait(60) and task.cancel())
    watch.start()
    with pytest.raises(Cancelled):
        download_dataset("cats_dogs", task)
    watch.join()
    # Its silence is not waited for, and what has come is there.
    server.stands.set()
    server.stands = None
    begun = next(info for info in list_datasets() if info.name == "cats_dogs").begun
    assert 0 <= begun <= size // 2 and not made.here
    server.asked.clear()
    download_dataset("cats_dogs")
    assert server.asked == [(made.archives[0].remote.name, begun)] and made.here


_KILLED = """
import sys
from dataclasses import replace
from convscope.engine.data.sets import cats_dogs
from convscope.engine.data.sets.downloads import Archive
from convscope.engine.fetch import Remote
from convscope.core.task import Task
remote = Remote(sys.argv[1], int(sys.argv[2]), sys.argv[3])
made = replace(cats_dogs.SET, archives=(Archive(remote, cats_dogs.SET.archives[0].wanted),))
made.download(Task(lambda fraction, text: print(fraction, text, flush=True)))
"""


def test_after_a_kill_it_goes_on_where_it_stood(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    made = stand_in(server, monkeypatch)
    remote = made.archives[0].remote
    server.stands = threading.Event()
    arguments = [remote.url, str(remote.size), remote.sha256]
    process = subprocess.Popen(
        [sys.executable, "-c", _KILLED, *arguments], env={**os.environ}, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("0.4") or line.startswith("0.5"):
            break
    # While it runs nobody else writes to the same file.
    with pytest.raises(UserError, match="Cats and dogs is being downloaded already"):
        download_dataset("cats_dogs")
    process.send_signal(signal.SIGKILL)
    process.communicate()
    server.stands.set()
    server.stands = None
    server.asked.clear()
    folder = datasets_folder()
    (folder / ".cats_dogs.x.unpacking" / "cat").mkdir(parents=True)
    begun = (folder / f"{remote.name}.part").stat().st_size
    assert begun <= remote.size // 2
    download_dataset("cats_dogs")
    assert server.asked == [(remote.name, begun)]
    assert left(folder) == ["cats_dogs"]


def test_a_kill_while_it_is_unpacked_leaves_no_half_of_it(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = stand_in(server, monkeypatch)

    def stop(_fraction: float | None, text: str) -> None:
        if text.startswith("Unpacking 9"):
            task.cancel()

    task = Task(stop)
    with pytest.raises(Cancelled):
        download_dataset("cats_dogs", task)
    assert not made.here and left(datasets_folder()) == [f"{made.archives[0].remote.name}.part"]
    server.files.clear()
    download_dataset("cats_dogs")
    assert made.here, "all of it had come"


def test_the_disk_is_looked_at_first(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(server, monkeypatch)
    monkeypatch.setattr(shutil, "disk_usage", lambda _folder: SimpleNamespace(free=10_000_000))
    with pytest.raises(UserError, match=r"Cats and dogs needs 0\.1 GB of room in .*where 0\.0 GB are free"):
        download_dataset("cats_dogs")
    assert server.asked == []


def test_a_disk_that_fills_up_is_told(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(server, monkeypatch)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("convscope.engine.data.sets.downloads.unpack", full)
    with pytest.raises(
        UserError, match=r"cannot be kept in .*: the disk is full\. Make room and start it again"
    ):
        download_dataset("cats_dogs")
    assert [name for name in left(datasets_folder()) if name.endswith(".unpacking")] == []


def test_an_archive_of_something_else_is_told(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    made: DownloadedSet = stand_in(server, monkeypatch, content=zipped({"other/1.jpg": picture(1)}))
    with pytest.raises(UserError, match="holds nothing of Cats and dogs"):
        download_dataset("cats_dogs")
    assert not made.here


def test_names_are_told(server: Server) -> None:
    with pytest.raises(
        UserError, match=f"There is no data set called cows: named sets are {', '.join(NAMES)}"
    ):
        download_dataset("cows")
    download_dataset("digits")
    assert server.asked == []


def test_two_at_a_time_are_one(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(server, monkeypatch)
    held = locked(datasets_folder(), name=".cats_dogs.lock")
    with held, pytest.raises(UserError, match="is being downloaded already"):
        download_dataset("cats_dogs")
    assert server.asked == []
    assert Remote("http://h/x", 1, "").host == "h"
