"""The wheel scrolls: no control of any panel changes under it unless it has the focus."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from driver import Driver, window_on
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import (
    QAbstractSlider,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QLabel,
    QScrollArea,
    QScrollBar,
    QSpinBox,
    QTabBar,
    QVBoxLayout,
    QWidget,
)
from pytestqt.qtbot import QtBot

import convscope.ui
from convscope.core.paths import resource_path
from convscope.engine.data.sets.registry import open_dataset
from convscope.engine.models.library.catalogue import open_model
from convscope.imaging.io.load import load_image
from convscope.ui.forms import wheel
from convscope.ui.forms.form import spin
from convscope.ui.forms.segmented import Segmented
from convscope.ui.main_window import MainWindow
from convscope.ui.tables.kernel_grid import KernelGrid

CONTROLS = (QAbstractSpinBox, QComboBox, QAbstractSlider, QTabBar, Segmented, KernelGrid)


def turn(widget: QWidget, notches: int) -> None:
    """The wheel over a widget's middle; what ignores it hands it on, as the system's own events are."""
    over: QWidget | None = widget
    while over is not None:
        place = QPointF(over.mapFromGlobal(widget.mapToGlobal(widget.rect().center())))
        event = QWheelEvent(
            place,
            QPointF(over.mapToGlobal(place)),
            QPoint(),
            QPoint(0, 120 * notches),
            Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.NoModifier,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        )
        QApplication.sendEvent(over, event)
        over = None if event.isAccepted() or over.isWindow() else over.parentWidget()


def state(widget: QWidget) -> object:
    """What a control stands at."""
    if isinstance(widget, KernelGrid):
        return widget.kernel
    if isinstance(widget, QAbstractSpinBox):
        return widget.text()
    if isinstance(widget, QComboBox | QTabBar):
        return widget.currentIndex()
    assert isinstance(widget, QAbstractSlider | Segmented)
    return widget.value if isinstance(widget, Segmented) else widget.value()


@pytest.fixture
def window(qtbot: QtBot) -> Iterator[MainWindow]:
    """A window with a photograph, a network and data."""
    with window_on(qtbot, "kernels", [load_image(resource_path("images", "cat.jpg"))]) as made:
        made.workspace.add_model(open_model("digits"))
        made.workspace.set_dataset(open_dataset("digits"))
        yield made


def test_no_control_of_any_panel_turns_without_the_focus(window: MainWindow, qtbot: QtBot) -> None:
    driver, lab = Driver(qtbot, window), window.workspace.lab
    turned: set[str] = set()
    kinds: set[type[QWidget]] = set()
    names: set[str] = set()
    for info in window.panel_infos:
        window.show_panel(info.name)
        driver.settle()
        panel = window.panel()
        assert panel is not None
        # Each switch of a panel may make further controls.
        for switch in [each for each in panel.findChildren(Segmented) if each.isVisible()]:
            for key in [key for key in switch.keys if switch.button(key).isEnabled()]:
                switch.button(key).click()
                window.nav.help.setFocus()
                QApplication.processEvents()
                for widget in panel.findChildren(QWidget):
                    if not isinstance(widget, CONTROLS) or isinstance(widget, QScrollBar):
                        continue
                    name = widget.objectName()
                    # What a library keeps in a menu of its own has no name with a point.
                    if "." not in name or (name in names and not widget.isVisible()):
                        continue
                    before = state(widget)
                    # Up and down, since one of them may be at its end.
                    for notches in (1, -2, 1):
                        turn(widget, notches)
                        if state(widget) != before:
                            turned.add(f"{info.name}: {name}")
                    assert not widget.hasFocus(), name
                    names.add(name)
                    kinds.add(type(widget))
        driver.settle()
    assert turned == set()
    assert window.workspace.lab == lab or window.workspace.lab.stage.kernel == lab.stage.kernel
    assert len(names) > 60 and len(kinds) >= 6


def test_the_dialogs_controls_neither(window: MainWindow, qtbot: QtBot) -> None:
    window.sources.draw()
    dialog = window.findChild(QWidget, "pad")
    assert dialog is not None
    found = [dialog.findChild(QWidget, name) for name in ("pad.width", "pad.size")]
    dialog.setFocus()
    for widget in found:
        assert widget is not None
        before = state(widget)
        for notches in (1, -2):
            turn(widget, notches)
            assert state(widget) == before, widget.objectName()
    dialog.close()


def test_whoever_makes_such_a_control_says_what_the_wheel_does() -> None:
    made = re.compile(r"\bQ?(?:SpinBox|DoubleSpinBox|ComboBox|Slider|ElidedCombo|TabBar|TabWidget|Dial)\(")
    root = Path(convscope.ui.__file__).parent
    silent = []
    for path in sorted(root.rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        code = re.sub(r"class \w+\([^)]*\)", "", text)
        if made.search(code) and "wheel_needs_focus" not in text:
            silent.append(path.name)
    assert silent == []


@pytest.fixture
def column(qtbot: QtBot) -> tuple[QScrollArea, QSpinBox]:
    """A column that scrolls, with a number in its middle."""
    inside = QWidget()
    layout = QVBoxLayout(inside)
    box = spin("test.number", "Number", 0, 100)
    for widget in (*(QLabel(f"above {n}") for n in range(20)), box, *(QLabel(f"{n}") for n in range(20))):
        layout.addWidget(widget)
    scroll = QScrollArea()
    scroll.setWidget(inside)
    qtbot.addWidget(scroll)
    scroll.resize(200, 200)
    scroll.show()
    scroll.activateWindow()
    qtbot.waitUntil(scroll.isActiveWindow)
    return scroll, box


def test_the_wheel_over_a_number_scrolls_the_column(column: tuple[QScrollArea, QSpinBox]) -> None:
    scroll, box = column
    scroll.setFocus()
    turn(box, -1)
    assert box.value() == 0 and scroll.verticalScrollBar().value() > 0


def test_a_scroll_goes_on_where_a_number_in_focus_comes_under_it(
    column: tuple[QScrollArea, QSpinBox], monkeypatch: pytest.MonkeyPatch
) -> None:
    scroll, box = column
    clock = [100.0]
    monkeypatch.setattr(wheel, "now", lambda: clock[0])
    box.setFocus()
    turn(scroll.viewport(), -1)
    place = scroll.verticalScrollBar().value()
    assert place > 0
    clock[0] += 0.1
    turn(box, -1)
    assert box.value() == 0 and scroll.verticalScrollBar().value() > place
    # Once it stands still, the wheel is the number's.
    clock[0] += 1
    place = scroll.verticalScrollBar().value()
    turn(box, 1)
    assert box.value() == 1 and scroll.verticalScrollBar().value() == place
