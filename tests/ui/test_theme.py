"""Colours, typefaces and icons."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QColor, QFontDatabase, QFontInfo, QFontMetricsF
from PySide6.QtWidgets import (
    QApplication,
    QComboBox,
    QDialog,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QMenu,
    QPushButton,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)
from pytestqt.qtbot import QtBot
from window_helpers import WindowMaker, press

from convscope.core.paths import resource_path
from convscope.ui import theme
from convscope.ui.forms.form import spin
from convscope.ui.rescale import UNLIMITED
from convscope.ui.settings import Settings
from convscope.ui.theme import DARK, LIGHT, SERIES, Tokens

UI = Path(theme.__file__).parent


def luminance(colour: str) -> float:
    """Relative luminance of WCAG 2.1."""
    channels = [value / 255 for value in QColor(colour).getRgb()[:3]]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(a: str, b: str) -> float:
    """Contrast ratio of WCAG 2.1, 1 to 21."""
    low, high = sorted((luminance(a), luminance(b)))
    return (high + 0.05) / (low + 0.05)


def test_the_ratio_is_the_published_one() -> None:
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21)
    assert contrast("#777777", "#FFFFFF") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("name", ["text", "secondary", "accent", "good", "warning", "bad"])
def test_words_can_be_read_on_every_ground(colours: Tokens, name: str) -> None:
    for ground in (colours.window, colours.panel, colours.raised):
        assert contrast(getattr(colours, name), ground) >= 4.5, (name, ground)
    assert contrast(colours.on_accent, colours.accent) >= 4.5


@pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])
def test_the_signed_scale_is_symmetric_about_its_middle(colours: Tokens) -> None:
    assert colours.signed(0, 5).name().upper() == colours.neutral
    assert colours.signed(-5, 5).name().upper() == colours.negative
    assert colours.signed(5, 5).name().upper() == colours.positive
    assert (
        colours.signed(99, 5) == colours.signed(5, 5)
        and colours.signed(1, 0).name().upper() == colours.neutral
    )
    middle, end, half = (QColor(c).red() for c in (colours.neutral, colours.positive, colours.signed(2.5, 5)))
    assert half == pytest.approx((middle + end) / 2, abs=1)


def test_the_series_are_eight_different_colours() -> None:
    assert len(set(SERIES)) == 8


def test_the_shipped_typefaces_are_used_and_grow_with_the_zoom(qapp: QApplication) -> None:
    families = QFontDatabase.families()
    assert "Inter" in families and "JetBrains Mono" in families
    assert QFontInfo(theme.font()).family() == "Inter"
    assert QFontInfo(theme.font(mono=True)).family() == "JetBrains Mono"
    try:
        theme.apply("light", 2.0)
        assert theme.font(13).pixelSize() == 26 and theme.scaled(4) == 8
        assert qapp.font().pixelSize() == 26
    finally:
        theme.apply("light")
    assert theme.font(13).pixelSize() == 13


def test_what_is_already_on_show_is_enlarged_and_comes_back_exactly(qtbot: QtBot) -> None:
    host = QWidget()
    qtbot.addWidget(host)
    label = QLabel("words", host)
    label.setFont(theme.font(11))
    label.setFixedSize(theme.scaled(101), theme.scaled(33))
    plain = QLabel("words", host)
    host.setMinimumWidth(200)
    host.show()

    def measures() -> tuple[int, ...]:
        return (label.font().pixelSize(), label.width(), label.height(), plain.font().pixelSize())

    try:
        seen = []
        for zoom in (1.0, 1.1, 1.25, 1.5, 1.25, 1.1, 1.0):
            theme.apply("light", zoom)
            seen.append(measures())
        assert seen[0] == seen[6] == (11, 101, 33, 13)
        assert seen[1] == seen[5] and seen[2] == seen[4]
        assert seen[3] == (16, 152, 50, 20)
        assert plain.maximumWidth() == UNLIMITED and plain.minimumWidth() == 0
        assert host.minimumWidth() == 200
        # A measure that the widget has set itself since is where the next step starts.
        theme.apply("light", 2.0)
        label.setFixedWidth(60)
        theme.apply("light", 1.0)
        assert label.width() == 30
    finally:
        theme.apply("light")


def test_another_theme_at_another_zoom_leaves_the_letters_as_large(qtbot: QtBot) -> None:
    """Headings with a font of their own shrank to the size that they were made with."""
    label = QLabel("words")
    label.setFont(theme.font(13))
    qtbot.addWidget(label)
    try:
        for choice in ("light", "dark", "light"):
            theme.apply(choice, 1.5)  # type: ignore[arg-type]
            assert label.font().pixelSize() == 20
    finally:
        theme.apply("light")
    assert label.font().pixelSize() == 13


def test_a_changed_theme_restyles_a_widget_a_few_times_however_deep_it_lies(qtbot: QtBot) -> None:
    class Counting(QLabel):
        times = 0

        def changeEvent(self, event: QEvent) -> None:
            self.times += event.type() == QEvent.Type.StyleChange
            super().changeEvent(event)

    host = parent = QWidget()
    qtbot.addWidget(host)
    for _ in range(20):
        parent = QWidget(parent)
    label = Counting("words", parent)
    host.show()
    label.times = 0
    try:
        theme.apply("dark", 1.25)
        assert 1 <= label.times <= 4
    finally:
        theme.apply("light")


class Counting(QLabel):
    """Counts how often it is restyled."""

    def __init__(self, text: str, role: str, parent: QWidget) -> None:
        super().__init__(text, parent)
        self.setProperty("role", role)
        self.times = 0

    def changeEvent(self, event: QEvent) -> None:
        self.times += event.type() == QEvent.Type.StyleChange
        super().changeEvent(event)

    def look(self) -> tuple[str, int]:
        """Its colour, and the height of its type in pixels."""
        return self.palette().color(self.foregroundRole()).name().upper(), self.font().pixelSize()


def page_of(count: int = 6) -> tuple[QWidget, list[Counting]]:
    """A page of captions, one of them in a type of its own."""
    page = QWidget()
    column = QVBoxLayout(page)
    labels = [Counting(f"words {number}", "caption", page) for number in range(count)]
    for label in labels:
        column.addWidget(label)
    return page, labels


def test_what_is_hidden_is_restyled_when_it_is_shown(qtbot: QtBot) -> None:
    """With all panels made, a change of theme restyled 2,400 widgets, of which 130 were to be seen."""
    pages = QStackedWidget()
    qtbot.addWidget(pages)
    (first, seen), (second, hidden) = page_of(), page_of()
    section = QWidget(second)
    second.layout().addWidget(section)  # type: ignore[union-attr]
    inner = [Counting("inside", "warning", section) for _ in range(6)]
    hidden[0].setProperty("role", None)
    hidden[0].setFont(theme.font(20))
    for page in (first, second):
        pages.addWidget(page)
    pages.show()
    pages.setCurrentWidget(second)
    section.hide()
    pages.setCurrentWidget(first)
    every = [*seen, *hidden, *inner]
    assert {label.look() for label in (*seen, *hidden[1:])} == {(LIGHT.secondary, 11)}
    try:
        for label in every:
            label.times = 0
        theme.apply("dark", 1.25)
        theme.apply("dark", 1.5)
        assert all(1 <= label.times <= 8 for label in seen)
        assert {label.look() for label in seen} == {(DARK.secondary, 16)}
        assert all(label.times == 0 for label in (*hidden, *inner))
        pages.setCurrentWidget(second)
        assert all(1 <= label.times <= 2 for label in hidden) and all(label.times == 0 for label in inner)
        assert {label.look() for label in hidden[1:]} == {(DARK.secondary, 16)}
        assert hidden[0].font().pixelSize() == 30
        section.show()
        assert {label.look() for label in inner} == {(DARK.warning, 18)}
        # What wakes to the style in which it fell asleep is left alone.
        pages.setCurrentWidget(first)
        pages.setCurrentWidget(second)
        assert all(label.times <= 2 for label in (*hidden, *inner))
    finally:
        theme.apply("light")
    assert {label.look() for label in hidden[1:]} == {(LIGHT.secondary, 11)}
    assert hidden[0].font().pixelSize() == 20
    pages.setCurrentWidget(first)
    assert {label.look() for label in seen} == {(LIGHT.secondary, 11)}


def test_a_menu_and_a_list_of_choices_follow_when_they_are_opened(qtbot: QtBot) -> None:
    host = QWidget()
    qtbot.addWidget(host)
    box, menu = QComboBox(host), QMenu(host)
    box.addItems(["one", "two"])
    menu.addAction("three")
    host.show()
    try:
        for choice, colours in (("dark", DARK), ("light", LIGHT), ("dark", DARK)):
            theme.apply(choice, 1.5 if colours.dark else 1.0)  # type: ignore[arg-type]
            for find, show in ((box.view, box.showPopup), (lambda: menu, lambda: menu.popup(host.pos()))):
                show()
                popup = find()
                ground = popup.grab().toImage().pixelColor(popup.width() - 3, popup.height() - 3)
                assert abs(ground.lightness() - QColor(colours.raised).lightness()) < 12, popup
                assert popup.font().pixelSize() == (20 if colours.dark else 13)
                popup.window().hide()
    finally:
        theme.apply("light")


def test_a_window_over_a_hidden_page_follows_at_once(qtbot: QtBot) -> None:
    pages = QStackedWidget()
    qtbot.addWidget(pages)
    (first, _seen), (second, _hidden) = page_of(), page_of()
    for page in (first, second):
        pages.addWidget(page)
    pages.show()
    dialog = QDialog(second)
    label = Counting("words", "caption", dialog)
    dialog.show()
    try:
        theme.apply("dark")
        assert label.look() == (DARK.secondary, 11)
    finally:
        theme.apply("light")
    dialog.close()


@pytest.mark.parametrize("choice", ["system", "light", "dark"])
def test_the_first_click_on_the_theme_is_seen_at_once(
    make_window: WindowMaker, qtbot: QtBot, choice: theme.ThemeChoice
) -> None:
    try:
        before = theme.apply(choice)
        window = make_window(settings=Settings(theme=choice))
        press(qtbot, window, "header.theme")
        assert theme.tokens().dark != before.dark
        ground = window.header.grab().toImage().pixelColor(2, 2).name().upper()
        assert ground == theme.tokens().panel.upper() != before.panel.upper()
    finally:
        theme.apply("light")


def test_every_icon_that_the_code_names_is_shipped() -> None:
    names = set()
    for path in UI.rglob("*.py"):
        names |= set(re.findall(r"\bicon(?:_file)?\(\s*\"([a-z0-9-]+)\"", path.read_text(encoding="utf-8")))
    assert len(names) >= 5
    missing = sorted(name for name in names if not resource_path("icons").joinpath(f"{name}.svg").exists())
    assert missing == []


def test_a_coloured_icon_takes_the_other_themes_counterpart(qtbot: QtBot) -> None:
    button = QToolButton()
    qtbot.addWidget(button)
    button.setIcon(theme.icon("x", LIGHT.accent))

    def colours() -> set[str]:
        picture = button.icon().pixmap(20, 20).toImage()
        found = [picture.pixelColor(x, y) for x in range(20) for y in range(20)]
        return {colour.name().upper() for colour in found if colour.alpha() == 255}

    assert colours() == {LIGHT.accent}
    try:
        theme.apply("dark")
        assert colours() == {DARK.accent}
    finally:
        theme.apply("light")
    assert colours() == {LIGHT.accent}


def test_the_disabled_and_the_checked_icon_have_their_own_colours() -> None:
    from PySide6.QtGui import QIcon

    icon = theme.icon("x")
    disabled = icon.pixmap(20, 20, QIcon.Mode.Disabled).toImage().pixelColor(10, 10)
    checked = icon.pixmap(20, 20, QIcon.Mode.Normal, QIcon.State.On).toImage().pixelColor(10, 10)
    assert disabled.name().upper() == LIGHT.disabled and checked.name().upper() == LIGHT.on_accent


def test_a_tinted_icon_file_is_made_once(home: Path) -> None:
    path = Path(theme.icon_file("chevron-down", "#123456"))
    written = path.stat().st_mtime_ns
    assert theme.icon_file("chevron-down", "#123456") == path.as_posix()
    assert path.stat().st_mtime_ns == written


def test_a_label_has_a_role(qtbot: QtBot) -> None:
    label = theme.label("Size", "caption")
    qtbot.addWidget(label)
    assert label.text() == "Size" and label.property("role") == "caption"


@pytest.mark.parametrize("name", ["light", "dark"])
def test_a_primary_button_that_cannot_be_pressed_does_not_invite(qtbot: QtBot, name: str) -> None:
    try:
        theme.apply(name)
        button = QPushButton("")
        qtbot.addWidget(button)
        button.setProperty("role", "primary")
        button.resize(120, 40)
        grounds = []
        for enabled in (True, False):
            button.setEnabled(enabled)
            grounds.append(button.grab().toImage().pixelColor(60, 20).name())
    finally:
        theme.apply("light")
    tokens = LIGHT if name == "light" else DARK
    assert grounds == [QColor(tokens.accent).name(), QColor(tokens.raised).name()]


def test_digits_are_equally_wide_where_they_change_and_hyphens_narrow_in_words(qtbot: QtBot) -> None:
    words, figures = QFontMetricsF(theme.font()), QFontMetricsF(theme.font(figures=True))
    assert figures.horizontalAdvance("1111") == figures.horizontalAdvance("8888")
    assert words.horizontalAdvance("-") < 0.9 * words.horizontalAdvance("0")
    assert figures.horizontalAdvance("-") > 1.1 * words.horizontalAdvance("-")
    host = QWidget()
    qtbot.addWidget(host)
    label = theme.with_figures(theme.label("", "caption", host))
    plain = theme.label("", "caption", host)
    box = spin("a.number", "A number", 0, 9)
    box.setParent(host)
    host.show()
    try:
        for zoom in (1.0, 1.6, 1.0):
            theme.apply("light", zoom)
            assert label.font().pixelSize() == plain.font().pixelSize() == round(11 * zoom)
            for widget in (label, box.lineEdit()):
                metrics = QFontMetricsF(widget.font())
                assert metrics.horizontalAdvance("1111") == metrics.horizontalAdvance("8888")
            assert QFontMetricsF(plain.font()) != QFontMetricsF(label.font())
    finally:
        theme.apply("light")


@pytest.mark.parametrize("choice", ["light", "dark"])
def test_a_tick_is_seen_in_a_chosen_row_and_its_absence_too(qtbot: QtBot, choice: theme.ThemeChoice) -> None:
    """Unticked boxes were as dark as a tick's ground there, and ticked ones had no ground at all."""
    rows = QListWidget()
    qtbot.addWidget(rows)
    for state in (Qt.CheckState.Unchecked, Qt.CheckState.Checked):
        item = QListWidgetItem("run")
        item.setCheckState(state)
        rows.addItem(item)
    rows.setSelectionMode(QListWidget.SelectionMode.MultiSelection)
    rows.selectAll()
    rows.resize(200, 100)
    try:
        colours = theme.apply(choice)
        rows.show()
        seen = rows.grab().toImage()
    finally:
        theme.apply("light")
    grounds = []
    for row in range(2):
        place = rows.visualItemRect(rows.item(row)).translated(rows.viewport().pos())
        area = [
            seen.pixelColor(x, y).name().upper()
            for x in range(place.left() + 5, place.left() + 15)
            for y in range(place.center().y() - 4, place.center().y() + 5)
        ]
        grounds.append(max(set(area), key=area.count))
    assert grounds == [colours.accent.upper(), colours.on_accent.upper()]


def test_a_search_fields_cross_stands_in_its_middle(qtbot: QtBot) -> None:
    field = QLineEdit("conv")
    field.setClearButtonEnabled(True)
    qtbot.addWidget(field)
    field.resize(200, field.sizeHint().height())
    field.show()
    (cross,) = field.findChildren(QToolButton)
    assert abs(cross.geometry().center().y() - field.rect().center().y()) <= 1
    assert field.rect().contains(cross.geometry())


def test_what_is_strong_is_written_in_a_weight_that_is_shipped() -> None:
    # Qt would smear a lighter weight to the 700 of a bold tag, which Inter is not shipped in.
    for path in sorted(UI.rglob("*.py")):
        code = (line.partition("#")[0] for line in path.read_text(encoding="utf-8").splitlines())
        assert not re.search(r"<(b|strong)>", "\n".join(code)), path
    assert "font-weight:600" in theme.strong("7")
