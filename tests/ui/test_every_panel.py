"""A walk through every page of every panel: names, whole words, the Tab key, and what a change costs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from faults import faults
from PySide6.QtCore import QEvent, QObject, QPoint, QRect, Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication, QScrollArea, QWidget
from pytestqt.qtbot import QtBot
from shiboken6 import isValid

from convscope.core.paths import resource_path
from convscope.engine.data.dataset import Dataset
from convscope.engine.data.sets.registry import open_dataset
from convscope.engine.models.library.catalogue import open_model
from convscope.engine.models.opened import OpenedModel
from convscope.imaging.io.load import load_image
from convscope.ui.forms.segmented import Segmented
from convscope.ui.main_window import MainWindow
from convscope.ui.window.tab_order import tab_stops
from convscope.workspace.workspace import Workspace

# What a panel calls the switch of its pages.
SWITCHES = ("kernels.view", "data.page", "model.page", "train.view", "layers.page", "explain.view")
SIZES = ((1440, 900), (1024, 700))


@pytest.fixture(scope="module")
def digits() -> OpenedModel:
    """The shipped network, opened once."""
    return open_model("digits")


@pytest.fixture(scope="module")
def images() -> Dataset:
    """The shipped digits."""
    return open_dataset("digits")


@pytest.fixture
def walk(qtbot: QtBot, digits: OpenedModel, images: Dataset, shorter_ascents: None) -> Iterator[MainWindow]:
    """A window with a photograph, a network and data."""
    window = MainWindow(Workspace([load_image(resource_path("images", "cat.jpg"))]))
    qtbot.addWidget(window)
    window.workspace.add_model(digits)
    window.workspace.set_dataset(images)
    window.resize(*SIZES[0])
    window.show()
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    yield window
    if isValid(window):
        window.close()


def settle(qtbot: QtBot, window: MainWindow) -> None:
    """Wait until what was asked for is on show."""
    for _ in range(2):
        qtbot.wait(5)
        qtbot.waitUntil(window.jobs.idle)


def pages(window: MainWindow) -> Iterator[str]:
    """Shows each page of the panel on show, one after the other."""
    panel = window.panel()
    assert panel is not None
    found = [each for each in panel.findChildren(Segmented) if each.objectName() in SWITCHES]
    if not found:
        yield ""
        return
    for key in found[0].keys:
        found[0].button(key).click()
        yield key


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_every_control_has_a_name_and_no_words_are_cut(
    walk: MainWindow, qtbot: QtBot, size: tuple[int, int]
) -> None:
    walk.resize(*size)
    found: set[str] = set()
    seen = []
    for info in walk.panel_infos:
        walk.show_panel(info.name)
        settle(qtbot, walk)
        # A part that is shown before it has its place is a window for a moment, and takes the focus away.
        assert walk.isActiveWindow(), info.name
        for page in pages(walk):
            settle(qtbot, walk)
            seen.append(f"{info.name} {page}".strip())
            found |= {f"{seen[-1]}: {fault}" for fault in faults(walk)}
    assert len(seen) >= 20 and (walk.width(), walk.height()) == size
    assert "\n".join(sorted(found)) == ""


def test_tab_goes_along_what_is_seen_and_shows_where_it_is(walk: MainWindow, qtbot: QtBot) -> None:
    for info in walk.panel_infos:
        walk.show_panel(info.name)
        settle(qtbot, walk)
        stops = tab_stops(walk.frame)
        parts = [_part(walk, stop) for stop in stops]
        # The navigation, the header, the panel, the film strip.
        assert list(dict.fromkeys(parts)) == ["nav", "header", "panels", "strip"], info.name
        assert len(stops) == len(set(stops)) and parts == sorted(parts, key=parts.index)
        walk.nav.help.setFocus()
        first = stops.index(walk.nav.help)
        visited = []
        while len(set(visited)) < len(stops) - first - 1 and len(visited) < 200:
            qtbot.keyClick(QApplication.focusWidget() or walk, Qt.Key.Key_Tab)
            focused = QApplication.focusWidget()
            assert focused is not None
            visited.append(focused)
        # The cells of a kernel are stops inside a stop.
        assert list(dict.fromkeys(visited))[: len(stops) - first - 1] == stops[first + 1 :], info.name
        qtbot.keyClick(walk.header.image, Qt.Key.Key_Backtab)


def test_where_the_focus_is_can_be_seen(walk: MainWindow, qtbot: QtBot) -> None:
    unseen: set[str] = set()
    for info in walk.panel_infos:
        walk.show_panel(info.name)
        settle(qtbot, walk)
        for stop in tab_stops(walk.frame):
            walk.setFocus()
            if not stop.isVisible() or not stop.isEnabled():
                continue
            before = _picture(stop)
            stop.setFocus(Qt.FocusReason.TabFocusReason)
            if _picture(stop) == before:
                unseen.add(stop.objectName())
    assert " ".join(sorted(unseen)) == ""


def test_what_only_scrolls_takes_no_focus(walk: MainWindow, qtbot: QtBot) -> None:
    """A ring around a whole column says nothing; what is in it is what the keys go to."""
    for info in walk.panel_infos:
        walk.show_panel(info.name)
        settle(qtbot, walk)
    focused = [
        area.objectName()
        for area in walk.findChildren(QScrollArea)
        if area.focusPolicy() != Qt.FocusPolicy.NoFocus
    ]
    assert focused == []


def test_a_message_covers_nothing_of_the_panel(walk: MainWindow, qtbot: QtBot) -> None:
    walk.show_panel("kernels")
    for width, height in ((1280, 800), (1024, 700)):
        walk.resize(width, height)
        walk.toast("Saved the picture.")
        settle(qtbot, walk)
        (toast,) = walk.toasts.toasts()
        over = QRect(toast.mapTo(walk, QPoint()), toast.size())
        panel = QRect(walk.stack.mapTo(walk, QPoint()), walk.stack.size())
        assert not over.intersects(panel), (over, panel)
        toast.dismiss()


def test_a_changed_theme_and_zoom_restyle_only_what_is_seen(walk: MainWindow, qtbot: QtBot) -> None:
    """All panels made, each change froze the window for a third of a second, on a slow machine for three."""
    for info in walk.panel_infos:
        walk.show_panel(info.name)
        settle(qtbot, walk)
    every = [each for each in QApplication.allWidgets() if each.window() is walk]
    counter = _Restyled()
    for widget in every:
        widget.installEventFilter(counter)
    try:
        for change in (walk.toggle_theme, lambda: walk.zoom_by(2)):
            counter.widgets.clear()
            change()
            hidden = [each for each in counter.widgets if not each.isVisible()]
            # Beside those that are seen: what a column hides for the moment, such as a sentence of warning.
            assert len(counter.widgets) < len(every) / 4 and len(hidden) < 60, len(hidden)
            stacked = [info.name for info in walk.panel_infos if walk.stack.known(info.name) in hidden]
            assert not stacked
        for info in walk.panel_infos[:-1]:
            counter.widgets.clear()
            walk.show_panel(info.name)
            assert walk.stack.known(info.name) in counter.widgets
    finally:
        walk.set_zoom(1.0)
        walk.set_theme("light")


class _Restyled(QObject):
    """Notes who is restyled."""

    def __init__(self) -> None:
        super().__init__()
        self.widgets: set[QWidget] = set()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.StyleChange and isinstance(watched, QWidget):
            self.widgets.add(watched)
        return False


def _part(window: MainWindow, widget: QWidget) -> str:
    at = widget
    while at.parentWidget() not in (window.frame, None):
        at = at.parentWidget()
    return at.objectName()


def _picture(widget: QWidget) -> QImage:
    return widget.grab().toImage()
