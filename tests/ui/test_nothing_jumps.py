"""No button moves under the pointer because a list, a count or an answer has come.

Everything that can be pressed is looked at while the window works: what was on show and still is, is where it
was. What a person does may move things; what only arrives may not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest
from PySide6.QtCore import QPoint
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QLineEdit,
    QSlider,
    QWidget,
)
from pytestqt.qtbot import QtBot
from walk import Walk, long_window

from convscope.engine.training.runs.unfinished import Unfinished
from convscope.imaging.image import Image
from convscope.ui.forms.segmented import Segmented
from convscope.ui.main_window import MainWindow
from convscope.ui.panels.train.live.view import LiveView
from convscope.workspace.images import sample_images

PRESSED = (QAbstractButton, QComboBox, QAbstractSpinBox, QLineEdit, QSlider)
PATIENCE = 120_000


class Watch:
    """Looks where everything is, again and again, while the window works."""

    def __init__(self, qtbot: QtBot, window: MainWindow) -> None:
        self.qtbot, self.window = qtbot, window
        self.moves: set[str] = set()

    def places(self) -> dict[str, tuple[int, int]]:
        """The upper left corner of whatever can be pressed, in the window."""
        found = {}
        for widget in (each for kind in PRESSED for each in self.window.findChildren(kind)):
            if not widget.isVisible() or widget.window() is not self.window:
                continue
            name = widget.objectName()
            if name and not name.startswith("qt_") and not widget.visibleRegion().isEmpty():
                at = widget.mapTo(self.window, QPoint())
                found[name] = (at.x(), at.y())
        return found

    def after(self, what: str, does: Callable[[], object]) -> None:
        """Do something, let it be laid out, then look until all that it asked for has come."""
        does()
        for _ in range(3):
            QApplication.processEvents()
        last = self.places()

        def settled() -> bool:
            nonlocal last
            now = self.places()
            self.moves |= {
                f"{what}: {name} {last[name]} → {at}"
                for name, at in now.items()
                if last.get(name, at) != at and not name.startswith("status.")
            }
            last = now
            return self.window.jobs.idle()

        for _ in range(2):
            self.qtbot.waitUntil(settled, timeout=PATIENCE)
            self.qtbot.wait(2)
        settled()


@pytest.fixture
def watch(qtbot: QtBot, shorter_ascents: None) -> Iterator[Watch]:
    """A window at 1280×800 with a photograph, a network and data."""
    with long_window(qtbot, *sample_images()[:2]) as window:
        Walk(qtbot, window).settle()
        yield Watch(qtbot, window)


def test_no_button_moves_while_a_page_is_filled(watch: Watch) -> None:
    """Scroll bars, costs, counts and reasons came late, and pushed what was below or beside them."""
    window = watch.window
    for info in window.panel_infos:
        watch.after(f"show {info.name}", lambda name=info.name: window.show_panel(name))
        panel = window.panel()
        assert panel is not None
        switches = [
            each
            for each in panel.findChildren(Segmented)
            if each.isVisible() and each.objectName().endswith((".view", ".page"))
        ]
        for switch in switches:
            for key in (*switch.keys[1:], switch.keys[0]):
                if switch.button(key).isEnabled():
                    watch.after(f"{switch.objectName()}.{key}", switch.button(key).click)
    assert not watch.moves, "\n".join(sorted(watch.moves))


def test_no_button_moves_when_another_image_is_answered(watch: Watch) -> None:
    """Controls beside Explain's wall were squeezed for a moment, and the reason for a layer came and went."""
    window = watch.window
    for info in window.panel_infos:
        window.show_panel(info.name)
        Walk(watch.qtbot, window).settle()
        for image in window.workspace.images[1:]:
            watch.after(
                f"{info.name}, another image", lambda image=image: window.workspace.select_image(image.id)
            )
    assert not watch.moves, "\n".join(sorted(watch.moves))


def test_in_a_small_window_the_methods_stay_when_the_class_is_known(watch: Watch) -> None:
    """Without words a column was squeezed, by three pixels, until it had some."""
    watch.window.resize(1024, 700)
    watch.after("show explain", lambda: watch.window.show_panel("explain"))
    assert "explain.method.saliency" in watch.places()
    assert not watch.moves, "\n".join(sorted(watch.moves))


def test_the_display_stays_in_its_line_when_a_gray_image_follows_a_coloured_one(watch: Watch) -> None:
    """The choice of a channel took the scale's line with it, and all that stood over it."""
    window = watch.window
    window.resize(1024, 700)
    gray = Image(np.full((300, 451), 90, np.uint8), "gray")
    watch.after("gray", lambda: window.workspace.add_images([gray]))
    watch.after("coloured", lambda: window.workspace.select_image(window.workspace.images[0].id))
    assert "kernels.display.clip" in watch.places()
    assert not [move for move in watch.moves if "kernels.display" in move]


def test_no_button_moves_while_a_data_set_is_opened_or_refused(watch: Watch, tmp_path: Path) -> None:
    """The bar of progress and the reason of a refusal stood above the panel, and pushed all of it down."""
    window = watch.window
    window.show_panel("data")
    window.sources.engine.open_dataset("digits")
    Walk(watch.qtbot, window).settle()
    before = watch.places()
    for reference in ("fashion", "digits", tmp_path):
        window.sources.engine.open_dataset(reference)
        watch.after(f"open {reference}", lambda: None)
    assert window.findChild(QWidget, "data.refused").isVisible()  # type: ignore[union-attr]
    after = watch.places()
    for name in ("data.open", "data.duplicates", "data.split.test", "data.part.all", "data.page.input"):
        assert after[name] == before[name], name
    assert not watch.moves, "\n".join(sorted(watch.moves))


def test_the_ways_to_a_first_data_set_stay_while_one_is_opened(watch: Watch, tmp_path: Path) -> None:
    window = watch.window
    window.workspace.set_dataset(None)
    window.show_panel("data")
    Walk(watch.qtbot, window).settle()
    before = watch.places()
    assert "data.empty.digits" in before
    watch.after("refused", lambda: window.sources.engine.open_dataset(tmp_path))
    assert window.findChild(QWidget, "data.refused").isVisible()  # type: ignore[union-attr]
    assert watch.places()["data.empty.digits"] == before["data.empty.digits"]


def test_an_interrupted_run_is_offered_where_it_moves_nothing(watch: Watch) -> None:
    """It is found when the folder of runs has been read: the first training may just be about to start."""
    window = watch.window
    window.show_panel("train")
    Walk(watch.qtbot, window).settle()
    before = watch.places()
    assert "train.empty.start" in before or "train.empty.digits" in before
    view = window.findChild(LiveView, "train.live")
    assert view is not None

    words = "It was interrupted in epoch 3 of 10."
    run = SimpleNamespace(run=None, name="night", sentence=words, starts_again=False)
    view.view_model.set_interrupted((cast(Unfinished, run),))
    QApplication.processEvents()
    now = watch.places()
    assert "train.interrupted.resume" in now
    moved = [name for name, at in before.items() if name.startswith("train.empty") and now[name] != at]
    assert not moved
