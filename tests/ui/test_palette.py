"""The list of commands: fuzzy search and the keyboard."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit, QTreeWidget
from pytestqt.qtbot import QtBot
from window_helpers import FakePanel

from convscope.ui.actions import Command, score, search
from convscope.ui.main_window import MainWindow

TITLES = [
    "Go to Kernels",
    "Open images…",
    "Open a folder of images…",
    "Theme: dark",
    "Theme: light",
    "Undo: Edit weight",
    "About convscope",
]


@pytest.mark.parametrize(
    ("query", "best"),
    [
        ("dark", "Theme: dark"),
        ("th da", "Theme: dark"),
        ("tl", "Theme: light"),
        ("kern", "Go to Kernels"),
        ("folder", "Open a folder of images…"),
        ("OPEN", "Open images…"),
        ("undo", "Undo: Edit weight"),
        ("ab", "About convscope"),
    ],
)
def test_a_few_letters_find_a_command(query: str, best: str) -> None:
    assert search(query, TITLES, str)[0] == best


def test_letters_that_are_not_there_find_nothing_and_no_letters_find_all() -> None:
    assert search("xyz", TITLES, str) == []
    assert search("  ", TITLES, str) == TITLES
    assert score("kra", "dark") is None
    assert score("", "dark") is not None


def test_letters_in_a_row_beat_scattered_ones() -> None:
    assert search("image", ["I make a great effort", "Close image"], str)[0] == "Close image"


def test_a_search_that_a_word_start_leads_astray_still_finds_the_rest() -> None:
    # The o of "of" starts a word, but the wanted "older" begins inside "folder".
    assert search("lder", TITLES, str) == ["Open a folder of images…"]
    assert "Open a folder of images…" in search("folderimages", TITLES, str)


class TestInTheWindow:
    """Ctrl+K."""

    @pytest.fixture
    def query(self, window: MainWindow, qtbot: QtBot) -> QLineEdit:
        """The open palette's line."""
        qtbot.keyClick(window, Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
        found = window.findChild(QLineEdit, "palette.query")
        assert found is not None and found.isVisible()
        return found

    @pytest.fixture
    def rows(self, window: MainWindow) -> QTreeWidget:
        """Its list."""
        found = window.findChild(QTreeWidget, "palette.list")
        assert found is not None
        return found

    def test_it_lists_every_command_with_its_keys_and_those_of_the_panel(
        self, window: MainWindow, query: QLineEdit, rows: QTreeWidget
    ) -> None:
        items = [rows.topLevelItem(row) for row in range(rows.topLevelItemCount())]
        shown = {item.text(0): item.text(1) for item in items}
        assert {command.title for command in window.commands()} == set(shown)
        assert (
            shown["About convscope"] == "Help"
            and shown["Open images…"] == "Ctrl+O"
            and shown["Wave a hand"] == "Ctrl+J"
        )

    def test_typing_and_enter_run_the_best_match(
        self, window: MainWindow, query: QLineEdit, qtbot: QtBot
    ) -> None:
        qtbot.keyClicks(query, "wave")
        qtbot.keyClick(query, Qt.Key.Key_Return)
        panel = window.panel()
        assert isinstance(panel, FakePanel) and panel.ran == ["wave"]
        assert not query.isVisible()

    def test_arrows_go_round_and_a_click_runs(
        self, window: MainWindow, query: QLineEdit, rows: QTreeWidget, qtbot: QtBot
    ) -> None:
        last = rows.topLevelItemCount() - 1
        assert rows.currentIndex().row() == 0
        qtbot.keyClick(query, Qt.Key.Key_Up)
        assert rows.currentIndex().row() == last
        qtbot.keyClick(query, Qt.Key.Key_PageDown)
        assert rows.currentIndex().row() == last
        qtbot.keyClick(query, Qt.Key.Key_Down)
        assert rows.currentIndex().row() == 0
        qtbot.keyClicks(query, "go to second")
        item = rows.topLevelItem(0)
        qtbot.mouseClick(rows.viewport(), Qt.MouseButton.LeftButton, pos=rows.visualItemRect(item).center())
        assert window.settings.panel == "second"

    def test_escape_closes_and_nothing_found_does_nothing(
        self, window: MainWindow, query: QLineEdit, rows: QTreeWidget, qtbot: QtBot
    ) -> None:
        qtbot.keyClicks(query, "qqqq")
        assert rows.topLevelItemCount() == 0
        qtbot.keyClick(query, Qt.Key.Key_Return)
        qtbot.keyClick(query, Qt.Key.Key_Down)
        assert query.isVisible()
        qtbot.keyClick(query, Qt.Key.Key_Escape)
        assert not query.isVisible()

    def test_what_cannot_be_done_now_is_listed_but_not_run(
        self, window: MainWindow, query: QLineEdit, qtbot: QtBot
    ) -> None:
        qtbot.keyClicks(query, "undo")
        qtbot.keyClick(query, Qt.Key.Key_Return)
        assert query.isVisible()

    def test_recent_files_are_found(self, window: MainWindow, rows: QTreeWidget, qtbot: QtBot) -> None:
        window.settings.recent = ["/pictures/zebra.png"]
        window.open_palette()
        line = window.findChild(QLineEdit, "palette.query")
        qtbot.keyClicks(line, "zebra")
        assert rows.topLevelItem(0).text(0) == "Open recent: zebra.png"

    def test_it_stays_inside_a_small_window(self, window: MainWindow, query: QLineEdit, qtbot: QtBot) -> None:
        window.resize(800, 560)
        qtbot.waitUntil(lambda: window.centralWidget().rect().contains(window.palette_.geometry()))


def test_several_shortcuts_of_one_command() -> None:
    command = Command("a.b", "A", lambda: None, "Ctrl+Shift+Z; Ctrl+Y")
    assert [keys.toString() for keys in command.key_sequences()] == ["Ctrl+Shift+Z", "Ctrl+Y"]
    assert command.shortcut_text() == "Ctrl+Shift+Z"
    assert Command("a", "A", lambda: None).shortcut_text() == ""
