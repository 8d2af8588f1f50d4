"""Stories of downloads: seen first, asked for, stopped, gone on with, refused; all on this machine."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from cut_off import cut_off
from data_helpers import Data, small_set
from faults import faults
from PySide6.QtWidgets import QAbstractButton, QLabel, QProgressBar, QToolButton, QWidget
from walk import SIZES, Size

from convscope.engine import fetch as fetching
from convscope.engine.data.sets import cats_dogs, cats_dogs_small
from tests.serving import Server, serving, stand_in

NAME = "data.download.cats_dogs"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setattr(fetching, "PAUSE", 0.001)
    with serving() as running:
        yield running


def shown(data: Data, name: str) -> bool:
    """Whether a button of the set's card can be seen."""
    return data.find(QAbstractButton, f"{NAME}{name}").isVisible()


def test_a_set_is_seen_before_it_is_downloaded_and_opened_after(
    data: Data, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = stand_in(server, monkeypatch)
    data.menu("data.empty.more", "data.open.cats_dogs")
    assert data.find(QWidget, "data.downloads").isVisible()
    assert server.asked == [] and data.workspace.dataset is None
    assert data.text(f"{NAME}.facts") == "25,000 photographs of cats and dogs, of many sizes"
    assert data.text(f"{NAME}.licence").startswith("Licence: CDLA-Permissive 2.0; Asirra")
    assert data.text(f"{NAME}.state") == f"{made.size / 1e6:.0f} MB"
    assert shown(data, "") and not shown(data, ".cancel") and not shown(data, ".open")
    assert data.find(QToolButton, NAME).hasFocus()
    data.press(NAME)
    assert data.text(f"{NAME}.state") == "On this machine"
    assert shown(data, ".open") and not shown(data, "") and not shown(data, ".cancel")
    assert data.workspace.dataset is None, "it was asked for, not opened"
    data.press(f"{NAME}.open")
    assert data.dataset.title == "Cats and dogs" and not data.find(QWidget, "data.downloads").isVisible()
    assert "2 files are left out: cat/666.jpg" in data.text("data.notes")
    assert data.text("data.credit").startswith("Asirra")
    # From now on the menu opens it.
    data.show(small_set())
    data.menu("data.open", "data.open.cats_dogs")
    data.settle()
    assert data.dataset.title == "Cats and dogs"


def test_a_download_is_stopped_and_gone_on_with_while_other_data_are_opened(
    data: Data, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in(server, monkeypatch)
    server.stands = threading.Event()
    data.window.run_command("data.open.downloads")
    data.press(NAME, settle=False)
    data.qtbot.waitUntil(lambda: data.find(QProgressBar, f"{NAME}.bar").value() > 300)
    assert shown(data, ".cancel") and not shown(data, "")
    # It goes on while another set is opened.
    data.press("data.downloads.back", settle=False)
    data.window.run_command("data.open.digits")
    data.qtbot.waitUntil(lambda: data.workspace.dataset is not None)
    assert "Downloading Cats and dogs" in [job.title for job in data.window.jobs.running()]
    data.window.run_command("data.open.downloads")
    data.press(f"{NAME}.cancel")
    assert not shown(data, ".cancel") and not data.find(QLabel, f"{NAME}.problem").isVisible()
    assert data.find(QToolButton, NAME).text() == "Go on"
    assert data.text(f"{NAME}.state").endswith("MB are here")
    server.stands.set()
    server.stands = None
    server.asked.clear()
    # And is told wherever one is when it has come.
    data.press(NAME, settle=False)
    data.press("data.downloads.back")
    assert server.asked[0][1] > 0
    toast = data.window.toasts.toasts()[-1]
    assert toast.message == "Cats and dogs is on this machine now."
    button = next(b for b in toast.findChildren(QAbstractButton) if b.text() == "Open")
    button.click()
    data.settle()
    assert data.dataset.reference == "cats_dogs"


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_every_word_of_the_page_is_there_at_every_size(data: Data, size: Size) -> None:
    data.panel.opening.downloads.refused["eurosat"] = (
        "EuroSAT is not on this machine and cannot be downloaded now: save http://madm.dfki.de/files/sentinel/"
        "EuroSAT.zip as /home/somebody/.local/share/convscope/datasets/EuroSAT.zip, or open Digits, Garments "
        "or Textures, which are here.",
        "",
    )
    data.window.set_zoom(size.zoom)
    data.window.resize(size.width, size.height)
    page = data.find(QWidget, "data.downloads")
    for name in ("mnist", "eurosat"):
        data.panel.show_downloads(name)
        data.settle()
        assert (data.window.width(), data.window.height()) == (size.width, size.height)
        assert data.find(QToolButton, f"data.download.{name}").isVisible()
        assert cut_off(page) == set() and list(faults(page)) == []
    data.window.set_zoom(1.0)


def test_why_it_cannot_be_had_stands_on_its_card(
    data: Data, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in(server, monkeypatch)
    kept = dict(server.files)
    server.files.clear()
    data.panel.show_downloads("cats_dogs")
    data.press(NAME)
    assert "cannot be downloaded now: save http" in data.text(f"{NAME}.problem")
    assert "404" in data.find(QLabel, f"{NAME}.problem").toolTip()
    assert data.window.toasts.toasts() == [], "it is said once"
    server.files.update(kept)
    data.press(NAME)
    assert not data.find(QLabel, f"{NAME}.problem").isVisible() and shown(data, ".open")


def test_data_that_are_not_here_are_offered_where_they_are_missed(
    data: Data, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run that was trained on them is gone on with, say."""
    stand_in(server, monkeypatch)
    data.panel.context.open_dataset("cats-dogs")
    data.settle()
    assert data.text("data.refused.words").startswith("Cats and dogs is not on this machine: download it")
    data.press("data.refused.download")
    assert not data.find(QWidget, "data.refused").isVisible()
    assert data.find(QToolButton, NAME).isVisible() and server.asked == []
    data.panel.context.open_dataset("nowhere")
    data.settle()
    assert not data.find(QToolButton, "data.refused.download").isVisible()


def test_the_lectures_part_leads_to_the_whole(
    data: Data, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in(server, monkeypatch)
    monkeypatch.setattr(cats_dogs_small, "SET", cats_dogs.SET)
    data.menu("data.empty.more", "data.open.cats_dogs_small")
    assert data.find(QToolButton, NAME).isVisible()
    data.press(NAME)
    data.press("data.downloads.back")
    data.menu("data.empty.more", "data.open.cats_dogs_small")
    data.settle()
    assert data.dataset.title == "Cats and dogs, 4,000" and len(data.dataset) == 16
